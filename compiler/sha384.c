/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-384 (FIPS 180-4) of a module. The hypervisor has an implementation of
 * its own: the two programs share no code, and each is a test of the other.
 */
#include "sha384.h"

#include <string.h>

#define BLOCK_SIZE 128u
#define LENGTH_SIZE 16u
#define ROUNDS 80u

static const uint64_t round_constants[ROUNDS] = {
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

static const uint64_t initial[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
	0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4
};

static uint64_t rotate(uint64_t value, unsigned by)
{
	return (value >> by) | (value << (64 - by));
}

static uint64_t get_big(const uint8_t *at)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < 8; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

static void put_big(uint8_t *at, uint64_t value)
{
	unsigned i;

	for (i = 0; i < 8; i++) {
		at[i] = (uint8_t)(value >> (56 - 8 * i));
	}
}

static void add_block(uint64_t state[8], const uint8_t *block)
{
	uint64_t schedule[ROUNDS];
	uint64_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint64_t e = state[4], f = state[5], g = state[6], h = state[7];
	unsigned i;

	for (i = 0; i < 16; i++) {
		schedule[i] = get_big(block + 8 * i);
	}
	for (; i < ROUNDS; i++) {
		uint64_t old = schedule[i - 15], new = schedule[i - 2];

		schedule[i] = schedule[i - 16] + schedule[i - 7] +
			(rotate(old, 1) ^ rotate(old, 8) ^ (old >> 7)) +
			(rotate(new, 19) ^ rotate(new, 61) ^ (new >> 6));
	}
	for (i = 0; i < ROUNDS; i++) {
		uint64_t first = h + round_constants[i] + schedule[i] +
			(rotate(e, 14) ^ rotate(e, 18) ^ rotate(e, 41)) +
			((e & f) ^ (~e & g));
		uint64_t second =
			(rotate(a, 28) ^ rotate(a, 34) ^ rotate(a, 39)) +
			((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + first;
		d = c;
		c = b;
		b = a;
		a = first + second;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha384_of(const uint8_t *data, size_t size, uint8_t hash[SHA384_SIZE])
{
	uint64_t state[8];
	uint8_t last[2 * BLOCK_SIZE] = { 0 };
	size_t rest = size % BLOCK_SIZE;
	size_t end = rest + 1 + LENGTH_SIZE <= BLOCK_SIZE ? BLOCK_SIZE :
		     2 * BLOCK_SIZE;
	size_t i;

	memcpy(state, initial, sizeof(state));
	for (i = 0; i + BLOCK_SIZE <= size; i += BLOCK_SIZE) {
		add_block(state, data + i);
	}
	memcpy(last, data + size - rest, rest);
	last[rest] = 0x80;
	put_big(last + end - 8, (uint64_t)size * 8);
	for (i = 0; i < end; i += BLOCK_SIZE) {
		add_block(state, last + i);
	}
	for (i = 0; i < SHA384_SIZE / 8; i++) {
		put_big(hash + 8 * i, state[i]);
	}
}
