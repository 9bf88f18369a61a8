/* SPDX-License-Identifier: Apache-2.0 */
/* The AMD back end for tests of the other one: never called. */
#include <stdlib.h>

#include "vcpu/svm/svm.h"

#define NEVER(result, name, ...) \
	result name(__VA_ARGS__) \
	{ \
		abort(); \
	}

NEVER(enum hv_err, svm_start_lp, struct vcpu_features *f, const char **why)
NEVER(void, svm_reset, struct vcpu *v, const struct vp_state_config *state)
NEVER(void, svm_run, struct vcpu *v, uint64_t deadline,
	const volatile uint32_t *requests, struct vcpu_exit *exit)
NEVER(bool, svm_is_shadowed, const struct vcpu *v)
NEVER(void, svm_request_window, struct vcpu *v, uint8_t vector)
NEVER(void, svm_cancel_window, struct vcpu *v)
NEVER(void, svm_set_cr8, struct vcpu *v)
NEVER(void, svm_mask_nmi, struct vcpu *v, bool mask)
NEVER(bool, svm_is_nmi_masked, const struct vcpu *v)
NEVER(void, svm_get_mode, const struct vcpu *v, struct vcpu_mode *mode)
NEVER(void, svm_get_segment, const struct vcpu *v, enum segment_name name,
	struct segment_config *segment)
NEVER(void, svm_set_segment, const struct vcpu *v, enum segment_name name,
	const struct segment_config *segment)
NEVER(enum hv_err, svm_get_register, const struct vcpu *v, uint32_t name,
	uint64_t *value)
NEVER(enum hv_err, svm_set_register, struct vcpu *v, uint32_t name,
	uint64_t value)
