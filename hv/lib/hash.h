/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FNV-1a with 64-bit words in place of bytes: tells whether two memories are
 * the same, cheaply. It proves nothing against someone who wants a collision.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include "lib/types.h"

#define HASH_SEED 0xcbf29ce484222325ull
#define HASH_PRIME 0x100000001b3ull

/* Continues from seed, so that pieces hash as the whole. words: aligned. */
uint64_t hash_words(const uint64_t *words, uint64_t count, uint64_t seed)
	must_use;

#endif
