/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables of the launch partition: what is mapped lies at its own
 * address. The first 4 GiB are its own memory and stay; one partition's
 * window, far above, is there at a time, read-only, so that four directories
 * are enough for all of them. 2 MiB pages: every processor has them.
 */
#include "machine.h"

#define ENTRIES 512u
#define GIB (1ull << 30)
#define LARGE (1ull << 21)
#define LOW_GIBS 4u
#define WINDOW_GIBS 5u			/* 3 GiB that begin anywhere */

#define PRESENT 1ull
#define WRITE 2ull
#define LARGE_PAGE 0x80ull

#define TABLE __attribute__((aligned(4096)))
static uint64_t TABLE paging_root[ENTRIES];
static uint64_t TABLE paging_gibs[ENTRIES];
static uint64_t TABLE paging_low[LOW_GIBS][ENTRIES];
static uint64_t TABLE paging_window[WINDOW_GIBS][ENTRIES];

static uint64_t paging_first;		/* GiB of paging_window[0] */
static uint64_t paging_count;		/* of GiBs shown */

static void paging_load(void)
{
	__asm__ volatile("mov %0, %%cr3" : :
			 "r"((uint64_t)(uintptr_t)paging_root) : "memory");
}

static uint64_t paging_address(const uint64_t *table)
{
	return (uint64_t)(uintptr_t)table;
}

void paging_init(void)
{
	uint64_t i;

	for (i = 0; i < LOW_GIBS * ENTRIES; i++) {
		paging_low[i / ENTRIES][i % ENTRIES] =
			i * LARGE | PRESENT | WRITE | LARGE_PAGE;
	}
	for (i = 0; i < LOW_GIBS; i++) {
		paging_gibs[i] = paging_address(paging_low[i]) | PRESENT |
				 WRITE;
	}
	paging_root[0] = paging_address(paging_gibs) | PRESENT | WRITE;
	paging_load();
}

static void paging_hide(void)
{
	uint64_t i;

	for (i = 0; i < paging_count; i++) {
		paging_gibs[paging_first + i] = 0;
	}
	for (i = 0; i < paging_count * ENTRIES; i++) {
		paging_window[i / ENTRIES][i % ENTRIES] = 0;
	}
	paging_count = 0;
}

bool paging_show(uint64_t at, uint64_t size)
{
	uint64_t first = at / GIB;
	uint64_t address;
	uint64_t i;

	paging_hide();
	if (size == 0 || first < LOW_GIBS || first >= ENTRIES ||
	    size > ENTRIES * GIB - at ||
	    (at + size - 1) / GIB - first >= WINDOW_GIBS) {
		paging_load();
		return false;
	}
	paging_first = first;
	paging_count = (at + size - 1) / GIB - first + 1;
	for (i = 0; i < paging_count; i++) {
		paging_gibs[first + i] = paging_address(paging_window[i]) |
					 PRESENT;
	}
	for (address = at / LARGE * LARGE; address < at + size;
	     address += LARGE) {
		i = address / LARGE - first * ENTRIES;
		paging_window[i / ENTRIES][i % ENTRIES] =
			address | PRESENT | LARGE_PAGE;
	}
	paging_load();
	return true;
}
