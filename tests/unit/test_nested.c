/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/mem/nested.c hv/mem/nested_overlay.c tests/unit/fake_tables.c tests/unit/fake_tlb.c tests/unit/fake_hvmap.c tests/unit/fake_panic.c */
/*
 * Live nested tables: overlays against a naive model, the bytes that are left
 * behind, the pool's worst case, and what LPs may still remember.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/id.h"
#include "fake_tables.h"
#include "fake_tlb.h"
#include "mem/nested.h"

#define RW (NESTED_READ | NESTED_WRITE)
#define RX (NESTED_READ | NESTED_EXECUTE)
#define HOLE_2M 0x10000000ull		/* no table at level 1 and below */
#define HOLE_1G 0x80000000ull
#define HOLE_512G 0x8000000000ull

static int setup(void **state)
{
	(void)state;
	fake_tlb_reset();
	fake_tables_reset();
	return 0;
}

static struct flush_token map(uint32_t partition, uint32_t id, uint64_t at,
			      unsigned page, uint32_t rights)
{
	struct flush_token token;

	assert_int_equal(nested_map_overlay(partition, id, gpa(at),
					    fake_overlay_page(page), rights,
					    &token), HV_OK);
	assert_int_equal(token.partition, partition);
	assert_int_equal(token.generation, nested_generation(partition));
	return token;
}

static struct flush_token unmap(uint32_t partition, uint32_t id)
{
	struct flush_token token = nested_unmap_overlay(partition, id);

	assert_int_equal(token.partition, partition);
	return token;
}

static void assert_leaf(struct nested_leaf is, struct nested_leaf want)
{
	assert_int_equal(is.rights, want.rights);
	assert_int_equal(is.spa.v, want.spa.v);
	assert_int_equal(is.overlay, want.overlay);
	assert_int_equal(is.mmio, want.mmio);
}

static void assert_base(uint32_t partition, uint64_t at)
{
	assert_leaf(nested_walk(partition, gpa(at)),
		    fake_tables_base(partition, at));
}

static void assert_overlay(uint32_t partition, uint64_t at, unsigned page,
			   uint32_t rights)
{
	struct nested_leaf leaf = nested_walk(partition, gpa(at));

	assert_true(leaf.overlay);
	assert_false(leaf.mmio);
	assert_int_equal(leaf.size, PAGE_SIZE);
	assert_int_equal(leaf.rights, rights);
	assert_int_equal(leaf.spa.v,
			 fake_overlay_page(page).v + (at & PAGE_MASK));
}

/* The tables that the compiler emitted are in the pool, bit by bit. */
static void assert_initial(uint32_t partition)
{
	const struct partition_config *config = &partition_configs[partition];

	assert_memory_equal(config->nested_pool, config->nested_initial,
			    config->nested_initial_count * PAGE_SIZE);
}

/* ---- walk -------------------------------------------------------------- */

static const uint64_t edges[] = {
	0, 0xfff, 0x1000, FAKE_RAM_4K, 0x9ffff, 0xa0000, FAKE_HOLE_4K,
	FAKE_MMIO_4K, 0xff000, 0x100000, 0x1fffff, FAKE_RAM_2M, 0x3fffff,
	FAKE_READ_ONLY, 0x5fffff, FAKE_MMIO_2M, 0x7fffff, 0x800000, HOLE_2M,
	0x3fffffff, FAKE_RAM_1G, 0x7fffffff, HOLE_1G, HOLE_512G,
	0xffffffffff
};

static void test_walk(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(edges); i++) {
		struct nested_leaf leaf = nested_walk(1, gpa(edges[i]));

		assert_base(1, edges[i]);
		assert_int_equal(leaf.size,
				 fake_tables_base(1, edges[i]).size);
	}
	assert_int_equal(nested_root(1).v,
			 (uintptr_t)partition_configs[1].nested_pool);
}

/* Beyond the width nothing aliases to what lies below it. */
static void test_walk_beyond_width(void **state)
{
	(void)state;
	assert_int_equal(nested_walk(1, gpa(1ull << 40)).rights, 0);
	assert_int_equal(nested_walk(1, gpa(1ull << 47)).rights, 0);
	assert_int_equal(nested_walk(0, gpa(1ull << 48)).rights, 0);
	assert_int_equal(nested_walk(0, gpa(1ull << 63)).rights, 0);
	assert_int_equal(nested_walk(0, gpa(UINT64_MAX)).rights, 0);
}

/* ---- overlays ---------------------------------------------------------- */

static const uint64_t places[] = {
	FAKE_RAM_4K, FAKE_MMIO_4K, FAKE_HOLE_4K, FAKE_RAM_2M,
	FAKE_RAM_2M + 0x1ff000, FAKE_READ_ONLY + 0x7000, FAKE_MMIO_2M,
	HOLE_2M, FAKE_RAM_1G, FAKE_RAM_1G + 0x3ffff000, HOLE_1G, HOLE_512G,
	0xfffffff000
};

static void test_one_overlay(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
		uint64_t at = places[i];

		fake_tlb_consume(map(1, 3, at + 0x123, 7, RX));
		assert_overlay(1, at, 7, RX);
		assert_overlay(1, at + 0xfff, 7, RX);
		if (at != 0) {
			assert_base(1, at - 1);
		}
		assert_base(1, at + 0x1000);
		for (unsigned k = 0; k < ARRAY_COUNT(edges); k++) {
			if (edges[k] >> 12 != at >> 12) {
				assert_base(1, edges[k]);
			}
		}
		fake_tlb_consume(unmap(1, 3));
		assert_base(1, at);
		assert_initial(1);
		assert_int_equal(nested_walk(1, gpa(at)).size,
				 fake_tables_base(1, at).size);
	}
}

static void test_rights(void **state)
{
	static const uint32_t rights[] = {
		NESTED_READ, RW, RX, RW | NESTED_EXECUTE
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(rights); i++) {
		struct fake_leaf leaf;

		fake_tlb_consume(map(1, 0, HOLE_1G, 1, rights[i]));
		assert_overlay(1, HOLE_1G, 1, rights[i]);
		leaf = fake_tlb_access(0, 1, HOLE_1G);
		assert_true(leaf.present);
		assert_int_equal(leaf.write, (rights[i] & NESTED_WRITE) != 0);
		assert_int_equal(leaf.execute,
				 (rights[i] & NESTED_EXECUTE) != 0);
		fake_tlb_consume(unmap(1, 0));
	}
}

static void test_newest_is_visible(void **state)
{
	const uint64_t at = FAKE_RAM_2M + 0x5000;

	(void)state;
	/* Where within the page does not matter. */
	fake_tlb_consume(map(1, 5, at, 5, RW));
	fake_tlb_consume(map(1, 2, at + 0x10, 2, RX));
	fake_tlb_consume(map(1, 7, at + 0xfff, 7, RW));
	assert_overlay(1, at, 7, RW);
	/* One in the middle goes: nothing is seen of it. */
	fake_tlb_consume(unmap(1, 2));
	assert_overlay(1, at, 7, RW);
	/* It comes again, and is now the newest. */
	fake_tlb_consume(map(1, 2, at, 3, RX));
	assert_overlay(1, at, 3, RX);
	fake_tlb_consume(unmap(1, 2));
	assert_overlay(1, at, 7, RW);
	fake_tlb_consume(unmap(1, 7));
	assert_overlay(1, at, 5, RW);
	fake_tlb_consume(unmap(1, 5));
	assert_base(1, at);
	assert_initial(1);
}

/* A split stays as long as one overlay needs it. */
static void test_shared_split(void **state)
{
	const uint64_t at = FAKE_RAM_1G + 0x200000;

	(void)state;
	fake_tlb_consume(map(1, 0, at, 0, RW));
	fake_tlb_consume(map(1, 1, at + 0x1000, 1, RW));
	fake_tlb_consume(map(1, 2, at + 0x200000, 2, RW));
	fake_tlb_consume(unmap(1, 0));
	assert_base(1, at);
	assert_int_equal(nested_walk(1, gpa(at)).size, 0x1000);
	assert_overlay(1, at + 0x1000, 1, RW);
	fake_tlb_consume(unmap(1, 1));
	assert_int_equal(nested_walk(1, gpa(at)).size, 0x200000);
	assert_overlay(1, at + 0x200000, 2, RW);
	assert_base(1, FAKE_RAM_1G + 0x3ff00000);
	fake_tlb_consume(unmap(1, 2));
	assert_int_equal(nested_walk(1, gpa(at)).size, 0x40000000);
	assert_initial(1);
}

static void test_refusals(void **state)
{
	uint64_t generation = nested_generation(1);
	struct flush_token token;

	(void)state;
	assert_int_equal(nested_map_overlay(1, 0, gpa(1ull << 40),
					    fake_overlay_page(0), RW, &token),
			 HV_ERR_RANGE);
	assert_int_equal(token.generation, 0);
	assert_int_equal(nested_unmap_overlay(1, 0).generation, 0);
	assert_int_equal(nested_generation(1), generation);

	map(1, 0, FAKE_RAM_4K, 1, RW);
	generation = nested_generation(1);
	assert_int_equal(nested_map_overlay(1, 0, gpa(HOLE_1G),
					    fake_overlay_page(0), RW, &token),
			 HV_ERR_STATE);
	assert_int_equal(token.generation, 0);
	assert_int_equal(nested_generation(1), generation);
	assert_overlay(1, FAKE_RAM_4K, 1, RW);
	assert_base(1, HOLE_1G);

	/* A caller's mistake is not a guest's. */
	expect_assert_failure((void)map(1, FAKE_OVERLAYS_1, HOLE_1G, 1, RW));
	expect_assert_failure((void)unmap(1, FAKE_OVERLAYS_1));
	expect_assert_failure((void)map(1, 4, HOLE_1G, 1, NESTED_WRITE));
	/* The other partitions never noticed. */
	assert_initial(0);
	assert_initial(2);
	map(1, FAKE_OVERLAYS_1 - 1, FAKE_RAM_4K, 2, RW);
	assert_overlay(1, FAKE_RAM_4K, 2, RW);
}

static void test_generation(void **state)
{
	uint64_t generation = nested_generation(1);

	(void)state;
	assert_true(generation > 0);
	assert_int_equal(map(1, 0, HOLE_1G, 0, RW).generation, generation + 1);
	assert_int_equal(unmap(1, 0).generation, generation + 2);
	assert_int_equal(nested_restore(1).generation, generation + 3);
	assert_int_equal(nested_generation(1), generation + 3);
}

/* ---- the pool ---------------------------------------------------------- */

/* Address of the nth of places that share no table but the root. */
static uint64_t far(unsigned n)
{
	return HOLE_512G * (n + 1) + HOLE_1G * n + 0x7000ull * n;
}

/* Pages of the pool in use: the root, and those that some entry leads to. */
static unsigned pool_used(uint32_t partition)
{
	const struct partition_config *config = &partition_configs[partition];
	const uint64_t *entry = (const uint64_t *)config->nested_pool;
	uint64_t first = (uintptr_t)entry;
	uint64_t size = config->nested_pool_count * PAGE_SIZE;
	unsigned used = 1;

	for (uint64_t i = 0; i < size / sizeof(*entry); i++) {
		used += (entry[i] & 0xffffffffff000ull) - first < size;
	}
	return used;
}

static void test_pool_worst_case(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < FAKE_OVERLAYS_0; i++) {
			fake_tlb_consume(map(0, i, far(i), i, RW));
		}
		/* To the last page, which is what the compiler counts on. */
		assert_int_equal(pool_used(0),
				 partition_configs[0].nested_pool_count);
		for (unsigned i = 0; i < FAKE_OVERLAYS_0; i++) {
			assert_overlay(0, far(i), i, RW);
			/* Move it: what it gave back suffices. */
			fake_tlb_consume(unmap(0, i));
			fake_tlb_consume(map(0, i, far(i + 10 + turn), i, RX));
			assert_overlay(0, far(i + 10 + turn), i, RX);
			assert_base(0, far(i));
		}
		for (unsigned i = 0; i < FAKE_OVERLAYS_0; i++) {
			fake_tlb_consume(unmap(0, i));
		}
		assert_int_equal(pool_used(0), FAKE_INITIAL_TABLES);
		assert_initial(0);
	}
}

static void test_pool_exhausted(void **state)
{
	const struct partition_config *config = &partition_configs[2];
	const size_t size = config->nested_pool_count * PAGE_SIZE;
	uint8_t *before = malloc(size);
	struct flush_token token;

	(void)state;
	for (unsigned i = 0; i + 1 < FAKE_OVERLAYS_0; i++) {
		fake_tlb_consume(map(2, i, far(i), i, RW));
	}
	memcpy(before, config->nested_pool, size);
	assert_int_equal(nested_map_overlay(2, 4, gpa(far(4)),
					    fake_overlay_page(4), RW, &token),
			 HV_ERR_FULL);
	assert_int_equal(token.generation, 0);
	assert_memory_equal(config->nested_pool, before, size);
	assert_base(2, far(4));
	/* Nothing is half taken: one that needs two tables still fits. */
	fake_tlb_consume(map(2, 4, HOLE_1G, 4, RW));
	assert_overlay(2, HOLE_1G, 4, RW);
	fake_tlb_consume(unmap(2, 4));

	/* Tables given back are usable when LPs have flushed, not before. */
	token = unmap(2, 1);
	assert_int_equal(nested_map_overlay(2, 4, gpa(far(4)),
					    fake_overlay_page(4), RW,
					    &(struct flush_token){ 0 }),
			 HV_ERR_FULL);
	fake_tlb_consume(token);
	fake_tlb_consume(map(2, 4, far(4), 4, RW));
	assert_overlay(2, far(4), 4, RW);

	/* Tokens may be consumed in any order. */
	token = unmap(2, 2);
	fake_tlb_consume(unmap(2, 3));
	nested_flush_done(token);
	(void)map(2, 3, far(7), 3, RW);
	(void)map(2, 2, far(8), 2, RW);
	free(before);
}

/* ---- restore ----------------------------------------------------------- */

static void test_restore(void **state)
{
	const struct partition_config *config = &partition_configs[1];
	static const uint8_t zero[PAGE_SIZE];
	struct flush_token token;

	(void)state;
	for (unsigned i = 0; i < FAKE_OVERLAYS_1; i++) {
		fake_tlb_consume(map(1, i, places[i + 3], i, RW));
	}
	token = nested_restore(1);
	assert_int_equal(token.generation, nested_generation(1));
	fake_tlb_consume(token);
	assert_initial(1);
	for (uint32_t i = config->nested_initial_count;
	     i < config->nested_pool_count; i++) {
		assert_memory_equal(config->nested_pool[i], zero, PAGE_SIZE);
	}
	for (unsigned i = 0; i < FAKE_OVERLAYS_1; i++) {
		assert_base(1, places[i + 3]);
		assert_int_equal(unmap(1, i).generation, 0);
	}
	/* All tables are free again, at once. */
	for (unsigned i = 0; i < FAKE_OVERLAYS_0; i++) {
		(void)map(0, i, far(i), i, RW);
	}
	token = nested_restore(0);
	for (unsigned i = 0; i < FAKE_OVERLAYS_0; i++) {
		(void)map(0, i, far(i + 5), i, RW);
	}
}

/* ---- what LPs remember ------------------------------------------------- */

/* Where LPs look, in the scenarios below. */
static const uint64_t looks[] = {
	FAKE_RAM_4K, FAKE_RAM_2M, FAKE_RAM_2M + 0x1000, FAKE_RAM_1G,
	FAKE_RAM_1G + 0x200000, FAKE_HOLE_4K, HOLE_1G, HOLE_1G + 0x1000
};

static void touch_all(void)
{
	for (uint32_t lp = 0; lp < FAKE_TLB_LPS; lp++) {
		for (unsigned i = 0; i < ARRAY_COUNT(looks); i++) {
			(void)fake_tlb_access(lp, 1, looks[i]);
		}
	}
}

/* How often an LP sees something else than the live tables say. */
static unsigned count_stale(void)
{
	unsigned stale = 0;

	for (uint32_t lp = 0; lp < FAKE_TLB_LPS; lp++) {
		for (unsigned i = 0; i < ARRAY_COUNT(looks); i++) {
			struct fake_leaf sees =
				fake_tlb_access(lp, 1, looks[i]);
			struct nested_leaf is = nested_walk(1, gpa(looks[i]));

			stale += sees.present != (is.rights != 0) ||
				 sees.spa != is.spa.v ||
				 sees.write !=
				 ((is.rights & NESTED_WRITE) != 0);
		}
	}
	return stale;
}

enum change {
	MAP_4K, MAP_2M, MAP_1G, MAP_SECOND, UNMAP_4K, UNMAP_2M, UNMAP_1G,
	UNMAP_HOLE, UNMAP_TOP, RESTORE, CHANGE_COUNT
};

/* What has to be there before. */
static void prepare(enum change change)
{
	switch (change) {
	case MAP_4K:
	case MAP_2M:
	case MAP_1G:
		break;
	case MAP_SECOND:
	case UNMAP_4K:
	case RESTORE:
		fake_tlb_consume(map(1, 0, FAKE_RAM_4K, 0, RW));
		break;
	case UNMAP_2M:
		fake_tlb_consume(map(1, 0, FAKE_RAM_2M, 0, RW));
		break;
	case UNMAP_1G:
		fake_tlb_consume(map(1, 0, FAKE_RAM_1G, 0, RW));
		break;
	case UNMAP_HOLE:
		fake_tlb_consume(map(1, 0, HOLE_1G, 0, RW));
		break;
	case UNMAP_TOP:
		fake_tlb_consume(map(1, 1, HOLE_1G, 1, RW));
		fake_tlb_consume(map(1, 0, HOLE_1G, 0, RW));
		break;
	case CHANGE_COUNT:
		fail();
	}
}

static struct flush_token apply(enum change change)
{
	switch (change) {
	case MAP_2M:
		return map(1, 1, FAKE_RAM_2M, 1, RW);
	case MAP_1G:
		return map(1, 1, FAKE_RAM_1G, 1, RW);
	case MAP_4K:
	case MAP_SECOND:
		return map(1, 1, FAKE_RAM_4K, 1, RW);
	case UNMAP_4K:
	case UNMAP_2M:
	case UNMAP_1G:
	case UNMAP_HOLE:
	case UNMAP_TOP:
		return unmap(1, 0);
	case RESTORE:
		return nested_restore(1);
	case CHANGE_COUNT:
		break;
	}
	fail();
	return (struct flush_token){ 0 };
}

static unsigned run_change(enum change change, enum fake_tlb_fault fault,
			   uint32_t lp)
{
	setup(NULL);
	prepare(change);
	touch_all();
	assert_int_equal(count_stale(), 0);
	fake_tlb_inject(fault, lp);
	fake_tlb_consume(apply(change));
	return count_stale();
}

static void test_every_flush_is_needed(void **state)
{
	(void)state;
	for (enum change change = 0; change < CHANGE_COUNT; change++) {
		assert_int_equal(run_change(change, FAKE_TLB_RIGHT, 0), 0);
		assert_true(run_change(change, FAKE_TLB_LOSE_TOKEN, 0) >=
			    FAKE_TLB_LPS);
		for (uint32_t lp = 0; lp < FAKE_TLB_LPS; lp++) {
			assert_int_not_equal(
				run_change(change, FAKE_TLB_SKIP_LP, lp), 0);
		}
	}
}

/* An LP that was out of the guest flushes when it enters. */
static void test_entry_sees_generation(void **state)
{
	(void)state;
	for (enum change change = 0; change < CHANGE_COUNT; change++) {
		assert_int_not_equal(
			run_change(change, FAKE_TLB_LOSE_TOKEN, 0), 0);
		for (uint32_t lp = 0; lp < FAKE_TLB_LPS; lp++) {
			fake_tlb_enter(lp, 1);
		}
		assert_int_equal(count_stale(), 0);
	}
}

/*
 * A table that was given back is still walked through cached upper entries.
 * Before the flush an LP may see what was, after it what is; never what the
 * table became for another address.
 */
static bool sees_foreign(enum fake_tlb_fault fault)
{
	const uint64_t a = HOLE_1G;
	const uint64_t b = HOLE_2M + 0x1000;
	struct flush_token token;
	struct fake_leaf leaf;

	setup(NULL);
	fake_tlb_consume(map(1, 0, a, 0, RW));
	assert_true(fake_tlb_access(1, 1, a).present);
	fake_tlb_inject(fault, 0);
	token = unmap(1, 0);
	if (fault == FAKE_TLB_DONE_EARLY) {
		fake_tlb_consume(token);
	}
	(void)map(1, 1, b, 1, RW);
	assert_overlay(1, b, 1, RW);
	/* Same place in a table as b's; there is nothing at this address. */
	leaf = fake_tlb_access(1, 1, a + 0x1000);
	return leaf.present;
}

static void test_tables_rest_until_flushed(void **state)
{
	(void)state;
	assert_false(sees_foreign(FAKE_TLB_RIGHT));
	assert_true(sees_foreign(FAKE_TLB_DONE_EARLY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_walk, setup),
		cmocka_unit_test_setup(test_walk_beyond_width, setup),
		cmocka_unit_test_setup(test_one_overlay, setup),
		cmocka_unit_test_setup(test_rights, setup),
		cmocka_unit_test_setup(test_newest_is_visible, setup),
		cmocka_unit_test_setup(test_shared_split, setup),
		cmocka_unit_test_setup(test_refusals, setup),
		cmocka_unit_test_setup(test_generation, setup),
		cmocka_unit_test_setup(test_pool_worst_case, setup),
		cmocka_unit_test_setup(test_pool_exhausted, setup),
		cmocka_unit_test_setup(test_restore, setup),
		cmocka_unit_test(test_every_flush_is_needed),
		cmocka_unit_test(test_entry_sees_generation),
		cmocka_unit_test(test_tables_rest_until_flushed),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	cpu_id_vendor = VENDOR_INTEL;
	return failed + cmocka_run_group_tests_name("EPT", tests, NULL, NULL);
}
