/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a VP's last fetches found (vcpu/fetch.c): the words that the fetch
 * read, each page-table entry and the code itself, so that the next exit of
 * the same instruction only has to see that they are the same. Nothing here
 * is believed without that, so it is no state of the VP: any of it may be
 * lost or cleared at any time.
 */
#ifndef VCPU_FETCH_MEMO_H
#define VCPU_FETCH_MEMO_H

#include "mem/window.h"

#define FETCH_MEMO_COUNT 8u	/* instructions per VP; a power of two */
#define FETCH_MEMO_WORDS 5u	/* four levels and the code */

/* How 8 bytes of code were found. */
struct gva_memo {
	uint64_t generation;	/* of the nested tables */
	uint64_t count;		/* of words; 0: not kept */
	struct window_memo word[FETCH_MEMO_WORDS];
};

_Static_assert(FETCH_MEMO_WORDS == WINDOW_MEMO_MAX,
	       "three or four levels, code");

/* What is not here (EFER.NXE) does not matter to what is kept. */
struct fetch_memo {
	uint64_t rip, cr3, cr4;
	uint32_t kinds;		/* FETCH_KIND() of it; 0: empty */
	uint8_t cpl;
	uint8_t length;
	struct gva_memo found;
};

static inline unsigned fetch_memo_index(uint64_t rip)
{
	return (rip >> 2) & (FETCH_MEMO_COUNT - 1);
}

#endif
