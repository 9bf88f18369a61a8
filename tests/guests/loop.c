/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control loop: wakes each millisecond by an absolute deadline and keeps
 * what a machine would suffer from: its worst lateness in TSC units (under
 * ICOUNT: instructions) and the periods that it lost. A lateness is counted
 * from the deadline that was set to the first instruction after the wake.
 */
#include "lib/guest.h"

#define VECTOR_TIMER 0x40
#define PERIOD_US 1000
#define REPORT 1000

static void tick(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

void guest_main(void)
{
	uint64_t period = tsc_from_us(PERIOD_US);
	uint64_t deadline;
	uint64_t late_max = 0;
	uint64_t late_sum = 0;
	uint64_t done_count = 0;
	uint64_t lost_count = 0;

	apic_enable(true);
	irq_handlers[VECTOR_TIMER] = tick;
	print("loop: period %u us, tsc %lu Hz\n", PERIOD_US, tsc_hz());
	/* In phase with the first instruction: with the slot of the plan. */
	deadline = start_tsc + tsc_from_us(50);
	while (deadline < rdtsc()) {
		deadline += period;
	}
	for (;;) {
		uint64_t late;

		while (rdtsc() < deadline) {	/* again, if early */
			timer_arm_tsc(VECTOR_TIMER, deadline);
			wait_interrupt();
		}
		late = rdtsc() - deadline;
		late_sum += late;
		if (late > late_max) {
			late_max = late;
		}
		done_count++;
		deadline += period;
		while (late >= period) {	/* its deadline has passed */
			late -= period;
			deadline += period;
			lost_count++;
		}
		if (done_count % REPORT == 0) {
			print("loop: period %lu max-late %lu avg-late %lu "
			      "lost %lu\n", done_count, late_max,
			      late_sum / done_count, lost_count);
		}
	}
}
