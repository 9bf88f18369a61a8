/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-384 (FIPS 180-4, 6.5): names are the standard's. */
#include "lib/sha384.h"
#include "lib/string.h"

#define BLOCK (uint64_t)SHA384_BLOCK

static const uint64_t k[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f,
	0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
	0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242,
	0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
	0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
	0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
	0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f,
	0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
	0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc,
	0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6,
	0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
	0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
	0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99,
	0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb,
	0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc,
	0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915,
	0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207,
	0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba,
	0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
	0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a,
	0x5fcb6fab3ad6faec, 0x6c44198c4a475817
};

static inline uint64_t rotr(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

/*
 * Instead of moving a to h on, every round sees them one place further. Sums
 * of rotations are nested: fewer moves.
 */
static inline void sha384_round(uint64_t v[8], unsigned t, uint64_t x)
{
	uint64_t a = v[-t & 7], b = v[(1 - t) & 7], c = v[(2 - t) & 7];
	uint64_t e = v[(4 - t) & 7], f = v[(5 - t) & 7], g = v[(6 - t) & 7];

	x += v[(7 - t) & 7] + (g ^ (e & (f ^ g))) +
	     rotr(rotr(rotr(e, 23) ^ e, 4) ^ e, 14);
	v[(3 - t) & 7] += x;
	v[(7 - t) & 7] = x + ((a & b) ^ (c & (a ^ b))) +
			 rotr(rotr(rotr(a, 5) ^ a, 6) ^ a, 28);
}

/* Eight rounds: each sees v at a place that the compiler knows. */
static inline void sha384_rounds(uint64_t v[8], const uint64_t *w,
				 const uint64_t *c)
{
	sha384_round(v, 0, w[0] + c[0]);
	sha384_round(v, 1, w[1] + c[1]);
	sha384_round(v, 2, w[2] + c[2]);
	sha384_round(v, 3, w[3] + c[3]);
	sha384_round(v, 4, w[4] + c[4]);
	sha384_round(v, 5, w[5] + c[5]);
	sha384_round(v, 6, w[6] + c[6]);
	sha384_round(v, 7, w[7] + c[7]);
}

static void sha384_block(uint64_t h[8], const uint8_t *data)
{
	uint64_t w[32], v[8];

	memcpy(v, h, sizeof(v));
	memcpy(w + 16, data, BLOCK);
	for (unsigned t = 0; t < 16; t++) {
		w[16 + t] = __builtin_bswap64(w[16 + t]);
	}
	for (unsigned t = 0; t < 80; t += 16) {
		memcpy(w, w + 16, BLOCK);
		for (uint64_t *x = w; x != w + 16; x++) {
			x[16] = (rotr(x[1], 1) ^ rotr(x[1], 8) ^ x[1] >> 7) +
				(rotr(x[14], 19) ^ rotr(x[14], 61) ^
				 x[14] >> 6) + x[0] + x[9];
		}
		for (unsigned i = 0; i < 16; i += 8) {
			sha384_rounds(v, w + i, k + t + i);
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		h[i] += v[i];
	}
}

static const uint64_t sha384_start[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
	0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4
};

void sha384_begin(struct sha384_state *state)
{
	memcpy(state->h, sha384_start, sizeof(state->h));
	state->size = 0;
}

void sha384_add(struct sha384_state *state, const uint8_t *data, uint64_t size)
{
	uint64_t rest = state->size % BLOCK;

	state->size += size;
	if (rest != 0) {
		uint64_t count = size < BLOCK - rest ? size : BLOCK - rest;

		memcpy(state->rest + rest, data, count);
		if (rest + count < BLOCK) {
			return;
		}
		sha384_block(state->h, state->rest);
		data += count;
		size -= count;
	}
	for (; size >= BLOCK; size -= BLOCK) {
		sha384_block(state->h, data);
		data += BLOCK;
	}
	memcpy(state->rest, data, size);
}

void sha384_end(struct sha384_state *state, uint8_t hash[SHA384_SIZE])
{
	uint64_t tail[2 * BLOCK / 8] = { 0 };
	uint64_t rest = state->size % BLOCK;
	uint64_t end = rest < BLOCK - 16 ? BLOCK : 2 * BLOCK;

	memcpy(tail, state->rest, rest);
	((uint8_t *)tail)[rest] = 0x80;
	tail[end / 8 - 1] = __builtin_bswap64(state->size << 3);
	for (uint64_t at = 0; at < end; at += BLOCK) {
		sha384_block(state->h, (const uint8_t *)tail + at);
	}
	for (unsigned i = 0; i < SHA384_SIZE / 8; i++) {
		state->h[i] = __builtin_bswap64(state->h[i]);
	}
	memcpy(hash, state->h, SHA384_SIZE);
}

void sha384(const uint8_t *data, uint64_t size, uint8_t hash[SHA384_SIZE])
{
	struct sha384_state state;

	sha384_begin(&state);
	sha384_add(&state, data, size);
	sha384_end(&state, hash);
}
