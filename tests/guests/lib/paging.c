/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's own page tables: identity over 4 GiB, and sixteen windows. */
#include "guest.h"

#define PAGE_ALIGNED __attribute__((aligned(4096)))
#define WINDOW_BASE 0x8000000000ull	/* PML4 entry 1 */

uint64_t paging_root[512] PAGE_ALIGNED;
uint64_t paging_pd[4][512] PAGE_ALIGNED;
uint64_t paging_low[512] PAGE_ALIGNED;
static uint64_t paging_pdpt[512] PAGE_ALIGNED;
static uint64_t window_pdpt[512] PAGE_ALIGNED;
static uint64_t window_pd[512] PAGE_ALIGNED;
static uint64_t window_pt[512] PAGE_ALIGNED;

void paging_init(void)
{
	const uint64_t rw = PTE_PRESENT | PTE_WRITE;

	for (unsigned i = 0; i < 512; i++) {
		paging_low[i] = i * PAGE | rw;
		for (unsigned j = 0; j < 4; j++) {
			paging_pd[j][i] = ((uint64_t)j << 30 | i << 21)
				| rw | PTE_LARGE;
		}
	}
	paging_pd[0][0] = (uint64_t)paging_low | rw;
	for (unsigned j = 0; j < 4; j++) {
		paging_pdpt[j] = (uint64_t)paging_pd[j] | rw;
	}
	window_pd[0] = (uint64_t)window_pt | rw;
	window_pdpt[0] = (uint64_t)window_pd | rw;
	paging_root[0] = (uint64_t)paging_pdpt | rw;
	paging_root[1] = (uint64_t)window_pdpt | rw;
	write_cr3((uint64_t)paging_root);
	write_cr0(read_cr0() | 0x10000);	/* WP */
}

void paging_allow_user(void)
{
	for (unsigned i = 0; i < 512; i++) {
		paging_low[i] |= PTE_USER;
		for (unsigned j = 0; j < 4; j++) {
			paging_pd[j][i] |= PTE_USER;
		}
	}
	for (unsigned j = 0; j < 4; j++) {
		paging_pdpt[j] |= PTE_USER;
	}
	paging_root[0] |= PTE_USER;
	write_cr3((uint64_t)paging_root);
}

volatile void *paging_window(unsigned slot, uint64_t gpa)
{
	uint64_t address = WINDOW_BASE + (slot & 15) * PAGE;

	window_pt[slot & 15] = (gpa & ~(PAGE - 1)) | PTE_PRESENT | PTE_WRITE;
	invlpg(address);
	return (volatile void *)(address + (gpa & (PAGE - 1)));
}

volatile void *paging_window_with(unsigned slot, uint64_t gpa, uint64_t bits)
{
	volatile void *at = paging_window(slot, gpa);

	/* The tables above may do what any of their pages may. */
	paging_root[1] |= PTE_USER;
	window_pdpt[0] |= PTE_USER;
	window_pd[0] |= PTE_USER;
	window_pt[slot & 15] = (gpa & ~(PAGE - 1)) | bits;
	invlpg((uint64_t)at);
	return at;
}

void paging_set_low(uint64_t address, uint64_t entry)
{
	paging_low[address / PAGE & 511] = entry;
	invlpg(address & ~(PAGE - 1));
}
