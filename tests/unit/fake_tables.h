/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three partitions with nested tables for host tests, in one layout:
 *
 *   0 .. 0xa0000, 1 .. 2 MiB   RAM by 4 KiB, pages in reverse order of SPA
 *   0xfe000                    a device's page
 *   2 .. 4 MiB                 RAM, one leaf of 2 MiB
 *   4 .. 6 MiB                 RAM, one leaf, read-only
 *   6 .. 8 MiB                 a device, one leaf
 *   1 .. 2 GiB                 RAM, one leaf of 1 GiB, not executable (and
 *                              not in fake_memory())
 *
 * Partition 0 has 1 VP, 48 address bits and all its spare tables; 1 has 2
 * VPs and 40 bits; 2 is like 0 but has one spare table too few.
 */
#ifndef FAKE_TABLES_H
#define FAKE_TABLES_H

#include "mem/nested.h"

#define FAKE_PARTITIONS 3
#define FAKE_INITIAL_TABLES 4
#define FAKE_OVERLAYS_0 5		/* overlay ids of partitions 0 and 2 */
#define FAKE_OVERLAYS_1 8
#define FAKE_RAM_4K 0x5000ull
#define FAKE_MMIO_4K 0xfe000ull
#define FAKE_HOLE_4K 0xb0000ull
#define FAKE_RAM_2M 0x200000ull
#define FAKE_READ_ONLY 0x400000ull
#define FAKE_MMIO_2M 0x600000ull
#define FAKE_RAM_1G 0x40000000ull
#define FAKE_RAM_1G_SPA 0x4000000000ull

/* Initial tables built, state as at power-on, nested_restore() done. */
void fake_tables_reset(void);
/* What nested_walk() has to answer where no overlay lies. */
struct nested_leaf fake_tables_base(uint32_t partition, uint64_t address);
/* Page n of fake_memory() that no partition's RAM covers, for overlays. */
spa_t fake_overlay_page(unsigned n);

#endif
