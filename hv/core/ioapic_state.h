/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition's IOAPIC keeps (hv/guest/ioapic.c, 82093AA). Plain data
 * of fixed size; all of it under lock.
 */
#ifndef CORE_IOAPIC_STATE_H
#define CORE_IOAPIC_STATE_H

#include "config/config.h"
#include "lib/spinlock.h"
#include "lib/types.h"

struct ioapic_state {
	struct spinlock lock;
	uint32_t select;		/* IOREGSEL */
	uint32_t id;			/* as in its register: bits 27:24 */
	uint32_t remote_irr;		/* a bit for each pin: until EOI */
	/*
	 * Pins whose physical level line fired and has not been unmasked
	 * since: it waits for an EOI, or for the pin to be programmed.
	 */
	uint32_t held;
	uint64_t entry[LINE_PIN_COUNT];	/* without bits 12 and 14 */
};

_Static_assert(LINE_PIN_COUNT <= 32, "pins fit the masks");

#endif
