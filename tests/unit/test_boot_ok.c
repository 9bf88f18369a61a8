/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/core/boot_ok.c */
/* The report of a good boot: from all that can, once, one bit of the CMOS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/partition.h"
#include "core/vp.h"
#include "cpu/log.h"
#include "cpu/port.h"

#define CMOS 0x60
#define MASK 0x10

struct partition partition_table[3];
const struct partition_config partition_configs[3] = {
	{ .name = "a" }, { .name = "b" }, { .name = "c" }
};
const struct machine_config machine_config = {
	.boot_ok_count = 2, .boot_ok_cmos = CMOS, .boot_ok_mask = MASK
};
static uint8_t cmos[128];
static uint8_t cmos_index;
static unsigned said_count;

void log_line(const char *format, ...)
{
	(void)format;
	said_count++;
}

uint8_t port_in8(uint16_t port)
{
	assert_int_equal(port, 0x71);
	return cmos[cmos_index];
}

void port_out8(uint16_t port, uint8_t v)
{
	if (port == 0x70) {
		/* Not with NMIs masked. */
		assert_in_range(v, 0, 127);
		cmos_index = v;
		return;
	}
	assert_int_equal(port, 0x71);
	cmos[cmos_index] = v;
}

static void report(uint32_t partition)
{
	struct vp vp = { .partition = partition };

	partition_report_boot(&vp);
}

static void test_all_must_report(void **state)
{
	(void)state;
	cmos[CMOS] = 0x81;
	report(0);
	report(0);
	assert_int_equal(said_count, 1);
	assert_int_equal(cmos[CMOS], 0x81);
	report(2);
	assert_int_equal(cmos[CMOS], 0x81 | MASK);
	assert_int_equal(said_count, 3);
	/* The next boot is the boot loader's again: nothing sets it twice. */
	cmos[CMOS] = 0;
	report(0);
	report(2);
	assert_int_equal(cmos[CMOS], 0);
	assert_int_equal(said_count, 3);
	for (unsigned i = 0; i < sizeof(cmos); i++) {
		assert_int_equal(cmos[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_must_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
