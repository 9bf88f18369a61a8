/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/vcpu/vmx/vmx_run.c hv/vcpu/vmx/vmx_event.c hv/vcpu/vmx/vmx_exit.c hv/vcpu/vmx/vmx_regs.c hv/vcpu/vcpu.c hv/vcpu/vcpu_state.c tests/unit/no_svm.c tests/unit/fake_panic.c */
/*
 * Entries into a guest: when there is none, what is flushed for it, which
 * event it begins with and which is left; NMIs and windows.
 */
#include "vmx_machine.h"

#define EVENT(type, vector) \
	(EVENT_WORD_VALID | (uint64_t)(type) << 8 | (vector))

/* ---- to enter or not --------------------------------------------------- */

static void test_entry(void **state)
{
	(void)state;
	run();
	assert_int_equal(entries, 1);
	assert_true(vcpu->launched);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_int_equal(taken, 1);
	assert_int_equal(guest.timer, 100);
	run();
	assert_int_equal(entries, 2);
}

static void test_deadline(void **state)
{
	(void)state;
	vcpu_features.timer_shift = 3;
	run();
	assert_int_equal(guest.timer, 100 >> 3);
	vcpu_run(vcpu, UINT64_MAX, &requests, &seen);
	assert_int_equal(guest.timer, UINT32_MAX);
	run_exit(VMX_EXIT_TIMER, 0);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_int_equal(taken, 2);
	/* A guest with IF off is looked at more often. */
	vcpu_features.timer_shift = 0;
	vcpu->rflags = RFLAGS_FIXED;
	run();
	assert_int_equal(guest.timer, vcpu_features.masked_max);
	now = NOW + 100;
	run();
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_int_equal(entries, 4);
}

static void test_request(void **state)
{
	(void)state;
	vcpu_inject_interrupt(vcpu, 0x40);
	requests = 1;
	run();
	assert_int_equal(entries, 0);
	assert_int_equal(seen.kind, EXIT_NONE);
	assert_true(vcpu->event.valid);
	requests = 0;
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_INTERRUPT, 0x40));
	assert_false(vcpu->event.valid);
	run();
	assert_int_equal(guest.injected & EVENT_WORD_VALID, 0);
}

/* It was injected, was not entered, and then is not to come any more. */
static void test_request_without_event(void **state)
{
	(void)state;
	vcpu_inject_interrupt(vcpu, 0x40);
	requests = 1;
	run();
	requests = 0;
	vcpu->event.valid = false;
	run();
	assert_int_equal(guest.injected & EVENT_WORD_VALID, 0);
}

static void test_attention(void **state)
{
	(void)state;
	lp.attention = 1;
	run();
	assert_int_equal(entries, 0);
	assert_int_equal(seen.kind, EXIT_NONE);
}

static void test_refused(void **state)
{
	(void)state;
	refuses = true;
	run();
	assert_int_equal(seen.kind, EXIT_INVALID_STATE);
	assert_int_equal(seen.info, 7);
	refuses = false;
	run_exit(33 | VMX_EXIT_FAILED, 0);
	assert_int_equal(seen.kind, EXIT_INVALID_STATE);
}

/* ---- flushes ----------------------------------------------------------- */

static void run_vcpu(uint32_t i)
{
	current = i;
	vcpu_run(&vcpus[i], NOW + 100, &requests, &seen);
}

static void test_vpid_is_kept(void **state)
{
	uint64_t vpid;

	(void)state;
	run_vcpu(0);
	assert_int_equal(lp.asid_generation, 2);
	vpid = vmx_read(VMCS_VPID);
	run_vcpu(1);
	run_vcpu(0);
	assert_int_equal(vmx_read(VMCS_VPID), vpid);
	/* Another nested table: INVEPT, under the same VPID. */
	nested_states[0].generation++;
	run_vcpu(0);
	assert_int_equal(vmx_read(VMCS_VPID), vpid);
	assert_int_equal(vcpu->flush_seen, nested_states[0].generation);
}

/* A write of these registers flushes what the guest had cached. */
static void test_registers_flush(void **state)
{
	static const uint32_t names[] = { HV_REGISTER_CR3, HV_REGISTER_EFER };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
		run_vcpu(0);
		vcpu->asid_generation = lp.asid_generation;
		assert_int_equal(vmx_set_register(vcpu, HV_REGISTER_EFER,
						  EFER_LMA | EFER_LME),
				 HV_OK);
		assert_int_equal(vcpu->asid_generation, 0);
		registers[0]++;
		run_vcpu(0);
	}
	vcpu_inject_page_fault(vcpu, gva(5), 0);
	assert_int_equal(cr2, 5);
	assert_int_equal(vcpu->asid_generation, lp.asid_generation);
}

/* Nobody ever runs with what another has cached, or with what is old. */
static void test_no_stale_translation(void **state)
{
	(void)state;
	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t v = (uint32_t)rand() % VCPUS;

		switch (rand() % 8) {
		case 0:
			nested_states[rand() % PARTITIONS].generation++;
			break;
		case 1:
			current = v;
			assert_int_equal(vmx_set_register(
				&vcpus[v], HV_REGISTER_EFER,
				vmx_read(VMCS_EFER)), HV_OK);
			registers[v]++;
			break;
		default:
			run_vcpu(v);
			break;
		}
	}
}

/* ---- events ------------------------------------------------------------ */

static void test_events(void **state)
{
	(void)state;
	vcpu_inject_exception(vcpu, VECTOR_GP, true, 0x18);
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_EXCEPTION, VECTOR_GP) |
					 EVENT_WORD_ERROR);
	assert_int_equal(guest.error, 0x18);
	/* In real mode there are no error codes. */
	vmcs[0][VMCS_CR0] &= ~CR0_PE;
	set_code(CODE_16, 0);
	vcpu_inject_exception(vcpu, VECTOR_GP, true, 0x18);
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_EXCEPTION, VECTOR_GP));
}

static void test_event_that_was_broken_off(void **state)
{
	static const uint64_t again[] = {
		EVENT(EVENT_INTERRUPT, 0x40),
		EVENT(EVENT_EXCEPTION, VECTOR_PF) | EVENT_WORD_ERROR
	};
	static const uint64_t by_itself[] = {
		EVENT(EVENT_SOFT_INTERRUPT, 0x80),
		EVENT(EVENT_SOFT_EXCEPTION, 3),
		EVENT(EVENT_PRIV_SOFT_EXCEPTION, 1)
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(again); i++) {
		guest.vectoring = (uint32_t)again[i];
		vmcs[0][VMCS_VECTORING_ERROR] = 4;
		run_exit(VMX_EXIT_EPT_VIOLATION, 0x181);
		assert_true(vcpu->event.valid);
		guest.vectoring = 0;
		run();
		assert_int_equal(guest.injected, again[i]);
		assert_false(vcpu->event.valid);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(by_itself); i++) {
		guest.vectoring = (uint32_t)by_itself[i];
		run();
		assert_false(vcpu->event.valid);
	}
}

/* ---- NMIs, shadows, windows -------------------------------------------- */

static void test_nmi(void **state)
{
	(void)state;
	assert_true(vcpu_can_nmi(vcpu));
	vcpu_inject_nmi(vcpu);
	assert_false(vcpu_can_nmi(vcpu));
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_NMI, 2));
	assert_false(vcpu_can_nmi(vcpu));
	/* The guest's IRET. */
	run();
	assert_true(vcpu_can_nmi(vcpu));
	/* Its delivery is broken off: injected again, once. */
	vcpu_inject_nmi(vcpu);
	guest.vectoring = EVENT(EVENT_NMI, 2);
	run_exit(VMX_EXIT_EPT_VIOLATION, 0x181);
	guest.vectoring = 0;
	assert_true(vcpu->event.valid);
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_NMI, 2));
}

/* An IRET that lets NMIs in and then faults is run again. */
static void test_iret_that_was_broken_off(void **state)
{
	(void)state;
	run_exit(VMX_EXIT_EPT_VIOLATION, 0x181 | VMX_EVENT_IRET);
	assert_false(vcpu_can_nmi(vcpu));
	run_exit(VMX_EXIT_INTR, 0);
	assert_true(vcpu_can_nmi(vcpu));
}

static void test_machine_nmi(void **state)
{
	(void)state;
	vmcs[0][VMCS_EXIT_EVENT] = EVENT(EVENT_NMI, 2);
	run_exit(VMX_EXIT_EXCEPTION, 0);
	assert_int_equal(seen.kind, EXIT_NMI);
	assert_int_equal(nmis, 1);
}

static void test_shadow(void **state)
{
	(void)state;
	guest.shadow = 1;
	run();
	vcpu->rflags |= RFLAGS_IF;
	assert_false(vcpu_can_interrupt(vcpu));
	assert_false(vcpu_can_nmi(vcpu));
	vcpu_advance(vcpu, 1);
	assert_true(vcpu_can_interrupt(vcpu));
	guest.shadow = 2;
	run();
	assert_false(vcpu_can_interrupt(vcpu));
	guest.shadow = 8;
	run();
	assert_true(vcpu_can_interrupt(vcpu));
	assert_false(vcpu_can_nmi(vcpu));
	vcpu_advance(vcpu, 1);
	assert_false(vcpu_can_nmi(vcpu));
	guest.shadow = 0;
	guest.rflags = RFLAGS_FIXED;
	run();
	assert_false(vcpu_can_interrupt(vcpu));
}

static void test_window(void **state)
{
	(void)state;
	vcpu_request_window(vcpu, 0x40);
	assert_true((vmx_read(VMCS_PROC) & VMX_PROC_WINDOW) != 0);
	run_exit(VMX_EXIT_WINDOW, 0);
	assert_int_equal(seen.kind, EXIT_WINDOW);
	assert_true((vmx_read(VMCS_PROC) & VMX_PROC_WINDOW) == 0);
	/* Held by the TPR: no window, but an exit when that is lowered. */
	vcpu_set_cr8(vcpu, 4);
	vcpu_request_window(vcpu, 0x4f);
	assert_true((vmx_read(VMCS_PROC) & VMX_PROC_WINDOW) == 0);
	assert_int_equal(vmx_read(VMCS_TPR_THRESHOLD), 4);
	vcpu_request_window(vcpu, 0x50);
	assert_true((vmx_read(VMCS_PROC) & VMX_PROC_WINDOW) != 0);
	vcpu_cancel_window(vcpu);
	assert_true((vmx_read(VMCS_PROC) & VMX_PROC_WINDOW) == 0);
	assert_int_equal(vmx_read(VMCS_TPR_THRESHOLD), 0);
}

/* The guest's own writes of CR8 are seen at its next exit. */
static void test_tpr(void **state)
{
	(void)state;
	vcpu_set_cr8(vcpu, 4);
	run();
	assert_int_equal(virtual_apic[VMX_APIC_TPR / 4], 0x40);
	assert_int_equal(vcpu->cr8, 4);
	guest.sets_cr8 = true;
	guest.cr8 = 9;
	run();
	assert_int_equal(vcpu->cr8, 9);
	/* Lowered below what waits. */
	vcpu_request_window(vcpu, 0x71);
	assert_int_equal(vmx_read(VMCS_TPR_THRESHOLD), 7);
	guest.cr8 = 2;
	run_exit(VMX_EXIT_TPR, 0);
	assert_int_equal(seen.kind, EXIT_WINDOW);
	assert_int_equal(seen.length, 0);
	assert_int_equal(vcpu->cr8, 2);
	assert_int_equal(vmx_read(VMCS_TPR_THRESHOLD), 0);
	/* Lowered by the local APIC's register: the entry would fail with a
	 * threshold above it (check_entry). */
	guest.sets_cr8 = false;
	vcpu_set_cr8(vcpu, 7);
	vcpu_request_window(vcpu, 0x71);
	vcpu_set_cr8(vcpu, 1);
	run();
	assert_int_equal(vcpu->cr8, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_entry), TEST(test_deadline), TEST(test_request),
		TEST(test_request_without_event), TEST(test_attention),
		TEST(test_refused), TEST(test_vpid_is_kept),
		TEST(test_registers_flush), TEST(test_no_stale_translation),
		TEST(test_events), TEST(test_event_that_was_broken_off),
		TEST(test_nmi), TEST(test_iret_that_was_broken_off),
		TEST(test_machine_nmi), TEST(test_shadow), TEST(test_window),
		TEST(test_tpr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
