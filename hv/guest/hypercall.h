/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls: the table of calls, the checks that all of them share, and the
 * calls of files of their own.
 */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include "abi/hypercall.h"
#include "abi/tlfs.h"
#include "core/vp.h"

/* Bits of hypercall_config.kind */
#define HYPERCALL_SIMPLE 0u
#define HYPERCALL_REP 1u	/* has a rep count */
#define HYPERCALL_VARIABLE 2u	/* ends with a VP set, banks in its header */
#define HYPERCALL_LONG 4u	/* may take long: not at the end of a slot */
#define HYPERCALL_LIST 8u	/* its elements are done one by one */

#define HYPERCALL_FREE 0xff	/* no privilege needed */
/* Needs this partition flag (bit n), no privilege. */
#define HYPERCALL_NEEDS_FLAG 0x80
#define HYPERCALL_FAST_MAX 16u	/* bytes of input in RDX and R8 ... */
#define HYPERCALL_XMM_MAX 112u	/* ... and in XMM0 to XMM5 */

struct hypercall_config {
	uint16_t code;
	uint8_t kind;		/* HYPERCALL_* */
	uint8_t privilege;	/* bit, or as above */
	uint16_t input_size;	/* in bytes, without what varies */
	uint16_t output_size;
	uint8_t element_in;	/* of a rep call: bytes of each element */
	uint8_t element_out;
};

/* Input value, and where the blocks are: by GPA, or by value if fast. */
struct hypercall_input {
	uint64_t control;
	uint64_t input;
	uint64_t output;
};

/* The copy of the input but its list; then the output. */
union hypercall_block {
	uint64_t word[HYPERCALL_XMM_MAX / 8];
	struct hv_post_message post;
	struct hv_signal_event signal;
	struct hv_flush flush;
	struct hv_send_ipi ipi;
	struct hv_start_vp start;
	struct hv_vp_header header;
};

static inline uint32_t hypercall_count(uint64_t control)
{
	return (uint32_t)(control >> HV_CALL_REP_COUNT_SHIFT) &
	       HV_CALL_REP_MASK;
}

static inline uint32_t hypercall_start(uint64_t control)
{
	return (uint32_t)(control >> HV_CALL_REP_START_SHIFT) &
	       HV_CALL_REP_MASK;
}

static inline uint32_t hypercall_variable(uint64_t control)
{
	return (uint32_t)(control >> HV_CALL_VARIABLE_SHIFT) &
	       HV_CALL_VARIABLE_MASK;
}

/* Row of a call code, or null. */
const struct hypercall_config *hypercall_find(uint16_t code) must_use;
/* Is the control word right for this call? HV_STATUS_*. */
uint16_t hypercall_check_control(const struct hypercall_config *call,
				 uint64_t control) must_use;
/* Are the blocks of the memory form in place? HV_STATUS_*. */
uint16_t hypercall_check_blocks(uint32_t partition,
				const struct hypercall_config *call,
				const struct hypercall_input *in) must_use;
/* Header of calls on VPs: this partition, no VTL. HV_STATUS_*. */
uint16_t hypercall_check_header(const struct hv_vp_header *header) must_use;

/*
 * HYPERCALL_LIST. OUTCOME_SAME: the guest is to execute it again with
 * in->control, for the rest of its list.
 */
enum outcome hypercall_run_list(struct vp *vp,
				const struct hypercall_config *call,
				struct hypercall_input *in,
				const union hypercall_block *block,
				uint64_t *result) must_use;

/* ---- calls that have files of their own: HV_STATUS_* ------------------- */

/* hypercall_vps.c; control: for the size of a set. */
uint16_t hypercall_flush(struct vp *vp, uint64_t control,
			 const struct hv_flush *input) must_use;
uint16_t hypercall_send_ipi(const struct vp *vp, uint64_t control,
			    const struct hv_send_ipi *input) must_use;

/* start.c */
uint16_t start_vp(const struct vp *vp, const struct hv_start_vp *input)
	must_use;

/* hypercall_regs.c; the VP's own, in or out in value[2]. */
uint16_t register_get(struct vp *vp, uint32_t name, uint64_t *value) must_use;
/* *outcome: as of synth_write_msr(). */
uint16_t register_set(struct vp *vp, const struct hv_register_value *input,
		      enum outcome *outcome) must_use;

#endif
