/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/fake_panic.c */
/* FLAGS: -DCONFIG_VMX_APICV=1 */
/* Virtual and posted interrupts: on which processors they are used. */
#include "fake_regs.h"

#include "vcpu/vmx/vmx_start.c"

#define PROC ((uint64_t)VMX_PROC_TPR_SHADOW << 32)
#define PROC2 ((uint64_t)VMX_PROC2_APIC << 32)
#define PIN ((uint64_t)VMX_PIN_POSTED << 32)
#define EXIT ((uint64_t)VMX_EXIT_ACKNOWLEDGE << 32)

struct lp_pages lp_pages[1];
const uint8_t vmx_enter_begin[1], vmx_enter_end[1], vmx_enter_not[1];
static struct lp lp;

struct lp *lp_self(void)
{
	return &lp;
}

uint64_t tsc_from_us(uint64_t us)
{
	return us;
}

void trap_set_window(uint64_t begin, uint64_t end, uint64_t otherwise)
{
}

void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t id[4])
{
	memset(id, 0, 4 * sizeof(*id));
}

bool vmx_switch_on(const void *page)
{
	return true;
}

/* With these missing: does it deliver, and post? */
static void check(uint32_t msr, uint64_t missing, bool delivers, bool posts)
{
	struct vcpu_features f;

	memset(&f, 0, sizeof(f));
	f.control[VMX_EXIT] = VMX_EXIT_WANTED;
	*fake_msr(msr) &= ~missing;
	vmx_check_apic(&f);
	*fake_msr(msr) |= missing;
	assert_int_equal(f.delivers, delivers);
	assert_int_equal(f.posts, posts);
	assert_int_equal(f.control[VMX_EXIT], VMX_EXIT_WANTED |
			 (posts ? VMX_EXIT_ACKNOWLEDGE : 0));
}

static void test_processors(void **state)
{
	(void)state;
	fake_msr_count = 0;
	fake_msr_add(MSR_VMX_TRUE_PROC, PROC);
	fake_msr_add(MSR_VMX_PROC2, PROC2);
	fake_msr_add(MSR_VMX_TRUE_PIN, PIN);
	fake_msr_add(MSR_VMX_TRUE_EXIT, EXIT);
	check(MSR_VMX_PROC2, 0, true, true);
	check(MSR_VMX_PROC2, BIT(32 + 4), false, false);
	check(MSR_VMX_PROC2, BIT(32 + 9), false, false);
	check(MSR_VMX_TRUE_PROC, PROC, false, false);
	check(MSR_VMX_TRUE_PIN, PIN, true, false);
	check(MSR_VMX_TRUE_EXIT, EXIT, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
