/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/core/flush.c hv/core/vp.c */
/*
 * Consuming a flush token: who is kicked, who is waited for, and that nobody
 * is waited for who may be waiting himself. The other LP is a thread where
 * waiting matters.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/flush.h"
#include "core/partition.h"
#include "core/vp.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"

#define PARTITION 1u
#define GENERATION 7ull

/* VP n is on LP n, but for VP 3: with VP 1 on LP 1. */
const struct partition_config partition_configs[] = {
	{ .vp_first = 0, .vp_count = 1 }, { .vp_first = 1, .vp_count = 3 },
};
struct vp vp_table[4];
struct lp lps[3];

static const struct flush_token token = { PARTITION, GENERATION };
static unsigned kicks[3];
static bool leaves_when_kicked;
static volatile bool kicked;
static unsigned done;			/* nested_flush_done() */
static uint32_t interruptible_when_done[3];

struct lp *lp_self(void)
{
	return &lps[0];
}

void lp_kick(uint32_t index)
{
	kicks[index]++;
	if (leaves_when_kicked) {
		lps[index].interruptible = LP_IN_HYPERVISOR;
	}
	__atomic_store_n(&kicked, true, __ATOMIC_SEQ_CST);
}

uint64_t tsc_read(void)
{
	return 0;
}

void nested_flush_done(struct flush_token flushed)
{
	assert_int_equal(flushed.partition, PARTITION);
	assert_int_equal(flushed.generation, GENERATION);
	for (unsigned i = 0; i < ARRAY_COUNT(lps); i++) {
		interruptible_when_done[i] = __atomic_load_n(
			&lps[i].interruptible, __ATOMIC_SEQ_CST);
	}
	done++;
}

/* LP 0, which consumes, is in the hypervisor; all others are in guests. */
static int setup(void **state)
{
	(void)state;
	memset(vp_table, 0, sizeof(vp_table));
	memset(lps, 0, sizeof(lps));
	memset(kicks, 0, sizeof(kicks));
	done = 0;
	kicked = false;
	leaves_when_kicked = true;
	for (uint32_t i = 0; i < 4; i++) {
		vp_table[i].index = i;
		vp_table[i].lp = i == 3 ? 1 : i;
		vp_table[i].vcpu.flush_seen = GENERATION - 1;
	}
	for (uint32_t i = 0; i < 3; i++) {
		lps[i].index = i;
		lps[i].current_vp = i;
		lps[i].interruptible = i == 0 ? LP_IN_HYPERVISOR : LP_IN_GUEST;
	}
	return 0;
}

static void test_in_guest(void **state)
{
	(void)state;
	flush_consume(token);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(kicks[2], 1);
	assert_int_equal(vp_table[1].requests, VP_REQUEST_FLUSH);
	assert_int_equal(done, 1);
}

/* Nothing to flush: not even nested_flush_done(). */
static void test_empty_token(void **state)
{
	(void)state;
	flush_consume((struct flush_token){ PARTITION, 0 });
	assert_int_equal(kicks[1] + kicks[2] + done, 0);
}

static void assert_nobody_is_waited_for(void)
{
	leaves_when_kicked = false;
	flush_consume(token);
	assert_int_equal(kicks[1] + kicks[2], 0);
	assert_int_equal(done, 1);
}

/* It may wait for us: two that flush at once. It flushes when it enters. */
static void test_in_hypervisor(void **state)
{
	(void)state;
	lps[1].interruptible = lps[2].interruptible = LP_IN_HYPERVISOR;
	assert_nobody_is_waited_for();
}

static void test_idle(void **state)
{
	(void)state;
	lps[1].interruptible = lps[2].interruptible = LP_IDLE;
	assert_nobody_is_waited_for();
}

/* In the guest, but entered after the change. */
static void test_has_flushed(void **state)
{
	(void)state;
	vp_table[1].vcpu.flush_seen = GENERATION;
	vp_table[2].vcpu.flush_seen = GENERATION + 1;
	assert_nobody_is_waited_for();
}

/* Another partition's slot. */
static void test_another_vp_runs(void **state)
{
	(void)state;
	lps[1].current_vp = 0;
	lps[2].current_vp = CONFIG_NONE;
	assert_nobody_is_waited_for();
}

/* The second VP of an LP is the one that is in the guest. */
static void test_second_vp_of_an_lp(void **state)
{
	(void)state;
	lps[1].current_vp = 3;
	flush_consume(token);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(vp_table[3].requests, VP_REQUEST_FLUSH);
	assert_int_equal(vp_table[1].requests, 0);
	assert_int_equal(interruptible_when_done[1], LP_IN_HYPERVISOR);
}

/* The LP of the caller is not in a guest, whatever it says of itself. */
static void test_own_lp(void **state)
{
	(void)state;
	vp_table[1].lp = 0;
	lps[0].current_vp = 1;
	lps[0].interruptible = LP_IN_GUEST;
	lps[1].current_vp = CONFIG_NONE;
	flush_consume(token);
	assert_int_equal(kicks[0], 0);
	assert_int_equal(done, 1);
}

/* LP 1: some time after the kick it leaves, or comes back flushed. */
static void *leave(void *comes_back)
{
	while (!__atomic_load_n(&kicked, __ATOMIC_SEQ_CST)) {
		usleep(100);
	}
	usleep(20000);
	if (comes_back != NULL) {
		__atomic_store_n(&vp_table[1].vcpu.flush_seen, GENERATION,
				 __ATOMIC_SEQ_CST);
	} else {
		__atomic_store_n(&lps[1].interruptible, LP_IN_HYPERVISOR,
				 __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void wait_for_thread(void *comes_back)
{
	pthread_t thread;

	leaves_when_kicked = false;
	lps[2].interruptible = LP_IN_HYPERVISOR;
	assert_int_equal(pthread_create(&thread, NULL, leave, comes_back), 0);
	flush_consume(token);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(done, 1);
}

static void test_waits_until_it_has_left(void **state)
{
	(void)state;
	wait_for_thread(NULL);
	assert_int_equal(interruptible_when_done[1], LP_IN_HYPERVISOR);
}

/* It left and entered again before we looked: it has flushed. */
static void test_waits_until_it_has_flushed(void **state)
{
	(void)state;
	wait_for_thread(&done);
	assert_int_equal(interruptible_when_done[1], LP_IN_GUEST);
	assert_int_equal(vp_table[1].vcpu.flush_seen, GENERATION);
}

/* ---- a guest's own translations ---------------------------------------- */

/* Bits: VPs 1, 2, 3 of vp_table are numbers 0, 1, 2 of the partition. */
static void test_guests_in_guest(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 4; i++) {
		vp_table[i].partition = PARTITION;
	}
	flush_guests(&vp_table[1], 2);
	assert_int_equal(kicks[1], 0);
	assert_int_equal(kicks[2], 1);
	assert_int_equal(vp_table[1].requests, 0);
	assert_int_equal(vp_table[2].requests, VP_REQUEST_TLB);
	assert_int_equal(vp_table[3].requests, 0);
	/* All: VPs that the partition has not are left out. */
	flush_guests(&vp_table[1], ~0ull);
	assert_int_equal(vp_table[0].requests, 0);
	for (uint32_t i = 1; i < 4; i++) {
		assert_int_equal(vp_table[i].requests, VP_REQUEST_TLB);
	}
	/* VP 3 is not in its slot: no kick for it, nor a wait. */
	assert_int_equal(kicks[1], 1);
}

/* Nobody who looks at its requests before it enters. */
static void test_guests_not_in_guest(void **state)
{
	static const uint32_t states[] = { LP_IN_HYPERVISOR, LP_IDLE };

	(void)state;
	leaves_when_kicked = false;
	for (unsigned i = 0; i < ARRAY_COUNT(states); i++) {
		vp_table[2].partition = vp_table[1].partition = PARTITION;
		lps[1].interruptible = lps[2].interruptible = states[i];
		flush_guests(&vp_table[1], 3);
		assert_int_equal(kicks[1] + kicks[2], 0);
		assert_int_equal(vp_table[1].requests, VP_REQUEST_TLB);
		assert_int_equal(vp_table[2].requests, VP_REQUEST_TLB);
	}
}

static void test_guests_own_lp(void **state)
{
	(void)state;
	leaves_when_kicked = false;
	vp_table[1].partition = PARTITION;
	vp_table[1].lp = 0;
	lps[0].current_vp = 1;
	lps[0].interruptible = LP_IN_GUEST;
	flush_guests(&vp_table[1], 1);
	assert_int_equal(kicks[0], 0);
	assert_int_equal(vp_table[1].requests, VP_REQUEST_TLB);
}

/* LP 2 has left, taken the request, and is in its guest again. */
static void *take(void *unused)
{
	while (!__atomic_load_n(&kicked, __ATOMIC_SEQ_CST)) {
		usleep(100);
	}
	usleep(20000);
	__atomic_fetch_and(&vp_table[2].requests, ~VP_REQUEST_TLB,
			   __ATOMIC_SEQ_CST);
	return unused;
}

static void test_guests_waits_until_it_is_taken(void **state)
{
	pthread_t thread;

	(void)state;
	leaves_when_kicked = false;
	vp_table[1].partition = PARTITION;
	assert_int_equal(pthread_create(&thread, NULL, take, NULL), 0);
	flush_guests(&vp_table[1], 2);
	assert_int_equal(vp_table[2].requests, 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(lps[2].interruptible, LP_IN_GUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_guest, setup),
		cmocka_unit_test_setup(test_empty_token, setup),
		cmocka_unit_test_setup(test_in_hypervisor, setup),
		cmocka_unit_test_setup(test_idle, setup),
		cmocka_unit_test_setup(test_has_flushed, setup),
		cmocka_unit_test_setup(test_another_vp_runs, setup),
		cmocka_unit_test_setup(test_second_vp_of_an_lp, setup),
		cmocka_unit_test_setup(test_own_lp, setup),
		cmocka_unit_test_setup(test_waits_until_it_has_left, setup),
		cmocka_unit_test_setup(test_waits_until_it_has_flushed, setup),
		cmocka_unit_test_setup(test_guests_in_guest, setup),
		cmocka_unit_test_setup(test_guests_not_in_guest, setup),
		cmocka_unit_test_setup(test_guests_own_lp, setup),
		cmocka_unit_test_setup(test_guests_waits_until_it_is_taken,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
