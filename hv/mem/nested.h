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
#include "lib/types.h"

#define NESTED_READ 1u
#define NESTED_WRITE 2u
#define NESTED_EXECUTE 4u

/* Consume with lp_flush(). Losing one is a compiler warning, thus an error. */
struct flush_token {
	uint32_t partition;
	uint64_t generation;	/* 0: nothing to flush */
};

/* Answer of a walk. */
struct nested_leaf {
	spa_t spa;		/* of the very byte */
	uint32_t rights;	/* NESTED_*; 0: not mapped */
	uint64_t size;		/* of the leaf, in bytes */
	bool overlay;
};

/* First start and every restart: tables as the compiler emitted them. */
struct flush_token nested_restore(uint32_t partition) must_use;

struct nested_leaf nested_walk(uint32_t partition, gpa_t address) must_use;

/*
 * Lays a hypervisor page over the 4 KiB page at address, RAM or not. The
 * newest of several overlays on one page is the visible one; id (below
 * NESTED_OVERLAY_MAX per partition, chosen by the caller) names it.
 * HV_ERR_RANGE: beyond the GPA space. HV_ERR_FULL: pool exhausted.
 */
enum hv_err nested_map_overlay(uint32_t partition, uint32_t id,
			       gpa_t address, spa_t page, uint32_t rights,
			       struct flush_token *token) must_use;
/* Uncovers what lay below: an older overlay, RAM, or nothing. */
struct flush_token nested_unmap_overlay(uint32_t partition, uint32_t id)
	must_use;

/* Root of the tables, for the back end. */
spa_t nested_root(uint32_t partition) must_use;
/* Grows with each change; a vcpu flushes when it sees a new value. */
uint64_t nested_generation(uint32_t partition) must_use;

#endif
