/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an interrupt that VP 0 sends to VP 1 is on its way: from before the
 * instruction that sends it to the handler, in TSC units, which both VPs share:
 * under ICOUNT, instructions. Whoever waits awake does so by PAUSE, which gives
 * an emulator's other processor its turn.
 */
#include "lib/guest.h"

#define VECTOR 0x61
#define ROUNDS 300u
#define WARM 16u
#define ICR_MSR 0x830u
#define CALL_SEND_IPI 0x1000bull	/* fast */

static volatile unsigned came;
static volatile uint64_t at;
static volatile bool asleep;
static volatile bool ended;

static void on_ipi(struct trap_frame *f)
{
	(void)f;
	at = rdtsc();
	came = came + 1;
	apic_eoi();
}

static void receive(void *arg)
{
	(void)arg;
	apic_enable(true);
	while (!ended) {
		if (asleep) {
			wait_interrupt();
			continue;
		}
		interrupts_on();
		while (!ended && !asleep) {
			cpu_pause();
		}
		interrupts_off();
	}
}

static void rest(uint64_t ticks)
{
	uint64_t end = rdtsc() + ticks;

	while (rdtsc() < end) {
		cpu_pause();
	}
}

static void bench(const char *name, bool by_call, bool sleeps)
{
	uint64_t least = ~0ull, sum = 0, most = 0;
	unsigned target = smp_locals[1].apic_id;

	asleep = sleeps;
	wrmsr(ICR_MSR, (uint64_t)target << 32 | ICR_ASSERT | VECTOR);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned seen;
		uint64_t t0, t;

		rest(50000);
		seen = came;
		t0 = rdtsc();
		if (by_call) {
			(void)hypercall(CALL_SEND_IPI, VECTOR, 1ull << target);
		} else {
			wrmsr(ICR_MSR, (uint64_t)target << 32 | ICR_ASSERT
			      | VECTOR);
		}
		while (came == seen) {
			cpu_pause();
		}
		t = at - t0;
		if (i >= WARM) {
			sum += t;
			least = t < least ? t : least;
			most = t > most ? t : most;
		}
	}
	print("bench %s min %lu avg %lu max %lu\n", name, least,
	      sum / (ROUNDS - WARM), most);
}

void guest_main(void)
{
	apic_enable(true);
	irq_handlers[VECTOR] = on_ipi;
	hypercall_enable();
	if (!check(smp_start_all(2) == 2, "vps", "%u", smp_count)) {
		return;
	}
	smp_call(1, receive, 0);
	rest(1000000);
	bench("icr-asleep", false, true);
	bench("call-asleep", true, true);
	bench("icr-running", false, false);
	bench("call-running", true, false);
	ended = true;
	check(came >= 4 * ROUNDS, "bench", "%u", came);
}
