/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machine memory and window slots for host tests. A slot is a real mapping
 * of the memory with inaccessible pages around it: use beyond its end, after
 * its close, or a write through a read-only one ends the test.
 */
#ifndef FAKE_HVMAP_H
#define FAKE_HVMAP_H

#include "mem/hvmap.h"

#define FAKE_MEMORY_SIZE 0x800000ull

/* The memory: 8 MiB at a 2 MiB boundary; its address is its SPA. */
uint8_t *fake_memory(void);
static inline uint64_t fake_memory_spa(void)
{
	return (uint64_t)(uintptr_t)fake_memory();
}

/* Slots that are open now; how often one was opened. */
extern unsigned fake_hvmap_open_count;
extern unsigned fake_hvmap_opened;
/* How often for writing. */
extern unsigned fake_hvmap_writable;
/* Looks at the state while a slot is open (null: nothing). */
extern void (*fake_hvmap_on_open)(void);

#endif
