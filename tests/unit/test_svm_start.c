/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/fake_panic.c */
/*
 * SVM on: what an LP is refused for, and that nothing is switched on then;
 * that VM_CR is locked afterwards.
 */
#include "fake_regs.h"

#include "vcpu/svm/svm_start.c"

#define FEATURES (SVM_ID_NPT | SVM_ID_LOCK | SVM_ID_NEXT_RIP)

struct vcpu_pages vcpu_pages[1];
static struct lp lp;
struct lp_pages lp_pages[1];
static struct vcpu_features f;
static const char *why;
static uint32_t id_max, id_svm, asids, id_features;
static unsigned saved;

struct lp *lp_self(void)
{
	return &lp;
}

void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t id[4])
{
	memset(id, 0, 4 * sizeof(*id));
	switch (leaf) {
	case 0x80000000:
		id[0] = id_max;
		break;
	case 0x80000001:
		id[2] = id_svm;
		break;
	case 0x8000000a:
		id[1] = asids;
		id[3] = id_features;
		break;
	case 0x80000021:
		id[0] = BIT(8);
		break;
	default:
		assert_int_equal(leaf, 0x80000008);
		id[1] = BIT(12);
		break;
	}
}

void svm_save_host(uint64_t page)
{
	/* APM2 15.4: VMSAVE is #UD without SVME. */
	assert_true((*fake_msr(MSR_EFER) & EFER_SVME) != 0);
	assert_int_equal(page, (uint64_t)lp_pages[0].host_state);
	saved++;
}

static int setup(void **state)
{
	(void)state;
	fake_msr_count = 0;
	fake_msr_add(MSR_EFER, EFER_LME);
	fake_msr_add(MSR_AMD_VM_CR, 0);
	fake_msr_add(MSR_AMD_VM_HSAVE, 0);
	memset(&f, 0, sizeof(f));
	lp = (struct lp){ .index = 0 };
	id_max = 0x8000001f;
	id_svm = BIT(2);
	asids = 16;
	id_features = FEATURES;
	saved = 0;
	return 0;
}

static void refused(const char *reason)
{
	assert_int_equal(svm_start_lp(&f, &why), HV_ERR_UNSUPPORTED);
	assert_string_equal(why, reason);
	assert_int_equal(saved, 0);
	for (unsigned i = 0; i < fake_msr_count; i++) {
		assert_int_equal(fake_msrs[i].writes, 0);
	}
}

static void test_start(void **state)
{
	(void)state;
	assert_int_equal(svm_start_lp(&f, &why), HV_OK);
	assert_int_equal(saved, 1);
	assert_int_equal(*fake_msr(MSR_AMD_VM_HSAVE),
			 (uint64_t)lp_pages[0].host_save);
	assert_true(f.next_rip && f.barrier && !f.auto_ibrs);
	assert_int_equal(lp.asid_count, 16);
	/* The first entry takes a new ASID, and flushes. */
	assert_true(lp.asid_next >= lp.asid_count);
}

/* Nobody switches SVM off below us, or on again with another. */
static void test_lock(void **state)
{
	(void)state;
	*fake_msr(MSR_AMD_VM_CR) = 1;
	assert_int_equal(svm_start_lp(&f, &why), HV_OK);
	assert_int_equal(*fake_msr(MSR_AMD_VM_CR), 1 | SVM_VM_CR_LOCK);
}

/* The bit is reserved where CPUID does not show it. */
static void test_no_lock(void **state)
{
	(void)state;
	id_features &= ~(uint32_t)SVM_ID_LOCK;
	assert_int_equal(svm_start_lp(&f, &why), HV_OK);
	assert_int_equal(fake_msr_writes(MSR_AMD_VM_CR), 0);
}

static void test_no_svm(void **state)
{
	(void)state;
	/* None of its MSRs is there: none is looked at. */
	fake_msr_count = 0;
	id_svm = ~(uint32_t)BIT(2);
	refused(SVM_ABSENT);
	id_svm = BIT(2);
	id_max = 0x80000008;
	refused(SVM_ABSENT);
}

static void test_switched_off(void **state)
{
	(void)state;
	*fake_msr(MSR_AMD_VM_CR) = SVM_VM_CR_DISABLED;
	refused("firmware has switched SVM off (VM_CR.SVMDIS): "
		"switch it on in its setup");
	*fake_msr(MSR_AMD_VM_CR) |= SVM_VM_CR_LOCK;
	refused("firmware has switched SVM off (VM_CR.SVMDIS): "
		"switch it on in its setup");
}

static void test_lacks(void **state)
{
	(void)state;
	id_features &= ~(uint32_t)SVM_ID_NPT;
	refused("the processor has no nested paging");
	id_features = FEATURES;
	asids = 1;
	refused("the processor has no ASIDs");
}

static void test_barriers(void **state)
{
	(void)state;
	id_max = 0x80000021;
	assert_int_equal(svm_start_lp(&f, &why), HV_OK);
	assert_true(f.auto_ibrs);
	assert_int_equal(*fake_msr(MSR_EFER),
			 EFER_LME | EFER_AIBRSE | EFER_SVME);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start), TEST(test_lock), TEST(test_no_lock),
		TEST(test_no_svm), TEST(test_switched_off), TEST(test_lacks),
		TEST(test_barriers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
