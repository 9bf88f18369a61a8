/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through the live nested tables, inline: it is in the path of each
 * instruction fetch. The caller holds the partition's map lock.
 */
#ifndef MEM_NESTED_WALK_H
#define MEM_NESTED_WALK_H

#include "mem/nested.h"
#include "mem/nested_format.h"

/* Pools lie in the image, which is mapped where it is linked: HVA == SPA. */
static inline uint64_t *nested_table_at(spa_t table)
{
	return (uint64_t *)(uintptr_t)table.v;
}

static inline spa_t nested_table_spa(const uint64_t *table)
{
	return spa((uint64_t)(uintptr_t)table);
}

/* The partition's part of nested_overlays[]. */
static inline struct nested_overlay *nested_overlay_slots(uint32_t partition)
{
	return &nested_overlays[NESTED_OVERLAY_PER_PARTITION * partition +
				NESTED_OVERLAY_PER_VP *
				partition_configs[partition].vp_first];
}

/* After the last store of a change, lock held: makes the token for it. */
static inline struct flush_token nested_publish(uint32_t partition)
{
	struct nested_state *state = &nested_states[partition];
	uint64_t generation = state->generation + 1;

	__atomic_store_n(&state->generation, generation, __ATOMIC_RELEASE);
	return (struct flush_token){ partition, generation };
}

struct nested_found {
	uint64_t entry;		/* leaf, or an entry that is not present */
	uint64_t mask;		/* address bits within what it maps */
};

/* Is the address within the width that the partition has? */
static inline bool nested_in_range(const struct partition_config *config,
				   gpa_t address)
{
	return address.v >> config->gpa_bits == 0;
}

static inline uint64_t nested_next(uint64_t entry, gpa_t address,
				   unsigned level)
{
	return nested_table_at(nested_entry_table(entry))
		[nested_level_index(address, level)];
}

/* address is in range. Unrolled: each level costs seven instructions. */
static inline struct nested_found
nested_find(const struct partition_config *config, gpa_t address)
{
	uint64_t entry = config->nested_pool[0][nested_level_index(address, 3)];

	if (!nested_entry_is_present(entry)) {
		return (struct nested_found){ 0, BIT(39) - 1 };
	}
	entry = nested_next(entry, address, 2);
	if (!nested_entry_is_table(entry)) {
		return (struct nested_found){ entry, BIT(30) - 1 };
	}
	entry = nested_next(entry, address, 1);
	if (!nested_entry_is_table(entry)) {
		return (struct nested_found){ entry, LARGE_PAGE_SIZE - 1 };
	}
	entry = nested_next(entry, address, 0);
	return (struct nested_found){ entry, PAGE_MASK };
}

/* Where the byte lies that a present leaf maps. */
static inline spa_t nested_found_spa(struct nested_found found, gpa_t address)
{
	return spa((found.entry & NPT_ADDRESS & ~found.mask) |
		   (address.v & found.mask));
}

#endif
