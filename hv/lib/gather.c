/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First all blocks slide together in the order in which they lie. That is
 * always possible: one that goes down cannot reach a higher one, and finds
 * lower ones gone; the same upwards. Then rotations put them in their order.
 */
#include "lib/gather.h"
#include "lib/bits.h"
#include "lib/string.h"

static uint64_t gather_room(const struct gather_block *b)
{
	return align_up(b->size, PAGE_SIZE);
}

static void gather_reverse(uint64_t *from, uint64_t *end)
{
	while (from < end) {
		uint64_t word = *from;

		*from++ = *--end;
		*end = word;
	}
}

/* [from, middle) and [middle, end) change places. */
static void gather_rotate(uint8_t *from, uint8_t *middle, uint8_t *end)
{
	gather_reverse((uint64_t *)from, (uint64_t *)middle);
	gather_reverse((uint64_t *)middle, (uint64_t *)end);
	gather_reverse((uint64_t *)from, (uint64_t *)end);
}

static void gather_slide(struct gather_block *blocks, uint32_t count,
			 uint8_t *to)
{
	struct gather_block *order[GATHER_MAX];

	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = i;

		for (; k > 0 && order[k - 1]->from > blocks[i].from; k--) {
			order[k] = order[k - 1];
		}
		order[k] = &blocks[i];
	}
	for (uint32_t i = 0; i < count; i++) {
		order[i]->at = to;
		to += gather_room(order[i]);
		if (order[i]->at <= order[i]->from) {
			memmove(order[i]->at, order[i]->from, order[i]->size);
		}
	}
	for (uint32_t i = count; i-- > 0;) {
		if (order[i]->at > order[i]->from) {
			memmove(order[i]->at, order[i]->from, order[i]->size);
		}
	}
}

void gather(struct gather_block *blocks, uint32_t count, uint8_t *to)
{
	gather_slide(blocks, count, to);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *at = blocks[i].at;

		if (at != to) {
			gather_rotate(to, at, at + gather_room(&blocks[i]));
		}
		for (uint32_t j = i + 1; j < count; j++) {
			if (blocks[j].at < at) {
				blocks[j].at += gather_room(&blocks[i]);
			}
		}
		to += gather_room(&blocks[i]);
	}
}
