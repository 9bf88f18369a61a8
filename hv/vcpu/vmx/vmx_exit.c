/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From exit reasons to normalised exits. Decodes, decides nothing. The
 * processor tells the length of every instruction that makes an exit.
 */
#include "cpu/regs.h"
#include "vcpu/vmx/vmx.h"

static inline void vmx_decode_instruction(struct vcpu_exit *exit,
					  enum exit_kind kind)
{
	exit->kind = kind;
	exit->length = (uint32_t)vmx_read(VMCS_LENGTH) & 15;
}

/* Qualification: bits 2:0 size - 1, 3 IN, 4 string, 5 REP, 31:16 port. */
static inline void vmx_decode_io(struct vcpu_exit *exit)
{
	uint32_t info = (uint32_t)vmx_read(VMCS_QUALIFICATION);

	vmx_decode_instruction(exit, EXIT_IO);
	exit->io.port = (uint16_t)(info >> 16);
	exit->io.size = (uint8_t)((info & 7) + 1);
	exit->io.flags = (info >> 3 & EXIT_IO_IN) |
			 (info >> 2 & (EXIT_IO_STRING | EXIT_IO_REP));
}

static inline void vmx_decode_msr(const struct vcpu *vcpu,
				  struct vcpu_exit *exit, bool write)
{
	vmx_decode_instruction(exit, EXIT_MSR);
	exit->msr.index = (uint32_t)vcpu->gpr[GPR_RCX];
	exit->msr.write = write;
}

static void vmx_decode_nested(struct vcpu_exit *exit)
{
	uint64_t info = vmx_read(VMCS_QUALIFICATION);

	exit->kind = EXIT_MEMORY;
	exit->memory.gpa = gpa(vmx_read(VMCS_GUEST_PHYSICAL));
	exit->memory.access = (info & 2) | ((info & 4) != 0 ? ACCESS_EXECUTE
							    : 0);
	exit->memory.walk = (info & (VMX_EPT_LINEAR | VMX_EPT_FINAL)) ==
			    VMX_EPT_LINEAR;
}

/* Qualification: bits 3:0 register, 5:4 to (0) or from (1), 11:8 GPR. */
static void vmx_decode_cr(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	uint32_t info = (uint32_t)vmx_read(VMCS_QUALIFICATION);
	uint64_t *gpr = &vcpu->gpr[info >> 8 & 15];
	struct vcpu_mode mode;

	vmx_decode_instruction(exit, EXIT_CR);
	if ((info & 0x3f) == 0x18) {
		*gpr = vcpu->cr8;
		vcpu_advance(vcpu, exit->length);
		exit->kind = EXIT_NONE;
	} else if ((info & 0x30) != 0) {
		exit->kind = EXIT_UNKNOWN;
		exit->info = VMX_EXIT_CR | (uint64_t)info << 32;
	} else {
		vmx_get_mode(vcpu, &mode);
		exit->cr.cr = info & 15;
		/* What 64-bit code left in the upper half is not moved. */
		exit->cr.value = mode.code_bits == 64 ? *gpr : (uint32_t)*gpr;
	}
}

/*
 * What the processor does when it delivers #DB itself, but not at an exit for
 * it: DR6 says why, and DR7.GD is off (SDM3 27.1).
 */
static void vmx_note_debug(void)
{
	uint64_t why = vmx_read(VMCS_QUALIFICATION);

	vmx_write_dr6((vmx_read_dr6() & ~0xfull) | (why & 0x600f));
	if ((why & BIT(13)) != 0) {
		vmx_write(VMCS_DR7, vmx_read(VMCS_DR7) & ~BIT(13));
	}
}

static void vmx_decode_exception(struct vcpu_exit *exit)
{
	uint64_t word = vmx_read(VMCS_EXIT_EVENT);
	uint8_t vector = (uint8_t)word;

	if ((word >> 8 & 7) == EVENT_NMI) {
		vmx_take_nmi();
		exit->kind = EXIT_NMI;
		return;
	}
	if (vector == VECTOR_MC) {
		exit->kind = EXIT_MACHINE_CHECK;
		return;
	}
	if (vector == VECTOR_DB) {
		vmx_note_debug();
	}
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = vector;
	exit->exception.has_error = (word & EVENT_WORD_ERROR) != 0;
	exit->exception.error = (uint32_t)vmx_read(VMCS_EXIT_ERROR);
}

/* An IRET had let NMIs in before it was broken off: it comes again. */
static void vmx_check_iret(const struct vcpu *vcpu, uint64_t word)
{
	if ((word & VMX_EVENT_IRET) != 0 && !vcpu->event.valid) {
		vmx_mask_nmi(vcpu, true);
	}
}

/* Instructions that guests do not have. */
static bool vmx_is_undefined(uint32_t reason)
{
	return reason == VMX_EXIT_GETSEC || reason == VMX_EXIT_MWAIT ||
	       reason == VMX_EXIT_MONITOR || reason == VMX_EXIT_INVEPT ||
	       reason == VMX_EXIT_INVVPID ||
	       (reason >= VMX_EXIT_VMCLEAR && reason <= VMX_EXIT_VMXON);
}

#ifdef CONFIG_VMX_APICV
/* The processor has taken the vector already: as if a stub had. */
static void vmx_take_acknowledged(struct lp *lp)
{
	uint8_t vector = (uint8_t)vmx_read(VMCS_EXIT_EVENT);

	lp->pending[vector >> 6] |= BIT(vector & 63u);
	lp->attention = 1;
}

/* Of an APIC-write exit the value is on the page: the guest's own. */
static bool vmx_decode_apic(struct vcpu_exit *exit, uint32_t reason)
{
	uint32_t info = (uint32_t)vmx_read(VMCS_QUALIFICATION);
	const uint8_t *page = (const uint8_t *)lp_self()->host_state;

	if (reason != VMX_EXIT_EOI &&
	    (reason != VMX_EXIT_APIC_WRITE || info != VMX_APIC_SELF_IPI)) {
		return false;
	}
	exit->kind = EXIT_APIC;
	exit->apic.eoi = reason == VMX_EXIT_EOI;
	exit->apic.vector = exit->apic.eoi ? (uint8_t)info
					   : page[VMX_APIC_SELF_IPI];
	return true;
}
#endif

static __attribute__((noinline)) void
vmx_decode_rare(struct vcpu *vcpu, struct vcpu_exit *exit, uint32_t reason)
{
#ifdef CONFIG_VMX_APICV
	if (vmx_decode_apic(exit, reason)) {
		return;
	}
#endif
	if (reason == VMX_EXIT_EXCEPTION) {
		vmx_decode_exception(exit);
		vmx_check_iret(vcpu, vmx_read(VMCS_EXIT_EVENT));
	} else if (reason == VMX_EXIT_CR) {
		vmx_decode_cr(vcpu, exit);
	} else if (reason == VMX_EXIT_WBINVD || reason == VMX_EXIT_INVD) {
		vmx_decode_instruction(exit, EXIT_CACHE);
	} else if (reason == VMX_EXIT_XSETBV) {
		vmx_decode_instruction(exit, EXIT_XSETBV);
	} else if (reason == VMX_EXIT_RDPMC) {
		exit->kind = EXIT_PRIVILEGED;
	} else if (reason == VMX_EXIT_TRIPLE_FAULT) {
		exit->kind = EXIT_TRIPLE_FAULT;
	} else if (reason == VMX_EXIT_INIT) {
		exit->kind = EXIT_INIT;
	} else if (reason == VMX_EXIT_MACHINE_CHECK) {
		exit->kind = EXIT_MACHINE_CHECK;
	} else if (vmx_is_undefined(reason)) {
		exit->kind = EXIT_UNDEFINED;
	} else if ((reason & VMX_EXIT_FAILED) != 0) {
		exit->kind = EXIT_INVALID_STATE;
		exit->info = reason;
	} else {
		exit->kind = EXIT_UNKNOWN;
		exit->info = reason;
	}
}

/* The most frequent ones first. */
void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit, uint32_t reason)
{
	if (reason == VMX_EXIT_IO) {
		vmx_decode_io(exit);
	} else if (reason == VMX_EXIT_RDMSR || reason == VMX_EXIT_WRMSR) {
		vmx_decode_msr(vcpu, exit, reason == VMX_EXIT_WRMSR);
	} else if (reason == VMX_EXIT_INTR) {
#ifdef CONFIG_VMX_APICV
		if (vcpu_features.posts) {
			vmx_take_acknowledged(lp_self());
		}
#endif
		regs_take_interrupts();
		exit->kind = EXIT_INTERRUPT;
	} else if (reason == VMX_EXIT_TIMER) {
		exit->kind = EXIT_INTERRUPT;
	} else if (reason == VMX_EXIT_HLT) {
		vmx_decode_instruction(exit, EXIT_HALT);
	} else if (reason == VMX_EXIT_CPUID) {
		vmx_decode_instruction(exit, EXIT_CPUID);
	} else if (reason == VMX_EXIT_VMCALL) {
		vmx_decode_instruction(exit, EXIT_HYPERCALL);
	} else if (reason == VMX_EXIT_EPT_VIOLATION) {
		vmx_decode_nested(exit);
		vmx_check_iret(vcpu, vmx_read(VMCS_QUALIFICATION));
	} else if (reason == VMX_EXIT_WINDOW || reason == VMX_EXIT_TPR) {
		exit->kind = EXIT_WINDOW;
		vmx_cancel_window(vcpu);
	} else {
		vmx_decode_rare(vcpu, exit, reason);
	}
}
