/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's IOAPIC (82093AA): one, whose pins are the GSIs from 0. */
#ifndef CPU_IOAPIC_REGS_H
#define CPU_IOAPIC_REGS_H

#include "lib/types.h"

/* Masks both 8259s: before the local APIC's LINT0, or an interrupt that
 * firmware left pending in them stays requested for ever. */
void ioapic_regs_mask_pics(void);
/* Masks every pin. */
void ioapic_regs_start(void);
/* Routes a pin, masked, to one LP. */
void ioapic_regs_route(uint32_t pin, uint8_t vector, uint32_t apic_id,
		       bool level, bool active_low);
void ioapic_regs_set_mask(uint32_t pin, bool masked);

#endif
