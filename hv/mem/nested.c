/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested tables of partitions: start value, walk, generation. Overlays are
 * in nested_overlay.c.
 *
 * What is kept true: tables are written under the partition's map lock only,
 * and generation grows after the last store of a change. So an LP that enters
 * a guest after it has seen the new generation, and flushed, cannot have
 * cached an old entry; one that entered before is kicked by lp_flush().
 */
#include "mem/nested.h"

#include "cpu/id.h"
#include "lib/string.h"
#include "mem/nested_walk.h"

struct flush_token nested_restore(uint32_t partition)
{
	const struct partition_config *config = &partition_configs[partition];
	struct nested_state *state = &nested_states[partition];
	struct nested_overlay *overlays = nested_overlay_slots(partition);
	struct flush_token token;

	spinlock_take(&state->lock);
	memcpy(config->nested_pool,
	       cpu_id_is_intel() ? config->ept_initial
				 : config->nested_initial,
	       config->nested_initial_count * PAGE_SIZE);
	memset(config->nested_pool[config->nested_initial_count], 0,
	       state->spare_high * PAGE_SIZE);
	memset(overlays, 0,
	       nested_overlay_count(partition) * sizeof(*overlays));
	state->spare_high = 0;
	token = nested_publish(partition);
	spinlock_give(&state->lock);
	return token;
}

#ifdef CONFIG_LAUNCH
struct flush_token nested_close_windows(uint32_t partition)
{
	/* The table of GiBs is behind the root. */
	uint64_t *gibs = partition_configs[partition].nested_pool[1];
	struct nested_state *state = &nested_states[partition];
	uint32_t first = (uint32_t)(LAUNCH_WINDOW(0) >> 30);
	struct flush_token token;

	spinlock_take(&state->lock);
	memset(&gibs[first], 0,
	       (CONFIG_TABLE_ENTRIES - first) * sizeof(*gibs));
	token = nested_publish(partition);
	spinlock_give(&state->lock);
	return token;
}
#endif

struct nested_leaf nested_walk(uint32_t partition, gpa_t address)
{
	const struct partition_config *config = &partition_configs[partition];
	struct nested_state *state = &nested_states[partition];
	struct nested_leaf leaf = { 0 };
	struct nested_found found;

	if (!nested_in_range(config, address)) {
		return leaf;
	}
	spinlock_take(&state->lock);
	found = nested_find(config, address);
	spinlock_give(&state->lock);

	if (nested_entry_is_present(found.entry)) {
		leaf.spa = nested_found_spa(found, address);
		leaf.rights = nested_entry_rights(found.entry);
		leaf.size = found.mask + 1;
		leaf.overlay = nested_entry_is_overlay(found.entry);
		leaf.mmio = nested_entry_is_mmio(found.entry);
	}
	return leaf;
}

spa_t nested_root(uint32_t partition)
{
	return nested_table_spa(partition_configs[partition].nested_pool[0]);
}

uint64_t nested_generation(uint32_t partition)
{
	return __atomic_load_n(&nested_states[partition].generation,
			       __ATOMIC_ACQUIRE);
}

void nested_flush_done(struct flush_token token)
{
	struct nested_state *state = &nested_states[token.partition];

	spinlock_take(&state->lock);
	if (state->flushed < token.generation) {
		state->flushed = token.generation;
	}
	spinlock_give(&state->lock);
}
