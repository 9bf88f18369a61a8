/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual machine control structure (SDM3 appendix B) and what its
 * fields hold. Never included outside hv/vcpu/vmx.
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

#include "lib/bits.h"
#include "lib/types.h"

/* Segments: the field of ES; the others follow in the order of enum
 * segment_name, two apart. */
#define VMCS_SELECTOR 0x0800
#define VMCS_LIMIT 0x4800
#define VMCS_RIGHTS 0x4814
#define VMCS_BASE 0x6806

#define VMCS_VPID 0x0000
#define VMCS_POSTED_VECTOR 0x0002
#define VMCS_APIC_STATUS 0x0810		/* 7:0 RVI, 15:8 SVI */
#define VMCS_HOST_ES 0x0c00
#define VMCS_HOST_CS 0x0c02
#define VMCS_HOST_SS 0x0c04
#define VMCS_HOST_DS 0x0c06
#define VMCS_HOST_FS 0x0c08
#define VMCS_HOST_GS 0x0c0a
#define VMCS_HOST_TR 0x0c0c
#define VMCS_IO_BITMAP_A 0x2000
#define VMCS_IO_BITMAP_B 0x2002
#define VMCS_MSR_BITMAP 0x2004
#define VMCS_TSC_OFFSET 0x2010
#define VMCS_VIRTUAL_APIC 0x2012
#define VMCS_POSTED 0x2016
#define VMCS_EPT_POINTER 0x201a
#define VMCS_EOI_EXITS 0x201c		/* four, two apart */
#define VMCS_GUEST_PHYSICAL 0x2400
#define VMCS_LINK 0x2800
#define VMCS_DEBUGCTL 0x2802
#define VMCS_PAT 0x2804
#define VMCS_EFER 0x2806
#define VMCS_PDPTE0 0x280a
#define VMCS_HOST_PAT 0x2c00
#define VMCS_HOST_EFER 0x2c02
#define VMCS_PIN 0x4000
#define VMCS_PROC 0x4002
#define VMCS_EXCEPTIONS 0x4004
#define VMCS_FAULT_MASK 0x4006	/* #PF error codes */
#define VMCS_FAULT_MATCH 0x4008
#define VMCS_CR3_TARGET_COUNT 0x400a
#define VMCS_EXIT 0x400c
#define VMCS_EXIT_STORE_COUNT 0x400e /* lists of MSRs */
#define VMCS_EXIT_LOAD_COUNT 0x4010
#define VMCS_ENTRY 0x4012
#define VMCS_ENTRY_LOAD_COUNT 0x4014
#define VMCS_ENTRY_EVENT 0x4016
#define VMCS_ENTRY_ERROR 0x4018
#define VMCS_ENTRY_LENGTH 0x401a
#define VMCS_TPR_THRESHOLD 0x401c
#define VMCS_PROC2 0x401e
#define VMCS_INSN_ERROR 0x4400
#define VMCS_EXIT_REASON 0x4402
#define VMCS_EXIT_EVENT 0x4404
#define VMCS_EXIT_ERROR 0x4406
#define VMCS_VECTORING 0x4408
#define VMCS_VECTORING_ERROR 0x440a
#define VMCS_LENGTH 0x440c
#define VMCS_GDTR_LIMIT 0x4810
#define VMCS_IDTR_LIMIT 0x4812
#define VMCS_SHADOW 0x4824		/* interruptibility state */
#define VMCS_ACTIVITY 0x4826
#define VMCS_SYSENTER_CS 0x482a
#define VMCS_TIMER 0x482e
#define VMCS_HOST_SYSENTER_CS 0x4c00
#define VMCS_CR0_MASK 0x6000
#define VMCS_CR4_MASK 0x6002
#define VMCS_CR0_SEEN 0x6004
#define VMCS_CR4_SEEN 0x6006
#define VMCS_QUALIFICATION 0x6400
#define VMCS_CR0 0x6800
#define VMCS_CR3 0x6802
#define VMCS_CR4 0x6804
#define VMCS_GDTR_BASE 0x6816
#define VMCS_IDTR_BASE 0x6818
#define VMCS_DR7 0x681a
#define VMCS_RSP 0x681c
#define VMCS_RIP 0x681e
#define VMCS_RFLAGS 0x6820
#define VMCS_PENDING_DEBUG 0x6822
#define VMCS_SYSENTER_ESP 0x6824
#define VMCS_SYSENTER_EIP 0x6826
#define VMCS_HOST_CR0 0x6c00
#define VMCS_HOST_CR3 0x6c02
#define VMCS_HOST_CR4 0x6c04
#define VMCS_HOST_FS_BASE 0x6c06
#define VMCS_HOST_GS_BASE 0x6c08
#define VMCS_HOST_TR_BASE 0x6c0a
#define VMCS_HOST_GDTR_BASE 0x6c0c
#define VMCS_HOST_IDTR_BASE 0x6c0e
#define VMCS_HOST_SYSENTER_ESP 0x6c10
#define VMCS_HOST_SYSENTER_EIP 0x6c12
#define VMCS_HOST_RIP 0x6c16

/* Controls, in the order of vcpu_features.control[]. */
enum vmx_control {
	VMX_PIN, VMX_PROC, VMX_PROC2, VMX_EXIT, VMX_ENTRY, VMX_CONTROL_COUNT
};

#define VMX_PIN_WANTED 0x69u	/* interrupts, NMIs, virtual NMIs, timer */
#define VMX_PIN_POSTED BIT(7)
#define VMX_PROC_WINDOW BIT(2)
/* TSC offset, HLT, MWAIT, RDPMC; bitmaps, MONITOR, more. */
#define VMX_PROC_WANTED 0xb2000c88u
#define VMX_PROC_CR8 0x180000u		/* exits of both its ways */
#define VMX_PROC_TPR_SHADOW BIT(21)
#define VMX_PROC_SECONDARY BIT(31)
#define VMX_PROC2_EPT BIT(1)
#define VMX_PROC2_RDTSCP BIT(3)
#define VMX_PROC2_UNRESTRICTED BIT(7)
#define VMX_PROC2_APIC 0x210u	/* x2APIC mode, interrupt delivery */
#define VMX_PROC2_WANTED 0xe2u	/* EPT, VPID, WBINVD, unrestricted */
/* Debug registers, 64-bit host, PAT and EFER both ways. */
#define VMX_EXIT_WANTED 0x3c0204u
#define VMX_EXIT_ACKNOWLEDGE BIT(15)
#define VMX_ENTRY_WIDE BIT(9)
#define VMX_ENTRY_WANTED 0xc004u /* debug registers, PAT, EFER */

/* exit reasons (SDM3 appendix C) */
#define VMX_EXIT_EXCEPTION 0
#define VMX_EXIT_INTR 1
#define VMX_EXIT_TRIPLE_FAULT 2
#define VMX_EXIT_INIT 3
#define VMX_EXIT_WINDOW 7
#define VMX_EXIT_CPUID 10
#define VMX_EXIT_GETSEC 11
#define VMX_EXIT_HLT 12
#define VMX_EXIT_INVD 13
#define VMX_EXIT_RDPMC 15
#define VMX_EXIT_VMCALL 18
#define VMX_EXIT_VMCLEAR 19
#define VMX_EXIT_VMXON 27
#define VMX_EXIT_CR 28
#define VMX_EXIT_IO 30
#define VMX_EXIT_RDMSR 31
#define VMX_EXIT_WRMSR 32
#define VMX_EXIT_MWAIT 36
#define VMX_EXIT_MONITOR 39
#define VMX_EXIT_MACHINE_CHECK 41
#define VMX_EXIT_TPR 43		/* below the threshold */
#define VMX_EXIT_EOI 45
#define VMX_EXIT_EPT_VIOLATION 48
#define VMX_EXIT_INVEPT 50
#define VMX_EXIT_TIMER 52
#define VMX_EXIT_INVVPID 53
#define VMX_EXIT_WBINVD 54
#define VMX_EXIT_XSETBV 55
#define VMX_EXIT_APIC_WRITE 56
#define VMX_EXIT_FAILED BIT(31)	/* the entry did */

/* The only word of a virtual-APIC page that a TPR shadow uses. */
#define VMX_APIC_TPR 0x80
/* And what virtual interrupts use: 8 words of each, 16 bytes apart. */
#define VMX_APIC_ISR 0x100
#define VMX_APIC_IRR 0x200
#define VMX_APIC_SELF_IPI 0x3f0

/* interruptibility state */
#define VMX_SHADOW_INSN 3u	/* STI, MOV SS */
#define VMX_SHADOW_NMI 8u

/* exit event: NMIs were masked until the IRET that made the exit */
#define VMX_EVENT_IRET BIT(12)

/* qualification of an EPT violation */
#define VMX_EPT_LINEAR BIT(7)	/* there is a linear address ... */
#define VMX_EPT_FINAL BIT(8)	/* ... and this is where it leads */

#define VMX_RIGHTS_PRESENT BIT(7)
#define VMX_RIGHTS_LONG BIT(13)
#define VMX_RIGHTS_DEFAULT BIT(14)	/* 32-bit */
#define VMX_RIGHTS_UNUSABLE BIT(16)

/* EPT pointer: write-back, four levels; no accessed or dirty bits. */
#define VMX_EPT_POINTER 0x1eu

/* IA32_VMX_EPT_VPID_CAP: 4 levels, write-back, 2 MiB; INVEPT, INVVPID. */
#define VMX_CAP_NEEDED 0x0000040106114040ull

#endif
