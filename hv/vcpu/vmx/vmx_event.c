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

#ifdef CONFIG_VMX_APICV
/* ---- virtual interrupts (SDM3 29.1, 29.2, 29.6) ------------------------ */

/* Two of the page's words of 32 bits, as one of 64. */
static inline uint32_t *vmx_apic_word(uint32_t from, unsigned i)
{
	return (uint32_t *)(lp_self()->host_state + from + i * 32);
}

static void vmx_put_vectors(uint32_t from, const uint64_t vectors[4])
{
	for (unsigned i = 0; i < 4; i++) {
		vmx_apic_word(from, i)[0] = (uint32_t)vectors[i];
		vmx_apic_word(from, i)[4] = (uint32_t)(vectors[i] >> 32);
	}
}

/* Leaves the page empty: it is the next VP's, too. */
static void vmx_take_vectors(uint32_t from, uint64_t vectors[4])
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t *word = vmx_apic_word(from, i);

		vectors[i] = word[0] | (uint64_t)word[4] << 32;
		word[0] = word[4] = 0;
	}
}

static uint8_t vmx_highest(const uint64_t vectors[4])
{
	for (unsigned i = 4; i-- > 0;) {
		if (vectors[i] != 0) {
			return (uint8_t)(i * 64 + bits_highest(vectors[i]));
		}
	}
	return 0;
}

bool vmx_has_apic(const struct vcpu *vcpu)
{
	return vcpu_features.delivers &&
	       partition_configs[vcpu->partition].msr_bitmap_apic != NULL;
}

/* The fields that only count while the controls are on hold what they held,
 * or nothing: all are written. */
static void vmx_switch_apic(struct vcpu *vcpu, const struct vcpu_apic *apic)
{
	const struct partition_config *p = &partition_configs[vcpu->partition];
	const uint32_t *control = vcpu_features.control;
	bool given = apic != NULL;

	vmx_cancel_window(vcpu);
	vmx_write(VMCS_PROC2, control[VMX_PROC2] |
			      (given ? VMX_PROC2_APIC : 0));
	vmx_write(VMCS_MSR_BITMAP, (uint64_t)(given ? p->msr_bitmap_apic
						    : p->msr_bitmap));
	if (given) {
		vmx_write(VMCS_APIC_STATUS, 0);
		for (unsigned i = 0; i < 4; i++) {
			vmx_write(VMCS_EOI_EXITS + 2 * i, apic->exits[i]);
			vcpu->apic_exits[i] = apic->exits[i];
		}
	}
	if (vcpu_features.posts) {
		vmx_write(VMCS_PIN, control[VMX_PIN] |
				    (given ? VMX_PIN_POSTED : 0));
		vmx_write(VMCS_POSTED_VECTOR, LP_VECTOR_POST);
		vmx_write(VMCS_POSTED, given ? (uint64_t)apic->posted : 0);
	}
	vcpu->apic_given = given;
}

void vmx_give_apic(struct vcpu *vcpu, const struct vcpu_apic *apic)
{
	uint16_t status;

	if (vcpu->apic_given != (apic != NULL)) {
		vmx_switch_apic(vcpu, apic);
	}
	lp_self()->takes_posted = apic != NULL && vcpu_features.posts;
	if (apic == NULL) {
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		if (vcpu->apic_exits[i] != apic->exits[i]) {
			vmx_write(VMCS_EOI_EXITS + 2 * i, apic->exits[i]);
			vcpu->apic_exits[i] = apic->exits[i];
		}
	}
	status = (uint16_t)(vmx_highest(apic->requested) |
			    vmx_highest(apic->service) << 8);
	if (status != 0) {
		vmx_put_vectors(VMX_APIC_IRR, apic->requested);
		vmx_put_vectors(VMX_APIC_ISR, apic->service);
	}
	if ((status | vcpu->apic_status) != 0) {
		vmx_write(VMCS_APIC_STATUS, status);
	}
	vcpu->apic_status = status;
}

bool vmx_take_apic(struct vcpu *vcpu, struct vcpu_apic *apic)
{
	uint16_t status;

	if (!vcpu->apic_given) {
		return false;
	}
	status = (uint16_t)vmx_read(VMCS_APIC_STATUS);
	if ((status | vcpu->apic_status) == 0) {
		return false;
	}
	/* What it is, for the next vmx_give_apic(). */
	vcpu->apic_status = status;
	vmx_take_vectors(VMX_APIC_IRR, apic->requested);
	vmx_take_vectors(VMX_APIC_ISR, apic->service);
	return true;
}
#endif

/* The entry with an NMI masks further ones, the guest's IRET ends that
 * ("virtual NMIs", SDM3 24.6.1). */
void vmx_mask_nmi(const struct vcpu *vcpu, bool mask)
{
	uint64_t shadow = vmx_read(VMCS_SHADOW) & ~(uint64_t)VMX_SHADOW_NMI;

	(void)vcpu;
	vmx_write(VMCS_SHADOW, shadow | (mask ? VMX_SHADOW_NMI : 0));
}
