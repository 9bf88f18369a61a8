/* SPDX-License-Identifier: Apache-2.0 */
/* Registers by their TLFS names, segments, and the mode of execution. */
#include "abi/msr.h"
#include "abi/registers.h"
#include "cpu/regs.h"
#include "vcpu/svm/svm.h"

static struct vmcb_segment *svm_segment(struct vmcb *vmcb,
					enum segment_name name)
{
	switch (name) {
	case SEGMENT_ES:
		return &vmcb->es;
	case SEGMENT_CS:
		return &vmcb->cs;
	case SEGMENT_SS:
		return &vmcb->ss;
	case SEGMENT_DS:
		return &vmcb->ds;
	case SEGMENT_FS:
		return &vmcb->fs;
	case SEGMENT_GS:
		return &vmcb->gs;
	case SEGMENT_LDTR:
		return &vmcb->ldtr;
	case SEGMENT_TR:
	case SEGMENT_COUNT:
		break;
	}
	return &vmcb->tr;
}

void svm_get_segment(const struct vcpu *vcpu, enum segment_name name,
		     struct segment_config *segment)
{
	const struct vmcb_segment *s = svm_segment(svm_vmcb(vcpu), name);

	segment->base = s->base;
	segment->limit = s->limit;
	segment->selector = s->selector;
	segment->attributes = (uint16_t)((s->attributes & 0xff) |
					 (s->attributes & 0xf00) << 4);
}

void svm_set_segment(const struct vcpu *vcpu, enum segment_name name,
		     const struct segment_config *segment)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);
	struct vmcb_segment *s = svm_segment(vmcb, name);

	s->base = segment->base;
	s->limit = segment->limit;
	s->selector = segment->selector;
	s->attributes = (uint16_t)((segment->attributes & 0xff) |
				   (segment->attributes >> 4 & 0xf00));
	if (name == SEGMENT_SS) {
		vmcb->cpl = segment->attributes >> 5 & 3;
	}
}

void svm_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode)
{
	const struct vmcb *vmcb = svm_vmcb(vcpu);

	mode->cr0 = vmcb->cr0;
	mode->cr3 = vmcb->cr3;
	mode->cr4 = vmcb->cr4;
	mode->efer = vmcb->efer & ~(uint64_t)EFER_SVME;
	mode->cpl = vmcb->cpl;
	mode->paging = (vmcb->cr0 & CR0_PG) != 0;
	vcpu_set_widths(vcpu, mode, svm_is_wide(vmcb),
			(vmcb->cs.attributes & SVM_CS_DEFAULT) != 0,
			(vmcb->ss.attributes & SVM_CS_DEFAULT) != 0);
}

/* Registers that VMLOAD and VMSAVE move: plain fields. */
static uint64_t *svm_field(struct vmcb *vmcb, uint32_t name)
{
	switch (name) {
	case HV_REGISTER_CR0:
		return &vmcb->cr0;
	case HV_REGISTER_CR2:
		return &vmcb->cr2;
	case HV_REGISTER_CR3:
		return &vmcb->cr3;
	case HV_REGISTER_CR4:
		return &vmcb->cr4;
	case HV_REGISTER_DR6:
		return &vmcb->dr6;
	case HV_REGISTER_DR7:
		return &vmcb->dr7;
	case HV_REGISTER_PAT:
		return &vmcb->pat;
	case HV_REGISTER_KERNEL_GS_BASE:
		return &vmcb->kernel_gs_base;
	case HV_REGISTER_STAR:
		return &vmcb->star;
	case HV_REGISTER_LSTAR:
		return &vmcb->lstar;
	case HV_REGISTER_CSTAR:
		return &vmcb->cstar;
	case HV_REGISTER_SFMASK:
		return &vmcb->sfmask;
	case HV_REGISTER_SYSENTER_CS:
		return &vmcb->sysenter_cs;
	case HV_REGISTER_SYSENTER_EIP:
		return &vmcb->sysenter_eip;
	case HV_REGISTER_SYSENTER_ESP:
		return &vmcb->sysenter_esp;
	default:
		return NULL;
	}
}

/* 128 bits in the TLFS: NMI mask and shadow fit the low word. */
static uint64_t svm_interrupt_state(const struct vcpu *vcpu)
{
	return (svm_vmcb(vcpu)->shadow & 1) |
	       (svm_is_nmi_masked(vcpu) ? BIT(1) : 0);
}

enum hv_err svm_get_register(const struct vcpu *vcpu, uint32_t name,
			     uint64_t *value)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);
	const uint64_t *field = svm_field(vmcb, name);

	if (field != NULL) {
		*value = *field;
	} else if (name == HV_REGISTER_EFER) {
		*value = vmcb->efer & ~(uint64_t)EFER_SVME;
	} else if (name == HV_REGISTER_INTERRUPT_STATE) {
		*value = svm_interrupt_state(vcpu);
	} else {
		return HV_ERR_RANGE;
	}
	return HV_OK;
}

enum hv_err svm_set_register(struct vcpu *vcpu, uint32_t name, uint64_t value)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);
	uint64_t *field = svm_field(vmcb, name);

	if (field != NULL) {
		*field = name == HV_REGISTER_CR4 ? vcpu_cr4(value) : value;
		if (name == HV_REGISTER_CR0 || name == HV_REGISTER_CR3 ||
		    name == HV_REGISTER_CR4) {
			/* A new ASID: as if the write had flushed. */
			vcpu->asid_generation = 0;
		}
	} else if (name == HV_REGISTER_EFER) {
		vmcb->efer = value | EFER_SVME;
		vcpu->asid_generation = 0;
	} else if (name == HV_REGISTER_INTERRUPT_STATE) {
		vmcb->shadow = value & 1;
		svm_mask_nmi(vcpu, (value & 2) != 0);
	} else {
		return HV_ERR_RANGE;
	}
	return HV_OK;
}
