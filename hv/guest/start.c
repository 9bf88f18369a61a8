/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HvStartVirtualProcessor: a VP that waits for SIPI starts where another VP of
 * its partition says. What that may not have is refused here; what is left of
 * the processor's own rules is checked at the entry, and ends the partition.
 */
#include "abi/msr.h"
#include "abi/registers.h"
#include "core/partition.h"
#include "cpu/log.h"
#include "guest/guest.h"
#include "guest/hypercall.h"
#include "guest/msr.h"
#include "lib/bits.h"

#define START_RFLAGS 0x3f7fd7ull	/* the others are reserved */
#define START_RFLAGS_VM BIT(17)
#define START_CS_BOTH (BIT(13) | BIT(14))	/* L and D */

static bool start_is_valid(const struct vp *vp,
			   const struct hv_start_context *c)
{
	bool wide = (c->efer & EFER_LMA) != 0;

	if (!cr_are_valid(vp, c->cr0, c->cr4, c->efer) ||
	    !msr_pat_is_valid(c->pat) || (c->rflags & ~START_RFLAGS) != 0 ||
	    !partition_has_address(vp->partition, c->cr3)) {
		return false;
	}
	return !wide || ((c->rflags & START_RFLAGS_VM) == 0 &&
			 (c->cs.attributes & START_CS_BOTH) != START_CS_BOTH);
}

uint16_t start_vp(const struct vp *vp, const struct hv_start_vp *input)
{
	uint16_t status = hypercall_check_header(&input->header);
	uint32_t number = input->header.vp;
	struct vp *to;

	if (status != HV_STATUS_SUCCESS) {
		return status;
	}
	if (number >= partition_config(vp->partition)->vp_count) {
		return HV_STATUS_INVALID_VP_INDEX;
	}
	if (!start_is_valid(vp, &input->context)) {
		return HV_STATUS_INVALID_REGISTER_VALUE;
	}
	to = vp_of(vp->partition, number);
	if (__atomic_load_n(&to->state, __ATOMIC_ACQUIRE) != VP_WAIT_SIPI ||
	    __atomic_exchange_n(&to->start_busy, 1, __ATOMIC_ACQUIRE) != 0) {
		return HV_STATUS_INVALID_VP_STATE;
	}
	to->start = input->context;
	vp_request(to, VP_REQUEST_START);
	return HV_STATUS_SUCCESS;
}

static void start_segment(struct vp_state_config *state,
			  enum segment_name name,
			  const struct hv_segment_register *from)
{
	state->segment[name] = (struct segment_config){
		from->base, from->limit, from->selector, from->attributes
	};
}

static void start_set(struct vcpu *vcpu, const struct hv_start_context *from)
{
	struct vp_state_config state = {
		.gpr[GPR_RSP] = from->rsp, .rip = from->rip,
		.rflags = from->rflags, .cr0 = from->cr0, .cr3 = from->cr3,
		.cr4 = from->cr4, .efer = from->efer,
		.gdtr_base = from->gdtr.base, .gdtr_limit = from->gdtr.limit,
		.idtr_base = from->idtr.base, .idtr_limit = from->idtr.limit
	};
	enum hv_err err;

	start_segment(&state, SEGMENT_ES, &from->es);
	start_segment(&state, SEGMENT_CS, &from->cs);
	start_segment(&state, SEGMENT_SS, &from->ss);
	start_segment(&state, SEGMENT_DS, &from->ds);
	start_segment(&state, SEGMENT_FS, &from->fs);
	start_segment(&state, SEGMENT_GS, &from->gs);
	start_segment(&state, SEGMENT_LDTR, &from->ldtr);
	start_segment(&state, SEGMENT_TR, &from->tr);
	vcpu_start_context(vcpu, &state);
	err = vcpu_set_register(vcpu, HV_REGISTER_PAT, from->pat);
	CHECK(err == HV_OK);
}

void start_take_up(struct vp *vp)
{
	/* A SIPI may have come first. */
	if (vp->state == VP_WAIT_SIPI) {
		start_set(&vp->vcpu, &vp->start);
		vp->state = VP_RUNNING;
	}
	__atomic_store_n(&vp->start_busy, 0, __ATOMIC_RELEASE);
}
