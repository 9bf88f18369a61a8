/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/cr.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c */
/* Writes of CR0, CR4, CR8, XCR0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/msr.h"
#include "fake_tlfs.h"
#include "guest/guest.h"

#define CR0_PE 1ull
#define CR0_MP 2ull
#define CR0_ET 0x10ull
#define CR0_WP 0x10000ull
#define CR0_NW 0x20000000ull
#define CR0_CD 0x40000000ull
#define CR0_PG 0x80000000ull
#define CR4_PAE 0x20ull
#define CR4_MCE 0x40ull
#define CR4_PGE 0x80ull
#define CR4_VMXE 0x2000ull
#define CR4_LA57 0x1000ull
#define CR4_UMIP 0x800ull
#define CR4_FSGSBASE 0x10000ull
#define CR4_PCIDE 0x20000ull
#define CR4_OSXSAVE 0x40000ull

static struct vp *vp;
static struct fake_vcpu *fake;

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	fake = fake_of(&vp->vcpu);
	return 0;
}

static bool write_cr(uint8_t cr, uint64_t value)
{
	struct vcpu_exit exit = {
		.kind = EXIT_CR, .length = 3, .cr = { .cr = cr, .value = value }
	};
	enum outcome outcome = cr_handle(vp, &exit);

	if (outcome == OUTCOME_NEXT) {
		assert_int_equal(fake_take_exception(vp), -1);
		return true;
	}
	assert_int_equal(outcome, OUTCOME_INJECT);
	assert_int_equal(vp->vcpu.event.error, 0);
	assert_int_equal(fake_take_exception(vp), VECTOR_GP);
	return false;
}

static void test_cr4(void **state)
{
	(void)state;
	assert_true(write_cr(4, CR4_PAE | CR4_PGE));
	assert_int_equal(fake->cr4, CR4_PAE | CR4_PGE);
	/* What the partition may not have. */
	/* MCE, which reads as one, may be written back. */
	assert_true(write_cr(4, CR4_PAE | CR4_PGE | CR4_MCE));
	assert_true(write_cr(4, CR4_PAE | CR4_PGE));
	assert_false(write_cr(4, CR4_PAE | CR4_VMXE));
	assert_false(write_cr(4, CR4_PAE | 1ull << 32));
	assert_false(write_cr(4, CR4_PAE | 1ull << 63));
	assert_false(write_cr(4, CR4_PAE | 1ull << 19));
	/* Long mode keeps PAE and the paging depth. */
	assert_false(write_cr(4, CR4_PGE));
	assert_false(write_cr(4, CR4_PAE | CR4_LA57));
	assert_int_equal(fake->cr4, CR4_PAE | CR4_PGE);
	fake_vcpu_set_mode(&vp->vcpu, FAKE_COMPATIBILITY, 0);
	assert_false(write_cr(4, CR4_PGE));
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PROTECTED_32, 0);
	assert_true(write_cr(4, CR4_PAE | CR4_LA57));
	assert_true(write_cr(4, 0));
	assert_int_equal(fake->cr4, 0);
}

/* CPUID of the fake machine has FSGSBASE, but no UMIP and no XSAVE. */
static void test_cr4_of_the_machine(void **state)
{
	(void)state;
	assert_true(write_cr(4, CR4_PAE | CR4_FSGSBASE));
	assert_false(write_cr(4, CR4_PAE | CR4_UMIP));
	assert_false(write_cr(4, CR4_PAE | CR4_FSGSBASE | CR4_OSXSAVE));
	assert_int_equal(fake->cr4, CR4_PAE | CR4_FSGSBASE);
	assert_true(cr_are_valid(vp, CR0_PE | CR0_ET, CR4_FSGSBASE, 0));
	assert_false(cr_are_valid(vp, CR0_PE | CR0_ET, CR4_UMIP, 0));
}

static void test_cr4_pcid(void **state)
{
	(void)state;
	fake->cr3 = 0x1000;
	assert_true(write_cr(4, CR4_PAE | CR4_PCIDE));
	/* Once on, CR3 is free. */
	fake->cr3 = 0x1005;
	assert_true(write_cr(4, CR4_PAE | CR4_PCIDE | CR4_PGE));
	assert_true(write_cr(4, CR4_PAE));
	assert_false(write_cr(4, CR4_PAE | CR4_PCIDE));
	fake->cr3 = 0x1000;
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PAE, 0);
	assert_false(write_cr(4, CR4_PAE | CR4_PCIDE));
	assert_int_equal(fake->cr4, CR4_PAE);
}

static void test_cr0(void **state)
{
	uint64_t on = CR0_PG | CR0_PE | CR0_ET;

	(void)state;
	assert_true(write_cr(0, on | CR0_WP | CR0_CD | CR0_NW));
	assert_int_equal(fake->cr0, on | CR0_WP | CR0_CD | CR0_NW);
	assert_false(write_cr(0, on | CR0_NW));
	assert_false(write_cr(0, CR0_PG | CR0_ET));
	assert_false(write_cr(0, on | 1ull << 32));
	/* Reserved bits read as 0, ET as 1. */
	assert_true(write_cr(0, CR0_PG | CR0_PE | CR0_MP | 0x1ffeffc0));
	assert_int_equal(fake->cr0, on | CR0_MP | 0x40000);
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA);
}

static void test_cr0_long_mode(void **state)
{
	uint64_t on = CR0_PG | CR0_PE | CR0_ET;

	(void)state;
	/* 64-bit code cannot switch paging off. */
	assert_false(write_cr(0, CR0_PE));
	fake_vcpu_set_mode(&vp->vcpu, FAKE_COMPATIBILITY, 0);
	assert_true(write_cr(0, CR0_PE));
	assert_int_equal(fake->efer, EFER_LME);
	assert_int_equal(fake->cr0, CR0_PE | CR0_ET);
	/* And on again. */
	assert_true(write_cr(0, on));
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA);
	assert_true(write_cr(0, CR0_PE));
	/* Not without PAE, not from a segment that says L already. */
	fake->cr4 = 0;
	assert_false(write_cr(0, on));
	fake->cr4 = CR4_PAE;
	fake->segment[SEGMENT_CS].attributes |= 0x2000;
	assert_false(write_cr(0, on));
	assert_int_equal(fake->efer, EFER_LME);
	assert_int_equal(fake->cr0, CR0_PE | CR0_ET);
}

static void test_cr0_legacy_paging(void **state)
{
	(void)state;
	fake_vcpu_set_mode(&vp->vcpu, FAKE_REAL, 0);
	assert_true(write_cr(0, CR0_CD));
	assert_int_equal(fake->cr0, CR0_CD | CR0_ET);
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PROTECTED_32, 0);
	assert_true(write_cr(0, CR0_PG | CR0_PE));
	assert_int_equal(fake->efer, 0);
	assert_true(write_cr(0, CR0_PE));
	assert_int_equal(fake->efer, 0);
	/* PCID keeps paging on. */
	fake_vcpu_set_mode(&vp->vcpu, FAKE_COMPATIBILITY, 0);
	fake->cr4 |= CR4_PCIDE;
	assert_false(write_cr(0, CR0_PE));
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA);
}

static void test_cr8(void **state)
{
	(void)state;
	assert_true(write_cr(8, 15));
	assert_int_equal(fake_apic.cr8, 15);
	assert_false(write_cr(8, 16));
	assert_false(write_cr(8, 1ull << 63));
	assert_int_equal(fake_apic.cr8, 15);
}

static void test_unknown(void **state)
{
	struct vcpu_exit exit = { .kind = EXIT_CR, .cr = { .cr = 3 } };

	(void)state;
	assert_int_equal(cr_handle(vp, &exit), OUTCOME_STOP);
	assert_int_equal(fake_end.fail_count, 1);
	assert_int_equal(fake_end.info[0], 3);
}

/* ---- XSETBV ------------------------------------------------------------ */

static int xsetbv(uint32_t index, uint64_t value)
{
	enum outcome outcome;

	vp->vcpu.gpr[GPR_RCX] = 0xabcd00000000 | (uint64_t)index;
	vp->vcpu.gpr[GPR_RAX] = 0xabcd00000000 | (uint32_t)value;
	vp->vcpu.gpr[GPR_RDX] = 0xabcd00000000 | value >> 32;
	outcome = xsetbv_handle(vp);
	if (outcome == OUTCOME_NEXT) {
		assert_int_equal(fake_take_exception(vp), -1);
		return 0;
	}
	assert_int_equal(outcome, OUTCOME_INJECT);
	return fake_take_exception(vp);
}

static void test_xsetbv(void **state)
{
	(void)state;
	assert_int_equal(xsetbv(0, 1), VECTOR_UD);	/* OSXSAVE is off */
	fake->cr4 |= CR4_OSXSAVE;
	assert_int_equal(xsetbv(0, 1), 0);
	assert_int_equal(fake->xcr0, 1);
	assert_int_equal(xsetbv(0, 3), 0);
	assert_int_equal(fake->xcr0, 3);
	assert_int_equal(xsetbv(0, 7), 0);
	assert_int_equal(fake->xcr0, 7);
	assert_int_equal(xsetbv(1, 7), VECTOR_GP);
	assert_int_equal(xsetbv(0, 6), VECTOR_GP);	/* x87 is not off */
	assert_int_equal(xsetbv(0, 5), VECTOR_GP);	/* AVX wants SSE */
	assert_int_equal(xsetbv(0, 0), VECTOR_GP);
	assert_int_equal(xsetbv(0, 0x207), VECTOR_GP);	/* not allowed */
	assert_int_equal(xsetbv(0, 1ull << 63 | 1), VECTOR_GP);
	assert_int_equal(fake->xcr0, 7);
	fake_vcpu_set_mode(&vp->vcpu, FAKE_LONG, 3);
	fake->cr4 |= CR4_OSXSAVE;
	assert_int_equal(xsetbv(0, 3), VECTOR_GP);
	assert_int_equal(fake->xcr0, 7);
}

/* The machine's features bound what the spec allows, or we would fault. */
static void test_xsetbv_machine(void **state)
{
	static const uint64_t bad[] = { 0x1b, 0xe7, 0x60003, 0x403,
		1ull << 33 | 3, 1ull << 63 | 3 };

	(void)state;
	fake->cr4 |= CR4_OSXSAVE;
	fake_partition_configs[PARTITION_FULL].xcr0_allow = ~0ull;
	assert_int_equal(xsetbv(0, 0x207), 0);
	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_int_equal(xsetbv(0, bad[i]), VECTOR_GP);
	}
	assert_int_equal(fake->xcr0, 0x207);
}

/* Features that come in groups, on a machine that has them all. */
static void test_xsetbv_groups(void **state)
{
	static const uint64_t good[] = { 0x1b, 0x19, 0xe7, 0x60003, 0x60001,
		0x602ff };
	static const uint64_t bad[] = {
		0x0b, 0x13, 0x27, 0x47, 0x87, 0x67, 0xc7, 0xa7, 0xe3, 0xe1,
		0x20003, 0x40003, 0x2001b,
	};

	(void)state;
	fake->cr4 |= CR4_OSXSAVE;
	fake_xcr0 = 0x602ff;
	fake_partition_configs[PARTITION_FULL].xcr0_allow = ~0ull;
	for (unsigned i = 0; i < ARRAY_COUNT(good); i++) {
		assert_int_equal(xsetbv(0, good[i]), 0);
		assert_int_equal(fake->xcr0, good[i]);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_int_equal(xsetbv(0, bad[i]), VECTOR_GP);
	}
	assert_int_equal(fake->xcr0, 0x602ff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cr4, setup),
		cmocka_unit_test_setup(test_cr4_of_the_machine, setup),
		cmocka_unit_test_setup(test_cr4_pcid, setup),
		cmocka_unit_test_setup(test_cr0, setup),
		cmocka_unit_test_setup(test_cr0_long_mode, setup),
		cmocka_unit_test_setup(test_cr0_legacy_paging, setup),
		cmocka_unit_test_setup(test_cr8, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_xsetbv, setup),
		cmocka_unit_test_setup(test_xsetbv_machine, setup),
		cmocka_unit_test_setup(test_xsetbv_groups, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
