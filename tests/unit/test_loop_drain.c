/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/run/schedule.c hv/core/line.c hv/core/vp.c hv/core/partition.c hv/guest/apic.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/apic_ipi.c hv/guest/ioapic.c hv/guest/stimer.c tests/unit/fake_vcpu.c */
/*
 * What an LP's loop does with what came in: lines, in their owner's slot and
 * in another's, NMIs, machine checks, requests of other LPs.
 */
#include "loop_machine.h"

/* ---- lines ------------------------------------------------------------- */

static void test_edge_line_in_its_slot(void **state)
{
	(void)state;
	program_pin(5, 0x41, 0);
	for (unsigned i = 1; i < 4; i++) {
		assert_true(fire_line(EDGE_LINE));
		turn_at(10);
		assert_int_equal(eois, 1);
		/* the request that came of it is seen in this very turn */
		assert_int_equal(delivered_vector(vp0), 0x41);
		apic_end_of_interrupt(vp0);
		assert_int_equal(fake_of(&vp0->vcpu)->delivered_count, i);
	}
}

static void assert_one_theft(uint32_t line, uint64_t us)
{
	assert_true(fire_line(line));
	turn_at(us);
	assert_int_equal(eois, 1);
	/* never again in anybody else's slot */
	assert_false(fire_line(line));
	turn_at(us + 1);
	assert_false(fire_line(line));
	assert_int_equal(fake_of(&vp0->vcpu)->delivered_count, 0);
}

static void test_edge_line_in_anothers_slot(void **state)
{
	(void)state;
	program_pin(5, 0x41, 0);
	turn_at(150);
	assert_ptr_equal(schedule_current(lp0), vp2);
	assert_one_theft(EDGE_LINE, 151);
	assert_int_equal(fake_of(&vp2->vcpu)->delivered_count, 0);
	turn_at(250);
	assert_int_equal(delivered_vector(vp0), 0x41);
	assert_true(fire_line(EDGE_LINE));
}

static void test_edge_line_in_an_idle_slot(void **state)
{
	(void)state;
	program_pin(5, 0x41, 0);
	turn_at(100);
	assert_null(schedule_current(lp0));
	assert_one_theft(EDGE_LINE, 101);
	turn_at(250);
	assert_int_equal(delivered_vector(vp0), 0x41);
}

static void test_level_line_in_its_slot(void **state)
{
	(void)state;
	program_pin(4, 0x8042, 0);
	assert_true(fire_line(LEVEL_LINE));
	turn_at(10);
	assert_int_equal(delivered_vector(vp0), 0x42);
	assert_false(fire_line(LEVEL_LINE));
	apic_end_of_interrupt(vp0);
	assert_true(fire_line(LEVEL_LINE));
}

/*
 * The owner's other VP, on an LP of its own, ends each interrupt at once:
 * still the neighbour loses no more than one.
 */
static void test_level_line_in_anothers_slot(void **state)
{
	(void)state;
	program_pin(4, 0x8042, 1);
	turn_at(150);
	assert_true(fire_line(LEVEL_LINE));
	turn_at(151);
	assert_int_equal(vp1->requests, VP_REQUEST_INTERRUPT);
	apic_take_posted(vp1);
	apic_accept(vp1, 0x42);
	apic_end_of_interrupt(vp1);
	assert_false(fire_line(LEVEL_LINE));
	turn_at(250);
	assert_true(fire_line(LEVEL_LINE));
}

/* ---- other vectors, NMI, machine check --------------------------------- */

static void test_vectors(void **state)
{
	(void)state;
	lp0->timer_armed = 12345;
	fire(LP_VECTOR_TIMER);
	turn_at(1);
	assert_int_equal(eois, 1);
	assert_int_equal(lp0->timer_armed, 0);
	fire(LP_VECTOR_KICK);
	turn_at(2);
	assert_int_equal(eois, 1);
	fire(LP_VECTOR_SPURIOUS);
	turn_at(3);
	assert_int_equal(eois, 0);
	assert_int_equal(logs, 0);
	fire(0xe5);
	turn_at(4);
	assert_int_equal(eois, 1);
	assert_non_null(strstr(last_log, "nobody owns"));
	assert_int_equal(lp0->attention, 0);
}

static void test_nmi_of_the_machine(void **state)
{
	(void)state;
	lp0->nmi = lp0->attention = 1;
	turn_at(1);
	assert_non_null(strstr(last_log, "no partition owns"));
	configs[1].flags = PARTITION_NMI;
	lp0->nmi = lp0->attention = 1;
	turn_at(2);
	assert_int_equal(lp0->nmi, 0);
	assert_int_equal(vp0->requests, 0);
	assert_int_equal(vp2->requests, VP_REQUEST_NMI);
	turn_at(150);
	assert_int_equal(delivered_vector(vp2), 2);
}

static void test_machine_check(void **state)
{
	(void)state;
	lp0->mce_count = lp0->attention = 1;
	lp0->mce_status = 0xb400;
	turn_at(1);
	assert_int_equal(partition_table[0].end, END_FAILURE);
	assert_string_equal(partition_table[0].record.reason, "machine check");
	assert_int_equal(partition_table[0].record.info[0], 0xb400);
	assert_int_equal(lp0->mce_count, 0);
	assert_int_equal(partition_table[1].end, END_NONE);
	assert_int_equal(vp1->requests, VP_REQUEST_STOP);
	assert_int_equal(vp0->state, VP_STOPPED);
	turn_at(100);
	lp0->mce_count = lp0->attention = 1;
	turn_at(101);
	assert_non_null(strstr(last_log, "idle"));
	assert_int_equal(partition_table[1].end, END_NONE);
}

/* ---- requests ---------------------------------------------------------- */

/* LP 0 in the part of LP 1. */
static void ask_vp1(uint32_t requests)
{
	vp1->requests |= requests;
	loop_requests(vp1);
}

static void test_init_and_sipi(void **state)
{
	(void)state;
	vp1->sipi_vector = 0x9a;
	vp1->vcpu.gpr[GPR_RBX] = 77;
	vp1->vcpu.rip = 0x1234;
	/* Nobody waits for it. */
	ask_vp1(VP_REQUEST_SIPI);
	assert_int_equal(vp1->vcpu.rip, 0x1234);
	post(vp1, 0x40);
	vp1->nmi_pending = true;
	fake_of(&vp1->vcpu)->loaded = false;
	ask_vp1(VP_REQUEST_INIT | VP_REQUEST_NMI);
	assert_int_equal(vp1->state, VP_WAIT_SIPI);
	assert_int_equal(vp1->vcpu.gpr[GPR_RBX], 0);
	assert_int_equal(vp1->apic.irr_top, 0);
	/* The processor's registers are those of the VP, at any slot's end */
	assert_true(fake_of(&vp1->vcpu)->loaded);
	ask_vp1(VP_REQUEST_NMI);
	ask_vp1(VP_REQUEST_SIPI);
	assert_int_equal(vp1->state, VP_RUNNING);
	assert_false(vp1->nmi_pending);
	assert_int_equal(vp1->vcpu.rip, 0);
	assert_int_equal(fake_of(&vp1->vcpu)->segment[SEGMENT_CS].base,
			 0x9a000);
	/* Both at once, in the order in which they make sense. */
	vp1->sipi_vector = 7;
	ask_vp1(VP_REQUEST_SIPI | VP_REQUEST_INIT);
	assert_int_equal(vp1->state, VP_RUNNING);
	assert_int_equal(fake_of(&vp1->vcpu)->segment[SEGMENT_CS].base,
			 0x7000);
}

static void test_init_of_the_first(void **state)
{
	(void)state;
	vp0->requests = VP_REQUEST_INIT;
	turn_at(1);
	assert_int_equal(partition_table[0].end, END_RESET);
}

static void test_stop(void **state)
{
	(void)state;
	vp1->sipi_vector = 3;
	ask_vp1(VP_REQUEST_STOP | VP_REQUEST_INIT | VP_REQUEST_SIPI |
		VP_REQUEST_NMI);
	assert_int_equal(vp1->state, VP_STOPPED);
	ask_vp1(VP_REQUEST_INIT);
	ask_vp1(VP_REQUEST_NMI);
	assert_int_equal(vp1->state, VP_STOPPED);
	assert_false(vp1->nmi_pending);
}

/* A SIPI may come before the LP has looked at its new VP. */
static void test_sipi_of_a_ready_vp(void **state)
{
	(void)state;
	vp1->state = VP_READY;
	ask_vp1(VP_REQUEST_SIPI);
	assert_int_equal(vp1->state, VP_RUNNING);
	vp1->state = VP_READY;
	ask_vp1(VP_REQUEST_STOP);
	assert_int_equal(vp1->state, VP_STOPPED);
}

static void test_ready_vp_is_taken_up(void **state)
{
	(void)state;
	vp0->state = VP_READY;
	turn_at(1);
	assert_int_equal(taken_up, 1);
	assert_int_equal(vp0->state, VP_RUNNING);
	assert_int_equal(waits, 0);
}

/* A start is taken up by the VP's own LP; a flush reaches its next entry. */
static void test_start_and_flush(void **state)
{
	(void)state;
	vp0->vcpu.asid_generation = 5;
	vp_request(vp0, VP_REQUEST_START);
	turn();
	assert_int_equal(starts, 1);
	assert_int_equal(vp0->vcpu.asid_generation, 5);
	vp_request(vp0, VP_REQUEST_TLB);
	turn();
	assert_int_equal(starts, 1);
	assert_int_equal(vp0->vcpu.asid_generation, 0);
	assert_int_equal(vp0->requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_start_and_flush, setup),
		cmocka_unit_test_setup(test_edge_line_in_its_slot, setup),
		cmocka_unit_test_setup(test_edge_line_in_anothers_slot, setup),
		cmocka_unit_test_setup(test_edge_line_in_an_idle_slot, setup),
		cmocka_unit_test_setup(test_level_line_in_its_slot, setup),
		cmocka_unit_test_setup(test_level_line_in_anothers_slot, setup),
		cmocka_unit_test_setup(test_vectors, setup),
		cmocka_unit_test_setup(test_nmi_of_the_machine, setup),
		cmocka_unit_test_setup(test_machine_check, setup),
		cmocka_unit_test_setup(test_init_and_sipi, setup),
		cmocka_unit_test_setup(test_init_of_the_first, setup),
		cmocka_unit_test_setup(test_stop, setup),
		cmocka_unit_test_setup(test_sipi_of_a_ready_vp, setup),
		cmocka_unit_test_setup(test_ready_vp_is_taken_up, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
