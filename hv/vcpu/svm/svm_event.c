/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts, NMIs, single steps: when a guest can take one, and how the
 * hypervisor learns that it can.
 */
#include "cpu/regs.h"
#include "vcpu/svm/svm.h"

/* Outside 64-bit code RIP wraps at its width (APM2 2.1.2). */
static __attribute__((noinline)) void svm_wrap_rip(struct vcpu *vcpu,
						   const struct vmcb *vmcb)
{
	if (!svm_is_wide(vmcb)) {
		vcpu->rip = (uint32_t)vcpu->rip;
		if ((vmcb->cs.attributes & SVM_CS_DEFAULT) == 0) {
			vcpu->rip = (uint16_t)vcpu->rip;
		}
	}
}

static __attribute__((noinline)) void svm_advance_flags(struct vcpu *vcpu,
							struct vmcb *vmcb)
{
	if ((vcpu->rflags & RFLAGS_TF) != 0) {
		vmcb->dr6 |= BIT(14);		/* BS */
		vcpu_inject_exception(vcpu, VECTOR_DB, false, 0);
	}
	vcpu->rflags &= ~RFLAGS_RF;
}

/* No carry into bit 16: nothing to wrap in any mode. */
void svm_advance(struct vcpu *vcpu, uint32_t length)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);
	uint64_t from = vcpu->rip;

	vcpu->rip = from + length;
	vmcb->shadow = 0;
	if ((from ^ vcpu->rip) >> 16 != 0) {
		svm_wrap_rip(vcpu, vmcb);
	}
	if ((vcpu->rflags & (RFLAGS_TF | RFLAGS_RF)) != 0) {
		svm_advance_flags(vcpu, vmcb);
	}
}

bool svm_can_interrupt(const struct vcpu *vcpu)
{
	return (vcpu->rflags & RFLAGS_IF) != 0 && !vcpu->event.valid &&
	       (svm_vmcb(vcpu)->shadow & 1) == 0;
}

/*
 * The exit comes before IRET is done: an NMI at this moment would overwrite
 * the frame that IRET is to take. So masked until RIP has moved.
 */
bool svm_is_nmi_masked(const struct vcpu *vcpu)
{
	return vcpu->nmi_masked && !(vcpu->nmi_returning &&
				     vcpu->rip != vcpu->nmi_return_rip);
}

bool svm_can_nmi(const struct vcpu *vcpu)
{
	return !svm_is_nmi_masked(vcpu) && !vcpu->event.valid &&
	       (svm_vmcb(vcpu)->shadow & 1) == 0;
}

void svm_request_window(struct vcpu *vcpu, uint8_t vector)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	/* Held by the TPR: its next write is looked at. A virtual interrupt
	 * would do, but QEMU lets one through that is not above the TPR. */
	if ((vector >> 4) <= (vmcb->interrupt & SVM_V_TPR)) {
		vmcb->cr_write |= SVM_CR8;
		return;
	}
	/* A virtual interrupt that is never delivered: its intercept comes
	 * first, once IF, shadow and TPR let it (APM2 15.21.4). */
	vmcb->interrupt &= ~(SVM_V_PRIORITY | SVM_V_VECTOR);
	vmcb->interrupt |= SVM_V_IRQ |
			   (uint64_t)(vector >> 4) << SVM_V_PRIORITY_SHIFT |
			   (uint64_t)vector << SVM_V_VECTOR_SHIFT;
	vmcb->intercept3 |= SVM_I3_VINTR;
}

void svm_cancel_window(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	vmcb->cr_write &= (uint16_t)~SVM_CR8;
	vmcb->interrupt &= ~SVM_V_IRQ;
	vmcb->intercept3 &= (uint32_t)~SVM_I3_VINTR;
}

void svm_set_cr8(struct vcpu *vcpu, uint8_t cr8)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	vcpu->cr8 = cr8 & 0xf;
	vmcb->interrupt = (vmcb->interrupt & ~SVM_V_TPR) | vcpu->cr8;
}

void svm_inject_nmi(struct vcpu *vcpu)
{
	vcpu->event = (struct vcpu_event){
		.valid = true, .type = EVENT_NMI, .vector = 2
	};
	svm_mask_nmi(vcpu, true);
}

void svm_mask_nmi(struct vcpu *vcpu, bool mask)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	vcpu->nmi_masked = mask;
	vcpu->nmi_returning = false;
	if (mask) {
		vmcb->intercept3 |= (uint32_t)SVM_I3_IRET;
	} else {
		vmcb->intercept3 &= (uint32_t)~SVM_I3_IRET;
	}
}
