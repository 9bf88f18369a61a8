/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/cpu/boot_info.c */
/* The loader's memory map: both forms, odd ones, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "cpu/boot_info.h"

#define MAGIC1 0x2badb002u
#define MAGIC2 0x36d76289u

static uint8_t *low;			/* a page below 4 GiB */
static uint32_t used;

static uint32_t address(void)
{
	return (uint32_t)(uintptr_t)low;
}

static int setup(void **state)
{
	(void)state;
	if (low == NULL) {
		low = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		assert_ptr_not_equal(low, MAP_FAILED);
	}
	memset(low, 0, 65536);
	used = 0;
	boot_map_count = 0;
	boot_module_count = 0;
	return 0;
}

static void put(uint64_t value, unsigned size)
{
	memcpy(low + used, &value, size);
	used += size;
}

static void put_range(uint64_t base, uint64_t length, uint32_t type)
{
	put(base, 8);
	put(length, 8);
	put(type, 4);
}

/* Multiboot 1: the map behind 64 bytes of info. */
static enum hv_err keep1(void)
{
	uint32_t flags = 1u << 6;
	uint32_t size = used - 64;
	uint32_t at = address() + 64;

	memcpy(low, &flags, 4);
	memcpy(low + 44, &size, 4);
	memcpy(low + 48, &at, 4);
	return boot_info_keep(MAGIC1, address());
}

static void test_multiboot1(void **state)
{
	(void)state;
	used = 64;
	put(20, 4);
	put_range(0, 0x9fc00, 1);
	put(24, 4);			/* an entry with more in it */
	put_range(0xf0000, 0x10000, 2);
	put(0, 4);
	put(20, 4);
	put_range(0x100000, 0x7ff00000, 1);
	assert_int_equal(keep1(), HV_OK);
	assert_int_equal(boot_map_count, 3);
	assert_int_equal(boot_map[1].base, 0xf0000);
	assert_int_equal(boot_map[1].end, 0x100000);
	assert_int_equal(boot_map[1].type, 2);
	assert_int_equal(boot_map[2].end, 0x80000000);
}

/* A count and a list; only with the flag that says that they are there. */
static void test_multiboot1_modules(void **state)
{
	const uint32_t list[] = { 0x200000, 0x200abc, 1, 0, 0x3000, 0x3001,
				  0, 0, 9, 8, 0, 0 };
	uint32_t flags = 1u << 6 | 1u << 3;
	uint32_t at = address() + 4096;
	uint32_t count = 3;

	(void)state;
	memcpy(low + 4096, list, sizeof(list));
	memcpy(low + 20, &count, 4);
	memcpy(low + 24, &at, 4);
	used = 64;
	assert_int_equal(keep1(), HV_OK);
	assert_int_equal(boot_module_count, 0);
	memcpy(low, &flags, 4);
	assert_int_equal(boot_info_keep(MAGIC1, address()), HV_OK);
	assert_int_equal(boot_module_count, 3);
	assert_int_equal(boot_modules[0].base, 0x200000);
	assert_int_equal(boot_modules[0].end, 0x200abc);
	assert_int_equal(boot_modules[1].base, 0x3000);
	assert_int_equal(boot_modules[1].end, 0x3001);
	/* One that ends before it begins has no bytes. */
	assert_int_equal(boot_modules[2].end, boot_modules[2].base);
}

/* Tags of modules before and behind the map, with texts of any length. */
static void test_multiboot2_modules(void **state)
{
	uint32_t total;

	(void)state;
	put(0, 8);
	for (unsigned i = 0; i < 40; i++) {
		if (i == 1) {
			put(6, 4);
			put(16 + 24, 4);
			put(24, 4);
			put(0, 4);
			put_range(0x100000, 0x100000, 1);
			put(0, 4);
		}
		put(3, 4);
		put(16 + i % 9 + 1, 4);
		put(0x100000 + i * 0x1000, 4);
		put(0x100100 + i * 0x1000, 4);
		used += (i % 9 + 8) / 8 * 8;
	}
	put(0, 4);
	put(8, 4);
	total = used;
	memcpy(low, &total, 4);
	assert_int_equal(boot_info_keep(MAGIC2, address()), HV_OK);
	assert_int_equal(boot_map_count, 1);
	/* More than are kept, but all are counted. */
	assert_int_equal(boot_module_count, 40);
	assert_int_equal(boot_modules[0].base, 0x100000);
	assert_int_equal(boot_modules[31].end, 0x11f100);
}

static void test_multiboot1_without_map(void **state)
{
	(void)state;
	assert_int_equal(boot_info_keep(MAGIC1, address()), HV_ERR_STATE);
	assert_int_equal(boot_info_keep(1, address()), HV_ERR_UNSUPPORTED);
}

static void test_multiboot2(void **state)
{
	uint32_t total;

	(void)state;
	put(0, 8);
	put(1, 4);			/* a command line, padded */
	put(8 + 3, 4);
	put(0x006162, 8);
	put(6, 4);
	put(16 + 2 * 24, 4);
	put(24, 4);
	put(0, 4);
	put_range(0x100000, 0x100000, 1);
	put(0, 4);
	put_range(0x300000, 0x1000, 4);
	put(0, 4);
	put(0, 4);
	put(8, 4);
	total = used;
	memcpy(low, &total, 4);
	assert_int_equal(boot_info_keep(MAGIC2, address()), HV_OK);
	assert_int_equal(boot_map_count, 2);
	assert_int_equal(boot_map[1].base, 0x300000);
	assert_int_equal(boot_map[1].type, 4);
	/* no map, or the end before it */
	low[8 + 16] = 7;
	assert_int_equal(boot_info_keep(MAGIC2, address()), HV_ERR_STATE);
	low[8] = 0;
	low[8 + 16] = 6;
	assert_int_equal(boot_info_keep(MAGIC2, address()), HV_ERR_STATE);
}

static void test_too_many(void **state)
{
	(void)state;
	used = 64;
	for (unsigned i = 0; i <= BOOT_MAP_MAX; i++) {
		put(20, 4);
		put_range(i * 0x1000, 0x1000, 1);
	}
	assert_int_equal(keep1(), HV_ERR_FULL);
}

/* Whatever lies above stays reserved, however long it says it is. */
static void test_up_to_the_end(void **state)
{
	struct boot_range rival;

	(void)state;
	used = 64;
	put(20, 4);
	put_range(0, UINT64_MAX, 1);
	put(20, 4);
	put_range(0xfd00000000, 0 - 0xfd00000000ull, 2);
	put(20, 4);
	put_range(0x1000, 0, 2);
	put(20, 4);
	put_range(0xff00000000, UINT64_MAX, 5);
	assert_int_equal(keep1(), HV_OK);
	assert_int_equal(boot_map_count, 3);
	assert_true(boot_info_is_ram(0, 0xfd00000000, &rival));
	assert_false(boot_info_is_ram(0xfd00000000, 0xfd00001000, &rival));
	assert_int_equal(rival.type, 2);
	assert_int_equal(boot_map[2].end, UINT64_MAX);
}

static void add(uint64_t base, uint64_t end, uint32_t type)
{
	boot_map[boot_map_count++] = (struct boot_range){ base, end, type };
}

static void test_is_ram(void **state)
{
	struct boot_range rival;

	(void)state;
	/* in no order, and one that overlaps */
	add(0x200000, 0x300000, 1);
	add(0x100000, 0x200000, 1);
	add(0x280000, 0x400000, 1);
	add(0x380000, 0x381000, 3);
	assert_true(boot_info_is_ram(0x100000, 0x380000, &rival));
	assert_false(boot_info_is_ram(0x100000, 0x380001, &rival));
	assert_int_equal(rival.type, 3);
	assert_true(boot_info_is_ram(0x381000, 0x400000, &rival));
	assert_false(boot_info_is_ram(0x381000, 0x400001, &rival));
	assert_int_equal(rival.type, 0);
	assert_int_equal(rival.base, 0x400000);
	assert_false(boot_info_is_ram(0xff000, 0x101000, &rival));
	assert_int_equal(rival.base, 0xff000);
}

static void test_low_page(void **state)
{
	(void)state;
	assert_int_equal(boot_info_low_page(), 0);
	add(0, 0x9fc00, 1);
	assert_int_equal(boot_info_low_page(), 0x9e000);
	add(0x9d800, 0x9fc00, 2);
	assert_int_equal(boot_info_low_page(), 0x9c000);
	add(0x1000, 0x9d800, 2);
	/* never the page of the real-mode vectors */
	assert_int_equal(boot_info_low_page(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_multiboot1, setup),
		cmocka_unit_test_setup(test_multiboot1_modules, setup),
		cmocka_unit_test_setup(test_multiboot1_without_map, setup),
		cmocka_unit_test_setup(test_multiboot2, setup),
		cmocka_unit_test_setup(test_multiboot2_modules, setup),
		cmocka_unit_test_setup(test_too_many, setup),
		cmocka_unit_test_setup(test_up_to_the_end, setup),
		cmocka_unit_test_setup(test_is_ram, setup),
		cmocka_unit_test_setup(test_low_page, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
