/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls (TLFS chapter 3). One path for all of them: who may call at all
 * (#UD else), is there such a call, may this partition make it, is the control
 * word right, are the addresses, then the input is copied once, and the call
 * itself works on the copy. The order is fixed: it is what a guest can see.
 */
#include "abi/hypercall.h"
#include "abi/msr.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "cpu/tsc.h"
#include "guest/guest.h"
#include "guest/hypercall.h"
#include "guest/synic.h"
#include "guest/synth.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mem/window.h"

#define NEEDS_FLUSH (HYPERCALL_NEEDS_FLAG | 3u)	/* PARTITION_FLUSH_CALLS */
#define NEEDS_IPI (HYPERCALL_NEEDS_FLAG | 4u)	/* PARTITION_IPI_CALLS */
_Static_assert(PARTITION_FLUSH_CALLS == 1u << 3, "NEEDS_FLUSH");
_Static_assert(PARTITION_IPI_CALLS == 1u << 4, "NEEDS_IPI");

/* By use, often to seldom. */
static const struct hypercall_config hypercall_configs[] = {
	{ HV_CALL_NOTIFY_LONG_SPIN_WAIT, HYPERCALL_SIMPLE, HYPERCALL_FREE,
	  8, 0, 0, 0 },
	{ HV_CALL_SEND_IPI, HYPERCALL_LONG, NEEDS_IPI, 16, 0, 0, 0 },
	{ HV_CALL_FLUSH_LIST, HYPERCALL_REP | HYPERCALL_LONG, NEEDS_FLUSH,
	  24, 0, 8, 0 },
	{ HV_CALL_FLUSH_SPACE, HYPERCALL_LONG, NEEDS_FLUSH, 24, 0, 0, 0 },
	{ HV_CALL_SIGNAL_EVENT, HYPERCALL_SIMPLE,
	  HV_PRIVILEGE_SIGNAL_EVENTS_BIT, sizeof(struct hv_signal_event), 0,
	  0, 0 },
	{ HV_CALL_POST_MESSAGE, HYPERCALL_SIMPLE,
	  HV_PRIVILEGE_POST_MESSAGES_BIT, sizeof(struct hv_post_message), 0,
	  0, 0 },
	{ HV_CALL_SEND_IPI_EX, HYPERCALL_LONG | HYPERCALL_VARIABLE, NEEDS_IPI,
	  24, 0, 0, 0 },
	{ HV_CALL_FLUSH_LIST_EX,
	  HYPERCALL_REP | HYPERCALL_LONG | HYPERCALL_VARIABLE, NEEDS_FLUSH,
	  32, 0, 8, 0 },
	{ HV_CALL_FLUSH_SPACE_EX, HYPERCALL_LONG | HYPERCALL_VARIABLE,
	  NEEDS_FLUSH, 32, 0, 0, 0 },
	{ HV_CALL_GET_REGISTERS,
	  HYPERCALL_REP | HYPERCALL_LONG | HYPERCALL_LIST,
	  HV_PRIVILEGE_VP_REGISTERS_BIT, sizeof(struct hv_vp_header), 0,
	  4, 16 },
	{ HV_CALL_SET_REGISTERS, HYPERCALL_REP | HYPERCALL_LIST,
	  HV_PRIVILEGE_VP_REGISTERS_BIT, sizeof(struct hv_vp_header), 0,
	  sizeof(struct hv_register_value), 0 },
	{ HV_CALL_VP_OF_APIC_ID,
	  HYPERCALL_REP | HYPERCALL_LONG | HYPERCALL_LIST,
	  HYPERCALL_FREE, sizeof(struct hv_vp_header), 0, 4, 4 },
	{ HV_CALL_START_VP, HYPERCALL_SIMPLE, HV_PRIVILEGE_START_VP_BIT,
	  sizeof(struct hv_start_vp), 0, 0, 0 },
	{ HV_CALL_EXT_QUERY_CAPABILITIES, HYPERCALL_SIMPLE,
	  HV_PRIVILEGE_EXTENDED_HYPERCALLS_BIT, 0, 8, 0, 0 },
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

/* Of the whole input: header, set, list. */
static uint32_t hypercall_input_size(const struct hypercall_config *call,
				     uint64_t control)
{
	return call->input_size + 8 * hypercall_variable(control) +
	       call->element_in * hypercall_count(control);
}

uint16_t hypercall_check_control(const struct hypercall_config *call,
				 uint64_t control)
{
	uint32_t count = hypercall_count(control);
	uint32_t start = hypercall_start(control);

	/* No nested hypervisor is offered. */
	if ((control & (HV_CALL_RESERVED | HV_CALL_NESTED)) != 0 ||
	    hypercall_variable(control) >
		    ((call->kind & HYPERCALL_VARIABLE) != 0 ?
		     HV_VP_SET_BANKS : 0)) {
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	if ((call->kind & HYPERCALL_REP) != 0 ? start >= count
					      : (count | start) != 0) {
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	/* Fast output is not offered. */
	if ((control & HV_CALL_FAST) != 0 &&
	    (hypercall_input_size(call, control) > HYPERCALL_XMM_MAX ||
	     (call->output_size | call->element_out) != 0)) {
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
	uint32_t input_size = hypercall_input_size(call, in->control);
	uint32_t output_size = call->output_size +
		call->element_out * hypercall_count(in->control);

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

/* The input block but for its list, copied once. */
static uint16_t hypercall_copy_input(const struct vp *vp,
				     const struct hypercall_config *call,
				     const struct hypercall_input *in,
				     union hypercall_block *block)
{
	uint32_t size = call->input_size + 8 * hypercall_variable(in->control);
	uint16_t status;

	if ((in->control & HV_CALL_FAST) != 0) {
		block->word[0] = in->input;
		block->word[1] = in->output;
		if (call->input_size > HYPERCALL_FAST_MAX ||
		    (call->kind & ~HYPERCALL_LONG) != HYPERCALL_SIMPLE) {
			vcpu_get_xmm(&vp->vcpu, &block->word[2]);
		}
		return HV_STATUS_SUCCESS;
	}
	/* Banks of a set that no partition has VPs in are not looked at. */
	if (size > sizeof(*block)) {
		size = sizeof(*block);
	}
	/* What is not filled in holds nothing of the hypervisor's. */
	memset(block, 0, call->output_size);
	status = hypercall_check_blocks(vp->partition, call, in);
	if (status != HV_STATUS_SUCCESS || size == 0) {
		return status;
	}
	if (window_read(vp->partition, gpa(in->input), block, size) != HV_OK) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	return HV_STATUS_SUCCESS;
}

/* The calls. The answer goes where the input was. */
static uint16_t hypercall_run(struct vp *vp, uint64_t control,
			      union hypercall_block *block)
{
	switch (control & HV_CALL_CODE_MASK) {
	case HV_CALL_NOTIFY_LONG_SPIN_WAIT:
		/* A hint, and the plan is fixed: nothing to be done. */
		return HV_STATUS_SUCCESS;
	case HV_CALL_SEND_IPI:
	case HV_CALL_SEND_IPI_EX:
		return hypercall_send_ipi(vp, control, &block->ipi);
	case HV_CALL_FLUSH_LIST:
	case HV_CALL_FLUSH_LIST_EX:
	case HV_CALL_FLUSH_SPACE:
	case HV_CALL_FLUSH_SPACE_EX:
		return hypercall_flush(vp, control, &block->flush);
	case HV_CALL_POST_MESSAGE:
		return message_post(vp, &block->post);
	case HV_CALL_SIGNAL_EVENT:
		return message_signal(vp, &block->signal);
	case HV_CALL_START_VP:
		return start_vp(vp, &block->start);
	case HV_CALL_EXT_QUERY_CAPABILITIES:
		block->word[0] = 0;	/* none of the extended calls */
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_HYPERCALL_CODE;
}

static inline bool hypercall_is_allowed(const struct vp *vp,
					uint8_t privilege)
{
	if (privilege == HYPERCALL_FREE) {
		return true;
	}
	if ((privilege & HYPERCALL_NEEDS_FLAG) != 0) {
		return (partition_config(vp->partition)->flags >>
			(privilege & 31) & 1) != 0;
	}
	return synth_has_privilege(vp->partition, privilege);
}

/* OUTCOME_SAME: the call is to be executed again, with in->control. */
static __attribute__((noinline)) enum outcome
hypercall_do(struct vp *vp, const struct hypercall_config *call,
	     struct hypercall_input *in, uint64_t *result)
{
	union hypercall_block block;
	uint16_t status = hypercall_check_control(call, in->control);

	if (status == HV_STATUS_SUCCESS) {
		if ((call->kind & HYPERCALL_LONG) != 0 &&
		    !lp_has_time(lp_self(), tsc_read())) {
			return OUTCOME_SAME;
		}
		status = hypercall_copy_input(vp, call, in, &block);
	}
	if (status == HV_STATUS_SUCCESS) {
		if ((call->kind & HYPERCALL_LIST) != 0) {
			return hypercall_run_list(vp, call, in, &block,
						  result);
		}
		status = hypercall_run(vp, in->control, &block);
	}
	if (status == HV_STATUS_SUCCESS && call->output_size != 0 &&
	    window_write(vp->partition, gpa(in->output), &block,
			 call->output_size) != HV_OK) {
		status = HV_STATUS_INVALID_PARAMETER;
	}
	*result = status;
	if (status == HV_STATUS_SUCCESS) {
		*result |= (uint64_t)hypercall_count(in->control) <<
			   HV_RESULT_REPS_SHIFT;
	}
	return OUTCOME_NEXT;
}

/* Nothing but a code and HV_CALL_FAST, and all input in two registers. */
static inline bool hypercall_is_plain(const struct hypercall_config *call,
				      uint64_t control)
{
	return (control ^ call->code) == HV_CALL_FAST &&
	       call->kind == HYPERCALL_SIMPLE && call->output_size == 0 &&
	       call->input_size <= HYPERCALL_FAST_MAX;
}

static inline enum outcome hypercall_dispatch(struct vp *vp,
					      struct hypercall_input *in,
					      uint64_t *result)
{
	union hypercall_block block;
	const struct hypercall_config *call =
		hypercall_find((uint16_t)(in->control & HV_CALL_CODE_MASK));

	if (call == NULL) {
		*result = HV_STATUS_INVALID_HYPERCALL_CODE;
	} else if (!hypercall_is_allowed(vp, call->privilege)) {
		*result = HV_STATUS_ACCESS_DENIED;
	} else if (hypercall_is_plain(call, in->control)) {
		block.word[0] = in->input;
		block.word[1] = in->output;
		*result = hypercall_run(vp, in->control, &block);
	} else {
		return hypercall_do(vp, call, in, result);
	}
	return OUTCOME_NEXT;
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
	enum outcome outcome;
	struct hypercall_input in;
	struct vcpu_mode mode;
	uint64_t result;
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
	outcome = hypercall_dispatch(vp, &in, &result);
	if (outcome == OUTCOME_NEXT) {
		hypercall_set_result(&vp->vcpu, wide, result);
	} else if (outcome == OUTCOME_SAME && wide) {
		vp->vcpu.gpr[GPR_RCX] = in.control;
	} else if (outcome == OUTCOME_SAME) {
		hypercall_set_result(&vp->vcpu, false, in.control);
	}
	return outcome;
}
