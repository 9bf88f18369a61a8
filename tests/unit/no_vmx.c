/* SPDX-License-Identifier: Apache-2.0 */
/* The Intel back end for tests of the other one: never called. */
#include <stdlib.h>

#include "vcpu/vmx/vmx.h"

#define NEVER(result, name, ...) \
	result name(__VA_ARGS__) \
	{ \
		abort(); \
	}

NEVER(enum hv_err, vmx_start_lp, struct vcpu_features *f, const char **why)
NEVER(void, vmx_reset, struct vcpu *v, const struct vp_state_config *state)
NEVER(void, vmx_start_context, struct vcpu *v,
	const struct vp_state_config *state)
NEVER(void, vmx_load, struct vcpu *v)
NEVER(void, vmx_save, struct vcpu *v)
NEVER(void, vmx_run, struct vcpu *v, uint64_t deadline,
	const volatile uint32_t *requests, struct vcpu_exit *exit)
NEVER(uint64_t, vmx_read, uint32_t field)
NEVER(void, vmx_write, uint32_t field, uint64_t value)
NEVER(uint64_t, vmx_read_dr6, void)
NEVER(void, vmx_write_dr6, uint64_t value)
NEVER(bool, vmx_is_shadowed, const struct vcpu *v)
NEVER(void, vmx_request_window, struct vcpu *v, uint8_t vector)
NEVER(void, vmx_cancel_window, struct vcpu *v)
NEVER(void, vmx_set_cr8, const struct vcpu *v)
NEVER(bool, vmx_is_nmi_masked, const struct vcpu *v)
NEVER(void, vmx_get_mode, const struct vcpu *v, struct vcpu_mode *mode)
NEVER(void, vmx_get_segment, const struct vcpu *v, enum segment_name name,
	struct segment_config *segment)
NEVER(void, vmx_set_segment, const struct vcpu *v, enum segment_name name,
	const struct segment_config *segment)
NEVER(enum hv_err, vmx_get_register, const struct vcpu *v, uint32_t name,
	uint64_t *value)
NEVER(enum hv_err, vmx_set_register, struct vcpu *v, uint32_t name,
	uint64_t value)
