/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/core/flush.c hv/run/schedule.c hv/core/line.c hv/core/vp.c hv/core/partition.c hv/guest/apic.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/apic_ipi.c hv/guest/ioapic.c hv/guest/stimer.c tests/unit/fake_vcpu.c */
/*
 * HvFlushVirtualAddressSpace from VP 1 on LP 1, against a model of the TLB
 * that VP 0 fills on LP 0: it remembers each translation until VP 0 enters
 * with an ASID of its own anew. When the call has returned, VP 0 must never
 * again use one that is older, whenever the call came: in the guest, before
 * the entry, in another VP's slot. Then: if any part is left out, it is seen.
 */
#include "loop_machine.h"

#include "core/flush.h"

#define PAGES 4u
#define ROUNDS 20000u

/* Parts that a test leaves out. */
enum part { NOTHING, THE_CALL, THE_VP, THE_KICK, THE_REQUEST, THE_ASID };

static enum part missing;
static uint64_t table[PAGES];		/* the guest's page table */
static uint64_t tlb[PAGES];		/* 0: nothing */
static uint64_t flushed[PAGES];		/* what the table had at a call */
static unsigned stale, used;
static uint32_t seed;
static bool in_guest_next;		/* the call comes in the guest */

void nested_flush_done(struct flush_token token)
{
	(void)token;
}

static uint32_t pick(uint32_t count)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % count;
}

static void touch(void)
{
	uint32_t page = pick(PAGES);

	if (tlb[page] == 0) {
		tlb[page] = table[page];
	}
	used++;
	if (tlb[page] < flushed[page]) {
		stale++;
	}
}

/* VP 1 changes a page, and asks for a flush of VP 0 (and itself). */
static void change(void)
{
	table[pick(PAGES)]++;
	if (missing == THE_CALL) {
		memcpy(flushed, table, sizeof(flushed));
		return;
	}
	if (missing == THE_KICK && lps[0].interruptible == LP_IN_GUEST) {
		/* As if VP 0 were asked, and nobody waited. */
		vp0->requests |= VP_REQUEST_TLB;
	} else {
		self = &lps[1];
		flush_guests(vp1, missing == THE_VP ? 2 : 3);
		self = lp0;
	}
	memcpy(flushed, table, sizeof(flushed));
}

/* An entry of any VP on LP 0. */
static void enter(struct vcpu *vcpu)
{
	if (vcpu != &vp0->vcpu) {
		return;
	}
	if (vcpu->asid_generation == 0 && missing != THE_ASID) {
		memset(tlb, 0, sizeof(tlb));
		vcpu->asid_generation = 1;
	}
	lp0->interruptible = LP_IN_GUEST;
	left = false;
	touch();
	if (in_guest_next) {
		change();
		in_guest_next = false;
	}
	for (unsigned i = pick(6); i > 0 && !left; i--) {
		touch();
	}
	lp0->interruptible = LP_IN_HYPERVISOR;
}

static void play(enum part leave_out)
{
	missing = leave_out;
	seed = 1;
	stale = used = 0;
	memset(tlb, 0, sizeof(tlb));
	memset(flushed, 0, sizeof(flushed));
	for (unsigned i = 0; i < PAGES; i++) {
		table[i] = 1;
	}
	fake_vcpu_on_run = enter;
	for (unsigned i = 0; i < ROUNDS; i++) {
		in_guest_next = pick(3) == 0;
		if (pick(3) == 0) {
			change();
		}
		if (missing == THE_REQUEST) {
			vp0->requests &= ~VP_REQUEST_TLB;
		}
		turn_at(i * 7);
		assert_int_equal(vp0->requests & ~VP_REQUEST_TLB, 0);
	}
	fake_vcpu_on_run = NULL;
	assert_true(used > ROUNDS / 4);
}

static void test_never_stale(void **state)
{
	(void)state;
	play(NOTHING);
	assert_int_equal(stale, 0);
}

static void test_what_is_left_out_is_seen(void **state)
{
	for (enum part part = THE_CALL; part <= THE_ASID; part++) {
		setup(state);
		play(part);
		assert_true(stale > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_never_stale, setup),
		cmocka_unit_test_setup(test_what_is_left_out_is_seen, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
