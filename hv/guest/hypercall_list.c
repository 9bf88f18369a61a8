/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rep calls that do something for each element of a list: a bounded batch
 * between two looks at what else is to be done on the LP.
 */
#include "core/partition.h"
#include "guest/guest.h"
#include "guest/hypercall.h"
#include "lib/string.h"
#include "mem/window.h"

#define HYPERCALL_BATCH 16u

uint16_t hypercall_check_header(const struct hv_vp_header *header)
{
	if (header->partition != HV_PARTITION_SELF) {
		return HV_STATUS_INVALID_PARTITION_ID;
	}
	return (header->vtl | header->reserved[0] | header->reserved[1] |
		header->reserved[2]) == 0 ? HV_STATUS_SUCCESS
					  : HV_STATUS_INVALID_PARAMETER;
}

/* A list that is on its way: one batch of it. */
struct hypercall_list {
	uint32_t start;			/* done of it */
	uint32_t count;			/* in this batch */
	enum outcome outcome;
	union {
		uint32_t word[HYPERCALL_BATCH];
		struct hv_register_value value;
	} in;
	union {
		uint32_t word[HYPERCALL_BATCH];
		uint64_t value[HYPERCALL_BATCH][2];
	} out;
};

static uint16_t hypercall_check_list(const struct vp *vp, uint16_t code,
				     const struct hv_vp_header *header)
{
	uint16_t status = hypercall_check_header(header);

	if (status != HV_STATUS_SUCCESS || code == HV_CALL_VP_OF_APIC_ID) {
		/* There is no VP in its header. */
		return status == HV_STATUS_SUCCESS && header->vp != 0 ?
		       HV_STATUS_INVALID_PARAMETER : status;
	}
	if (header->vp == HV_VP_SELF || header->vp == vp->number) {
		return HV_STATUS_SUCCESS;
	}
	/* Registers of a VP that runs are nobody else's. */
	return header->vp < partition_config(vp->partition)->vp_count ?
	       HV_STATUS_INVALID_VP_STATE : HV_STATUS_INVALID_VP_INDEX;
}

/* Element i of the batch. */
static uint16_t hypercall_run_element(struct vp *vp, uint16_t code,
				      struct hypercall_list *l, uint32_t i)
{
	uint32_t word = l->in.word[i];

	switch (code) {
	case HV_CALL_GET_REGISTERS:
		return register_get(vp, word, l->out.value[i]);
	case HV_CALL_SET_REGISTERS:
		return register_set(vp, &l->in.value, &l->outcome);
	}
	l->out.word[i] = word;	/* the APIC id of a VP is its number */
	return word < partition_config(vp->partition)->vp_count ?
	       HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

static enum hv_err hypercall_get_list(const struct vp *vp,
				      const struct hypercall_config *call,
				      const struct hypercall_input *in,
				      const union hypercall_block *block,
				      struct hypercall_list *l)
{
	uint32_t at = call->input_size + l->start * call->element_in;
	uint32_t size = l->count * call->element_in;

	if ((in->control & HV_CALL_FAST) == 0) {
		return window_read(vp->partition, gpa(in->input + at), &l->in,
				   size);
	}
	memcpy(&l->in, (const uint8_t *)block + at, size);
	return HV_OK;
}

static uint16_t hypercall_run_batch(struct vp *vp,
				    const struct hypercall_config *call,
				    const struct hypercall_input *in,
				    const union hypercall_block *block,
				    struct hypercall_list *l)
{
	uint16_t status = hypercall_check_list(vp, call->code, &block->header);
	gpa_t to = gpa(in->output + l->start * call->element_out);
	uint32_t done = 0;

	if (status == HV_STATUS_SUCCESS &&
	    hypercall_get_list(vp, call, in, block, l) != HV_OK) {
		status = HV_STATUS_INVALID_PARAMETER;
	}
	while (status == HV_STATUS_SUCCESS && done < l->count) {
		status = hypercall_run_element(vp, call->code, l, done);
		if (l->outcome != OUTCOME_NEXT) {
			break;
		}
		done += status == HV_STATUS_SUCCESS ? 1 : 0;
	}
	if (done != 0 && call->element_out != 0 &&
	    window_write(vp->partition, to, &l->out,
			 done * call->element_out) != HV_OK) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	l->start += done;
	return status;
}

/*
 * As many elements as are quickly done; the rest when the guest has executed
 * its call again, from the rep start that is then in its control word. What
 * is written may take long: one at a time.
 */
enum outcome hypercall_run_list(struct vp *vp,
				const struct hypercall_config *call,
				struct hypercall_input *in,
				const union hypercall_block *block,
				uint64_t *result)
{
	uint32_t count = hypercall_count(in->control);
	uint32_t most = call->element_out != 0 ? HYPERCALL_BATCH : 1;
	struct hypercall_list l = {
		.start = hypercall_start(in->control),
		.outcome = OUTCOME_NEXT
	};

	l.count = count - l.start < most ? count - l.start : most;
	*result = hypercall_run_batch(vp, call, in, block, &l);
	*result |= (uint64_t)l.start << HV_RESULT_REPS_SHIFT;
	if (l.outcome != OUTCOME_NEXT || (uint16_t)*result != 0 ||
	    l.start == count) {
		return l.outcome;
	}
	in->control &= ~((uint64_t)HV_CALL_REP_MASK << HV_CALL_REP_START_SHIFT);
	in->control |= (uint64_t)l.start << HV_CALL_REP_START_SHIFT;
	return OUTCOME_SAME;
}
