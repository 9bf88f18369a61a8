/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls (TLFS chapter 3). One path for all of them: who may call at all
 * (#UD else), is there such a call, may this partition make it, is the control
 * word right, are the addresses, then the input is copied once, and the call
 * itself works on the copy. The order is fixed: it is what a guest can see.
 */
#include "abi/hypercall.h"
#include "abi/msr.h"
#include "guest/guest.h"
#include "guest/hypercall.h"
#include "guest/synic.h"
#include "guest/synth.h"
#include "lib/string.h"
#include "mem/window.h"

#define CR0_PE BIT(0)

static const struct hypercall_config hypercall_configs[] = {
	{ HV_CALL_NOTIFY_LONG_SPIN_WAIT, HYPERCALL_SIMPLE, HYPERCALL_FREE,
	  8, 0 },
	{ HV_CALL_SIGNAL_EVENT, HYPERCALL_SIMPLE,
	  HV_PRIVILEGE_SIGNAL_EVENTS_BIT, sizeof(struct hv_signal_event), 0 },
	{ HV_CALL_POST_MESSAGE, HYPERCALL_SIMPLE,
	  HV_PRIVILEGE_POST_MESSAGES_BIT, sizeof(struct hv_post_message), 0 },
	{ HV_CALL_EXT_QUERY_CAPABILITIES, HYPERCALL_SIMPLE,
	  HV_PRIVILEGE_EXTENDED_HYPERCALLS_BIT, 0, 8 },
};

/* The copy of the input; then the output. */
union hypercall_block {
	uint64_t word[HYPERCALL_BLOCK_MAX / 8];
	struct hv_post_message post;
	struct hv_signal_event signal;
};

const struct hypercall_config *hypercall_find(uint16_t code)
{
	for (unsigned i = 0; i < ARRAY_COUNT(hypercall_configs); i++) {
		if (hypercall_configs[i].code == code) {
			return &hypercall_configs[i];
		}
	}
	return NULL;
}

/* One register pair of the 32-bit convention (TLFS 3.7). */
static uint64_t hypercall_pair(const struct vcpu *vcpu, enum gpr_name high,
			       enum gpr_name low)
{
	return (vcpu->gpr[high] << 32) | (uint32_t)vcpu->gpr[low];
}

static void hypercall_get_input(const struct vcpu *vcpu, bool wide,
				struct hypercall_input *in)
{
	if (wide) {
		in->control = vcpu->gpr[GPR_RCX];
		in->input = vcpu->gpr[GPR_RDX];
		in->output = vcpu->gpr[GPR_R8];
		return;
	}
	in->control = hypercall_pair(vcpu, GPR_RDX, GPR_RAX);
	in->input = hypercall_pair(vcpu, GPR_RBX, GPR_RCX);
	in->output = hypercall_pair(vcpu, GPR_RDI, GPR_RSI);
}

static void hypercall_set_result(struct vcpu *vcpu, bool wide, uint64_t result)
{
	if (wide) {
		vcpu->gpr[GPR_RAX] = result;
		return;
	}
	vcpu->gpr[GPR_RAX] = (uint32_t)result;
	vcpu->gpr[GPR_RDX] = result >> 32;
}

uint16_t hypercall_check_control(const struct hypercall_config *call,
				 uint64_t control)
{
	uint64_t count = (control >> HV_CALL_REP_COUNT_SHIFT) &
			 HV_CALL_REP_MASK;
	uint64_t start = (control >> HV_CALL_REP_START_SHIFT) &
			 HV_CALL_REP_MASK;
	uint64_t variable = (control >> HV_CALL_VARIABLE_SHIFT) &
			    HV_CALL_VARIABLE_MASK;

	/* No nested hypervisor is offered, no call has a variable header. */
	if ((control & (HV_CALL_RESERVED | HV_CALL_NESTED)) != 0 ||
	    variable != 0) {
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	if (call->kind == HYPERCALL_REP) {
		if (start >= count) {
			return HV_STATUS_INVALID_HYPERCALL_INPUT;
		}
	} else if (count != 0 || start != 0) {
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	/* Fast input is two registers; fast output is not offered. */
	if ((control & HV_CALL_FAST) != 0 &&
	    (call->input_size > 16 || call->output_size != 0 ||
	     call->kind == HYPERCALL_REP)) {
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	return HV_STATUS_SUCCESS;
}

/* One block of the memory form: aligned, in one page, in the GPA space. */
static bool hypercall_block_is_valid(uint32_t partition, uint64_t at,
				     uint32_t size)
{
	if (size == 0) {
		return true;
	}
	return (at & 7) == 0 && (at & PAGE_MASK) + size <= PAGE_SIZE &&
	       at >> partition_config(partition)->gpa_bits == 0;
}

uint16_t hypercall_check_blocks(uint32_t partition,
				const struct hypercall_config *call,
				const struct hypercall_input *in)
{
	uint32_t input_size = call->input_size;
	uint32_t output_size = call->output_size;

	if (!hypercall_block_is_valid(partition, in->input, input_size) ||
	    !hypercall_block_is_valid(partition, in->output, output_size)) {
		return HV_STATUS_INVALID_ALIGNMENT;
	}
	if (input_size != 0 && output_size != 0 &&
	    in->input < in->output + output_size &&
	    in->output < in->input + input_size) {
		return HV_STATUS_INVALID_ALIGNMENT;
	}
	return HV_STATUS_SUCCESS;
}

/* The input block, copied once. */
static uint16_t hypercall_copy_input(const struct vp *vp,
				     const struct hypercall_config *call,
				     const struct hypercall_input *in,
				     union hypercall_block *block)
{
	uint16_t status;

	if ((in->control & HV_CALL_FAST) != 0) {
		block->word[0] = in->input;
		block->word[1] = in->output;
		return HV_STATUS_SUCCESS;
	}
	/* What is not filled in holds nothing of the hypervisor's. */
	memset(block, 0, call->output_size);
	status = hypercall_check_blocks(vp->partition, call, in);
	if (status != HV_STATUS_SUCCESS || call->input_size == 0) {
		return status;
	}
	if (window_read(vp->partition, gpa(in->input), block,
			call->input_size) != HV_OK) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	return HV_STATUS_SUCCESS;
}

/* The calls. The answer goes where the input was. */
static uint16_t hypercall_run(struct vp *vp, uint16_t code,
			      union hypercall_block *block)
{
	switch (code) {
	case HV_CALL_NOTIFY_LONG_SPIN_WAIT:
		/* A hint, and the plan is fixed: nothing to be done. */
		return HV_STATUS_SUCCESS;
	case HV_CALL_EXT_QUERY_CAPABILITIES:
		block->word[0] = 0;	/* none of the extended calls */
		return HV_STATUS_SUCCESS;
	case HV_CALL_POST_MESSAGE:
		return message_post(vp, &block->post);
	case HV_CALL_SIGNAL_EVENT:
		return message_signal(vp, &block->signal);
	}
	return HV_STATUS_INVALID_HYPERCALL_CODE;
}

static uint16_t hypercall_do(struct vp *vp, const struct hypercall_input *in)
{
	union hypercall_block block;
	uint16_t code = (uint16_t)(in->control & HV_CALL_CODE_MASK);
	const struct hypercall_config *call = hypercall_find(code);
	uint16_t status;

	if (call == NULL) {
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	}
	if (call->privilege != HYPERCALL_FREE &&
	    !synth_has_privilege(vp->partition, call->privilege)) {
		return HV_STATUS_ACCESS_DENIED;
	}
	status = hypercall_check_control(call, in->control);
	if (status != HV_STATUS_SUCCESS) {
		return status;
	}
	status = hypercall_copy_input(vp, call, in, &block);
	if (status != HV_STATUS_SUCCESS) {
		return status;
	}
	status = hypercall_run(vp, code, &block);
	if (status == HV_STATUS_SUCCESS && call->output_size != 0 &&
	    window_write(vp->partition, gpa(in->output), &block,
			 call->output_size) != HV_OK) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	return status;
}

/*
 * #UD unless the caller is the kernel, in protected mode, of a guest that has
 * put up its hypercall page (TLFS 3.3).
 */
enum outcome hypercall_handle(struct vp *vp)
{
	const struct partition_synth_state *synth =
		&partition_table[vp->partition].synth;
	uint64_t page = __atomic_load_n(&synth->hypercall, __ATOMIC_RELAXED);
	struct hypercall_input in;
	struct vcpu_mode mode;
	bool wide;

	if ((page & HV_MSR_PAGE_ENABLE) == 0) {
		return guest_inject_ud(vp);
	}
	wide = vcpu_is_wide_kernel(&vp->vcpu);
	if (!wide) {
		vcpu_get_mode(&vp->vcpu, &mode);
		if (mode.cpl != 0 || mode.code_bits == 64 ||
		    (mode.cr0 & CR0_PE) == 0) {
			return guest_inject_ud(vp);
		}
	}
	hypercall_get_input(&vp->vcpu, wide, &in);
	hypercall_set_result(&vp->vcpu, wide, hypercall_do(vp, &in));
	return OUTCOME_NEXT;
}
