/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/mem/window.c hv/lib/sha384.c hv/mem/nested.c hv/mem/nested_overlay.c hv/lib/hash.c hv/lib/ranges.c tests/unit/fake_tables.c tests/unit/fake_hvmap.c tests/unit/fake_panic.c */
/*
 * Guest windows: what they reach and refuse, that they see the live leaf,
 * that each is closed and the map lock held exactly while one is open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/id.h"
#include "fake_hvmap.h"
#include "fake_tables.h"
#include "lib/hash.h"
#include "mem/nested.h"
#include "mem/window.h"

#define PARTITION 1
#define RW (NESTED_READ | NESTED_WRITE)

static unsigned unlocked_opens;

static void look_at_lock(void)
{
	unlocked_opens += !spinlock_is_taken(&nested_states[PARTITION].lock);
}

static int setup(void **state)
{
	uint64_t *memory = (uint64_t *)fake_memory();

	(void)state;
	fake_tables_reset();
	for (uint64_t i = 0; i < FAKE_MEMORY_SIZE / 8; i++) {
		memory[i] = i * 0x9e3779b97f4a7c15ull;
	}
	unlocked_opens = 0;
	fake_hvmap_opened = 0;
	fake_hvmap_writable = 0;
	fake_hvmap_on_open = look_at_lock;
	return 0;
}

/* After each test: no window left open, no lock left taken. */
static int teardown(void **state)
{
	(void)state;
	fake_hvmap_on_open = NULL;
	assert_int_equal(fake_hvmap_open_count, 0);
	assert_int_equal(unlocked_opens, 0);
	for (unsigned i = 0; i < FAKE_PARTITIONS; i++) {
		assert_false(spinlock_is_taken(&nested_states[i].lock));
	}
	return 0;
}

/* Host's view of a byte of the partition's RAM, by the layout. */
static uint8_t *byte_at(uint64_t address)
{
	return (uint8_t *)(uintptr_t)
		fake_tables_base(PARTITION, address).spa.v;
}

static void assert_read(uint64_t from, size_t size)
{
	uint8_t got[WINDOW_SIZE_MAX + 1];

	memset(got, 0xa5, sizeof(got));
	assert_int_equal(window_read(PARTITION, gpa(from), got, size), HV_OK);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(got[i], *byte_at(from + i));
	}
	assert_int_equal(got[size], 0xa5);
}

static const uint64_t readable[] = {
	0, FAKE_RAM_4K + 1, FAKE_RAM_4K + 0xff3, 0x9fff0, 0x100000,
	0x1ffff5, FAKE_RAM_2M - 8, FAKE_RAM_2M + 0x123, 0x3ffff9,
	FAKE_READ_ONLY, 0x5ffff0
};

static void test_read(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(readable); i++) {
		for (size_t size = 0; size <= 16; size++) {
			assert_read(readable[i], size);
		}
	}
	assert_read(FAKE_RAM_4K + 7, WINDOW_SIZE_MAX);
	assert_read(0x1ff800, WINDOW_SIZE_MAX);
	assert_read(0x3ff001, WINDOW_SIZE_MAX);
	assert_int_equal(fake_hvmap_writable, 0);
}

static void test_load64(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(readable); i++) {
		uint64_t word = 0;
		uint64_t want = 1;

		assert_int_equal(window_load64(PARTITION, gpa(readable[i]),
					       &word), HV_OK);
		assert_int_equal(window_read(PARTITION, gpa(readable[i]),
					     &want, 8), HV_OK);
		assert_int_equal(word, want);
	}
}

static void test_write(void **state)
{
	static const uint64_t places[] = {
		FAKE_RAM_4K, FAKE_RAM_4K + 0xffd, 0x1ffffb, 0x2ffffe, 0x3ffff0
	};
	uint8_t data[WINDOW_SIZE_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i * 7 + 3);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
		uint64_t at = places[i];
		uint8_t before = *byte_at(at - 1);

		assert_int_equal(window_write(PARTITION, gpa(at), data, 11),
				 HV_OK);
		for (unsigned k = 0; k < 11; k++) {
			assert_int_equal(*byte_at(at + k), data[k]);
		}
		assert_int_equal(*byte_at(at - 1), before);
	}
	assert_int_equal(window_write(PARTITION, gpa(0x7801), data,
				      sizeof(data)), HV_OK);
	for (unsigned k = 0; k < sizeof(data); k++) {
		assert_int_equal(*byte_at(0x7801 + k), data[k]);
	}
}

/* Every function, at one address that must be refused. */
static void assert_refused(uint64_t at, enum hv_err read, enum hv_err write)
{
	struct window_hold hold;
	uint64_t word = 42;

	assert_int_equal(window_read(PARTITION, gpa(at), &word, 8), read);
	assert_int_equal(window_load64(PARTITION, gpa(at), &word), read);
	window_hold(&hold, PARTITION);
	assert_int_equal(window_hold_load64(&hold, gpa(at), &word), read);
	assert_int_equal(window_hold_read(&hold, gpa(at), &word, 3), read);
	window_release(&hold);
	if (read != HV_OK) {
		assert_int_equal(word, 42);
		assert_int_equal(fake_hvmap_opened, 0);
	}
	fake_hvmap_opened = 0;
	assert_int_equal(window_write(PARTITION, gpa(at), &word, 8), write);
	word = 0;
	assert_int_equal(window_exchange(PARTITION, gpa(at), 8, &word, 1),
			 write);
	assert_int_equal(fake_hvmap_opened, 0);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_refused(FAKE_MMIO_4K, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(FAKE_MMIO_2M + 8, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(FAKE_HOLE_4K, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(0x800000, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(1ull << 31, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(1ull << 39, HV_ERR_MMIO, HV_ERR_MMIO);
	/* Beyond the width, where the low bits would name RAM. */
	assert_refused((1ull << 40) + FAKE_RAM_4K, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused((1ull << 63) + FAKE_RAM_4K, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(-8ull, HV_ERR_MMIO, HV_ERR_MMIO);
	assert_refused(FAKE_READ_ONLY, HV_OK, HV_ERR_ACCESS);
}

/* Whole pages before the refused one are copied, nothing else. */
static void test_refused_in_the_middle(void **state)
{
	uint8_t data[16] = { [0 ... 15] = 0x77 };
	uint8_t want[8];

	(void)state;
	memcpy(want, byte_at(0x9fff8), 8);
	assert_int_equal(window_read(PARTITION, gpa(0x9fff8), data, 16),
			 HV_ERR_MMIO);
	assert_memory_equal(data, want, 8);
	assert_int_equal(data[8], 0x77);
	/* From RAM into a read-only leaf. */
	memcpy(want, byte_at(FAKE_READ_ONLY), 8);
	memset(data, 0x11, sizeof(data));
	assert_int_equal(window_write(PARTITION, gpa(FAKE_READ_ONLY - 8), data,
				      16), HV_ERR_ACCESS);
	assert_memory_equal(byte_at(FAKE_READ_ONLY - 8), data, 8);
	assert_memory_equal(byte_at(FAKE_READ_ONLY), want, 8);
	/* Over the end of the address space: no way round to 0. */
	assert_int_equal(window_read(PARTITION, gpa(-4ull), data, 8),
			 HV_ERR_MMIO);
}

static void test_too_long(void **state)
{
	static uint8_t data[WINDOW_SIZE_MAX + 1];
	struct window_hold hold;

	(void)state;
	expect_assert_failure((void)!window_read(PARTITION, gpa(0), data,
						 sizeof(data)));
	expect_assert_failure((void)!window_write(PARTITION, gpa(0), data,
						  sizeof(data)));
	window_hold(&hold, PARTITION);
	expect_assert_failure((void)!window_hold_read(&hold, gpa(0), data,
						      sizeof(data)));
	window_release(&hold);
	expect_assert_failure((void)!window_exchange(PARTITION, gpa(0), 2,
						     &(uint64_t){ 0 }, 1));
}

static void test_overlay_is_seen(void **state)
{
	static const uint64_t places[] = {
		FAKE_RAM_4K, FAKE_RAM_2M + 0x3000, FAKE_MMIO_4K, 0x900000
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
		uint8_t *page = (uint8_t *)(uintptr_t)fake_overlay_page(i).v;
		uint64_t at = places[i];
		struct flush_token token;
		uint64_t word;

		assert_int_equal(nested_map_overlay(PARTITION, i, gpa(at),
						    fake_overlay_page(i),
						    NESTED_READ, &token),
				 HV_OK);
		assert_int_equal(window_load64(PARTITION, gpa(at + 16), &word),
				 HV_OK);
		assert_memory_equal(&word, page + 16, 8);
		assert_int_equal(window_write(PARTITION, gpa(at), &word, 8),
				 HV_ERR_ACCESS);
		token = nested_unmap_overlay(PARTITION, i);
		assert_int_not_equal(token.generation, 0);
		assert_int_equal(nested_map_overlay(PARTITION, i, gpa(at),
						    fake_overlay_page(i), RW,
						    &token), HV_OK);
		word = 0x1234567;
		assert_int_equal(window_write(PARTITION, gpa(at + 4088), &word,
					      8), HV_OK);
		assert_memory_equal(page + 4088, &word, 8);
		token = nested_unmap_overlay(PARTITION, i);
		nested_flush_done(token);
	}
}

static void test_exchange(void **state)
{
	uint64_t *word = (uint64_t *)(void *)byte_at(FAKE_RAM_2M + 0x40);
	uint64_t old = 5;

	(void)state;
	*word = 0x1111111122222222ull;
	assert_int_equal(window_exchange(PARTITION, gpa(FAKE_RAM_2M + 0x40), 8,
					 &old, 9), HV_ERR_STATE);
	assert_int_equal(old, 0x1111111122222222ull);
	assert_int_equal(*word, 0x1111111122222222ull);
	assert_int_equal(window_exchange(PARTITION, gpa(FAKE_RAM_2M + 0x40), 8,
					 &old, 0x3333333344444444ull), HV_OK);
	assert_int_equal(*word, 0x3333333344444444ull);

	/* 4 bytes: the neighbour stays; only 32 bits of *old count. */
	old = 7;
	assert_int_equal(window_exchange(PARTITION, gpa(FAKE_RAM_2M + 0x44), 4,
					 &old, 9), HV_ERR_STATE);
	assert_int_equal(old, 0x33333333);
	assert_int_equal(window_exchange(PARTITION, gpa(FAKE_RAM_2M + 0x44), 4,
					 &old, 0x99999999ull), HV_OK);
	assert_int_equal(*word, 0x9999999944444444ull);

	assert_int_equal(window_exchange(PARTITION, gpa(FAKE_RAM_2M + 0x44), 8,
					 &old, 1), HV_ERR_ALIGN);
	assert_int_equal(window_exchange(PARTITION, gpa(FAKE_RAM_2M + 0x42), 4,
					 &old, 1), HV_ERR_ALIGN);
	assert_int_equal(*word, 0x9999999944444444ull);
}

/* ---- several reads ----------------------------------------------------- */

static void test_hold(void **state)
{
	struct window_hold hold;
	uint8_t got[64];
	uint64_t word;

	(void)state;
	window_hold(&hold, PARTITION);
	/* To and fro over leaves: each read is of its own leaf. */
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < ARRAY_COUNT(readable); i++) {
			uint64_t at = readable[i] & ~7ull;

			assert_true(spinlock_is_taken(
				&nested_states[PARTITION].lock));
			assert_int_equal(window_hold_load64(&hold, gpa(at),
							    &word), HV_OK);
			assert_memory_equal(&word, byte_at(at), 8);
			at += 0x1008;	/* the next page, often same leaf */
			if (fake_tables_base(PARTITION, at).rights == 0 ||
			    fake_tables_base(PARTITION, at).mmio) {
				continue;
			}
			assert_int_equal(window_hold_load64(&hold, gpa(at),
							    &word), HV_OK);
			assert_memory_equal(&word, byte_at(at), 8);
		}
	}
	for (unsigned i = 0; i < ARRAY_COUNT(readable); i++) {
		size_t size = 0;

		while (size < sizeof(got) &&
		       fake_tables_base(PARTITION, readable[i] + size).rights
		       != 0 && readable[i] + size < FAKE_MMIO_2M) {
			size++;
		}
		assert_int_equal(window_hold_read(&hold, gpa(readable[i]), got,
						  size), HV_OK);
		for (size_t k = 0; k < size; k++) {
			assert_int_equal(got[k], *byte_at(readable[i] + k));
		}
	}
	window_release(&hold);
}

/* A leaf that is remembered serves no address outside it. */
static void test_hold_refuses(void **state)
{
	struct window_hold hold;
	uint64_t word;

	(void)state;
	/* Nothing is remembered at first. */
	window_hold(&hold, PARTITION);
	assert_int_equal(window_hold_read(&hold, gpa(3), &word, 2), HV_OK);
	assert_memory_equal(&word, byte_at(3), 2);
	window_release(&hold);
	window_hold(&hold, PARTITION);
	assert_int_equal(window_hold_load64(&hold, gpa(-1ull), &word),
			 HV_ERR_MMIO);
	assert_int_equal(window_hold_load64(&hold, gpa(FAKE_READ_ONLY), &word),
			 HV_OK);
	assert_int_equal(window_hold_load64(&hold, gpa(FAKE_MMIO_2M), &word),
			 HV_ERR_MMIO);
	assert_int_equal(window_hold_load64(
		&hold, gpa(FAKE_READ_ONLY + (1ull << 40)), &word),
			 HV_ERR_MMIO);
	assert_int_equal(window_hold_load64(&hold, gpa(0x9fff8), &word),
			 HV_OK);
	assert_int_equal(window_hold_load64(&hold, gpa(0xa0000), &word),
			 HV_ERR_MMIO);
	/* Not aligned, over the edge. */
	assert_int_equal(window_hold_load64(&hold, gpa(0x9fffc), &word),
			 HV_ERR_MMIO);
	window_release(&hold);
}

/* ---- loading ----------------------------------------------------------- */

/* Start offset in fake_memory(), and size: over edges, to both ends. */
static const uint64_t pieces[][2] = {
	{ 0x1ff000, 0x2000 }, { 0x1ffff8, 8 }, { 0x1ffff8, 16 },
	{ 0x200000, 0x200000 }, { 0x1fff00, 0x400100 }, { 0x123458, 0x28 },
	{ 0, FAKE_MEMORY_SIZE }, { 0x7ff000, 0x1000 }, { 0x400000, 0 }
};

static void test_zero(void **state)
{
	uint8_t *memory = fake_memory();

	for (unsigned i = 0; i < ARRAY_COUNT(pieces); i++) {
		uint64_t from = pieces[i][0];
		uint64_t size = pieces[i][1];

		setup(state);
		memset(memory, 0xcc, FAKE_MEMORY_SIZE);
		fake_hvmap_on_open = NULL;
		window_zero(spa(fake_memory_spa() + from), size);
		for (uint64_t k = 0; k < FAKE_MEMORY_SIZE; k++) {
			bool in = k >= from && k < from + size;

			if (memory[k] != (in ? 0 : 0xcc)) {
				fail_msg("piece %u, byte %lx", i, k);
			}
		}
	}
}

static void test_copy(void **state)
{
	/* from, to, size */
	static const uint64_t copies[][3] = {
		{ 0x100000, 0x500000, 0x200000 }, { 0x1ff123, 0x400000, 5000 },
		{ 0x200000, 0x5ffff8, 0x1008 }, { 0x7f0001, 0x1fffff, 0x8003 },
		{ 0x10, 0x400020, 0x3fff01 }, { 0x3000, 0x4000, 1 },
		{ 0x3000, 0x4000, 0 }
	};
	static uint8_t before[FAKE_MEMORY_SIZE];
	uint8_t *memory = fake_memory();

	for (unsigned i = 0; i < ARRAY_COUNT(copies); i++) {
		uint64_t from = copies[i][0];
		uint64_t to = copies[i][1];
		uint64_t size = copies[i][2];

		setup(state);
		fake_hvmap_on_open = NULL;
		memcpy(before, memory, sizeof(before));
		window_copy(spa(fake_memory_spa() + to),
			    spa(fake_memory_spa() + from), size);
		memcpy(before + to, before + from, size);
		assert_int_equal(memcmp(before, memory, sizeof(before)), 0);
	}
}

/* The definition, byte order and all; hv/lib/hash.c has it unrolled. */
static uint64_t hash_slowly(const uint8_t *at, uint64_t size, uint64_t hash)
{
	for (uint64_t i = 0; i < size; i += 8) {
		uint64_t word = 0;

		for (unsigned k = 8; k > 0; k--) {
			word = word << 8 | at[i + k - 1];
		}
		hash ^= word;
		hash *= 1099511628211ull;
	}
	return hash;
}

static void test_hash(void **state)
{
	(void)state;
	fake_hvmap_on_open = NULL;
	for (unsigned i = 0; i < ARRAY_COUNT(pieces); i++) {
		uint64_t from = pieces[i][0];
		uint64_t size = pieces[i][1];

		assert_int_equal(
			window_hash(spa(fake_memory_spa() + from), size,
				    HASH_SEED + i),
			hash_slowly(fake_memory() + from, size,
				    14695981039346656037ull + i));
	}
	expect_assert_failure((void)!window_hash(spa(fake_memory_spa()), 12,
						 HASH_SEED));
	expect_assert_failure((void)!window_hash(spa(fake_memory_spa() + 4), 8,
						 HASH_SEED));
}

/* Over the edge of a large page, odd addresses: as of one array. */
static void test_sha384(void **state)
{
	uint8_t want[SHA384_SIZE], hash[SHA384_SIZE];
	struct sha384_state s;

	(void)state;
	fake_hvmap_on_open = NULL;
	for (unsigned i = 0; i < ARRAY_COUNT(pieces); i++) {
		uint64_t from = pieces[i][0];
		uint64_t size = pieces[i][1];

		sha384_begin(&s);
		window_sha384(spa(fake_memory_spa() + from), size, &s);
		sha384_end(&s, hash);
		sha384(fake_memory() + from, size, want);
		assert_memory_equal(hash, want, SHA384_SIZE);
	}
	sha384_begin(&s);
	window_sha384(spa(fake_memory_spa() + 3), 1001, &s);
	sha384_end(&s, hash);
	sha384(fake_memory() + 3, 1001, want);
	assert_memory_equal(hash, want, SHA384_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read), TEST(test_load64), TEST(test_write),
		TEST(test_refusals), TEST(test_refused_in_the_middle),
		TEST(test_too_long), TEST(test_overlay_is_seen),
		TEST(test_exchange), TEST(test_hold), TEST(test_hold_refuses),
		TEST(test_zero), TEST(test_copy), TEST(test_hash),
		TEST(test_sha384),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	cpu_id_vendor = VENDOR_INTEL;
	return failed + cmocka_run_group_tests_name("EPT", tests, NULL, NULL);
}
