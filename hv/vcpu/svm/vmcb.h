/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual machine control block (APM2 appendix B) and what its fields
 * hold. Never included outside hv/vcpu/svm.
 */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include "lib/bits.h"
#include "lib/types.h"

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes;	/* 7:0 type S DPL P; 11:8 AVL L D/B G */
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	/* control area */
	uint16_t cr_read;
	uint16_t cr_write;
	uint16_t dr_read;
	uint16_t dr_write;
	uint32_t exceptions;
	uint32_t intercept3;
	uint32_t intercept4;
	uint32_t intercept5;
	uint8_t pad0[0x3c - 0x18];
	uint16_t pause_threshold;
	uint16_t pause_count;
	uint64_t iopm_base;
	uint64_t msrpm_base;
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control;
	uint8_t pad1[3];
	uint64_t interrupt;	/* 0x60: V_TPR, V_IRQ, V_INTR_MASKING ... */
	uint64_t shadow;	/* 0x68: bit 0: interrupt shadow */
	uint64_t exit_code;
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t exit_event;	/* 0x88: EXITINTINFO */
	uint64_t nested;	/* 0x90: bit 0: nested paging */
	uint64_t avic_bar;
	uint64_t ghcb;
	uint64_t event;		/* 0xa8: EVENTINJ */
	uint64_t nested_root;
	uint64_t lbr;
	uint32_t clean;		/* 0xc0 */
	uint32_t pad2;
	uint64_t next_rip;
	uint8_t insn_count;	/* 0xd0 */
	uint8_t insn[15];
	uint8_t pad3[0x400 - 0xe0];
	/* state save area */
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t pad4[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t pad5;
	uint64_t efer;
	uint8_t pad6[0x548 - 0x4d8];
	uint64_t cr4;
	uint64_t cr3;
	uint64_t cr0;
	uint64_t dr7;
	uint64_t dr6;
	uint64_t rflags;
	uint64_t rip;
	uint8_t pad7[0x5d8 - 0x580];
	uint64_t rsp;
	uint8_t pad8[0x5f8 - 0x5e0];
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t pad9[0x668 - 0x648];
	uint64_t pat;
	uint64_t debugctl;
	uint8_t pad10[0x1000 - 0x678];
};

_Static_assert(offsetof(struct vmcb, iopm_base) == 0x40, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, asid) == 0x58, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, interrupt) == 0x60, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, exit_event) == 0x88, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, event) == 0xa8, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, nested_root) == 0xb0, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, insn) == 0xd1, "APM2 B-1");
_Static_assert(offsetof(struct vmcb, es) == 0x400, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, tr) == 0x490, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, cr4) == 0x548, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, rsp) == 0x5d8, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640, "APM2 B-2");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "APM2 B-2");
_Static_assert(sizeof(struct vmcb) == 4096, "APM2 15.5.1");

/* cr_write (offset 0x02) */
#define SVM_CR8 BIT(8)
/* intercept3 (offset 0x0c) */
#define SVM_I3_INTR BIT(0)
#define SVM_I3_NMI BIT(1)
#define SVM_I3_INIT BIT(3)
#define SVM_I3_VINTR BIT(4)
#define SVM_I3_RDPMC BIT(15)
#define SVM_I3_CPUID BIT(18)
#define SVM_I3_IRET BIT(20)
#define SVM_I3_INVD BIT(22)
#define SVM_I3_HLT BIT(24)
#define SVM_I3_INVLPGA BIT(26)
#define SVM_I3_IOIO BIT(27)
#define SVM_I3_MSR BIT(28)
#define SVM_I3_FERR BIT(30)
#define SVM_I3_SHUTDOWN BIT(31)
/* intercept4 (offset 0x10) */
#define SVM_I4_VMRUN BIT(0)
#define SVM_I4_VMMCALL BIT(1)
#define SVM_I4_VMLOAD BIT(2)
#define SVM_I4_VMSAVE BIT(3)
#define SVM_I4_STGI BIT(4)
#define SVM_I4_CLGI BIT(5)
#define SVM_I4_SKINIT BIT(6)
#define SVM_I4_WBINVD BIT(9)
#define SVM_I4_MONITOR BIT(10)
#define SVM_I4_MWAIT BIT(11)
#define SVM_I4_MWAIT_ARMED BIT(12)
#define SVM_I4_XSETBV BIT(13)
#define SVM_I4_RDPRU BIT(14)

/* exit codes (APM2 appendix C) */
#define SVM_EXIT_CR0_WRITE 0x10
#define SVM_EXIT_CR4_WRITE 0x14
#define SVM_EXIT_CR8_WRITE 0x18
#define SVM_EXIT_CR15_WRITE 0x1f
#define SVM_EXIT_EXCEPTION0 0x40
#define SVM_EXIT_EXCEPTION31 0x5f
#define SVM_EXIT_INTR 0x60
#define SVM_EXIT_NMI 0x61
#define SVM_EXIT_INIT 0x63
#define SVM_EXIT_VINTR 0x64
#define SVM_EXIT_RDPMC 0x6f
#define SVM_EXIT_CPUID 0x72
#define SVM_EXIT_IRET 0x74
#define SVM_EXIT_INVD 0x76
#define SVM_EXIT_HLT 0x78
#define SVM_EXIT_INVLPGA 0x7a
#define SVM_EXIT_IOIO 0x7b
#define SVM_EXIT_MSR 0x7c
#define SVM_EXIT_FERR 0x7e
#define SVM_EXIT_SHUTDOWN 0x7f
#define SVM_EXIT_VMRUN 0x80
#define SVM_EXIT_VMMCALL 0x81
#define SVM_EXIT_SKINIT 0x86
#define SVM_EXIT_WBINVD 0x89
#define SVM_EXIT_MONITOR 0x8a
#define SVM_EXIT_MWAIT 0x8b
#define SVM_EXIT_MWAIT_ARMED 0x8c
#define SVM_EXIT_XSETBV 0x8d
#define SVM_EXIT_RDPRU 0x8e
#define SVM_EXIT_NPF 0x400
/* Some emulators store 32 bits of -1: compare low halves. */
#define SVM_EXIT_INVALID 0xffffffffu

/* interrupt (offset 0x60) */
#define SVM_V_TPR 0xffull
#define SVM_V_IRQ BIT(8)
#define SVM_V_PRIORITY_SHIFT 16
#define SVM_V_PRIORITY (0xfull << 16)
#define SVM_V_INTR_MASKING BIT(24)
#define SVM_V_VECTOR_SHIFT 32
#define SVM_V_VECTOR (0xffull << 32)

/* event, exit_event */
#define SVM_EVENT_ERROR BIT(11)
#define SVM_EVENT_VALID BIT(31)

#define SVM_TLB_NONE 0
#define SVM_TLB_ALL 1

/* cs.attributes */
#define SVM_CS_LONG BIT(9)
#define SVM_CS_DEFAULT BIT(10)		/* 32-bit */

/* exit_info1 of IOIO */
#define SVM_IO_IN BIT(0)
#define SVM_IO_STRING BIT(2)
#define SVM_IO_REP BIT(3)
#define SVM_IO_FLAGS (SVM_IO_IN | SVM_IO_STRING | SVM_IO_REP)

/* exit_info1 of NPF */
#define SVM_NPF_WALK BIT(33)

/* CPUID 8000000A */
#define SVM_ID_NPT BIT(0)
#define SVM_ID_LOCK BIT(2)
#define SVM_ID_NEXT_RIP BIT(3)

/* MSR VM_CR */
#define SVM_VM_CR_LOCK BIT(3)
#define SVM_VM_CR_DISABLED BIT(4)

#endif
