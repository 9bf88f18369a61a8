/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings scattered blocks of memory to consecutive pages, in their order,
 * whatever overlaps what: sources with the pages, in a circle, in any order.
 * Needs no memory beside; each byte moves a bounded number of times.
 */
#ifndef LIB_GATHER_H
#define LIB_GATHER_H

#include "lib/types.h"

#define GATHER_MAX 32u

struct gather_block {
	uint8_t *from;
	uint64_t size;
	uint8_t *at;		/* gather()'s own */
};

/*
 * Block i ends up at to + the whole pages of blocks 0..i-1. Blocks do not
 * overlap each other; to is a page; count is GATHER_MAX or less.
 */
void gather(struct gather_block *blocks, uint32_t count, uint8_t *to);

#endif
