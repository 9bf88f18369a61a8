/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/mem/nested.c hv/mem/nested_overlay.c tests/unit/fake_tables.c tests/unit/fake_tlb.c tests/unit/fake_hvmap.c tests/unit/fake_panic.c */
/*
 * Live nested tables: random sequences of maps, unmaps and restores against a
 * naive model, on every address of interest, with LPs that flush late. And
 * the entry format: splits join to what they were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/id.h"
#include "fake_hvmap.h"
#include "fake_tables.h"
#include "fake_tlb.h"
#include "mem/nested.h"
#include "mem/nested_format.h"

#define HOLE_2M 0x10000000ull		/* no table at level 1 and below */
#define HOLE_1G 0x80000000ull
#define HOLE_512G 0x8000000000ull

static void assert_leaf(struct nested_leaf is, struct nested_leaf want)
{
	assert_int_equal(is.rights, want.rights);
	assert_int_equal(is.spa.v, want.spa.v);
	assert_int_equal(is.overlay, want.overlay);
	assert_int_equal(is.mmio, want.mmio);
}

/* The tables that the compiler emitted are in the pool, bit by bit. */
static void assert_initial(uint32_t partition)
{
	const struct partition_config *config = &partition_configs[partition];

	assert_memory_equal(config->nested_pool, config->nested_initial,
			    config->nested_initial_count * PAGE_SIZE);
}

#define MODEL_TURNS 6000
#define HISTORY_MAX 64

static const uint64_t probes[] = {
	0, FAKE_RAM_4K, FAKE_MMIO_4K, FAKE_HOLE_4K, 0x1ff000,
	FAKE_RAM_2M, FAKE_RAM_2M + 0x1000, FAKE_RAM_2M + 0x1ff000,
	FAKE_READ_ONLY, FAKE_MMIO_2M + 0x4000, 0x800000, HOLE_2M,
	HOLE_2M + 0x1000, HOLE_2M + 0x200000, 0x3ffff000, FAKE_RAM_1G,
	FAKE_RAM_1G + 0x1000, FAKE_RAM_1G + 0x200000, 0x7ffff000, HOLE_1G,
	HOLE_1G + 0x3ffff000, HOLE_512G, HOLE_512G + 0x40000000, 0xfffffff000
};

static uint32_t random_state;

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state >> 3;
}

struct model_overlay {
	bool mapped;
	uint64_t at;
	unsigned page;
	uint32_t rights;
	unsigned age;
	struct flush_token pending;	/* of its last unmap */
};

static struct model_overlay model[FAKE_OVERLAYS_1];
static uint64_t history[ARRAY_COUNT(probes)][HISTORY_MAX];
static unsigned history_count[ARRAY_COUNT(probes)];

static struct nested_leaf model_walk(uint64_t at)
{
	const struct model_overlay *top = NULL;

	for (unsigned i = 0; i < FAKE_OVERLAYS_1; i++) {
		if (model[i].mapped && model[i].at == (at & ~PAGE_MASK) &&
		    (top == NULL || top->age < model[i].age)) {
			top = &model[i];
		}
	}
	if (top == NULL) {
		return fake_tables_base(1, at);
	}
	return (struct nested_leaf){
		spa(fake_overlay_page(top->page).v + (at & PAGE_MASK)),
		top->rights, PAGE_SIZE, true, false
	};
}

static void model_consume(struct flush_token token)
{
	fake_tlb_consume(token);
	if (token.generation == nested_generation(1)) {
		memset(history_count, 0, sizeof(history_count));
	}
}

/* Compares everything; LPs may be late, but only by what is pending. */
static void model_check(uint32_t lp)
{
	for (unsigned i = 0; i < ARRAY_COUNT(probes); i++) {
		struct nested_leaf want = model_walk(probes[i] + 0x18);
		struct fake_leaf sees;
		bool known = false;

		assert_leaf(nested_walk(1, gpa(probes[i] + 0x18)), want);
		assert_in_range(history_count[i], 0, HISTORY_MAX - 1);
		history[i][history_count[i]++] =
			want.rights != 0 ? want.spa.v : 0;
		sees = fake_tlb_access(lp, 1, probes[i] + 0x18);
		for (unsigned k = 0; k < history_count[i]; k++) {
			known |= history[i][k] == sees.spa;
		}
		assert_true(known);
	}
}

static struct flush_token map(unsigned id, const struct model_overlay *m)
{
	struct flush_token token;

	assert_int_equal(nested_map_overlay(1, id, gpa(m->at),
					    fake_overlay_page(m->page),
					    m->rights, &token), HV_OK);
	return token;
}

static void model_turn(unsigned turn)
{
	unsigned id = next_random() % FAKE_OVERLAYS_1;
	struct model_overlay *m = &model[id];
	struct flush_token token;

	if (m->mapped) {
		m->pending = nested_unmap_overlay(1, id);
		m->mapped = false;
	} else if (next_random() % 100 == 0) {
		memset(model, 0, sizeof(model));
		model_consume(nested_restore(1));
	} else {
		if (m->pending.generation != 0) {
			model_consume(m->pending);
			m->pending.generation = 0;
		}
		m->at = probes[next_random() % ARRAY_COUNT(probes)];
		m->page = next_random() % 32;
		m->rights = NESTED_READ | (next_random() & 6);
		m->age = turn + 1;
		token = map(id, m);
		m->mapped = true;
		if (next_random() % 2 == 0) {
			model_consume(token);
		}
	}
	if (history_count[0] > HISTORY_MAX / 2) {
		model_consume((struct flush_token){ 1,
						    nested_generation(1) });
	}
}

static void test_random_against_model(void **state)
{
	(void)state;
	random_state = 20240521;
	memset(model, 0, sizeof(model));
	memset(history_count, 0, sizeof(history_count));
	fake_tlb_reset();
	fake_tables_reset();
	for (unsigned turn = 0; turn < MODEL_TURNS; turn++) {
		model_turn(turn);
		model_check(turn % FAKE_TLB_LPS);
	}
	for (unsigned id = 0; id < FAKE_OVERLAYS_1; id++) {
		model_consume(nested_unmap_overlay(1, id));
	}
	assert_initial(1);
	assert_initial(0);
}

/* ---- the format -------------------------------------------------------- */

static void test_split_and_join(void **state)
{
	/* 1 GiB and 2 MiB leaves, with and without PAT; and not present. */
	static const uint64_t entries[][2] = {
		{ 2, 0x80000004c00000e7 }, { 2, 0x4c00010ff },
		{ 1, 0x00000004c00000e7 }, { 1, 0x4c02010f5 },
		{ 1, 0 }, { 2, 0xabcd0000 }
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(entries); i++) {
		unsigned level = (unsigned)entries[i][0];
		uint64_t entry = entries[i][1];

		assert_int_equal(nested_entry_join(
			nested_entry_split(entry, level), level), entry);
	}
	/* 2 MiB, PAT is bit 12: its pages have PAT in bit 7. */
	assert_int_equal(nested_entry_split(0x4c02010f5, 1), 0x4c02000f5);
	assert_int_equal(nested_entry_split(0x4c02000e5, 1), 0x4c0200065);
	assert_int_equal(nested_entry_step(0x4c02000e5, 1), 0x1000);
	/* 1 GiB: its parts are large leaves. */
	assert_int_equal(nested_entry_split(0x4c00010e7, 2), 0x4c00010e7);
	assert_int_equal(nested_entry_step(0x4c00010e7, 2), 0x200000);
	assert_int_equal(nested_entry_step(0, 2), 0);
}

/* Overlay 3, by page 7. */
static struct flush_token map_at(uint64_t at, uint32_t rights)
{
	struct flush_token token;

	assert_int_equal(nested_map_overlay(1, 3, gpa(at), fake_overlay_page(7),
					    rights, &token), HV_OK);
	return token;
}

/* The table that maps an address with 4 KiB leaves, and its entry. */
static uint64_t entry_of(uint64_t at, unsigned level)
{
	const uint64_t *table = partition_configs[1].nested_pool[0];
	uint64_t entry = 0;

	for (unsigned i = 4; i-- > level;) {
		entry = table[at >> (12 + 9 * i) & 511];
		table = (const uint64_t *)(uintptr_t)(entry &
						      0xffffffffff000ull);
	}
	return entry;
}

/* What is made at run time is in the processor's form, to the last bit. */
static void test_form(void **state)
{
	bool ept = cpu_id_is_intel();
	uint64_t own = 1ull << 11, no_execute = 1ull << 63;
	uint64_t page = fake_overlay_page(7).v;

	(void)state;
	fake_tlb_reset();
	fake_tables_reset();
	fake_tlb_consume(map_at(HOLE_1G, NESTED_READ | NESTED_EXECUTE));
	assert_int_equal(entry_of(HOLE_1G, 0),
			 page | own | (ept ? 0x35 : 0x65));
	for (unsigned level = 1; level < 3; level++) {
		assert_int_equal(entry_of(HOLE_1G, level) & PAGE_MASK,
				 ept ? 0x07 : 0x27);
	}
	fake_tlb_consume(nested_unmap_overlay(1, 3));
	fake_tlb_consume(map_at(FAKE_RAM_2M, NESTED_READ | NESTED_WRITE));
	assert_int_equal(entry_of(FAKE_RAM_2M, 0),
			 page | own | no_execute | (ept ? 0x33 : 0x67));
	/* Its neighbour: a page of the large leaf. */
	assert_int_equal(entry_of(FAKE_RAM_2M + 0x1000, 0) & PAGE_MASK,
			 ept ? 0x37 : 0x67);
	fake_tlb_consume(nested_unmap_overlay(1, 3));
	assert_int_equal(entry_of(FAKE_RAM_2M, 1) & PAGE_MASK,
			 ept ? 0xb7 : 0xe7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_against_model),
		cmocka_unit_test(test_split_and_join),
		cmocka_unit_test(test_form),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	cpu_id_vendor = VENDOR_INTEL;
	return failed + cmocka_run_group_tests_name("EPT", tests, NULL, NULL);
}
