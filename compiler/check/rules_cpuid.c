/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID and the TLFS. */
#include "check/check.h"

const struct check check_cpuid_rules[] = {
	{ "cpuid-twice", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_twice, NULL,
	  .sentence =
		"A CPUID leaf has one rule for a processor.",
	  .why =
		"Which of two rows holds would depend on their order.",
	  .wrong =
		"a { leaf = <7>; subleaf = <0>; }; b { leaf = <7>; subleaf "
		"= <0>; };",
	  .right =
		"a { leaf = <7>; subleaf = <0>; };" },
	{ "cpuid-subleaf", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_subleaf, NULL,
	  .sentence =
		"A row names a subleaf only of a leaf that has some.",
	  .why =
		"A guest may ask for the others with anything in ECX: it "
		"would read zeros.",
	  .wrong =
		"features { leaf = <1>; subleaf = <0>; };",
	  .right =
		"features { leaf = <1>; };" },
	{ "cpuid-every-subleaf", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_every_subleaf, NULL,
	  .sentence =
		"A row of a leaf with subleaves names one.",
	  .why =
		"Guests count subleaves until one is empty, and would count "
		"for ever.",
	  .wrong =
		"cache { leaf = <4>; allow = <ALL ALL ALL ALL>; };",
	  .right =
		"cache { leaf = <4>; subleaf = <0>; allow = <ALL ALL ALL "
		"ALL>; };" },
	{ "cpuid-hypervisor", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_hypervisor, NULL,
	  .sentence =
		"No row is of a leaf that the hypervisor answers itself "
		"(0x40000000 to 0x400000ff).",
	  .why =
		"Nobody would see it.",
	  .wrong =
		"vendor { leaf = <0x40000000>; force = <0x40000001 0 0 0>; "
		"};",
	  .right =
		"tlfs = \"hypercall-msrs\", \"vp-index\";" },
	{ "cpuid-dynamic", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_dynamic, NULL,
	  .sentence =
		"What is filled in at run time is filled into its own leaf.",
	  .why =
		"In another leaf it would overwrite something else.",
	  .wrong =
		"extended { leaf = <7>; subleaf = <0>; dynamic = "
		"\"xstate\"; };",
	  .right =
		"xstate-0 { leaf = <0xd>; subleaf = <0>; dynamic = "
		"\"xstate\"; };" },
	{ "cpuid-topology", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_topology, NULL,
	  .sentence =
		"The flag \"topology\" is for a leaf with a topology in it.",
	  .why =
		"In another leaf nothing is filled in.",
	  .wrong =
		"extended { leaf = <7>; subleaf = <0>; topology; };",
	  .right =
		"features { leaf = <1>; topology; };" },
	{ "cpuid-force", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_force, NULL,
	  .sentence =
		"A feature that the processor may lack is allowed, not "
		"forced.",
	  .why =
		"The guest would use it and get #UD.",
	  .wrong =
		"force = <0 0 C1C_AVX 0>;",
	  .right =
		"allow = <0 0 C1C_AVX 0>;" },
	{ "cpuid-unsafe", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_unsafe, NULL,
	  .sentence =
		"No feature is shown that the hypervisor cannot give.",
	  .why =
		"Nothing switches, emulates or confines it: the guest would "
		"fault, or get out of its partition.",
	  .wrong =
		"allow = <0 0 C1C_MONITOR 0>;",
	  .right =
		"leave the bit out" },
	{ "cpuid-xcr0", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_xcr0, NULL,
	  .sentence =
		"Leaf 0xd shows the states of x87, SSE and AVX at most, and "
		"x87 always.",
	  .why =
		"Other states are not switched: they would leak from VP to "
		"VP, or fault.",
	  .wrong =
		"xstate-0 { leaf = <0xd>; subleaf = <0>; allow = <0xe7 0 0 "
		"0>; };",
	  .right =
		"xstate-0 { leaf = <0xd>; subleaf = <0>; allow = <7 0 0 0>; "
		"};" },
	{ "cpuid-max", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_max, NULL,
	  .sentence =
		"A row's leaf is not above the highest leaf that the guest "
		"is shown.",
	  .why =
		"No guest asks for it.",
	  .wrong =
		"basic { leaf = <0>; force = <7 0 0 0>; }; with a row of "
		"leaf 0xd",
	  .right =
		"basic { leaf = <0>; force = <0xd 0 0 0>; };" },
	{ "cpuid-width", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_width, NULL,
	  .sentence =
		"The row of leaf 0x80000008 shows how many bits addresses "
		"have.",
	  .why =
		"A kernel that reads 0 makes masks of nothing, and faults.",
	  .wrong =
		"addresses { leaf = <0x80000008>; topology; };",
	  .right =
		"addresses { leaf = <0x80000008>; force = <0x3000 0 0 0>; "
		"topology; };" },
	{ "cpuid-long-mode", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_long_mode, NULL,
	  .sentence =
		"Who is shown LM is shown PAE.",
	  .why =
		"Long mode needs CR4.PAE, which goes with PAE.",
	  .wrong =
		"allow = <0 0 0 (C1D_BASE & ~C1D_PAE)>;",
	  .right =
		"allow = <0 0 0 C1D_BASE>;" },
	{ "cpuid-fxsr", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_fxsr, NULL,
	  .sentence =
		"Who is shown SSE is shown FXSR.",
	  .why =
		"CR4.OSFXSR goes with FXSR; without it each SSE instruction "
		"faults.",
	  .wrong =
		"allow = <0 0 0 (C1D_BASE & ~C1D_FXSR | C1D_SSE)>;",
	  .right =
		"allow = <0 0 0 (C1D_BASE | C1D_SSE)>;" },
	{ "cpuid-sse", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_sse, "cpuid-fxsr",
	  .sentence =
		"A member of the SSE family is shown with what it builds on.",
	  .why =
		"Compilers and kernels take the older ones for granted.",
	  .wrong =
		"allow = <0 0 C1C_SSE3 C1D_BASE>;",
	  .right =
		"allow = <0 0 C1C_SSE3 (C1D_BASE | C1D_SSE | C1D_SSE2)>;" },
	{ "cpuid-xsave-leaf", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_xsave_leaf, "cpuid-xcr0",
	  .sentence =
		"Who is shown XSAVE is shown leaf 0xd with x87.",
	  .why =
		"It says how large the area is: a guest would allocate "
		"nothing and save into it.",
	  .wrong =
		"allow = <0 0 C1C_XSAVE 0>; without a row of leaf 0xd",
	  .right =
		"XSAVE_LEAVES" },
	{ "cpuid-avx", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_avx, NULL,
	  .sentence =
		"Who is shown AVX is shown XSAVE.",
	  .why =
		"AVX is switched on by XSETBV.",
	  .wrong =
		"allow = <0 0 C1C_AVX 0>;",
	  .right =
		"allow = <0 0 (C1C_XSAVE | C1C_AVX) 0>;" },
	{ "cpuid-avx-state", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_avx_state, "cpuid-xcr0",
	  .sentence =
		"Who is shown AVX is shown the state of SSE and AVX in leaf "
		"0xd.",
	  .why =
		"XCR0 could not be set, and each AVX instruction would be "
		"#UD.",
	  .wrong =
		"xstate-0 { leaf = <0xd>; subleaf = <0>; allow = <3 0 0 0>; "
		"};",
	  .right =
		"xstate-0 { leaf = <0xd>; subleaf = <0>; allow = <7 0 0 0>; "
		"};" },
	{ "cpuid-avx-users", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_avx_users, NULL,
	  .sentence =
		"FMA, F16C, AVX2, VAES and VPCLMULQDQ are shown with AVX "
		"only.",
	  .why =
		"They use its state.",
	  .wrong =
		"allow = <0 C7B_AVX2 0 0>; in leaf 7, without C1C_AVX in "
		"leaf 1",
	  .right =
		"allow = <0 0 (C1C_XSAVE | C1C_AVX) 0>; in leaf 1" },
	{ "cpuid-leaf1", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_leaf1, NULL,
	  .sentence =
		"Who has several VPs or is shown XSAVE has leaf 1 filled in.",
	  .why =
		"All VPs would have APIC id 0, and OSXSAVE would never be "
		"seen.",
	  .wrong =
		"features { leaf = <1>; allow = <0 0 C1C_XSAVE C1D_BASE>; };",
	  .right =
		"features { leaf = <1>; allow = <0 0 C1C_XSAVE C1D_BASE>; "
		"dynamic = \"leaf1\"; };" },
	{ "cpuid-x2apic-id", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_x2apic_id, NULL,
	  .sentence =
		"Who has several VPs and leaf 0xb has its id filled in.",
	  .why =
		"All VPs would have APIC id 0.",
	  .wrong =
		"threads { leaf = <0xb>; subleaf = <0>; topology; };",
	  .right =
		"threads { leaf = <0xb>; subleaf = <0>; dynamic = "
		"\"x2apic-id\"; topology; };" },
	{ "tlfs-config", CHECK_ERROR, CHECK_SPEC,
	  check_tlfs_config, NULL,
	  .sentence =
		"A profile asks for the TLFS only if it is built.",
	  .why =
		"The guest would be promised what is not in the image.",
	  .wrong =
		"tlfs = \"vp-index\"; with CONFIG_TLFS off",
	  .right =
		"CONFIG_TLFS=y" },
	{ "cpuid-tlfs", CHECK_ERROR, CHECK_SPEC,
	  check_cpuid_tlfs, "tlfs-config",
	  .sentence =
		"Who is given the TLFS is told of a hypervisor.",
	  .why =
		"No guest looks for the TLFS without leaf 1 ECX bit 31.",
	  .wrong =
		"tlfs = \"vp-index\"; without C1C_HYPERVISOR",
	  .right =
		"force = <0 0 C1C_HYPERVISOR 0>;" },
	{ "vp-apic", CHECK_ERROR, CHECK_SPEC,
	  check_vp_apic, NULL,
	  .sentence =
		"Who has several VPs is shown a local APIC.",
	  .why =
		"The others are started by it.",
	  .wrong =
		"vps = <&lp0 &lp1>; without C1D_APIC",
	  .right =
		"force = <0 0 0 C1D_APIC>;" },
	{ "linux-cpuid", CHECK_ERROR, CHECK_LAYOUT,
	  check_linux_cpuid, "cpuid-long-mode cpuid-fxsr cpuid-sse",
	  .sentence =
		"A 64-bit Linux is shown what it refuses to start without.",
	  .why =
		"It stops with a message that nobody sees: before its "
		"console.",
	  .wrong =
		"allow = <0 0 0 C1D_PAE>;",
	  .right =
		"allow = <0 0 0 (C1D_BASE | C1D_SSE | C1D_SSE2)>;" },
	{ "long-mode", CHECK_ERROR, CHECK_LAYOUT,
	  check_long_mode, "cpuid-long-mode",
	  .sentence =
		"A guest that starts in 64-bit mode is shown long mode.",
	  .why =
		"What CPUID hides cannot be switched on: its first "
		"instruction would fail.",
	  .wrong =
		"boot = \"raw64\"; without E1D_LM",
	  .right =
		"boot = \"raw32\";" },
	{ .id = NULL },
};
