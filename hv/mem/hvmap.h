/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables, and the slots in them through which this
 * LP sees memory that is not the hypervisor's. A slot is a fixed virtual
 * address of each LP; opening it writes one entry of that LP's own table and
 * does INVLPG. Nothing else in the hypervisor maps guest memory.
 *
 * A slot belongs to the function that opened it until it closes it; slots of
 * an LP are used by that LP only, with interrupts off, never by NMI handlers.
 */
#ifndef MEM_HVMAP_H
#define MEM_HVMAP_H

#include "lib/types.h"

/* Slots of 4 KiB: one window is open at a time. */
enum hvmap_slot { HVMAP_SLOT_GUEST, HVMAP_SLOT_COUNT };

/* Slots of 2 MiB, for loading: what is written, what is read. */
enum hvmap_large_slot {
	HVMAP_LARGE_TO, HVMAP_LARGE_FROM, HVMAP_LARGE_COUNT
};

/*
 * Maps the 4 KiB page at page (aligned), write-back, never executable.
 * Returns where its first byte is seen.
 */
void *hvmap_window(unsigned slot, spa_t page, bool write) must_use;
/* Clears the slot: a stray access faults from then on. */
void hvmap_window_close(unsigned slot);

/* The same by 2 MiB; page is aligned to 2 MiB. */
void *hvmap_window_large(unsigned slot, spa_t page, bool write) must_use;
void hvmap_window_large_close(unsigned slot);

#endif
