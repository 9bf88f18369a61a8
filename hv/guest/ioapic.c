/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOAPIC of a partition (82093AA; EOI register as in version 0x20). It
 * keeps true: a pin's remote IRR is set from the acceptance of its level
 * interrupt to the EOI; held is set while the physical level line behind a
 * pin is masked for our sake, and ends in exactly one line_unmask(). A line
 * that is still asserted then fires again: that is the re-delivery.
 *
 * line_unmask() is called after the lock is released.
 */
#include "core/line.h"
#include "core/partition.h"
#include "guest/apic_private.h"
#include "guest/ioapic.h"
#include "lib/spinlock.h"

#define OFFSET_SELECT 0x00
#define OFFSET_WINDOW 0x10
#define OFFSET_EOI 0x40

#define REG_ID 0x00
#define REG_VERSION 0x01
#define REG_ARBITRATION 0x02
#define REG_ENTRY 0x10		/* two for each pin: low, high */

#define VERSION (((LINE_PIN_COUNT - 1u) << 16) | 0x20u)
#define ID_MASK 0x0f000000u

/* A redirection entry */
#define ENTRY_REMOTE_IRR 0x4000u
#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u
#define ENTRY_WRITABLE 0xff0000000001afffull

static uint32_t ioapic_pin_bit(uint32_t pin)
{
	return 1u << pin;
}

/* Under no lock: the physical lines behind these pins may fire again. */
static void ioapic_unmask_lines(uint32_t partition, uint32_t pins)
{
	while (pins != 0) {
		uint32_t pin = bits_lowest(pins);
		uint32_t line = line_of_pin(partition, pin);

		pins &= pins - 1;
		if (line != CONFIG_NONE) {
			line_unmask(line);
		}
	}
}

/* Under the lock: sends the interrupt of a pin unless it has to wait. */
static void ioapic_send(uint32_t partition, struct ioapic_state *ioapic,
			uint32_t pin)
{
	uint64_t entry = ioapic->entry[pin];
	uint32_t bits = (uint32_t)entry;
	uint32_t mode = bits & APIC_ICR_MODE;
	uint32_t destination = (uint32_t)(entry >> 56);
	bool fixed = mode == APIC_MODE_FIXED || mode == APIC_MODE_LOWEST;
	struct apic_message message = {
		.destination = destination == 0xff ? APIC_BROADCAST :
			       destination,
		.bits = bits & (APIC_ICR_VECTOR | APIC_ICR_MODE |
				APIC_ICR_LOGICAL | APIC_ICR_LEVEL),
		.except = CONFIG_NONE,
	};

	if ((entry & ENTRY_MASKED) != 0 ||
	    (ioapic->remote_irr & ioapic_pin_bit(pin)) != 0 ||
	    mode == APIC_MODE_STARTUP) {
		return;
	}
	if (apic_send_message(partition, &message) && fixed &&
	    (entry & ENTRY_LEVEL) != 0) {
		ioapic->remote_irr |= ioapic_pin_bit(pin);
	}
}

/*
 * Under the lock: which of these pins have a line that is to be unmasked
 * now? Not one in service, and not one that the guest masks: its line would
 * only fire once more.
 */
static uint32_t ioapic_release(struct ioapic_state *ioapic, uint32_t pins)
{
	uint32_t released = 0;

	pins &= ioapic->held & ~ioapic->remote_irr;
	while (pins != 0) {
		uint32_t pin = bits_lowest(pins);

		pins &= pins - 1;
		if ((ioapic->entry[pin] & ENTRY_MASKED) == 0) {
			released |= ioapic_pin_bit(pin);
		}
	}
	ioapic->held &= ~released;
	return released;
}

void ioapic_reset(uint32_t partition)
{
	struct ioapic_state *ioapic = &partition_table[partition].ioapic;
	uint32_t held;

	spinlock_take(&ioapic->lock);
	held = ioapic->held;
	ioapic->select = 0;
	ioapic->id = 0;
	ioapic->remote_irr = 0;
	ioapic->held = 0;
	for (uint32_t pin = 0; pin < LINE_PIN_COUNT; pin++) {
		ioapic->entry[pin] = ENTRY_MASKED;
	}
	spinlock_give(&ioapic->lock);
	ioapic_unmask_lines(partition, held);
}

void ioapic_raise(uint32_t partition, uint32_t pin, bool level)
{
	struct ioapic_state *ioapic = &partition_table[partition].ioapic;

	if (pin >= LINE_PIN_COUNT) {
		return;
	}
	pin = index_mask(pin, LINE_PIN_COUNT);
	spinlock_take(&ioapic->lock);
	if (level) {
		ioapic->held |= ioapic_pin_bit(pin);
	}
	ioapic_send(partition, ioapic, pin);
	spinlock_give(&ioapic->lock);
}

void ioapic_end_of_interrupt(uint32_t partition, uint8_t vector)
{
	struct ioapic_state *ioapic = &partition_table[partition].ioapic;
	uint32_t pins, ended = 0;

	spinlock_take(&ioapic->lock);
	pins = ioapic->remote_irr;
	while (pins != 0) {
		uint32_t pin = bits_lowest(pins);

		pins &= pins - 1;
		if ((uint8_t)ioapic->entry[pin] == vector) {
			ended |= ioapic_pin_bit(pin);
		}
	}
	ioapic->remote_irr &= ~ended;
	ended = ioapic_release(ioapic, ended);
	spinlock_give(&ioapic->lock);
	ioapic_unmask_lines(partition, ended);
}

void ioapic_retry(uint32_t partition)
{
	struct ioapic_state *ioapic = &partition_table[partition].ioapic;
	uint32_t pins;

	spinlock_take(&ioapic->lock);
	pins = ioapic_release(ioapic, ioapic->held);
	spinlock_give(&ioapic->lock);
	ioapic_unmask_lines(partition, pins);
}

/* ---- the page ---------------------------------------------------------- */

bool ioapic_claims(gpa_t address)
{
	return address.v >> PAGE_SHIFT == IOAPIC_PAGE >> PAGE_SHIFT;
}

static uint32_t ioapic_read_entry(const struct ioapic_state *ioapic, uint32_t n)
{
	uint32_t pin = index_mask(n >> 1, LINE_PIN_COUNT);
	uint64_t entry = ioapic->entry[pin];

	if ((ioapic->remote_irr & ioapic_pin_bit(pin)) != 0) {
		entry |= ENTRY_REMOTE_IRR;
	}
	return (uint32_t)(entry >> (n & 1) * 32);
}

static uint32_t ioapic_read_window(const struct ioapic_state *ioapic)
{
	uint32_t n = ioapic->select - REG_ENTRY;

	switch (ioapic->select) {
	case REG_ID:
	case REG_ARBITRATION:
		return ioapic->id;
	case REG_VERSION:
		return VERSION;
	}
	return n < 2 * LINE_PIN_COUNT ? ioapic_read_entry(ioapic, n) : 0;
}

/*
 * Under the lock. An entry that becomes edge loses its remote IRR (that is
 * how software ends an interrupt whose EOI was lost). A line that waits and
 * is no longer in service may fire again.
 */
static uint32_t ioapic_write_entry(struct ioapic_state *ioapic, uint32_t n,
				   uint32_t value)
{
	uint32_t pin = index_mask(n >> 1, LINE_PIN_COUNT);
	unsigned shift = (n & 1) * 32;
	uint64_t entry = ioapic->entry[pin] & ~(0xffffffffull << shift);

	entry |= (uint64_t)value << shift & ENTRY_WRITABLE;
	ioapic->entry[pin] = entry;
	if ((entry & ENTRY_LEVEL) == 0) {
		ioapic->remote_irr &= ~ioapic_pin_bit(pin);
	}
	return ioapic_release(ioapic, ioapic_pin_bit(pin));
}

/* Returns the pins whose lines are to be unmasked. */
static uint32_t ioapic_write_window(struct ioapic_state *ioapic, uint32_t value)
{
	uint32_t n = ioapic->select - REG_ENTRY;

	if (ioapic->select == REG_ID) {
		ioapic->id = value & ID_MASK;
		return 0;
	}
	return n < 2 * LINE_PIN_COUNT ?
	       ioapic_write_entry(ioapic, n, value) : 0;
}

enum outcome ioapic_read_page(struct vp *vp, uint32_t offset, unsigned size,
			      uint64_t *value)
{
	struct ioapic_state *ioapic = &partition_table[vp->partition].ioapic;

	*value = 0;
	if (size != 4) {
		return OUTCOME_NEXT;
	}
	spinlock_take(&ioapic->lock);
	if (offset == OFFSET_SELECT) {
		*value = ioapic->select;
	} else if (offset == OFFSET_WINDOW) {
		*value = ioapic_read_window(ioapic);
	}
	spinlock_give(&ioapic->lock);
	return OUTCOME_NEXT;
}

enum outcome ioapic_write_page(struct vp *vp, uint32_t offset, unsigned size,
			       uint64_t value)
{
	struct ioapic_state *ioapic = &partition_table[vp->partition].ioapic;
	uint32_t pins = 0;

	if (size != 4) {
		return OUTCOME_NEXT;
	}
	if (offset == OFFSET_EOI) {
		ioapic_end_of_interrupt(vp->partition, (uint8_t)value);
		return OUTCOME_NEXT;
	}
	spinlock_take(&ioapic->lock);
	if (offset == OFFSET_SELECT) {
		ioapic->select = (uint32_t)value & 0xff;
	} else if (offset == OFFSET_WINDOW) {
		pins = ioapic_write_window(ioapic, (uint32_t)value);
	}
	spinlock_give(&ioapic->lock);
	ioapic_unmask_lines(vp->partition, pins);
	return OUTCOME_NEXT;
}
