/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c */
/* Synthetic timers: when they expire, how often, and how they say so. */
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
#include "guest/synic.h"

#define CONFIG(n) (HV_MSR_STIMER0_CONFIG + 2 * (n))
#define COUNT(n) (HV_MSR_STIMER0_COUNT + 2 * (n))
#define VECTOR 0x77
#define DIRECT (HV_STIMER_DIRECT | VECTOR << HV_STIMER_VECTOR_SHIFT)
#define ON_SINT(n) ((uint64_t)(n) << HV_STIMER_SINT_SHIFT)
#define MS 10000ull		/* in reference time */

static struct vp *vp;

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	vp->apic.timer_host = UINT64_MAX;
	vp_update_deadline(vp);
	return 0;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(fake_wrmsr(vp, msr, value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(vp), -1);
}

static uint64_t rdmsr(uint32_t msr)
{
	uint64_t value;

	assert_int_equal(fake_rdmsr(vp, msr, &value), OUTCOME_NEXT);
	return value;
}

static uint64_t time_now(void)
{
	return synth_reference_time(vp);
}

/* The first host TSC at which the reference time is not below time. */
static void go_to(uint64_t time)
{
	while (time_now() < time) {
		uint64_t step = (time - time_now()) * (FAKE_TSC_HZ / 10000000);

		fake_tsc += step > 210 ? step - 210 : 1;
	}
}

static void poll(void)
{
	stimer_poll(vp, fake_tsc);
}

static bool fired(void)
{
	return fake_take_vector(fake_raised, vp, VECTOR);
}

/* Lets time pass to the deadline, not before which nothing happens. */
static uint64_t next_expiry(void)
{
	assert_true(vp->deadline != UINT64_MAX);
	assert_false(fired());
	if (vp->deadline > fake_tsc) {
		fake_tsc = vp->deadline - 1;
		poll();
		assert_false(fired());
		fake_tsc++;
	}
	poll();
	assert_true(fired());
	return time_now();
}

static void test_start(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		assert_int_equal(rdmsr(CONFIG(i)), 0);
		assert_int_equal(rdmsr(COUNT(i)), 0);
	}
	assert_true(vp->deadline == UINT64_MAX);
}

static void test_reserved_bits(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		bool reserved = (bit >= 13 && bit <= 15) || bit >= 20;

		assert_int_equal(fake_wrmsr_faults(vp, CONFIG(1), 1ull << bit),
				 reserved);
		if (bit >= 4 && !reserved) {
			assert_int_equal(rdmsr(CONFIG(1)), 1ull << bit);
		}
	}
	assert_int_equal(rdmsr(CONFIG(1)), 1ull << 19);
}

/* Without a SINT nor direct mode a timer cannot be on. */
static void test_no_sint(void **state)
{
	(void)state;
	wrmsr(COUNT(0), time_now() + MS);
	wrmsr(CONFIG(0), HV_STIMER_ENABLE | HV_STIMER_AUTO_ENABLE);
	assert_int_equal(rdmsr(CONFIG(0)), HV_STIMER_AUTO_ENABLE);
	assert_true(vp->deadline == UINT64_MAX);
	wrmsr(CONFIG(0), HV_STIMER_ENABLE | ON_SINT(2));
	assert_int_equal(rdmsr(CONFIG(0)), HV_STIMER_ENABLE | ON_SINT(2));
	assert_true(vp->deadline != UINT64_MAX);
}

static void test_one_shot(void **state)
{
	uint64_t due;

	(void)state;
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		due = time_now() + MS + i;
		wrmsr(CONFIG(i), DIRECT | HV_STIMER_ENABLE);
		assert_true(vp->deadline == UINT64_MAX);
		wrmsr(COUNT(i), due);
		assert_int_equal(next_expiry(), due);
		assert_int_equal(rdmsr(CONFIG(i)), DIRECT);
		assert_int_equal(rdmsr(COUNT(i)), due);
		assert_true(vp->deadline == UINT64_MAX);
	}
}

/* To the tick, at any frequency relation and time. */
static void test_never_early(void **state)
{
	uint64_t due = 0;

	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_AUTO_ENABLE);
	for (unsigned i = 0; i < 2000; i++) {
		due = time_now() + 1 + (uint64_t)i * i * 7919;
		wrmsr(COUNT(0), due);
		assert_int_equal(rdmsr(CONFIG(0)), DIRECT |
				 HV_STIMER_AUTO_ENABLE | HV_STIMER_ENABLE);
		assert_int_equal(next_expiry(), due);
	}
	assert_true(due > 10000000ull * 3600);
}

static void test_far_away(void **state)
{
	static const uint64_t counts[] = { ~0ull, 1ull << 63, 1ull << 57 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(counts); i++) {
		wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE);
		wrmsr(COUNT(0), counts[i]);
		fake_tsc += 1ull << 40;
		poll();
		assert_false(fired());
		wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE |
		      HV_STIMER_PERIODIC);
		fake_tsc += 1ull << 40;
		poll();
		assert_false(fired());
	}
}

static void test_in_the_past(void **state)
{
	(void)state;
	go_to(10 * MS);
	wrmsr(CONFIG(2), DIRECT | HV_STIMER_ENABLE);
	wrmsr(COUNT(2), 1);
	assert_true(vp->deadline <= fake_tsc);
	poll();
	assert_true(fired());
	assert_true(vp->deadline == UINT64_MAX);
}

static void test_stop(void **state)
{
	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE);
	wrmsr(COUNT(0), time_now() + MS);
	wrmsr(COUNT(0), 0);
	assert_int_equal(rdmsr(CONFIG(0)), DIRECT);
	assert_true(vp->deadline == UINT64_MAX);
	wrmsr(COUNT(0), time_now() + MS);
	assert_true(vp->deadline == UINT64_MAX);
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE);
	assert_true(vp->deadline != UINT64_MAX);
	wrmsr(CONFIG(0), DIRECT);
	assert_true(vp->deadline == UINT64_MAX);
	go_to(20 * MS);
	poll();
	assert_false(fired());
}

static void test_periodic(void **state)
{
	uint64_t start = time_now();

	(void)state;
	wrmsr(CONFIG(3), DIRECT | HV_STIMER_ENABLE | HV_STIMER_PERIODIC);
	wrmsr(COUNT(3), MS);
	for (unsigned i = 1; i < 1000; i++) {
		assert_int_equal(next_expiry(), start + i * MS);
	}
	assert_int_equal(rdmsr(CONFIG(3)), DIRECT | HV_STIMER_ENABLE |
			 HV_STIMER_PERIODIC);
	assert_int_equal(rdmsr(COUNT(3)), MS);
}

/* Served late: shorter periods, none early, back on the old times. */
static void test_periodic_catches_up(void **state)
{
	uint64_t start = time_now(), last, now;
	unsigned count = 0;

	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE | HV_STIMER_PERIODIC);
	wrmsr(COUNT(0), MS);
	go_to(start + 4 * MS + MS / 2);
	poll();
	assert_true(fired());
	last = time_now();
	while (time_now() < start + 20 * MS) {
		now = next_expiry();
		count++;
		assert_true(now - last >= MS / 2 && now - last <= MS);
		last = now;
	}
	assert_int_equal(last, start + 20 * MS);
	/* 20 periods; the first expiry is the one that was late. */
	assert_int_equal(count, 19);
}

static void test_lazy_skips(void **state)
{
	uint64_t start = time_now();

	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE | HV_STIMER_PERIODIC |
	      HV_STIMER_LAZY);
	wrmsr(COUNT(0), MS);
	go_to(start + 4 * MS + MS / 4);
	poll();
	assert_true(fired());
	assert_int_equal(next_expiry(), start + 5 * MS);
	assert_int_equal(next_expiry(), start + 6 * MS);
}

static void test_very_late_skips(void **state)
{
	uint64_t start = time_now();

	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE | HV_STIMER_PERIODIC);
	wrmsr(COUNT(0), MS);
	go_to(start + 400 * MS + MS / 4);
	poll();
	assert_true(fired());
	assert_int_equal(next_expiry(), start + 401 * MS);
}

/* The guest cannot keep us busy. */
static void test_short_period(void **state)
{
	uint64_t last, now;

	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE | HV_STIMER_PERIODIC);
	wrmsr(COUNT(0), 1);
	last = next_expiry();
	for (unsigned i = 0; i < 100; i++) {
		now = next_expiry();
		assert_in_range(now - last, 200, 201);
		last = now;
	}
}

/* ---- messages ---------------------------------------------------------- */

static struct hv_message *slot(unsigned sint)
{
	return (struct hv_message *)overlay_pages_vp[0][OVERLAY_VP_SIM].byte +
	       sint;
}

static void enable_synic(void)
{
	wrmsr(HV_MSR_SIMP, 0x7001);
	wrmsr(HV_MSR_SCONTROL, 1);
	wrmsr(HV_MSR_SINT0 + 4, VECTOR);
}

static void test_message(void **state)
{
	const struct hv_timer_payload *payload = (void *)slot(4)->payload;
	uint64_t due = time_now() + MS;

	(void)state;
	enable_synic();
	wrmsr(CONFIG(1), ON_SINT(4) | HV_STIMER_ENABLE);
	wrmsr(COUNT(1), due);
	fake_tsc = vp->deadline + 2100;
	poll();
	assert_true(fired());
	assert_int_equal(slot(4)->type, HV_MESSAGE_TIMER_EXPIRED);
	assert_int_equal(slot(4)->payload_size, 24);
	assert_int_equal(slot(4)->flags, 0);
	assert_int_equal(slot(4)->origination, 0);
	assert_int_equal(payload->timer, 1);
	assert_int_equal(payload->expiration, due);
	assert_int_equal(payload->delivery, time_now());
	assert_int_equal(rdmsr(CONFIG(1)), ON_SINT(4));
	assert_true(vp->deadline == UINT64_MAX);
}

/* Its own buffer: one message, however long the slot is taken. */
static void test_busy_slot(void **state)
{
	uint64_t start = time_now();

	(void)state;
	enable_synic();
	slot(4)->type = 0x1234;
	wrmsr(CONFIG(1), ON_SINT(4) | HV_STIMER_ENABLE | HV_STIMER_PERIODIC);
	wrmsr(COUNT(1), MS);
	fake_tsc = vp->deadline;
	poll();
	assert_false(fired());
	assert_int_equal(slot(4)->type, 0x1234);
	assert_int_equal(slot(4)->flags, HV_MESSAGE_PENDING);
	/* Nor does it disturb its LP meanwhile. */
	assert_true(vp->deadline == UINT64_MAX);
	go_to(start + 30 * MS + 1);
	wrmsr(HV_MSR_EOM, 0);
	assert_false(fired());
	slot(4)->type = 0;
	wrmsr(HV_MSR_EOM, 0);
	assert_true(fired());
	assert_int_equal(slot(4)->type, HV_MESSAGE_TIMER_EXPIRED);
	assert_int_equal(slot(4)->flags, 0);
	slot(4)->type = 0;
	wrmsr(HV_MSR_EOM, 0);
	assert_false(fired());
	assert_int_equal(next_expiry(), start + 31 * MS);
}

static void test_synic_off(void **state)
{
	(void)state;
	wrmsr(CONFIG(1), ON_SINT(4) | HV_STIMER_ENABLE);
	wrmsr(COUNT(1), time_now() + MS);
	fake_tsc = vp->deadline;
	poll();
	assert_int_equal(fake_raised_count, 0);
	assert_int_equal(slot(4)->type, 0);
	/* It waits for the SynIC. */
	wrmsr(HV_MSR_SINT0 + 4, VECTOR);
	wrmsr(HV_MSR_SIMP, 0x7001);
	assert_int_equal(slot(4)->type, 0);
	wrmsr(HV_MSR_SCONTROL, 1);
	assert_int_equal(slot(4)->type, HV_MESSAGE_TIMER_EXPIRED);
	assert_true(fired());
}

/* A write of its MSRs drops what waits. */
static void test_write_drops_message(void **state)
{
	(void)state;
	enable_synic();
	slot(4)->type = 0x1234;
	wrmsr(CONFIG(1), ON_SINT(4) | HV_STIMER_ENABLE);
	wrmsr(COUNT(1), time_now() + MS);
	fake_tsc = vp->deadline;
	poll();
	wrmsr(CONFIG(1), 0);
	slot(4)->type = 0;
	wrmsr(HV_MSR_EOM, 0);
	assert_int_equal(slot(4)->type, 0);
	assert_int_equal(fake_raised_count, 0);
}

static void test_four_at_once(void **state)
{
	uint64_t due = time_now() + MS;

	(void)state;
	enable_synic();
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		wrmsr(CONFIG(i), ON_SINT(4) | HV_STIMER_ENABLE);
		wrmsr(COUNT(i), due + i);
	}
	go_to(due + STIMER_COUNT);
	poll();
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		assert_true(fired());
		assert_int_equal((uint32_t)slot(4)->payload[0], i);
		assert_int_equal(slot(4)->flags, i < 3 ? HV_MESSAGE_PENDING
						       : 0);
		slot(4)->type = 0;
		wrmsr(HV_MSR_EOM, 0);
	}
	assert_false(fired());
}

static void test_reset(void **state)
{
	(void)state;
	wrmsr(CONFIG(0), DIRECT | HV_STIMER_ENABLE | HV_STIMER_PERIODIC);
	wrmsr(COUNT(0), MS);
	synth_reset_vp(vp);
	assert_true(vp->deadline == UINT64_MAX);
	assert_int_equal(rdmsr(CONFIG(0)), 0);
	assert_int_equal(rdmsr(COUNT(0)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_start, setup),
		cmocka_unit_test_setup(test_reserved_bits, setup),
		cmocka_unit_test_setup(test_no_sint, setup),
		cmocka_unit_test_setup(test_one_shot, setup),
		cmocka_unit_test_setup(test_never_early, setup),
		cmocka_unit_test_setup(test_far_away, setup),
		cmocka_unit_test_setup(test_in_the_past, setup),
		cmocka_unit_test_setup(test_stop, setup),
		cmocka_unit_test_setup(test_periodic, setup),
		cmocka_unit_test_setup(test_periodic_catches_up, setup),
		cmocka_unit_test_setup(test_lazy_skips, setup),
		cmocka_unit_test_setup(test_very_late_skips, setup),
		cmocka_unit_test_setup(test_short_period, setup),
		cmocka_unit_test_setup(test_message, setup),
		cmocka_unit_test_setup(test_busy_slot, setup),
		cmocka_unit_test_setup(test_synic_off, setup),
		cmocka_unit_test_setup(test_write_drops_message, setup),
		cmocka_unit_test_setup(test_four_at_once, setup),
		cmocka_unit_test_setup(test_reset, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
