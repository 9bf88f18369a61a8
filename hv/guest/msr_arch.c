/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Architectural MSRs that guests may use but that the hypervisor answers for:
 * with the checks that the processor would make (SDM4 chapter 2, APM2
 * appendix A), because a value that it would refuse must not reach the back
 * end. What is not here answers #GP(0).
 */
#include "abi/msr.h"
#include "abi/registers.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/msr.h"
#include "guest/synth.h"
#include "lib/bits.h"

/* Fast strings on; no branch trace store, no PEBS (SDM4 2.1). */
#define MISC_ENABLE_FAST_STRINGS BIT(0)
#define MISC_ENABLE_NO_BTS BIT(11)
#define MISC_ENABLE_NO_PEBS BIT(12)
#define MISC_ENABLE_RESET \
	(MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS)

/* DEBUGCTL: LBR, BTF. Taken and dropped: no back end switches them. */
#define DEBUGCTL_DROPPED 3ull

void msr_reset(struct vp *vp)
{
	const struct partition *p = &partition_table[vp->partition];

	vp->vcpu.tsc_offset = 0 - p->tsc_start;
	vp->synth.msr.misc_enable = MISC_ENABLE_RESET;
	msr_mtrr_reset(vp);
}

/* ---- MSRs that are registers of the back end ---------------------------- */

#define MSR_NO_REGISTER 0u	/* no MSR is the register of this name */

static uint32_t msr_register_name(uint32_t msr)
{
	switch (msr) {
	case MSR_EFER:
		return HV_REGISTER_EFER;
	case MSR_PAT:
		return HV_REGISTER_PAT;
	case MSR_SYSENTER_CS:
		return HV_REGISTER_SYSENTER_CS;
	case MSR_SYSENTER_ESP:
		return HV_REGISTER_SYSENTER_ESP;
	case MSR_SYSENTER_EIP:
		return HV_REGISTER_SYSENTER_EIP;
	case MSR_STAR:
		return HV_REGISTER_STAR;
	case MSR_LSTAR:
		return HV_REGISTER_LSTAR;
	case MSR_CSTAR:
		return HV_REGISTER_CSTAR;
	case MSR_SFMASK:
		return HV_REGISTER_SFMASK;
	case MSR_KERNEL_GS_BASE:
		return HV_REGISTER_KERNEL_GS_BASE;
	case MSR_TSC_AUX:
		return HV_REGISTER_TSC_AUX;
	}
	return MSR_NO_REGISTER;
}

static bool msr_is_canonical(uint64_t value)
{
	return (uint64_t)((int64_t)(value << 16) >> 16) == value;
}

/* Each byte a memory type of the PAT (APM2 7.8.1). */
bool msr_pat_is_valid(uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		uint8_t type = (uint8_t)(value >> (8 * i));

		if (type > 7 || type == 2 || type == 3) {
			return false;
		}
	}
	return true;
}

/*
 * EFER (APM2 3.1.7): what the partition may not switch on is reserved for
 * it; LMA is the processor's, and LME stays while paging is on.
 */
static bool msr_write_efer(struct vp *vp, uint64_t value)
{
	const struct partition_config *config =
		partition_config(vp->partition);
	struct vcpu_mode mode;

	vcpu_get_mode(&vp->vcpu, &mode);
	if ((value & ~(config->efer_allow | EFER_LMA)) != 0) {
		return false;
	}
	if (mode.paging && ((value ^ mode.efer) & EFER_LME) != 0) {
		return false;
	}
	value &= ~(uint64_t)EFER_LMA;
	value |= mode.efer & EFER_LMA;
	return vcpu_set_register(&vp->vcpu, HV_REGISTER_EFER, value) == HV_OK;
}

static bool msr_register_accepts(uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_PAT:
		return msr_pat_is_valid(value);
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_KERNEL_GS_BASE:
		return msr_is_canonical(value);
	case MSR_SFMASK:
	case MSR_TSC_AUX:
		return value >> 32 == 0;
	}
	return true;
}

/* ---- the time stamp counter --------------------------------------------- */

/*
 * Moves the VP's TSC; TSC_ADJUST moves with it (SDM3 18.17.3). A moved TSC
 * no longer is the partition's time.
 */
static void msr_move_tsc(struct vp *vp, uint64_t delta)
{
	if (delta == 0) {
		return;
	}
	vp->vcpu.tsc_offset += delta;
	vp->synth.msr.tsc_adjust += delta;
	apic_adjust_tsc(vp, delta);
	synth_note_tsc_write(vp->partition);
}

/* ---- both directions ---------------------------------------------------- */

bool msr_arch_read(struct vp *vp, uint32_t msr, uint64_t *value)
{
	uint32_t name = msr_register_name(msr);

	if (name != MSR_NO_REGISTER) {
		return vcpu_get_register(&vp->vcpu, name, value) == HV_OK;
	}
	if (msr_is_mtrr(msr)) {
		return msr_mtrr_read(vp, msr, value);
	}
	switch (msr) {
	case MSR_TSC:
		*value = vp_guest_tsc(vp);
		return true;
	case MSR_TSC_ADJUST:
		*value = vp->synth.msr.tsc_adjust;
		return true;
	case MSR_MISC_ENABLE:
		*value = vp->synth.msr.misc_enable;
		return true;
	/* No machine-check banks; nothing of the others is on. */
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
	case MSR_DEBUGCTL:
	case MSR_XSS:
		*value = 0;
		return true;
	}
	return false;
}

static bool msr_write_misc_enable(struct vp *vp, uint64_t value)
{
	uint64_t fixed = MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS;

	if ((value & ~(fixed | MISC_ENABLE_FAST_STRINGS)) != 0) {
		return false;
	}
	vp->synth.msr.misc_enable = value | fixed;
	return true;
}

bool msr_arch_write(struct vp *vp, uint32_t msr, uint64_t value)
{
	uint32_t name = msr_register_name(msr);

	if (msr == MSR_EFER) {
		return msr_write_efer(vp, value);
	}
	if (name != MSR_NO_REGISTER) {
		return msr_register_accepts(msr, value) &&
		       vcpu_set_register(&vp->vcpu, name, value) == HV_OK;
	}
	if (msr_is_mtrr(msr)) {
		return msr_mtrr_write(vp, msr, value);
	}
	switch (msr) {
	case MSR_TSC:
		msr_move_tsc(vp, value - vp_guest_tsc(vp));
		return true;
	case MSR_TSC_ADJUST:
		msr_move_tsc(vp, value - vp->synth.msr.tsc_adjust);
		return true;
	case MSR_MISC_ENABLE:
		return msr_write_misc_enable(vp, value);
	case MSR_DEBUGCTL:
		return (value & ~DEBUGCTL_DROPPED) == 0;
	case MSR_MCG_STATUS:
	case MSR_XSS:
		return value == 0;
	}
	return false;
}
