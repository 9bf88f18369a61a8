/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several VPs and their local APICs: start by INIT and SIPI, interprocessor
 * interrupts by every shorthand and destination, priorities, NMI, TLB
 * shootdown, all modes of the timer. Built twice: with the x2APIC's MSRs, and
 * (smpx) with the xAPIC's page.
 */
#include "lib/guest.h"

#ifndef WANT_X2
#define WANT_X2 true
#endif

#define VECTOR_A 0x41
#define VECTOR_B 0x52
#define VECTOR_C 0x63
#define VECTOR_TIMER 0x74
#define VECTOR_FLUSH 0x85

static volatile uint32_t hits[GUEST_VPS_MAX][256];
static volatile uint32_t order[GUEST_VPS_MAX][8];
static volatile uint32_t order_count[GUEST_VPS_MAX];
static volatile uint32_t nmis[GUEST_VPS_MAX];
static unsigned vps;

static void count(struct trap_frame *f)
{
	unsigned me = vp_local()->number;

	hits[me][f->vector]++;
	order[me][order_count[me]++ & 7] = (uint32_t)f->vector;
	apic_eoi();
}

static void count_nmi(struct trap_frame *f)
{
	(void)f;
	nmis[vp_local()->number]++;
}

static void clear_counts(void)
{
	memset((void *)hits, 0, sizeof(hits));
	memset((void *)order, 0, sizeof(order));
	memset((void *)order_count, 0, sizeof(order_count));
	memset((void *)nmis, 0, sizeof(nmis));
}

/* An interrupt that is pending must come now. */
static void open_window(void)
{
	interrupts_on();
	__asm__ volatile("nop; nop" : : : "memory");
	interrupts_off();
}

static bool wait_count(volatile uint32_t *counter, uint32_t wanted)
{
	uint64_t end = rdtsc() + tsc_hz() * 5;

	while (*counter < wanted) {
		if (rdtsc() > end) {
			return false;
		}
		open_window();
	}
	return true;
}

/* Others serve interrupts until told to end. */
static volatile bool serve;

static void serve_interrupts(void *arg)
{
	(void)arg;
	apic_enable(WANT_X2);
	while (serve) {
		wait_interrupt();
	}
}

static void start_serving(void)
{
	serve = true;
	for (unsigned i = 1; i < vps; i++) {
		smp_call(i, serve_interrupts, 0);
	}
	delay_us(2000);
}

static void stop_serving(void)
{
	serve = false;
	apic_icr(0, ICR_OTHERS | VECTOR_A);
	for (unsigned i = 1; i < vps; i++) {
		if (!smp_wait(i)) {
			fail("stop-serving", "VP %u does not come back", i);
		}
	}
}

/* Did exactly the VPs of the mask get it once? */
static bool only(uint32_t mask, unsigned vector)
{
	for (unsigned i = 0; i < vps; i++) {
		if ((mask >> i & 1) != 0 && !wait_count(&hits[i][vector], 1)) {
			return false;
		}
	}
	delay_us(200);
	open_window();
	for (unsigned i = 0; i < vps; i++) {
		if (hits[i][vector] != (mask >> i & 1)) {
			return false;
		}
	}
	return true;
}

static void report(bool ok, const char *name, unsigned vector)
{
	check(ok, name, "hits %u %u %u %u", hits[0][vector],
	      hits[1][vector], hits[2][vector], hits[3][vector]);
}

/* ---- interprocessor interrupts ------------------------------------------ */

static void test_shorthands(void)
{
	uint32_t all = (1u << vps) - 1;

	clear_counts();
	apic_icr(0, ICR_SELF | VECTOR_A);
	report(only(1, VECTOR_A), "ipi-self", VECTOR_A);
	clear_counts();
	apic_icr(0, ICR_ALL | VECTOR_B);
	report(only(all, VECTOR_B), "ipi-all", VECTOR_B);
	clear_counts();
	apic_icr(0, ICR_OTHERS | VECTOR_C);
	report(only(all & ~1u, VECTOR_C), "ipi-others", VECTOR_C);
}

static void test_physical(void)
{
	bool ok = true;

	for (unsigned i = 0; i < vps && ok; i++) {
		clear_counts();
		apic_icr(smp_locals[i].apic_id, VECTOR_A);
		ok = only(1u << i, VECTOR_A);
	}
	report(ok, "ipi-physical", VECTOR_A);
	clear_counts();
	apic_icr(apic_is_x2() ? 0xffffffff : 0xff, VECTOR_B);
	report(only((1u << vps) - 1, VECTOR_B), "ipi-broadcast", VECTOR_B);
	clear_counts();
	apic_icr(77, VECTOR_C);		/* nobody */
	report(only(0, VECTOR_C), "ipi-nobody", VECTOR_C);
}

static volatile uint32_t logical_ids[GUEST_VPS_MAX];

static void set_logical(void *arg)
{
	unsigned me = vp_local()->number;

	(void)arg;
	apic_enable(WANT_X2);
	if (apic_is_x2()) {
		logical_ids[me] = apic_read(APIC_LDR);
		return;
	}
	apic_write(APIC_DFR, 0xffffffff);
	apic_write(APIC_LDR, 1u << (24 + me));
	logical_ids[me] = 1u << me;
}

static void test_logical(void)
{
	uint32_t all = (1u << vps) - 1;
	uint32_t both;

	both = logical_ids[0] | logical_ids[1];
	clear_counts();
	apic_icr(logical_ids[1], ICR_LOGICAL | VECTOR_A);
	report(only(2, VECTOR_A), "ipi-logical-one", VECTOR_A);
	clear_counts();
	apic_icr(both, ICR_LOGICAL | VECTOR_B);
	report(only(3, VECTOR_B), "ipi-logical-two", VECTOR_B);
	clear_counts();
	if (apic_is_x2()) {
		apic_icr(0xffffffff, ICR_LOGICAL | VECTOR_C);
	} else {
		apic_icr(0xff, ICR_LOGICAL | VECTOR_C);
	}
	report(only(all, VECTOR_C), "ipi-logical-all", VECTOR_C);
}

static void test_nmi(void)
{
	bool ok;

	clear_counts();
	apic_icr(smp_locals[1].apic_id, ICR_NMI | ICR_ASSERT);
	ok = wait_count(&nmis[1], 1);
	check(ok && nmis[1] == 1 && nmis[0] == 0, "ipi-nmi", "%u %u",
	      nmis[0], nmis[1]);
	clear_counts();
	apic_icr(0, ICR_OTHERS | ICR_NMI | ICR_ASSERT);
	for (unsigned i = 1; i < vps; i++) {
		ok = ok && wait_count(&nmis[i], 1);
	}
	check(ok && nmis[0] == 0, "ipi-nmi-others", "%u %u", nmis[0],
	      nmis[1]);
}

/* Ping-pong: an interrupt is never lost, never doubled. */
static void test_many(void)
{
	const uint32_t rounds = 500;
	bool ok = true;

	clear_counts();
	for (uint32_t i = 1; i <= rounds && ok; i++) {
		apic_icr(0, ICR_OTHERS | VECTOR_C);
		for (unsigned v = 1; v < vps; v++) {
			ok = ok && wait_count(&hits[v][VECTOR_C], i);
		}
	}
	delay_us(500);
	for (unsigned v = 1; v < vps; v++) {
		ok = ok && hits[v][VECTOR_C] == rounds;
	}
	report(ok, "ipi-500-rounds", VECTOR_C);
}

/* ---- priorities --------------------------------------------------------- */

static void test_priority(void)
{
	clear_counts();
	apic_icr(0, ICR_SELF | VECTOR_A);
	apic_icr(0, ICR_SELF | VECTOR_C);
	apic_icr(0, ICR_SELF | VECTOR_B);
	check((apic_read(APIC_IRR + 0x20) >> (VECTOR_A & 31) & 1) == 1,
	      "irr-shows", "%x", apic_read(APIC_IRR + 0x20));
	open_window();
	check(order[0][0] == VECTOR_C && order[0][1] == VECTOR_B
	      && order[0][2] == VECTOR_A && order_count[0] == 3,
	      "highest-first", "%x %x %x", order[0][0], order[0][1],
	      order[0][2]);
}

static void test_tpr(void)
{
	clear_counts();
	write_cr8(VECTOR_B >> 4);
	check(apic_read(APIC_TPR) == (VECTOR_B & 0xf0), "cr8-is-tpr", "%x",
	      apic_read(APIC_TPR));
	apic_icr(0, ICR_SELF | VECTOR_B);
	apic_icr(0, ICR_SELF | VECTOR_C);
	open_window();
	check(hits[0][VECTOR_B] == 0 && hits[0][VECTOR_C] == 1, "tpr-holds",
	      "%u %u", hits[0][VECTOR_B], hits[0][VECTOR_C]);
	write_cr8(0);
	open_window();
	check(hits[0][VECTOR_B] == 1, "tpr-frees", "%u", hits[0][VECTOR_B]);
	apic_write(APIC_TPR, 0x70);
	check(read_cr8() == 7, "tpr-is-cr8", "%lx", read_cr8());
	apic_icr(0, ICR_SELF | VECTOR_C);
	open_window();
	check(hits[0][VECTOR_C] == 1, "tpr-register-holds", "%u",
	      hits[0][VECTOR_C]);
	/* Lowered with interrupts on: it comes at once, unasked. */
	interrupts_on();
	write_cr8(0);
	__asm__ volatile("nop; nop" : : : "memory");
	interrupts_off();
	check(hits[0][VECTOR_C] == 2, "cr8-lowered-delivers", "%u",
	      hits[0][VECTOR_C]);
}

static volatile uint32_t nested_saw;

/* In service: a lower vector waits for the EOI, a higher one does not. */
static void nest(struct trap_frame *f)
{
	unsigned isr = apic_read(APIC_ISR + (uint32_t)(f->vector >> 5) * 16)
		>> (f->vector & 31) & 1;

	apic_icr(0, ICR_SELF | VECTOR_A);
	apic_icr(0, ICR_SELF | VECTOR_C);
	open_window();
	nested_saw = isr | hits[0][VECTOR_A] << 4 | hits[0][VECTOR_C] << 8
		| (apic_read(APIC_PPR) & 0xff) << 16;
	apic_eoi();
}

static void test_nesting(void)
{
	clear_counts();
	irq_handlers[VECTOR_B] = nest;
	apic_icr(0, ICR_SELF | VECTOR_B);
	open_window();
	irq_handlers[VECTOR_B] = count;
	check(nested_saw == (1u | 1u << 8 | (VECTOR_B & 0xf0u) << 16),
	      "nesting", "%x", nested_saw);
	check(hits[0][VECTOR_A] == 1, "lower-after-eoi", "%u",
	      hits[0][VECTOR_A]);
}

/* Vectors below 16 are refused and recorded. */
static void test_esr(void)
{
	clear_counts();
	apic_write(APIC_ESR, 0);
	apic_icr(0, ICR_SELF | 5);
	apic_write(APIC_ESR, 0);
	check((apic_read(APIC_ESR) & 0x20) != 0, "esr-send-illegal", "%x",
	      apic_read(APIC_ESR));
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	check(apic_read(APIC_ESR) == 0, "esr-clears", "%x",
	      apic_read(APIC_ESR));
}

/* ---- TLB shootdown ------------------------------------------------------ */

#define SHOTS 300
static uint64_t shot_pages[2][512] __attribute__((aligned(4096)));
static volatile uint64_t *volatile shot_at;
static volatile uint32_t shot_round;
static volatile uint32_t shot_acks;
static volatile uint32_t shot_bad;

static void flush_one(struct trap_frame *f)
{
	(void)f;
	invlpg((uint64_t)shot_at);
	if (*shot_at != shot_round) {
		shot_bad = shot_bad + 1;
	}
	__atomic_add_fetch(&shot_acks, 1, __ATOMIC_SEQ_CST);
	apic_eoi();
}

static void test_shootdown(void)
{
	irq_handlers[VECTOR_FLUSH] = flush_one;
	shot_bad = 0;
	for (uint32_t r = 1; r <= SHOTS; r++) {
		uint64_t *page = shot_pages[r & 1];
		uint64_t end = rdtsc() + tsc_hz() * 5;

		page[0] = r;
		shot_at = paging_window(3, (uint64_t)page);
		shot_round = r;
		shot_acks = 0;
		apic_icr(0, ICR_OTHERS | VECTOR_FLUSH);
		while (shot_acks < vps - 1 && rdtsc() < end) {
			cpu_pause();
		}
		if (shot_acks != vps - 1) {
			shot_bad = shot_bad + 0x10000;
		}
	}
	check(shot_bad == 0, "tlb-shootdown", "%x", shot_bad);
}

/* ---- INIT and SIPI again ------------------------------------------------ */

static void serve_once(void *arg)
{
	*(volatile uint32_t *)arg = 1;
}

static void test_restart_vp(void)
{
	volatile uint32_t alive = 0;
	unsigned before = smp_count;
	bool again;

	/* VP 1 dies in the middle of something, and comes back as new. */
	again = smp_restart(1);
	check(again && smp_count == before + 1, "init-sipi-again", "%u",
	      smp_count);
	smp_count = before;
	smp_call(1, serve_once, (void *)&alive);
	check(smp_wait(1) && alive == 1, "restarted-vp-works", "%u", alive);
}

#include "smp_timer.h"


/* HLT on every VP at once, each woken by its own timer. */
static volatile uint32_t woken[GUEST_VPS_MAX];

static void sleep_often(void *arg)
{
	unsigned me = vp_local()->number;

	(void)arg;
	for (unsigned i = 0; i < 50; i++) {
		uint64_t deadline = rdtsc() + tsc_from_us(500);

		timer_arm_tsc(VECTOR_TIMER, deadline);
		do {
			wait_interrupt();
		} while (hits[me][VECTOR_TIMER] <= woken[me]);
		woken[me] = woken[me] + 1;
	}
}

static void test_all_sleep(void)
{
	bool ok = true;

	clear_counts();
	for (unsigned i = 1; i < vps; i++) {
		smp_call(i, sleep_often, 0);
	}
	sleep_often(0);
	for (unsigned i = 1; i < vps; i++) {
		ok = ok && smp_wait(i);
	}
	check(ok, "all-sleep", "%u %u %u %u", woken[0], woken[1], woken[2],
	      woken[3]);
}

/* ---- the APIC's modes --------------------------------------------------- */

#define APIC_BASE_X2 0x400ull
#define APIC_BASE_EN 0x800ull

static void test_x2_rules(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	uint64_t value;

	check(try_wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_X2) == VECTOR_GP,
	      "x2-not-back-to-x", "%lx", rdmsr(MSR_APIC_BASE));
	check(try_wrmsr(0x802, 1) == VECTOR_GP, "x2-id-read-only", "-");
	check(try_rdmsr(0x80b, &value) == VECTOR_GP, "x2-eoi-write-only",
	      "%lx", value);
	check(try_wrmsr(0x80b, 1) == VECTOR_GP, "x2-eoi-zero-only", "-");
	check(try_rdmsr(0x80e, &value) == VECTOR_GP, "x2-no-dfr", "%lx",
	      value);
	check(try_rdmsr(0x831, &value) == VECTOR_GP, "x2-no-icr-high",
	      "%lx", value);
	check(try_wrmsr(0x808, 0x100) == VECTOR_GP, "x2-tpr-reserved", "-");
	clear_counts();
	wrmsr(0x83f, VECTOR_A);
	report(only(1, VECTOR_A), "x2-self-ipi", VECTOR_A);
}

/* Off and on again: through "disabled" both modes can be reached. */
static void test_base_modes(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	uint64_t other = WANT_X2 ? 0 : APIC_BASE_X2;
	uint64_t off = base & ~(APIC_BASE_EN | APIC_BASE_X2);
	uint64_t want = off | APIC_BASE_EN;
	bool offered = (cpuid(1, 0).ecx >> 21 & 1) != 0;

	check((base >> 8 & 1) == 1, "bsp-flag", "%lx", base);
	wrmsr(MSR_APIC_BASE, off);
	check((cpuid(1, 0).edx >> 9 & 1) == 0, "apic-off-cpuid", "%x",
	      cpuid(1, 0).edx);
	wrmsr(MSR_APIC_BASE, want);
	if (other != 0 && offered) {
		wrmsr(MSR_APIC_BASE, want | other);
	}
	check(apic_id() == smp_locals[0].apic_id, "mode-change-id", "%u",
	      apic_id());
	if (apic_is_x2() != WANT_X2 || !WANT_X2) {
		wrmsr(MSR_APIC_BASE, off);
		wrmsr(MSR_APIC_BASE, want);
	}
	apic_enable(WANT_X2);
	clear_counts();
	apic_icr(0, ICR_SELF | VECTOR_A);
	report(only(1, VECTOR_A), "mode-change-ipi", VECTOR_A);
}

void guest_main(void)
{
	static const uint8_t vectors[] = { VECTOR_A, VECTOR_B, VECTOR_C };

	apic_enable(WANT_X2);
	check(!hv_present() || apic_is_x2() == WANT_X2, "apic-mode", "%lx",
	      rdmsr(MSR_APIC_BASE));
	for (unsigned i = 0; i < ARRAY_COUNT(vectors); i++) {
		irq_handlers[vectors[i]] = count;
	}
	irq_handlers[VECTOR_TIMER] = timer_hit;
	irq_handlers[VECTOR_NMI] = count_nmi;
	vps = smp_start_all(hv_present() ? cpuid(0x40000005, 0).eax : 4);
	print("%u VPs\n", vps);
	check(!hv_present() || vps == cpuid(0x40000005, 0).eax,
	      "all-vps-start", "%u of %u", vps, cpuid(0x40000005, 0).eax);

	test_priority();
	test_tpr();
	test_nesting();
	if (hv_present()) {		/* TCG's own APIC has no ESR */
		test_esr();
	}
	test_current();
	test_oneshot();
	test_periodic();
	test_deadline();
	if (vps > 1) {
		for (unsigned i = 1; i < vps; i++) {
			smp_call(i, set_logical, 0);
			smp_wait(i);
		}
		set_logical(0);
		start_serving();
		test_shorthands();
		test_physical();
		test_logical();
		test_nmi();
		test_many();
		test_shootdown();
		stop_serving();
		test_all_sleep();
		test_restart_vp();
	}
	if (apic_is_x2()) {
		test_x2_rules();
	}
	test_base_modes();
}
