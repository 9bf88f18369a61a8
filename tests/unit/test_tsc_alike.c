/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/cpu/tsc_alike.c hv/guest/time.c */
/*
 * Two LPs, each a thread, whose TSCs run alike or do not, and the reference
 * time that two VPs of a partition read on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <pthread.h>
#include <time.h>
#include <cmocka.h>

#include "abi/tlfs.h"
#include "core/partition.h"
#include "core/vp.h"
#include "cpu/tsc.h"
#include "guest/guest.h"
#include "guest/synth.h"
#include "lib/bits.h"

#define START 5000000000000ull	/* host TSC at the partition's start */
#define MS 1000000		/* TSC units of 1 GHz */
#define TURNS 2000u

struct partition partition_table[1];
struct overlay_page overlay_pages_partition[1];

static _Thread_local int64_t ahead;	/* of the first LP's TSC */
static uint64_t us = 1000;		/* TSC units of one */

uint64_t tsc_read(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec +
	       START + (uint64_t)ahead;
}

uint64_t tsc_from_us(uint64_t count)
{
	return count * us;
}

uint64_t tsc_reference_scale(void)
{
	return 184467440737095516ull;	/* 2^64 / 100 */
}

/* ---- the other LP ------------------------------------------------------ */

static pthread_t thread;
static int64_t skew;
static volatile uint32_t turn;		/* even: the first LP's */
static volatile uint64_t told;		/* the last reading of both */
static volatile uint32_t backwards;
static volatile bool ended;

static uint64_t read_time(void)
{
	static struct vp vp;

	return synth_reference_time(&vp);
}

/* Reads its time after what the other has told it, and tells it. */
static void take_turn(uint32_t mine)
{
	uint64_t now;

	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) % 2 != mine) {
		if (ended) {
			return;
		}
		tsc_answer(1);
	}
	now = read_time();
	backwards += now < told;
	told = now;
	__atomic_add_fetch(&turn, 1, __ATOMIC_SEQ_CST);
}

static void *other_lp(void *arg)
{
	ahead = skew;
	while (!ended) {
		take_turn(1);
	}
	return arg;
}

static int setup(void **state)
{
	(void)state;
	memset(partition_table, 0, sizeof(partition_table));
	partition_table[0].tsc_start = START;
	turn = 0;
	told = 0;
	backwards = 0;
	ended = false;
	return 0;
}

static void start_other(int64_t by)
{
	skew = by;
	assert_int_equal(pthread_create(&thread, NULL, other_lp, NULL), 0);
}

static void end_other(void)
{
	ended = true;
	pthread_join(thread, NULL);
}

/* ---- tests ------------------------------------------------------------- */

static void test_alike(void **state)
{
	struct tsc_difference d;

	(void)state;
	start_other(0);
	assert_true(tsc_is_alike(1, &d));
	assert_true(d.least <= 0 && d.most >= 0);
	/* So no VP sees the partition's time go back. */
	for (unsigned i = 0; i < TURNS; i++) {
		take_turn(0);
	}
	end_other();
	assert_int_equal(backwards, 0);
}

/* Refused in either direction; else time would go back at each second turn. */
static void test_unequal(void **state)
{
	static const int64_t skews[] = {
		-1000000000000ll, -60000ll * MS, 60000ll * MS,
		1000000000000ll, INT64_MAX / 2
	};
	struct tsc_difference d;

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(skews); i++) {
		setup(NULL);
		start_other(skews[i]);
		assert_false(tsc_is_alike(1, &d));
		assert_true(d.least <= skews[i] && d.most >= skews[i]);
		assert_true(d.least > 0 || d.most < 0);
		end_other();
	}
	setup(NULL);
	start_other(60000ll * MS);
	for (unsigned i = 0; i < 10; i++) {
		take_turn(0);
	}
	end_other();
	assert_true(backwards >= 9);
}

/* One that never answers is not waited for without end. */
static void test_no_answer(void **state)
{
	struct tsc_difference d;

	(void)state;
	us = 10;
	start_other(0);
	assert_false(tsc_is_alike(2, &d));
	end_other();
	us = 1000;
}

static uint64_t by_page(const struct hv_reference_tsc_page *page, uint64_t tsc)
{
	return (uint64_t)((unsigned __int128)tsc * page->scale >> 64) +
	       (uint64_t)page->offset;
}

/* The page's formula and the MSR's are one, on an LP with any TSC. */
static void test_page_and_counter(void **state)
{
	const struct hv_reference_tsc_page *page = (const void *)
		overlay_pages_partition[0].byte;
	uint64_t before = 0;

	(void)state;
	time_reset_page(0);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t low = tsc_read() - START;
		uint64_t time = read_time();
		uint64_t high = tsc_read() - START;

		assert_true(time >= before);
		assert_in_range(time, by_page(page, low), by_page(page, high));
		before = time;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_alike, setup),
		cmocka_unit_test_setup(test_unequal, setup),
		cmocka_unit_test_setup(test_no_answer, setup),
		cmocka_unit_test_setup(test_page_and_counter, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
