/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/vcpu/svm/svm_run.c hv/vcpu/svm/svm_event.c hv/vcpu/svm/svm_exit.c hv/vcpu/svm/svm_regs.c hv/vcpu/vcpu.c hv/vcpu/vcpu_state.c tests/unit/no_vmx.c tests/unit/fake_panic.c */
/*
 * Entries into a guest: when there is none, what TLB is flushed for it, which
 * event it begins with and which is left; NMIs and windows.
 */
#include "svm_machine.h"

#define EVENT(type, vector) \
	(SVM_EVENT_VALID | (uint64_t)(type) << 8 | (vector))

/* ---- to enter or not --------------------------------------------------- */

static void test_entry(void **state)
{
	(void)state;
	run();
	assert_int_equal(entries, 1);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_int_equal(taken, 1);
	assert_int_equal(armed, 0);
	vcpu_run(vcpu, 101, &requests, &seen);
	assert_int_equal(armed, 1);
	assert_int_equal(entries, 2);
}

static void test_too_late(void **state)
{
	(void)state;
	timer_is_late = true;
	vcpu_run(vcpu, 99, &requests, &seen);
	assert_int_equal(entries, 0);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_true(gif);
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
}

/* An NMI that came before CLGI is not left for the next exit. */
static void test_attention(void **state)
{
	(void)state;
	lp.attention = 1;
	run();
	assert_int_equal(entries, 0);
	assert_int_equal(seen.kind, EXIT_NONE);
}

/* ---- flushes ----------------------------------------------------------- */

static void run_vcpu(uint32_t i)
{
	guest.code = tlb_fails ? 0xffffffffffffffff : SVM_EXIT_INTR;
	vcpu_run(&vcpus[i], 100, &requests, &seen);
	tlb_fails = false;
}

static void test_asid_is_kept(void **state)
{
	uint32_t asid;

	(void)state;
	run_vcpu(0);
	/* the very first entry flushes what there may be */
	assert_int_equal(lp.asid_generation, 2);
	asid = vmcb->asid;
	run_vcpu(1);
	run_vcpu(0);
	assert_int_equal(vmcb->asid, asid);
	assert_int_equal(vmcb->tlb_control, SVM_TLB_NONE);
	nested_states[0].generation++;
	run_vcpu(0);
	assert_int_not_equal(vmcb->asid, asid);
	assert_int_equal(vcpu->flush_seen, nested_states[0].generation);
}

/* A write of these registers flushes what the guest had cached. */
static void test_registers_flush(void **state)
{
	static const uint32_t names[] = {
		HV_REGISTER_CR0, HV_REGISTER_CR3, HV_REGISTER_EFER
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
		run_vcpu(0);
		assert_int_equal(vcpu_set_register(vcpu, names[i], 1), HV_OK);
		registers[0]++;
		run_vcpu(0);
	}
	/* An injected page fault does not. */
	vcpu_inject_page_fault(vcpu, gva(5), 0);
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
			assert_int_equal(vcpu_set_register(
				&vcpus[v], HV_REGISTER_EFER, 0), HV_OK);
			registers[v]++;
			break;
		case 2:
			/* a guest's state that VMRUN refuses */
			tlb_fails = true;
			run_vcpu(v);
			/* its VP is made anew */
			vcpus[v].asid_generation = 0;
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
			 SVM_EVENT_ERROR | 0x18ull << 32);
	assert_false(vcpu->event.valid);
	run();
	assert_int_equal(guest.injected, 0);
	/* types that only the TLFS has */
	vcpu->event = (struct vcpu_event){
		.valid = true, .vector = 3, .type = EVENT_SOFT_EXCEPTION
	};
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_EXCEPTION, 3));
}

static void break_off(uint64_t event)
{
	vcpu->event.valid = false;
	guest.event = event;
	run_exit(SVM_EXIT_NPF);
	guest.event = 0;
}

static void test_event_that_was_broken_off(void **state)
{
	static const uint64_t again[] = {
		EVENT(EVENT_INTERRUPT, 0x77), EVENT(EVENT_NMI, 2),
		EVENT(EVENT_EXCEPTION, VECTOR_DF) | SVM_EVENT_ERROR,
		EVENT(EVENT_EXCEPTION, VECTOR_PF) | SVM_EVENT_ERROR |
			7ull << 32,
	};
	/* Their instruction is run again. */
	static const uint64_t not_again[] = {
		EVENT(EVENT_SOFT_INTERRUPT, 0x80), EVENT(EVENT_EXCEPTION, 3),
		EVENT(EVENT_EXCEPTION, 4),
		EVENT(EVENT_INTERRUPT, 0x77) & ~SVM_EVENT_VALID,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(again); i++) {
		break_off(again[i]);
		assert_true(vcpu->event.valid);
		assert_false(vcpu_can_interrupt(vcpu));
		assert_false(vcpu_can_nmi(vcpu));
		run();
		assert_int_equal(guest.injected, again[i]);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(not_again); i++) {
		break_off(not_again[i]);
		assert_false(vcpu->event.valid);
	}
}

/* ---- NMI --------------------------------------------------------------- */

static void test_nmi(void **state)
{
	uint64_t interrupts;

	(void)state;
	assert_true(vcpu_can_nmi(vcpu));
	vcpu_inject_nmi(vcpu);
	run();
	assert_int_equal(guest.injected, EVENT(EVENT_NMI, 2));
	assert_false(vcpu_can_nmi(vcpu));
	assert_true((vmcb->intercept3 & SVM_I3_IRET) != 0);
	/* The exit comes before IRET is done. */
	guest.rip = 0x2000;
	run_exit(SVM_EXIT_IRET);
	assert_int_equal(seen.kind, EXIT_NONE);
	assert_false((vmcb->intercept3 & SVM_I3_IRET) != 0);
	assert_false(vcpu_can_nmi(vcpu));
	run_exit(SVM_EXIT_INTR);
	assert_false(vcpu_can_nmi(vcpu));
	assert_int_equal(vcpu_get_register(vcpu, HV_REGISTER_INTERRUPT_STATE,
					   &interrupts), HV_OK);
	assert_int_equal(interrupts, 2);
	guest.rip = 0x3000;
	run();
	assert_true(vcpu_can_nmi(vcpu));
	/* and the next one masks again */
	vcpu_inject_nmi(vcpu);
	run();
	assert_false(vcpu_can_nmi(vcpu));
	assert_true((vmcb->intercept3 & SVM_I3_IRET) != 0);
}

static void test_shadow(void **state)
{
	(void)state;
	guest.shadow = 1;
	run();
	assert_false(vcpu_can_nmi(vcpu));
	assert_false(vcpu_can_interrupt(vcpu));
	guest.shadow = 0;
	run();
	assert_true(vcpu_can_nmi(vcpu));
	assert_true(vcpu_can_interrupt(vcpu));
	guest.rflags = RFLAGS_FIXED;
	run();
	assert_true(vcpu_can_nmi(vcpu));
	assert_false(vcpu_can_interrupt(vcpu));
}

/* ---- windows ----------------------------------------------------------- */

static void test_window(void **state)
{
	(void)state;
	vcpu_request_window(vcpu, 0x41);
	assert_true((vmcb->intercept3 & SVM_I3_VINTR) != 0);
	assert_true((vmcb->interrupt & SVM_V_IRQ) != 0);
	assert_int_equal((vmcb->interrupt & SVM_V_PRIORITY) >>
			 SVM_V_PRIORITY_SHIFT, 4);
	vcpu_request_window(vcpu, 0xf1);
	assert_int_equal((vmcb->interrupt & SVM_V_PRIORITY) >>
			 SVM_V_PRIORITY_SHIFT, 15);
	/* A CR8 that goes up and down meanwhile is looked at. */
	assert_true((vmcb->cr_write & SVM_CR8) != 0);
	run_exit(SVM_EXIT_VINTR);
	assert_false((vmcb->cr_write & SVM_CR8) != 0);
	assert_int_equal(seen.kind, EXIT_WINDOW);
	/* or it would come again and again */
	assert_false((vmcb->intercept3 & SVM_I3_VINTR) != 0);
	assert_false((vmcb->interrupt & SVM_V_IRQ) != 0);
}

static void test_window_behind_the_tpr(void **state)
{
	(void)state;
	vcpu_set_cr8(vcpu, 4);
	vcpu_request_window(vcpu, 0x4f);
	assert_false((vmcb->intercept3 & SVM_I3_VINTR) != 0);
	assert_true((vmcb->cr_write & SVM_CR8) != 0);
	fetched = (struct insn){
		.kind = INSN_MOV_TO_CR, .reg = 8, .base = GPR_RBX, .length = 4
	};
	fetch_result = HV_OK;
	vcpu->gpr[GPR_RBX] = 3;
	guest.cr8 = 4;
	run_exit(SVM_EXIT_CR8_WRITE);
	assert_int_equal(seen.kind, EXIT_CR);
	assert_int_equal(seen.cr.cr, 8);
	assert_int_equal(seen.cr.value, 3);
	assert_int_equal(seen.length, 4);
	assert_false((vmcb->cr_write & SVM_CR8) != 0);
	assert_int_equal(vcpu->cr8, 4);
	/* a write without an exit */
	guest.cr8 = 7;
	run_exit(SVM_EXIT_INTR);
	assert_int_equal(vcpu->cr8, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_entry, setup),
		cmocka_unit_test_setup(test_too_late, setup),
		cmocka_unit_test_setup(test_request, setup),
		cmocka_unit_test_setup(test_attention, setup),
		cmocka_unit_test_setup(test_asid_is_kept, setup),
		cmocka_unit_test_setup(test_registers_flush, setup),
		cmocka_unit_test_setup(test_no_stale_translation, setup),
		cmocka_unit_test_setup(test_events, setup),
		cmocka_unit_test_setup(test_event_that_was_broken_off, setup),
		cmocka_unit_test_setup(test_nmi, setup),
		cmocka_unit_test_setup(test_shadow, setup),
		cmocka_unit_test_setup(test_window, setup),
		cmocka_unit_test_setup(test_window_behind_the_tpr, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
