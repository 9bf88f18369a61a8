/* SPDX-License-Identifier: Apache-2.0 */
/* A model of nested TLBs: see fake_tlb.h. */
#include "cpu/id.h"
#include "fake_tlb.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CACHED_MAX 16384
#define PARTITIONS 4

/* A leaf (table false) or where an upper entry pointed. */
struct cached {
	uint32_t partition;
	unsigned shift;		/* address bits within it */
	uint64_t first;		/* address >> shift */
	bool table;
	uint64_t entry;
};

static struct cached cached[FAKE_TLB_LPS][CACHED_MAX];
static unsigned cached_count[FAKE_TLB_LPS];
static uint64_t seen[FAKE_TLB_LPS][PARTITIONS];
static enum fake_tlb_fault injected;
static uint32_t injected_lp;

void fake_tlb_reset(void)
{
	memset(cached_count, 0, sizeof(cached_count));
	memset(seen, 0, sizeof(seen));
	injected = FAKE_TLB_RIGHT;
	injected_lp = FAKE_TLB_NO_LP;
}

void fake_tlb_inject(enum fake_tlb_fault fault, uint32_t lp)
{
	injected = fault;
	injected_lp = lp;
}

static void flush(uint32_t lp, uint32_t partition)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < cached_count[lp]; i++) {
		if (cached[lp][i].partition != partition) {
			cached[lp][kept++] = cached[lp][i];
		}
	}
	cached_count[lp] = kept;
}

static const struct cached *find(uint32_t lp, uint32_t partition,
				 uint64_t address, bool table, unsigned shift)
{
	for (unsigned i = 0; i < cached_count[lp]; i++) {
		const struct cached *c = &cached[lp][i];

		if (c->partition == partition && c->table == table &&
		    c->shift == shift && c->first == address >> shift) {
			return c;
		}
	}
	return NULL;
}

static void remember(uint32_t lp, uint32_t partition, uint64_t address,
		     bool table, unsigned shift, uint64_t entry)
{
	if (find(lp, partition, address, table, shift) != NULL) {
		return;
	}
	assert_in_range(cached_count[lp], 0, CACHED_MAX - 1);
	cached[lp][cached_count[lp]++] = (struct cached){
		partition, shift, address >> shift, table, entry
	};
}

static struct fake_leaf leaf_of(uint64_t entry, uint64_t address,
				unsigned shift)
{
	uint64_t within = (1ull << shift) - 1;

	return (struct fake_leaf){
		true, (entry >> 1 & 1) != 0,
		cpu_id_is_intel() ? (entry & 4) != 0 : entry >> 63 == 0,
		(entry & 0xffffffffff000ull & ~within) | (address & within)
	};
}

/*
 * NPT: user, accessed and (in leaves) dirty are set, or the hardware would
 * fault or write. EPT: a memory type in leaves, nothing of it elsewhere, or
 * it is a misconfiguration; no ignoring of the guest's PAT.
 */
static void check_entry(uint64_t entry, bool leaf)
{
	uint64_t type = entry >> 3 & 7;

	if (!cpu_id_is_intel()) {
		assert_int_equal(entry & 0x24, 0x24);
		assert_true(!leaf || (entry & 0x40) != 0);
	} else if (leaf) {
		assert_true(type == 0 || type == 6);
		assert_int_equal(entry & 0x40, 0);
	} else {
		assert_int_equal(entry & 0xff, 7);
	}
}

struct fake_leaf fake_tlb_access(uint32_t lp, uint32_t partition,
				 uint64_t address)
{
	const uint64_t *table;
	const struct cached *c;
	unsigned shift = 39;

	for (unsigned at = 12; at <= 30; at += 9) {
		c = find(lp, partition, address, false, at);
		if (c != NULL) {
			return leaf_of(c->entry, address, at);
		}
	}
	table = (const uint64_t *)(uintptr_t)nested_root(partition).v;
	for (unsigned at = 39; at >= 21; at -= 9) {
		c = find(lp, partition, address, true, at);
		if (c != NULL) {
			table = (const uint64_t *)(uintptr_t)
				(c->entry & 0xffffffffff000ull);
			shift = at - 9;
		}
	}
	while (true) {
		uint64_t entry = table[address >> shift & 511];

		if ((entry & 1) == 0) {
			return (struct fake_leaf){ 0 };
		}
		check_entry(entry, shift == 12 || (entry & 0x80) != 0);
		if (shift == 12 || (entry & 0x80) != 0) {
			remember(lp, partition, address, false, shift, entry);
			return leaf_of(entry, address, shift);
		}
		remember(lp, partition, address, true, shift, entry);
		table = (const uint64_t *)(uintptr_t)
			(entry & 0xffffffffff000ull);
		shift -= 9;
	}
}

void fake_tlb_consume(struct flush_token token)
{
	if (token.generation == 0 || injected == FAKE_TLB_LOSE_TOKEN) {
		return;
	}
	for (uint32_t lp = 0; lp < FAKE_TLB_LPS; lp++) {
		if (injected == FAKE_TLB_DONE_EARLY ||
		    (injected == FAKE_TLB_SKIP_LP && lp == injected_lp)) {
			continue;
		}
		if (seen[lp][token.partition] < token.generation) {
			flush(lp, token.partition);
			seen[lp][token.partition] = token.generation;
		}
	}
	nested_flush_done(token);
}

void fake_tlb_enter(uint32_t lp, uint32_t partition)
{
	uint64_t now = nested_generation(partition);

	if (seen[lp][partition] != now) {
		flush(lp, partition);
		seen[lp][partition] = now;
	}
}
