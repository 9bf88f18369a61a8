/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows into partition memory. What is kept true: between window_open() and
 * window_close() the partition's map lock is held, so the leaf that was
 * checked is the leaf that is used; nothing returns with a window open; an
 * access through one never crosses its page.
 *
 * Bounds: a copy is at most WINDOW_SIZE_MAX bytes, thus at most two pages,
 * each one turn of a loop and one string copy, under the lock.
 */
#include "mem/window.h"

#include "cpu/log.h"
#include "lib/hash.h"
#include "lib/ranges.h"
#include "lib/string.h"
#include "mem/hvmap.h"
#include "mem/nested_walk.h"
#include "mem/window_again.h"

/* Why a leaf does not do; called when it is known that it does not. */
static enum hv_err window_refuse(uint64_t entry)
{
	return nested_entry_is_ram(entry) ? HV_ERR_ACCESS : HV_ERR_MMIO;
}

/*
 * Where the byte at address is seen until window_close(), up to the end of
 * its 4 KiB page; on an error nothing is held. rights is a constant at each
 * caller: this is inlined, and one test is left of it.
 */
static inline __attribute__((always_inline)) enum hv_err
window_open(uint32_t partition, gpa_t address, uint32_t rights, void **at)
{
	const struct partition_config *config = &partition_configs[partition];
	struct nested_state *state = &nested_states[partition];
	struct nested_found found;
	uint64_t where;

	if (!nested_in_range(config, address)) {
		return HV_ERR_MMIO;
	}
	spinlock_take(&state->lock);
	found = nested_find(config, address);
	if (!nested_entry_is_ram(found.entry) ||
	    !nested_entry_allows(found.entry, rights)) {
		spinlock_give(&state->lock);
		return window_refuse(found.entry);
	}
	where = nested_found_spa(found, address).v;
	*at = (uint8_t *)hvmap_window(HVMAP_SLOT_GUEST,
				      spa(where & ~PAGE_MASK),
				      (rights & NESTED_WRITE) != 0) +
	      (where & PAGE_MASK);
	return HV_OK;
}

static inline void window_close(uint32_t partition)
{
	hvmap_window_close(HVMAP_SLOT_GUEST);
	spinlock_give(&nested_states[partition].lock);
}

enum hv_err window_read(uint32_t partition, gpa_t from, void *to, size_t size)
{
	uint8_t *out = to;

	CHECK(size <= WINDOW_SIZE_MAX);
	while (size > 0) {
		size_t piece = range_piece(from.v, size, PAGE_SIZE);
		enum hv_err err;
		void *at;

		err = window_open(partition, from, NESTED_READ, &at);
		if (err != HV_OK) {
			return err;
		}
		memcpy(out, at, piece);
		window_close(partition);
		from.v += piece;
		out += piece;
		size -= piece;
	}
	return HV_OK;
}

enum hv_err window_write(uint32_t partition, gpa_t to, const void *from,
			 size_t size)
{
	const uint8_t *in = from;

	CHECK(size <= WINDOW_SIZE_MAX);
	while (size > 0) {
		size_t piece = range_piece(to.v, size, PAGE_SIZE);
		enum hv_err err;
		void *at;

		err = window_open(partition, to, NESTED_READ | NESTED_WRITE,
				  &at);
		if (err != HV_OK) {
			return err;
		}
		memcpy(at, in, piece);
		window_close(partition);
		to.v += piece;
		in += piece;
		size -= piece;
	}
	return HV_OK;
}

enum hv_err window_load64(uint32_t partition, gpa_t from, uint64_t *value)
{
	enum hv_err err;
	void *at;

	if ((from.v & (sizeof(*value) - 1)) != 0) {
		return window_read(partition, from, value, sizeof(*value));
	}
	err = window_open(partition, from, NESTED_READ, &at);
	if (err == HV_OK) {
		*value = __atomic_load_n((const uint64_t *)at,
					 __ATOMIC_RELAXED);
		window_close(partition);
	}
	return err;
}

enum hv_err window_exchange(uint32_t partition, gpa_t at, unsigned size,
			    uint64_t *old, uint64_t value)
{
	uint32_t expected = (uint32_t)*old;
	enum hv_err err;
	bool done;
	void *word;

	CHECK(size == sizeof(uint32_t) || size == sizeof(uint64_t));
	if ((at.v & (size - 1)) != 0) {
		return HV_ERR_ALIGN;
	}
	err = window_open(partition, at, NESTED_READ | NESTED_WRITE, &word);
	if (err != HV_OK) {
		return err;
	}
	if (size == sizeof(uint64_t)) {
		done = __atomic_compare_exchange_n((uint64_t *)word, old, value,
						   false, __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
	} else {
		done = __atomic_compare_exchange_n((uint32_t *)word, &expected,
						   (uint32_t)value, false,
						   __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
		*old = expected;
	}
	window_close(partition);
	return done ? HV_OK : HV_ERR_STATE;
}

/* ---- several reads ----------------------------------------------------- */

#define WINDOW_HOLD_PAGE 1u	/* HVMAP_SLOT_GUEST */
#define WINDOW_HOLD_LARGE 2u	/* HVMAP_LARGE_FROM */

void window_hold(struct window_hold *hold, uint32_t partition)
{
	hold->partition = partition;
	hold->open = 0;
	hold->first = 0;
	hold->span = 0;
	hold->spa = 0;
	hold->at = NULL;
	spinlock_take(&nested_states[partition].lock);
}

/*
 * Maps what lies around address in its leaf: 2 MiB where the leaf has them
 * (all of it is RAM of one owner), else 4 KiB.
 */
static __attribute__((noinline)) enum hv_err
window_hold_map(struct window_hold *hold, gpa_t address)
{
	const struct partition_config *config =
		&partition_configs[hold->partition];
	struct nested_found found;
	uint64_t mask = PAGE_MASK;
	uint64_t where;

	if (!nested_in_range(config, address)) {
		return HV_ERR_MMIO;
	}
	found = nested_find(config, address);
	if (!nested_entry_is_ram(found.entry)) {
		return HV_ERR_MMIO;
	}
	where = nested_found_spa(found, address).v;
	if (found.mask > PAGE_MASK) {
		mask = LARGE_PAGE_SIZE - 1;
		hold->at = hvmap_window_large(HVMAP_LARGE_FROM,
					      spa(where & ~mask), false);
		hold->open |= WINDOW_HOLD_LARGE;
	} else {
		hold->at = hvmap_window(HVMAP_SLOT_GUEST, spa(where & ~mask),
					false);
		hold->open |= WINDOW_HOLD_PAGE;
	}
	hold->first = address.v & ~mask;
	hold->spa = where & ~mask;
	hold->span = mask + 2 - sizeof(uint64_t);
	return HV_OK;
}

enum hv_err window_hold_load64_slow(struct window_hold *hold, gpa_t from,
				    uint64_t *value)
{
	enum hv_err err;

	if ((from.v & (sizeof(*value) - 1)) != 0) {
		return window_hold_read(hold, from, value, sizeof(*value));
	}
	err = window_hold_map(hold, from);
	if (err == HV_OK) {
		*value = __atomic_load_n((const uint64_t *)(const void *)
					 (hold->at + (from.v - hold->first)),
					 __ATOMIC_RELAXED);
	}
	return err;
}

enum hv_err window_hold_read(struct window_hold *hold, gpa_t from, void *to,
			     size_t size)
{
	uint8_t *out = to;

	CHECK(size <= WINDOW_SIZE_MAX);
	while (size > 0) {
		/* What is mapped ends where a page ends. */
		size_t piece = range_piece(from.v, size, PAGE_SIZE);
		uint64_t offset = from.v - hold->first;

		if (hold->span == 0 ||
		    offset >= hold->span + sizeof(uint64_t) - 1) {
			enum hv_err err = window_hold_map(hold, from);

			if (err != HV_OK) {
				return err;
			}
			offset = from.v - hold->first;
		}
		memcpy(out, hold->at + index_mask64(offset, hold->span +
						    sizeof(uint64_t) - 1),
		       piece);
		from.v += piece;
		out += piece;
		size -= piece;
	}
	return HV_OK;
}

void window_release(struct window_hold *hold)
{
	if ((hold->open & WINDOW_HOLD_LARGE) != 0) {
		hvmap_window_large_close(HVMAP_LARGE_FROM);
	}
	if ((hold->open & WINDOW_HOLD_PAGE) != 0) {
		hvmap_window_close(HVMAP_SLOT_GUEST);
	}
	spinlock_give(&nested_states[hold->partition].lock);
}

uint64_t window_hold_generation(const struct window_hold *hold)
{
	return nested_states[hold->partition].generation;
}

void window_hold_memo(const struct window_hold *hold, gpa_t from,
		      uint64_t value, struct window_memo *memo)
{
	struct hvmap_spot spot =
		hvmap_spot(spa(hold->spa + (from.v - hold->first)));

	*memo = (struct window_memo){ spot.entry, spot.offset, value };
}

bool window_is_same(uint32_t partition, uint64_t generation,
		    const struct window_memo *memos, uint64_t count)
{
	return window_look_again(partition, generation, memos, count);
}

/* ---- loading ----------------------------------------------------------- */

/*
 * Where the byte at address is seen, up to the end of its 2 MiB. Large pages
 * may cover what is not asked for; below 1 MiB, where memory types differ
 * within one, the fixed MTRRs make the processor split it (SDM3 12.11.9).
 */
static void *window_open_large(unsigned slot, spa_t address, bool write)
{
	uint64_t offset = address.v & (LARGE_PAGE_SIZE - 1);
	uint8_t *base = hvmap_window_large(slot, spa(address.v - offset),
					   write);

	return base + offset;
}

void window_zero(spa_t at, uint64_t size)
{
	while (size > 0) {
		uint64_t piece = range_piece(at.v, size, LARGE_PAGE_SIZE);

		memset(window_open_large(HVMAP_LARGE_TO, at, true), 0, piece);
		hvmap_window_large_close(HVMAP_LARGE_TO);
		at.v += piece;
		size -= piece;
	}
}

void window_copy(spa_t to, spa_t from, uint64_t size)
{
	while (size > 0) {
		uint64_t piece = range_piece(to.v, size, LARGE_PAGE_SIZE);
		const void *source;

		piece = range_piece(from.v, piece, LARGE_PAGE_SIZE);
		source = window_open_large(HVMAP_LARGE_FROM, from, false);
		memcpy(window_open_large(HVMAP_LARGE_TO, to, true), source,
		       piece);
		hvmap_window_large_close(HVMAP_LARGE_TO);
		hvmap_window_large_close(HVMAP_LARGE_FROM);
		to.v += piece;
		from.v += piece;
		size -= piece;
	}
}

#ifdef CONFIG_LOG_START_HASH
uint64_t window_hash(spa_t at, uint64_t size, uint64_t seed)
{
	CHECK(((at.v | size) & (sizeof(uint64_t) - 1)) == 0);
	while (size > 0) {
		uint64_t piece = range_piece(at.v, size, LARGE_PAGE_SIZE);

		seed = hash_words(window_open_large(HVMAP_LARGE_FROM, at,
						    false),
				  piece / sizeof(uint64_t), seed);
		hvmap_window_large_close(HVMAP_LARGE_FROM);
		at.v += piece;
		size -= piece;
	}
	return seed;
}
#endif

#ifdef CONFIG_LAUNCH
void window_sha384(spa_t at, uint64_t size, struct sha384_state *state)
{
	while (size > 0) {
		uint64_t piece = range_piece(at.v, size, LARGE_PAGE_SIZE);

		sha384_add(state,
			   window_open_large(HVMAP_LARGE_FROM, at, false),
			   piece);
		hvmap_window_large_close(HVMAP_LARGE_FROM);
		at.v += piece;
		size -= piece;
	}
}
#endif
