/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a by words: two instructions a word, eight words a turn. */
#include "lib/hash.h"

uint64_t hash_words(const uint64_t *words, uint64_t count, uint64_t seed)
{
	uint64_t hash = seed;
	const uint64_t *end = words + count;
	const uint64_t *end8 = words + (count & ~7ull);

	while (words != end8) {
		hash = (hash ^ words[0]) * HASH_PRIME;
		hash = (hash ^ words[1]) * HASH_PRIME;
		hash = (hash ^ words[2]) * HASH_PRIME;
		hash = (hash ^ words[3]) * HASH_PRIME;
		hash = (hash ^ words[4]) * HASH_PRIME;
		hash = (hash ^ words[5]) * HASH_PRIME;
		hash = (hash ^ words[6]) * HASH_PRIME;
		hash = (hash ^ words[7]) * HASH_PRIME;
		words += 8;
	}
	while (words != end) {
		hash = (hash ^ *words++) * HASH_PRIME;
	}
	return hash;
}
