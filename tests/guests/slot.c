/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When its slots begin: it never gives up the LP, so time jumps where a slot
 * of its plan begins. Reports how far the latest begin lies behind the
 * earliest, against a period that never drifts.
 */
#include "lib/guest.h"

#define PERIOD_US 1000
#define REPORT 1000

void guest_main(void)
{
	uint64_t period = tsc_from_us(PERIOD_US);
	uint64_t last = rdtsc();
	uint64_t base = 0;
	int64_t early = 0;
	int64_t late = 0;
	unsigned count = 0;

	for (;;) {
		uint64_t now = rdtsc();
		int64_t phase;

		if (now - last > period / 10) {
			if (count == 0) {
				base = now;
			}
			/* To the nearest whole period, early or late. */
			phase = (int64_t)((now - base + period / 2) % period) -
				(int64_t)(period / 2);
			early = phase < early ? phase : early;
			late = phase > late ? phase : late;
			if (++count % REPORT == 0) {
				print("slot: %u begins, spread %ld\n", count,
				      late - early);
				now = rdtsc();
			}
		}
		last = now;
	}
}
