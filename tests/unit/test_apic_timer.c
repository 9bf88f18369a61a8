/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/apic.c hv/guest/apic_ipi.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/ioapic.c tests/unit/fake_vp.c */
/* The timer of the local APIC: all modes, boundaries, exactness. */
#include "apic_access.h"

#define VECTOR 0xec
#define ONE_SHOT VECTOR
#define PERIODIC (0x20000 | VECTOR)
#define DEADLINE (0x40000 | VECTOR)
#define MASKED 0x10000
#define BY_1 0xb

/* TSC ticks of count at a divider, rounded up, in wider arithmetic. */
static uint64_t tsc_of(uint64_t count, uint64_t divider)
{
	unsigned __int128 ticks = (unsigned __int128)count * divider *
				  fake_tsc_hz;

	return (uint64_t)((ticks + APIC_BUS_HZ - 1) / APIC_BUS_HZ);
}

/* Polls at the present host time: did it fire? Takes the interrupt. */
static bool fires(struct vp *vp)
{
	apic_poll_timer(vp, fake_host_tsc);
	if (pending(vp) != VECTOR) {
		assert_int_equal(pending(vp), -1);
		return false;
	}
	apic_accept(vp, VECTOR);
	apic_end_of_interrupt(vp);
	assert_int_equal(pending(vp), -1);
	return true;
}

/* Fires at this host time, which is its deadline, and not a tick before. */
static void fires_at(struct vp *vp, uint64_t host)
{
	assert_true(apic_deadline(vp) == host);
	fake_host_tsc = host - 1;
	assert_false(fires(vp));
	assert_true(apic_deadline(vp) == host);
	fake_host_tsc = host;
	assert_true(fires(vp));
}

static struct vp *start(uint32_t lvt, uint32_t divide)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	vp->vcpu.tsc_offset = 0 - 123456ull;
	page_write(vp, 0x320, lvt);
	page_write(vp, 0x3e0, divide);
	return vp;
}

/* ---- one-shot ---------------------------------------------------------- */

static void test_one_shot(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);
	uint64_t start_tsc = fake_host_tsc;

	(void)state;
	assert_true(apic_deadline(vp) == UINT64_MAX);
	page_write(vp, 0x380, 1000);
	assert_int_equal(page_read(vp, 0x380), 1000);
	assert_int_equal(page_read(vp, 0x390), 1000);
	fires_at(vp, start_tsc + tsc_of(1000, 1));
	assert_int_equal(page_read(vp, 0x390), 0);
	assert_int_equal(page_read(vp, 0x380), 1000);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	fake_host_tsc += 1000000000;
	assert_false(fires(vp));
}

static void test_one_shot_boundaries(void **state)
{
	static const uint32_t counts[] = { 1, 2, 0x7fffffff, 0x80000000,
					   0xffffffff };
	static const uint64_t rates[] = { 100000000, 199999999, 200000000,
					  1000000007, 2399998213, 9999999967 };
	struct vp *vp = start(ONE_SHOT, BY_1);

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(rates); i++) {
		fake_tsc_hz = rates[i];
		for (unsigned j = 0; j < ARRAY_COUNT(counts); j++) {
			uint64_t begin = fake_host_tsc;

			page_write(vp, 0x380, counts[j]);
			assert_int_equal(page_read(vp, 0x390), counts[j]);
			fake_host_tsc = begin + tsc_of(counts[j], 1) - 1;
			assert_true(page_read(vp, 0x390) != 0);
			fires_at(vp, begin + tsc_of(counts[j], 1));
		}
	}
	/* 0 stops. */
	page_write(vp, 0x380, 50);
	page_write(vp, 0x380, 0);
	assert_int_equal(page_read(vp, 0x390), 0);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	fake_host_tsc += 1000000;
	assert_false(fires(vp));
}

static void test_divides(void **state)
{
	static const struct {
		uint32_t code, divider;
	} rows[] = { { 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 }, { 8, 32 },
		     { 9, 64 }, { 10, 128 }, { 11, 1 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		struct vp *vp = start(ONE_SHOT, rows[i].code);
		uint64_t begin = fake_host_tsc;

		fake_tsc_hz = 2399998213;
		assert_int_equal(page_read(vp, 0x3e0), rows[i].code);
		page_write(vp, 0x380, 0xffffffff);
		fires_at(vp, begin + tsc_of(0xffffffff, rows[i].divider));
		begin = fake_host_tsc;
		page_write(vp, 0x380, 1);
		fires_at(vp, begin + tsc_of(1, rows[i].divider));
	}
}

static void test_current_count(void **state)
{
	struct vp *vp = start(ONE_SHOT, 0);	/* 20 TSC ticks each */
	uint64_t begin = fake_host_tsc;

	(void)state;
	page_write(vp, 0x380, 100);
	for (uint64_t t = 0; t < 2000; t++) {
		fake_host_tsc = begin + t;
		assert_int_equal(page_read(vp, 0x390), 100 - t / 20);
		assert_int_equal(pending(vp), -1);
	}
	fake_host_tsc = begin + 2000;
	assert_int_equal(page_read(vp, 0x390), 0);
	/* Who sees the 0 has the interrupt. */
	assert_int_equal(pending(vp), VECTOR);
}

static void test_rewrite_restarts(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);

	(void)state;
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 9000;
	page_write(vp, 0x380, 1000);
	fires_at(vp, fake_host_tsc + 10000);
	/* What was due and not yet seen is not lost. */
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 10000;
	page_write(vp, 0x380, 2000);
	assert_int_equal(pending(vp), VECTOR);
	assert_true(apic_deadline(vp) == fake_host_tsc + 20000);
	fires(vp);
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 10000;
	page_write(vp, 0x380, 0);
	assert_int_equal(pending(vp), VECTOR);
}

static void test_divide_changes_under_way(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);

	(void)state;
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 4000;
	page_write(vp, 0x3e0, 0);
	assert_int_equal(page_read(vp, 0x390), 600);
	fake_host_tsc += 4000;
	assert_int_equal(page_read(vp, 0x390), 400);
	fires_at(vp, fake_host_tsc + 8000);
	/* What was due is not lost. */
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 20000;
	page_write(vp, 0x3e0, BY_1);
	assert_int_equal(pending(vp), VECTOR);
	assert_true(fires(vp));
	assert_true(apic_deadline(vp) == UINT64_MAX);
	/* Periods afterwards are of the new rate. */
	vp = start(PERIODIC, BY_1);
	page_write(vp, 0x380, 10000);
	fake_host_tsc += 50000;
	page_write(vp, 0x3e0, 0);
	fires_at(vp, fake_host_tsc + 100000);
	fires_at(vp, fake_host_tsc + 200000);
}

/* ---- periodic ---------------------------------------------------------- */

static void test_periodic(void **state)
{
	struct vp *vp = start(PERIODIC, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	fake_tsc_hz = 2399998213;
	page_write(vp, 0x380, 200001);
	for (uint64_t n = 1; n <= 100000; n++) {
		uint64_t due = begin + tsc_of(n * 200001, 1);

		assert_true(apic_deadline(vp) == due);
		/* Seen late by a bit, now and then by almost a period. */
		fake_host_tsc = due + (n % 7) * 300000;
		assert_true(fires(vp));
		assert_false(fires(vp));
	}
	page_write(vp, 0x380, 0);
	assert_true(apic_deadline(vp) == UINT64_MAX);
}

static void test_periodic_count(void **state)
{
	struct vp *vp = start(PERIODIC, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	page_write(vp, 0x380, 10000);
	for (uint64_t t = 0; t < 250000; t += 7) {
		fake_host_tsc = begin + t;
		assert_int_equal(page_read(vp, 0x390),
				 10000 - t % 100000 / 10);
	}
}

static void test_missed_periods(void **state)
{
	struct vp *vp = start(PERIODIC, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	page_write(vp, 0x380, 10000);
	/* A million periods late: one interrupt, and back in step. */
	fake_host_tsc = begin + 100000 * 1000000ull + 33;
	assert_true(fires(vp));
	assert_false(fires(vp));
	fires_at(vp, begin + 100000 * 1000001ull);
	/* Half of all time. */
	fake_host_tsc = 1ull << 63;
	assert_true(fires(vp));
	assert_true(apic_deadline(vp) > fake_host_tsc);
	assert_true(apic_deadline(vp) <= fake_host_tsc + 100000);
	assert_int_equal((apic_deadline(vp) - begin) % 100000, 0);
}

static void test_tiny_period(void **state)
{
	struct vp *vp = start(PERIODIC, BY_1);
	unsigned count = 0;

	(void)state;
	page_write(vp, 0x380, 1);
	/* 1 ms, looked at every 100 ns. */
	for (unsigned i = 0; i < 10000; i++) {
		fake_host_tsc += 200;
		count += fires(vp);
		assert_true(apic_deadline(vp) > fake_host_tsc);
	}
	/* 20 us apart, and the first. */
	assert_in_range(count, 50, 51);
	/* At 20 us, each period counts. */
	page_write(vp, 0x380, 4000);
	for (unsigned i = 0; i < 100; i++) {
		fires_at(vp, fake_host_tsc + 40000);
	}
}

/* ---- masked ------------------------------------------------------------ */

static void test_masked(void **state)
{
	struct vp *vp = start(ONE_SHOT | MASKED, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	/* It counts, but neither wakes nor interrupts. */
	page_write(vp, 0x380, 1000);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	fake_host_tsc += 5000;
	assert_int_equal(page_read(vp, 0x390), 500);
	page_write(vp, 0x320, ONE_SHOT);
	fires_at(vp, begin + 10000);
	/* An expiry while masked is gone. */
	page_write(vp, 0x320, ONE_SHOT | MASKED);
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 20000;
	page_write(vp, 0x320, ONE_SHOT);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	assert_false(fires(vp));
	/* One before the masking is not. */
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 20000;
	page_write(vp, 0x320, ONE_SHOT | MASKED);
	assert_int_equal(pending(vp), VECTOR);
}

static void test_masked_periodic(void **state)
{
	struct vp *vp = start(PERIODIC | MASKED, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	page_write(vp, 0x380, 10000);
	fake_host_tsc += 1230000;
	assert_int_equal(page_read(vp, 0x390), 7000);
	page_write(vp, 0x320, PERIODIC);
	assert_int_equal(pending(vp), -1);
	fires_at(vp, begin + 1300000);
}

static void test_software_disabled(void **state)
{
	struct vp *vp = start(PERIODIC, BY_1);

	(void)state;
	page_write(vp, 0x380, 10000);
	fake_host_tsc += 30000;
	page_write(vp, 0xf0, 0xff);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	assert_int_equal(page_read(vp, 0x390), 7000);
	fake_host_tsc += 1000000;
	assert_false(fires(vp));
}

static void test_illegal_vector(void **state)
{
	struct vp *vp = start(0x0f, BY_1);

	(void)state;
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 10000;
	apic_poll_timer(vp, fake_host_tsc);
	assert_int_equal(apic_requested_vector(vp), -1);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0x40);
}

/* ---- change of mode ---------------------------------------------------- */

static void test_counting_modes_change(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	page_write(vp, 0x380, 10000);
	fake_host_tsc += 40000;
	page_write(vp, 0x320, PERIODIC);
	fires_at(vp, begin + 100000);
	fires_at(vp, begin + 200000);
	fake_host_tsc += 40000;
	page_write(vp, 0x320, ONE_SHOT);
	fires_at(vp, begin + 300000);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	/* Nothing left to count: periodic does not start by itself. */
	page_write(vp, 0x320, PERIODIC);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	assert_int_equal(page_read(vp, 0x390), 0);
}

static void test_deadline_mode_changes(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);

	(void)state;
	page_write(vp, 0x380, 10000);
	page_write(vp, 0x320, DEADLINE);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	assert_int_equal(page_read(vp, 0x380), 0);
	assert_int_equal(page_read(vp, 0x390), 0);
	/* The count is not to be had here. */
	page_write(vp, 0x380, 77);
	assert_int_equal(page_read(vp, 0x380), 0);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	/* Nor is the deadline in the other modes. */
	msr_write(vp, 0x6e0, vp_guest_tsc(vp) + 500);
	page_write(vp, 0x320, ONE_SHOT);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	assert_true(msr_read(vp, 0x6e0) == 0);
	msr_write(vp, 0x6e0, vp_guest_tsc(vp) + 500);
	assert_true(msr_read(vp, 0x6e0) == 0);
	page_write(vp, 0x320, DEADLINE);
	assert_true(msr_read(vp, 0x6e0) == 0);
	/* The reserved mode runs nothing. */
	page_write(vp, 0x320, 0x60000 | VECTOR);
	page_write(vp, 0x380, 5);
	msr_write(vp, 0x6e0, 5);
	assert_int_equal(page_read(vp, 0x390), 0);
	assert_true(apic_deadline(vp) == UINT64_MAX);
}

/* ---- TSC deadline ------------------------------------------------------ */

static void test_deadline(void **state)
{
	struct vp *vp = start(DEADLINE, BY_1);
	uint64_t guest = vp_guest_tsc(vp);

	(void)state;
	msr_write(vp, 0x6e0, guest + 5000);
	assert_true(msr_read(vp, 0x6e0) == guest + 5000);
	assert_int_equal(page_read(vp, 0x390), 0);
	fires_at(vp, fake_host_tsc + 5000);
	assert_true(msr_read(vp, 0x6e0) == 0);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	/* The divider has no part in this. */
	msr_write(vp, 0x6e0, guest + 8000);
	page_write(vp, 0x3e0, 2);
	assert_true(msr_read(vp, 0x6e0) == guest + 8000);
	/* Due, unseen, replaced: not lost. */
	fake_host_tsc += 4000;
	msr_write(vp, 0x6e0, guest + 20000);
	assert_int_equal(pending(vp), VECTOR);
	assert_true(fires(vp));
	fake_host_tsc -= 4000;
	/* Replaced, disarmed. */
	msr_write(vp, 0x6e0, guest + 10000);
	msr_write(vp, 0x6e0, guest + 20000);
	fires_at(vp, fake_host_tsc + 15000);
	msr_write(vp, 0x6e0, guest + 30000);
	msr_write(vp, 0x6e0, 0);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	fake_host_tsc += 50000;
	assert_false(fires(vp));
}

static void test_deadline_in_the_past(void **state)
{
	struct vp *vp = start(DEADLINE, BY_1);
	uint64_t past[] = { 1, vp_guest_tsc(vp) - 1, vp_guest_tsc(vp) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(past); i++) {
		msr_write(vp, 0x6e0, past[i]);
		assert_true(apic_deadline(vp) <= fake_host_tsc);
		assert_true(fires(vp));
		assert_false(fires(vp));
	}
	/* Also where the guest's clock is far ahead of the host's. */
	vp->vcpu.tsc_offset = 1ull << 60;
	msr_write(vp, 0x6e0, 5);
	assert_true(apic_deadline(vp) <= fake_host_tsc);
	assert_true(fires(vp));
}

static void test_deadline_never(void **state)
{
	struct vp *vp = start(DEADLINE, BY_1);

	(void)state;
	/* Host time would wrap: never, not at once. */
	msr_write(vp, 0x6e0, UINT64_MAX);
	assert_true(msr_read(vp, 0x6e0) == UINT64_MAX);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	assert_false(fires(vp));
	msr_write(vp, 0x6e0, 1ull << 63);
	assert_true(apic_deadline(vp) == (1ull << 63) + 123456);
	assert_false(fires(vp));
}

static void test_deadline_masked(void **state)
{
	struct vp *vp = start(DEADLINE | MASKED, BY_1);

	(void)state;
	msr_write(vp, 0x6e0, vp_guest_tsc(vp) + 5000);
	assert_true(apic_deadline(vp) == UINT64_MAX);
	page_write(vp, 0x320, DEADLINE);
	assert_true(apic_deadline(vp) == fake_host_tsc + 5000);
	page_write(vp, 0x320, DEADLINE | MASKED);
	fake_host_tsc += 5000;
	assert_true(msr_read(vp, 0x6e0) == 0);
	page_write(vp, 0x320, DEADLINE);
	assert_false(fires(vp));
}

/* ---- the guest moves its TSC ------------------------------------------- */

static void move_tsc(struct vp *vp, uint64_t delta)
{
	vp->vcpu.tsc_offset += delta;
	apic_adjust_tsc(vp, delta);
}

static void test_tsc_moves(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);
	uint64_t begin = fake_host_tsc;

	(void)state;
	page_write(vp, 0x380, 1000);
	fake_host_tsc += 2000;
	move_tsc(vp, 1000000000);
	assert_int_equal(page_read(vp, 0x390), 800);
	move_tsc(vp, 0 - 3000000000ull);
	assert_int_equal(page_read(vp, 0x390), 800);
	fires_at(vp, begin + 10000);
	/* A deadline is a time on that clock. */
	page_write(vp, 0x320, DEADLINE);
	msr_write(vp, 0x6e0, vp_guest_tsc(vp) + 5000);
	move_tsc(vp, 2000);
	assert_true(apic_deadline(vp) == fake_host_tsc + 3000);
	move_tsc(vp, 0 - 4000ull);
	assert_true(apic_deadline(vp) == fake_host_tsc + 7000);
	move_tsc(vp, 7000);
	assert_int_equal(pending(vp), VECTOR);
}

/* No number of a guest makes a division overflow or a loop long. */
static void test_rubbish(void **state)
{
	struct vp *vp = start(ONE_SHOT, BY_1);
	uint64_t seed = 1;

	(void)state;
	fake_tsc_hz = 100000000;
	for (unsigned i = 0; i < 200000; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		switch (seed >> 61) {
		case 0:
			page_write(vp, 0x320, (uint32_t)(seed >> 20));
			break;
		case 1:
			page_write(vp, 0x380, (uint32_t)(seed >> 20) >>
				   (seed >> 55 & 31));
			break;
		case 2:
			page_write(vp, 0x3e0, (uint32_t)(seed >> 20));
			break;
		case 3:
			msr_write(vp, 0x6e0, seed << 3);
			break;
		case 4:
			/* Behind the timer's back. */
			vp->vcpu.tsc_offset += seed << 3;
			break;
		case 5:
			move_tsc(vp, seed << 3);
			break;
		default:
			page_read(vp, 0x390);
			apic_poll_timer(vp, fake_host_tsc);
			fake_host_tsc += seed >> 30 & 0xffffff;
		}
	}
	apic_reset(vp);
	assert_true(apic_deadline(vp) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_shot, setup),
		cmocka_unit_test_setup(test_one_shot_boundaries, setup),
		cmocka_unit_test_setup(test_divides, setup),
		cmocka_unit_test_setup(test_current_count, setup),
		cmocka_unit_test_setup(test_rewrite_restarts, setup),
		cmocka_unit_test_setup(test_divide_changes_under_way, setup),
		cmocka_unit_test_setup(test_periodic, setup),
		cmocka_unit_test_setup(test_periodic_count, setup),
		cmocka_unit_test_setup(test_missed_periods, setup),
		cmocka_unit_test_setup(test_tiny_period, setup),
		cmocka_unit_test_setup(test_masked, setup),
		cmocka_unit_test_setup(test_masked_periodic, setup),
		cmocka_unit_test_setup(test_software_disabled, setup),
		cmocka_unit_test_setup(test_illegal_vector, setup),
		cmocka_unit_test_setup(test_counting_modes_change, setup),
		cmocka_unit_test_setup(test_deadline_mode_changes, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_deadline_in_the_past, setup),
		cmocka_unit_test_setup(test_deadline_never, setup),
		cmocka_unit_test_setup(test_deadline_masked, setup),
		cmocka_unit_test_setup(test_tsc_moves, setup),
		cmocka_unit_test_setup(test_rubbish, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
