/* SPDX-License-Identifier: Apache-2.0 */
/* MSRs. */
#include "check/check.h"

const struct check check_msrs_rules[] = {
	{ "msr-range", CHECK_ERROR, CHECK_SPEC,
	  check_msr_range, NULL,
	  .sentence =
		"A range of MSRs is not reversed.",
	  .why =
		"It would grant nothing.",
	  .wrong =
		"range = <0x176 0x174>;",
	  .right =
		"range = <0x174 0x176>;" },
	{ "msr-overlap", CHECK_ERROR, CHECK_SPEC,
	  check_msr_overlap, "msr-range",
	  .sentence =
		"An MSR has one rule in a partition.",
	  .why =
		"Which of two rules holds would depend on their order.",
	  .wrong =
		"a { range = <0x170 0x17f>; }; b { range = <0x174 0x176>; };",
	  .right =
		"a { range = <0x170 0x173>; }; b { range = <0x174 0x176>; };" },
	{ "msr-pass", CHECK_ERROR, CHECK_SPEC,
	  check_msr_pass, "msr-range",
	  .sentence =
		"Only MSRs that are switched with the VP are passed through.",
	  .why =
		"Any other one is the machine's: a guest could reprogram it "
		"for all.",
	  .wrong =
		"hwcr { range = <0xc0010015 0xc0010015>; read = \"pass\"; "
		"write = \"pass\"; };",
	  .right =
		"hwcr { range = <0xc0010015 0xc0010015>; read = \"value\"; "
		"write = \"value\"; value = <CELLS(0)>; };" },
	{ "msr-value", CHECK_ERROR, CHECK_SPEC,
	  check_msr_value, NULL,
	  .sentence =
		"An MSR that reads a value, and no other, has one.",
	  .why =
		"The guest would read 0, or the value would be without "
		"effect.",
	  .wrong =
		"read = \"value\"; write = \"deny\";",
	  .right =
		"read = \"value\"; write = \"deny\"; value = <CELLS(1)>;" },
	{ "msr-emulate", CHECK_ERROR, CHECK_SPEC,
	  check_msr_emulate, "msr-range",
	  .sentence =
		"An emulated MSR is one that the hypervisor knows.",
	  .why =
		"The guest gets #GP(0) where the spec says that something "
		"answers.",
	  .wrong =
		"hwcr { range = <0xc0010015 0xc0010015>; read = "
		"\"emulate\"; write = \"emulate\"; };",
	  .right =
		"hwcr { range = <0xc0010015 0xc0010015>; read = \"value\"; "
		"write = \"value\"; value = <CELLS(0)>; };" },
	{ "msr-tsc", CHECK_ERROR, CHECK_SPEC,
	  check_msr_tsc, NULL,
	  .sentence =
		"Who is shown TSC can read MSR 0x10.",
	  .why =
		"A guest that believes CPUID and gets #GP(0) dies.",
	  .wrong =
		"tsc { range = <0x10 0x10>; read = \"deny\"; write = "
		"\"deny\"; };",
	  .right =
		"tsc { range = <0x10 0x10>; read = \"pass\"; write = "
		"\"emulate\"; };" },
	{ "msr-apic-base", CHECK_ERROR, CHECK_SPEC,
	  check_msr_apic_base, NULL,
	  .sentence =
		"Who is shown APIC can use MSR 0x1b.",
	  .why =
		"A guest looks there for its local APIC first.",
	  .wrong =
		"apic-base { range = <0x1b 0x1b>; read = \"deny\"; write = "
		"\"deny\"; };",
	  .right =
		"apic-base { EMULATED_MSR(0x1b, 0x1b) };" },
	{ "msr-sysenter", CHECK_ERROR, CHECK_SPEC,
	  check_msr_sysenter, NULL,
	  .sentence =
		"Who is shown SEP can use MSRs 0x174 to 0x176.",
	  .why =
		"A guest that believes CPUID and gets #GP(0) dies.",
	  .wrong =
		"sysenter { range = <0x174 0x176>; read = \"pass\"; write = "
		"\"deny\"; };",
	  .right =
		"sysenter { PASSED_MSR(0x174, 0x176) };" },
	{ "msr-mtrr", CHECK_ERROR, CHECK_SPEC,
	  check_msr_mtrr, NULL,
	  .sentence =
		"Who is shown MTRR can use MSRs 0xfe and 0x2ff.",
	  .why =
		"A guest that believes CPUID and gets #GP(0) dies.",
	  .wrong =
		"mtrr-default { range = <0x2ff 0x2ff>; read = \"emulate\"; "
		"write = \"deny\"; };",
	  .right =
		"mtrr-default { EMULATED_MSR(0x2ff, 0x2ff) };" },
	{ "msr-pat", CHECK_ERROR, CHECK_SPEC,
	  check_msr_pat, NULL,
	  .sentence =
		"Who is shown PAT can use MSR 0x277.",
	  .why =
		"A guest that believes CPUID and gets #GP(0) dies.",
	  .wrong =
		"pat { range = <0x277 0x277>; read = \"emulate\"; write = "
		"\"deny\"; };",
	  .right =
		"pat { EMULATED_MSR(0x277, 0x277) };" },
	{ "msr-x2apic", CHECK_ERROR, CHECK_SPEC,
	  check_msr_x2apic, NULL,
	  .sentence =
		"Who is shown X2APIC can use MSRs 0x802 to 0x83f.",
	  .why =
		"A guest that switches to x2APIC mode would have no APIC.",
	  .wrong =
		"x2apic { range = <0x800 0x8ff>; read = \"emulate\"; write "
		"= \"deny\"; };",
	  .right =
		"x2apic { EMULATED_MSR(0x800, 0x8ff) };" },
	{ "msr-tsc-deadline", CHECK_ERROR, CHECK_SPEC,
	  check_msr_tsc_deadline, NULL,
	  .sentence =
		"Who is shown TSC_DEADLINE can use MSR 0x6e0.",
	  .why =
		"Its timer would be #GP(0) at the first tick.",
	  .wrong =
		"tsc-deadline { range = <0x6e0 0x6e0>; read = \"emulate\"; "
		"write = \"deny\"; };",
	  .right =
		"tsc-deadline { EMULATED_MSR(0x6e0, 0x6e0) };" },
	{ "msr-syscall", CHECK_ERROR, CHECK_SPEC,
	  check_msr_syscall, NULL,
	  .sentence =
		"Who is shown SYSCALL can use MSRs 0xc0000081 to 0xc0000084.",
	  .why =
		"A kernel could not say where its system calls go.",
	  .wrong =
		"syscall { range = <0xc0000081 0xc0000084>; read = "
		"\"pass\"; write = \"deny\"; };",
	  .right =
		"syscall { PASSED_MSR(0xc0000081, 0xc0000084) };" },
	{ "msr-efer", CHECK_ERROR, CHECK_SPEC,
	  check_msr_efer, NULL,
	  .sentence =
		"Who is shown NX can use MSR 0xc0000080.",
	  .why =
		"NX is switched on there.",
	  .wrong =
		"efer { range = <0xc0000080 0xc0000080>; read = "
		"\"emulate\"; write = \"deny\"; };",
	  .right =
		"efer { EMULATED_MSR(0xc0000080, 0xc0000080) };" },
	{ "msr-tsc-aux", CHECK_ERROR, CHECK_SPEC,
	  check_msr_tsc_aux, NULL,
	  .sentence =
		"Who is shown RDTSCP can use MSR 0xc0000103.",
	  .why =
		"RDTSCP reads it: the guest could not set it.",
	  .wrong =
		"tsc-aux { range = <0xc0000103 0xc0000103>; read = "
		"\"emulate\"; write = \"deny\"; };",
	  .right =
		"tsc-aux { EMULATED_MSR(0xc0000103, 0xc0000103) };" },
	{ "linux-msrs", CHECK_ERROR, CHECK_LAYOUT,
	  check_linux_msrs, NULL,
	  .sentence =
		"A 64-bit Linux can use MSRs 0xc0000100 to 0xc0000102.",
	  .why =
		"Its data of each processor are behind GS from its first "
		"instructions on.",
	  .wrong =
		"bases { range = <0xc0000100 0xc0000102>; read = \"pass\"; "
		"write = \"deny\"; };",
	  .right =
		"bases { PASSED_MSR(0xc0000100, 0xc0000102) };" },
	{ .id = NULL },
};
