/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's IOAPIC, and its 8259s: which are masked and never used. */
#include "cpu/ioapic_regs.h"
#include "config/config.h"
#include "cpu/port.h"
#include "lib/spinlock.h"

#define IOAPIC_WINDOW 0x10
#define IOAPIC_ENTRY0 0x10
#define ENTRY_LOW_ACTIVE (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

/* Select and window are two accesses. */
static struct spinlock ioapic_lock;

static volatile uint32_t *ioapic_at(uint32_t offset)
{
	return (volatile uint32_t *)(machine_config.ioapic_base + offset);
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	*ioapic_at(0) = reg;
	*ioapic_at(IOAPIC_WINDOW) = value;
}

static uint32_t ioapic_read(uint32_t reg)
{
	*ioapic_at(0) = reg;
	return *ioapic_at(IOAPIC_WINDOW);
}

void ioapic_regs_mask_pics(void)
{
	port_out8(0x21, 0xff);
	port_out8(0xa1, 0xff);
}

void ioapic_regs_start(void)
{
	if (machine_config.ioapic_base == 0) {
		return;
	}
	for (uint32_t i = 0; i < machine_config.ioapic_pins; i++) {
		ioapic_write(IOAPIC_ENTRY0 + 2 * i, ENTRY_MASKED);
		ioapic_write(IOAPIC_ENTRY0 + 2 * i + 1, 0);
	}
}

void ioapic_regs_route(uint32_t pin, uint8_t vector, uint32_t apic_id,
		       bool level, bool active_low)
{
	uint32_t low = vector | ENTRY_MASKED;

	low |= level ? ENTRY_LEVEL : 0;
	low |= active_low ? ENTRY_LOW_ACTIVE : 0;
	spinlock_take(&ioapic_lock);
	ioapic_write(IOAPIC_ENTRY0 + 2 * pin + 1, apic_id << 24);
	ioapic_write(IOAPIC_ENTRY0 + 2 * pin, low);
	spinlock_give(&ioapic_lock);
}

void ioapic_regs_set_mask(uint32_t pin, bool masked)
{
	uint32_t low;

	spinlock_take(&ioapic_lock);
	low = ioapic_read(IOAPIC_ENTRY0 + 2 * pin) & ~ENTRY_MASKED;
	low |= masked ? ENTRY_MASKED : 0;
	ioapic_write(IOAPIC_ENTRY0 + 2 * pin, low);
	spinlock_give(&ioapic_lock);
}
