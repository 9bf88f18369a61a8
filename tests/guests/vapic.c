/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EOIs and IPIs to oneself by the x2APIC's MSRs, thousands of them: where the
 * processor carries them out (VMX_APICV) they make no exit, and what a guest
 * sees of them is the same. Then what a guest should not do with them. It ends
 * by itself, so that its account is told.
 */
#include "lib/guest.h"

#define MSR_EOI 0x80bu
#define MSR_SELF_IPI 0x83fu
#define PORT_OFF 0x600
#define OFF_VALUE 0x34		/* S5, SLP_EN */

#define VECTOR_LOW 0x41
#define VECTOR_MIDDLE 0x52
#define VECTOR_HIGH 0xa3
#define VECTOR_TIMER 0x74
#define ROUNDS 3000u

static volatile uint32_t hits[256];
static volatile uint32_t order[16];
static volatile uint32_t order_count;

static void note(struct trap_frame *f)
{
	hits[f->vector]++;
	order[order_count++ & 15] = (uint32_t)f->vector;
}

static void take(struct trap_frame *f)
{
	note(f);
	wrmsr(MSR_EOI, 0);
}

/* Interrupts on meanwhile: only a higher one may come before its EOI. */
static void take_open(struct trap_frame *f)
{
	note(f);
	wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	wrmsr(MSR_SELF_IPI, VECTOR_HIGH);
	interrupts_on();
	__asm__ volatile("nop; nop" : : : "memory");
	interrupts_off();
	wrmsr(MSR_EOI, 0);
}

static void open_window(void)
{
	interrupts_on();
	__asm__ volatile("nop; nop" : : : "memory");
	interrupts_off();
}

static bool apic_bit(uint32_t array, unsigned vector)
{
	uint32_t word = apic_read(array + (vector >> 5) * 16);

	return (word >> (vector & 31) & 1) != 0;
}

static void clear(void)
{
	memset((void *)hits, 0, sizeof(hits));
	order_count = 0;
}

static bool is_order(uint32_t a, uint32_t b, uint32_t c)
{
	return order_count == 3 && order[0] == a && order[1] == b &&
	       order[2] == c;
}

/* ---- what makes no exit ------------------------------------------------- */

static void test_many(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		wrmsr(MSR_SELF_IPI, VECTOR_LOW);
		open_window();
	}
	check(hits[VECTOR_LOW] == ROUNDS, "every-one-comes", "%u",
	      hits[VECTOR_LOW]);
	clear();
	interrupts_on();
	for (uint32_t i = 0; i < ROUNDS; i++) {
		wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	}
	interrupts_off();
	check(hits[VECTOR_LOW] == ROUNDS, "every-one-comes-at-once", "%u",
	      hits[VECTOR_LOW]);
}

static void test_order(void)
{
	wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	wrmsr(MSR_SELF_IPI, VECTOR_HIGH);
	wrmsr(MSR_SELF_IPI, VECTOR_TIMER);
	open_window();
	check(is_order(VECTOR_HIGH, VECTOR_TIMER, VECTOR_LOW),
	      "highest-first", "%x %x %x", order[0], order[1], order[2]);
	clear();
	wrmsr(MSR_SELF_IPI, VECTOR_MIDDLE);
	open_window();
	check(is_order(VECTOR_MIDDLE, VECTOR_HIGH, VECTOR_LOW),
	      "higher-interrupts-lower", "%x %x %x", order[0], order[1],
	      order[2]);
	clear();
	/* Held by the TPR, let in by its write alone. */
	write_cr8(VECTOR_LOW >> 4);
	wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	wrmsr(MSR_SELF_IPI, VECTOR_TIMER);
	interrupts_on();
	__asm__ volatile("nop; nop" : : : "memory");
	check(hits[VECTOR_LOW] == 0 && hits[VECTOR_TIMER] == 1, "tpr-holds",
	      "%u %u", hits[VECTOR_LOW], hits[VECTOR_TIMER]);
	write_cr8(0);
	__asm__ volatile("nop; nop" : : : "memory");
	interrupts_off();
	check(hits[VECTOR_LOW] == 1, "tpr-lets-in", "%u", hits[VECTOR_LOW]);
}

/* Registers that make an exit show what the processor has done. */
static void test_registers(void)
{
	bool requested, again;

	wrmsr(MSR_SELF_IPI, VECTOR_MIDDLE);
	wrmsr(MSR_SELF_IPI, VECTOR_HIGH);
	requested = apic_bit(APIC_IRR, VECTOR_MIDDLE) &&
		    apic_bit(APIC_IRR, VECTOR_HIGH) &&
		    !apic_bit(APIC_ISR, VECTOR_HIGH);
	write_cr8(5);
	again = (rdmsr(0x808) & 0xf0) == 0x50 &&
		(rdmsr(0x80a) & 0xf0) == 0x50;
	write_cr8(0);
	check(requested && again, "registers-agree", "%d %d", requested,
	      again);
	open_window();
	check(!apic_bit(APIC_IRR, VECTOR_HIGH) &&
	      !apic_bit(APIC_ISR, VECTOR_HIGH) && rdmsr(0x80a) == 0,
	      "registers-agree-after", "%lx", rdmsr(0x80a));
}

static void test_halt(void)
{
	uint64_t end = rdtsc() + tsc_hz() * 30;
	bool ok = true;

	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	for (uint32_t i = 1; i <= 20 && ok; i++) {
		apic_write(APIC_TIMER_INITIAL, 2000);
		while (hits[VECTOR_TIMER] < i && rdtsc() < end) {
			wait_interrupt();
		}
		ok = hits[VECTOR_TIMER] == i;
	}
	check(ok, "wakes-up", "%u", hits[VECTOR_TIMER]);
	clear();
	/* In the shadow of STI. */
	wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	wait_interrupt();
	check(hits[VECTOR_LOW] == 1, "wakes-up-at-once", "%u",
	      hits[VECTOR_LOW]);
}

/* ---- what no guest should do -------------------------------------------- */

static void test_wrong(void)
{
	uint32_t right = 0;

	for (unsigned i = 0; i < 100; i++) {
		wrmsr(MSR_EOI, 0);
	}
	check(!apic_bit(APIC_ISR, 0), "eoi-of-nothing", "-");
	for (unsigned bit = 0; bit < 64; bit++) {
		right += try_wrmsr(MSR_EOI, 1ull << bit) == VECTOR_GP;
		right += try_wrmsr(MSR_SELF_IPI, 1ull << bit) ==
			 (bit < 8 ? VECTOR_NONE : VECTOR_GP);
	}
	check(right == 128, "reserved-bits", "%u", right);
	open_window();
	apic_write(APIC_ESR, 0);
	for (unsigned vector = 0; vector < 16; vector++) {
		wrmsr(MSR_SELF_IPI, vector);
	}
	apic_write(APIC_ESR, 0);
	check(apic_read(APIC_ESR) == 0x20 && (rdmsr(0x820) & 0xffff) == 0,
	      "illegal-vectors", "%x", apic_read(APIC_ESR));
	check(try_rdmsr(MSR_EOI, &(uint64_t){ 0 }) == VECTOR_GP &&
	      try_rdmsr(MSR_SELF_IPI, &(uint64_t){ 0 }) == VECTOR_GP,
	      "write-only", "-");
}

/* Modes change with vectors requested and in service. */
static void take_off(struct trap_frame *f)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	note(f);
	wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	wrmsr(MSR_APIC_BASE, base & ~0xc00ull);
	wrmsr(MSR_APIC_BASE, (base & ~0xc00ull) | 0x800);
}

static void test_modes(void)
{
	uint32_t gone = 0;

	/* Software-disabled: what waits comes, nothing new does. */
	wrmsr(MSR_SELF_IPI, VECTOR_LOW);
	apic_write(APIC_SVR, 0xff);
	wrmsr(MSR_SELF_IPI, VECTOR_TIMER);
	open_window();
	apic_write(APIC_SVR, 0x1ff);
	open_window();
	check(hits[VECTOR_LOW] == 1 && hits[VECTOR_TIMER] == 0,
	      "software-disabled", "%u %u", hits[VECTOR_LOW],
	      hits[VECTOR_TIMER]);
	irq_handlers[VECTOR_HIGH] = take_off;
	wrmsr(MSR_SELF_IPI, VECTOR_HIGH);
	open_window();
	gone += try_wrmsr(MSR_EOI, 0) == VECTOR_GP;
	gone += try_wrmsr(MSR_SELF_IPI, VECTOR_LOW) == VECTOR_GP;
	apic_enable(false);
	open_window();
	check(gone == 2 && !apic_is_x2() && hits[VECTOR_HIGH] == 1 &&
	      hits[VECTOR_LOW] == 1 && !apic_bit(APIC_ISR, VECTOR_HIGH) &&
	      !apic_bit(APIC_IRR, VECTOR_LOW), "off-forgets-all",
	      "%u %u %u", gone, hits[VECTOR_HIGH], hits[VECTOR_LOW]);
	irq_handlers[VECTOR_HIGH] = take;
	apic_icr(0, ICR_SELF | VECTOR_HIGH);
	apic_enable(true);
	open_window();
	check(hits[VECTOR_HIGH] == 2, "requested-by-page", "%u",
	      hits[VECTOR_HIGH]);
}

void guest_main(void)
{
	irq_handlers[VECTOR_LOW] = take;
	irq_handlers[VECTOR_MIDDLE] = take_open;
	irq_handlers[VECTOR_HIGH] = take;
	irq_handlers[VECTOR_TIMER] = take;
	apic_enable(true);
	test_many();
	clear();
	test_order();
	irq_handlers[VECTOR_MIDDLE] = take;
	clear();
	test_registers();
	clear();
	test_halt();
	for (unsigned v = 16; v < 256; v++) {
		irq_handlers[v] = irq_handlers[v] ? irq_handlers[v] : take;
	}
	clear();
	test_wrong();
	clear();
	test_modes();
	print("%u passed, %u failed\n", passed_count, failed_count);
	outb(PORT_OFF, OFF_VALUE);
}
