/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/core/vp.c */
/* Reaching a VP: what is asked is kept, and who is kicked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/partition.h"
#include "core/vp.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"

const struct partition_config partition_configs[] = {
	{ .vp_first = 0, .vp_count = 1 }, { .vp_first = 1, .vp_count = 3 },
};
struct vp vp_table[4];
struct lp lps[3];

static unsigned kicks[3];
static uint64_t clock;

struct lp *lp_self(void)
{
	return &lps[0];
}

void lp_kick(uint32_t index)
{
	/* Else the LP that it wakes could find nothing. */
	assert_int_not_equal(vp_table[1].requests, 0);
	kicks[index]++;
}

uint64_t tsc_read(void)
{
	return clock;
}

/* VP 1 belongs to LP 1, which runs it. */
static int setup(void **state)
{
	(void)state;
	memset(vp_table, 0, sizeof(vp_table));
	memset(lps, 0, sizeof(lps));
	memset(kicks, 0, sizeof(kicks));
	for (uint32_t i = 0; i < 4; i++) {
		vp_table[i].index = i;
		vp_table[i].lp = i == 0 ? 0 : 1;
	}
	lps[1].current_vp = 1;
	lps[1].interruptible = LP_IN_GUEST;
	return 0;
}

static void test_kick(void **state)
{
	(void)state;
	vp_request(&vp_table[1], VP_REQUEST_NMI);
	assert_int_equal(kicks[1], 1);
	lps[1].interruptible = LP_IDLE;
	vp_request(&vp_table[1], VP_REQUEST_STOP);
	assert_int_equal(kicks[1], 2);
	assert_int_equal(vp_take_requests(&vp_table[1]),
			 VP_REQUEST_NMI | VP_REQUEST_STOP);
	assert_int_equal(vp_take_requests(&vp_table[1]), 0);
}

/* It looks at its requests before it enters the guest. */
static void test_no_kick_in_the_hypervisor(void **state)
{
	(void)state;
	lps[1].interruptible = LP_IN_HYPERVISOR;
	vp_request(&vp_table[1], VP_REQUEST_NMI);
	assert_int_equal(kicks[1], 0);
	assert_int_equal(vp_table[1].requests, VP_REQUEST_NMI);
}

/* A neighbour's slot is not disturbed. */
static void test_no_kick_in_anothers_slot(void **state)
{
	(void)state;
	lps[1].current_vp = 2;
	vp_request(&vp_table[1], VP_REQUEST_NMI);
	lps[1].current_vp = CONFIG_NONE;
	vp_request(&vp_table[1], VP_REQUEST_INIT);
	assert_int_equal(kicks[1], 0);
	assert_int_equal(vp_table[1].requests,
			 VP_REQUEST_NMI | VP_REQUEST_INIT);
}

static void test_no_kick_of_oneself(void **state)
{
	(void)state;
	lps[0].interruptible = LP_IN_GUEST;
	vp_request(&vp_table[0], VP_REQUEST_NMI);
	assert_int_equal(kicks[0], 0);
	assert_int_equal(vp_table[0].requests, VP_REQUEST_NMI);
}

static void test_post(void **state)
{
	struct vp *vp = &vp_table[1];

	(void)state;
	vp_post_interrupt(vp, 0x31, true);
	vp_post_interrupt(vp, 0xff, false);
	assert_int_equal(vp->posted[0], 1ull << 0x31);
	assert_int_equal(vp->posted[3], 1ull << 63);
	assert_int_equal(vp->posted_level[0], 1ull << 0x31);
	assert_int_equal(vp->posted_level[3], 0);
	assert_int_equal(vp->requests, VP_REQUEST_INTERRUPT);
	assert_int_equal(kicks[1], 2);
	/* The last sender says which it is. */
	vp_post_interrupt(vp, 0x31, false);
	assert_int_equal(vp->posted_level[0], 0);
}

static void test_vp_of(void **state)
{
	(void)state;
	assert_ptr_equal(vp_of(0, 0), &vp_table[0]);
	assert_ptr_equal(vp_of(1, 2), &vp_table[3]);
	/* never beyond the partition's own, whatever it is */
	assert_ptr_equal(vp_of(1, 3), &vp_table[1]);
	assert_ptr_equal(vp_of(0, 0x7fffffff), &vp_table[0]);
}

static void test_clocks(void **state)
{
	struct vp *vp = &vp_table[1];

	(void)state;
	clock = 5000;
	vp->vcpu.tsc_offset = 0 - 2000ull;
	assert_int_equal(vp_guest_tsc(vp), 3000);
	assert_int_equal(vp_host_tsc(vp, 3500), 5500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kick, setup),
		cmocka_unit_test_setup(test_no_kick_in_the_hypervisor, setup),
		cmocka_unit_test_setup(test_no_kick_in_anothers_slot, setup),
		cmocka_unit_test_setup(test_no_kick_of_oneself, setup),
		cmocka_unit_test_setup(test_post, setup),
		cmocka_unit_test_setup(test_vp_of, setup),
		cmocka_unit_test_setup(test_clocks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
