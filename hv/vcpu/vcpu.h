/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of the virtual-processor back ends (svm/, vmx/, and the fake
 * one of tests/unit). The back end decodes what the processor reports into a
 * normalised exit; common code decides. Nothing above hv/vcpu/ knows the
 * vendor.
 *
 * A struct vcpu is touched only by the LP that runs it, or under its owner's
 * lock while it is suspended.
 */
#ifndef VCPU_VCPU_H
#define VCPU_VCPU_H

#include "config/config.h"
#include "lib/types.h"
#include "mem/nested.h"
#include "vcpu/fetch_memo.h"

enum exit_kind {
	EXIT_NONE,		/* nothing to decide: resume */
	EXIT_INTERRUPT,		/* a physical interrupt was taken */
	EXIT_WINDOW,		/* the guest can take an interrupt now */
	EXIT_NMI,		/* a physical NMI was taken */
	EXIT_MACHINE_CHECK,
	EXIT_IO,
	EXIT_MSR,
	EXIT_CPUID,
	EXIT_HYPERCALL,		/* VMMCALL or VMCALL */
	EXIT_HALT,
	EXIT_MEMORY,		/* no RAM there, or no right to it */
	EXIT_CR,		/* MOV to a control register */
	EXIT_XSETBV,
	EXIT_CACHE,		/* WBINVD, INVD */
	EXIT_UNDEFINED,		/* an instruction that guests do not have */
	EXIT_PRIVILEGED,	/* an instruction that answers #GP: RDPMC */
	EXIT_EXCEPTION,		/* intercepted exception; to be reflected */
	EXIT_TRIPLE_FAULT,
	EXIT_INIT,
#ifdef CONFIG_VMX_APICV
	EXIT_APIC,		/* the local APIC's register is written */
#endif
	EXIT_INVALID_STATE,	/* the processor refused the guest's state */
	EXIT_UNKNOWN		/* info: the vendor's exit code */
};

#define EXIT_KIND_COUNT (EXIT_UNKNOWN + 1u)

/* Bits of exit->access, as page-fault error codes have them. */
#define ACCESS_READ 0u
#define ACCESS_WRITE 2u
#define ACCESS_USER 4u
#define ACCESS_EXECUTE 16u

/* Bits of exit->io.flags. */
#define EXIT_IO_IN 1u
#define EXIT_IO_STRING 4u
#define EXIT_IO_REP 8u

struct vcpu_exit {
	enum exit_kind kind;
	/*
	 * Length in bytes of the instruction that made the exit, for kinds
	 * that are instructions; 0 where RIP is to stay.
	 */
	uint32_t length;
	union {
		struct {
			uint16_t port;
			uint8_t size;		/* 1, 2, 4 */
			uint8_t flags;		/* EXIT_IO_* */
		} io;
		struct {
			uint32_t index;
			bool write;		/* value in EDX:EAX */
		} msr;
		struct {
			gpa_t gpa;
			uint32_t access;	/* ACCESS_* */
			bool walk;		/* by the guest's page walk */
		} memory;
		struct {
			uint8_t cr;		/* 0, 4 or 8 */
			uint64_t value;		/* to be written */
		} cr;
		struct {
			uint8_t vector;
			bool has_error;
			uint32_t error;
		} exception;
#ifdef CONFIG_VMX_APICV
		struct {
			uint8_t vector;
			bool eoi;		/* else the SELF IPI */
		} apic;
#endif
		uint64_t info;			/* EXIT_UNKNOWN, INVALID */
	};
};

/* Event types, TLFS pending-interruption numbers. */
enum event_type {
	EVENT_INTERRUPT = 0,
	EVENT_NMI = 2,
	EVENT_EXCEPTION = 3,
	EVENT_SOFT_INTERRUPT = 4,
	EVENT_PRIV_SOFT_EXCEPTION = 5,
	EVENT_SOFT_EXCEPTION = 6
};

/* An event for the next entry. */
struct vcpu_event {
	bool valid;
	bool has_error;
	uint8_t vector;
	uint8_t type;		/* enum event_type */
	uint32_t error;
};

#define VECTOR_DB 1
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_TS 10
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MF 16
#define VECTOR_AC 17
#define VECTOR_MC 18

#define VCPU_MSR_COUNT 5

/*
 * The part of a VP's state that lives in no page of the back end. Common
 * code may read and write gpr[], rip and event between runs; all else goes
 * through the functions below.
 */
struct vcpu {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	struct vcpu_event event;
	uint32_t index;		/* in vcpu_pages[]; == index of its VP */
	uint32_t partition;	/* in partition_configs[] */
	uint32_t asid;		/* valid for asid_generation of its LP */
	uint64_t asid_generation;
	uint64_t flush_seen;	/* nested.flush_generation last honoured */
	uint64_t tsc_offset;	/* guest TSC = host TSC + this */
	uint64_t dr[4];
	uint64_t xcr0;
	uint64_t xss;
	uint64_t tsc_aux;
	bool nmi_masked;	/* until the guest's IRET is done ... */
	bool nmi_returning;	/* ... which was seen at this RIP */
	uint8_t cr8;		/* TPR bits 7:4, as of the last exit or set */
	uint64_t nmi_return_rip;
	/* Intel: what its control structure does not hold. */
	uint64_t cr2;
	uint64_t dr6;
	uint64_t msrs[VCPU_MSR_COUNT];
	uint8_t fresh;		/* the structure is to be made at the next
				   load: 1 after INIT, 2 by the config */
	bool launched;
#ifdef CONFIG_VMX_APICV
	bool apic_given;	/* vcpu_give_apic() */
	uint16_t apic_status;	/* of that: the processor's two highest */
	uint64_t apic_exits[4];	/* its EOI-exit bitmap */
#endif
	struct fetch_memo fetch_memos[FETCH_MEMO_COUNT]; /* no state */
};

/* Pages of the back end, one set per VP; an array of them is generated. */
struct vcpu_pages {
	uint8_t control[4096];	/* VMCB or VMCS */
	uint8_t xsave[4096];	/* extended state while off its LP */
} aligned_page;

extern struct vcpu_pages vcpu_pages[];

/* Execution mode of a guest, for whoever decodes its instructions. */
struct vcpu_mode {
	uint64_t cr0, cr3, cr4, efer;
	uint8_t cpl;
	uint8_t code_bits;	/* 16, 32, 64: default operand/address size */
	uint8_t stack_bits;
	bool paging;
};

/* ---- once per LP ------------------------------------------------------- */

/* Checks the processor and turns virtualization on. *why: what is missing. */
enum hv_err vcpu_start_lp(const char **why) must_use;

/* ---- life of a VP ------------------------------------------------------ */

/* Any VP: power-on state, then its spec's (null: the state after INIT). */
void vcpu_reset(struct vcpu *vcpu, const struct vp_state_config *state);
/* The loaded VP: power-on state, then what another one says. Loads it. */
void vcpu_start_context(struct vcpu *vcpu,
			const struct vp_state_config *state);
/* Starts a VP that had INIT: real mode at vector << 12 (SDM3 9.4.4). */
void vcpu_start_sipi(struct vcpu *vcpu, uint8_t vector);
/* Onto and off this LP: extended state, debug registers, MSRs. */
void vcpu_load(struct vcpu *vcpu);
void vcpu_save(struct vcpu *vcpu);

/*
 * Runs the guest until an exit or until the physical TSC reaches deadline
 * (then EXIT_INTERRUPT). Delivers vcpu->event first, and clears it; an event
 * whose delivery the exit broke off is in vcpu->event again. Returns at once
 * with EXIT_NONE if *requests is not 0 after interrupts are held off.
 */
void vcpu_run(struct vcpu *vcpu, uint64_t deadline,
	      const volatile uint32_t *requests, struct vcpu_exit *exit);

/* ---- between runs ------------------------------------------------------ */

/* RIP past the instruction; ends an interrupt shadow; honours RFLAGS.TF. */
void vcpu_advance(struct vcpu *vcpu, uint32_t length);

/* Can the guest take an external interrupt of this priority now? */
bool vcpu_can_interrupt(const struct vcpu *vcpu);
bool vcpu_can_nmi(const struct vcpu *vcpu);
/* EXIT_WINDOW once the guest can take an interrupt of this vector. */
void vcpu_request_window(struct vcpu *vcpu, uint8_t vector);
void vcpu_cancel_window(struct vcpu *vcpu);
/* The loaded VP's TPR bits 7:4 as CR8 shows them; to read, vcpu->cr8. */
void vcpu_set_cr8(struct vcpu *vcpu, uint8_t cr8);

#ifdef CONFIG_VMX_APICV
/*
 * A local APIC that the processor plays while the guest runs: it delivers the
 * vectors that are requested, and EOIs and IPIs to oneself make no exit.
 */
struct vcpu_apic {
	uint64_t requested[4];
	uint64_t service[4];
	uint64_t exits[4];	/* vectors whose EOI is EXIT_APIC */
	const volatile uint64_t *posted;	/* a descriptor: vp.h */
};

/* Can the processor do that for this VP? */
bool vcpu_has_apic(const struct vcpu *vcpu) must_use;
/* For the next vcpu_run(); null: not for that one. */
void vcpu_give_apic(struct vcpu *vcpu, const struct vcpu_apic *apic);
/* After it: what has become of requested and service. False: nothing has. */
bool vcpu_take_apic(struct vcpu *vcpu, struct vcpu_apic *apic) must_use;
#endif

void vcpu_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode);
/* In 64-bit code at CPL 0? What hypercalls ask first. */
bool vcpu_is_wide_kernel(const struct vcpu *vcpu) must_use;
uint64_t vcpu_get_cr4(const struct vcpu *vcpu) must_use;
void vcpu_get_segment(const struct vcpu *vcpu, enum segment_name name,
		      struct segment_config *segment);

/*
 * Any register by its TLFS name (hv/include/abi/registers.h). Values are
 * 64 bits; segments by vcpu_get_segment. HV_ERR_RANGE: no such register.
 */
enum hv_err vcpu_get_register(const struct vcpu *vcpu, uint32_t name,
			      uint64_t *value) must_use;
enum hv_err vcpu_set_register(struct vcpu *vcpu, uint32_t name,
			      uint64_t value) must_use;

/* XMM0 to XMM5 of the VP that is loaded: they stay in the processor. */
void vcpu_get_xmm(const struct vcpu *vcpu, uint64_t words[12]);
/* Its guest's own translations are gone before its next entry. */
static inline void vcpu_flush(struct vcpu *vcpu)
{
	vcpu->asid_generation = 0;
}

/* Queues an exception; merges with one in delivery as APM2 8.2.9 says. */
void vcpu_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error,
			   uint32_t error);
void vcpu_inject_page_fault(struct vcpu *vcpu, gva_t address, uint32_t error);
void vcpu_inject_interrupt(struct vcpu *vcpu, uint8_t vector);
void vcpu_inject_nmi(struct vcpu *vcpu);

#endif
