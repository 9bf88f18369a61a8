/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one local APIC does for itself: priorities and nesting, the spurious
 * vector and the switch in its register, the local vector table, errors, the
 * timer's divider. In either mode; part of the guest apic.
 */
#include "apic.h"

/* ---- priorities --------------------------------------------------------- */

static struct {
	uint32_t vector, ppr, isr;
} trail[8];
static volatile unsigned trail_count;
static volatile unsigned depth, deepest;

static void note(unsigned vector)
{
	unsigned i = trail_count++ & 7;

	trail[i].vector = vector;
	trail[i].ppr = apic_read(APIC_PPR);
	trail[i].isr = (apic_bit(APIC_ISR, VECTOR_A) ? 1u : 0) |
		       (apic_bit(APIC_ISR, VECTOR_B) ? 2u : 0) |
		       (apic_bit(APIC_ISR, VECTOR_C) ? 4u : 0);
}

/* Each asks for the next higher one, twice, and for one of its own class. */
static void climb(struct trap_frame *f)
{
	static const uint8_t next[] = { VECTOR_A, VECTOR_B, VECTOR_C };
	unsigned mine = (unsigned)f->vector;

	depth++;
	deepest = depth > deepest ? depth : deepest;
	note(mine);
	apic_icr(0, ICR_SELF | (mine + 1));	/* of the same class: waits */
	for (unsigned i = 0; i + 1 < ARRAY_COUNT(next); i++) {
		if (next[i] == mine) {
			apic_icr(0, ICR_SELF | next[i + 1]);
			apic_icr(0, ICR_SELF | next[i + 1]);
		}
	}
	open_window();
	depth--;
	hits[0][mine]++;
	apic_eoi();
}

static void count_quietly(struct trap_frame *f)
{
	hits[0][f->vector]++;
	note((unsigned)f->vector);
	apic_eoi();
}

static void test_nesting(void)
{
	irq_handler_t before = irq_handlers[VECTOR_A];
	static const uint8_t steps[] = { VECTOR_A, VECTOR_B, VECTOR_C };
	bool ok = true;

	clear_counts();
	trail_count = 0;
	deepest = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(steps); i++) {
		irq_handlers[steps[i]] = climb;
		irq_handlers[steps[i] + 1] = count_quietly;
	}
	apic_icr(0, ICR_SELF | VECTOR_A);
	open_window();
	for (unsigned i = 0; i < 3; i++) {
		ok = ok && trail[i].vector == steps[i] &&
		     trail[i].ppr == (steps[i] & 0xf0u) &&
		     trail[i].isr == (2u << i) - 1;
	}
	check(ok && deepest == 3, "nests-by-class", "%x %x %x, %u deep",
	      trail[0].vector, trail[1].vector, trail[2].vector, deepest);
	/* Each EOI ends the highest, and lets in what waited for it. */
	check(trail_count == 6 && trail[3].vector == VECTOR_C + 1 &&
	      trail[3].isr == 3 && trail[4].vector == VECTOR_B + 1 &&
	      trail[4].isr == 1 && trail[5].vector == VECTOR_A + 1 &&
	      trail[5].isr == 0, "eoi-ends-the-highest", "%x %x %x of %u",
	      trail[3].vector, trail[4].vector, trail[5].vector,
	      trail_count);
	check(hits[0][VECTOR_B] == 1 && hits[0][VECTOR_C] == 1,
	      "two-requests-one-interrupt", "%u %u", hits[0][VECTOR_B],
	      hits[0][VECTOR_C]);
	for (unsigned i = 0; i < ARRAY_COUNT(steps); i++) {
		irq_handlers[steps[i]] = before;
	}
	apic_eoi();
	check(apic_read(APIC_PPR) == 0, "eoi-of-nothing", "%x",
	      apic_read(APIC_PPR));
	clear_counts();
}

static void again(struct trap_frame *f)
{
	hits[0][f->vector]++;
	if (hits[0][f->vector] == 1) {
		apic_icr(0, ICR_SELF | (uint32_t)f->vector);
		apic_icr(0, ICR_SELF | (uint32_t)f->vector);
		if (!apic_bit(APIC_IRR, (unsigned)f->vector) ||
		    !apic_bit(APIC_ISR, (unsigned)f->vector)) {
			hits[0][f->vector] += 100;
		}
	}
	apic_eoi();
}

static void test_priority(void)
{
	irq_handler_t before = irq_handlers[VECTOR_B];

	/* In service, and requested once more: it comes once more. */
	irq_handlers[VECTOR_B] = again;
	apic_icr(0, ICR_SELF | VECTOR_B);
	open_window();
	open_window();
	check(hits[0][VECTOR_B] == 2, "requested-in-service", "%u",
	      hits[0][VECTOR_B]);
	irq_handlers[VECTOR_B] = before;
	clear_counts();
	/* The TPR's class holds back, its low half does not. */
	apic_write(APIC_TPR, VECTOR_B & 0xf0);
	apic_icr(0, ICR_SELF | VECTOR_B);
	open_window();
	check(hits[0][VECTOR_B] == 0 && apic_bit(APIC_IRR, VECTOR_B),
	      "tpr-holds-its-class", "%u", hits[0][VECTOR_B]);
	apic_write(APIC_TPR, (VECTOR_B & 0xf0) - 1);
	check(apic_read(APIC_PPR) == (VECTOR_B & 0xf0) - 1,
	      "ppr-is-the-tpr", "%x", apic_read(APIC_PPR));
	open_window();
	check(hits[0][VECTOR_B] == 1 && !apic_bit(APIC_IRR, VECTOR_B),
	      "tpr-below-its-class", "%u", hits[0][VECTOR_B]);
	apic_write(APIC_TPR, 0);
	/* The lowest vector that is legal for software to use here. */
	irq_handlers[31] = before;
	apic_icr(0, ICR_SELF | 31);
	open_window();
	check(hits[0][31] == 1, "vector-31", "%u", hits[0][31]);
	irq_handlers[31] = 0;
	clear_counts();
}

/* ---- the spurious vector and its register ------------------------------- */

static volatile unsigned spurious;

static void count_spurious(struct trap_frame *f)
{
	hits[vp_local()->number][f->vector]++;
	spurious++;
}

/* Pending, then masked by the TPR before it could be taken. */
static void test_spurious(void)
{
	irq_handler_t before = irq_handlers[VECTOR_SPURIOUS];

	irq_handlers[VECTOR_SPURIOUS] = count_spurious;
	spurious = 0;
	apic_icr(0, ICR_SELF | VECTOR_A);
	write_cr8(VECTOR_A >> 4);
	open_window();
	check(hits[0][VECTOR_A] == 0 && spurious <= 1 &&
	      !apic_bit(APIC_ISR, VECTOR_SPURIOUS),
	      "spurious-leaves-no-isr", "%u %u", hits[0][VECTOR_A], spurious);
	write_cr8(0);
	open_window();
	check(hits[0][VECTOR_A] == 1, "spurious-loses-nothing", "%u",
	      hits[0][VECTOR_A]);
	/* Sent on purpose it is a vector as any other. */
	spurious = 0;
	apic_icr(0, ICR_SELF | VECTOR_SPURIOUS);
	open_window();
	check(spurious == 1 && apic_bit(APIC_ISR, VECTOR_SPURIOUS),
	      "spurious-vector-sent", "%u", spurious);
	apic_eoi();
	apic_write(APIC_SVR, APIC_SVR_ON | 0xe3);
	check(apic_read(APIC_SVR) == (APIC_SVR_ON | 0xe3),
	      "spurious-vector-kept", "%x", apic_read(APIC_SVR));
	apic_write(APIC_SVR, APIC_SVR_ON | VECTOR_SPURIOUS);
	/* No suppression of EOI broadcasts: neither here nor announced. */
	check((apic_read(APIC_VERSION) & 0xff) >= 0x10 &&
	      (apic_read(APIC_VERSION) >> 24 & 1) == 0 &&
	      (apic_read(APIC_VERSION) >> 16 & 0xff) >= 5, "version", "%x",
	      apic_read(APIC_VERSION));
	irq_handlers[VECTOR_SPURIOUS] = before;
	clear_counts();
}

/* SDM3 11.4.7.2: off by software. */
static void test_software_off(void)
{
	apic_icr(0, ICR_SELF | VECTOR_B);	/* waits: IF is off */
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	apic_write(APIC_SVR, VECTOR_SPURIOUS);
	listening = all & ~1u;
	check(apic_read(APIC_LVT_ERROR) == (APIC_LVT_MASKED | VECTOR_ERROR),
	      "off-masks-the-lvt", "%x", apic_read(APIC_LVT_ERROR));
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	check(apic_read(APIC_LVT_TIMER) == (APIC_LVT_MASKED | VECTOR_TIMER),
	      "off-keeps-the-mask", "%x", apic_read(APIC_LVT_TIMER));
	/* It takes nothing but NMIs, and sends. */
	icr_by(3, smp_locals[0].apic_id, VECTOR_A);
	icr_by(3, 0, ICR_OTHERS | VECTOR_C);
	fence(listening);
	open_window();
	check(hits[0][VECTOR_A] == 0 && hits[0][VECTOR_C] == 0 &&
	      hits[1][VECTOR_C] == 1, "off-takes-nothing", "%u %u %u",
	      hits[0][VECTOR_A], hits[0][VECTOR_C], hits[1][VECTOR_C]);
	check(hits[0][VECTOR_B] == 1, "off-keeps-what-waited", "%u",
	      hits[0][VECTOR_B]);
	clear_counts();
	apic_icr(smp_locals[4].apic_id, VECTOR_A);
	check_mask(reached(VECTOR_A), 1u << 4, "off-sends");
	icr_by(3, smp_locals[0].apic_id, ICR_NMI | ICR_ASSERT);
	check_mask(reached_by_nmi(1), 1, "off-takes-nmis");
	apic_write(APIC_SVR, APIC_SVR_ON | VECTOR_SPURIOUS);
	listening = all;
	check((apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED) != 0,
	      "on-again-still-masked", "%x", apic_read(APIC_LVT_TIMER));
	icr_by(3, smp_locals[0].apic_id, VECTOR_A);
	check_mask(reached(VECTOR_A), 1, "on-again");
}

/* ---- the local vector table, errors ------------------------------------- */

static const struct {
	uint32_t offset;
	uint32_t keep;		/* bits that software sets */
	uint32_t status;	/* bits that it may write to no effect */
} registers[] = {
	{ APIC_TPR, 0xff, 0 },
	{ APIC_LVT_TIMER, 0x700ff, 0x1000 },
	{ APIC_LVT_THERMAL, 0x107ff, 0x1000 },
	{ APIC_LVT_PERFORMANCE, 0x107ff, 0x1000 },
	{ APIC_LVT_LINT0, 0x1a7ff, 0x5000 },
	{ APIC_LVT_LINT1, 0x1a7ff, 0x5000 },
	{ APIC_LVT_ERROR, 0x100ff, 0x1000 },
	{ APIC_TIMER_DIVIDE, 0xb, 0 },
};

/* One bit of a register: kept, or ignored in the page and #GP by MSR. */
static bool bit_is_right(unsigned row, unsigned bit)
{
	uint32_t offset = registers[row].offset;
	uint32_t rest = offset == APIC_TPR || offset == APIC_TIMER_DIVIDE
			? 0 : APIC_LVT_MASKED | VECTOR_SPURIOUS;
	uint32_t value = rest | 1u << bit;
	bool known = ((registers[row].keep | registers[row].status) >> bit
		      & 1) != 0;

	apic_write(offset, rest);
	if (apic_is_x2()) {
		if ((try_wrmsr(0x800 + (offset >> 4), value) == VECTOR_NONE)
		    != known) {
			return false;
		}
	} else {
		apic_write(offset, value);
	}
	return apic_read(offset) == (rest | (value & registers[row].keep));
}

static void test_registers(void)
{
	uint32_t wrong = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(registers); i++) {
		uint32_t before = apic_read(registers[i].offset);

		for (unsigned bit = 0; bit < 32; bit++) {
			if (!bit_is_right(i, bit)) {
				wrong = registers[i].offset << 8 | bit;
			}
		}
		apic_write(registers[i].offset, before);
	}
	check(wrong == 0, "register-bits", "register, bit: %x", wrong);
}

static void test_errors(void)
{
	bool x2 = apic_is_x2();

	(void)take_esr();
	apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED | VECTOR_ERROR);
	apic_icr(smp_locals[1].apic_id, 15);
	check((take_esr() & 0x60) == 0x20, "esr-send-illegal", "%x",
	      apic_read(APIC_ESR));
	check(take_esr() == 0 && apic_read(APIC_ESR) == 0, "esr-write-clears",
	      "%x", apic_read(APIC_ESR));
	apic_icr(0, ICR_SELF | 0);
	check((take_esr() & 0x20) != 0 && !apic_bit(APIC_IRR, 0),
	      "esr-self-illegal", "%x", apic_read(APIC_ESR));
	/* An LVT entry with an illegal vector: received so. */
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | 9);
	apic_write(APIC_TIMER_INITIAL, 1000);
	while (apic_read(APIC_TIMER_CURRENT) != 0) {
		cpu_pause();
	}
	check((take_esr() & 0x40) != 0 && !apic_bit(APIC_IRR, 9),
	      "esr-receive-illegal", "%x", apic_read(APIC_ESR));
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	if (!x2) {
		apic_write(0x400, 0);
		check((take_esr() & 0x80) != 0, "esr-illegal-register", "%x",
		      apic_read(APIC_ESR));
		(void)apic_read(APIC_SELF_IPI);
		check((take_esr() & 0x80) != 0, "esr-register-of-x2apic",
		      "%x", apic_read(APIC_ESR));
	} else {
		check(try_wrmsr(0x828, 1) == VECTOR_GP, "esr-writes-0-only",
		      "-");
	}
	/* Its interrupt: masked above; now once until the ESR is written. */
	open_window();
	check(hits[0][VECTOR_ERROR] == 0, "error-masked", "%u",
	      hits[0][VECTOR_ERROR]);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	apic_icr(smp_locals[1].apic_id, 3);
	open_window();
	check(hits[0][VECTOR_ERROR] == 1, "error-interrupt", "%u",
	      hits[0][VECTOR_ERROR]);
	(void)take_esr();
	apic_icr(0, ICR_OTHERS | 3);
	open_window();
	check(hits[0][VECTOR_ERROR] == 2 && (take_esr() & 0x20) != 0,
	      "error-interrupt-again", "%u", hits[0][VECTOR_ERROR]);
	apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED | VECTOR_ERROR);
	check_mask(reached(3), 0, "illegal-vector-reaches-nobody");
}

/* ---- the timer ---------------------------------------------------------- */

static uint64_t tsc_to_counts(uint64_t tsc)
{
	return tsc * (apic_hz() / 1000) / (tsc_hz() / 1000);
}

/* Two looks at the count, each between two of the TSC. */
static bool divider_is_right(uint32_t bits, uint64_t divisor)
{
	uint64_t begin[2], end[2], least, most, gone;
	uint32_t counts[2];

	apic_write(APIC_TIMER_DIVIDE, bits);
	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
	for (unsigned i = 0; i < 2; i++) {
		begin[i] = rdtsc();
		counts[i] = apic_read(APIC_TIMER_CURRENT);
		end[i] = rdtsc();
		if (i == 0) {
			delay_us(1000);
		}
	}
	gone = (counts[0] - counts[1]) * divisor;
	least = tsc_to_counts(begin[1] - end[0]);
	most = tsc_to_counts(end[1] - begin[0]);
	return counts[0] > counts[1] &&
	       gone + divisor + least / 1000 >= least &&
	       gone <= most + divisor + most / 1000;
}

static void test_dividers(void)
{
	static const struct {
		uint32_t bits, divisor;
	} divides[] = { { 0xb, 1 }, { 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 },
		{ 8, 32 }, { 9, 64 }, { 0xa, 128 } };

	uint32_t wrong = 0;

	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	for (unsigned i = 0; i < ARRAY_COUNT(divides); i++) {
		if (!divider_is_right(divides[i].bits, divides[i].divisor)) {
			wrong |= divides[i].divisor;
		}
	}
	check(wrong == 0, "timer-divide", "by %x", wrong);
	apic_write(APIC_TIMER_INITIAL, 0);
}

#define TICKS 10

/* Each VP's own timer, all at once: periodic, ten times. */
static void start_timer(void *arg)
{
	(void)arg;
	apic_write(APIC_TIMER_DIVIDE, 3);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, (uint32_t)(apic_hz() / 16 / 250));
}

static void test_timers(void)
{
	bool ok = true;

	for (unsigned i = 0; i < vps; i++) {
		on_vp(i, start_timer, 0);
	}
	for (unsigned i = 0; i < vps; i++) {
		ok = ok && wait_count(&hits[i][VECTOR_TIMER], TICKS);
	}
	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_TIMER_INITIAL, 0);
		write_by(i, APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	}
	fence(all);
	clear_counts();
	check(ok, "timer-on-every-vp", "%x", apic_is_x2());
}

void test_local(void)
{
	test_nesting();
	test_priority();
	test_spurious();
	test_software_off();
	test_registers();
	test_errors();
	test_dividers();
	test_timers();
}
