/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/core/line.c */
/* Physical lines: why they are masked, and what each call changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/line.h"
#include "core/line_state.h"
#include "cpu/ioapic_regs.h"

#define LINES 4u

const struct line_config line_configs[] = {
	{ .gsi = 4, .partition = 0, .pin = 1, .lp = 0, .level = 1,
	  .active_low = 1, .vector = LINE_VECTOR_FIRST },
	{ .gsi = 9, .partition = 1, .pin = 1, .lp = 0,
	  .vector = LINE_VECTOR_FIRST + 1 },
	{ .gsi = 7, .partition = 0, .pin = 2, .lp = 1,
	  .vector = LINE_VECTOR_FIRST + 2 },
	{ .gsi = 3, .partition = 0, .pin = 3, .lp = 0,
	  .vector = LINE_VECTOR_FIRST + 3 },
};
const uint32_t line_count = LINES;
const struct lp_config lp_configs[] = { { .apic_id = 5 }, { .apic_id = 6 } };
struct line_state line_states[LINES];

/* The machine's IOAPIC. */
static bool masked[24];
static unsigned writes;
static struct {
	uint8_t vector;
	uint32_t apic_id;
	bool level, active_low;
} route[24];

void ioapic_regs_start(void)
{
	memset(masked, 1, sizeof(masked));
}

void ioapic_regs_route(uint32_t pin, uint8_t vector, uint32_t apic_id,
		       bool level, bool active_low)
{
	route[pin].vector = vector;
	route[pin].apic_id = apic_id;
	route[pin].level = level;
	route[pin].active_low = active_low;
}

void ioapic_regs_set_mask(uint32_t pin, bool mask)
{
	assert_int_not_equal(masked[pin], mask);
	masked[pin] = mask;
	writes++;
}

/* All lines open, as after their partitions' start. */
static int setup(void **state)
{
	(void)state;
	memset(line_states, 0, sizeof(line_states));
	memset(route, 0, sizeof(route));
	line_start_all();
	for (uint32_t i = 0; i < LINES; i++) {
		line_unmask(i);
	}
	writes = 0;
	return 0;
}

static void test_start(void **state)
{
	(void)state;
	line_start_all();
	assert_int_equal(route[4].vector, LINE_VECTOR_FIRST);
	assert_int_equal(route[4].apic_id, 5);
	assert_true(route[4].level && route[4].active_low);
	assert_int_equal(route[7].vector, LINE_VECTOR_FIRST + 2);
	assert_int_equal(route[7].apic_id, 6);
	assert_false(route[7].level || route[7].active_low);
	for (unsigned i = 0; i < ARRAY_COUNT(masked); i++) {
		assert_true(masked[i]);
	}
	line_unmask(2);
	assert_false(masked[7]);
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(line_of_vector(LINE_VECTOR_FIRST), 0);
	assert_int_equal(line_of_vector(LINE_VECTOR_FIRST + 3), 3);
	assert_int_equal(line_of_vector(LINE_VECTOR_FIRST + 4), CONFIG_NONE);
	assert_int_equal(line_of_vector(LINE_VECTOR_FIRST - 1), CONFIG_NONE);
	assert_int_equal(line_of_vector(0xff), CONFIG_NONE);
	assert_int_equal(line_of_pin(0, 1), 0);
	assert_int_equal(line_of_pin(1, 1), 1);
	assert_int_equal(line_of_pin(1, 2), CONFIG_NONE);
}

static void test_mask(void **state)
{
	(void)state;
	line_mask(0);
	assert_true(masked[4]);
	line_mask(0);
	line_unmask(0);
	assert_false(masked[4]);
	line_unmask(0);
	assert_int_equal(writes, 2);
}

static void test_defer(void **state)
{
	(void)state;
	line_defer(1);
	assert_true(masked[9]);
	line_resume(0, 0);
	assert_true(masked[9]);
	line_resume(1, 0);
	assert_false(masked[9]);
	line_resume(1, 0);
	assert_int_equal(writes, 2);
}

/* Another VP of the owner, on another LP, ends a level interrupt: the line
 * does not come back before its owner's slot. */
static void test_deferred_until_the_slot(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		line_mask(0);
		line_defer(0);
		line_unmask(0);
		assert_true(masked[4]);
		line_mask(0);
		line_unmask(0);
		assert_true(masked[4]);
		line_resume(0, 0);
		assert_false(masked[4]);
	}
}

/* And the other way round: the slot comes, the EOI does not yet. */
static void test_held_in_the_slot(void **state)
{
	(void)state;
	line_mask(0);
	line_defer(0);
	line_resume(0, 0);
	assert_true(masked[4]);
	line_unmask(0);
	assert_false(masked[4]);
}

/* The slot of a VP on another LP opens no line that does not go there. */
static void test_resume_is_of_one_lp(void **state)
{
	(void)state;
	line_defer(0);
	line_defer(2);
	line_defer(3);
	line_resume(0, 1);
	assert_true(masked[4] && masked[3] && !masked[7]);
	line_resume(0, 0);
	assert_false(masked[4] || masked[3]);
}

static void test_close(void **state)
{
	(void)state;
	line_defer(0);
	line_close(0);
	assert_true(masked[4] && masked[7] && masked[3] && !masked[9]);
	line_resume(0, 0);
	line_resume(0, 1);
	assert_true(masked[4] && masked[7] && masked[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_start, setup),
		cmocka_unit_test_setup(test_find, setup),
		cmocka_unit_test_setup(test_mask, setup),
		cmocka_unit_test_setup(test_defer, setup),
		cmocka_unit_test_setup(test_deferred_until_the_slot, setup),
		cmocka_unit_test_setup(test_held_in_the_slot, setup),
		cmocka_unit_test_setup(test_resume_is_of_one_lp, setup),
		cmocka_unit_test_setup(test_close, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
