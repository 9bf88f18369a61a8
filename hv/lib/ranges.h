/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half-open ranges [base, base + size) of 64-bit addresses. None of these
 * overflows, whatever the numbers: a range that would wrap round contains
 * nothing and is contained in nothing.
 */
#ifndef LIB_RANGES_H
#define LIB_RANGES_H

#include "lib/types.h"

/* Does address lie in the range? */
static inline bool range_has(uint64_t base, uint64_t size, uint64_t address)
{
	/* Wraps to something large where address < base. */
	return address - base < size && base + (size - 1) >= base;
}

/* Does the range contain all of a part of at least one byte? */
bool range_contains(uint64_t base, uint64_t size, uint64_t part_base,
		    uint64_t part_size) must_use;

/* Do two ranges share a byte? */
bool range_overlaps(uint64_t a_base, uint64_t a_size, uint64_t b_base,
		    uint64_t b_size) must_use;

/*
 * How much of size bytes from address comes before the next multiple of
 * block (a power of two): the first piece of a piecewise operation.
 */
static inline uint64_t range_piece(uint64_t address, uint64_t size,
				   uint64_t block)
{
	uint64_t room = block - (address & (block - 1));

	return size < room ? size : room;
}

#endif
