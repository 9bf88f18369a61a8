/* SPDX-License-Identifier: Apache-2.0 */
/* A VP's state: how it starts, and how it goes onto and off an LP. */
#include "abi/msr.h"
#include "cpu/regs.h"
#include "lib/string.h"
#include "vcpu/svm/svm.h"

#define PAT_RESET 0x0007040600070406ull
#define DR6_RESET 0xffff0ff0ull
#define DR7_RESET 0x400ull
#define XSAVE_MXCSR 24
#define MXCSR_RESET 0x1f80u
#define EXCEPTIONS (BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC))

static void svm_reset_control(const struct vcpu *vcpu, struct vmcb *vmcb)
{
	const struct partition_config *p = &partition_configs[vcpu->partition];

	vmcb->cr_write = BIT(4);
	/*
	 * #DB and #AC: a guest could otherwise keep the processor in their
	 * delivery for ever, no interrupt taken. #MC is ours.
	 */
	vmcb->exceptions = EXCEPTIONS;
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
	if ((svm_features.machine_xcr0 &
	     ~(p->xcr0_allow & svm_features.xcr0)) != 0 &&
	    svm_features.next_rip) {
		vmcb->intercept4 |= SVM_I4_XSETBV;
	}
	vmcb->iopm_base = (uint64_t)p->iopm;
	vmcb->msrpm_base = (uint64_t)p->msrpm;
	vmcb->interrupt = SVM_V_INTR_MASKING;
	vmcb->nested = 1;
	vmcb->nested_root = nested_root(vcpu->partition).v;
}

static void svm_reset_registers(struct vmcb *vmcb)
{
	static const struct segment_config data = {
		.limit = 0xffff, .attributes = 0x93
	};
	static const struct segment_config code = {
		.base = 0xffff0000, .limit = 0xffff, .selector = 0xf000,
		.attributes = 0x9b
	};
	static const struct segment_config ldt = {
		.limit = 0xffff, .attributes = 0x82
	};
	static const struct segment_config task = {
		.limit = 0xffff, .attributes = 0x8b
	};

	for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++) {
		svm_set_segment(vmcb, (enum segment_name)i, &data);
	}
	svm_set_segment(vmcb, SEGMENT_CS, &code);
	svm_set_segment(vmcb, SEGMENT_LDTR, &ldt);
	svm_set_segment(vmcb, SEGMENT_TR, &task);
	vmcb->gdtr.limit = 0xffff;
	vmcb->idtr.limit = 0xffff;
	vmcb->cr0 = CR0_ET;
	vmcb->cr4 = svm_cr4(0);
	vmcb->efer = EFER_SVME;
	vmcb->pat = PAT_RESET;
	vmcb->dr6 = DR6_RESET;
	vmcb->dr7 = DR7_RESET;
}

static void svm_reset_from(struct vcpu *vcpu, struct vmcb *vmcb,
			   const struct vp_state_config *state)
{
	memcpy(vcpu->gpr, state->gpr, sizeof(vcpu->gpr));
	vcpu->rip = state->rip;
	vcpu->rflags = state->rflags | RFLAGS_FIXED;
	vmcb->cr0 = state->cr0 | CR0_ET;
	vmcb->cr3 = state->cr3;
	vmcb->cr4 = svm_cr4(state->cr4);
	vmcb->efer = state->efer | EFER_SVME;
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		svm_set_segment(vmcb, (enum segment_name)i,
				&state->segment[i]);
	}
	vmcb->gdtr.base = state->gdtr_base;
	vmcb->gdtr.limit = state->gdtr_limit;
	vmcb->idtr.base = state->idtr_base;
	vmcb->idtr.limit = state->idtr_limit;
}

void svm_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	struct vcpu_pages *pages = &vcpu_pages[vcpu->index];
	struct vmcb *vmcb = svm_vmcb(vcpu);
	uint32_t index = vcpu->index;
	uint32_t partition = vcpu->partition;
	uint64_t tsc_offset = vcpu->tsc_offset;
	const uint32_t mxcsr = MXCSR_RESET;

	memset(vcpu, 0, sizeof(*vcpu));
	memset(pages, 0, sizeof(*pages));
	vcpu->index = index;
	vcpu->partition = partition;
	vcpu->tsc_offset = tsc_offset;
	vcpu->rip = 0xfff0;
	vcpu->rflags = RFLAGS_FIXED;
	vcpu->xcr0 = 1;
	memcpy(pages->xsave + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	svm_reset_control(vcpu, vmcb);
	svm_reset_registers(vmcb);
	if (state != NULL) {
		svm_reset_from(vcpu, vmcb, state);
	}
}

void svm_start_sipi(struct vcpu *vcpu, uint8_t vector)
{
	struct segment_config code = {
		.base = (uint64_t)vector << 12, .limit = 0xffff,
		.selector = (uint16_t)(vector << 8), .attributes = 0x9b
	};

	svm_set_segment(svm_vmcb(vcpu), SEGMENT_CS, &code);
	vcpu->rip = 0;
}

/* The area is in the standard format; all components at once. */
static void svm_load_extended(struct vcpu *vcpu)
{
	uint8_t *area = vcpu_pages[vcpu->index].xsave;

	/* Some processors restore the x87's last instruction and operand
	 * addresses only with an exception pending (APM2 11.4.4): the VP
	 * before must not be seen in them. */
	__asm__ volatile("fninit");
	if (svm_features.xsave) {
		regs_write_xcr0(svm_features.xcr0);
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u),
				 "d"(~0u) : "memory");
		regs_write_xcr0(vcpu->xcr0);
	} else {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
	}
}

static void svm_save_extended(struct vcpu *vcpu)
{
	uint8_t *area = vcpu_pages[vcpu->index].xsave;

	if (svm_features.xsave) {
		vcpu->xcr0 = regs_read_xcr0();
		regs_write_xcr0(svm_features.xcr0);
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0u),
				 "d"(~0u) : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
	}
}

void svm_load(struct vcpu *vcpu)
{
	/* Another partition's predictions must not steer this one's. */
	if (svm_features.barrier) {
		regs_write_msr(MSR_PRED_CMD, 1);
	}
	svm_fill_return_stack();
	svm_load_extended(vcpu);
	__asm__ volatile("mov %0, %%dr0\n\t"
			 "mov %1, %%dr1\n\t"
			 "mov %2, %%dr2\n\t"
			 "mov %3, %%dr3"
			 : : "r"(vcpu->dr[0]), "r"(vcpu->dr[1]),
			   "r"(vcpu->dr[2]), "r"(vcpu->dr[3]));
	if (svm_features.tsc_aux) {
		regs_write_msr(MSR_TSC_AUX, vcpu->tsc_aux);
	}
}

void svm_save(struct vcpu *vcpu)
{
	svm_save_extended(vcpu);
	__asm__ volatile("mov %%dr0, %0\n\t"
			 "mov %%dr1, %1\n\t"
			 "mov %%dr2, %2\n\t"
			 "mov %%dr3, %3"
			 : "=r"(vcpu->dr[0]), "=r"(vcpu->dr[1]),
			   "=r"(vcpu->dr[2]), "=r"(vcpu->dr[3]));
}
