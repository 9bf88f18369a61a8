/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What messages, events and synthetic timers cost, with `benchrx` on the other
 * end of its channels. In TSC units: under ICOUNT, instructions.
 */
#include "lib/synic.h"

#define VECTOR 0x61
#define ROUNDS 300u
#define WARM 16u

static volatile unsigned answers;
static volatile uint64_t at;

static void on_answer(struct trap_frame *f)
{
	(void)f;
	at = rdtsc();
	answers = answers + 1;
	apic_eoi();
}

struct cost {
	uint64_t least, sum, most;
};

static void add(struct cost *c, unsigned round, uint64_t t)
{
	if (round < WARM) {
		*c = (struct cost){ .least = ~0ull };
		return;
	}
	c->sum += t;
	c->least = t < c->least ? t : c->least;
	c->most = t > c->most ? t : c->most;
}

static void tell(const char *name, const struct cost *c)
{
	print("bench %s min %lu avg %lu max %lu\n", name, c->least,
	      c->sum / (ROUNDS - WARM), c->most);
}

static void wait_answer(unsigned seen)
{
	while (answers == seen) {
		wait_interrupt();
	}
}

/* Asleep until the answer: half of the way there and back. */
static void bench_messages(void)
{
	static struct message m;
	struct cost call, way;
	uint64_t word = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned seen = answers;
		uint64_t t0 = rdtsc(), t;

		(void)synic_post(0x10, 1, 8, &word);
		t = rdtsc();
		wait_answer(seen);
		synic_take(2, &m);
		add(&call, i, t - t0);
		add(&way, i, (at - t0) / 2);
	}
	tell("post-call", &call);
	tell("post-one-way", &way);
}

static void bench_events(void)
{
	struct cost call, way;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned seen = answers;
		uint64_t t0 = rdtsc(), t;

		(void)synic_signal(0x11, 0);
		t = rdtsc();
		wait_answer(seen);
		synic_take_flag(3, 0);
		add(&call, i, t - t0);
		add(&way, i, (at - t0) / 2);
	}
	tell("signal-call", &call);
	tell("signal-one-way", &way);
}

/* The first TSC at which the reference time is not below time. */
static uint64_t tsc_of(uint64_t time, uint64_t scale)
{
	uint64_t rest;

	__asm__("divq %2" : "=a"(time), "=d"(rest)
		: "rm"(scale), "d"(time), "a"(scale - 1) : "cc");
	return time;
}

static void bench_timer(const char *name, bool asleep)
{
	static uint64_t page[512] __attribute__((aligned(4096)));
	struct cost late;
	uint64_t due;

	wrmsr(MSR_HV_REFERENCE_TSC, (uint64_t)page | 1);
	wrmsr(MSR_STIMER_CONFIG(0), STIMER_DIRECT(VECTOR) | STIMER_AUTO);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned seen = answers;

		due = rdmsr(MSR_HV_TIME_REF_COUNT) + 300 + i;
		wrmsr(MSR_STIMER_COUNT(0), due);
		if (asleep) {
			wait_answer(seen);
		}
		interrupts_on();
		while (answers == seen) {
			cpu_pause();
		}
		interrupts_off();
		add(&late, i, at - tsc_of(due, page[1]));
	}
	tell(name, &late);
}

void guest_main(void)
{
	uint64_t word = 0;

	apic_enable(true);
	irq_handlers[VECTOR] = on_answer;
	hypercall_enable();
	wrmsr(MSR_SINT(2), VECTOR);
	wrmsr(MSR_SINT(3), VECTOR);
	synic_enable();
	bench_timer("timer-running", false);
	bench_timer("timer-halted", true);
	while (synic_post(0x10, 2, 8, &word) != 0) {
		cpu_pause();
	}
	bench_messages();
	bench_events();
	pass("bench");
}
