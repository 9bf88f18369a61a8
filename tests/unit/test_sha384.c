/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/sha384.c */
/* SHA-384: the standard's examples, and every length around a block's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sha384.h"

static void check(const void *data, size_t size, const uint8_t *want)
{
	uint8_t hash[SHA384_SIZE];
	/* Exactly so large, so that a read beyond it is seen. */
	uint8_t *copy = malloc(size + 1);

	memcpy(copy + 1, data, size);
	sha384(copy + 1, size, hash);
	assert_memory_equal(hash, want, SHA384_SIZE);
	free(copy);
}

/* FIPS 180-2, C.1 and C.2 for SHA-384. */
static void test_examples(void **state)
{
	static const char two[] = "abcdefghbcdefghicdefghijdefghijkefghijkl"
		"fghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
		"lmnopqrsmnopqrstnopqrstu";
	static const uint8_t one_hash[] = {
		0xcb, 0x00, 0x75, 0x3f, 0x45, 0xa3, 0x5e, 0x8b,
		0xb5, 0xa0, 0x3d, 0x69, 0x9a, 0xc6, 0x50, 0x07,
		0x27, 0x2c, 0x32, 0xab, 0x0e, 0xde, 0xd1, 0x63,
		0x1a, 0x8b, 0x60, 0x5a, 0x43, 0xff, 0x5b, 0xed,
		0x80, 0x86, 0x07, 0x2b, 0xa1, 0xe7, 0xcc, 0x23,
		0x58, 0xba, 0xec, 0xa1, 0x34, 0xc8, 0x25, 0xa7,
	};
	static const uint8_t two_hash[] = {
		0x09, 0x33, 0x0c, 0x33, 0xf7, 0x11, 0x47, 0xe8,
		0x3d, 0x19, 0x2f, 0xc7, 0x82, 0xcd, 0x1b, 0x47,
		0x53, 0x11, 0x1b, 0x17, 0x3b, 0x3b, 0x05, 0xd2,
		0x2f, 0xa0, 0x80, 0x86, 0xe3, 0xb0, 0xf7, 0x12,
		0xfc, 0xc7, 0xc7, 0x1a, 0x55, 0x7e, 0x2d, 0xb9,
		0x66, 0xc3, 0xe9, 0xfa, 0x91, 0x74, 0x60, 0x39,
	};

	check("abc", 3, one_hash);
	assert_int_equal(sizeof(two) - 1, 112);
	check(two, sizeof(two) - 1, two_hash);
}

/* A million times a: FIPS 180-2, C.3. */
static void test_long(void **state)
{
	static const uint8_t want[] = {
		0x9d, 0x0e, 0x18, 0x09, 0x71, 0x64, 0x74, 0xcb,
		0x08, 0x6e, 0x83, 0x4e, 0x31, 0x0a, 0x4a, 0x1c,
		0xed, 0x14, 0x9e, 0x9c, 0x00, 0xf2, 0x48, 0x52,
		0x79, 0x72, 0xce, 0xc5, 0x70, 0x4c, 0x2a, 0x5b,
		0x07, 0xb8, 0xb3, 0xdc, 0x38, 0xec, 0xc4, 0xeb,
		0xae, 0x97, 0xdd, 0xd8, 0x7f, 0x3d, 0x89, 0x85,
	};
	char *text = malloc(1000000);

	memset(text, 'a', 1000000);
	check(text, 1000000, want);
	free(text);
}

/* In pieces of any two sizes it is the same hash as at once. */
static void test_pieces(void **state)
{
	uint8_t pattern[700], want[SHA384_SIZE], hash[SHA384_SIZE];

	for (unsigned i = 0; i < sizeof(pattern); i++) {
		pattern[i] = (uint8_t)(i * 11 + i / 128);
	}
	sha384(pattern, sizeof(pattern), want);
	for (size_t first = 0; first <= 260; first++) {
		for (size_t next = 1; next <= 260; next += 43) {
			struct sha384_state s;
			size_t at = first;

			sha384_begin(&s);
			sha384_add(&s, pattern, first);
			while (at < sizeof(pattern)) {
				size_t count = sizeof(pattern) - at < next ?
					       sizeof(pattern) - at : next;

				sha384_add(&s, pattern + at, count);
				at += count;
			}
			assert_int_equal(s.size, sizeof(pattern));
			sha384_end(&s, hash);
			assert_memory_equal(hash, want, SHA384_SIZE);
		}
	}
}

/* The hash of the hashes of the first 0 to 300 bytes of a pattern; made by
 * another implementation (Python's hashlib). */
static void test_every_length(void **state)
{
	static const uint8_t want[] = {
		0xef, 0xec, 0x71, 0x9c, 0x84, 0xac, 0xba, 0x15,
		0x7f, 0x05, 0x7b, 0x3a, 0x8b, 0xe4, 0xab, 0x46,
		0xd8, 0xd3, 0x9b, 0x7f, 0x85, 0xdc, 0xa1, 0x5c,
		0x05, 0x14, 0x20, 0x62, 0x18, 0x73, 0xdc, 0xdb,
		0xf6, 0xb1, 0x65, 0xd5, 0x06, 0x1f, 0x55, 0x33,
		0x7f, 0xce, 0x61, 0x5e, 0x19, 0x57, 0xe3, 0x30,
	};
	static uint8_t hashes[301][SHA384_SIZE];
	uint8_t pattern[300];

	for (unsigned i = 0; i < sizeof(pattern); i++) {
		pattern[i] = (uint8_t)(i * 7 + 3);
	}
	for (unsigned i = 0; i <= sizeof(pattern); i++) {
		sha384(pattern, i, hashes[i]);
	}
	check(hashes, sizeof(hashes), want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
