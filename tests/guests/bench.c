/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exit costs, in TSC units: under ICOUNT, instructions from the one
 * before the exit to the one after it. A timer is armed meanwhile; the spec
 * puts another VP on the LP. One line for each kind, times without the cost
 * of two RDTSC.
 */
#include "lib/guest.h"

#define ROUNDS 1000
#define WARM 16
#define PORT_DENIED 0x5554u
#define VECTOR_TIMER 0x40

enum kind { EMPTY, PORT_OUT, PORT_IN, CPUID_, RDMSR_, WRMSR_, CALL,
	KIND_COUNT };
static const char *const names[KIND_COUNT] = {
	"empty", "port", "port-in", "cpuid", "rdmsr", "wrmsr", "hypercall"
};
static uint64_t empty_cost;

static inline void one(enum kind kind)
{
	switch (kind) {
	case PORT_OUT:
		outb(PORT_DENIED, 0);
		break;
	case PORT_IN:
		(void)inb(PORT_DENIED);
		break;
	case CPUID_:
		(void)cpuid(1, 0);
		break;
	case RDMSR_:
		(void)rdmsr(MSR_HV_VP_INDEX);
		break;
	case WRMSR_:
		wrmsr(MSR_HV_CRASH_P0, 1);
		break;
	case CALL:
		(void)hypercall(0x10008, 1, 0);
		break;
	case EMPTY:
	case KIND_COUNT:
		break;
	}
}

/* Constant kind: one() is inlined and folds to the one instruction. */
#define DEFINE_BENCH(kind)						\
static void bench_##kind(uint64_t *least, uint64_t *sum, uint64_t *most)\
{									\
	for (unsigned i = 0; i < ROUNDS + WARM; i++) {			\
		uint64_t t0 = rdtsc();					\
		one(kind);						\
		uint64_t t = rdtsc() - t0;				\
		if (i >= WARM) {					\
			*sum += t;					\
			*least = t < *least ? t : *least;		\
			*most = t > *most ? t : *most;			\
		}							\
	}								\
}

DEFINE_BENCH(EMPTY)
DEFINE_BENCH(PORT_OUT)
DEFINE_BENCH(PORT_IN)
DEFINE_BENCH(CPUID_)
DEFINE_BENCH(RDMSR_)
DEFINE_BENCH(WRMSR_)
DEFINE_BENCH(CALL)

static void bench(enum kind kind)
{
	static void (*const functions[KIND_COUNT])(uint64_t *, uint64_t *,
						   uint64_t *) = {
		bench_EMPTY, bench_PORT_OUT, bench_PORT_IN, bench_CPUID_,
		bench_RDMSR_, bench_WRMSR_, bench_CALL
	};
	uint64_t least = ~0ull, sum = 0, most = 0;

	functions[kind](&least, &sum, &most);
	if (kind == EMPTY) {
		empty_cost = least;
	}
	print("bench %s min %lu avg %lu max %lu\n", names[kind],
	      least - empty_cost, sum / ROUNDS - empty_cost,
	      most - empty_cost);
}

static void tick(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

void guest_main(void)
{
	apic_enable(true);
	irq_handlers[VECTOR_TIMER] = tick;
	/* Armed, but it never fires while we measure: interrupts are off. */
	timer_arm_tsc(VECTOR_TIMER, rdtsc() + tsc_hz() * 60);
	if (hv_present()) {
		hypercall_enable();
	}
	for (enum kind k = EMPTY; k < KIND_COUNT; k++) {
		if (hv_present() || k <= CPUID_) {
			bench(k);
		}
	}
	check(true, "bench", "-");
}
