/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c */
/* RDMSR and WRMSR: who decides, and the architectural MSRs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/msr.h"
#include "abi/tlfs.h"
#include "fake_tlfs.h"
#include "guest/guest.h"
#include "guest/msr.h"

static struct vp *vp;

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	return 0;
}

static uint64_t rdmsr(uint32_t msr)
{
	uint64_t value;

	assert_int_equal(fake_rdmsr(vp, msr, &value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(vp), -1);
	return value;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(fake_wrmsr(vp, msr, value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(vp), -1);
}

static bool refuses(uint32_t msr, uint64_t value)
{
	return fake_wrmsr_faults(vp, msr, value);
}

/* ---- rows -------------------------------------------------------------- */

static void test_unlisted(void **state)
{
	static const uint32_t msrs[] = {
		0, 0xf, 0x11, 0x18, 0x48, 0x49, 0x8a, 0x8c, 0x173, 0x17c,
		0x1ff, 0x300, 0x3fffffff, 0x40000200, 0xbfffffff, 0xc0000085,
		0xc0000101, 0xc0000104, 0xc0011020, 0xffffffff,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		assert_true(fake_rdmsr_faults(vp, msrs[i]));
		assert_true(refuses(msrs[i], 0));
	}
	assert_int_equal(vp->denied_count, 2 * ARRAY_COUNT(msrs));
	fake_partition_configs[PARTITION_FULL].msr_count = 0;
	assert_true(fake_rdmsr_faults(vp, MSR_TSC));
}

static void test_value(void **state)
{
	(void)state;
	assert_int_equal(rdmsr(0x17), 0x1122334455667788);
	assert_int_equal(vp->vcpu.gpr[GPR_RAX], 0x55667788);
	assert_int_equal(vp->vcpu.gpr[GPR_RDX], 0x11223344);
	assert_true(refuses(0x17, 0x1122334455667788));
	wrmsr(0x8b, 1234);
	assert_int_equal((uint32_t)vp->vcpu.gpr[GPR_RAX], 1234);
	assert_int_equal(rdmsr(0x8b), 0x99);
}

/* MSRs that share a place in the memo: with a row, without, synthetic. */
static void test_any_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(rdmsr(0x17), 0x1122334455667788);
		assert_int_equal(rdmsr(0x8b), 0x99);
		assert_true(fake_rdmsr_faults(vp, 0x18f));
		assert_int_equal(rdmsr(0x8b), 0x99);
		assert_true(fake_rdmsr_faults(vp, 0xffffffff));
		assert_true(fake_rdmsr_faults(vp, 0));
		assert_int_equal(rdmsr(HV_MSR_VP_INDEX), 0);
		assert_true(fake_rdmsr_faults(vp, HV_MSR_VP_INDEX + 4));
		assert_int_equal(rdmsr(HV_MSR_VP_INDEX), 0);
	}
}

static void test_strict(void **state)
{
	(void)state;
	assert_true(fake_rdmsr_faults(vp, 0x34));
	assert_int_equal(fake_end.fail_count, 0);
	assert_int_equal(fake_wrmsr(vp, 0x34, 5), OUTCOME_STOP);
	assert_int_equal(fake_end.fail_count, 1);
	assert_int_equal(fake_end.info[0], 0x34);
	assert_int_equal((uint32_t)fake_end.info[2], 5);
	assert_int_equal(fake_take_exception(vp), -1);
}

static void test_apic_is_asked(void **state)
{
	static const uint32_t msrs[] = { 0x1b, 0x6e0, 0x800, 0x830, 0x8ff };

	(void)state;
	fake_apic.value = 0x123456789abcdef0;
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		assert_int_equal(rdmsr(msrs[i]), 0x123456789abcdef0);
		assert_int_equal(fake_apic.msr, msrs[i]);
		wrmsr(msrs[i], 0xfedcba9876543210 + i);
		assert_int_equal(fake_apic.written, 0xfedcba9876543210 + i);
		assert_int_equal(fake_apic.writes, i + 1);
	}
	fake_apic.answer = false;
	assert_true(fake_rdmsr_faults(vp, 0x80b));
	assert_true(refuses(0x80b, 1));
	assert_int_equal(vp->denied_count, 2);
}

/* Granted by a row, but nothing that this hypervisor has. */
static void test_emulated_but_unknown(void **state)
{
	(void)state;
	assert_true(fake_rdmsr_faults(vp, 0x178));
	assert_true(refuses(0x178, 0));
	assert_true(fake_rdmsr_faults(vp, 0x210));
	assert_true(refuses(0x210, 0));
	assert_true(fake_rdmsr_faults(vp, 0x270));
	assert_true(fake_rdmsr_faults(vp, 0x25a));
}

/* ---- EFER and PAT ------------------------------------------------------ */

static void test_efer(void **state)
{
	struct fake_vcpu *fake = fake_of(&vp->vcpu);

	(void)state;
	assert_int_equal(rdmsr(MSR_EFER), EFER_LME | EFER_LMA);
	wrmsr(MSR_EFER, EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE);
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA | EFER_SCE |
			 EFER_NXE);
	/* LMA is the processor's. */
	wrmsr(MSR_EFER, EFER_LME);
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA);
	/* LME stays while paging is on. */
	assert_true(refuses(MSR_EFER, EFER_SCE));
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA);
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PAE, 0);
	assert_true(refuses(MSR_EFER, EFER_LME));
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PROTECTED_32, 0);
	wrmsr(MSR_EFER, EFER_LME | EFER_LMA);
	assert_int_equal(fake->efer, EFER_LME);
	wrmsr(MSR_EFER, 0);
	assert_int_equal(fake->efer, 0);
}

static void test_efer_forbidden(void **state)
{
	struct fake_vcpu *fake = fake_of(&vp->vcpu);
	uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		uint64_t bit = 1ull << i;

		if ((bit & allowed) == 0) {
			assert_true(refuses(MSR_EFER, EFER_LME | EFER_LMA |
					    bit));
		}
	}
	assert_int_equal(fake->efer, EFER_LME | EFER_LMA);
	fake_partition_configs[PARTITION_FULL].efer_allow &=
		~(uint64_t)EFER_NXE;
	assert_true(refuses(MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE));
}

static void test_pat(void **state)
{
	struct fake_vcpu *fake = fake_of(&vp->vcpu);

	(void)state;
	assert_int_equal(rdmsr(MSR_PAT), 0x0007040600070406);
	wrmsr(MSR_PAT, 0x0007050600070106);
	assert_int_equal(fake->pat, 0x0007050600070106);
	for (unsigned byte = 0; byte < 8; byte++) {
		for (unsigned type = 0; type < 256; type++) {
			uint64_t value = (uint64_t)type << (8 * byte);
			bool good = type == 0 || type == 1 ||
				    (type >= 4 && type <= 7);

			if (good) {
				wrmsr(MSR_PAT, value);
				assert_int_equal(fake->pat, value);
			} else {
				assert_true(refuses(MSR_PAT, value));
			}
		}
	}
}

/* ---- other registers of the back end ----------------------------------- */

static void test_registers(void **state)
{
	struct fake_vcpu *fake = fake_of(&vp->vcpu);
	const struct {
		uint32_t msr;
		uint64_t *at;
		bool canonical;
	} list[] = {
		{ MSR_SYSENTER_CS, &fake->sysenter_cs, false },
		{ MSR_SYSENTER_ESP, &fake->sysenter_esp, true },
		{ MSR_SYSENTER_EIP, &fake->sysenter_eip, true },
		{ MSR_STAR, &fake->star, false },
		{ MSR_LSTAR, &fake->lstar, true },
		{ MSR_CSTAR, &fake->cstar, true },
		{ MSR_KERNEL_GS_BASE, &fake->kernel_gs_base, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
		uint64_t value = 0xffff800000000000 + i;

		wrmsr(list[i].msr, value);
		assert_int_equal(*list[i].at, value);
		assert_int_equal(rdmsr(list[i].msr), value);
		assert_int_equal(refuses(list[i].msr, 0x0000800000000000),
				 list[i].canonical);
		assert_int_equal(refuses(list[i].msr, 0xffff700000000000),
				 list[i].canonical);
	}
	wrmsr(MSR_SFMASK, 0x47700);
	assert_int_equal(fake->sfmask, 0x47700);
	assert_true(refuses(MSR_SFMASK, 0x100000000));
	wrmsr(MSR_TSC_AUX, 0xffffffff);
	assert_int_equal(vp->vcpu.tsc_aux, 0xffffffff);
	assert_true(refuses(MSR_TSC_AUX, 0x100000000));
	assert_int_equal(rdmsr(MSR_TSC_AUX), 0xffffffff);
}

static void test_stored_and_absent(void **state)
{
	(void)state;
	assert_int_equal(rdmsr(MSR_MCG_CAP), 0);
	assert_true(refuses(MSR_MCG_CAP, 0));
	assert_int_equal(rdmsr(MSR_MCG_STATUS), 0);
	wrmsr(MSR_MCG_STATUS, 0);
	assert_true(refuses(MSR_MCG_STATUS, 1));
	assert_true(fake_rdmsr_faults(vp, MSR_MCG_CTL));

	assert_int_equal(rdmsr(MSR_XSS), 0);
	wrmsr(MSR_XSS, 0);
	assert_true(refuses(MSR_XSS, 0x100));

	wrmsr(MSR_DEBUGCTL, 3);
	assert_int_equal(rdmsr(MSR_DEBUGCTL), 0);
	assert_true(refuses(MSR_DEBUGCTL, 4));

	assert_int_equal(rdmsr(MSR_MISC_ENABLE), 0x1801);
	wrmsr(MSR_MISC_ENABLE, 0);
	assert_int_equal(rdmsr(MSR_MISC_ENABLE), 0x1800);
	assert_true(refuses(MSR_MISC_ENABLE, 1ull << 34));
	assert_true(refuses(MSR_MISC_ENABLE, 1ull << 22));
}

/* ---- the time stamp counter -------------------------------------------- */

static const struct hv_reference_tsc_page *tsc_page(void)
{
	return (const void *)overlay_pages_partition[PARTITION_FULL].byte;
}

static void test_tsc(void **state)
{
	(void)state;
	assert_int_equal(rdmsr(MSR_TSC), 0);
	fake_tsc += 500;
	assert_int_equal(rdmsr(MSR_TSC), 500);
	assert_int_equal(tsc_page()->sequence, 1);
	wrmsr(MSR_TSC, 500);
	wrmsr(MSR_TSC_ADJUST, 0);
	assert_int_equal(tsc_page()->sequence, 1);	/* nothing moved */
	assert_int_equal(fake_apic.tsc_delta, 0);

	wrmsr(MSR_TSC, 0x123456789a);
	fake_tsc += 6;
	assert_int_equal(rdmsr(MSR_TSC), 0x123456789a + 6);
	assert_int_equal(rdmsr(MSR_TSC_ADJUST), 0x123456789a - 500);
	assert_int_equal(fake_apic.tsc_delta, 0x123456789a - 500);
	/* Readers of the page must take the MSR from now on. */
	assert_int_equal(tsc_page()->sequence, 0);

	wrmsr(MSR_TSC_ADJUST, 0);
	assert_int_equal(rdmsr(MSR_TSC), 506);
	assert_int_equal(fake_apic.tsc_delta, 0);
	wrmsr(MSR_TSC_ADJUST, (uint64_t)-6);
	assert_int_equal(rdmsr(MSR_TSC), 500);
	assert_int_equal(rdmsr(MSR_TSC_ADJUST), (uint64_t)-6);
	/* The other VP's stays. */
	assert_int_equal(vp_guest_tsc(&vp_table[1]), 506);
}

/* ---- memory-type ranges ------------------------------------------------ */

static void test_mtrr_values(void **state)
{
	(void)state;
	assert_int_equal(rdmsr(MSR_MTRR_CAP), 0x508);
	assert_true(refuses(MSR_MTRR_CAP, 0x508));
	assert_true(refuses(MSR_MTRR_CAP, 6));
	assert_int_equal(rdmsr(MSR_MTRR_DEF_TYPE), 0x806);
	for (unsigned i = 0; i < 16; i++) {
		uint64_t value = 0x100000000ull + (i << 12) +
				 ((i & 1) != 0 ? 0x800 : 6);

		assert_int_equal(rdmsr(0x200 + i), 0);
		wrmsr(0x200 + i, value);
	}
	for (unsigned i = 0; i < 16; i++) {
		uint64_t value = 0x100000000ull + (i << 12) +
				 ((i & 1) != 0 ? 0x800 : 6);

		assert_int_equal(rdmsr(0x200 + i), value);
	}
}

static void test_mtrr_fixed(void **state)
{
	static const uint32_t fixed[] = {
		0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c,
		0x26d, 0x26e, 0x26f,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
		wrmsr(fixed[i], 0x0606060606060400 + (i & 1));
		assert_int_equal(rdmsr(fixed[i]), 0x0606060606060400 +
				 (i & 1));
		assert_true(refuses(fixed[i], 2));
		assert_true(refuses(fixed[i], 0x0300000000000000));
		assert_true(refuses(fixed[i], 0x1800000000));
		assert_true(refuses(fixed[i], 7));
	}
	for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
		assert_int_equal(rdmsr(fixed[i]), 0x0606060606060400 +
				 (i & 1));
	}
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(rdmsr(0x200 + i), 0);
	}
}

static void test_mtrr_refuses(void **state)
{
	(void)state;
	wrmsr(MSR_MTRR_DEF_TYPE, 0xc00);
	assert_int_equal(rdmsr(MSR_MTRR_DEF_TYPE), 0xc00);
	assert_true(refuses(MSR_MTRR_DEF_TYPE, 0x1000));
	assert_true(refuses(MSR_MTRR_DEF_TYPE, 0x100));
	assert_true(refuses(MSR_MTRR_DEF_TYPE, 0x802));
	assert_true(refuses(MSR_MTRR_DEF_TYPE, 0x807));
	assert_int_equal(rdmsr(MSR_MTRR_DEF_TYPE), 0xc00);
	/* Base: type, bits 11:8, width. Mask: bits 10:0, width. */
	assert_true(refuses(0x200, 3));
	assert_true(refuses(0x200, 0x106));
	assert_true(refuses(0x200, 1ull << FAKE_GPA_BITS));
	assert_true(refuses(0x201, 0x400));
	assert_true(refuses(0x201, 0x801));
	assert_true(refuses(0x201, 1ull << FAKE_GPA_BITS | 0x800));
	wrmsr(0x201, (1ull << FAKE_GPA_BITS) - 0x1000 + 0x800);
	assert_int_equal(rdmsr(0x200), 0);
}

/* ---- power-on ---------------------------------------------------------- */

static void test_reset(void **state)
{
	(void)state;
	wrmsr(MSR_TSC, 77);
	wrmsr(0x201, 0x800);
	wrmsr(0x250, 6);
	wrmsr(MSR_MTRR_DEF_TYPE, 0);
	wrmsr(MSR_MISC_ENABLE, 0);
	fake_tsc += 1000;
	partition_table[PARTITION_FULL].tsc_start = fake_tsc;
	synth_reset_partition(PARTITION_FULL);
	synth_reset_vp(vp);
	fake_tsc += 3;
	assert_int_equal(rdmsr(MSR_TSC), 3);
	assert_int_equal(rdmsr(MSR_TSC_ADJUST), 0);
	assert_int_equal(rdmsr(0x201), 0);
	assert_int_equal(rdmsr(0x250), 0);
	assert_int_equal(rdmsr(MSR_MTRR_DEF_TYPE), 0x806);
	assert_int_equal(rdmsr(MSR_MISC_ENABLE), 0x1801);
	assert_int_equal(tsc_page()->sequence, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_unlisted, setup),
		cmocka_unit_test_setup(test_value, setup),
		cmocka_unit_test_setup(test_any_order, setup),
		cmocka_unit_test_setup(test_strict, setup),
		cmocka_unit_test_setup(test_apic_is_asked, setup),
		cmocka_unit_test_setup(test_emulated_but_unknown, setup),
		cmocka_unit_test_setup(test_efer, setup),
		cmocka_unit_test_setup(test_efer_forbidden, setup),
		cmocka_unit_test_setup(test_pat, setup),
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_stored_and_absent, setup),
		cmocka_unit_test_setup(test_tsc, setup),
		cmocka_unit_test_setup(test_mtrr_values, setup),
		cmocka_unit_test_setup(test_mtrr_fixed, setup),
		cmocka_unit_test_setup(test_mtrr_refuses, setup),
		cmocka_unit_test_setup(test_reset, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
