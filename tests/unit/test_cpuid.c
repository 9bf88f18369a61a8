/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/cpuid.c hv/guest/cpuid_synth.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c */
/* CPUID: rows, what depends on the VP, and the hypervisor's own leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/cpuid.h"
#include "abi/msr.h"
#include "fake_tlfs.h"
#include "guest/guest.h"

#define ALL { ~0u, ~0u, ~0u, ~0u }

static const struct cpuid_config rows[] = {
	{ .leaf = 0, .subleaf = CPUID_ANY_SUBLEAF,
	  .force = { 0xd, 1, 2, 3 } },
	{ .leaf = 1, .subleaf = CPUID_ANY_SUBLEAF,
	  .allow = { ~0u, 0xffffu, 0x0fffffffu, 0x00ff00ffu },
	  .force = { 0, 0, 0x80000000u, 0x01000200u },
	  .dynamic = CPUID_DYN_LEAF1 },
	{ .leaf = 4, .subleaf = 0, .vendor = VENDOR_INTEL,
	  .force = { 0x111, 0, 0, 0 } },
	{ .leaf = 4, .subleaf = 0, .vendor = VENDOR_AMD,
	  .force = { 0x222, 0, 0, 0 } },
	{ .leaf = 4, .subleaf = 1, .vendor = VENDOR_INTEL,
	  .force = { 0x333, 0, 0, 0 } },
	{ .leaf = 7, .subleaf = 0, .allow = ALL, .dynamic = CPUID_DYN_OSPKE },
	{ .leaf = 7, .subleaf = 2, .force = { 0x72, 0, 0, 0 } },
	{ .leaf = 7, .subleaf = CPUID_ANY_SUBLEAF,
	  .force = { 0x7f, 0, 0, 0 } },
	{ .leaf = 0xb, .subleaf = CPUID_ANY_SUBLEAF,
	  .force = { 1, 2, 0x100, 0 }, .dynamic = CPUID_DYN_X2APIC_ID },
	{ .leaf = 0xd, .subleaf = 0, .allow = ALL,
	  .dynamic = CPUID_DYN_XSTATE },
	{ .leaf = 0xd, .subleaf = 1, .allow = { 3, 0, 0, 0 },
	  .dynamic = CPUID_DYN_XSTATE },
	{ .leaf = 0xd, .subleaf = 2, .allow = ALL,
	  .dynamic = CPUID_DYN_XSTATE },
	{ .leaf = 0x80000007, .subleaf = CPUID_ANY_SUBLEAF,
	  .force = { 0, 0, 0, 0x104 }, .dynamic = CPUID_DYN_TSC_INVARIANT },
	{ .leaf = 0x8000001e, .subleaf = CPUID_ANY_SUBLEAF,
	  .force = { 0xff, 0x2ff, 0x77, 0 }, .dynamic = CPUID_DYN_AMD_ID },
};

static uint32_t eax, ebx, ecx, edx;

/* Executes CPUID with rubbish in the upper halves; those come back as 0. */
static void cpuid(struct vp *vp, uint32_t leaf, uint32_t subleaf)
{
	uint64_t *gpr = vp->vcpu.gpr;

	gpr[GPR_RAX] = 0xabcd000000000000 | leaf;
	gpr[GPR_RCX] = 0xabcd000000000000 | subleaf;
	gpr[GPR_RBX] = gpr[GPR_RDX] = ~0ull;
	assert_int_equal(cpuid_handle(vp), OUTCOME_NEXT);
	assert_int_equal((gpr[GPR_RAX] | gpr[GPR_RBX] | gpr[GPR_RCX] |
			  gpr[GPR_RDX]) >> 32, 0);
	eax = (uint32_t)gpr[GPR_RAX];
	ebx = (uint32_t)gpr[GPR_RBX];
	ecx = (uint32_t)gpr[GPR_RCX];
	edx = (uint32_t)gpr[GPR_RDX];
}

static int setup(void **state)
{
	fake_tlfs_setup(state);
	for (unsigned i = 0; i < PARTITION_TEST_COUNT; i++) {
		fake_partition_configs[i].cpuids = rows;
		fake_partition_configs[i].cpuid_count = ARRAY_COUNT(rows);
	}
	return 0;
}

static void expect(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	assert_int_equal(eax, a);
	assert_int_equal(ebx, b);
	assert_int_equal(ecx, c);
	assert_int_equal(edx, d);
}

static void test_allow_and_force(void **state)
{
	(void)state;
	cpuid(&vp_table[0], 0, 99);
	expect(0xd, 1, 2, 3);
	/* The machine's: f0f0f0f0, f1f0f0f1, f2f0f0f2, f3f0f0f3. */
	cpuid(&vp_table[0], 1, 0);
	assert_int_equal(eax, 0xf0f0f0f0);
	assert_int_equal(ebx & 0xffff, 0xf0f1);
	assert_int_equal(ecx & ~CPUID_1_ECX_OSXSAVE, 0x82f0f0f2);
	assert_int_equal(edx, 0x01f000f3);
}

static void test_no_row_is_zeros(void **state)
{
	static const uint32_t leaves[] = {
		2, 3, 5, 6, 8, 0xc, 0xe, 0x7fffffff, 0x80000000, 0x8000001d,
		0x8000001f, 0xc0000000, 0xffffffff, 0x3fffffff, 0x40000100,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(leaves); i++) {
		cpuid(&vp_table[0], leaves[i], 0);
		expect(0, 0, 0, 0);
	}
	/* A leaf with rows, none of them for this subleaf. */
	cpuid(&vp_table[0], 0xd, 3);
	expect(0, 0, 0, 0);
	fake_partition_configs[PARTITION_FULL].cpuid_count = 0;
	cpuid(&vp_table[0], 0, 0);
	expect(0, 0, 0, 0);
}

static void test_subleaf(void **state)
{
	(void)state;
	cpuid(&vp_table[0], 7, 1);
	assert_int_equal(eax, 0x7f);
	cpuid(&vp_table[0], 7, 2);
	assert_int_equal(eax, 0x72);
	cpuid(&vp_table[0], 7, 0xffffffff);
	assert_int_equal(eax, 0x7f);
}

static void test_vendor(void **state)
{
	(void)state;
	cpuid(&vp_table[0], 4, 0);
	assert_int_equal(eax, 0x222);
	cpuid(&vp_table[0], 4, 1);
	expect(0, 0, 0, 0);
	cpu_id_vendor = VENDOR_INTEL;
	cpuid(&vp_table[0], 4, 0);
	assert_int_equal(eax, 0x111);
	cpuid(&vp_table[0], 4, 1);
	assert_int_equal(eax, 0x333);
}

static void test_leaf1(void **state)
{
	struct vp *vp = &vp_table[1];

	(void)state;
	cpuid(vp, 1, 0);
	assert_int_equal(ebx >> 16, 0x0102);	/* APIC id 1, two VPs */
	assert_int_equal(ecx & CPUID_1_ECX_OSXSAVE, 0);
	fake_of(&vp->vcpu)->cr4 |= 1u << 18;
	cpuid(vp, 1, 0);
	assert_int_equal(ecx & CPUID_1_ECX_OSXSAVE, CPUID_1_ECX_OSXSAVE);
	assert_int_equal(edx & CPUID_1_EDX_APIC, 0);
	vp->apic.base = 0xfee00800;
	cpuid(vp, 1, 0);
	assert_int_equal(edx & CPUID_1_EDX_APIC, CPUID_1_EDX_APIC);
	cpuid(&vp_table[0], 1, 0);
	assert_int_equal(ebx >> 16, 0x0002);
}

static void test_ids(void **state)
{
	(void)state;
	cpuid(&vp_table[1], 0xb, 0);
	expect(1, 2, 0x100, 1);
	cpuid(&vp_table[0], 0xb, 0x305);
	expect(1, 2, 0x105, 0);
	cpuid(&vp_table[1], 0x8000001e, 0);
	expect(1, 0x201, 0x77, 0);
}

static void test_ospke(void **state)
{
	struct vp *vp = &vp_table[0];

	(void)state;
	cpuid(vp, 7, 0);
	assert_int_equal(ecx & CPUID_7_ECX_OSPKE, 0);
	fake_of(&vp->vcpu)->cr4 |= 1u << 22;
	cpuid(vp, 7, 0);
	assert_int_equal(ecx & CPUID_7_ECX_OSPKE, CPUID_7_ECX_OSPKE);
}

static void test_xstate(void **state)
{
	struct vp *vp = &vp_table[0];

	(void)state;
	/* Allowed are 7 of the machine's 0x207; x87 is on. */
	cpuid(vp, 0xd, 0);
	expect(7, 576, 576 + 256, 0);
	fake_of(&vp->vcpu)->xcr0 = 7;
	cpuid(vp, 0xd, 0);
	expect(7, 576 + 256, 576 + 256, 0);
	cpuid(vp, 0xd, 2);
	expect(256, 576, 0, 0);
	fake_partition_configs[PARTITION_FULL].xcr0_allow = 0x207;
	fake_of(&vp->vcpu)->xcr0 = 3;
	cpuid(vp, 0xd, 0);
	expect(0x207, 576, 2688 + 8, 0);
	/* The highest feature is not the one that lies highest. */
	fake_of(&vp->vcpu)->xcr0 = 0x607;
	cpuid(vp, 0xd, 0);
	expect(0x207, 2688 + 8, 2688 + 8, 0);
}

static void test_xstate_compacted(void **state)
{
	static const struct cpuid_config plain[] = {
		{ .leaf = 0xd, .subleaf = 1, .allow = { 5, ~0u, 0, 0 },
		  .dynamic = CPUID_DYN_XSTATE },
	};
	struct vp *vp = &vp_table[0];

	(void)state;
	fake_of(&vp->vcpu)->xcr0 = 3;
	cpuid(vp, 0xd, 1);
	expect(3, 576, 0, 0);
	/* 576 + 256 = 832, a multiple of 64; with PKRU alone 576. */
	fake_of(&vp->vcpu)->xcr0 = 0x207;
	cpuid(vp, 0xd, 1);
	expect(3, 840, 0, 0);
	fake_of(&vp->vcpu)->xcr0 = 7;
	vp->vcpu.xss = 0x200;
	cpuid(vp, 0xd, 1);
	expect(3, 840, 0, 0);
	/* 576 + 256 + 72 = 904; PKRU starts at 960; the last is packed. */
	fake_of(&vp->vcpu)->xcr0 = 0x707;
	vp->vcpu.xss = 0;
	cpuid(vp, 0xd, 1);
	expect(3, 960 + 8 + 16, 0, 0);
	/* Neither XSAVEC nor XSAVES: no size. */
	fake_partition_configs[PARTITION_FULL].cpuids = plain;
	fake_partition_configs[PARTITION_FULL].cpuid_count = 1;
	memset(vp->cpuid_memos, 0, sizeof(vp->cpuid_memos));
	cpuid(vp, 0xd, 1);
	expect(5, 0, 0, 0);
}

/* Whatever was asked before: every leaf and subleaf gets its own row. */
static void test_any_order(void **state)
{
	static const uint32_t leaves[] = {
		0, 1, 4, 5, 7, 0xb, 0xd, 0x11, 0x80000000, 0x80000001,
		0xfffffffc, 0xffffffff
	};
	uint32_t want[ARRAY_COUNT(leaves)][3][4];
	struct vp *vp = &vp_table[0];

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(leaves); i++) {
		for (uint32_t j = 0; j < 3; j++) {
			memset(vp->cpuid_memos, 0, sizeof(vp->cpuid_memos));
			cpuid(vp, leaves[i], j);
			memcpy(want[i][j], (uint32_t[]){ eax, ebx, ecx, edx },
			       sizeof(want[i][j]));
		}
	}
	for (unsigned i = 0, at = 0; i < 4000; i++) {
		unsigned leaf, j;

		at = at * 1103515245u + 12345u;
		leaf = (at >> 16) % ARRAY_COUNT(leaves);
		j = (at >> 24) % 3;
		cpuid(vp, leaves[leaf], j);
		expect(want[leaf][j][0], want[leaf][j][1], want[leaf][j][2],
		       want[leaf][j][3]);
	}
}

static void test_synth_leaves(void **state)
{
	char vendor[13] = { 0 };

	(void)state;
	cpuid(&vp_table[0], 0x40000000, 7);
	assert_int_equal(eax, 0x40000006);
	memcpy(vendor, &ebx, 4);
	memcpy(vendor + 4, &ecx, 4);
	memcpy(vendor + 8, &edx, 4);
	assert_string_equal(vendor, "Microsoft Hv");
	cpuid(&vp_table[0], 0x40000001, 0);
	assert_memory_equal(&eax, "Hv#1", 4);
	assert_int_equal(ebx | ecx | edx, 0);
	cpuid(&vp_table[0], 0x40000002, 0);
	expect(1, 1, 0, 0);
	cpuid(&vp_table[0], 0x40000004, 0);
	/* Relaxed timing, no AutoEOI; calls by the spec. */
	expect(0x220, 0xffffffff, FAKE_GPA_BITS, 0);
	fake_partition_configs[PARTITION_FULL].flags |= PARTITION_FLUSH_CALLS;
	cpuid(&vp_table[0], 0x40000004, 0);
	expect(0xa24, 0xffffffff, FAKE_GPA_BITS, 0);
	fake_partition_configs[PARTITION_FULL].flags |= PARTITION_IPI_CALLS;
	cpuid(&vp_table[0], 0x40000004, 0);
	expect(0xe24, 0xffffffff, FAKE_GPA_BITS, 0);
	cpuid(&vp_table[2], 0x40000004, 0);
	expect(0x220, 0xffffffff, FAKE_GPA_BITS, 0);
	cpuid(&vp_table[0], 0x40000005, 0);
	expect(2, 2, 0, 0);
	cpuid(&vp_table[0], 0x40000006, 0);
	expect(0xa, 0, 0, 0);
	/* "VS#1" must not be read here, nor anything else. */
	for (uint32_t leaf = 0x40000007; leaf <= 0x400000ff; leaf++) {
		cpuid(&vp_table[0], leaf, 0);
		expect(0, 0, 0, 0);
	}
}

/*
 * A spec that asks for everything: Linux needs bits 5 and 6, and must see
 * none of those that make it believe that it is the root partition.
 */
static void test_privileges(void **state)
{
	(void)state;
	cpuid(&vp_table[0], 0x40000003, 0);
	/* 0 to 3, 5 to 7, 9, 11, 15 */
	assert_int_equal(eax, 0x8aef);
	assert_int_equal(ebx, 1u << (36 - 32) | 1u << (37 - 32) |
			 1u << (49 - 32) | 1u << (52 - 32) | 1u << (53 - 32));
	assert_int_equal(ebx & (1u << 0 | 1u << 1 | 1u << 12 | 1u << 22), 0);
	assert_int_equal(ecx, 0);
	assert_int_equal(edx, 1u << 4 | 1u << 8 | 1u << 10 | 1u << 17 |
			 1u << 19);
	/* The spec is the ceiling. */
	fake_partition_configs[PARTITION_FULL].hv_privileges = 0x60;
	cpuid(&vp_table[0], 0x40000003, 0);
	expect(0x60, 0, 0, 1u << 4 | 1u << 10);
	fake_partition_configs[PARTITION_FULL].hv_privileges = 1u << 2;
	cpuid(&vp_table[0], 0x40000003, 0);
	expect(1u << 2, 0, 0, 1u << 4 | 1u << 10 | 1u << 17);
	fake_partition_configs[PARTITION_FULL].hv_privileges = 1u << 3;
	cpuid(&vp_table[0], 0x40000003, 0);
	expect(1u << 3, 0, 0, 1u << 4 | 1u << 10 | 1u << 19);
	cpuid(&vp_table[2], 0x40000003, 0);
	expect(0, 0, 0, 1u << 4 | 1u << 10);
}

/*
 * The partition's invariant TSC is shown when one of its VPs asks for it, and
 * hidden again by a restart. One bit; others are reserved.
 */
static void test_tsc_invariant(void **state)
{
	struct vp *vp = &vp_table[0];
	uint64_t value = 9;

	(void)state;
	fake_rdmsr(vp, HV_MSR_TSC_INVARIANT, &value);
	assert_int_equal(value, 0);
	cpuid(vp, 0x80000007, 0);
	expect(0, 0, 0, 4);
	assert_int_equal(fake_wrmsr(&vp_table[1], HV_MSR_TSC_INVARIANT, 1),
			 OUTCOME_NEXT);
	fake_rdmsr(vp, HV_MSR_TSC_INVARIANT, &value);
	assert_int_equal(value, 1);
	cpuid(vp, 0x80000007, 0);
	expect(0, 0, 0, 0x104);
	for (unsigned bit = 1; bit < 64; bit++) {
		assert_true(fake_wrmsr_faults(vp, HV_MSR_TSC_INVARIANT,
					      1ull << bit));
	}
	synth_reset_partition(PARTITION_FULL);
	cpuid(vp, 0x80000007, 0);
	expect(0, 0, 0, 4);
	/* Nobody asks without the privilege. */
	assert_true(fake_wrmsr_faults(&vp_table[2], HV_MSR_TSC_INVARIANT, 1));
}

static void test_not_shown(void **state)
{
	(void)state;
	for (uint32_t leaf = 0x40000000; leaf <= 0x400000ff; leaf++) {
		cpuid(&vp_table[3], leaf, 0);
		expect(0, 0, 0, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_allow_and_force, setup),
		cmocka_unit_test_setup(test_no_row_is_zeros, setup),
		cmocka_unit_test_setup(test_subleaf, setup),
		cmocka_unit_test_setup(test_vendor, setup),
		cmocka_unit_test_setup(test_leaf1, setup),
		cmocka_unit_test_setup(test_ids, setup),
		cmocka_unit_test_setup(test_ospke, setup),
		cmocka_unit_test_setup(test_xstate, setup),
		cmocka_unit_test_setup(test_xstate_compacted, setup),
		cmocka_unit_test_setup(test_any_order, setup),
		cmocka_unit_test_setup(test_synth_leaves, setup),
		cmocka_unit_test_setup(test_privileges, setup),
		cmocka_unit_test_setup(test_tsc_invariant, setup),
		cmocka_unit_test_setup(test_not_shown, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
