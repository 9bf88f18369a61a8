/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c */
/* The synthetic MSRs, overlays, reference time, crash report, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "abi/msr.h"
#include "abi/tlfs.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "fake_tlfs.h"
#include "guest/apic.h"
#include "guest/guest.h"

#define OS_ID 0x8100000000000000ull
#define SPACE_END (1ull << FAKE_GPA_BITS)

static struct vp *vp;		/* VP 0 of the partition with all rights */
static struct vp *none;		/* of the one without privileges */
static struct vp *bare;		/* of the one that is not shown the TLFS */

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	none = &vp_table[2];
	bare = &vp_table[3];
	return 0;
}

static uint64_t rdmsr_of(struct vp *of, uint32_t msr)
{
	uint64_t value;

	assert_int_equal(fake_rdmsr(of, msr, &value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
	return value;
}

static uint64_t rdmsr(uint32_t msr)
{
	return rdmsr_of(vp, msr);
}

static void wrmsr_of(struct vp *of, uint32_t msr, uint64_t value)
{
	assert_int_equal(fake_wrmsr(of, msr, value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	wrmsr_of(vp, msr, value);
}

static const struct fake_overlay *overlay(uint32_t id)
{
	return &fake_overlays[PARTITION_FULL][id];
}

/* Every change of an overlay has been flushed. */
static bool all_flushed(void)
{
	for (unsigned i = 0; i < FAKE_OVERLAY_MAX; i++) {
		if (overlay(i)->changed > fake_flushed[PARTITION_FULL]) {
			return false;
		}
	}
	return true;
}

/* ---- who may access what ----------------------------------------------- */

static void test_run_time(void **state)
{
	uint64_t value;

	(void)state;
	vp->run_ticks = FAKE_TSC_HZ;
	vp->run_since = fake_tsc;
	fake_tsc += FAKE_TSC_HZ / 2;
	fake_rdmsr(vp, HV_MSR_VP_RUNTIME, &value);
	assert_in_range(value, 14999999, 15000000);
	assert_true(fake_wrmsr_faults(vp, HV_MSR_VP_RUNTIME, 0));
}

static void test_absent(void **state)
{
	(void)state;
	for (uint32_t msr = HV_MSR_FIRST; msr <= HV_MSR_LAST; msr++) {
		bool here = msr <= HV_MSR_RESET ||
			    msr == HV_MSR_VP_RUNTIME ||
			    msr == HV_MSR_TSC_INVARIANT ||
			    (msr >= HV_MSR_TIME_REF_COUNT &&
			     msr <= HV_MSR_APIC_FREQUENCY) ||
			    msr == HV_MSR_VP_ASSIST_PAGE ||
			    (msr >= HV_MSR_SCONTROL && msr <= HV_MSR_EOM) ||
			    (msr >= HV_MSR_SINT0 && msr <= HV_MSR_SINT15) ||
			    (msr >= HV_MSR_STIMER0_CONFIG &&
			     msr <= HV_MSR_STIMER3_COUNT) ||
			    (msr >= HV_MSR_CRASH_P0 &&
			     msr <= HV_MSR_CRASH_CTL);

		assert_int_equal(fake_rdmsr_faults(vp, msr), !here);
		if (!here) {
			assert_true(fake_wrmsr_faults(vp, msr, 0));
		}
	}
}

static void test_read_only(void **state)
{
	static const uint32_t msrs[] = {
		HV_MSR_VP_INDEX, HV_MSR_TIME_REF_COUNT, HV_MSR_TSC_FREQUENCY,
		HV_MSR_APIC_FREQUENCY, HV_MSR_SVERSION,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		assert_true(fake_wrmsr_faults(vp, msrs[i], 0));
		assert_true(fake_wrmsr_faults(vp, msrs[i], 1));
	}
}

/* Linux writes VP_ASSIST_PAGE without a look at the privileges. */
static void test_no_privilege(void **state)
{
	(void)state;
	for (uint32_t msr = HV_MSR_FIRST; msr <= HV_MSR_LAST; msr++) {
		bool here = msr == HV_MSR_VP_ASSIST_PAGE ||
			    (msr >= HV_MSR_CRASH_P0 &&
			     msr <= HV_MSR_CRASH_CTL);

		assert_int_equal(fake_rdmsr_faults(none, msr), !here);
		assert_int_equal(fake_wrmsr_faults(none, msr, 0), !here);
	}
	assert_int_equal(fake_end.request_count, 0);
}

/* One privilege at a time gives its own MSRs. */
static void test_each_privilege(void **state)
{
	static const struct {
		uint32_t msr;
		unsigned bit;
	} list[] = {
		{ HV_MSR_GUEST_OS_ID, 5 }, { HV_MSR_HYPERCALL, 5 },
		{ HV_MSR_VP_INDEX, 6 }, { HV_MSR_RESET, 7 },
		{ HV_MSR_TIME_REF_COUNT, 1 }, { HV_MSR_REFERENCE_TSC, 9 },
		{ HV_MSR_TSC_FREQUENCY, 11 }, { HV_MSR_APIC_FREQUENCY, 11 },
		{ HV_MSR_SCONTROL, 2 }, { HV_MSR_SVERSION, 2 },
		{ HV_MSR_SIEFP, 2 }, { HV_MSR_SIMP, 2 }, { HV_MSR_EOM, 2 },
		{ HV_MSR_SINT0, 2 }, { HV_MSR_SINT15, 2 },
		{ HV_MSR_STIMER0_CONFIG, 3 }, { HV_MSR_STIMER3_COUNT, 3 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
		uint64_t bit = 1ull << list[i].bit;

		fake_partition_configs[PARTITION_FULL].hv_privileges = bit;
		assert_false(fake_rdmsr_faults(vp, list[i].msr));
		fake_partition_configs[PARTITION_FULL].hv_privileges = ~bit;
		assert_true(fake_rdmsr_faults(vp, list[i].msr));
		assert_true(fake_wrmsr_faults(vp, list[i].msr, 1));
	}
	assert_int_equal(fake_end.request_count, 0);
}

static void test_not_shown(void **state)
{
	(void)state;
	for (uint32_t msr = HV_MSR_FIRST; msr <= HV_MSR_LAST; msr++) {
		assert_true(fake_rdmsr_faults(bare, msr));
		assert_true(fake_wrmsr_faults(bare, msr, 1));
	}
	assert_int_equal(fake_end.fail_count + fake_end.request_count, 0);
}

/* Nor does a row show what is not to be shown. */
static void test_not_shown_by_row(void **state)
{
	static const struct msr_config rows[] = {
		{ .first = HV_MSR_FIRST, .last = HV_MSR_LAST,
		  .read = MSR_EMULATE, .write = MSR_EMULATE },
	};

	(void)state;
	fake_partition_configs[PARTITION_BARE].msrs = rows;
	fake_partition_configs[PARTITION_BARE].msr_count = 1;
	for (uint32_t msr = HV_MSR_FIRST; msr <= HV_MSR_LAST; msr++) {
		assert_true(fake_rdmsr_faults(bare, msr));
		assert_true(fake_wrmsr_faults(bare, msr, 1));
	}
}

/* A row can take away what the privileges give. */
static void test_row_wins(void **state)
{
	static const struct msr_config rows[] = {
		{ .first = HV_MSR_VP_INDEX, .last = HV_MSR_VP_INDEX,
		  .read = MSR_DENY, .write = MSR_DENY },
		{ .first = HV_MSR_TSC_FREQUENCY, .last = HV_MSR_TSC_FREQUENCY,
		  .read = MSR_VALUE, .write = MSR_DENY, .value = 5 },
	};

	(void)state;
	fake_partition_configs[PARTITION_FULL].msrs = rows;
	fake_partition_configs[PARTITION_FULL].msr_count = 2;
	assert_true(fake_rdmsr_faults(vp, HV_MSR_VP_INDEX));
	assert_int_equal(rdmsr(HV_MSR_TSC_FREQUENCY), 5);
	assert_int_equal(rdmsr(HV_MSR_APIC_FREQUENCY), APIC_BUS_HZ);
}

static void test_constants(void **state)
{
	(void)state;
	assert_int_equal(rdmsr(HV_MSR_VP_INDEX), 0);
	assert_int_equal(rdmsr_of(&vp_table[1], HV_MSR_VP_INDEX), 1);
	assert_int_equal(rdmsr(HV_MSR_TSC_FREQUENCY), FAKE_TSC_HZ);
	assert_int_equal(rdmsr(HV_MSR_APIC_FREQUENCY), 200000000);
	wrmsr(HV_MSR_CRASH_P0, 5);
	assert_int_equal(rdmsr(HV_MSR_RESET), 0);
}

/* ---- the hypercall page ------------------------------------------------ */

static void test_hypercall_needs_identity(void **state)
{
	(void)state;
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3000);
	assert_false(overlay(OVERLAY_HYPERCALL)->mapped);
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	assert_int_equal(rdmsr(HV_MSR_GUEST_OS_ID), OS_ID);
	assert_false(overlay(OVERLAY_HYPERCALL)->mapped);
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3001);
	assert_true(overlay(OVERLAY_HYPERCALL)->mapped);
	assert_int_equal(overlay(OVERLAY_HYPERCALL)->gpa, 0x3000);
	assert_int_equal(overlay(OVERLAY_HYPERCALL)->rights,
			 NESTED_READ | NESTED_EXECUTE);
	assert_true(all_flushed());
	/* The partition's, not the VP's. */
	assert_int_equal(rdmsr_of(&vp_table[1], HV_MSR_HYPERCALL), 0x3001);
	/* Giving up the identity takes the page away. */
	wrmsr_of(&vp_table[1], HV_MSR_GUEST_OS_ID, 0);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3000);
	assert_false(overlay(OVERLAY_HYPERCALL)->mapped);
	assert_true(all_flushed());
}

static void test_hypercall_page_bytes(void **state)
{
	static const uint8_t amd[] = {
		0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x01, 0xd9, 0xc3
	};
	const uint8_t *page;

	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	page = (const uint8_t *)(uintptr_t)overlay(OVERLAY_HYPERCALL)->spa;
	assert_int_equal((uintptr_t)page & 0xfff, 0);
	assert_memory_equal(page, amd, 8);
	for (unsigned i = 8; i < 4096; i++) {
		assert_int_equal(page[i], 0xcc);
	}
	wrmsr(HV_MSR_HYPERCALL, 0);
	cpu_id_vendor = VENDOR_INTEL;
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	page = (const uint8_t *)(uintptr_t)overlay(OVERLAY_HYPERCALL)->spa;
	assert_memory_equal(page, "\xf3\x0f\x1e\xfa\x0f\x01\xc1\xc3\xcc", 9);
}

static void test_hypercall_moves(void **state)
{
	unsigned flushes;

	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	flushes = fake_flush_count;
	assert_int_equal(flushes, 1);
	/* Reserved bits are kept; the page does not move for them. */
	wrmsr(HV_MSR_HYPERCALL, 0x3ffd);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3ffd);
	assert_int_equal(fake_flush_count, flushes);
	wrmsr(HV_MSR_HYPERCALL, 0x5001);
	assert_true(overlay(OVERLAY_HYPERCALL)->mapped);
	assert_int_equal(overlay(OVERLAY_HYPERCALL)->gpa, 0x5000);
	assert_true(all_flushed());
	wrmsr(HV_MSR_HYPERCALL, 0x5000);
	assert_false(overlay(OVERLAY_HYPERCALL)->mapped);
	assert_true(all_flushed());
	/* Where there is no RAM, up to the end of the GPA space. */
	wrmsr(HV_MSR_HYPERCALL, SPACE_END - 0x1000 + 1);
	assert_int_equal(overlay(OVERLAY_HYPERCALL)->gpa, SPACE_END - 0x1000);
}

static void test_hypercall_beyond_space(void **state)
{
	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	assert_true(fake_wrmsr_faults(vp, HV_MSR_HYPERCALL, SPACE_END + 1));
	assert_true(fake_wrmsr_faults(vp, HV_MSR_HYPERCALL, ~0ull));
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3001);
	assert_true(overlay(OVERLAY_HYPERCALL)->mapped);
}

/* No table left: the guest is told, and the page reads as off. */
static void test_hypercall_pool_full(void **state)
{
	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	fake_map_answer = HV_ERR_FULL;
	assert_true(fake_wrmsr_faults(vp, HV_MSR_HYPERCALL, 0x3001));
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3000);
	assert_int_equal(fake_flush_count, 0);
	fake_map_answer = HV_OK;
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	assert_true(overlay(OVERLAY_HYPERCALL)->mapped);
}

/* While one VP changes a page MSR, another's WRMSR is executed again. */
static enum outcome rival[3];

static void write_in_flush(void)
{
	struct vp *other = &vp_table[1];

	fake_on_flush = NULL;
	rival[0] = fake_wrmsr(other, HV_MSR_HYPERCALL, 0x9001);
	rival[1] = fake_wrmsr(other, HV_MSR_GUEST_OS_ID, 0);
	rival[2] = fake_wrmsr(other, HV_MSR_REFERENCE_TSC, 0x9001);
}

static void test_two_vps_at_once(void **state)
{
	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	fake_on_flush = write_in_flush;
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	assert_int_equal(rival[0], OUTCOME_SAME);
	assert_int_equal(rival[1], OUTCOME_SAME);
	assert_int_equal(rival[2], OUTCOME_SAME);
	assert_int_equal(fake_take_exception(&vp_table[1]), -1);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x3001);
	assert_int_equal(rdmsr(HV_MSR_GUEST_OS_ID), OS_ID);
	assert_int_equal(rdmsr(HV_MSR_REFERENCE_TSC), 0);
	/* The second attempt gets through. */
	wrmsr_of(&vp_table[1], HV_MSR_HYPERCALL, 0x9001);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0x9001);
	wrmsr_of(&vp_table[1], HV_MSR_REFERENCE_TSC, 0xa001);
	wrmsr_of(&vp_table[1], HV_MSR_GUEST_OS_ID, 0);
	assert_false(overlay(OVERLAY_HYPERCALL)->mapped);
}

/* At the end of a slot no page moves: that takes long. */
static void test_pages_have_time(void **state)
{
	static const uint32_t msrs[] = {
		HV_MSR_HYPERCALL, HV_MSR_REFERENCE_TSC, HV_MSR_VP_ASSIST_PAGE
	};

	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	fake_lp.long_end = fake_tsc;
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		assert_int_equal(fake_wrmsr(vp, msrs[i], 0x3001 + i * 0x1000),
				 OUTCOME_SAME);
		assert_int_equal(rdmsr(msrs[i]), 0);
	}
	assert_int_equal(fake_wrmsr(vp, HV_MSR_GUEST_OS_ID, 0), OUTCOME_SAME);
	assert_int_equal(rdmsr(HV_MSR_GUEST_OS_ID), OS_ID);
	assert_int_equal(fake_flush_count, 0);
	fake_lp.long_end = fake_tsc + 1;
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		wrmsr(msrs[i], 0x3001 + i * 0x1000);
	}
	assert_int_equal(fake_flush_count, 3);
}

/* ---- time -------------------------------------------------------------- */

static uint64_t page_time(const struct hv_reference_tsc_page *page,
			  uint64_t tsc)
{
	return (uint64_t)(((unsigned __int128)tsc * page->scale) >> 64) +
	       (uint64_t)page->offset;
}

static void test_reference_tsc(void **state)
{
	const struct fake_overlay *o = overlay(OVERLAY_REFERENCE_TSC);
	const struct hv_reference_tsc_page *page;

	(void)state;
	/* Works before the guest has said who it is. */
	wrmsr(HV_MSR_REFERENCE_TSC, 0x6001);
	assert_int_equal(rdmsr(HV_MSR_REFERENCE_TSC), 0x6001);
	assert_true(o->mapped);
	assert_int_equal(o->gpa, 0x6000);
	assert_int_equal(o->rights, NESTED_READ);
	assert_true(all_flushed());
	page = (const void *)(uintptr_t)o->spa;
	assert_ptr_equal(page, &overlay_pages_partition[PARTITION_FULL]);
	assert_int_not_equal(page->sequence, 0);
	assert_int_not_equal(page->sequence, 0xffffffff);
	for (unsigned i = 0; i < ARRAY_COUNT(page->reserved_rest); i++) {
		assert_int_equal(page->reserved_rest[i], 0);
	}
	wrmsr(HV_MSR_REFERENCE_TSC, 0);
	assert_int_equal(rdmsr(HV_MSR_REFERENCE_TSC), 0);
	assert_false(o->mapped);
	assert_true(all_flushed());
}

static void test_reference_tsc_beyond_space(void **state)
{
	const struct fake_overlay *o = overlay(OVERLAY_REFERENCE_TSC);

	(void)state;
	wrmsr(HV_MSR_REFERENCE_TSC, 0x6001);
	wrmsr(HV_MSR_REFERENCE_TSC, SPACE_END + 1);
	assert_int_equal(rdmsr(HV_MSR_REFERENCE_TSC), SPACE_END + 1);
	assert_false(o->mapped);
	wrmsr(HV_MSR_REFERENCE_TSC, 0x7001);
	assert_true(o->mapped);
	assert_int_equal(o->gpa, 0x7000);
	fake_map_answer = HV_ERR_FULL;
	assert_true(fake_wrmsr_faults(vp, HV_MSR_REFERENCE_TSC, 0x8001));
	assert_int_equal(rdmsr(HV_MSR_REFERENCE_TSC), 0x8000);
}

/* The page and the MSR are one clock, to the unit, for centuries. */
static void test_reference_time(void **state)
{
	const struct hv_reference_tsc_page *page =
		(const void *)&overlay_pages_partition[PARTITION_FULL];
	uint64_t last = 0;

	(void)state;
	assert_int_equal(rdmsr(HV_MSR_TIME_REF_COUNT), 0);
	fake_tsc += FAKE_TSC_HZ;
	/* scale is rounded down: a second may lack one unit. */
	assert_in_range(rdmsr(HV_MSR_TIME_REF_COUNT), 9999999, 10000000);
	for (unsigned i = 0; i < 60; i++) {
		uint64_t now;

		fake_tsc += (1ull << i) + i;
		now = rdmsr(HV_MSR_TIME_REF_COUNT);
		assert_int_equal(now, page_time(page, vp_guest_tsc(vp)));
		assert_int_equal(now, rdmsr_of(&vp_table[1],
					       HV_MSR_TIME_REF_COUNT));
		assert_true(now >= last);
		last = now;
	}
	assert_true(last > 10000000ull * 86400 * 365);
}

/* A VP that moves its TSC does not move the partition's time. */
static void test_reference_time_survives_tsc_write(void **state)
{
	uint64_t before;

	(void)state;
	fake_tsc += FAKE_TSC_HZ;
	before = rdmsr(HV_MSR_TIME_REF_COUNT);
	wrmsr(MSR_TSC, 0);
	assert_int_equal(rdmsr(HV_MSR_TIME_REF_COUNT), before);
}

/* ---- VP assist page ---------------------------------------------------- */

static void test_vp_assist(void **state)
{
	struct vp *other = &vp_table[1];

	(void)state;
	assert_int_equal(rdmsr(HV_MSR_VP_ASSIST_PAGE), 0);
	wrmsr(HV_MSR_VP_ASSIST_PAGE, 0x4001);
	wrmsr_of(other, HV_MSR_VP_ASSIST_PAGE, 0x8001);
	assert_int_equal(rdmsr(HV_MSR_VP_ASSIST_PAGE), 0x4001);
	assert_int_equal(rdmsr_of(other, HV_MSR_VP_ASSIST_PAGE), 0x8001);
	assert_int_equal(overlay(2)->gpa, 0x4000);
	assert_int_equal(overlay(2)->rights, NESTED_READ | NESTED_WRITE);
	assert_int_equal(overlay(2)->spa, (uintptr_t)overlay_pages_vp[0]);
	assert_int_equal(overlay(5)->gpa, 0x8000);
	assert_int_equal(overlay(5)->spa, (uintptr_t)overlay_pages_vp[1]);
	assert_true(all_flushed());
	wrmsr(HV_MSR_VP_ASSIST_PAGE, SPACE_END | 1);
	assert_int_equal(rdmsr(HV_MSR_VP_ASSIST_PAGE), SPACE_END | 1);
	assert_false(overlay(2)->mapped);
	assert_true(overlay(5)->mapped);
	wrmsr(HV_MSR_VP_ASSIST_PAGE, 0x4000);
	assert_false(overlay(2)->mapped);
	fake_map_answer = HV_ERR_FULL;
	assert_true(fake_wrmsr_faults(vp, HV_MSR_VP_ASSIST_PAGE, 0x4001));
	assert_int_equal(rdmsr(HV_MSR_VP_ASSIST_PAGE), 0x4000);
}

/* ---- reset ------------------------------------------------------------- */

static void test_reset_msr(void **state)
{
	(void)state;
	wrmsr(HV_MSR_RESET, 0);
	wrmsr(HV_MSR_RESET, 2);
	assert_int_equal(fake_end.request_count, 0);
	assert_int_equal(fake_wrmsr(vp, HV_MSR_RESET, 1), OUTCOME_STOP);
	assert_int_equal(fake_end.request_count, 1);
	assert_int_equal(fake_end.request, END_RESET);
	assert_int_equal(fake_end.fail_count, 0);
}

static void test_restart(void **state)
{
	(void)state;
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	wrmsr(HV_MSR_HYPERCALL, 0x3001);
	wrmsr(HV_MSR_REFERENCE_TSC, 0x4001);
	wrmsr(HV_MSR_VP_ASSIST_PAGE, 0x5001);
	wrmsr(HV_MSR_CRASH_P2, 7);
	memset(overlay_pages_vp[0], 0x77, sizeof(overlay_pages_vp[0]));
	partition_table[PARTITION_FULL].synth.busy = 1;

	fake_tsc += 12345;
	partition_table[PARTITION_FULL].tsc_start = fake_tsc;
	synth_reset_partition(PARTITION_FULL);
	synth_reset_vp(vp);
	assert_int_equal(rdmsr(HV_MSR_GUEST_OS_ID), 0);
	assert_int_equal(rdmsr(HV_MSR_HYPERCALL), 0);
	assert_int_equal(rdmsr(HV_MSR_REFERENCE_TSC), 0);
	assert_int_equal(rdmsr(HV_MSR_VP_ASSIST_PAGE), 0);
	assert_int_equal(rdmsr(HV_MSR_CRASH_P2), 0);
	assert_int_equal(rdmsr(HV_MSR_TIME_REF_COUNT), 0);
	for (unsigned i = 0; i < 4096; i++) {
		for (unsigned kind = 0; kind < OVERLAY_VP_COUNT; kind++) {
			assert_int_equal(overlay_pages_vp[0][kind].byte[i], 0);
		}
	}
	wrmsr(HV_MSR_GUEST_OS_ID, OS_ID);
	assert_int_equal(rdmsr(HV_MSR_GUEST_OS_ID), OS_ID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_run_time, setup),
		cmocka_unit_test_setup(test_absent, setup),
		cmocka_unit_test_setup(test_read_only, setup),
		cmocka_unit_test_setup(test_no_privilege, setup),
		cmocka_unit_test_setup(test_each_privilege, setup),
		cmocka_unit_test_setup(test_not_shown, setup),
		cmocka_unit_test_setup(test_not_shown_by_row, setup),
		cmocka_unit_test_setup(test_row_wins, setup),
		cmocka_unit_test_setup(test_constants, setup),
		cmocka_unit_test_setup(test_hypercall_needs_identity, setup),
		cmocka_unit_test_setup(test_hypercall_page_bytes, setup),
		cmocka_unit_test_setup(test_hypercall_moves, setup),
		cmocka_unit_test_setup(test_hypercall_beyond_space, setup),
		cmocka_unit_test_setup(test_hypercall_pool_full, setup),
		cmocka_unit_test_setup(test_two_vps_at_once, setup),
		cmocka_unit_test_setup(test_pages_have_time, setup),
		cmocka_unit_test_setup(test_reference_tsc, setup),
		cmocka_unit_test_setup(test_reference_tsc_beyond_space, setup),
		cmocka_unit_test_setup(test_reference_time, setup),
		cmocka_unit_test_setup(test_reference_time_survives_tsc_write,
				       setup),
		cmocka_unit_test_setup(test_vp_assist, setup),
		cmocka_unit_test_setup(test_reset_msr, setup),
		cmocka_unit_test_setup(test_restart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
