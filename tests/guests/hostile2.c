/* SPDX-License-Identifier: Apache-2.0 */
/* The guest `hostile`: addresses, hypercalls, modes, interrupts, the end. */
#include "lib/modes.h"
#include "hostile.h"

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* ---- addresses ---------------------------------------------------------- */

#define LARGE 0x200000ull
#define HUGE 0x40000000ull

enum address_class {
	ADDRESS_RAM,		/* keeps what is written */
	ADDRESS_READ_ONLY,	/* drops writes, not all ones */
	ADDRESS_NOTHING,	/* all ones, writes dropped */
	ADDRESS_FAULT
};
static const char *const address_names[] = {
	"ram", "read-only", "nothing", "fault"
};

static enum address_class touch(uint64_t gpa)
{
	uint64_t at = (uint64_t)paging_window(1, gpa) + 0x7f8;
	uint64_t before, after;

	cpu_pause();
	if (try_read64(at, &before) != VECTOR_NONE
	    || try_write64(at, ~before) != VECTOR_NONE
	    || try_read64(at, &after) != VECTOR_NONE) {
		return ADDRESS_FAULT;
	}
	(void)try_write64(at, before);
	if (after == ~before) {
		return ADDRESS_RAM;
	}
	return before == ~0ull && after == ~0ull ? ADDRESS_NOTHING
		: ADDRESS_READ_ONLY;
}

/* A run of equal answers: [begin, next) */
struct run {
	uint64_t begin;
	enum address_class class;
	bool valid;
};

static void run_add(struct run *run, uint64_t gpa, enum address_class class)
{
	if (run->valid && run->class == class) {
		return;
	}
	if (run->valid) {
		print("T gpa %lx-%lx %s\n", run->begin, gpa - 1,
		      address_names[run->class]);
	}
	run->begin = gpa;
	run->class = class;
	run->valid = true;
}

/* Every page of [from, to): at the edges of tables, and where things change. */
static void fine(struct run *run, uint64_t from, uint64_t to)
{
	for (uint64_t gpa = from; gpa < to; gpa += PAGE) {
		run_add(run, gpa, touch(gpa));
	}
}

/*
 * Is a 2 MiB step to be looked at page by page? The first ones, those of the
 * APICs, and any with an edge in it.
 */
static bool wants_fine(uint64_t gpa, enum address_class now,
		       enum address_class next, const struct run *run)
{
	return gpa < 2 * LARGE || now != next || run->class != now
		|| gpa == (0xfec00000ull & ~(LARGE - 1))
		|| gpa == (0xfee00000ull & ~(LARGE - 1));
}

void hostile_addresses(void)
{
	uint64_t limit = 1ull << (cpuid(0x80000008, 0).eax & 0xff);
	struct run run = { 0, ADDRESS_RAM, false };
	enum address_class now = touch(0);

	if (limit > 1ull << 40) {
		limit = 1ull << 40;	/* this machine's own width */
	}
	for (uint64_t gpa = 0; gpa < limit; gpa += LARGE) {
		enum address_class next = gpa + LARGE < limit
			? touch(gpa + LARGE) : now;

		if (wants_fine(gpa, now, next, &run)) {
			fine(&run, gpa, gpa + LARGE);
		} else {
			run_add(&run, gpa, now);
			/* Last page below, first page at a table's edge. */
			if ((gpa + LARGE) % HUGE == 0) {
				run_add(&run, gpa + LARGE - PAGE,
					touch(gpa + LARGE - PAGE));
			}
		}
		now = next;
	}
	print("T gpa %lx-%lx %s\n", run.begin, limit - 1,
	      address_names[run.class]);
}

/* ---- hypercalls --------------------------------------------------------- */

#define STATUS_MAX 0x100
static uint32_t status_counts[STATUS_MAX];
static uint8_t hypercall_buffer[8192] __attribute__((aligned(4096)));

static void one_call(uint64_t control, uint64_t input, uint64_t output)
{
	uint64_t result = hypercall(control, input, output);

	cpu_pause();

	if ((result & 0xffff) < STATUS_MAX) {
		status_counts[result & 0xffff]++;
	}
	if ((result & 0xfffff000ffff0000ull) != 0) {
		fail("hypercall-result", "%lx for control %lx", result,
		     control);
	}
}

static uint64_t random_address(void)
{
	uint64_t r = random_next();

	switch (r & 3) {
	case 0:
		return (uint64_t)hypercall_buffer + (r >> 8 & 0x1fff);
	case 1:
		return r >> 8;
	case 2:
		return r >> 8 & 0xfffffff8;
	}
	return ~(r >> 40);
}

static void print_statuses(const char *what)
{
	for (unsigned i = 0; i < STATUS_MAX; i++) {
		if (status_counts[i] != 0) {
			print("T hypercall %s status %x: %u\n", what, i,
			      status_counts[i]);
		}
		status_counts[i] = 0;
	}
}

/*
 * Calls on VPs, headers half right, lists and sets of any size. What would
 * only hurt the guest itself is left out: interrupts to it, pages over it.
 */
static void hostile_calls_on_vps(void)
{
	static const uint16_t codes[] = {
		0x2, 0x3, 0xb, 0x13, 0x14, 0x15, 0x50, 0x51, 0x99, 0x9a
	};
	static const uint32_t names[] = {
		0x210, 0x214, 0x90003, 0x40002, 0x50000, 0x7fffffff, 0x60001
	};
	uint64_t *words = (uint64_t *)hypercall_buffer;
	uint64_t at = (uint64_t)hypercall_buffer;

	for (unsigned i = 0; i < 40000; i++) {
		uint64_t r = random_next();
		uint64_t control = codes[r % ARRAY_COUNT(codes)];

		for (unsigned j = 0; j < 512; j++) {
			words[j] = names[(r >> (j & 31)) % ARRAY_COUNT(names)];
		}
		words[0] = (r >> 8 & 3) == 0 ? r & 0xff : ~0ull;
		words[1] = (r >> 10 & 3) == 0 ? r & 0xe : 0xfffffffeull;
		control |= (r >> 12 & 1) != 0 ? (r >> 13 & 0x3ff) << 32 : 0;
		control |= (r >> 23 & 1) != 0 ? (r >> 24 & 0x3f) << 48 : 0;
		control |= (r >> 30 & 1) != 0 ? (r >> 31 & 0x7f) << 17 : 0;
		one_call(control, (r >> 38 & 3) != 0 ? at : random_address(),
			 (r >> 40 & 3) != 0 ? at + 4096 : random_address());
	}
	print_statuses("vps");
}

void hostile_hypercalls(void)
{
	for (uint64_t code = 0; code < 0x10000; code++) {
		one_call(code | 0x10000, 0, 0);
	}
	print_statuses("codes");
	for (unsigned i = 0; i < 20000; i++) {
		one_call(random_next(), random_address(), random_address());
	}
	print_statuses("random");
	for (unsigned i = 0; i < 40000; i++) {
		static const uint16_t codes[] = { 0x8, 0x8001, 0x5c, 0x5d };
		uint64_t control = codes[random_next() & 3];

		/* A connection that may be there; flag, type, size. */
		for (unsigned j = 0; j < 64; j += 8) {
			hypercall_buffer[j] = 0x10 | (random_next() & 1);
			hypercall_buffer[j + 4] = random_next() & 0xf;
		}
		control |= 1ull << (random_next() & 63) & ~0xffffull;
		one_call(control, random_address(), random_address());
	}
	print_statuses("known");
	hostile_calls_on_vps();
}

/* ---- modes -------------------------------------------------------------- */

/* CPUID, IN of a denied port, a REP OUTS, in every mode again and again. */
void hostile_modes(void)
{
	static const uint8_t code[] = {
		0x0f, 0xa2, 0xec, 0xf3, 0x6e, 0xcc
	};
	unsigned bad = 0;

	memcpy((void *)0x8100ull, code, sizeof(code));
	for (unsigned i = 0; i < 2000; i++) {
		struct mode_run r = { .code = 0x8100 };

		r.mode = (enum mode)(random_next() % MODE_COUNT);
		r.gpr[RAX] = random_next() & 0xffffffff;
		r.gpr[RSI] = 0xa000;
		mode_run(&r);
		cpu_pause();
		/* RCX and RDX are CPUID's: the REP may fault, no more. */
		if (r.vector != VECTOR_BP && r.vector != VECTOR_PF
		    && r.vector != VECTOR_GP) {
			bad++;
		}
	}
	check(bad == 0, "mode-switches", "%u", bad);
}

/* ---- interrupts --------------------------------------------------------- */

static volatile uint32_t interrupts_taken;

static void take(struct trap_frame *f)
{
	interrupts_taken = interrupts_taken + 1;
	if (f->vector != VECTOR_NMI) {
		apic_eoi();
	}
}

/* Every delivery mode but INIT and SIPI to whom they would stop: us. */
void hostile_interrupts(void)
{
	for (unsigned i = 32; i < 256; i++) {
		irq_handlers[i] = take;
	}
	irq_handlers[VECTOR_NMI] = take;
	apic_enable(true);
	interrupts_taken = 0;
	for (unsigned i = 0; i < 20000; i++) {
		/* Vectors below 16 are refused, to 31 look like faults. */
		uint32_t low = ((uint32_t)random_next() & 0xccfff) | 0x20;
		uint32_t mode = low >> 8 & 7;
		bool self = (low & 0xc0000) != 0xc0000;

		if (self && (mode == 5 || mode == 6)) {
			continue;
		}
		if (apic_is_x2()) {
			(void)try_wrmsr(0x830, (random_next() << 32) | low);
		} else {
			apic_icr((uint32_t)random_next() & 0xff, low);
		}
		interrupts_on();
		__asm__ volatile("nop" : : : "memory");
		interrupts_off();
		cpu_pause();
	}
	print("T interrupts taken: %s\n", interrupts_taken > 100 ? "many"
	      : "few");
}

void hostile_triple_fault(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}
