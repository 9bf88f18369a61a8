/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts, NMIs, single steps: when a guest can take one, and how the
 * hypervisor learns that it can.
 */
#include "vcpu/svm/svm.h"

bool svm_is_shadowed(const struct vcpu *vcpu)
{
	return (svm_vmcb(vcpu)->shadow & 1) != 0;
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

void svm_request_window(struct vcpu *vcpu, uint8_t vector)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	/* Held by the TPR: its next write is looked at. A virtual interrupt
	 * would do, but QEMU lets one through that is not above the TPR; and
	 * it ends if a guest raises and lowers CR8 while one waits for IF. */
	vmcb->cr_write |= SVM_CR8;
	if ((vector >> 4) <= (vmcb->interrupt & SVM_V_TPR)) {
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

void svm_set_cr8(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	vmcb->interrupt = (vmcb->interrupt & ~SVM_V_TPR) | vcpu->cr8;
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
