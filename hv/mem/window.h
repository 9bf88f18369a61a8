/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short-lived maps of guest memory: the only way in which the hypervisor
 * touches it. A window is opened through the *live* nested leaf, overlays
 * included; it holds the partition's map lock, so the map cannot change under
 * it, and is closed before the function returns. Guest memory is therefore
 * only ever copied: in once, then checked, then used.
 */
#ifndef MEM_WINDOW_H
#define MEM_WINDOW_H

#include "lib/bits.h"
#include "lib/sha384.h"
#include "lib/types.h"

/* Largest copy: no guest's choice makes one longer. */
#define WINDOW_SIZE_MAX 4096u

/*
 * Copy between a partition's GPA space and hypervisor memory. May cross
 * pages; at most WINDOW_SIZE_MAX bytes. HV_ERR_MMIO: some byte has no RAM.
 * HV_ERR_ACCESS: a leaf refuses. Then nothing, or only whole pages before
 * it, was copied.
 */
enum hv_err window_read(uint32_t partition, gpa_t from, void *to,
			size_t size) must_use;
enum hv_err window_write(uint32_t partition, gpa_t to, const void *from,
			 size_t size) must_use;

/*
 * One 8-byte word, the quick way (page-table entries): exactly
 * window_read(partition, from, value, 8), with one load if from is aligned.
 */
enum hv_err window_load64(uint32_t partition, gpa_t from,
			  uint64_t *value) must_use;

/*
 * Several reads in a row (a walk of a guest's page tables, then the code
 * bytes): one lock, and the nested walk is done once per leaf, not per read.
 * Between window_hold() and window_release() the map cannot change; nothing
 * else of this file or of nested.h may be called (the lock is held), no other
 * lock may be taken. Rules and errors of the reads as above.
 */
struct window_hold {
	uint32_t partition;
	uint32_t open;		/* slots that are open */
	/* What is mapped now: GPAs from first; span of them start 8 bytes
	 * that are all mapped. 0: nothing. */
	uint64_t first;
	uint64_t span;
	uint64_t spa;		/* of first */
	const uint8_t *at;	/* where first is seen */
};

void window_hold(struct window_hold *hold, uint32_t partition);
enum hv_err window_hold_read(struct window_hold *hold, gpa_t from, void *to,
			     size_t size) must_use;
/* What window_hold_load64() does where its word is not mapped yet. */
enum hv_err window_hold_load64_slow(struct window_hold *hold, gpa_t from,
				    uint64_t *value) must_use;

typedef uint64_t __attribute__((aligned(1), may_alias)) window_word_t;

/* Inline: four or five of these fetch an instruction. */
static inline must_use enum hv_err
window_hold_load64(struct window_hold *hold, gpa_t from, uint64_t *value)
{
	uint64_t offset = from.v - hold->first;

	if (offset >= hold->span) {
		return window_hold_load64_slow(hold, from, value);
	}
	*value = *(const volatile window_word_t *)
		(hold->at + index_mask64(offset, hold->span));
	return HV_OK;
}

void window_release(struct window_hold *hold);

/*
 * A word of guest memory as it was found, to see at little cost whether it
 * still is: where the nested walk led, by the map of that generation.
 */
struct window_memo {
	uint64_t entry, offset;	/* struct hvmap_spot */
	uint64_t value;
};

/* Under a hold: of the word that was loaded last, from there. It lies within
 * one page. */
void window_hold_memo(const struct window_hold *hold, gpa_t from,
		      uint64_t value, struct window_memo *memo);
/* Of the map that is held: nested_generation(). */
uint64_t window_hold_generation(const struct window_hold *hold) must_use;
#define WINDOW_MEMO_MIN 4u
#define WINDOW_MEMO_MAX 5u
/*
 * True: the map has not changed since generation, nor any of the words, of
 * which there are WINDOW_MEMO_MIN or WINDOW_MEMO_MAX.
 */
bool window_is_same(uint32_t partition, uint64_t generation,
		    const struct window_memo *memos, uint64_t count) must_use;

/*
 * Compare-and-exchange of an aligned 8- or 4-byte word (accessed and dirty
 * bits of a guest's page tables). *old is updated with what was there;
 * HV_ERR_STATE: it was not *old. HV_ERR_ALIGN: at is not a multiple of size.
 */
enum hv_err window_exchange(uint32_t partition, gpa_t at, unsigned size,
			    uint64_t *old, uint64_t value) must_use;

/*
 * By system physical address, for loading: never a guest's choice. Address
 * and size are multiples of 8 (of any size for window_copy). Time is about
 * 1.05 instructions per 8 bytes (hash: 2.3); callers bound their pieces.
 */
void window_zero(spa_t at, uint64_t size);
void window_copy(spa_t to, spa_t from, uint64_t size);
/* hash_words() (lib/hash.h), continued from seed. */
uint64_t window_hash(spa_t at, uint64_t size, uint64_t seed);

/* Of any address and size; 40 instructions a byte. */
void window_sha384(spa_t at, uint64_t size, struct sha384_state *state);

#endif
