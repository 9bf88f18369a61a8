/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on a set of the partition's VPs: TLB flushes and interrupts. VPs that
 * the partition has not are left out of any set. What is flushed is always
 * all that a VP has: more than the guest asks for, never less.
 */
#include "core/flush.h"
#include "guest/hypercall.h"
#include "lib/bits.h"

/* Its VPs below 64, of which no partition has more. */
static uint16_t hypercall_read_set(uint64_t control,
				   const struct hv_vp_set *set, uint64_t *mask)
{
	uint32_t banks = 0;

	if (set->format == HV_VP_SET_ALL) {
		*mask = UINT64_MAX;
		return HV_STATUS_SUCCESS;
	}
	if (set->format != HV_VP_SET_SPARSE) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	for (uint64_t left = set->valid; left != 0; left &= left - 1) {
		banks++;
	}
	if (banks != hypercall_variable(control)) {
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	*mask = (set->valid & 1) != 0 ? set->bank[0] : 0;
	return HV_STATUS_SUCCESS;
}

uint16_t hypercall_flush(struct vp *vp, uint64_t control,
			 const struct hv_flush *input)
{
	uint16_t code = (uint16_t)control;
	uint16_t status = HV_STATUS_SUCCESS;
	uint64_t known = HV_FLUSH_ALL_PROCESSORS | HV_FLUSH_ALL_SPACES;
	uint64_t mask = input->mask;

	if (code == HV_CALL_FLUSH_SPACE || code == HV_CALL_FLUSH_SPACE_EX) {
		known |= HV_FLUSH_NON_GLOBAL_ONLY;
	}
	if ((input->flags & ~known) != 0) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	if (code >= HV_CALL_FLUSH_SPACE_EX) {
		status = hypercall_read_set(control, &input->set, &mask);
	}
	if (status != HV_STATUS_SUCCESS) {
		return status;
	}
	if ((input->flags & HV_FLUSH_ALL_PROCESSORS) != 0) {
		mask = UINT64_MAX;
	}
	flush_guests(vp, mask);
	return HV_STATUS_SUCCESS;
}

uint16_t hypercall_send_ipi(const struct vp *vp, uint64_t control,
			    const struct hv_send_ipi *input)
{
	uint32_t count = partition_configs[vp->partition].vp_count;
	uint16_t status = HV_STATUS_SUCCESS;
	uint64_t mask = input->mask;

	if (input->vector < 16 || input->vector > 255 || input->vtl != 0 ||
	    (input->reserved[0] | input->reserved[1] | input->reserved[2])) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	if ((uint16_t)control == HV_CALL_SEND_IPI_EX) {
		status = hypercall_read_set(control, &input->set, &mask);
	}
	if (status != HV_STATUS_SUCCESS) {
		return status;
	}
	mask &= UINT64_MAX >> (64 - count);
	for (; mask != 0; mask &= mask - 1) {
		vp_post_interrupt(vp_of(vp->partition, bits_lowest(mask)),
				  (uint8_t)input->vector, false);
	}
	return HV_STATUS_SUCCESS;
}
