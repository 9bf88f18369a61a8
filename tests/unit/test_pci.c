/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/cpu/pci.c */
/* Bus mastering, over a made-up tree of functions behind ports cf8 and cfc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cpu/log.h"
#include "cpu/pci.h"
#include "cpu/port.h"

#define FUNCTION(bus, device, function) \
	((bus) << 8 | (device) << 3 | (function))

static uint32_t space[0x10000][4];	/* the first 16 bytes of each */
static uint32_t address;
static uint32_t write_count;
static char line[200];

void port_out32(uint16_t port, uint32_t v)
{
	uint32_t function = address >> 8 & 0xffff;
	uint32_t *status;

	if (port == 0xcf8) {
		address = v;
		return;
	}
	assert_int_equal(port, 0xcfc);
	assert_int_equal(address & 0xff, 4);
	status = &space[function][1];
	/* Status: written ones clear. */
	*status = (*status & 0xffff0000 & ~v) | (v & 0xffff);
	write_count++;
}

uint32_t port_in32(uint16_t port)
{
	const uint32_t *function = space[address >> 8 & 0xffff];

	assert_int_equal(port, 0xcfc);
	assert_true(address >> 31);
	return function[0] == 0 ? 0xffffffff : function[address % 16 / 4];
}

void log_line(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
}

static void put(uint32_t at, uint32_t command, bool many)
{
	space[at][0] = 0x12348086;
	space[at][1] = 0xf9000000 | command;
	space[at][3] = many ? 0x800000 : 0;
}

static void run(const char *said)
{
	write_count = 0;
	pci_quiet();
	assert_string_equal(line, said);
}

static void nothing_is_there(void **state)
{
	memset(space, 0, sizeof(space));
	run("bus mastering switched off in 0 of 0 PCI functions");
	assert_int_equal(write_count, 0);
}

static void each_that_masters_the_bus(void **state)
{
	memset(space, 0, sizeof(space));
	put(FUNCTION(0, 0, 0), 0x0007, false);
	put(FUNCTION(0, 31, 0), 0x0003, true);
	put(FUNCTION(0, 31, 7), 0x0407, false);
	put(FUNCTION(255, 31, 0), 0x0004, true);
	put(FUNCTION(255, 31, 5), 0xffff, false);
	/* Behind a device that says it has one function: an alias of it. */
	put(FUNCTION(0, 0, 3), 0x0004, false);
	run("bus mastering switched off in 4 of 5 PCI functions");
	assert_int_equal(write_count, 4);
	/* Nothing else of command, and nothing of status, is changed. */
	assert_int_equal(space[FUNCTION(0, 0, 0)][1], 0xf9000003);
	assert_int_equal(space[FUNCTION(0, 31, 0)][1], 0xf9000003);
	assert_int_equal(space[FUNCTION(0, 31, 7)][1], 0xf9000403);
	assert_int_equal(space[FUNCTION(255, 31, 0)][1], 0xf9000000);
	assert_int_equal(space[FUNCTION(255, 31, 5)][1], 0xf900fffb);
	assert_int_equal(space[FUNCTION(0, 0, 3)][1], 0xf9000004);
	run("bus mastering switched off in 0 of 5 PCI functions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_there),
		cmocka_unit_test(each_that_masters_the_bus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
