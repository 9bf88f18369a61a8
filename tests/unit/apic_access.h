/* SPDX-License-Identifier: Apache-2.0 */
/* Access to a VP's APIC and IOAPIC in the ways in which guests have it. */
#ifndef APIC_ACCESS_H
#define APIC_ACCESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_vp.h"
#include "guest/apic.h"
#include "guest/ioapic.h"

#define MSR_APIC_BASE 0x1b
#define BASE_XAPIC (APIC_PAGE | 0x800)
#define BASE_X2APIC (APIC_PAGE | 0xc00)

static inline uint32_t page_read(struct vp *vp, uint32_t offset)
{
	uint64_t value = 0xdeadbeefdeadbeef;

	assert_int_equal(apic_read_page(vp, offset, 4, &value), OUTCOME_NEXT);
	assert_true(value <= 0xffffffff);
	return (uint32_t)value;
}

static inline void page_write(struct vp *vp, uint32_t offset, uint32_t value)
{
	assert_int_equal(apic_write_page(vp, offset, 4, value), OUTCOME_NEXT);
}

static inline uint64_t msr_read(struct vp *vp, uint32_t msr)
{
	uint64_t value = 0xdeadbeefdeadbeef;

	assert_true(apic_read_msr(vp, msr, &value));
	return value;
}

static inline void msr_write(struct vp *vp, uint32_t msr, uint64_t value)
{
	assert_true(apic_write_msr(vp, msr, value));
}

static inline bool msr_read_faults(struct vp *vp, uint32_t msr)
{
	uint64_t value;

	return !apic_read_msr(vp, msr, &value);
}

static inline bool msr_write_faults(struct vp *vp, uint32_t msr,
				    uint64_t value)
{
	return !apic_write_msr(vp, msr, value);
}

/* Switches a VP's APIC on by software, in xAPIC mode. */
static inline struct vp *start_xapic(uint32_t partition, uint32_t number)
{
	struct vp *vp = vp_of(partition, number);

	page_write(vp, 0xf0, 0x1ff);
	return vp;
}

/* The same in x2APIC mode. */
static inline struct vp *start_x2apic(uint32_t partition, uint32_t number)
{
	struct vp *vp = vp_of(partition, number);
	uint64_t bsp = msr_read(vp, MSR_APIC_BASE) & 0x100;

	msr_write(vp, MSR_APIC_BASE, BASE_X2APIC | bsp);
	msr_write(vp, 0x80f, 0x1ff);
	return vp;
}

/* By the shorthand of the ICR. */
static inline void self_ipi(struct vp *vp, uint8_t vector)
{
	page_write(vp, 0x300, 0x44000u | vector);
}

/* What another LP posted arrives; the vector that is offered, or -1. */
static inline int pending(struct vp *vp)
{
	apic_take_posted(vp);
	return apic_pending_vector(vp);
}

static int setup(void **state)
{
	(void)state;
	fake_vp_reset();
	return 0;
}

/* Takes the vector that must be offered. */
static inline void take(struct vp *vp, uint8_t vector)
{
	assert_int_equal(pending(vp), vector);
	apic_accept(vp, vector);
}

#endif
