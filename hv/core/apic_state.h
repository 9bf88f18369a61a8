/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a VP's local APIC keeps (hv/guest/apic*.c, SDM3 chapter 11). Plain
 * data of fixed size, no pointers. Written by the LP that runs the VP; other
 * LPs read base, svr, ldr, dfr and ppr, each in one load, to find the target
 * of an interrupt. apic_reset() comes before anything else.
 */
#ifndef CORE_APIC_STATE_H
#define CORE_APIC_STATE_H

#include "lib/types.h"

enum apic_lvt {
	APIC_LVT_TIMER, APIC_LVT_THERMAL, APIC_LVT_PERFORMANCE,
	APIC_LVT_LINT0, APIC_LVT_LINT1, APIC_LVT_ERROR,
	APIC_LVT_COUNT
};

struct apic_state {
	uint64_t base;		/* MSR APIC_BASE */

	/*
	 * Highest vectors of irr[] and isr[], 0 for none (vectors below 16
	 * are never in there), and the processor priority: always up to date,
	 * so that "is there something to inject" is one comparison.
	 */
	uint8_t irr_top;
	uint8_t isr_top;
	uint8_t ppr;
	uint8_t tpr;
	uint8_t irr_words;	/* bit n: irr[n] is not 0 */
	uint8_t isr_words;
	uint32_t svr;
	uint64_t irr[4];
	uint64_t isr[4];
	uint64_t tmr[4];

	uint32_t ldr;		/* xAPIC mode; x2APIC's follows the id */
	uint32_t dfr;
	uint64_t icr;		/* as last written, never busy */
	uint32_t esr;		/* what the guest reads */
	uint32_t esr_pending;	/* errors since its last write */
	uint32_t lvt[APIC_LVT_COUNT];

	/*
	 * The timer, in guest units. It runs since guest TSC timer_start (0
	 * in TSC-deadline mode) and is due timer_length guest TSC ticks after
	 * that; differences modulo 2^64.
	 */
	uint32_t timer_initial;
	uint32_t timer_divide;	/* register as the guest wrote it */
	uint64_t timer_start;
	uint64_t timer_length;
	bool timer_running;
	/* Host TSC at which to look again: derived; UINT64_MAX: never. */
	uint64_t timer_host;
};

#endif
