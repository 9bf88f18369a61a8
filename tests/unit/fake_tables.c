/* SPDX-License-Identifier: Apache-2.0 */
/* Three partitions' nested tables: see fake_tables.h. The bits are written
 * down once more here (APM2 5.3.3), on purpose. */
#include "fake_tables.h"

#include <string.h>

#include "cpu/id.h"
#include "fake_hvmap.h"

#define P 0x1ull
#define W 0x2ull
#define U 0x4ull
#define PWT 0x8ull
#define PCD 0x410ull		/* and ours: MMIO */
#define A 0x20ull
#define D 0x40ull
#define PS 0x80ull
#define NX (1ull << 63)
#define TABLE (P | W | U | A)
#define RAM (P | W | U | A | D)

typedef uint64_t table_t[CONFIG_TABLE_ENTRIES];

static table_t initial[FAKE_PARTITIONS][FAKE_INITIAL_TABLES] aligned_page;
static table_t pool0[FAKE_INITIAL_TABLES + 15] aligned_page;
static table_t pool1[FAKE_INITIAL_TABLES + 24] aligned_page;
static table_t pool2[FAKE_INITIAL_TABLES + 14] aligned_page;

#define PARTITION(n, first, vps, bits) {				\
	.name = "fake" #n, .vp_first = (first), .vp_count = (vps),	\
	.gpa_bits = (bits),						\
	.nested_initial = (const table_t *)initial[n],			\
	.ept_initial = (const table_t *)initial[n],			\
	.nested_pool = pool##n,						\
	.nested_initial_count = FAKE_INITIAL_TABLES,			\
	.nested_pool_count = ARRAY_COUNT(pool##n) }

const struct partition_config partition_configs[] = {
	PARTITION(0, 0, 1, 48),
	PARTITION(1, 1, 2, 40),
	PARTITION(2, 3, 1, 48),
};
const uint32_t partition_count = ARRAY_COUNT(partition_configs);

struct nested_state nested_states[FAKE_PARTITIONS];
struct nested_overlay nested_overlays[
	NESTED_OVERLAY_PER_PARTITION * FAKE_PARTITIONS +
	NESTED_OVERLAY_PER_VP * 4];

/* The same entry in the form of EPT (SDM3 28.2.2): read, write, execute; a
 * leaf's memory type; bits that are only ours stay. */
static uint64_t to_ept(uint64_t npt)
{
	uint64_t ept = npt & ~(U | PWT | 0x10 | A | D);

	if ((npt & NX) == 0) {
		ept |= 4;
	}
	if ((npt & D) != 0 && (npt & 0x10) == 0) {
		ept |= 6 << 3;
	}
	return ept;
}

static void build(uint32_t partition)
{
	table_t *table = initial[partition];
	table_t *pool = partition_configs[partition].nested_pool;
	uint64_t memory = fake_memory_spa();

	memset(table, 0, sizeof(initial[0]));
	table[0][0] = (uintptr_t)pool[1] | TABLE;
	table[1][0] = (uintptr_t)pool[2] | TABLE;
	table[1][1] = FAKE_RAM_1G_SPA | RAM | PS | NX;
	table[2][0] = (uintptr_t)pool[3] | TABLE;
	table[2][1] = (memory + 0x400000) | RAM | PS;
	table[2][2] = (memory + 0x200000) | (RAM & ~W) | PS;
	table[2][3] = 0xfe800000ull | RAM | PS | PCD | PWT | NX;
	for (unsigned i = 0; i < CONFIG_TABLE_ENTRIES; i++) {
		if (i < 0xa0 || i >= 0x100) {
			table[3][i] = (memory + (0x1ffull - i) * 4096) | RAM;
		}
	}
	table[3][0xfe] = 0xfee00000ull | RAM | PCD | PWT | NX;
	for (unsigned i = 0; cpu_id_is_intel() &&
	     i < FAKE_INITIAL_TABLES * CONFIG_TABLE_ENTRIES; i++) {
		uint64_t *entry = &table[i / CONFIG_TABLE_ENTRIES]
					[i % CONFIG_TABLE_ENTRIES];

		*entry = *entry == 0 ? 0 : to_ept(*entry);
	}
}

void fake_tables_reset(void)
{
	memset(nested_states, 0, sizeof(nested_states));
	memset(nested_overlays, 0, sizeof(nested_overlays));
	for (uint32_t i = 0; i < FAKE_PARTITIONS; i++) {
		/* A loader clears it; rubbish shows what is not written. */
		memset(partition_configs[i].nested_pool, 0xee,
		       partition_configs[i].nested_initial_count * PAGE_SIZE);
		memset(partition_configs[i].nested_pool[FAKE_INITIAL_TABLES],
		       0, (partition_configs[i].nested_pool_count -
			   FAKE_INITIAL_TABLES) * PAGE_SIZE);
		build(i);
		nested_flush_done(nested_restore(i));
	}
}

static struct nested_leaf leaf(uint64_t at, uint64_t address, uint64_t size,
			       uint32_t rights, bool mmio)
{
	return (struct nested_leaf){ spa(at + (address & (size - 1))), rights,
				     size, false, mmio };
}

struct nested_leaf fake_tables_base(uint32_t partition, uint64_t address)
{
	const uint32_t rw = NESTED_READ | NESTED_WRITE;
	const uint32_t all = rw | NESTED_EXECUTE;
	uint64_t memory = fake_memory_spa();
	uint64_t page = address / 4096;

	(void)partition;
	if (page == 0xfe) {
		return leaf(0xfee00000, address, 4096, rw, true);
	}
	if (page < 0xa0 || (page >= 0x100 && page < 0x200)) {
		return leaf(memory + (0x1ff - page) * 4096, address, 4096, all,
			    false);
	}
	if (page >= 0x200 && page < 0x400) {
		return leaf(memory + 0x400000, address, 0x200000, all, false);
	}
	if (page >= 0x400 && page < 0x600) {
		return leaf(memory + 0x200000, address, 0x200000,
			    NESTED_READ | NESTED_EXECUTE, false);
	}
	if (page >= 0x600 && page < 0x800) {
		return leaf(0xfe800000, address, 0x200000, rw, true);
	}
	if (page >= 0x40000 && page < 0x80000) {
		return leaf(FAKE_RAM_1G_SPA, address, 0x40000000, rw, false);
	}
	return (struct nested_leaf){ 0 };
}

spa_t fake_overlay_page(unsigned n)
{
	return spa(fake_memory_spa() + 0x600000 + n * PAGE_SIZE);
}
