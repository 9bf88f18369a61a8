/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time stamp counter: the only clock of the hypervisor. Its frequency
 * and that of the local APIC's timer come from the board, or are measured
 * once against the PIT.
 */
#ifndef CPU_TSC_H
#define CPU_TSC_H

#include "lib/types.h"

#ifdef HOST_TEST
uint64_t tsc_read(void) must_use;
#else
#include "cpu/regs.h"

static inline uint64_t tsc_read(void)
{
	return regs_read_tsc();
}
#endif

uint64_t tsc_hz(void) must_use;
/* Exact to one unit below 2^44 us (half a year). */
uint64_t tsc_from_us(uint64_t us) must_use;
/* Ticks of the local APIC's timer for so many of the TSC, at least 1. */
uint64_t tsc_to_timer(uint64_t tsc) must_use;
/* floor(10^7 * 2^64 / tsc_hz): scale of the reference TSC page (TLFS). */
uint64_t tsc_reference_scale(void) must_use;

/* Sets frequencies from the board, measures those that it leaves open.
 * False: the machine's PIT does not count. */
bool tsc_start(void) must_use;

/* So much another LP's TSC is ahead of this one's, at least and at most. */
struct tsc_difference {
	int64_t least;
	int64_t most;
};

/* Compares this LP's TSC with that of one that calls tsc_answer() all the
 * time. False: they do not run alike, or no answer comes. */
bool tsc_is_alike(uint32_t lp, struct tsc_difference *d) must_use;
void tsc_answer(uint32_t lp);

#endif
