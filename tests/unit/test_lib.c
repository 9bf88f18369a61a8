/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/string.c hv/lib/ranges.c hv/lib/fmt.c hv/lib/hash.c */
/*
 * The lowest level: memory functions against libc's, the formatter, ranges,
 * masks and the hash.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/hash.h"
#include "lib/ranges.h"
#include "lib/spinlock.h"
#include "lib/string.h"

/* ---- memory ------------------------------------------------------------ */

#define AREA 160
#define SIZE_LAST 72

static void fill(uint8_t *at, uint8_t seed)
{
	for (unsigned i = 0; i < AREA; i++) {
		at[i] = (uint8_t)(i * 13 + seed);
	}
}

static void test_memcpy(void **state)
{
	uint8_t from[AREA];
	uint8_t is[AREA];
	uint8_t want[AREA];

	(void)state;
	fill(from, 1);
	for (unsigned size = 0; size <= SIZE_LAST; size++) {
		for (unsigned at = 0; at < 64; at++) {
			fill(is, 100);
			fill(want, 100);
			memcpy(want + at, from + at / 8, size);
			assert_ptr_equal(string_memcpy(is + at, from + at / 8,
						       size), is + at);
			assert_memory_equal(is, want, AREA);
		}
	}
}

/* The ends of a heap block: the sanitizer sees a byte too many. */
static void test_exact_bounds(void **state)
{
	(void)state;
	for (size_t size = 1; size <= SIZE_LAST; size++) {
		char *a = malloc(size);
		char *b = malloc(size);

		string_memset(a, 5, size);
		string_memcpy(b, a, size);
		string_memmove(a, b, size);
		assert_int_equal(string_memcmp(a, b, size), 0);
		a[size - 1] = '\0';
		assert_int_equal(string_strlen(a), size - 1);
		free(a);
		free(b);
	}
}

static void test_memmove(void **state)
{
	uint8_t is[AREA];
	uint8_t want[AREA];

	(void)state;
	for (unsigned size = 0; size <= SIZE_LAST; size++) {
		for (unsigned from = 0; from < 80; from += 3) {
			for (unsigned to = 0; to < 80; to++) {
				fill(is, 7);
				fill(want, 7);
				memmove(want + to, want + from, size);
				assert_ptr_equal(string_memmove(is + to,
					is + from, size), is + to);
				assert_memory_equal(is, want, AREA);
			}
		}
	}
}

static void test_memset(void **state)
{
	static const int values[] = { 0, 1, 0x80, 0xff, 0x1a5, -2 };
	uint8_t is[AREA];
	uint8_t want[AREA];

	(void)state;
	for (unsigned size = 0; size <= SIZE_LAST; size++) {
		for (unsigned i = 0; i < ARRAY_COUNT(values); i++) {
			fill(is, 7);
			fill(want, 7);
			memset(want + i + 1, values[i], size);
			assert_ptr_equal(string_memset(is + i + 1, values[i],
						       size), is + i + 1);
			assert_memory_equal(is, want, AREA);
		}
	}
}

static void test_memcmp(void **state)
{
	(void)state;
	assert_int_equal(string_memcmp("abc", "abd", 2), 0);
	assert_true(string_memcmp("abc", "abd", 3) < 0);
	assert_true(string_memcmp("\xff", "\x01", 1) > 0);
	assert_int_equal(string_memcmp("a", "b", 0), 0);
	assert_int_equal(string_strlen(""), 0);
	assert_int_equal(string_strlen("four"), 4);
}

/* ---- formatter --------------------------------------------------------- */

static char text[64];

static size_t print(size_t size, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static size_t print(size_t size, const char *format, ...)
{
	va_list args;
	size_t used;

	memset(text, '#', sizeof(text));
	va_start(args, format);
	used = fmt_print(text, size, format, args);
	va_end(args);
	return used;
}

/* Ours and libc's write the same. */
#define ASSERT_LIKE_LIBC(...) do {					\
	char want[64];							\
	int used = snprintf(want, sizeof(want), __VA_ARGS__);		\
	assert_int_equal(print(sizeof(text), __VA_ARGS__), used);	\
	assert_string_equal(text, want);				\
} while (0)

static void test_fmt_like_libc(void **state)
{
	static const int numbers[] = {
		0, 1, -1, 9, 10, -10, 12345, -12345, INT32_MAX, INT32_MIN
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(numbers); i++) {
		int n = numbers[i];
		unsigned u = (unsigned)n;
		long l = (long)((uint64_t)u << 32 | u);

		ASSERT_LIKE_LIBC("%d|%5d|%05d|%12d", n, n, n, n);
		ASSERT_LIKE_LIBC("%u|%4u|%011u", u, u, u);
		ASSERT_LIKE_LIBC("%x|%4x|%08x", u, u, u);
		ASSERT_LIKE_LIBC("%ld|%lu", l, (unsigned long)l);
		ASSERT_LIKE_LIBC("%016lx %lx", (unsigned long)l,
				 (unsigned long)l);
		ASSERT_LIKE_LIBC("%zu %zx", (size_t)l, (size_t)u);
	}
	ASSERT_LIKE_LIBC("%ld %lu", INT64_MIN, UINT64_MAX);
	ASSERT_LIKE_LIBC("a%%b%c%cc %s|%8s|%1s", 'x', '-', "", "right", "ab");
	ASSERT_LIKE_LIBC("nothing");
	ASSERT_LIKE_LIBC("%40u", 7u);
}

static void test_fmt_bounds(void **state)
{
	(void)state;
	assert_int_equal(print(5, "%s", "longer"), 4);
	assert_string_equal(text, "long");
	assert_int_equal(text[5], '#');
	assert_int_equal(print(1, "%u", 5u), 0);
	assert_string_equal(text, "");
	assert_int_equal(text[1], '#');
	assert_int_equal(print(0, "%u", 5u), 0);
	assert_int_equal(text[0], '#');
	assert_int_equal(print(8, "%016lx", 1ul), 7);
	assert_string_equal(text, "0000000");
}

static void test_fmt_unknown(void **state)
{
	/* Not literals: the compiler would object to them. */
	const char *formats[] = {
		"%y %", "%4294967301u", "%-5d", "%lld", "%999999999999d",
		"%ls", "%5", "%l", "%z"
	};
	const char *null = NULL;
	char want[80];

	(void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	for (unsigned i = 0; i < ARRAY_COUNT(formats); i++) {
		assert_int_equal(print(sizeof(text), formats[i]),
				 strlen(formats[i]));
		assert_string_equal(text, formats[i]);
	}
	/* An unknown one takes no argument from those that follow. */
	snprintf(want, sizeof(want), "%%q%s7", "");
	formats[0] = "%q%u";
	print(sizeof(text), formats[0], 7u);
	assert_string_equal(text, want);
#pragma GCC diagnostic pop
	print(sizeof(text), "%s", null);
	assert_string_equal(text, "(null)");
}

/* ---- ranges, masks, hash ----------------------------------------------- */

static void test_ranges(void **state)
{
	const uint64_t top = UINT64_MAX;

	(void)state;
	assert_true(range_has(10, 5, 10));
	assert_true(range_has(10, 5, 14));
	assert_false(range_has(10, 5, 15));
	assert_false(range_has(10, 5, 9));
	assert_false(range_has(10, 0, 10));
	assert_true(range_has(top, 1, top));
	assert_true(range_has(0, top, top - 1));
	assert_false(range_has(0, top, top));
	/* Would wrap round. */
	assert_false(range_has(top - 1, 5, top));
	assert_false(range_has(top - 1, 5, 0));

	assert_true(range_contains(10, 5, 10, 5));
	assert_true(range_contains(10, 5, 14, 1));
	assert_false(range_contains(10, 5, 14, 2));
	assert_false(range_contains(10, 5, 9, 3));
	assert_false(range_contains(10, 5, 12, 0));
	assert_false(range_contains(10, 5, 12, top));
	assert_false(range_contains(top - 1, 5, top - 1, 1));

	assert_true(range_overlaps(10, 5, 14, 9));
	assert_true(range_overlaps(14, 9, 10, 5));
	assert_true(range_overlaps(10, 5, 11, 1));
	assert_false(range_overlaps(10, 5, 15, 1));
	assert_false(range_overlaps(15, 1, 10, 5));
	assert_false(range_overlaps(10, 0, 10, 5));
	assert_false(range_overlaps(10, 5, 12, 0));

	assert_int_equal(range_piece(0x1000, 0x5000, 0x1000), 0x1000);
	assert_int_equal(range_piece(0x1fff, 0x5000, 0x1000), 1);
	assert_int_equal(range_piece(0x1001, 0x10, 0x1000), 0x10);
	assert_int_equal(range_piece(top, 9, 0x1000), 1);
}

static void test_bits(void **state)
{
	(void)state;
	assert_int_equal(index_mask(0, 1), 0);
	assert_int_equal(index_mask(6, 7), 6);
	assert_int_equal(index_mask(7, 7), 0);
	assert_int_equal(index_mask(0x7fffffff, 7), 0);
	assert_int_equal(index_mask(5, 0), 0);
	assert_int_equal(index_mask64(6, 7), 6);
	assert_int_equal(index_mask64(7, 7), 0);
	assert_int_equal(index_mask64(UINT64_MAX, 7), 0);
	assert_int_equal(index_mask64(1ull << 63, UINT64_MAX), 1ull << 63);
	assert_int_equal(index_mask64(0, 0), 0);
	assert_int_equal(align_up(0x1001, 0x1000), 0x2000);
	assert_int_equal(align_up(0x1000, 0x1000), 0x1000);
	assert_int_equal(align_down(0x1fff, 0x1000), 0x1000);
	assert_int_equal(bits_highest(1), 0);
	assert_int_equal(bits_highest(UINT64_MAX), 63);
	assert_int_equal(bits_lowest(0x50), 4);
}

static void test_hash(void **state)
{
	uint64_t words[37];
	uint64_t whole;

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
		words[i] = i * 0x123456789abull;
	}
	/* FNV-1a's offset basis and prime, by hand. */
	assert_int_equal(hash_words(words, 0, HASH_SEED), HASH_SEED);
	assert_int_equal(hash_words(words + 1, 1, HASH_SEED),
			 (0xcbf29ce484222325ull ^ 0x123456789abull) *
			 0x100000001b3ull);
	/* Any cut gives the same; any changed word does not. */
	whole = hash_words(words, 37, HASH_SEED);
	for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
		assert_int_equal(hash_words(words + i, 37 - i,
			hash_words(words, i, HASH_SEED)), whole);
		words[i] ^= 1ull << i;
		assert_int_not_equal(hash_words(words, 37, HASH_SEED), whole);
		words[i] ^= 1ull << i;
	}
}

/* ---- lock -------------------------------------------------------------- */

#define LOCK_TURNS 20000

static struct spinlock lock;
static unsigned guarded;		/* on purpose not atomic */

static void *take_and_give(void *unused)
{
	for (unsigned i = 0; i < LOCK_TURNS; i++) {
		spinlock_take(&lock);
		guarded++;
		spinlock_give(&lock);
		if (i % 64 == 0) {
			sched_yield();
		}
	}
	return unused;
}

static void test_spinlock(void **state)
{
	pthread_t thread[2];

	(void)state;
	assert_false(spinlock_is_taken(&lock));
	/* Tickets wrap round at 65536. */
	for (unsigned i = 0; i < 70000; i++) {
		spinlock_take(&lock);
		assert_true(spinlock_is_taken(&lock));
		spinlock_give(&lock);
	}
	assert_false(spinlock_is_taken(&lock));
	assert_true(spinlock_try(&lock));
	assert_true(spinlock_is_taken(&lock));
	assert_false(spinlock_try(&lock));
	spinlock_give(&lock);
	assert_false(spinlock_is_taken(&lock));
	for (unsigned i = 0; i < ARRAY_COUNT(thread); i++) {
		assert_int_equal(pthread_create(&thread[i], NULL,
						take_and_give, NULL), 0);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(thread); i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	assert_int_equal(guarded, ARRAY_COUNT(thread) * LOCK_TURNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memcpy),
		cmocka_unit_test(test_exact_bounds),
		cmocka_unit_test(test_memmove),
		cmocka_unit_test(test_memset),
		cmocka_unit_test(test_memcmp),
		cmocka_unit_test(test_fmt_like_libc),
		cmocka_unit_test(test_fmt_bounds),
		cmocka_unit_test(test_fmt_unknown),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_spinlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
