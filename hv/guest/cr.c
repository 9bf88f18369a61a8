/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control registers and XCR0, where a write makes an exit: the checks that
 * the processor makes (APM2 3.1, 11.5; SDM3 2.5), and the partition's own
 * limits, which are the enforcement of what CPUID hides.
 */
#include "abi/msr.h"
#include "abi/registers.h"
#include "cpu/id.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "lib/bits.h"

#define CR0_PE BIT(0)
#define CR0_ET BIT(4)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)
/* PE MP EM TS ET NE WP AM NW CD PG; the others read as 0. */
#define CR0_KNOWN 0xe005003full

#define CR4_VME BIT(0)
#define CR4_PVI BIT(1)
#define CR4_PAE BIT(5)
#define CR4_MCE BIT(6)
#define CR4_PCIDE BIT(17)
#define CR4_OSXSAVE BIT(18)
#define CR4_UMIP BIT(11)
#define CR4_LA57 BIT(12)
#define CR4_FSGSBASE BIT(16)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)

#define CR3_PCID 0xfffull

#define XCR0_X87 BIT(0)
#define XCR0_SSE BIT(1)
#define XCR0_AVX BIT(2)
#define XCR0_MPX (BIT(3) | BIT(4))
#define XCR0_AVX512 (BIT(5) | BIT(6) | BIT(7))
#define XCR0_TILE (BIT(17) | BIT(18))

#define XSTATE_LEAF 0xd

/*
 * What the partition may have, a processor may lack: then CPUID hides it, and
 * a write that reached the processor would end the guest.
 */
static const struct {
	uint64_t bits;
	uint32_t leaf;
	uint8_t reg, feature;	/* EAX 0 to EDX 3, and the bit in it */
} cr4_optional[] = {
	{ CR4_VME | CR4_PVI, 1, 3, 1 },
	{ CR4_UMIP, 7, 2, 2 },
	{ CR4_FSGSBASE, 7, 1, 0 },
	{ CR4_OSXSAVE, 1, 2, 26 },
	{ CR4_SMEP, 7, 1, 7 },
	{ CR4_SMAP, 7, 1, 20 },
};

/* Has the machine all of these? */
static bool cr4_is_there(uint64_t bits)
{
	uint32_t regs[4];

	for (unsigned i = 0; i < ARRAY_COUNT(cr4_optional); i++) {
		if ((bits & cr4_optional[i].bits) == 0) {
			continue;
		}
		cpu_id_read(cr4_optional[i].leaf, 0, regs);
		if ((regs[cr4_optional[i].reg] >> cr4_optional[i].feature & 1)
		    == 0) {
			return false;
		}
	}
	return true;
}

bool cr_are_valid(const struct vp *vp, uint64_t cr0, uint64_t cr4,
		  uint64_t efer)
{
	const struct partition_config *config =
		partition_config(vp->partition);
	bool wide = (efer & EFER_LME) != 0 && (cr0 & CR0_PG) != 0;

	if ((cr0 & ~CR0_KNOWN) != 0 ||
	    (cr4 & ~(config->cr4_allow | CR4_MCE)) != 0 ||
	    !cr4_is_there(cr4) ||
	    (efer & ~(config->efer_allow | EFER_LMA)) != 0) {
		return false;
	}
	return ((cr0 & CR0_PG) == 0 || (cr0 & CR0_PE) != 0) &&
	       ((cr0 & CR0_NW) == 0 || (cr0 & CR0_CD) != 0) &&
	       wide == ((efer & EFER_LMA) != 0) &&
	       (!wide || (cr4 & CR4_PAE) != 0) &&
	       (wide || (cr4 & CR4_PCIDE) == 0);
}

/* Paging goes on in a guest that asked for long mode. */
static bool cr0_may_enter_long_mode(const struct vp *vp,
				    const struct vcpu_mode *mode)
{
	struct segment_config cs;

	vcpu_get_segment(&vp->vcpu, SEGMENT_CS, &cs);
	/* Bit 13: CS.L, which must wait until long mode is on. */
	return (mode->cr4 & CR4_PAE) != 0 && (cs.attributes & BIT(13)) == 0;
}

/* EFER.LMA follows CR0.PG where EFER.LME is on. False: #GP(0). */
static bool cr0_change_paging(struct vp *vp, const struct vcpu_mode *mode,
			      bool paging)
{
	uint64_t efer = mode->efer;

	if (paging == mode->paging) {
		return true;
	}
	if (!paging && (mode->cr4 & CR4_PCIDE) != 0) {
		return false;
	}
	if ((efer & EFER_LME) == 0) {
		return true;
	}
	if (paging) {
		if (!cr0_may_enter_long_mode(vp, mode)) {
			return false;
		}
		efer |= EFER_LMA;
	} else {
		if (mode->code_bits == 64) {
			return false;
		}
		efer &= ~(uint64_t)EFER_LMA;
	}
	return vcpu_set_register(&vp->vcpu, HV_REGISTER_EFER, efer) == HV_OK;
}

static bool cr0_write(struct vp *vp, uint64_t value)
{
	struct vcpu_mode mode;

	if (value >> 32 != 0) {
		return false;
	}
	value = (value & CR0_KNOWN) | CR0_ET;
	if ((value & CR0_PG) != 0 && (value & CR0_PE) == 0) {
		return false;
	}
	if ((value & CR0_NW) != 0 && (value & CR0_CD) == 0) {
		return false;
	}
	vcpu_get_mode(&vp->vcpu, &mode);
	if (!cr0_change_paging(vp, &mode, (value & CR0_PG) != 0)) {
		return false;
	}
	return vcpu_set_register(&vp->vcpu, HV_REGISTER_CR0, value) == HV_OK;
}

static bool cr4_write(struct vp *vp, uint64_t value)
{
	struct vcpu_mode mode;
	uint64_t set;

	/* MCE reads as one, so it may be written so; it means nothing. */
	if ((value & ~(partition_config(vp->partition)->cr4_allow |
		       CR4_MCE)) != 0) {
		return false;
	}
	vcpu_get_mode(&vp->vcpu, &mode);
	set = value & ~mode.cr4;
	if (!cr4_is_there(set)) {
		return false;
	}
	if ((mode.efer & EFER_LMA) != 0) {
		if ((value & CR4_PAE) == 0 ||
		    ((value ^ mode.cr4) & CR4_LA57) != 0) {
			return false;
		}
	} else if ((set & CR4_PCIDE) != 0) {
		return false;
	}
	if ((set & CR4_PCIDE) != 0 && (mode.cr3 & CR3_PCID) != 0) {
		return false;
	}
	return vcpu_set_register(&vp->vcpu, HV_REGISTER_CR4, value) == HV_OK;
}

static bool cr8_write(struct vp *vp, uint64_t value)
{
	if (value > 15) {
		return false;
	}
	apic_set_cr8(vp, (uint8_t)value);
	return true;
}

enum outcome cr_handle(struct vp *vp, const struct vcpu_exit *exit)
{
	bool done;

	switch (exit->cr.cr) {
	case 0:
		done = cr0_write(vp, exit->cr.value);
		break;
	case 4:
		done = cr4_write(vp, exit->cr.value);
		break;
	case 8:
		done = cr8_write(vp, exit->cr.value);
		break;
	default:
		partition_fail(vp, "control register that is not handled",
			       exit->cr.cr, exit->cr.value, 0);
		return OUTCOME_STOP;
	}
	return done ? OUTCOME_NEXT : guest_inject_gp(vp);
}

/* Features that go together (SDM1 13.3); none but those of the machine. */
static bool xcr0_is_valid(uint64_t value)
{
	uint32_t regs[4];
	uint64_t part;

	if ((value & XCR0_X87) == 0) {
		return false;
	}
	if ((value & XCR0_AVX) != 0 && (value & XCR0_SSE) == 0) {
		return false;
	}
	part = value & XCR0_MPX;
	if (part != 0 && part != XCR0_MPX) {
		return false;
	}
	part = value & XCR0_AVX512;
	if (part != 0 &&
	    (part != XCR0_AVX512 || (value & XCR0_AVX) == 0)) {
		return false;
	}
	part = value & XCR0_TILE;
	if (part != 0 && part != XCR0_TILE) {
		return false;
	}
	cpu_id_read(XSTATE_LEAF, 0, regs);
	return (value & ~(((uint64_t)regs[3] << 32) | regs[0])) == 0;
}

enum outcome xsetbv_handle(struct vp *vp)
{
	struct vcpu_mode mode;
	uint64_t allow = partition_config(vp->partition)->xcr0_allow;
	uint64_t value = (vp->vcpu.gpr[GPR_RDX] << 32) |
			 (uint32_t)vp->vcpu.gpr[GPR_RAX];

	vcpu_get_mode(&vp->vcpu, &mode);
	if ((mode.cr4 & CR4_OSXSAVE) == 0) {
		return guest_inject_ud(vp);
	}
	if (mode.cpl != 0 || (uint32_t)vp->vcpu.gpr[GPR_RCX] != 0 ||
	    (value & ~allow) != 0 || !xcr0_is_valid(value)) {
		return guest_inject_gp(vp);
	}
	if (vcpu_set_register(&vp->vcpu, HV_REGISTER_XCR0, value) != HV_OK) {
		return guest_inject_gp(vp);
	}
	return OUTCOME_NEXT;
}
