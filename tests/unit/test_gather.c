/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/gather.c */
/* Blocks brought together: every way in which three can lie, and many of 32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/gather.h"

#define STEP 2048u		/* sources start at multiples of this */
#define GUARD 0xa5

static uint8_t *arena;
static size_t arena_size;

static void make_arena(size_t size)
{
	free(arena);
	arena_size = size;
	arena = aligned_alloc(4096, size);
}

static uint8_t value(uint32_t block, uint64_t at)
{
	return (uint8_t)(block * 83 + at * 7 + (at >> 8) * 5 + 1);
}

static uint64_t room(uint64_t size)
{
	return (size + 4095) / 4096 * 4096;
}

/* Gathers to arena + to; everything must be where it belongs, and what lies
 * outside the sources and the store untouched. */
static void check(struct gather_block *blocks, uint32_t count, size_t to)
{
	static uint8_t touched[1u << 20];
	uint8_t *at = arena + to;

	assert_true(arena_size <= sizeof(touched));
	memset(arena, GUARD, arena_size);
	memset(touched, 0, arena_size);
	for (uint32_t i = 0; i < count; i++) {
		for (uint64_t j = 0; j < blocks[i].size; j++) {
			blocks[i].from[j] = value(i, j);
		}
		memset(touched + (blocks[i].from - arena), 1, blocks[i].size);
		memset(touched + (at - arena), 1, room(blocks[i].size));
		at += room(blocks[i].size);
	}
	gather(blocks, count, arena + to);
	at = arena + to;
	for (uint32_t i = 0; i < count; i++) {
		for (uint64_t j = 0; j < blocks[i].size; j++) {
			if (at[j] != value(i, j)) {
				fail_msg("block %u byte %lu", i, j);
			}
		}
		at += room(blocks[i].size);
	}
	for (size_t i = 0; i < arena_size; i++) {
		if (!touched[i] && arena[i] != GUARD) {
			fail_msg("wrote at %zu", i);
		}
	}
}

static bool overlaps(const struct gather_block *a, const struct gather_block *b)
{
	return a->from < b->from + b->size && b->from < a->from + a->size;
}

/* Three blocks at every place, in every order, the store in their midst:
 * apart, overlapping it, each other's places, in a circle. */
static void test_every_order(void **state)
{
	static const uint64_t sizes[3] = { 4096, 6000, 100 };
	unsigned places = 0;

	make_arena(10 * 4096);
	for (unsigned n = 0; n < 18 * 18 * 18; n++) {
		struct gather_block b[3];
		unsigned at[3] = { n % 18, n / 18 % 18, n / 324 };

		for (unsigned i = 0; i < 3; i++) {
			b[i].from = arena + at[i] * STEP;
			b[i].size = sizes[i];
			b[i].at = NULL;
		}
		if (overlaps(&b[0], &b[1]) || overlaps(&b[0], &b[2]) ||
		    overlaps(&b[1], &b[2]) ||
		    b[1].from + b[1].size > arena + arena_size) {
			continue;
		}
		check(b, 3, 3 * 4096);
		places++;
	}
	assert_true(places > 2000);
}

/* They lie in the store already, but each in the place of the next. */
static void test_circle(void **state)
{
	for (unsigned shift = 0; shift < 5; shift++) {
		struct gather_block b[5];

		make_arena(7 * 4096);
		for (unsigned i = 0; i < 5; i++) {
			b[i].from = arena + (1 + (i + shift) % 5) * 4096;
			b[i].size = 4096 - i;
		}
		check(b, 5, 4096);
	}
}

static void test_one_and_none(void **state)
{
	struct gather_block b;

	make_arena(4 * 4096);
	check(&b, 0, 0);
	for (size_t from = 0; from <= 3 * 4096 - 5; from += 1) {
		if (from % 97 != 0 && from % 4096 > 3) {
			continue;
		}
		b.from = arena + from;
		b.size = 4096 + 5;
		check(&b, 1, 4096);
	}
}

/* As many as there can be, thrown together by chance. */
static void test_many(void **state)
{
	srand(1);
	make_arena(GATHER_MAX * 3 * 4096);
	for (unsigned turn = 0; turn < 200; turn++) {
		struct gather_block b[GATHER_MAX];
		unsigned order[GATHER_MAX];
		size_t at = 0;

		for (unsigned i = 0; i < GATHER_MAX; i++) {
			unsigned j = (unsigned)rand() % (i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (unsigned i = 0; i < GATHER_MAX; i++) {
			struct gather_block *one = &b[order[i]];

			at += (size_t)rand() % 1000;
			one->from = arena + at;
			one->size = 1 + (size_t)rand() % 8000;
			at += one->size;
		}
		check(b, GATHER_MAX, (size_t)(rand() % 16) * 4096);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_one_and_none),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
