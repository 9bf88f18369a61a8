/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC that a guest sees: the xAPIC page and the x2APIC MSRs, all
 * timer modes, interprocessor interrupts (SDM3 chapter 11, APM2 chapter 16).
 * The input clock of its timer is APIC_BUS_HZ, undivided, on any machine
 * (TLFS APIC_FREQUENCY).
 */
#ifndef GUEST_APIC_H
#define GUEST_APIC_H

#include "core/vp.h"

#define APIC_BUS_HZ 200000000ull	/* what Hyper-V itself shows */
#define APIC_PAGE 0xfee00000ull

void apic_reset(struct vp *vp);		/* power-on */
void apic_init(struct vp *vp);		/* INIT: APIC_BASE is kept */

/* Moves vp->posted into the IRR. Called by the VP's LP on its request. */
void apic_take_posted(struct vp *vp);
/* An edge arrives at this LP's own VP; an illegal vector is an error. */
void apic_set_requested(struct vp *vp, uint8_t vector);
/* Highest vector above the processor priority, or -1. */
int apic_pending_vector(const struct vp *vp) must_use;
/* Highest vector in the IRR whatever the TPR, or -1 (for the window). */
int apic_requested_vector(const struct vp *vp) must_use;
/* The guest takes it: IRR to ISR. */
void apic_accept(struct vp *vp, uint8_t vector);
/* The guest has done with the highest vector in service. */
void apic_end_of_interrupt(struct vp *vp);
/* The guest has written CR8. */
void apic_set_cr8(struct vp *vp, uint8_t cr8);

#ifdef CONFIG_VMX_APICV
/*
 * While the guest runs the processor may have what is requested and in
 * service (vcpu_give_apic); here it is the truth at any other time.
 */
bool apic_is_giveable(const struct vp *vp) must_use;
void apic_give(struct vp *vp);		/* before vcpu_run() */
void apic_take(struct vp *vp);		/* after it */
/* The rest of a write that the processor has begun. */
enum outcome apic_finish_write(struct vp *vp,
			       const struct vcpu_exit *exit) must_use;
#else
static inline bool apic_is_giveable(const struct vp *vp)
{
	(void)vp;
	return false;
}
#define apic_give(vp) ((void)(vp))
#define apic_take(vp) ((void)(vp))
#endif

/* Host TSC of the timer's next expiry; UINT64_MAX: none. */
uint64_t apic_deadline(const struct vp *vp) must_use;
/* Fires the timer if its time has come. */
void apic_poll_timer(struct vp *vp, uint64_t host_tsc);
/*
 * The guest's TSC has just been moved by delta (vcpu.tsc_offset is the new
 * one): counts go on undisturbed, a TSC deadline is compared anew.
 */
void apic_adjust_tsc(struct vp *vp, uint64_t delta);

/* Is address inside this VP's xAPIC page (enabled, not x2APIC)? */
bool apic_claims(const struct vp *vp, gpa_t address) must_use;
/* Access of 4 bytes at offset of the page; others read 0, are dropped. */
enum outcome apic_read_page(struct vp *vp, uint32_t offset, unsigned size,
			    uint64_t *value) must_use;
enum outcome apic_write_page(struct vp *vp, uint32_t offset, unsigned size,
			     uint64_t value) must_use;

/* MSRs 0x1b, 0x6e0, 0x800-0x8ff. False: #GP(0). */
bool apic_read_msr(struct vp *vp, uint32_t msr, uint64_t *value) must_use;
bool apic_write_msr(struct vp *vp, uint32_t msr, uint64_t value) must_use;

#endif
