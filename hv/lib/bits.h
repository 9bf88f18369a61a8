/* SPDX-License-Identifier: Apache-2.0 */
/* Bits, alignment, and indices that stay in bounds under speculation. */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(n) (1ull << (n))

static inline uint64_t align_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) & ~(to - 1);
}

static inline uint64_t align_down(uint64_t v, uint64_t to)
{
	return v & ~(to - 1);
}

/* Index of the highest set bit of a non-zero value. */
static inline unsigned bits_highest(uint64_t v)
{
	return 63u - (unsigned)__builtin_clzll(v);
}

static inline unsigned bits_lowest(uint64_t v)
{
	return (unsigned)__builtin_ctzll(v);
}

/*
 * index if index < count, else 0, without a branch: used after the bounds
 * check, so that a mispredicted check cannot reach beyond the array.
 * index and count below 2^31.
 */
static inline uint32_t index_mask(uint32_t index, uint32_t count)
{
	uint64_t below = (uint64_t)index - (uint64_t)count;

	/* Opaque, or the compiler folds the mask into the branch above. */
	__asm__("" : "+r"(below));
	return index & (uint32_t)((int64_t)below >> 63);
}

/* The same for any 64-bit numbers. */
static inline uint64_t index_mask64(uint64_t index, uint64_t count)
{
	uint64_t mask;

	__asm__("cmp %2, %1\n\t"
		"sbb %0, %0" : "=r"(mask) : "r"(index), "rm"(count) : "cc");
	return index & mask;
}

#endif
