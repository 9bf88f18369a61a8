/* SPDX-License-Identifier: Apache-2.0 */
/* Registers by their TLFS names, segments, and the mode of execution. */
#include "abi/msr.h"
#include "abi/registers.h"
#include "cpu/regs.h"
#include "mem/window.h"
#include "vcpu/vmx/vmx.h"

/*
 * Bits of CR0 that are not the guest's: NE is always on while VMX is, and the
 * cache is everybody's. It sees what it wrote; CR4 is all like that.
 */
#define CR0_OURS (CR0_NE | CR0_NW | CR0_CD)

/* Not in the VMCS; the hypervisor does not use them: switched with the VP. */
const uint32_t vmx_msrs[VCPU_MSR_COUNT] = {
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE
};

void vmx_get_segment(const struct vcpu *vcpu, enum segment_name name,
		     struct segment_config *segment)
{
	uint32_t at = 2 * (uint32_t)name;
	uint64_t rights = vmx_read(VMCS_RIGHTS + at);

	(void)vcpu;
	if ((rights & VMX_RIGHTS_UNUSABLE) != 0) {
		rights &= ~VMX_RIGHTS_PRESENT;
	}
	segment->base = vmx_read(VMCS_BASE + at);
	segment->limit = (uint32_t)vmx_read(VMCS_LIMIT + at);
	segment->selector = (uint16_t)vmx_read(VMCS_SELECTOR + at);
	segment->attributes = (uint16_t)rights;
}

void vmx_set_segment(const struct vcpu *vcpu, enum segment_name name,
		     const struct segment_config *segment)
{
	uint32_t at = 2 * (uint32_t)name;
	uint64_t rights = segment->attributes;

	(void)vcpu;
	if ((rights & VMX_RIGHTS_PRESENT) == 0) {
		rights |= VMX_RIGHTS_UNUSABLE;
	}
	vmx_write(VMCS_BASE + at, segment->base);
	vmx_write(VMCS_LIMIT + at, segment->limit);
	vmx_write(VMCS_SELECTOR + at, segment->selector);
	vmx_write(VMCS_RIGHTS + at, rights);
}

static uint64_t vmx_get_cr0(void)
{
	return (vmx_read(VMCS_CR0) & ~CR0_OURS) |
	       (vmx_read(VMCS_CR0_SEEN) & CR0_OURS);
}

void vmx_set_cr(uint64_t cr0, uint64_t cr4)
{
	cr4 = vcpu_cr4(cr4);
	vmx_write(VMCS_CR0_MASK, CR0_OURS);
	vmx_write(VMCS_CR0_SEEN, cr0);
	vmx_write(VMCS_CR0, (cr0 & ~CR0_OURS) | vcpu_features.cr0_fixed);
	vmx_write(VMCS_CR4_MASK, ~0ull);
	vmx_write(VMCS_CR4_SEEN, cr4);
	vmx_write(VMCS_CR4, cr4 | CR4_VMXE);
}

void vmx_set_efer(uint64_t efer)
{
	uint32_t entry = vcpu_features.control[VMX_ENTRY];

	vmx_write(VMCS_EFER, efer);
	vmx_write(VMCS_ENTRY, (efer & EFER_LMA) != 0 ? entry | VMX_ENTRY_WIDE
						     : entry);
}

void vmx_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode)
{
	uint64_t code = vmx_read(VMCS_RIGHTS + 2 * SEGMENT_CS);
	uint64_t stack = vmx_read(VMCS_RIGHTS + 2 * SEGMENT_SS);

	mode->cr0 = vmx_get_cr0();
	mode->cr3 = vmx_read(VMCS_CR3);
	mode->cr4 = vmx_get_cr4(vcpu);
	mode->efer = vmx_read(VMCS_EFER);
	mode->cpl = stack >> 5 & 3;
	mode->paging = (mode->cr0 & CR0_PG) != 0;
	vcpu_set_widths(vcpu, mode,
			(code & VMX_RIGHTS_LONG) != 0 &&
			(mode->efer & EFER_LMA) != 0,
			(code & VMX_RIGHTS_DEFAULT) != 0,
			(stack & VMX_RIGHTS_DEFAULT) != 0);
}

/*
 * What the processor does at a write of CR0, CR3 or CR4 that makes no exit:
 * with PAE paging outside long mode, the four entries of the top are read
 * (SDM3 4.4.1). Not HV_OK: they are not there, or not valid.
 */
enum hv_err vmx_load_pdptes(const struct vcpu *vcpu, uint64_t cr3)
{
	uint64_t entry[4];
	struct vcpu_mode mode;
	enum hv_err err;

	vmx_get_mode(vcpu, &mode);
	if (!mode.paging || (mode.cr4 & CR4_PAE) == 0 ||
	    (mode.efer & EFER_LMA) != 0) {
		return HV_OK;
	}
	err = window_read(vcpu->partition, gpa(cr3 & 0xffffffe0), entry,
			  sizeof(entry));
	if (err != HV_OK) {
		return err;
	}
	for (uint32_t i = 0; i < 4; i++) {
		if ((entry[i] & 1) != 0 &&
		    ((entry[i] & 0x1e6) != 0 ||
		     entry[i] >> partition_configs[vcpu->partition].gpa_bits !=
		     0)) {
			return HV_ERR_FAULT;
		}
	}
	for (uint32_t i = 0; i < 4; i++) {
		vmx_write(VMCS_PDPTE0 + 2 * i, entry[i]);
	}
	return HV_OK;
}

/* Plain fields; 0: not one. */
static uint32_t vmx_field(uint32_t name)
{
	switch (name) {
	case HV_REGISTER_CR3:
		return VMCS_CR3;	/* to read */
	case HV_REGISTER_DR7:
		return VMCS_DR7;
	case HV_REGISTER_PAT:
		return VMCS_PAT;
	case HV_REGISTER_SYSENTER_CS:
		return VMCS_SYSENTER_CS;
	case HV_REGISTER_SYSENTER_EIP:
		return VMCS_SYSENTER_EIP;
	case HV_REGISTER_SYSENTER_ESP:
		return VMCS_SYSENTER_ESP;
	default:
		return 0;
	}
}

/* 0: not one of vmx_msrs[]. */
static uint32_t vmx_msr(uint32_t name)
{
	switch (name) {
	case HV_REGISTER_KERNEL_GS_BASE:
		return MSR_KERNEL_GS_BASE;
	case HV_REGISTER_STAR:
		return MSR_STAR;
	case HV_REGISTER_LSTAR:
		return MSR_LSTAR;
	case HV_REGISTER_CSTAR:
		return MSR_CSTAR;
	case HV_REGISTER_SFMASK:
		return MSR_SFMASK;
	default:
		return 0;
	}
}

enum hv_err vmx_get_register(const struct vcpu *vcpu, uint32_t name,
			     uint64_t *value)
{
	uint32_t field = vmx_field(name);
	uint32_t msr = vmx_msr(name);

	if (field != 0) {
		*value = vmx_read(field);
	} else if (msr != 0) {
		*value = regs_read_msr(msr);
	} else if (name == HV_REGISTER_CR0) {
		*value = vmx_get_cr0();
	} else if (name == HV_REGISTER_CR2) {
		*value = vmx_read_cr2();
	} else if (name == HV_REGISTER_CR4) {
		*value = vmx_get_cr4(vcpu);
	} else if (name == HV_REGISTER_DR6) {
		*value = vmx_read_dr6();
	} else if (name == HV_REGISTER_EFER) {
		*value = vmx_read(VMCS_EFER);
	} else if (name == HV_REGISTER_INTERRUPT_STATE) {
		*value = (vmx_is_shadowed(vcpu) ? 1 : 0) |
			 (vmx_is_nmi_masked(vcpu) ? 2 : 0);
	} else {
		return HV_ERR_RANGE;
	}
	return HV_OK;
}

static enum hv_err vmx_set_paging(struct vcpu *vcpu, uint32_t name,
				  uint64_t value)
{
	uint64_t cr0 = vmx_get_cr0(), cr3 = vmx_read(VMCS_CR3);
	uint64_t cr4 = vmx_get_cr4(vcpu);
	enum hv_err err;

	if (name == HV_REGISTER_CR4 &&
	    (value & ~vcpu_features.cr4_allowed) != 0) {
		return HV_ERR_UNSUPPORTED;
	}
	/* A new VPID: as if the write had flushed. */
	vcpu->asid_generation = 0;
	vmx_set_cr(name == HV_REGISTER_CR0 ? value : cr0,
		   name == HV_REGISTER_CR4 ? value : cr4);
	vmx_write(VMCS_CR3, name == HV_REGISTER_CR3 ? value : cr3);
	err = vmx_load_pdptes(vcpu, vmx_read(VMCS_CR3));
	if (err != HV_OK) {
		vmx_set_cr(cr0, cr4);
		vmx_write(VMCS_CR3, cr3);
	}
	return err;
}

enum hv_err vmx_set_register(struct vcpu *vcpu, uint32_t name, uint64_t value)
{
	uint32_t field = vmx_field(name);
	uint32_t msr = vmx_msr(name);

	if (name == HV_REGISTER_CR0 || name == HV_REGISTER_CR3 ||
	    name == HV_REGISTER_CR4) {
		return vmx_set_paging(vcpu, name, value);
	}
	if (name == HV_REGISTER_EFER) {
		vmx_set_efer(value);
		vcpu->asid_generation = 0;
	} else if (field != 0) {
		vmx_write(field, value);
	} else if (msr != 0) {
		regs_write_msr(msr, value);
	} else if (name == HV_REGISTER_CR2) {
		vmx_write_cr2(value);
	} else if (name == HV_REGISTER_DR6) {
		vmx_write_dr6(value);
	} else if (name == HV_REGISTER_INTERRUPT_STATE) {
		vmx_write(VMCS_SHADOW, value & 1);
		vmx_mask_nmi(vcpu, (value & 2) != 0);
	} else {
		return HV_ERR_RANGE;
	}
	return HV_OK;
}
