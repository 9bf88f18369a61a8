/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HvGetVpRegisters and HvSetVpRegisters of a VP on itself. Read: what it could
 * read anyway. Written: general registers, and synthetic ones by the rules of
 * their MSRs; whatever else the processor has, a guest writes by instruction.
 */
#include "abi/cpuid.h"
#include "abi/msr.h"
#include "abi/registers.h"
#include "guest/guest.h"
#include "guest/hypercall.h"
#include "guest/msr.h"
#include "guest/synth.h"
#include "lib/bits.h"

/* Ranges of registers that are MSRs; or leaves of CPUID. */
struct register_range {
	uint32_t first;
	uint32_t count;
	uint32_t number;	/* of first */
};

static const struct register_range register_msrs[] = {
	{ HV_REGISTER_GUEST_CRASH_P0, 6, HV_MSR_CRASH_P0 },
	{ HV_REGISTER_VP_RUNTIME, 1, HV_MSR_VP_RUNTIME },
	{ HV_REGISTER_HYPERCALL, 1, HV_MSR_HYPERCALL },
	{ HV_REGISTER_GUEST_OS_ID, 1, HV_MSR_GUEST_OS_ID },
	{ HV_REGISTER_VP_INDEX, 1, HV_MSR_VP_INDEX },
	{ HV_REGISTER_TIME_REF_COUNT, 1, HV_MSR_TIME_REF_COUNT },
	{ HV_REGISTER_VP_ASSIST_PAGE, 1, HV_MSR_VP_ASSIST_PAGE },
	{ HV_REGISTER_REFERENCE_TSC, 1, HV_MSR_REFERENCE_TSC },
	{ HV_REGISTER_SINT0, SINT_COUNT, HV_MSR_SINT0 },
	{ HV_REGISTER_SCONTROL, 5, HV_MSR_SCONTROL },
	{ HV_REGISTER_STIMER0_CONFIG, 2 * STIMER_COUNT,
	  HV_MSR_STIMER0_CONFIG },
};

static const struct register_range register_leaves[] = {
	{ HV_REGISTER_VERSION, 1, HV_CPUID_VERSION },
	{ HV_REGISTER_FEATURES, 4, HV_CPUID_FEATURES },
};

/* 0: it is in none of them. */
static uint32_t register_find(const struct register_range *ranges,
			      uint32_t count, uint32_t name)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = name - ranges[i].first;

		if (at < ranges[i].count) {
			return ranges[i].number +
			       index_mask(at, ranges[i].count);
		}
	}
	return 0;
}

static uint32_t register_msr(uint32_t name)
{
	return register_find(register_msrs, ARRAY_COUNT(register_msrs), name);
}

static void register_get_leaf(const struct vp *vp, uint32_t leaf,
			      uint64_t *value)
{
	uint32_t regs[4];

	cpuid_read_synth(vp, leaf, regs);
	value[0] = regs[0] | (uint64_t)regs[1] << 32;
	value[1] = regs[2] | (uint64_t)regs[3] << 32;
}

/* Segments: base, then limit, selector and attributes. */
static void register_get_segment(const struct vp *vp, uint32_t number,
				 uint64_t *value)
{
	struct segment_config s;

	vcpu_get_segment(&vp->vcpu, (enum segment_name)number, &s);
	value[0] = s.base;
	value[1] = s.limit | (uint64_t)s.selector << 32 |
		   (uint64_t)s.attributes << 48;
}

uint16_t register_get(struct vp *vp, uint32_t name, uint64_t *value)
{
	uint32_t msr = register_msr(name);
	uint32_t leaf = register_find(register_leaves,
				      ARRAY_COUNT(register_leaves), name);

	value[0] = value[1] = 0;
	if (msr != 0) {
		return msr_is_emulated(vp, msr, false) &&
		       synth_read_msr(vp, msr, value) ?
		       HV_STATUS_SUCCESS : HV_STATUS_ACCESS_DENIED;
	}
	if (leaf != 0) {
		register_get_leaf(vp, leaf, value);
	} else if (name - HV_REGISTER_ES < SEGMENT_COUNT) {
		register_get_segment(vp, name - HV_REGISTER_ES, value);
	/* The processor has these, and a later value than the back end. */
	} else if (name - HV_REGISTER_DR0 < 4 ||
		   vcpu_get_register(&vp->vcpu, name, value) != HV_OK) {
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}

uint16_t register_set(struct vp *vp, const struct hv_register_value *input,
		      enum outcome *outcome)
{
	uint32_t name = input->name;
	uint32_t msr = register_msr(name);
	uint64_t unused[2];
	enum hv_err err;

	/* None of these has more than 64 bits. */
	if ((input->reserved[0] | input->reserved[1] | input->reserved[2] |
	     input->value[1]) != 0) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	if (msr != 0) {
		if (!msr_is_emulated(vp, msr, true)) {
			return HV_STATUS_ACCESS_DENIED;
		}
		return synth_write_msr(vp, msr, input->value[0], outcome) ?
		       HV_STATUS_SUCCESS : HV_STATUS_INVALID_REGISTER_VALUE;
	}
	if (name - HV_REGISTER_RAX >= GPR_COUNT) {
		return register_get(vp, name, unused) == HV_STATUS_SUCCESS ?
		       HV_STATUS_ACCESS_DENIED :
		       HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	err = vcpu_set_register(&vp->vcpu, name, input->value[0]);
	return err == HV_OK ? HV_STATUS_SUCCESS
			    : HV_STATUS_INVALID_REGISTER_VALUE;
}
