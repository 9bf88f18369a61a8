/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls: the table of calls, and the checks that all of them share. */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include "core/vp.h"

enum hypercall_kind {
	HYPERCALL_SIMPLE,
	HYPERCALL_REP
};

#define HYPERCALL_FREE 0xff	/* no privilege needed */
#define HYPERCALL_BLOCK_MAX 256	/* input or output, in bytes */

struct hypercall_config {
	uint16_t code;
	uint8_t kind;		/* enum hypercall_kind */
	uint8_t privilege;	/* bit, or HYPERCALL_FREE */
	uint16_t input_size;	/* in bytes, without a rep list */
	uint16_t output_size;
};

/* Input value, and where the blocks are: by GPA, or by value if fast. */
struct hypercall_input {
	uint64_t control;
	uint64_t input;
	uint64_t output;
};

/* Row of a call code, or null. */
const struct hypercall_config *hypercall_find(uint16_t code) must_use;
/* Is the control word right for this call? HV_STATUS_*. */
uint16_t hypercall_check_control(const struct hypercall_config *call,
				 uint64_t control) must_use;
/* Are the blocks of the memory form in place? HV_STATUS_*. */
uint16_t hypercall_check_blocks(uint32_t partition,
				const struct hypercall_config *call,
				const struct hypercall_input *in) must_use;

#endif
