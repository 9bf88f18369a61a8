/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's nested page tables while they live. The compiler emits their
 * initial value; only this file's functions change them. Each change returns
 * a flush token that the caller must consume (lp_flush(), run/flush.c) before
 * a page that was reachable through the old value is used for anything else.
 */
#ifndef MEM_NESTED_H
#define MEM_NESTED_H

#include "config/config.h"
#include "lib/spinlock.h"
#include "lib/types.h"

#define NESTED_READ 1u
#define NESTED_WRITE 2u
#define NESTED_EXECUTE 4u

/* Overlay ids of a partition: 0 .. 2 + 3 * vp_count. */
#define NESTED_OVERLAY_PER_PARTITION 2u	/* hypercall, reference TSC */
#define NESTED_OVERLAY_PER_VP 3u	/* VP assist, SIM, SIEF */
/* The compiler reserves so many spare tables: one for each level below the
 * root. With them, no order of maps and unmaps can exhaust the pool. */
#define NESTED_SPARE_PER_OVERLAY 3u

/* Consume with lp_flush(). Losing one is a compiler warning, thus an error. */
struct flush_token {
	uint32_t partition;
	uint64_t generation;	/* 0: nothing to flush */
};

/* Answer of a walk. */
struct nested_leaf {
	spa_t spa;		/* of the very byte */
	uint32_t rights;	/* NESTED_*; 0: not mapped */
	uint64_t size;		/* of the leaf, in bytes; 0: not mapped */
	bool overlay;
	bool mmio;		/* uncached: a device's registers */
};

/*
 * Run-time state. lock is the partition map lock, first in the lock order;
 * everything here and the tables are written under it. generation is read
 * without it.
 */
struct nested_state {
	struct spinlock lock;
	uint32_t spare_high;	/* spare tables used since the last restore */
	uint64_t generation;	/* grows with each change */
	uint64_t flushed;	/* all LPs have honoured it (or a later one) */
	uint64_t order;		/* of the newest overlay */
} __attribute__((aligned(64)));

/* One overlay, and the state of three of the partition's spare tables. */
struct nested_overlay {
	uint64_t entry;		/* leaf of this overlay; 0: not mapped */
	uint64_t below;		/* leaf under all overlays of that page */
	uint64_t order;		/* the greatest of a page is visible */
	gpa_t address;
	/* Generation that gave the table back; ~0: in use; 0: never used. */
	uint64_t spare[NESTED_SPARE_PER_OVERLAY];
};

/* STATE_ARRAYS: struct nested_state nested_states[BULKHEAD_PARTITION_COUNT]; */
extern struct nested_state nested_states[];
/*
 * A partition's overlays start at nested_overlay_first(): vp_first counts the
 * VPs of all partitions before it, which the compiler guarantees.
 * STATE_ARRAYS: struct nested_overlay nested_overlays[
 *	NESTED_OVERLAY_PER_PARTITION * BULKHEAD_PARTITION_COUNT +
 *	NESTED_OVERLAY_PER_VP * BULKHEAD_VP_COUNT];
 */
extern struct nested_overlay nested_overlays[];

/* Ids below this one may be used. */
static inline uint32_t nested_overlay_count(uint32_t partition)
{
	return NESTED_OVERLAY_PER_PARTITION +
	       NESTED_OVERLAY_PER_VP * partition_configs[partition].vp_count;
}

/*
 * First start and every restart: tables as the compiler emitted them, no
 * overlays. No VP of the partition is in the guest, and none enters it again
 * before it has flushed.
 */
struct flush_token nested_restore(uint32_t partition) must_use;

struct nested_leaf nested_walk(uint32_t partition, gpa_t address) must_use;

/*
 * Lays a hypervisor page over the 4 KiB page that holds address, RAM or not.
 * The newest of several overlays on one page is the visible one; id (below
 * nested_overlay_count(), chosen by the caller) names it. rights include
 * NESTED_READ.
 * HV_ERR_RANGE: beyond the GPA space. HV_ERR_STATE: id is mapped already.
 * HV_ERR_FULL: pool exhausted; as long as the token of each unmap is consumed
 * before the next map of the same id, this cannot be.
 */
enum hv_err nested_map_overlay(uint32_t partition, uint32_t id,
			       gpa_t address, spa_t page, uint32_t rights,
			       struct flush_token *token) must_use;
/* Uncovers what lay below: an older overlay, RAM, or nothing. */
struct flush_token nested_unmap_overlay(uint32_t partition, uint32_t id)
	must_use;

/*
 * For good, of a launch partition that has given its verdict: nothing above
 * LAUNCH_WINDOW_BITS is mapped any more.
 */
struct flush_token nested_close_windows(uint32_t partition) must_use;

/* Root of the tables, for the back end. */
spa_t nested_root(uint32_t partition) must_use;
/* Grows with each change; a vcpu flushes when it sees a new value. */
uint64_t nested_generation(uint32_t partition) must_use;

/*
 * Last step of lp_flush(): no LP can hold a translation older than the token.
 * Tables that had been given back by then may be filled anew; before, the
 * walkers of other LPs may still be reading them.
 */
void nested_flush_done(struct flush_token token);

#endif
