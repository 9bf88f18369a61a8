/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts, NMIs, single steps: when a guest can take one, and how the
 * hypervisor learns that it can.
 */
#include "vcpu/vmx/vmx.h"

bool vmx_is_shadowed(const struct vcpu *vcpu)
{
	(void)vcpu;
	return (vmx_read(VMCS_SHADOW) & VMX_SHADOW_INSN) != 0;
}

bool vmx_is_nmi_masked(const struct vcpu *vcpu)
{
	(void)vcpu;
	return (vmx_read(VMCS_SHADOW) & VMX_SHADOW_NMI) != 0;
}

void vmx_request_window(struct vcpu *vcpu, uint8_t vector)
{
	/* Held by the TPR: an exit when it is lower than that. Without a TPR
	 * shadow there is no such field, and each write is an exit. */
	if (vector >> 4 <= vcpu->cr8) {
		vmx_write(VMCS_TPR_THRESHOLD, vector >> 4);
		return;
	}
	vmx_write(VMCS_PROC, vmx_read(VMCS_PROC) | VMX_PROC_WINDOW);
}

void vmx_cancel_window(struct vcpu *vcpu)
{
	(void)vcpu;
	vmx_write(VMCS_TPR_THRESHOLD, 0);
	vmx_write(VMCS_PROC, vmx_read(VMCS_PROC) & ~VMX_PROC_WINDOW);
}

/* At an entry no threshold may be above it (SDM3 26.2.1.1). */
void vmx_set_cr8(const struct vcpu *vcpu)
{
	*vmx_tpr(lp_self()) = (uint32_t)vcpu->cr8 << 4;
	vmx_write(VMCS_TPR_THRESHOLD, 0);
}

/* The entry with an NMI masks further ones, the guest's IRET ends that
 * ("virtual NMIs", SDM3 24.6.1). */
void vmx_mask_nmi(const struct vcpu *vcpu, bool mask)
{
	uint64_t shadow = vmx_read(VMCS_SHADOW) & ~(uint64_t)VMX_SHADOW_NMI;

	(void)vcpu;
	vmx_write(VMCS_SHADOW, shadow | (mask ? VMX_SHADOW_NMI : 0));
}
