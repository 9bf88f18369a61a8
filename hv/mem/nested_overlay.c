/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlays: hypervisor pages laid over a partition's GPA space (TLFS 5.2.1,
 * "GPA overlay pages"). A large leaf is split, a missing table is made, with
 * spare tables of the partition's pool; the last overlay of a split gives
 * them back and the entry becomes what it was, bit by bit.
 *
 * What is kept true:
 * - A spare table is linked only when it maps what the entry that it replaces
 *   mapped. So each single store leaves the tables right for every address
 *   but the overlaid one.
 * - A table that was given back keeps its contents (those of the entry that
 *   replaced it) until every LP has flushed: until then a walker may come to
 *   it through a cached upper entry (APM2 15.25.10, SDM3 4.10.3).
 * - All overlays of a page have the same .below.
 */
#include "mem/nested.h"

#include "cpu/log.h"
#include "mem/nested_walk.h"

#define SPARE_USED UINT64_MAX

_Static_assert(NESTED_SPARE_PER_OVERLAY == NESTED_LEVEL_ROOT,
	       "an overlay may need a table at every level below the root");

/* The entries that lead to an address; those below .level are not set. */
struct nested_path {
	uint64_t *entry[NESTED_LEVEL_COUNT];
	unsigned level;		/* of the leaf or of what is not present */
};

/* One store that the processor's walker sees wholly or not at all. */
static void nested_store(uint64_t *at, uint64_t entry)
{
	__atomic_store_n(at, entry, __ATOMIC_RELEASE);
}

static struct nested_path nested_descend(const struct partition_config *config,
					 gpa_t address)
{
	struct nested_path path = { .level = NESTED_LEVEL_ROOT };
	uint64_t *table = config->nested_pool[0];

	while (true) {
		uint64_t *at = &table[nested_level_index(address, path.level)];

		path.entry[path.level] = at;
		if (path.level == 0 || !nested_entry_is_table(*at)) {
			return path;
		}
		table = nested_table_at(nested_entry_table(*at));
		path.level--;
	}
}

/* ---- spare tables ------------------------------------------------------ */

static uint32_t nested_spare_count(uint32_t partition)
{
	const struct partition_config *config = &partition_configs[partition];
	uint32_t have = config->nested_pool_count -
			config->nested_initial_count;
	uint32_t tracked = nested_overlay_count(partition) *
			   NESTED_SPARE_PER_OVERLAY;

	return have < tracked ? have : tracked;
}

static uint64_t *nested_spare_state(uint32_t partition, uint32_t spare)
{
	return &nested_overlay_slots(partition)
		[spare / NESTED_SPARE_PER_OVERLAY]
		.spare[spare % NESTED_SPARE_PER_OVERLAY];
}

/* Takes wanted tables into taken[], or none. */
static bool nested_take_spares(uint32_t partition, unsigned wanted,
			       uint64_t *taken[NESTED_SPARE_PER_OVERLAY])
{
	const struct partition_config *config = &partition_configs[partition];
	struct nested_state *state = &nested_states[partition];
	uint32_t count = nested_spare_count(partition);
	uint32_t found[NESTED_SPARE_PER_OVERLAY];
	unsigned have = 0;

	for (uint32_t i = 0; i < count && have < wanted; i++) {
		if (*nested_spare_state(partition, i) <= state->flushed) {
			found[have++] = i;
		}
	}
	if (have < wanted) {
		return false;
	}
	for (unsigned i = 0; i < wanted; i++) {
		*nested_spare_state(partition, found[i]) = SPARE_USED;
		taken[i] = config->nested_pool[config->nested_initial_count +
					       found[i]];
		if (state->spare_high <= found[i]) {
			state->spare_high = found[i] + 1;
		}
	}
	return true;
}

/* Gives the table back if it is a spare one; usable once flushed. */
static void nested_retire_spare(uint32_t partition, uint32_t pool_index)
{
	const struct partition_config *config = &partition_configs[partition];

	*nested_spare_state(partition,
			    pool_index - config->nested_initial_count) =
		nested_states[partition].generation + 1;
}

/* Index in the pool of the table in which an entry lies. */
static uint32_t nested_pool_index(const struct partition_config *config,
				  const uint64_t *entry)
{
	return (uint32_t)(((uintptr_t)entry - (uintptr_t)config->nested_pool) /
			  PAGE_SIZE);
}

/* ---- overlays of one page, of one table -------------------------------- */

/* The visible overlay of a page, or null. */
static struct nested_overlay *nested_newest(uint32_t partition, gpa_t page)
{
	struct nested_overlay *slots = nested_overlay_slots(partition);
	uint32_t count = nested_overlay_count(partition);
	struct nested_overlay *newest = NULL;

	for (uint32_t i = 0; i < count; i++) {
		struct nested_overlay *slot = &slots[i];

		if (slot->entry != 0 && slot->address.v == page.v &&
		    (newest == NULL || newest->order < slot->order)) {
			newest = slot;
		}
	}
	return newest;
}

/* Does an overlay lie in what an entry of this level maps? */
static bool nested_has_overlay(uint32_t partition, gpa_t address,
			       unsigned level)
{
	const struct nested_overlay *slots = nested_overlay_slots(partition);
	uint32_t count = nested_overlay_count(partition);
	unsigned shift = nested_level_shift(level);

	for (uint32_t i = 0; i < count; i++) {
		if (slots[i].entry != 0 &&
		    slots[i].address.v >> shift == address.v >> shift) {
			return true;
		}
	}
	return false;
}

/*
 * Makes tables down to level 0 for address; returns its leaf's place, or
 * null if there are not enough spare tables (then nothing is changed).
 */
static uint64_t *nested_split_down(uint32_t partition, gpa_t address)
{
	struct nested_path path =
		nested_descend(&partition_configs[partition], address);
	uint64_t *at = path.entry[path.level];
	uint64_t *taken[NESTED_SPARE_PER_OVERLAY];

	if (!nested_take_spares(partition, path.level, taken)) {
		return NULL;
	}
	for (unsigned level = path.level; level > 0; level--) {
		uint64_t *table = taken[level - 1];
		uint64_t part = nested_entry_split(*at, level);
		uint64_t step = nested_entry_step(*at, level);

		for (unsigned i = 0; i < CONFIG_TABLE_ENTRIES; i++) {
			table[i] = part;
			part += step;
		}
		nested_store(at,
			     nested_entry_make_table(nested_table_spa(table)));
		at = &table[nested_level_index(address, level - 1)];
	}
	return at;
}

/* Joins the tables above a page that no overlay needs any more. */
static void nested_join_up(uint32_t partition, gpa_t address,
			   const struct nested_path *path)
{
	const struct partition_config *config = &partition_configs[partition];

	for (unsigned level = 1; level < NESTED_LEVEL_COUNT; level++) {
		uint32_t index = nested_pool_index(config,
						   path->entry[level - 1]);

		if (index < config->nested_initial_count ||
		    nested_has_overlay(partition, address, level)) {
			return;
		}
		nested_store(path->entry[level],
			     nested_entry_join(config->nested_pool[index][0],
					       level));
		nested_retire_spare(partition, index);
	}
}

/* ---- the interface ----------------------------------------------------- */

enum hv_err nested_map_overlay(uint32_t partition, uint32_t id,
			       gpa_t address, spa_t page, uint32_t rights,
			       struct flush_token *token)
{
	struct nested_state *state = &nested_states[partition];
	struct nested_overlay *slot = &nested_overlay_slots(partition)[id];
	gpa_t under = gpa(align_down(address.v, PAGE_SIZE));
	const struct nested_overlay *older;
	enum hv_err err = HV_ERR_FULL;
	uint64_t *leaf;

	*token = (struct flush_token){ partition, 0 };
	CHECK(id < nested_overlay_count(partition));
	CHECK((rights & NESTED_READ) != 0);
	if (!nested_in_range(&partition_configs[partition], address)) {
		return HV_ERR_RANGE;
	}
	spinlock_take(&state->lock);
	if (slot->entry != 0) {
		spinlock_give(&state->lock);
		return HV_ERR_STATE;
	}
	leaf = nested_split_down(partition, under);
	if (leaf != NULL) {
		older = nested_newest(partition, under);
		slot->below = older != NULL ? older->below : *leaf;
		slot->address = under;
		slot->order = ++state->order;
		slot->entry = nested_entry_make_overlay(page, rights);
		nested_store(leaf, slot->entry);
		*token = nested_publish(partition);
		err = HV_OK;
	}
	spinlock_give(&state->lock);
	return err;
}

struct flush_token nested_unmap_overlay(uint32_t partition, uint32_t id)
{
	struct nested_state *state = &nested_states[partition];
	struct nested_overlay *slot = &nested_overlay_slots(partition)[id];
	struct flush_token token = { partition, 0 };
	const struct nested_overlay *next;
	struct nested_path path;

	CHECK(id < nested_overlay_count(partition));
	spinlock_take(&state->lock);
	if (slot->entry != 0) {
		path = nested_descend(&partition_configs[partition],
				      slot->address);
		CHECK(path.level == 0);
		slot->entry = 0;
		next = nested_newest(partition, slot->address);
		nested_store(path.entry[0],
			     next != NULL ? next->entry : slot->below);
		nested_join_up(partition, slot->address, &path);
		token = nested_publish(partition);
	}
	spinlock_give(&state->lock);
	return token;
}
