/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small IOAPIC that a partition sees at IOAPIC_PAGE: 24 pins, so that the
 * interrupt of an assigned device reaches it (82093AA, version 0x20).
 */
#ifndef GUEST_IOAPIC_H
#define GUEST_IOAPIC_H

#include "core/vp.h"

#define IOAPIC_PAGE 0xfec00000ull

/* Called under no lock; these take the partition's IOAPIC lock. */
void ioapic_reset(uint32_t partition);
bool ioapic_claims(gpa_t address) must_use;
enum outcome ioapic_read_page(struct vp *vp, uint32_t offset, unsigned size,
			      uint64_t *value) must_use;
enum outcome ioapic_write_page(struct vp *vp, uint32_t offset, unsigned size,
			       uint64_t value) must_use;
/* A physical line fired (core/line.h): edge pulse or level assertion. */
void ioapic_raise(uint32_t partition, uint32_t pin, bool level);
/* A local APIC's EOI of a level vector: clears remote IRR, line_unmask(). */
void ioapic_end_of_interrupt(uint32_t partition, uint8_t vector);
/* A local APIC is switched on: what nobody took may fire again. */
void ioapic_retry(uint32_t partition);

#endif
