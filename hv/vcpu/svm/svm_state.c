/* SPDX-License-Identifier: Apache-2.0 */
/* A VP's state: how it starts. */
#include "abi/msr.h"
#include "cpu/regs.h"
#include "vcpu/svm/svm.h"

static void svm_make_control(const struct vcpu *vcpu, struct vmcb *vmcb)
{
	const struct partition_config *p = &partition_configs[vcpu->partition];

	vmcb->cr_write = BIT(4);
	vmcb->exceptions = VCPU_EXCEPTIONS;
	vmcb->intercept3 = (uint32_t)(
		SVM_I3_INTR | SVM_I3_NMI | SVM_I3_INIT | SVM_I3_RDPMC |
		SVM_I3_CPUID | SVM_I3_INVD | SVM_I3_HLT | SVM_I3_INVLPGA |
		SVM_I3_IOIO | SVM_I3_MSR | SVM_I3_FERR | SVM_I3_SHUTDOWN);
	vmcb->intercept4 =
		SVM_I4_VMRUN | SVM_I4_VMMCALL | SVM_I4_VMLOAD | SVM_I4_VMSAVE |
		SVM_I4_STGI | SVM_I4_CLGI | SVM_I4_SKINIT | SVM_I4_WBINVD |
		SVM_I4_MONITOR | SVM_I4_MWAIT | SVM_I4_MWAIT_ARMED |
		SVM_I4_RDPRU;
	/* Intercepted only where the processor could do more than is granted,
	 * or than is switched: QEMU 7.2 answers the intercept itself with
	 * #GP. */
	if ((vcpu_features.machine_xcr0 &
	     ~(p->xcr0_allow & vcpu_features.xcr0)) != 0 &&
	    vcpu_features.next_rip) {
		vmcb->intercept4 |= SVM_I4_XSETBV;
	}
	vmcb->iopm_base = (uint64_t)p->iopm;
	vmcb->msrpm_base = (uint64_t)p->msrpm;
	vmcb->interrupt = SVM_V_INTR_MASKING;
	vmcb->nested = 1;
	vmcb->nested_root = nested_root(vcpu->partition).v;
}

static void svm_make_registers(const struct vcpu *vcpu, struct vmcb *vmcb)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		svm_set_segment(vcpu, (enum segment_name)i,
				&vcpu_segments_reset[i]);
	}
	vmcb->gdtr.limit = 0xffff;
	vmcb->idtr.limit = 0xffff;
	vmcb->cr0 = CR0_ET;
	vmcb->cr4 = vcpu_cr4(0);
	vmcb->efer = EFER_SVME;
	vmcb->pat = PAT_RESET;
	vmcb->dr6 = DR6_RESET;
	vmcb->dr7 = DR7_RESET;
}

static void svm_make_from(const struct vcpu *vcpu, struct vmcb *vmcb,
			  const struct vp_state_config *state)
{
	vmcb->cr0 = state->cr0 | CR0_ET;
	vmcb->cr3 = state->cr3;
	vmcb->cr4 = vcpu_cr4(state->cr4);
	vmcb->efer = state->efer | EFER_SVME;
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		svm_set_segment(vcpu, (enum segment_name)i,
				&state->segment[i]);
	}
	vmcb->gdtr.base = state->gdtr_base;
	vmcb->gdtr.limit = state->gdtr_limit;
	vmcb->idtr.base = state->idtr_base;
	vmcb->idtr.limit = state->idtr_limit;
}

void svm_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	svm_make_control(vcpu, vmcb);
	svm_make_registers(vcpu, vmcb);
	if (state != NULL) {
		svm_make_from(vcpu, vmcb, state);
	}
}
