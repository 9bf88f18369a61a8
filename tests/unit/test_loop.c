/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/run/schedule.c hv/core/line.c hv/core/vp.c hv/core/partition.c hv/guest/apic.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/apic_ipi.c hv/guest/ioapic.c hv/guest/stimer.c tests/unit/fake_vcpu.c */
/*
 * One turn of an LP's loop: what the guest gets, until when it may run, and
 * what is done where it does not run.
 */
#include "loop_machine.h"

/* ---- delivery ---------------------------------------------------------- */

static void test_delivery(void **state)
{
	(void)state;
	post(vp0, 0x55);
	post(vp0, 0x77);
	turn_at(1);
	assert_int_equal(delivered_vector(vp0), 0x77);
	turn_at(2);
	/* the lower one waits for EOI, no window */
	assert_int_equal(fake_of(&vp0->vcpu)->delivered_count, 1);
	assert_false(fake_of(&vp0->vcpu)->window);
	apic_end_of_interrupt(vp0);
	turn_at(3);
	assert_int_equal(delivered_vector(vp0), 0x55);
}

static void test_window(void **state)
{
	(void)state;
	vp0->vcpu.rflags &= ~RFLAGS_IF;
	post(vp0, 0x55);
	turn_at(1);
	assert_true(fake_of(&vp0->vcpu)->window);
	assert_int_equal(fake_of(&vp0->vcpu)->window_vector, 0x55);
	vp0->vcpu.rflags |= RFLAGS_IF;
	turn_at(2);
	assert_int_equal(delivered_vector(vp0), 0x55);
}

/* Held back by the TPR alone: the window says when that is lowered. */
static void test_tpr(void **state)
{
	static const struct vcpu_exit write = {
		.kind = EXIT_CR, .cr = { .cr = 8, .value = 2 }
	};

	(void)state;
	apic_set_cr8(vp0, 6);
	post(vp0, 0x61);
	fake_of(&vp0->vcpu)->exit_count = 0;
	vp0->vcpu.rflags &= ~RFLAGS_IF;
	turn_at(1);
	assert_true(fake_of(&vp0->vcpu)->window);
	assert_int_equal(fake_of(&vp0->vcpu)->delivered_count, 0);
	vp0->vcpu.rflags |= RFLAGS_IF;
	fake_of(&vp0->vcpu)->window = false;
	fake_vcpu_play(&vp0->vcpu, &write, 1);
	turn_at(2);
	assert_int_equal(vp0->apic.tpr, 0x20);
	turn_at(3);
	assert_int_equal(delivered_vector(vp0), 0x61);
}

/* The guest moved CR8 without an exit. */
static void test_cr8_without_exit(void **state)
{
	(void)state;
	vp0->vcpu.cr8 = 9;
	turn_at(1);
	assert_int_equal(vp0->apic.tpr, 0x90);
	assert_int_equal(vp0->apic.ppr, 0x90);
}

/* The other way: the TPR was written in the APIC's page. */
static void test_tpr_in_the_page(void **state)
{
	static const struct vcpu_exit write = { .kind = EXIT_MEMORY };

	(void)state;
	fake_vcpu_play(&vp0->vcpu, &write, 1);
	turn_at(1);
	assert_int_equal(fake_of(&vp0->vcpu)->cr8, 3);
	assert_int_equal(vp0->apic.tpr, 0x35);
}

static void test_nmi_before_interrupts(void **state)
{
	(void)state;
	post(vp0, 0x55);
	vp_request(vp0, VP_REQUEST_NMI);
	turn_at(1);
	assert_int_equal(delivered_vector(vp0), 2);
	assert_false(vp0->nmi_pending);
	turn_at(2);
	assert_int_equal(delivered_vector(vp0), 0x55);
}

static void set_apic_timer(uint64_t host)
{
	vp0->apic.timer_host = host;
	vp_update_deadline(vp0);
}

/* What holds it back makes no exit when it ends: look again soon. */
static void test_nmi_waits_not_long(void **state)
{
	(void)state;
	fake_of(&vp0->vcpu)->shadow = true;
	vp_request(vp0, VP_REQUEST_NMI);
	turn_at(1);
	assert_true(vp0->nmi_pending);
	assert_true(fake_of(&vp0->vcpu)->last_deadline <=
		    EPOCH + tsc_from_us(1 + 100));
	set_apic_timer(now + 7);
	turn();
	assert_int_equal(fake_of(&vp0->vcpu)->last_deadline, now + 7);
	set_apic_timer(UINT64_MAX);
	fake_of(&vp0->vcpu)->shadow = false;
	turn_at(50);
	assert_int_equal(delivered_vector(vp0), 2);
	assert_int_equal(fake_of(&vp0->vcpu)->last_deadline, lp0->slot_end);
}

static void test_nmi_look_in_a_long_slot(void **state)
{
	(void)state;
	lp0->slot_end = UINT64_MAX;
	fake_of(&vp0->vcpu)->shadow = true;
	vp_request(vp0, VP_REQUEST_NMI);
	turn_at(1);
	assert_int_equal(fake_of(&vp0->vcpu)->last_deadline,
			 EPOCH + tsc_from_us(101));
}

/* ---- HLT --------------------------------------------------------------- */

static const struct vcpu_exit halt = { .kind = EXIT_HALT, .length = 1 };

static void halt_vp0(void)
{
	outcome_next = OUTCOME_HALT;
	fake_vcpu_play(&vp0->vcpu, &halt, 1);
	turn_at(1);
	outcome_next = OUTCOME_SAME;
}

static void test_halt(void **state)
{
	uint64_t rip = vp0->vcpu.rip;

	(void)state;
	halt_vp0();
	assert_int_equal(vp0->state, VP_HALTED);
	assert_int_equal(vp0->vcpu.rip, rip + 1);
	turn_at(2);
	assert_int_equal(waits, 1);
	assert_int_equal(armed, lp0->slot_end);
	assert_int_equal(lp0->interruptible, LP_IN_HYPERVISOR);
	assert_int_equal(took_interrupts, 1);
	post(vp0, 0x31);
	turn_at(3);
	turn_at(4);
	assert_int_equal(waits, 1);
	assert_int_equal(delivered_vector(vp0), 0x31);
	assert_int_equal(vp0->state, VP_RUNNING);
}

/* It sleeps with interrupts off: only an NMI wakes it. */
static void test_halt_for_good(void **state)
{
	(void)state;
	halt_vp0();
	vp0->vcpu.rflags &= ~RFLAGS_IF;
	post(vp0, 0x31);
	turn_at(2);
	assert_int_equal(vp0->state, VP_HALTED);
	assert_int_equal(waits, 1);
	vp_request(vp0, VP_REQUEST_NMI);
	turn_at(3);
	assert_int_equal(vp0->state, VP_RUNNING);
}

/* HLT under single step: the #DB is taken now, or it would be never. */
static void test_halt_with_a_single_step(void **state)
{
	(void)state;
	vp0->vcpu.rflags |= RFLAGS_TF;
	halt_vp0();
	assert_int_equal(vp0->state, VP_RUNNING);
	vp0->vcpu.rflags &= ~RFLAGS_TF;
	turn_at(2);
	assert_int_equal(delivered_vector(vp0), VECTOR_DB);
}

static void test_timer_wakes(void **state)
{
	(void)state;
	halt_vp0();
	assert_int_equal(apic_write_page(vp0, 0x320, 4, 0x46), OUTCOME_NEXT);
	assert_int_equal(apic_write_page(vp0, 0x3e0, 4, 0xb), OUTCOME_NEXT);
	assert_int_equal(apic_write_page(vp0, 0x380, 4, 1), OUTCOME_NEXT);
	assert_true(vp0->apic.timer_host < lp0->slot_end);
	turn();
	assert_int_equal(waits, 1);
	assert_int_equal(armed, vp0->apic.timer_host);
	now = vp0->apic.timer_host;
	turn();
	turn();
	assert_int_equal(waits, 1);
	assert_int_equal(delivered_vector(vp0), 0x46);
}

/* Reference time is the TSC's, by 100. */
static void test_synthetic_timer_wakes(void **state)
{
	(void)state;
	halt_vp0();
	assert_true(stimer_write_msr(vp0, HV_MSR_STIMER0_CONFIG, 0x1479));
	assert_true(stimer_write_msr(vp0, HV_MSR_STIMER0_COUNT,
				     (EPOCH + 40000) / 100));
	turn_at(2);
	assert_int_equal(waits, 1);
	assert_in_range(armed, EPOCH + 40000, EPOCH + 40001);
	now = armed - 1;
	turn();
	assert_int_equal(fake_of(&vp0->vcpu)->delivered_count, 0);
	now++;
	turn();
	turn();
	assert_int_equal(delivered_vector(vp0), 0x47);
	assert_int_equal(vp0->state, VP_RUNNING);
}

/* The least of the three, whatever is changed last. */
static void test_deadline_of_either_timer(void **state)
{
	struct fake_vcpu *fake = fake_of(&vp0->vcpu);

	(void)state;
	now = EPOCH;
	set_apic_timer(EPOCH + 30000);
	assert_true(stimer_write_msr(vp0, HV_MSR_STIMER0_CONFIG, 0x1479));
	assert_true(stimer_write_msr(vp0, HV_MSR_STIMER0_COUNT,
				     (EPOCH + 20000) / 100));
	turn();
	assert_in_range(fake->last_deadline, EPOCH + 20000, EPOCH + 20001);
	set_apic_timer(EPOCH + 10000);
	turn();
	assert_int_equal(fake->last_deadline, EPOCH + 10000);
	set_apic_timer(UINT64_MAX);
	turn();
	assert_in_range(fake->last_deadline, EPOCH + 20000, EPOCH + 20001);
	assert_true(stimer_write_msr(vp0, HV_MSR_STIMER0_COUNT, 0));
	turn();
	assert_int_equal(fake->last_deadline, lp0->slot_end);
}

/* A message wakes; it is delivered before the guest runs. */
static void test_message_is_delivered_first(void **state)
{
	(void)state;
	halt_vp0();
	vp_request(vp0, VP_REQUEST_SYNIC);
	turn_at(2);
	assert_int_equal(synic_delivered, 1);
	assert_int_equal(waits, 0);
	turn();
	assert_int_equal(delivered_vector(vp0), 0x61);
	assert_int_equal(synic_delivered, 1);
}

static void test_idle(void **state)
{
	(void)state;
	halt_vp0();
	/* something else to do, then nothing armed, then a request */
	log_waiting = 1;
	turn_at(2);
	assert_int_equal(pumped, 1);
	/* but not when its deadline is near: that must not be late */
	turn_at(81);
	assert_int_equal(pumped, 1);
	assert_int_equal(waits, 1);
	waits = 0;
	log_waiting = 0;
	arm_fails = true;
	turn_at(82);
	arm_fails = false;
	vp0->requests = VP_REQUEST_FLUSH;
	loop_idle(lp0, now, UINT64_MAX);
	assert_int_equal(waits, 0);
	assert_int_equal(lp0->interruptible, LP_IN_HYPERVISOR);
}

/* ---- until when -------------------------------------------------------- */

static void test_deadline(void **state)
{
	struct fake_vcpu *fake = fake_of(&vp0->vcpu);

	(void)state;
	turn_at(1);
	assert_int_equal(fake->last_deadline, lp0->slot_end);
	set_apic_timer(EPOCH + 50);
	now = EPOCH + 2;
	turn();
	assert_int_equal(fake->last_deadline, EPOCH + 50);
	set_apic_timer(UINT64_MAX);
	lp0->slot_end = UINT64_MAX;
	turn();
	assert_int_equal(fake->last_deadline, now + HZ);
}

static void test_accounts(void **state)
{
	(void)state;
	halt_vp0();
	assert_int_equal(vp0->exits[EXIT_HALT], 1);
	assert_int_equal(vp2->exits[EXIT_HALT], 0);
}

static void test_next_instruction(void **state)
{
	static const struct vcpu_exit exit = { .kind = EXIT_IO, .length = 2 };
	uint64_t rip = vp0->vcpu.rip;

	(void)state;
	fake_vcpu_play(&vp0->vcpu, &exit, 1);
	turn_at(1);
	assert_int_equal(vp0->vcpu.rip, rip);
	outcome_next = OUTCOME_NEXT;
	fake_vcpu_play(&vp0->vcpu, &exit, 1);
	turn_at(2);
	assert_int_equal(vp0->vcpu.rip, rip + 2);
}

/* ---- work of the life cycle -------------------------------------------- */

static void test_work(void **state)
{
	(void)state;
	vp0->state = VP_STOPPED;
	partition_table[0].state = PARTITION_CLEARING;
	turn_at(1);
	assert_int_equal(worked, 1);
	assert_int_equal(took_interrupts, 1);
	/* Too near to the end of the slot: it waits for the next one. */
	turn_at(80);
	assert_int_equal(worked, 1);
	assert_int_equal(waits, 1);
	assert_int_equal(armed, lp0->slot_end);
	turn_at(150);
	assert_int_equal(worked, 1);
	turn_at(250);
	assert_int_equal(worked, 2);
}

/* Only VP 0's LP does it. */
static void test_no_work_of_others(void **state)
{
	(void)state;
	vp0->state = VP_STOPPED;
	vp0->number = 1;
	partition_table[0].state = PARTITION_CLEARING;
	turn_at(1);
	assert_int_equal(worked, 0);
	assert_int_equal(waits, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_delivery, setup),
		cmocka_unit_test_setup(test_window, setup),
		cmocka_unit_test_setup(test_tpr, setup),
		cmocka_unit_test_setup(test_cr8_without_exit, setup),
		cmocka_unit_test_setup(test_tpr_in_the_page, setup),
		cmocka_unit_test_setup(test_nmi_before_interrupts, setup),
		cmocka_unit_test_setup(test_nmi_waits_not_long, setup),
		cmocka_unit_test_setup(test_nmi_look_in_a_long_slot, setup),
		cmocka_unit_test_setup(test_halt, setup),
		cmocka_unit_test_setup(test_halt_for_good, setup),
		cmocka_unit_test_setup(test_halt_with_a_single_step, setup),
		cmocka_unit_test_setup(test_timer_wakes, setup),
		cmocka_unit_test_setup(test_synthetic_timer_wakes, setup),
		cmocka_unit_test_setup(test_deadline_of_either_timer, setup),
		cmocka_unit_test_setup(test_message_is_delivered_first, setup),
		cmocka_unit_test_setup(test_idle, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_accounts, setup),
		cmocka_unit_test_setup(test_next_instruction, setup),
		cmocka_unit_test_setup(test_work, setup),
		cmocka_unit_test_setup(test_no_work_of_others, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
