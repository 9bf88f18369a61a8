/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/vcpu/vmx/vmx_run.c hv/vcpu/vmx/vmx_event.c hv/vcpu/vmx/vmx_exit.c hv/vcpu/vmx/vmx_regs.c hv/vcpu/vcpu.c hv/vcpu/vcpu_state.c tests/unit/no_svm.c tests/unit/fake_panic.c */
/* FLAGS: -DCONFIG_VMX_APICV=1 */
/*
 * A local APIC that the processor plays: what it is given before an entry,
 * that all of it is taken back after that, and nothing left for another VP;
 * its exits; posted interrupts.
 */
#include "vmx_machine.h"

#define ISR (VMX_APIC_ISR / 4)
#define IRR (VMX_APIC_IRR / 4)

static struct vcpu_apic given, found;
static uint64_t posted[8] __attribute__((aligned(64)));

/* What was found at the entry; what the guest makes of it. */
static struct {
	unsigned runs;
	bool virtual;
	uint16_t status;
	uint32_t irr[8], isr[8];
	bool changes;
	uint16_t status_after;
	uint32_t irr_after[8], isr_after[8];
} cpu;

static void run_virtual_apic(void)
{
	uint64_t *control = vmcs[current];

	cpu.runs++;
	cpu.virtual = (control[VMCS_PROC2] & VMX_PROC2_APIC) == VMX_PROC2_APIC;
	cpu.status = (uint16_t)control[VMCS_APIC_STATUS];
	for (unsigned i = 0; i < 8; i++) {
		cpu.irr[i] = virtual_apic[IRR + i * 4];
		cpu.isr[i] = virtual_apic[ISR + i * 4];
	}
	if (!cpu.virtual) {
		/* Whoever is not on the page must not find it in use. */
		assert_int_equal(control[VMCS_MSR_BITMAP] ==
				 (uint64_t)msr_bitmap_apic, 0);
		assert_int_equal(control[VMCS_PIN] & VMX_PIN_POSTED, 0);
		return;
	}
	/* SDM3 26.2.1.1; a window would hold interrupts back. */
	assert_ptr_equal(control[VMCS_MSR_BITMAP], msr_bitmap_apic);
	assert_int_equal(control[VMCS_PROC] & VMX_PROC_WINDOW, 0);
	if ((control[VMCS_PIN] & VMX_PIN_POSTED) != 0) {
		assert_int_equal(control[VMCS_POSTED_VECTOR], LP_VECTOR_POST);
		assert_ptr_equal(control[VMCS_POSTED], posted);
		assert_int_equal(control[VMCS_POSTED] & 63, 0);
	}
	if (cpu.changes) {
		control[VMCS_APIC_STATUS] = cpu.status_after;
		for (unsigned i = 0; i < 8; i++) {
			virtual_apic[IRR + i * 4] = cpu.irr_after[i];
			virtual_apic[ISR + i * 4] = cpu.isr_after[i];
		}
	}
}

static int setup_apic(void **state)
{
	setup(state);
	memset(&given, 0, sizeof(given));
	memset(&found, 0x5a, sizeof(found));
	memset(&cpu, 0, sizeof(cpu));
	memset(posted, 0, sizeof(posted));
	given.posted = posted;
	vcpu_features.delivers = true;
	return 0;
}

static void check_page_is_empty(void)
{
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(virtual_apic[IRR + i * 4], 0);
		assert_int_equal(virtual_apic[ISR + i * 4], 0);
	}
}

static bool run_given(const struct vcpu_apic *apic)
{
	bool changed;

	vcpu_give_apic(&vcpus[current], apic);
	vcpu_run(&vcpus[current], NOW + 100, &requests, &seen);
	changed = vcpu_take_apic(&vcpus[current], &found);
	check_page_is_empty();
	return changed;
}

static void test_who_has_it(void **state)
{
	(void)state;
	assert_true(vcpu_has_apic(&vcpus[0]));
	/* A partition whose policy gave no bitmap for it. */
	assert_false(vcpu_has_apic(&vcpus[1]));
	vcpu_features.delivers = false;
	assert_false(vcpu_has_apic(&vcpus[0]));
	vcpu_features.delivers = true;
	cpu_id_vendor = VENDOR_AMD;
	assert_false(vcpu_has_apic(&vcpus[0]));
}

static void test_nothing_to_give(void **state)
{
	(void)state;
	assert_false(run_given(&given));
	assert_true(cpu.virtual);
	assert_int_equal(cpu.status, 0);
	assert_false(run_given(NULL));
	assert_false(cpu.virtual);
	assert_ptr_equal(vmx_read(VMCS_MSR_BITMAP), msr_bitmap);
}

static void test_vectors(void **state)
{
	(void)state;
	given.requested[0] = BIT(0x3f);
	given.requested[3] = BIT(0x21);		/* 0xe1 */
	given.service[1] = BIT(0x02) | BIT(0x3f); /* 0x42, 0x7f */
	assert_true(run_given(&given));
	assert_int_equal(cpu.status, 0x7fe1);
	assert_int_equal(cpu.irr[1], 1u << 31);
	assert_int_equal(cpu.irr[7], 2);
	assert_int_equal(cpu.isr[2], 4);
	assert_int_equal(cpu.isr[3], 1u << 31);
	assert_memory_equal(found.requested, given.requested,
			    sizeof(found.requested));
	assert_memory_equal(found.service, given.service,
			    sizeof(found.service));
	/* The guest has ended all and asked for another. */
	cpu.changes = true;
	cpu.status_after = 0x30;
	cpu.irr_after[1] = 1u << 16;
	assert_true(run_given(&given));
	assert_int_equal(found.requested[0], BIT(0x30));
	assert_int_equal(found.requested[3] | found.service[1], 0);
	/* Nothing of it is there for the next. */
	cpu.changes = false;
	memset(given.requested, 0, sizeof(given.requested));
	memset(given.service, 0, sizeof(given.service));
	assert_false(run_given(&given));
	assert_int_equal(cpu.status, 0);
}

/* An IPI to itself that software then took: its number must go, too. */
static void test_vector_that_goes(void **state)
{
	(void)state;
	cpu.changes = true;
	cpu.status_after = 0x30;
	cpu.irr_after[1] = 1u << 16;
	assert_true(run_given(&given));
	assert_int_equal(found.requested[0], BIT(0x30));
	cpu.changes = false;
	(void)run_given(&given);
	assert_int_equal(cpu.status, 0);
}

/* Every pattern of four words comes back as it went. */
static void test_any_vectors(void **state)
{
	(void)state;
	srand(7);
	for (unsigned i = 0; i < 20000; i++) {
		for (unsigned j = 0; j < 4; j++) {
			given.requested[j] = rand() % 3 == 0 ?
				BIT((unsigned)rand() % 64) : 0;
			given.service[j] = rand() % 3 == 0 ?
				BIT((unsigned)rand() % 64) |
				BIT((unsigned)rand() % 64) : 0;
		}
		if (given.requested[0] == 1 || given.service[0] == 1) {
			continue;	/* there is no vector 0 */
		}
		requests = rand() % 8 == 0;	/* no entry at all */
		memset(&found, 0, sizeof(found));
		(void)run_given(&given);
		assert_memory_equal(found.requested, given.requested, 32);
		assert_memory_equal(found.service, given.service, 32);
	}
}

static void test_eoi_exits(void **state)
{
	(void)state;
	given.exits[1] = 6;
	(void)run_given(&given);
	assert_int_equal(vmx_read(VMCS_EOI_EXITS + 2), 6);
	/* Garbage of a new VMCS is not the first state's. */
	vcpu_give_apic(vcpu, NULL);
	vmcs[0][VMCS_EOI_EXITS + 6] = 0xdead;
	vmcs[0][VMCS_APIC_STATUS] = 0xbeef;
	(void)run_given(&given);
	assert_int_equal(vmx_read(VMCS_EOI_EXITS + 6), 0);
	assert_int_equal(cpu.status, 0);
	given.exits[3] = UINT64_MAX;
	(void)run_given(&given);
	assert_int_equal(vmx_read(VMCS_EOI_EXITS + 6), UINT64_MAX);
	assert_int_equal(vmx_read(VMCS_EOI_EXITS + 2), 6);
}

/* What was asked for before would hold virtual interrupts back. */
static void test_window_ends(void **state)
{
	(void)state;
	vcpu_request_window(vcpu, 0x41);
	(void)run_given(&given);
	assert_int_equal(vmx_read(VMCS_PROC) & VMX_PROC_WINDOW, 0);
}

static void test_exits(void **state)
{
	(void)state;
	run_exit(VMX_EXIT_EOI, 0x61);
	assert_int_equal(seen.kind, EXIT_APIC);
	assert_true(seen.apic.eoi);
	assert_int_equal(seen.apic.vector, 0x61);
	assert_int_equal(seen.length, 0);
	virtual_apic[VMX_APIC_SELF_IPI / 4] = 0xffffff07;
	run_exit(VMX_EXIT_APIC_WRITE, VMX_APIC_SELF_IPI);
	assert_int_equal(seen.kind, EXIT_APIC);
	assert_false(seen.apic.eoi);
	assert_int_equal(seen.apic.vector, 7);
	/* Of no other register: nobody asked for that. */
	run_exit(VMX_EXIT_APIC_WRITE, 0x300);
	assert_int_equal(seen.kind, EXIT_UNKNOWN);
	assert_int_equal(seen.info, VMX_EXIT_APIC_WRITE);
}

static void test_posted(void **state)
{
	(void)state;
	vcpu_features.posts = true;
	vcpu_features.control[VMX_PIN] = VMX_PIN_WANTED;
	(void)run_given(&given);
	assert_int_equal(vmx_read(VMCS_PIN), VMX_PIN_WANTED | VMX_PIN_POSTED);
	assert_true(lp.takes_posted != 0);
	(void)run_given(NULL);
	assert_int_equal(vmx_read(VMCS_PIN), VMX_PIN_WANTED);
	assert_false(lp.takes_posted != 0);
	/* The processor has none. */
	vcpu_features.posts = false;
	(void)run_given(&given);
	assert_int_equal(vmx_read(VMCS_PIN) & VMX_PIN_POSTED, 0);
	assert_false(lp.takes_posted != 0);
}

/* An exit that has taken its vector: it is as if a stub had run. */
static void test_acknowledged(void **state)
{
	(void)state;
	vcpu_features.posts = true;
	vmcs[0][VMCS_EXIT_EVENT] = EVENT_WORD_VALID | 0x8c;
	run_exit(VMX_EXIT_INTR, 0);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_int_equal(lp.pending[2], BIT(0x0c));
	assert_int_equal(lp.attention, 1);
	assert_int_equal(found.requested[0], 0x5a5a5a5a5a5a5a5a);
}

#define TEST(name) cmocka_unit_test_setup(name, setup_apic)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_has_it), TEST(test_nothing_to_give),
		TEST(test_vectors), TEST(test_vector_that_goes),
		TEST(test_any_vectors),
		TEST(test_eoi_exits), TEST(test_window_ends),
		TEST(test_exits), TEST(test_posted), TEST(test_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
