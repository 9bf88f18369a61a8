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
	/* Held by the TPR: each of its writes is looked at. */
	if (vector >> 4 > vcpu->cr8) {
		vmx_write(VMCS_PROC, vmx_read(VMCS_PROC) | VMX_PROC_WINDOW);
	}
}

void vmx_cancel_window(struct vcpu *vcpu)
{
	(void)vcpu;
	vmx_write(VMCS_PROC, vmx_read(VMCS_PROC) & ~VMX_PROC_WINDOW);
}

/* The entry with an NMI masks further ones, the guest's IRET ends that
 * ("virtual NMIs", SDM3 24.6.1). */
void vmx_mask_nmi(const struct vcpu *vcpu, bool mask)
{
	uint64_t shadow = vmx_read(VMCS_SHADOW) & ~(uint64_t)VMX_SHADOW_NMI;

	(void)vcpu;
	vmx_write(VMCS_SHADOW, shadow | (mask ? VMX_SHADOW_NMI : 0));
}
