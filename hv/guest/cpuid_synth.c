/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUID leaves of the hypervisor (TLFS 2.4): the same on every VP, and
 * constant while the partition lives. A partition that is not shown the
 * interface reads zeros, as on a machine without a hypervisor.
 */
#include "abi/cpuid.h"
#include "guest/synth.h"

/* Version of what answers here, as leaf 0x40000002 has it. */
#define SYNTH_BUILD 1u
#define SYNTH_VERSION 1u	/* 0.1 */

static void cpuid_fill_features(uint32_t partition, uint32_t regs[4])
{
	uint64_t privileges = synth_privileges(partition);

	regs[0] = (uint32_t)privileges;
	regs[1] = (uint32_t)(privileges >> 32);
	regs[3] = HV_FEATURE_XMM_INPUT | HV_FEATURE_CRASH_MSRS;
	if (synth_has_privilege(partition, HV_PRIVILEGE_FREQUENCY_BIT)) {
		regs[3] |= HV_FEATURE_FREQUENCY_MSRS;
	}
	if (synth_has_privilege(partition, HV_PRIVILEGE_SYNIC_BIT)) {
		regs[3] |= HV_FEATURE_SINT_POLLING;
	}
	if (synth_has_privilege(partition, HV_PRIVILEGE_SYNTHETIC_TIMER_BIT)) {
		regs[3] |= HV_FEATURE_DIRECT_TIMERS;
	}
}

void cpuid_read_synth(const struct vp *vp, uint32_t leaf, uint32_t regs[4])
{
	const struct partition_config *config =
		partition_config(vp->partition);

	regs[0] = regs[1] = regs[2] = regs[3] = 0;
	if (!synth_is_shown(vp->partition)) {
		return;
	}
	switch (leaf) {
	case HV_CPUID_VENDOR:
		regs[0] = HV_CPUID_MAX;
		regs[1] = HV_VENDOR_EBX;
		regs[2] = HV_VENDOR_ECX;
		regs[3] = HV_VENDOR_EDX;
		return;
	case HV_CPUID_INTERFACE:
		regs[0] = HV_INTERFACE_EAX;
		return;
	case HV_CPUID_VERSION:
		regs[0] = SYNTH_BUILD;
		regs[1] = SYNTH_VERSION;
		return;
	case HV_CPUID_FEATURES:
		cpuid_fill_features(vp->partition, regs);
		return;
	case HV_CPUID_HINTS:
		/*
		 * TLB and IPI calls by the spec: with an LP of its own, a
		 * VP's INVLPG and ICR are quicker.
		 */
		regs[0] = HV_HINT_RELAXED_TIMING | HV_HINT_NO_AUTO_EOI;
		if ((config->flags & PARTITION_FLUSH_CALLS) != 0) {
			regs[0] |= HV_HINT_REMOTE_FLUSH | HV_HINT_EX_MASKS;
		}
		if ((config->flags & PARTITION_IPI_CALLS) != 0) {
			regs[0] |= HV_HINT_CLUSTER_IPI | HV_HINT_EX_MASKS;
		}
		regs[1] = HV_SPIN_NEVER;
		regs[2] = config->gpa_bits & 0x7f;
		return;
	case HV_CPUID_LIMITS:
		/* How many LPs the machine has is not a guest's business. */
		regs[0] = config->vp_count;
		regs[1] = config->vp_count;
		return;
	case HV_CPUID_HARDWARE:
		regs[0] = HV_HARDWARE_MSR_BITMAPS | HV_HARDWARE_NESTED_PAGING;
		return;
	}
}
