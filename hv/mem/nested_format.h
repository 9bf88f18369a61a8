/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry of a nested page table means, in the form of NPT (APM2
 * 15.25.5, 5.3.3; long-mode entries, every access is a user access) and in
 * that of EPT (SDM3 28.2.2). Both have present, write, large and the address
 * in the same bits; what they have elsewhere, entries repeat in bits that both
 * processors ignore. So only what makes an entry knows which form it has.
 *
 * Levels count from 0: an entry of level n maps 4 KiB << 9n. NPT: accessed
 * and dirty are always set, so that the processor never writes to a table;
 * EPT: it does not have them.
 */
#ifndef MEM_NESTED_FORMAT_H
#define MEM_NESTED_FORMAT_H

#include "cpu/id.h"
#include "lib/bits.h"
#include "lib/types.h"
#include "mem/nested.h"

#define NESTED_LEVEL_COUNT 4
#define NESTED_LEVEL_ROOT 3u
/* Largest leaf is 1 GiB: an entry of level 3 is never a leaf. */
#define NESTED_LEVEL_LEAF_MAX 2u

#define NPT_PRESENT BIT(0)
#define NPT_WRITE BIT(1)
#define NPT_USER BIT(2)
#define NPT_WRITE_THROUGH BIT(3)	/* PWT */
#define NPT_UNCACHED BIT(4)		/* PCD */
#define NPT_ACCESSED BIT(5)
#define NPT_DIRTY BIT(6)
#define NPT_LARGE BIT(7)		/* level 1, 2; at level 0 it is PAT */
#define NPT_LARGE_PAT BIT(12)		/* PAT where bit 7 is NPT_LARGE */
#define NPT_NO_EXECUTE BIT(63)

#define EPT_READ BIT(0)
#define EPT_WRITE BIT(1)
#define EPT_EXECUTE BIT(2)
#define EPT_WRITE_BACK (6ull << 3)
#define EPT_LARGE BIT(7)

/* Ours: MMIO, never RAM; a hypervisor page lies there. */
#define NESTED_MMIO BIT(10)
#define NESTED_OVERLAY BIT(11)
/* EPT: bit 63 has no meaning as long as there are no #VE. */

_Static_assert(EPT_READ == NPT_PRESENT && EPT_WRITE == NPT_WRITE &&
	       EPT_LARGE == NPT_LARGE, "one test for both forms");
#define NPT_ADDRESS 0x000ffffffffff000ull

_Static_assert(CONFIG_TABLE_ENTRIES * sizeof(uint64_t) == PAGE_SIZE,
	       "a table is a page");

/* Address bits below an entry of this level. */
static inline unsigned nested_level_shift(unsigned level)
{
	return PAGE_SHIFT + 9 * level;
}

static inline unsigned nested_level_index(gpa_t address, unsigned level)
{
	return (unsigned)(address.v >> nested_level_shift(level)) &
	       (CONFIG_TABLE_ENTRIES - 1);
}

static inline bool nested_entry_is_present(uint64_t entry)
{
	return (entry & NPT_PRESENT) != 0;
}

/* Of a present entry. */
static inline bool nested_entry_is_leaf(uint64_t entry, unsigned level)
{
	return level == 0 || (entry & NPT_LARGE) != 0;
}

/* Entry of level 1 or above: present, and points to a table? */
static inline bool nested_entry_is_table(uint64_t entry)
{
	return (entry & (NPT_PRESENT | NPT_LARGE)) == NPT_PRESENT;
}

static inline spa_t nested_entry_table(uint64_t entry)
{
	return spa(entry & NPT_ADDRESS);
}

/* Where the leaf's memory starts. */
static inline spa_t nested_entry_page(uint64_t entry, unsigned level)
{
	return spa(entry & NPT_ADDRESS & ~(BIT(nested_level_shift(level)) - 1));
}

static inline uint32_t nested_entry_rights(uint64_t entry)
{
	uint32_t rights = NESTED_READ;

	if (!nested_entry_is_present(entry)) {
		return 0;
	}
	if ((entry & NPT_WRITE) != 0) {
		rights |= NESTED_WRITE;
	}
	if ((entry & NPT_NO_EXECUTE) == 0) {
		rights |= NESTED_EXECUTE;
	}
	return rights;
}

/* Present, and not a device's registers. */
static inline bool nested_entry_is_ram(uint64_t entry)
{
	return (entry & (NPT_PRESENT | NESTED_MMIO)) == NPT_PRESENT;
}

/* Of a present leaf: nested_entry_rights() has all of rights? */
static inline bool nested_entry_allows(uint64_t entry, uint32_t rights)
{
	if ((rights & NESTED_WRITE) != 0 && (entry & NPT_WRITE) == 0) {
		return false;
	}
	return (rights & NESTED_EXECUTE) == 0 || (entry & NPT_NO_EXECUTE) == 0;
}

/* Of a leaf: a device's registers, not RAM. */
static inline bool nested_entry_is_mmio(uint64_t entry)
{
	return (entry & NESTED_MMIO) != 0;
}

static inline bool nested_entry_is_overlay(uint64_t entry)
{
	return (entry & NESTED_OVERLAY) != 0;
}

/* Rights are those of the leaves below: a table's entry grants all. */
static inline uint64_t nested_entry_make_table(spa_t table)
{
	return table.v | (cpu_id_is_intel() ?
			  EPT_READ | EPT_WRITE | EPT_EXECUTE :
			  NPT_PRESENT | NPT_WRITE | NPT_USER | NPT_ACCESSED);
}

/* A 4 KiB leaf of a hypervisor page. NESTED_READ cannot be withheld. */
static inline uint64_t nested_entry_make_overlay(spa_t page, uint32_t rights)
{
	uint64_t entry = page.v | NESTED_OVERLAY |
			 (cpu_id_is_intel() ? EPT_READ | EPT_WRITE_BACK :
			  NPT_PRESENT | NPT_USER | NPT_ACCESSED | NPT_DIRTY);

	if ((rights & NESTED_WRITE) != 0) {
		entry |= NPT_WRITE;
	}
	if ((rights & NESTED_EXECUTE) == 0) {
		entry |= NPT_NO_EXECUTE;
	} else if (cpu_id_is_intel()) {
		entry |= EPT_EXECUTE;
	}
	return entry;
}

/*
 * A table that is to replace entry (a large leaf, or absent) of level maps
 * the same memory with the same attributes: its entry 0 is this, and each is
 * by nested_entry_step() more than the one before.
 */
static inline uint64_t nested_entry_split(uint64_t entry, unsigned level)
{
	uint64_t part = entry;

	if (nested_entry_is_present(entry) && level == 1) {
		part &= ~(NPT_LARGE | NPT_LARGE_PAT);
		if ((entry & NPT_LARGE_PAT) != 0) {
			part |= NPT_LARGE;	/* PAT of a 4 KiB leaf */
		}
	}
	return part;
}

static inline uint64_t nested_entry_step(uint64_t entry, unsigned level)
{
	return nested_entry_is_present(entry) ?
	       BIT(nested_level_shift(level - 1)) : 0;
}

/*
 * The reverse: what nested_entry_split() was given, from entry 0 of the
 * table that it filled, at level (of the entry to come).
 */
static inline uint64_t nested_entry_join(uint64_t first, unsigned level)
{
	uint64_t whole = first;

	if (!nested_entry_is_present(first)) {
		return first;
	}
	if (level == 1) {
		whole |= NPT_LARGE;
		if ((first & NPT_LARGE) != 0) {
			whole |= NPT_LARGE_PAT;
		}
	}
	return whole;
}

#endif
