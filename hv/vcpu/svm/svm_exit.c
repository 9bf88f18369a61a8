/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From exit codes to normalised exits. Decodes, decides nothing. Where the
 * processor does not tell the next RIP, the instruction is fetched and held
 * against the exit; if it is no longer there the guest just resumes.
 */
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "mem/window_again.h"
#include "vcpu/fetch.h"
#include "vcpu/svm/svm.h"

/* If it is no longer there, the exit is turned into none. */
static __attribute__((noinline)) void
svm_fetch_length(struct vcpu *vcpu, struct vcpu_exit *exit, uint32_t kinds)
{
	if (fetch_length(vcpu, kinds, &exit->length) != HV_OK) {
		exit->kind = EXIT_NONE;
		exit->length = 0;
	}
}

/*
 * Length of the instruction, which is one of kinds. No call but the last: no
 * register is to be kept.
 */
static __attribute__((noinline)) void
svm_find_length(struct vcpu *vcpu, const struct vmcb *vmcb,
		struct vcpu_exit *exit, uint32_t kinds)
{
	const struct fetch_memo *memo;

	if (vcpu_features.next_rip) {
		exit->length = (uint32_t)(vmcb->next_rip - vcpu->rip);
		/* Within 15 bytes, or RIP wrapped: then look for ourselves. */
		if (exit->length - 1 < 15) {
			return;
		}
	}
	if (svm_is_wide(vmcb)) {
		memo = fetch_find(vcpu, kinds, vmcb->cr3, vmcb->cr4,
				  vmcb->cpl);
		if (memo != NULL &&
		    window_look_again(vcpu->partition, memo->found.generation,
				      memo->found.word, memo->found.count)) {
			exit->length = memo->length;
			return;
		}
	}
	svm_fetch_length(vcpu, exit, kinds);
}

static void svm_decode_instruction(struct vcpu *vcpu, const struct vmcb *vmcb,
				   struct vcpu_exit *exit,
				   enum exit_kind kind, uint32_t kinds)
{
	exit->kind = kind;
	svm_find_length(vcpu, vmcb, exit, kinds);
}

_Static_assert(SVM_IO_IN == EXIT_IO_IN && SVM_IO_STRING == EXIT_IO_STRING &&
	       SVM_IO_REP == EXIT_IO_REP, "copied as they are");

static inline void svm_decode_io(const struct vcpu *vcpu,
				 const struct vmcb *vmcb,
				 struct vcpu_exit *exit)
{
	uint32_t info = (uint32_t)vmcb->exit_info1;

	exit->kind = EXIT_IO;
	exit->io.port = (uint16_t)(info >> 16);
	exit->io.size = info >> 4 & 7;
	exit->io.flags = info & SVM_IO_FLAGS;
	exit->length = (uint32_t)(vmcb->exit_info2 - vcpu->rip) & 15;
}

static inline void svm_decode_msr(struct vcpu *vcpu, const struct vmcb *vmcb,
				  struct vcpu_exit *exit)
{
	bool write = (vmcb->exit_info1 & 1) != 0;

	exit->kind = EXIT_MSR;
	exit->msr.index = (uint32_t)vcpu->gpr[GPR_RCX];
	exit->msr.write = write;
	svm_find_length(vcpu, vmcb, exit, write ? FETCH_KIND(INSN_WRMSR)
						: FETCH_KIND(INSN_RDMSR));
}

static void svm_decode_nested(const struct vmcb *vmcb, struct vcpu_exit *exit)
{
	uint64_t info = vmcb->exit_info1;

	exit->kind = EXIT_MEMORY;
	exit->memory.gpa = gpa(vmcb->exit_info2);
	exit->memory.access = info & (ACCESS_WRITE | ACCESS_EXECUTE);
	exit->memory.walk = (info & SVM_NPF_WALK) != 0;
}

static void svm_decode_cr(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vcpu_mode mode;
	struct insn insn;

	vcpu_get_mode(vcpu, &mode);
	if (fetch_insn_in(vcpu, &mode, FETCH_KIND(INSN_MOV_TO_CR), &insn) !=
	    HV_OK ||
	    (insn.reg != 4 && insn.reg != 8)) {
		return;
	}
	if (insn.reg == 8) {
		svm_cancel_window(vcpu);
	}
	exit->kind = EXIT_CR;
	exit->length = insn.length;
	exit->cr.cr = insn.reg;
	exit->cr.value = vcpu->gpr[insn.base & 15];
	if (mode.code_bits != 64) {
		/* What 64-bit code left in the upper half is not moved. */
		exit->cr.value = (uint32_t)exit->cr.value;
	}
}

/*
 * An x87 exception with CR0.NE off would go to a PC's interrupt controller by
 * a pin (APM2 15.14.2); here it is what it is with NE on.
 */
static void svm_decode_ferr(struct vcpu_exit *exit)
{
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = VECTOR_MF;
	exit->exception.has_error = false;
	exit->exception.error = 0;
}

static void svm_decode_exception(const struct vmcb *vmcb,
				 struct vcpu_exit *exit)
{
	uint8_t vector = (uint8_t)(vmcb->exit_code - SVM_EXIT_EXCEPTION0);

	if (vector == VECTOR_MC) {
		exit->kind = EXIT_MACHINE_CHECK;
		return;
	}
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = vector;
	exit->exception.has_error = vector == VECTOR_AC;
	exit->exception.error = (uint32_t)vmcb->exit_info1;
}

/* The guest ends its NMI handler; see svm_is_nmi_masked(). */
static void svm_decode_iret(struct vcpu *vcpu, struct vmcb *vmcb)
{
	vmcb->intercept3 &= (uint32_t)~SVM_I3_IRET;
	vcpu->nmi_returning = true;
	vcpu->nmi_return_rip = vcpu->rip;
}

/* Instructions that guests do not have. */
static bool svm_is_undefined(uint64_t code)
{
	return code == SVM_EXIT_INVLPGA || code == SVM_EXIT_RDPRU ||
	       (code >= SVM_EXIT_VMRUN && code <= SVM_EXIT_SKINIT &&
		code != SVM_EXIT_VMMCALL) ||
	       (code >= SVM_EXIT_MONITOR && code <= SVM_EXIT_MWAIT_ARMED);
}

static __attribute__((noinline)) void
svm_decode_rare(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit,
		uint64_t code)
{
	if (code == SVM_EXIT_NMI) {
		exit->kind = EXIT_NMI;
	} else if (code == SVM_EXIT_IRET) {
		svm_decode_iret(vcpu, vmcb);
	} else if (code == SVM_EXIT_WBINVD || code == SVM_EXIT_INVD) {
		svm_decode_instruction(vcpu, vmcb, exit, EXIT_CACHE,
				       FETCH_KIND(INSN_WBINVD) |
				       FETCH_KIND(INSN_INVD));
	} else if (code == SVM_EXIT_XSETBV) {
		svm_decode_instruction(vcpu, vmcb, exit, EXIT_XSETBV,
				       FETCH_KIND(INSN_XSETBV));
	} else if (code == SVM_EXIT_RDPMC) {
		exit->kind = EXIT_PRIVILEGED;
	} else if (code == SVM_EXIT_FERR) {
		svm_decode_ferr(exit);
	} else if (code == SVM_EXIT_SHUTDOWN) {
		exit->kind = EXIT_TRIPLE_FAULT;
	} else if (code == SVM_EXIT_INIT) {
		exit->kind = EXIT_INIT;
	} else if (code >= SVM_EXIT_EXCEPTION0 &&
		   code <= SVM_EXIT_EXCEPTION31) {
		svm_decode_exception(vmcb, exit);
	} else if (code == SVM_EXIT_CR4_WRITE ||
		   code == SVM_EXIT_CR8_WRITE) {
		svm_decode_cr(vcpu, exit);
	} else if (svm_is_undefined(code)) {
		exit->kind = EXIT_UNDEFINED;
	} else if ((uint32_t)code == SVM_EXIT_INVALID) {
		exit->kind = EXIT_INVALID_STATE;
		exit->info = code;
		/* A flush that came with this entry was not done, perhaps:
		 * the next new ASID brings another. */
		lp_self()->asid_next = lp_self()->asid_count;
	} else {
		exit->kind = EXIT_UNKNOWN;
		exit->info = code;
	}
}

/*
 * An interrupt of the machine came between the guest's STI and its HLT. QEMU
 * 7.2 enters a guest without the shadow that it left with: one of the
 * guest's would come before the HLT, which then sleeps although it was to be
 * woken. So the HLT is done now.
 */
static __attribute__((noinline)) void
svm_finish_halt(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	/* Elsewhere than at CPL 0 HLT is #GP, by the processor. */
	if (!vcpu->event.valid && svm_vmcb(vcpu)->cpl == 0 &&
	    fetch_length(vcpu, FETCH_KIND(INSN_HLT), &exit->length) == HV_OK) {
		exit->kind = EXIT_HALT;
	} else {
		exit->length = 0;
	}
}

/* The most frequent ones first. */
void svm_decode(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit)
{
	uint64_t code = vmcb->exit_code;

	if (code == SVM_EXIT_IOIO) {
		svm_decode_io(vcpu, vmcb, exit);
	} else if (code == SVM_EXIT_MSR) {
		svm_decode_msr(vcpu, vmcb, exit);
	} else if (code == SVM_EXIT_INTR) {
		regs_take_interrupts();
		exit->kind = EXIT_INTERRUPT;
		if ((vmcb->shadow & 1) != 0) {
			svm_finish_halt(vcpu, exit);
		}
	} else if (code == SVM_EXIT_HLT) {
		svm_decode_instruction(vcpu, vmcb, exit, EXIT_HALT,
				       FETCH_KIND(INSN_HLT));
	} else if (code == SVM_EXIT_CPUID) {
		svm_decode_instruction(vcpu, vmcb, exit, EXIT_CPUID,
				       FETCH_KIND(INSN_CPUID));
	} else if (code == SVM_EXIT_VMMCALL) {
		svm_decode_instruction(vcpu, vmcb, exit, EXIT_HYPERCALL,
				       FETCH_KIND(INSN_VMMCALL));
	} else if (code == SVM_EXIT_NPF) {
		svm_decode_nested(vmcb, exit);
	} else if (code == SVM_EXIT_VINTR) {
		exit->kind = EXIT_WINDOW;
		svm_cancel_window(vcpu);
	} else {
		svm_decode_rare(vcpu, vmcb, exit, code);
	}
}
