/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables. Mapped, where it is linked: text
 * executable, constants read-only, data writable, never two of these at
 * once; the pages under stacks not at all; the local APIC and the IOAPIC.
 * Partition memory and payloads are seen through windows only. After
 * hvmap_start() nothing but window entries changes.
 */
#include "mem/hvmap.h"
#include "config/config.h"
#include "cpu/apic_regs.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"
#include "mem/hvmap_start.h"

#define PTE_PRESENT BIT(0)
#define PTE_WRITE BIT(1)
#define PTE_UNCACHED (BIT(3) | BIT(4))
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY BIT(6)
#define PTE_LARGE BIT(7)
#define PTE_NX BIT(63)
#define PTE_ADDRESS 0x000ffffffffff000ull
#define PTE_SEEN (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY)

_Static_assert(HVMAP_PEEK_FLAGS == (PTE_SEEN | PTE_NX), "as of a window");

/* Windows of LP n: 4 KiB ones in the n-th 2 MiB, large ones behind them. */
#define WINDOW_BASE BIT(39)
#define WINDOW_LARGE_BASE (WINDOW_BASE + BIT(30))
#define WINDOW_LP_MAX 256u

#define TABLE_COUNT 16u

extern uint8_t text_start[], text_end[], rodata_start[], rodata_end[];
extern uint8_t data_start[], bss_end[], noinit_start[], noinit_end[];

static uint64_t tables[TABLE_COUNT][512] aligned_page;
static uint32_t table_count = 1;		/* tables[0] is the root */
static uint64_t *large_windows;

static uint64_t *hvmap_next(uint64_t *table, unsigned index)
{
	if ((table[index] & PTE_PRESENT) == 0) {
		CHECK(table_count < TABLE_COUNT);
		table[index] = (uint64_t)tables[table_count] | PTE_PRESENT |
			       PTE_WRITE | PTE_ACCESSED;
		table_count++;
	}
	return (uint64_t *)(table[index] & PTE_ADDRESS);
}

/* The entry of level 1 (2 MiB) that covers an address, tables made. */
static uint64_t *hvmap_large_entry(uint64_t at)
{
	uint64_t *t = hvmap_next(tables[0], (unsigned)(at >> 39) & 511);

	t = hvmap_next(t, (unsigned)(at >> 30) & 511);
	return &t[at >> 21 & 511];
}

static void hvmap_set(uint64_t at, uint64_t entry)
{
	uint64_t *large = hvmap_large_entry(at);
	uint64_t *t = hvmap_next(large, 0);

	t[at >> 12 & 511] = entry;
}

static void hvmap_range(const uint8_t *start, const uint8_t *end,
			uint64_t flags)
{
	for (uint64_t at = (uint64_t)start; at < (uint64_t)end;
	     at += PAGE_SIZE) {
		hvmap_set(at, at | PTE_SEEN | flags);
	}
}

void hvmap_start(void)
{
	uint64_t *entry;

	hvmap_range(text_start, text_end, 0);
	hvmap_range(rodata_start, rodata_end, PTE_NX);
	hvmap_range(data_start, bss_end, PTE_WRITE | PTE_NX);
	hvmap_range(noinit_start, noinit_end, PTE_WRITE | PTE_NX);
	for (uint32_t i = 0; i < lp_count; i++) {
		hvmap_set((uint64_t)lp_stacks[i].guard0, 0);
		hvmap_set((uint64_t)lp_stacks[i].guard1, 0);
		hvmap_set((uint64_t)lp_stacks[i].guard2, 0);
	}
	hvmap_set(LAPIC_BASE, LAPIC_BASE | PTE_SEEN | PTE_WRITE | PTE_NX |
			      PTE_UNCACHED);
	if (machine_config.ioapic_base != 0) {
		hvmap_set(machine_config.ioapic_base,
			  machine_config.ioapic_base | PTE_SEEN | PTE_WRITE |
			  PTE_NX | PTE_UNCACHED);
	}
	CHECK(lp_count <= WINDOW_LP_MAX);
	for (uint32_t i = 0; i < lp_count; i++) {
		entry = hvmap_large_entry(WINDOW_BASE + i * LARGE_PAGE_SIZE);
		*entry = (uint64_t)lp_pages[i].windows | PTE_PRESENT |
			 PTE_WRITE | PTE_ACCESSED;
		lps[i].windows = lp_pages[i].windows;
		lps[i].window_base =
			(uint8_t *)(WINDOW_BASE + i * LARGE_PAGE_SIZE);
	}
	large_windows = hvmap_large_entry(WINDOW_LARGE_BASE);
	regs_write_cr3((uint64_t)tables[0]);
}

void *hvmap_window(unsigned slot, spa_t page, bool write)
{
	const struct lp *lp = lp_self();
	void *at = lp->window_base + slot * PAGE_SIZE;

	lp->windows[slot] = page.v | PTE_SEEN | PTE_NX |
			    (write ? PTE_WRITE : 0);
	regs_invlpg(at);
	return at;
}

void hvmap_window_close(unsigned slot)
{
	const struct lp *lp = lp_self();

	lp->windows[slot] = 0;
	regs_invlpg(lp->window_base + slot * PAGE_SIZE);
}

static uint64_t hvmap_large_index(unsigned slot)
{
	return lp_self()->index * (uint64_t)HVMAP_LARGE_COUNT + slot;
}

void *hvmap_window_large(unsigned slot, spa_t page, bool write)
{
	uint64_t index = hvmap_large_index(slot);
	void *at = (void *)(WINDOW_LARGE_BASE + index * LARGE_PAGE_SIZE);

	large_windows[index] = page.v | PTE_SEEN | PTE_NX | PTE_LARGE |
			       (write ? PTE_WRITE : 0);
	regs_invlpg(at);
	return at;
}

void hvmap_window_large_close(unsigned slot)
{
	uint64_t index = hvmap_large_index(slot);

	large_windows[index] = 0;
	regs_invlpg((void *)(WINDOW_LARGE_BASE + index * LARGE_PAGE_SIZE));
}
