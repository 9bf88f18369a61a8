/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/fake_panic.c */
/*
 * VT-x on: what an LP is refused for, and that nothing is switched on then;
 * that FEATURE_CONTROL is locked afterwards; which controls are chosen.
 */
#include "fake_regs.h"

#include "vcpu/vmx/vmx_start.c"

/* As Bochs 2.7 plays an Ice Lake. */
#define REVISION 4u
#define BASIC (BASIC_TRUE_CONTROLS | 6ull << 50 | REVISION)
#define PIN 0x0000007f00000016ull
#define PROC 0xfff9fffe04006172ull
#define PROC2 0x02977fff00000000ull
#define EXIT 0x007fffff00036dfbull
#define ENTRY 0x0000ffff000011fbull
#define EPT_VPID 0x00000f0106334141ull
#define ALLOWED(bits) ((uint64_t)(bits) << 32)

const uint8_t vmx_enter_begin[1], vmx_enter_end[1], vmx_enter_not[1];

static struct lp lp;
struct lp_pages lp_pages[1];
static struct vcpu_features f;
static const char *why;
static uint32_t id_max, id1_ecx, id7_edx;
static bool refuses;
static unsigned on;
static uint64_t window;

struct lp *lp_self(void)
{
	return &lp;
}

uint64_t tsc_from_us(uint64_t us)
{
	return us * 8;
}

void trap_set_window(uint64_t begin, uint64_t end, uint64_t otherwise)
{
	window = begin;
	assert_int_equal(end, (uint64_t)vmx_enter_end);
	assert_int_equal(otherwise, (uint64_t)vmx_enter_not);
}

void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t id[4])
{
	memset(id, 0, 4 * sizeof(*id));
	assert_true(leaf == 0 || leaf == 1 || (leaf == 7 && id_max >= 7));
	id[0] = leaf == 0 ? id_max : 0;
	id[2] = leaf == 1 ? id1_ecx : 0;
	id[3] = leaf == 7 ? id7_edx : 0;
}

bool vmx_switch_on(const void *page)
{
	uint32_t revision;

	/* SDM3 23.7, 24.11.5. */
	assert_true((fake_cr4 & CR4_VMXE) != 0);
	assert_int_equal(*fake_msr(MSR_FEATURE_CONTROL) & 5, 5);
	assert_ptr_equal(page, lp_pages[0].host_save);
	memcpy(&revision, page, sizeof(revision));
	assert_int_equal(revision, REVISION);
	on++;
	return !refuses;
}

static int setup(void **state)
{
	static const struct {
		uint32_t msr;
		uint64_t value;
	} msrs[] = {
		{ MSR_FEATURE_CONTROL, 0 }, { MSR_VMX_BASIC, BASIC },
		{ MSR_VMX_MISC, 0x600401e3 },
		{ MSR_VMX_CR0_FIXED0, CR0_PE | CR0_NE | CR0_PG },
		{ MSR_VMX_CR4_FIXED1, 0x772fff }, { MSR_VMX_PROC2, PROC2 },
		{ MSR_VMX_EPT_VPID_CAP, EPT_VPID }, { MSR_VMX_TRUE_PIN, PIN },
		{ MSR_VMX_TRUE_PROC, PROC }, { MSR_VMX_TRUE_EXIT, EXIT },
		{ MSR_VMX_TRUE_ENTRY, ENTRY },
	};

	(void)state;
	fake_msr_count = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		fake_msr_add(msrs[i].msr, msrs[i].value);
	}
	memset(&f, 0, sizeof(f));
	memset(lp_pages, 0, sizeof(lp_pages));
	lp = (struct lp){ .index = 0 };
	fake_cr4 = CR4_PAE;
	id_max = 7;
	id1_ecx = BIT(5);
	id7_edx = 0;
	refuses = false;
	on = 0;
	window = 0;
	return 0;
}

static void start(void)
{
	assert_int_equal(vmx_start_lp(&f, &why), HV_OK);
	assert_int_equal(on, 1);
}

/* Not even tried: a refused LP has VT-x off. */
static void refused(const char *reason)
{
	assert_int_equal(vmx_start_lp(&f, &why), HV_ERR_UNSUPPORTED);
	assert_string_equal(why, reason);
	assert_int_equal(on, 0);
	assert_int_equal(fake_cr4 & CR4_VMXE, 0);
}

static void refused_without(uint32_t msr, uint64_t bits, const char *reason)
{
	*fake_msr(msr) &= ~bits;
	refused(reason);
	*fake_msr(msr) |= bits;
}

static void test_start(void **state)
{
	(void)state;
	start();
	assert_int_equal(f.revision, REVISION);
	assert_int_equal(f.cr0_fixed, CR0_NE);
	assert_int_equal(f.cr4_allowed, 0x772fff);
	assert_int_equal(f.timer_shift, 3);
	assert_int_equal(f.masked_max, MASKED_MAX_US);
	assert_int_equal(window, (uint64_t)vmx_enter_begin);
	assert_int_equal(lp.host_state, (uint64_t)lp_pages[0].host_state);
	/* The first entry takes a new VPID, and flushes. */
	assert_true(lp.asid_next >= lp.asid_count);
}

/* ---- FEATURE_CONTROL --------------------------------------------------- */

static void test_lock(void **state)
{
	(void)state;
	/* Firmware has left it open: locked from now on, with VT-x on. */
	*fake_msr(MSR_FEATURE_CONTROL) = BIT(20);
	start();
	assert_int_equal(*fake_msr(MSR_FEATURE_CONTROL), BIT(20) | 5);
	/* A write to one that is locked would be #GP. */
	assert_int_equal(vmx_start_lp(&f, &why), HV_OK);
	assert_int_equal(fake_msr_writes(MSR_FEATURE_CONTROL), 1);
}

static void test_locked_off(void **state)
{
	(void)state;
	*fake_msr(MSR_FEATURE_CONTROL) = FEATURE_LOCK;
	refused("firmware has switched VT-x off (FEATURE_CONTROL)");
	/* Inside SMX only. */
	*fake_msr(MSR_FEATURE_CONTROL) = FEATURE_LOCK | BIT(1);
	refused("firmware has switched VT-x off (FEATURE_CONTROL)");
	assert_int_equal(fake_msr_writes(MSR_FEATURE_CONTROL), 0);
}

/* ---- refusals ---------------------------------------------------------- */

/* None of its MSRs is there: none is looked at. */
static void test_no_vtx(void **state)
{
	(void)state;
	fake_msr_count = 0;
	id1_ecx = ~(uint32_t)BIT(5);
	refused("the processor has no VT-x (CPUID 1 ECX 5)");
}

static void test_too_old(void **state)
{
	(void)state;
	refused_without(MSR_VMX_BASIC, BASIC_TRUE_CONTROLS,
			"the processor's VT-x is too old");
	refused_without(MSR_VMX_BASIC, 6ull << 50,
			"the processor's VT-x is too old");
}

static void test_no_nested_paging(void **state)
{
	static const char reason[] =
		"the processor has no nested paging (EPT)";

	(void)state;
	refused_without(MSR_VMX_PROC2, ALLOWED(VMX_PROC2_EPT), reason);
	/* No secondary controls, so not these MSRs either. */
	fake_msrs[fake_msr_find(MSR_VMX_PROC2)].msr = 0;
	fake_msrs[fake_msr_find(MSR_VMX_EPT_VPID_CAP)].msr = 0;
	refused_without(MSR_VMX_TRUE_PROC, ALLOWED(VMX_PROC_SECONDARY),
			reason);
}

static void test_no_unrestricted_guest(void **state)
{
	(void)state;
	refused_without(MSR_VMX_PROC2, ALLOWED(VMX_PROC2_UNRESTRICTED),
			"the processor has no unrestricted guests");
}

static void test_ept_lacks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		if ((VMX_CAP_NEEDED >> i & 1) != 0) {
			refused_without(MSR_VMX_EPT_VPID_CAP, BIT(i),
					"the processor's EPT lacks a page "
					"size or a flush");
		}
	}
}

static void test_control_lacks(void **state)
{
	static const struct {
		uint32_t msr, wanted;
		const char *reason;
	} needed[] = {
		{ MSR_VMX_TRUE_PIN, VMX_PIN_WANTED,
		  "VT-x lacks a control of interrupts or its timer" },
		{ MSR_VMX_TRUE_PROC, VMX_PROC_WANTED & ~VMX_PROC_SECONDARY,
		  "VT-x lacks a control of instructions" },
		{ MSR_VMX_PROC2, VMX_PROC2_WANTED & ~VMX_PROC2_EPT &
				 ~VMX_PROC2_UNRESTRICTED,
		  "VT-x lacks VPIDs or the WBINVD control" },
		{ MSR_VMX_TRUE_EXIT, VMX_EXIT_WANTED,
		  "VT-x lacks a control of exits" },
		{ MSR_VMX_TRUE_ENTRY, VMX_ENTRY_WANTED,
		  "VT-x lacks a control of entries" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(needed); i++) {
		for (unsigned bit = 0; bit < 32; bit++) {
			if ((needed[i].wanted >> bit & 1) != 0) {
				refused_without(needed[i].msr,
						BIT(32 + bit),
						needed[i].reason);
			}
		}
	}
	start();
}

static void test_vmxon_fails(void **state)
{
	(void)state;
	refuses = true;
	assert_int_equal(vmx_start_lp(&f, &why), HV_ERR_UNSUPPORTED);
	assert_string_equal(why, "VMXON fails");
}

/* ---- what is chosen ---------------------------------------------------- */

static void test_controls(void **state)
{
	static const uint64_t ranges[] = { PIN, PROC, PROC2, EXIT, ENTRY };

	(void)state;
	start();
	for (unsigned i = 0; i < VMX_CONTROL_COUNT; i++) {
		assert_int_equal((uint32_t)ranges[i] & ~f.control[i], 0);
		assert_int_equal(f.control[i] & ~(ranges[i] >> 32), 0);
		assert_int_equal(vmx_controls[i].wanted & ~f.control[i], 0);
	}
	assert_true((f.control[VMX_PROC2] & VMX_PROC2_RDTSCP) != 0);
	/* A TPR shadow, and no exit for CR8. */
	assert_int_equal(f.control[VMX_PROC] &
			 (VMX_PROC_TPR_SHADOW | VMX_PROC_CR8),
			 VMX_PROC_TPR_SHADOW);
}

static void test_without_options(void **state)
{
	(void)state;
	*fake_msr(MSR_VMX_TRUE_PROC) &= ~ALLOWED(VMX_PROC_TPR_SHADOW);
	*fake_msr(MSR_VMX_PROC2) &= ~ALLOWED(VMX_PROC2_RDTSCP);
	refused_without(MSR_VMX_TRUE_PROC, ALLOWED(BIT(19)),
			"VT-x lacks a control of instructions");
	start();
	assert_int_equal(f.control[VMX_PROC] &
			 (VMX_PROC_TPR_SHADOW | VMX_PROC_CR8), VMX_PROC_CR8);
	assert_int_equal(f.control[VMX_PROC2] & VMX_PROC2_RDTSCP, 0);
}

static void test_barriers(void **state)
{
	(void)state;
	/* Nothing known of it: no MSR is touched, nothing is emptied. */
	start();
	assert_false(f.barrier || f.flush_l1d || f.clear_buffers);
	on = 0;
	id7_edx = BIT(26) | BIT(28) | BIT(10);
	start();
	assert_true(f.barrier && f.flush_l1d && f.clear_buffers);
	/* It says that it does not leak, and has enhanced IBRS. */
	on = 0;
	id7_edx |= BIT(29);
	fake_msr_add(MSR_ARCH_CAPABILITIES, ARCH_CAP_IBRS_ALL |
		     ARCH_CAP_NO_L1D_FLUSH | ARCH_CAP_NO_MDS);
	fake_msr_add(MSR_SPEC_CTRL, 0);
	start();
	assert_true(f.barrier);
	assert_false(f.flush_l1d || f.clear_buffers);
	assert_int_equal(*fake_msr(MSR_SPEC_CTRL), SPEC_CTRL_IBRS);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start), TEST(test_lock), TEST(test_locked_off),
		TEST(test_no_vtx), TEST(test_too_old),
		TEST(test_no_nested_paging), TEST(test_no_unrestricted_guest),
		TEST(test_ept_lacks), TEST(test_control_lacks),
		TEST(test_vmxon_fails), TEST(test_controls),
		TEST(test_without_options), TEST(test_barriers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
