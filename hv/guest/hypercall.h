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
#define HYPERCALL_BLOCK_MAX 64	/* input or output, in bytes */

struct hypercall_config {
	uint16_t code;
	uint8_t kind;		/* enum hypercall_kind */
	uint8_t privilege;	/* bit, or HYPERCALL_FREE */
	uint16_t input_size;	/* in bytes, without a rep list */
	uint16_t output_size;
};

/* Row of a call code, or null. */
const struct hypercall_config *hypercall_find(uint16_t code) must_use;
/* Is the control word right for this call? HV_STATUS_*. */
uint16_t hypercall_check_control(const struct hypercall_config *call,
				 uint64_t control) must_use;

#endif
