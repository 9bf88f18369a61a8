/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-384: pins what a boot loader brings and what restarts load again. */
#ifndef LIB_SHA384_H
#define LIB_SHA384_H

#include "lib/types.h"

#define SHA384_SIZE 48

#define SHA384_BLOCK 128

/* Piece by piece. Holds no addresses: it may be kept for long. */
struct sha384_state {
	uint64_t h[8];
	uint64_t size;			/* of all that was added */
	uint8_t rest[SHA384_BLOCK];	/* the last size % SHA384_BLOCK */
};

void sha384_begin(struct sha384_state *state);
/* All pieces together are shorter than 2^61 bytes. */
void sha384_add(struct sha384_state *state, const uint8_t *data,
		uint64_t size);
/* The state is of no use afterwards. */
void sha384_end(struct sha384_state *state, uint8_t hash[SHA384_SIZE]);

/* All at once. */
void sha384(const uint8_t *data, uint64_t size, uint8_t hash[SHA384_SIZE]);

#endif
