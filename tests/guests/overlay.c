/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlay pages (TLFS 5.2.1): they hide what lies below and uncover it
 * unchanged, lie where there is no RAM, lie on each other, and every VP sees
 * the same. Wants two VPs and 4 MiB.
 */
#include "lib/guest.h"

#define OS_ID 0x8f00000000000001ull
#define NO_RAM 0x40000000ull	/* 1 GiB: far beyond this partition's RAM */

#define PAGES 4
static uint64_t pages[PAGES][512] __attribute__((aligned(4096)));

static uint64_t address_of(unsigned i)
{
	return (uint64_t)pages[i];
}

static void fill_patterns(void)
{
	for (unsigned i = 0; i < PAGES; i++) {
		for (uint64_t j = 0; j < 512; j++) {
			pages[i][j] = 0x1122334455000000ull + i * 0x10000 + j;
		}
	}
}

/* Every word but the first `from` ones. */
static bool has_pattern_from(unsigned i, uint64_t from)
{
	volatile uint64_t *p = pages[i];

	for (uint64_t j = from; j < 512; j++) {
		if (p[j] != 0x1122334455000000ull + i * 0x10000 + j) {
			return false;
		}
	}
	return true;
}

static bool has_pattern(unsigned i)
{
	return has_pattern_from(i, 0);
}

/* Somewhere in its first 16 bytes VMMCALL or VMCALL, and then RET. */
static bool is_hypercall_page(const volatile void *page)
{
	const volatile uint8_t *p = page;

	for (unsigned i = 0; i < 16; i++) {
		if (p[i] == 0x0f && p[i + 1] == 0x01
		    && (p[i + 2] == 0xd9 || p[i + 2] == 0xc1)
		    && p[i + 3] == 0xc3) {
			return true;
		}
	}
	return false;
}

/* Sequence, scale, and nothing behind the offset. */
static bool is_tsc_page(const volatile void *page)
{
	const volatile uint32_t *p = page;
	const volatile uint64_t *q = page;

	return p[0] != 0 && p[0] != 0xffffffff && p[1] == 0 && q[1] != 0
		&& q[3] == 0 && q[511] == 0;
}

static void set_hypercall(uint64_t gpa, bool on)
{
	wrmsr(MSR_HV_HYPERCALL, gpa | (on ? 1 : 0));
}

static void set_tsc_page(uint64_t gpa, bool on)
{
	wrmsr(MSR_HV_REFERENCE_TSC, gpa | (on ? 1 : 0));
}

static void set_assist(uint64_t gpa, bool on)
{
	wrmsr(MSR_HV_VP_ASSIST_PAGE, gpa | (on ? 1 : 0));
}

/* Without an identity there is no page (TLFS 3.13). */
static void test_identity(void)
{
	wrmsr(MSR_HV_GUEST_OS_ID, 0);
	set_hypercall(address_of(0), true);
	check((rdmsr(MSR_HV_HYPERCALL) & 1) == 0 && has_pattern(0),
	      "no-identity-no-page", "%lx", rdmsr(MSR_HV_HYPERCALL));
	wrmsr(MSR_HV_GUEST_OS_ID, OS_ID);
	set_hypercall(address_of(0), true);
	check(is_hypercall_page(pages[0]), "hypercall-page-visible",
	      "%lx", pages[0][0]);
	check(rdmsr(MSR_HV_HYPERCALL) == (address_of(0) | 1),
	      "hypercall-msr-reads-back", "%lx", rdmsr(MSR_HV_HYPERCALL));
	wrmsr(MSR_HV_GUEST_OS_ID, 0);
	check((rdmsr(MSR_HV_HYPERCALL) & 1) == 0 && has_pattern(0),
	      "identity-gone-page-gone", "%lx", rdmsr(MSR_HV_HYPERCALL));
	wrmsr(MSR_HV_GUEST_OS_ID, OS_ID);
}

static void test_hide_and_uncover(void)
{
	unsigned vector;

	set_hypercall(address_of(0), true);
	vector = try_write64(address_of(0) + 64, 0x4141);
	check(vector == VECTOR_GP, "hypercall-page-read-only", "vector %u",
	      vector);
	check(has_pattern(1) && has_pattern(2), "neighbours-untouched",
	      "%lx %lx", pages[1][0], pages[2][0]);
	set_hypercall(address_of(0), false);
	check(has_pattern(0), "pattern-uncovered", "%lx", pages[0][0]);

	set_tsc_page(address_of(1), true);
	check(is_tsc_page(pages[1]), "tsc-page-visible", "%lx %lx",
	      pages[1][0], pages[1][1]);
	check(rdmsr(MSR_HV_REFERENCE_TSC) == (address_of(1) | 1),
	      "tsc-msr-reads-back", "%lx", rdmsr(MSR_HV_REFERENCE_TSC));
	set_tsc_page(address_of(1), false);
	check(has_pattern(1), "tsc-pattern-uncovered", "%lx", pages[1][0]);
}

static void test_move(void)
{
	set_hypercall(address_of(0), true);
	set_hypercall(address_of(2), true);
	check(has_pattern(0) && is_hypercall_page(pages[2]), "move",
	      "%lx %lx", pages[0][0], pages[2][0]);
	set_hypercall(address_of(2), false);
	check(has_pattern(2), "move-uncovered", "%lx", pages[2][0]);
}

/* Two on one page: which one shows is not said; the other comes back. */
static void test_two(bool hypercall_first, bool hypercall_leaves_first,
		     const char *name)
{
	bool ok = true;

	if (hypercall_first) {
		set_hypercall(address_of(1), true);
		set_tsc_page(address_of(1), true);
	} else {
		set_tsc_page(address_of(1), true);
		set_hypercall(address_of(1), true);
	}
	ok = is_hypercall_page(pages[1]) != is_tsc_page(pages[1]);
	if (hypercall_leaves_first) {
		set_hypercall(address_of(1), false);
		ok = ok && is_tsc_page(pages[1]);
		set_tsc_page(address_of(1), false);
	} else {
		set_tsc_page(address_of(1), false);
		ok = ok && is_hypercall_page(pages[1]);
		set_hypercall(address_of(1), false);
	}
	check(ok && has_pattern(1), name, "%lx", pages[1][0]);
}

/* Three: the VP assist page, writable, between the others. */
static void test_three(void)
{
	volatile uint64_t *p = pages[3];
	bool ok;

	set_tsc_page(address_of(3), true);
	set_assist(address_of(3), true);
	set_hypercall(address_of(3), true);
	set_hypercall(address_of(3), false);
	set_tsc_page(address_of(3), false);
	p[100] = 0xabcdef;		/* the assist page is left */
	ok = p[100] == 0xabcdef && !has_pattern_from(3, 1);
	set_assist(address_of(3), false);
	check(ok && has_pattern(3), "three-on-one", "%lx", p[100]);
}

static void test_assist(void)
{
	volatile uint64_t *p = pages[3];

	set_assist(address_of(3), true);
	p[0] = 0;
	p[511] = 0x5555;
	check(p[511] == 0x5555 && rdmsr(MSR_HV_VP_ASSIST_PAGE)
	      == (address_of(3) | 1), "assist-writable", "%lx", p[511]);
	set_assist(address_of(3), false);
	check(has_pattern(3), "assist-pattern-uncovered", "%lx", p[511]);
}

/* Nothing below: the overlay is there alone, and then nothing again. */
static void test_no_ram(void)
{
	volatile uint64_t *p = paging_window(0, NO_RAM);
	uint64_t before, value, after;
	unsigned vector[3];

	vector[0] = try_read64((uint64_t)p, &before);
	set_hypercall(NO_RAM, true);
	check(is_hypercall_page(p), "no-ram-hypercall-page", "%lx", p[0]);
	set_hypercall(NO_RAM, false);
	set_tsc_page(NO_RAM, true);
	vector[1] = try_read64((uint64_t)(p + 1), &value);
	check(vector[1] == VECTOR_NONE && is_tsc_page(p), "no-ram-tsc-page",
	      "vector %u %lx", vector[1], value);
	set_tsc_page(NO_RAM, false);
	set_assist(NO_RAM, true);
	p[7] = 0x7777;
	check(p[7] == 0x7777, "no-ram-assist-page", "%lx", p[7]);
	set_assist(NO_RAM, false);
	vector[2] = try_read64((uint64_t)p, &after);
	check(vector[0] == vector[2] && before == after, "no-ram-again",
	      "vectors %u %u values %lx %lx", vector[0], vector[2], before,
	      after);
}

static void test_width(void)
{
	uint64_t beyond = 1ull << (cpuid(0x80000008, 0).eax & 0xff);
	unsigned vector = try_wrmsr(MSR_HV_HYPERCALL, beyond | 1);

	check(vector == VECTOR_GP, "hypercall-beyond-width", "vector %u",
	      vector);
	vector = try_wrmsr(MSR_HV_REFERENCE_TSC, beyond | 1);
	check(vector == VECTOR_NONE, "tsc-page-beyond-width", "vector %u",
	      vector);
	set_tsc_page(0, false);
}

/* ---- a second VP -------------------------------------------------------- */

#define ROUNDS 200
static volatile uint32_t round_ready;	/* VP 0: the map has changed */
static volatile uint32_t round_seen;	/* VP 1: looked */
static volatile uint32_t seen_bad;

/* Odd rounds show the hypercall page, even ones the pattern. */
static void watch(void *arg)
{
	volatile uint64_t *p = pages[0];

	(void)arg;
	for (uint32_t r = 1; r <= ROUNDS; r++) {
		while (round_ready < r) {
			cpu_pause();
		}
		if ((r & 1) != 0 ? !is_hypercall_page(p)
		    : p[0] != 0x1122334455000000ull) {
			seen_bad = seen_bad + 1;
		}
		round_seen = r;
	}
}

static void test_second_vp(void)
{
	apic_enable(true);
	if (!check(smp_start_all(2) == 2, "second-vp", "%u VPs", smp_count)) {
		return;
	}
	smp_call(1, watch, 0);
	for (uint32_t r = 1; r <= ROUNDS; r++) {
		uint64_t end = rdtsc() + tsc_hz() * 10;

		set_hypercall(address_of(0), (r & 1) != 0);
		round_ready = r;
		while (round_seen < r && rdtsc() < end) {
			cpu_pause();
		}
	}
	check(round_seen == ROUNDS && seen_bad == 0, "second-vp-sees",
	      "%u rounds, %u wrong", round_seen, seen_bad);
}

static volatile uint64_t other_result;

static void other_calls(void *arg)
{
	(void)arg;
	other_result = hypercall(0x10008, 1, 0);
}

static void own_assist(void *arg)
{
	volatile uint64_t *p = pages[2];

	(void)arg;
	set_assist(address_of(2), true);
	p[9] = 0x9191;
	other_result = p[9];
	set_assist(address_of(2), false);
}

static void test_other_use(void)
{
	other_result = ~0ull;
	if (!check(hypercall_enable(), "hypercall-enable", "off")) {
		return;
	}
	smp_call(1, other_calls, 0);
	check(smp_wait(1) && other_result == 0, "second-vp-calls", "%lx",
	      other_result);
	smp_call(1, own_assist, 0);
	check(smp_wait(1) && other_result == 0x9191 && has_pattern(2),
	      "second-vp-assist", "%lx", other_result);
	check(rdmsr(MSR_HV_VP_ASSIST_PAGE) == (NO_RAM | 0)
	      || (rdmsr(MSR_HV_VP_ASSIST_PAGE) & 1) == 0,
	      "assist-is-per-vp", "%lx", rdmsr(MSR_HV_VP_ASSIST_PAGE));
}

void guest_main(void)
{
	fill_patterns();
	test_identity();
	test_hide_and_uncover();
	test_move();
	test_two(true, true, "two-hypercall-first-leaves-first");
	test_two(true, false, "two-hypercall-first-leaves-last");
	test_two(false, true, "two-tsc-first-leaves-last");
	test_two(false, false, "two-tsc-first-leaves-first");
	test_assist();
	test_three();
	test_no_ram();
	test_width();
	test_second_vp();
	test_other_use();
}
