/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of the guest interface of the TLFS and of the MSRs that hv/guest
 * emulates: plain data, no addresses. Written by hv/guest only: a VP's part
 * by the LP that runs it, a partition's part by any of its VPs, each 64-bit
 * value in one store.
 */
#ifndef CORE_SYNTH_STATE_H
#define CORE_SYNTH_STATE_H

#include "config/config.h"
#include "lib/types.h"

#define MTRR_FIXED_COUNT 11
#define MTRR_VARIABLE_COUNT 8
#define CRASH_PARAMETER_COUNT 5

/*
 * Overlays of a partition (nested_map_overlay()): two of its own, then
 * OVERLAY_VP_COUNT for each VP by its number.
 */
#define OVERLAY_HYPERCALL 0u
#define OVERLAY_REFERENCE_TSC 1u
#define OVERLAY_VP_FIRST 2u
#define OVERLAY_VP_COUNT 3u
#define OVERLAY_VP_ASSIST 0u	/* added to the VP's first */
#define OVERLAY_VP_SIM 1u
#define OVERLAY_VP_SIEF 2u

/* The id of overlay kind of VP number. */
static inline uint32_t overlay_vp_id(uint32_t number, uint32_t kind)
{
	return OVERLAY_VP_FIRST + number * OVERLAY_VP_COUNT + kind;
}

/* A page that is laid over a guest's address space. */
struct overlay_page {
	uint8_t byte[4096];
} aligned_page;

/* VP assist, SIM and SIEF page of each VP; the guest may write them. */
/* STATE_ARRAYS: struct overlay_page
 * overlay_pages_vp[BULKHEAD_VP_COUNT][OVERLAY_VP_COUNT]; */
extern struct overlay_page overlay_pages_vp[][OVERLAY_VP_COUNT];
/* Reference TSC page of each partition; read-only for the guest. */
/* STATE_ARRAYS:
 * struct overlay_page overlay_pages_partition[BULKHEAD_PARTITION_COUNT]; */
extern struct overlay_page overlay_pages_partition[];

/* Architectural MSRs that are only stored: one VP's. */
struct vp_msr_state {
	uint64_t misc_enable;
	uint64_t tsc_adjust;
	uint64_t mtrr_default;
	uint64_t mtrr_fixed[MTRR_FIXED_COUNT];
	uint64_t mtrr_base[MTRR_VARIABLE_COUNT];
	uint64_t mtrr_mask[MTRR_VARIABLE_COUNT];
};

#define STIMER_COUNT 4

struct stimer_state {
	uint64_t config;		/* the MSRs as the guest reads them */
	uint64_t count;
	uint64_t due;			/* reference time */
	uint64_t host;			/* host TSC of that; UINT64_MAX: off */
	bool waiting;			/* expired; its message has no slot */
};

/*
 * Other LPs read the first four, each in one load, to know whether the VP
 * takes messages and events.
 */
struct synic_state {
	uint64_t control;		/* the MSRs as the guest wrote them */
	uint64_t simp;
	uint64_t siefp;
	uint64_t sint[SINT_COUNT];
	uint64_t auto_eoi[4];		/* vectors that are not in service */
	bool waiting;			/* some message waits for its slot */
	struct stimer_state timers[STIMER_COUNT];
	uint64_t timer_host;		/* the earliest of timers[].host */
};

struct vp_synth_state {
	uint64_t vp_assist;		/* the MSR as the guest wrote it */
	struct synic_state synic;
	uint32_t crash_done;		/* bytes of a crash text in the log */
	struct vp_msr_state msr;
};

struct partition_synth_state {
	/*
	 * 1: some VP is changing one of the page MSRs; another that wants to
	 * executes its WRMSR again. Not a lock: LPs are waited for meanwhile.
	 */
	volatile uint32_t busy;
	uint64_t guest_os_id;
	uint64_t hypercall;		/* the MSRs as the guest wrote them */
	uint64_t reference_tsc;
	uint64_t tsc_invariant;
	uint64_t crash[CRASH_PARAMETER_COUNT];
};

#endif
