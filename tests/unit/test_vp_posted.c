/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/core/vp.c */
/* FLAGS: -DCONFIG_VMX_APICV=1 */
/*
 * Interrupts posted to a VP whose processor takes them in the guest: by which
 * vector its LP is told, and that what the processor must not take is not
 * where it looks.
 */
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
	{ .vp_first = 0, .vp_count = 3 },
};
struct vp vp_table[3];
struct lp lps[2];

static unsigned kicks, posts;

struct lp *lp_self(void)
{
	return &lps[0];
}

void lp_kick(uint32_t index)
{
	assert_int_equal(index, 1);
	kicks++;
}

void lp_post(uint32_t index)
{
	assert_int_equal(index, 1);
	/* The processor looks at once. */
	assert_int_not_equal(vp_table[1].posted[1] | vp_table[1].posted[0],
			     0);
	posts++;
}

uint64_t tsc_read(void)
{
	return 0;
}

/* VP 1 belongs to LP 1, which runs it, and takes what is posted. */
static int setup(void **state)
{
	(void)state;
	memset(vp_table, 0, sizeof(vp_table));
	memset(lps, 0, sizeof(lps));
	kicks = posts = 0;
	for (uint32_t i = 0; i < 3; i++) {
		vp_table[i].index = i;
		vp_table[i].lp = i == 0 ? 0 : 1;
	}
	lps[1].current_vp = 1;
	lps[1].interruptible = LP_IN_GUEST;
	lps[1].takes_posted = 1;
	return 0;
}

static void test_descriptor(void **state)
{
	(void)state;
	assert_int_equal((uint64_t)vp_table[1].posted & 63, 0);
	assert_int_equal(offsetof(struct vp, posted_control),
			 offsetof(struct vp, posted) + 32);
	assert_int_equal(sizeof(vp_table[1].posted_control), 32);
}

static void test_edge(void **state)
{
	(void)state;
	vp_post_interrupt(&vp_table[1], 0x52, false);
	assert_int_equal(posts, 1);
	assert_int_equal(kicks, 0);
	assert_int_equal(vp_table[1].posted[1], 1ull << 0x12);
	/* For when it was not in the guest after all. */
	assert_int_equal(vp_table[1].requests, VP_REQUEST_INTERRUPT);
	assert_int_equal(vp_table[1].posted_control[0], 0);
}

/* The processor would not make an exit of its EOI. */
static void test_level(void **state)
{
	(void)state;
	vp_post_interrupt(&vp_table[1], 0x52, true);
	assert_int_equal(posts, 0);
	assert_int_equal(kicks, 1);
	assert_int_equal(vp_table[1].posted[1], 0);
	assert_int_equal(vp_table[1].posted_level[1], 1ull << 0x12);
	assert_int_equal(vp_table[1].requests, VP_REQUEST_INTERRUPT);
}

/* Nor one that is an error: the processor would keep vector 0. */
static void test_illegal_vector(void **state)
{
	(void)state;
	for (uint8_t vector = 0; vector < 16; vector++) {
		vp_post_interrupt(&vp_table[1], vector, false);
	}
	assert_int_equal(posts, 0);
	assert_int_equal(vp_table[1].posted[0], 0);
	assert_int_equal(vp_table[1].posted_level[0], 0xffff);
	vp_post_interrupt(&vp_table[1], 16, false);
	assert_int_equal(vp_table[1].posted[0], 1ull << 16);
}

static void test_other_requests_kick(void **state)
{
	(void)state;
	vp_request(&vp_table[1], VP_REQUEST_NMI);
	assert_int_equal(kicks, 1);
	assert_int_equal(posts, 0);
}

static void test_who_is_not_told(void **state)
{
	(void)state;
	/* Another VP runs there. */
	vp_post_interrupt(&vp_table[2], 0x52, false);
	assert_int_equal(vp_table[2].requests, VP_REQUEST_INTERRUPT);
	/* It looks at its requests before it enters. */
	lps[1].interruptible = LP_IN_HYPERVISOR;
	vp_post_interrupt(&vp_table[1], 0x52, false);
	/* Our own. */
	vp_post_interrupt(&vp_table[0], 0x52, false);
	assert_int_equal(kicks + posts, 0);
	assert_int_equal(vp_table[0].requests, VP_REQUEST_INTERRUPT);
}

static void test_who_takes_none(void **state)
{
	(void)state;
	lps[1].takes_posted = 0;
	vp_post_interrupt(&vp_table[1], 0x52, false);
	assert_int_equal(kicks, 1);
	assert_int_equal(posts, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_descriptor), TEST(test_edge), TEST(test_level),
		TEST(test_illegal_vector),
		TEST(test_other_requests_kick), TEST(test_who_is_not_told),
		TEST(test_who_takes_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
