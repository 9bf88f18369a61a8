/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processors remember of nested tables: translations and upper entries
 * (paging-structure caches), for each LP, filled by simulated guest accesses
 * and forgotten only by a flush that the code under test asked for. Entries
 * are never evicted: the worst that hardware may do.
 *
 * The walker is its own: it shares no code with hv/mem.
 */
#ifndef FAKE_TLB_H
#define FAKE_TLB_H

#include "mem/nested.h"

#define FAKE_TLB_LPS 3
#define FAKE_TLB_NO_LP 0xffffffffu

struct fake_leaf {
	bool present;
	bool write;
	bool execute;
	uint64_t spa;		/* of the byte */
};

/* A deliberate mistake, to show that the tests would notice it. */
enum fake_tlb_fault {
	FAKE_TLB_RIGHT,
	FAKE_TLB_SKIP_LP,	/* one LP leaves out its flush */
	FAKE_TLB_LOSE_TOKEN,	/* the token is not consumed at all */
	FAKE_TLB_DONE_EARLY	/* nested_flush_done() without the flush */
};

/* Forgets everything, and the fault. */
void fake_tlb_reset(void);
/* lp: of FAKE_TLB_SKIP_LP; tokens after this one are consumed wrongly. */
void fake_tlb_inject(enum fake_tlb_fault fault, uint32_t lp);

/* A guest of partition on lp touches address. */
struct fake_leaf fake_tlb_access(uint32_t lp, uint32_t partition,
				 uint64_t address);
/* lp_flush(): all LPs drop what is older than the token, then it is done. */
void fake_tlb_consume(struct flush_token token);
/* The entry to a guest: flushes if nested_generation() is new to the LP. */
void fake_tlb_enter(uint32_t lp, uint32_t partition);

#endif
