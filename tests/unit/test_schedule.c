/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/run/schedule.c */
/*
 * The cyclic plan: when slots end, whatever was late, and what a switch does
 * to the registers of VPs that are alive and of those that are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/line.h"
#include "cpu/tsc.h"
#include "run/run.h"

#define EPOCH 1000000000ull

/* LP 0: three slots, one idle; LP 1: a VP of its own; LP 2: none. */
static const struct slot_config slots_0[] = {
	{ .vp = 0, .length_us = 100 },
	{ .vp = CONFIG_NONE, .length_us = 33 },
	{ .vp = 1, .length_us = 200 },
};
static const struct slot_config slots_1[] = { { .vp = 2, .length_us = 0 } };
static const struct slot_config slots_3[] = {
	{ .vp = 3, .length_us = 10 }, { .vp = 3, .length_us = 10 },
};
#define CYCLE_US 333u

const struct lp_config lp_configs[] = {
	{ .slot_count = 3, .slots = slots_0 },
	{ .slot_count = 1, .slots = slots_1 },
	{ .slot_count = 0 },
	{ .slot_count = 2, .slots = slots_3 },
};
struct vp vp_table[4];

static struct lp lp;
static uint64_t hz;
static uint64_t tsc;
static char done[256];			/* what a switch did, in order */

uint64_t tsc_read(void)
{
	return tsc;
}

uint64_t tsc_from_us(uint64_t us)
{
	return (uint64_t)((unsigned __int128)us * hz / 1000000);
}

static void note(char what, uint32_t index)
{
	size_t used = strlen(done);

	assert_true(used + 2 < sizeof(done));
	done[used] = what;
	done[used + 1] = (char)('0' + index);
	done[used + 2] = 0;
}

void vcpu_save(struct vcpu *vcpu)
{
	note('s', vcpu->index);
}

void vcpu_load(struct vcpu *vcpu)
{
	/* vcpu_get_register() and others ask who is loaded. */
	assert_int_equal(lp.current_vp, vcpu->index);
	note('l', vcpu->index);
}

void line_resume(uint32_t partition, uint32_t on)
{
	assert_int_equal(on, lp.index);
	note('r', partition);
}

static void start(uint32_t index, uint64_t frequency)
{
	memset(&lp, 0, sizeof(lp));
	memset(vp_table, 0, sizeof(vp_table));
	for (uint32_t i = 0; i < 4; i++) {
		vp_table[i].index = i;
		vp_table[i].vcpu.index = i;
		vp_table[i].partition = 5 + i;
		vp_table[i].state = VP_RUNNING;
	}
	hz = frequency;
	tsc = EPOCH;
	lp.index = index;
	lp.current_vp = CONFIG_NONE;
	memset(done, 0, sizeof(done));
	schedule_set_start(EPOCH);
	schedule_start(&lp);
}

static int setup(void **state)
{
	(void)state;
	start(0, 2000000000);
	return 0;
}

static void next_at(uint64_t us)
{
	memset(done, 0, sizeof(done));
	tsc = EPOCH + tsc_from_us(us);
	schedule_next(&lp, tsc);
}

/* Slots that were a VP's, late ends and all; nobody's while it is idle. */
static void test_run_time(void **state)
{
	(void)state;
	next_at(105);
	assert_int_equal(vp_table[0].run_ticks, tsc_from_us(105));
	next_at(133);
	assert_int_equal(vp_table[1].run_since, EPOCH + tsc_from_us(133));
	next_at(333);
	assert_int_equal(vp_table[1].run_ticks, tsc_from_us(200));
	assert_int_equal(vp_table[0].run_ticks, tsc_from_us(105));
	next_at(433);
	assert_int_equal(vp_table[0].run_ticks, tsc_from_us(205));
}

static void test_a_cycle(void **state)
{
	(void)state;
	assert_string_equal(done, "l0r5");
	assert_ptr_equal(schedule_current(&lp), &vp_table[0]);
	assert_int_equal(lp.slot_end, EPOCH + 200000);
	next_at(100);
	assert_string_equal(done, "s0");
	assert_null(schedule_current(&lp));
	assert_int_equal(lp.slot_end, EPOCH + 266000);
	next_at(133);
	assert_string_equal(done, "l1r6");
	assert_int_equal(lp.slot_end, EPOCH + 666000);
	next_at(333);
	assert_string_equal(done, "s1l0r5");
	assert_int_equal(lp.slot_end, EPOCH + 866000);
}

/* A slot that is entered late ends in time; one that is over is left out. */
static void test_late(void **state)
{
	(void)state;
	next_at(132);
	assert_null(schedule_current(&lp));
	assert_int_equal(lp.slot_end, EPOCH + 266000);
	next_at(333 + 101);
	assert_null(schedule_current(&lp));
	assert_int_equal(lp.slot_end, EPOCH + 2 * (333 + 133) * 1000);
}

/* Whole cycles late: in the same place of the plan, in a bounded time. */
static void test_very_late(void **state)
{
	(void)state;
	for (uint64_t cycles = 1; cycles < 1ull << 33; cycles *= 7) {
		for (uint64_t us = 0; us < CYCLE_US; us++) {
			uint64_t ends = us < 100 ? 100 : us < 133 ? 133 : 333;

			start(0, 2000000000);
			next_at(cycles * CYCLE_US + us);
			assert_int_equal(lp.slot_end, EPOCH +
				tsc_from_us(cycles * CYCLE_US + ends));
			assert_int_equal(lp.slot, us < 100 ? 0 :
					 us < 133 ? 1 : 2);
		}
	}
}

/* No drift: a frequency that is no whole number of ticks a microsecond. */
static void test_no_drift(void **state)
{
	uint64_t us = 0;

	(void)state;
	start(0, 2399999999);
	for (unsigned i = 0; i < 300000; i++) {
		assert_int_equal(lp.slot_end, EPOCH +
				 tsc_from_us(us + slots_0[lp.slot].length_us));
		us += slots_0[lp.slot].length_us;
		/* by turns at the tick, and late within the slot */
		done[0] = 0;
		schedule_next(&lp, lp.slot_end + i % 5 * 1000);
	}
	assert_int_equal(us, 100000ull * CYCLE_US);
}

static void test_own_lp(void **state)
{
	(void)state;
	start(1, 1000000000);
	assert_string_equal(done, "l2r7");
	assert_int_equal(lp.slot_end, UINT64_MAX);
	assert_true(lp_has_time(&lp, EPOCH));
	start(2, 1000000000);
	assert_string_equal(done, "");
	assert_int_equal(lp.slot_end, UINT64_MAX);
	assert_null(schedule_current(&lp));
}

/* From one slot of a VP to the next of the same one: nothing happens. */
static void test_same_vp(void **state)
{
	(void)state;
	start(3, 1000000000);
	next_at(10);
	assert_string_equal(done, "");
	assert_int_equal(lp.slot, 1);
}

/* What another LP is making anew is neither loaded nor written over. */
static void test_not_alive(void **state)
{
	static const enum vp_state states[] = { VP_STOPPED, VP_READY };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(states); i++) {
		start(0, 1000000000);
		vp_table[0].state = states[i];
		vp_table[1].state = states[i];
		next_at(100);
		assert_string_equal(done, "");
		next_at(133);
		assert_string_equal(done, "r6");
		assert_ptr_equal(schedule_current(&lp), &vp_table[1]);
		vp_table[0].state = VP_WAIT_SIPI;
		next_at(333);
		assert_string_equal(done, "l0r5");
		vp_table[0].state = VP_HALTED;
		next_at(433);
		assert_string_equal(done, "s0");
	}
}

/* Work of the life cycle begins only if it ends before the slot does. */
static void test_time_for_work(void **state)
{
	(void)state;
	assert_true(lp_has_time(&lp, lp.slot_end - tsc_from_us(21)));
	assert_false(lp_has_time(&lp, lp.slot_end - tsc_from_us(20)));
	assert_false(lp_has_time(&lp, lp.slot_end));
	assert_false(lp_has_time(&lp, lp.slot_end + 1));
	next_at(CYCLE_US + 1);
	assert_true(lp_has_time(&lp, lp.slot_end - tsc_from_us(21)));
	assert_false(lp_has_time(&lp, lp.slot_end - tsc_from_us(20)));
	/* in a short slot: in its first half, so it begins at all */
	start(3, 1000000000);
	assert_true(lp_has_time(&lp, lp.slot_end - tsc_from_us(10)));
	assert_true(lp_has_time(&lp, lp.slot_end - tsc_from_us(6)));
	assert_false(lp_has_time(&lp, lp.slot_end - tsc_from_us(5)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_run_time, setup),
		cmocka_unit_test_setup(test_a_cycle, setup),
		cmocka_unit_test_setup(test_late, setup),
		cmocka_unit_test_setup(test_very_late, setup),
		cmocka_unit_test_setup(test_no_drift, setup),
		cmocka_unit_test_setup(test_own_lp, setup),
		cmocka_unit_test_setup(test_same_vp, setup),
		cmocka_unit_test_setup(test_not_alive, setup),
		cmocka_unit_test_setup(test_time_for_work, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
