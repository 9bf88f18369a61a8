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
#define PORT_OFF 0x600

struct score {
	uint64_t late_max;
	uint64_t late_sum;
	uint64_t lost;
};

static void tick(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

/* Waits for the deadline; how much later it is then. */
static uint64_t wait_until(uint64_t deadline)
{
	while (rdtsc() < deadline) {	/* again, if woken early */
		timer_arm_tsc(VECTOR_TIMER, deadline);
		wait_interrupt();
	}
	return rdtsc() - deadline;
}

/*
 * Deadlines shall lie 50 us after the begin of this VP's slot, if a plan
 * takes the LP away: where time jumps. Else anywhere.
 */
static uint64_t find_phase(uint64_t period)
{
	uint64_t last = rdtsc();
	uint64_t end = last + period * 5 / 2;
	uint64_t begin = last;

	while (last < end) {
		uint64_t now = rdtsc();

		if (now - last > period / 10) {
			begin = now;
		}
		last = now;
	}
	begin += tsc_from_us(50);
	while (begin < last) {
		begin += period;
	}
	return begin;
}

static void add(struct score *score, uint64_t late, uint64_t lost)
{
	score->late_sum += late;
	score->lost += lost;
	if (late > score->late_max) {
		score->late_max = late;
	}
}

/* One line for the last REPORT periods and for all so far. */
static void report(uint64_t count, const struct score *window,
		   const struct score *all)
{
	print("loop: period %lu max-late %lu lost %lu "
	      "(last %u: max-late %lu avg-late %lu lost %lu)\n",
	      count, all->late_max, all->lost, REPORT, window->late_max,
	      window->late_sum / REPORT, window->lost);
}

void guest_main(void)
{
	uint64_t period = tsc_from_us(PERIOD_US);
	struct score window = { 0, 0, 0 };
	struct score all = { 0, 0, 0 };
	uint64_t deadline;
	uint64_t count = 0;

	apic_enable(true);
	irq_handlers[VECTOR_TIMER] = tick;
	print("loop: period %u us, tsc %lu Hz\n", PERIOD_US, tsc_hz());
	deadline = find_phase(period);
	for (;;) {
		uint64_t late = wait_until(deadline);
		uint64_t lost = late / period;	/* deadlines that passed */

		add(&window, late, lost);
		add(&all, late, lost);
		deadline += period * (1 + lost);
		count++;
		if (count % REPORT == 0) {
			report(count, &window, &all);
			window = (struct score){ 0, 0, 0 };
		}
#ifdef PERIODS
		if (count == PERIODS) {
			outb(PORT_OFF, 0x20);
		}
#endif
	}
}
