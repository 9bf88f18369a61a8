/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables, and the slots in them through which this
 * LP sees memory that is not the hypervisor's. A slot is a fixed virtual
 * address of each LP; opening it writes one entry of that LP's own table and
 * does INVLPG. Nothing else in the hypervisor maps guest memory.
 *
 * A slot belongs to the function that opened it until it closes it; slots of
 * an LP are used by that LP only, with interrupts off, never by NMI handlers.
 */
#ifndef MEM_HVMAP_H
#define MEM_HVMAP_H

#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"
#include "lib/types.h"

/* Slots of 4 KiB: one window is open at a time. */
enum hvmap_slot { HVMAP_SLOT_GUEST, HVMAP_SLOT_COUNT };

/* Slots of 2 MiB, for loading: what is written, what is read. */
enum hvmap_large_slot {
	HVMAP_LARGE_TO, HVMAP_LARGE_FROM, HVMAP_LARGE_COUNT
};

/*
 * Maps the 4 KiB page at page (aligned), write-back, never executable.
 * Returns where its first byte is seen.
 */
void *hvmap_window(unsigned slot, spa_t page, bool write) must_use;
/* Clears the slot: a stray access faults from then on. */
void hvmap_window_close(unsigned slot);

/*
 * A row of looks through one slot: each maps a page, read-only, in place of
 * the one before, and loads one word of it. Inline, for it is in the path of
 * most exits. hvmap_peek_close() ends the row.
 */
struct hvmap_peek {
	uint64_t *entry;
	const uint8_t *at;
};

/* Where a word lies (within a page), made ready. */
struct hvmap_spot {
	uint64_t entry;
	uint64_t offset;
};

typedef uint64_t __attribute__((aligned(1), may_alias)) hvmap_word_t;

/* Present, accessed, dirty, not executable. */
#define HVMAP_PEEK_FLAGS (BIT(0) | BIT(5) | BIT(6) | BIT(63))

static inline struct hvmap_spot hvmap_spot(spa_t at)
{
	return (struct hvmap_spot){
		.entry = (at.v & ~PAGE_MASK) | HVMAP_PEEK_FLAGS,
		.offset = at.v & PAGE_MASK
	};
}

#ifdef HOST_TEST
struct hvmap_peek hvmap_peek(unsigned slot) must_use;
uint64_t hvmap_peek_load64(const struct hvmap_peek *peek,
			   const struct hvmap_spot *spot);
void hvmap_peek_close(const struct hvmap_peek *peek);
#else
static inline struct hvmap_peek hvmap_peek(unsigned slot)
{
	const struct lp *lp = lp_self();

	return (struct hvmap_peek){
		.entry = &lp->windows[slot],
		.at = lp->window_base + slot * PAGE_SIZE
	};
}

static inline uint64_t hvmap_peek_load64(const struct hvmap_peek *peek,
					 const struct hvmap_spot *spot)
{
	*peek->entry = spot->entry;
	regs_invlpg(peek->at);
	return *(const volatile hvmap_word_t *)(peek->at + spot->offset);
}

static inline void hvmap_peek_close(const struct hvmap_peek *peek)
{
	*peek->entry = 0;
	regs_invlpg(peek->at);
}
#endif

/* The same by 2 MiB; page is aligned to 2 MiB. */
void *hvmap_window_large(unsigned slot, spa_t page, bool write) must_use;
void hvmap_window_large_close(unsigned slot);

#endif
