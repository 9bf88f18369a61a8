/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SynIC and synthetic timers from inside: MSRs with right and wrong values,
 * overlays, timers of every mode, busy slots, auto-EOI, polling, and pages
 * that another VP scribbles on. Wants two VPs, and the privileges to send,
 * but no channel.
 */
#include "lib/synic.h"

#define VECTOR 0x61
#define OTHER_VECTOR 0x62
#define MS 10000ull		/* of reference time */
#define EXPIRED 0x80000010u

static volatile unsigned fired;
static volatile uint64_t fired_at;
static volatile unsigned stop_after;	/* timer 0, after so many */
static bool take_at_interrupt;
static struct message taken;

static uint64_t now(void)
{
	return rdmsr(MSR_HV_TIME_REF_COUNT);
}

static void on_vector(struct trap_frame *f)
{
	(void)f;
	fired_at = now();
	fired = fired + 1;
	if (fired == stop_after) {
		wrmsr(MSR_STIMER_CONFIG(0), 0);
	}
	if (take_at_interrupt) {
		synic_take(2, &taken);
	}
	apic_eoi();
}

static void on_vector_without_eoi(struct trap_frame *f)
{
	(void)f;
	fired = fired + 1;
}

static bool wait_for(volatile unsigned *count, unsigned wanted, uint64_t time)
{
	uint64_t end = now() + time;

	while (*count < wanted && now() < end) {
		cpu_pause();
	}
	return *count >= wanted;
}

/* ---- MSRs --------------------------------------------------------------- */

static void test_features(void)
{
	struct cpuid f = cpuid(0x40000003, 0);

	check((f.eax & 0xc) == 0xc, "privileges", "%x", f.eax);
	check((f.edx & (1u << 19 | 1u << 17)) == (1u << 19 | 1u << 17),
	      "direct-timers-and-polling", "%x", f.edx);
	check((f.ebx & (1u << 0 | 1u << 1 | 1u << 12)) == 0,
	      "not-the-root-partition", "%x", f.ebx);
}

static void test_start_values(void)
{
	bool ok = rdmsr(MSR_SCONTROL) == 0 && rdmsr(MSR_SIMP) == 0
		&& rdmsr(MSR_SIEFP) == 0;

	for (unsigned i = 0; i < 16; i++) {
		ok = ok && rdmsr(MSR_SINT(i)) == SINT_MASKED;
	}
	for (unsigned i = 0; i < 4; i++) {
		ok = ok && rdmsr(MSR_STIMER_CONFIG(i)) == 0
			&& rdmsr(MSR_STIMER_COUNT(i)) == 0;
	}
	check(ok, "start-values", "-");
	check(rdmsr(MSR_SVERSION) == 1, "sversion", "-");
	check(try_wrmsr(MSR_SVERSION, 1) == VECTOR_GP, "sversion-read-only",
	      "-");
	check(rdmsr(MSR_EOM) == 0, "eom-reads-0", "-");
	check(try_wrmsr(MSR_EOM, 5) == VECTOR_NONE, "eom-of-nothing", "-");
}

static void test_sint_values(void)
{
	unsigned bad = 0;

	for (unsigned vector = 0; vector < 256; vector++) {
		bad += (try_wrmsr(MSR_SINT(5), vector) == VECTOR_GP)
			!= (vector < 16);
		bad += try_wrmsr(MSR_SINT(5), vector | SINT_MASKED)
			!= VECTOR_NONE;
	}
	check(bad == 0, "sint-vectors", "%u", bad);
}

static void test_reserved_bits(void)
{
	unsigned bad = 0;

	for (unsigned bit = 0; bit < 64; bit++) {
		bool reserved = bit >= 20 || (bit >= 13 && bit <= 15);

		bad += (try_wrmsr(MSR_STIMER_CONFIG(3), 1ull << bit)
			== VECTOR_GP) != reserved;
	}
	check(bad == 0, "stimer-reserved-bits", "%u", bad);
	wrmsr(MSR_STIMER_CONFIG(3), STIMER_ENABLE);
	check(rdmsr(MSR_STIMER_CONFIG(3)) == 0, "stimer-without-sint", "%lx",
	      rdmsr(MSR_STIMER_CONFIG(3)));
}

/* ---- overlays ----------------------------------------------------------- */

static void test_overlay(const char *name, uint32_t msr)
{
	static volatile uint64_t page[512] __attribute__((aligned(4096)));
	uint64_t beyond = 1ull << (cpuid(0x80000008, 0).eax & 0xff);
	bool zero = true;

	for (unsigned i = 0; i < 512; i++) {
		page[i] = 0x5555555555555555ull;
	}
	wrmsr(msr, (uint64_t)page | 1);
	for (unsigned i = 0; i < 512; i++) {
		zero = zero && page[i] == 0;
	}
	page[100] = 1;
	check(zero && rdmsr(msr) == ((uint64_t)page | 1) && page[100] == 1,
	      name, "%lx", rdmsr(msr));
	wrmsr(msr, beyond | 1);
	check(rdmsr(msr) == (beyond | 1) && page[100] == 0x5555555555555555ull,
	      name, "beyond: %lx", rdmsr(msr));
	wrmsr(msr, (uint64_t)page | 0xffd);
	check(page[100] == 1 && rdmsr(msr) == ((uint64_t)page | 0xffd), name,
	      "kept: %lx", page[100]);
	page[100] = 0;
	wrmsr(msr, 0);
	check(page[100] == 0x5555555555555555ull, name, "uncovered");
}

/*
 * Every overlay that the partition can have, each 1 TiB from the next, so that
 * each needs a table at every level: the pool is as large as the compiler
 * made it, and no larger.
 */
static bool pages_apart(uint64_t first, const uint32_t *msrs, unsigned count)
{
	bool ok = true;

	for (unsigned i = 0; i < count; i++) {
		uint64_t value = (first + i) << 40 | 1;

		ok = ok && try_wrmsr(msrs[i], value) == VECTOR_NONE
			&& rdmsr(msrs[i]) == value;
	}
	return ok;
}

struct apart {
	uint64_t first;
	bool ok;
};

static void pages_of_vp(void *arg)
{
	static const uint32_t msrs[] = {
		MSR_HV_VP_ASSIST_PAGE, MSR_SIMP, MSR_SIEFP
	};
	struct apart *a = arg;

	a->ok = pages_apart(a->first, msrs, 3);
	if (a->first == 0) {
		for (unsigned i = 0; i < 3; i++) {
			wrmsr(msrs[i], 0);
		}
	}
}

static void test_all_overlays_apart(void)
{
	static const uint32_t msrs[] = {
		MSR_HV_HYPERCALL, MSR_HV_REFERENCE_TSC
	};
	static struct apart own, other;
	volatile uint8_t *call, *slot;
	bool ok = true;

	wrmsr(MSR_HV_GUEST_OS_ID, 0x8f00000000000001ull);
	for (uint64_t at = 1; at < 60; at += 20) {
		own.first = at + 2;
		other.first = at + 5;
		smp_call(1, pages_of_vp, &other);
		ok = pages_apart(at, msrs, 2) && ok;
		pages_of_vp(&own);
		ok = smp_wait(1) && ok && own.ok && other.ok;
	}
	check(ok, "all-overlays-apart", "refused");
	/* As far up as the emulator's processor can address. */
	wrmsr(MSR_HV_HYPERCALL, 1ull << 39 | 1);
	wrmsr(MSR_SIMP, 1ull << 39 | 1ull << 30 | 1);
	call = paging_window(0, 1ull << 39);
	slot = paging_window(1, 1ull << 39 | 1ull << 30);
	*slot = 5;
	check(call[0] == 0xf3 && call[7] == 0xc3 && *slot == 5,
	      "overlays-seen", "%x %x", call[0], *slot);
	*slot = 0;
	own.first = other.first = 0;
	smp_call(1, pages_of_vp, &other);
	pages_of_vp(&own);
	check(smp_wait(1), "overlays-off", "-");
	wrmsr(MSR_HV_REFERENCE_TSC, 0);
	wrmsr(MSR_HV_GUEST_OS_ID, 0);
}

/* The pool is in use to its last page: emu test_guests looks at that. */
static void leave_all_overlays_apart(void)
{
	static const uint32_t msrs[] = {
		MSR_HV_HYPERCALL, MSR_HV_REFERENCE_TSC
	};
	static struct apart own = { .first = 3 }, other = { .first = 6 };

	smp_call(1, pages_of_vp, &other);
	pages_of_vp(&own);
	check(pages_apart(1, msrs, 2) && smp_wait(1) && own.ok && other.ok,
	      "all-overlays-stay", "refused");
}

/* ---- timers ------------------------------------------------------------- */

static void test_one_shot(unsigned timer)
{
	unsigned early = 0, lost = 0, on = 0;

	wrmsr(MSR_STIMER_CONFIG(timer), STIMER_DIRECT(VECTOR) | STIMER_AUTO);
	for (unsigned i = 0; i < 50; i++) {
		uint64_t due = now() + i * 200;

		fired = 0;
		wrmsr(MSR_STIMER_COUNT(timer), due);
		lost += !wait_for(&fired, 1, 1000 * MS);
		early += fired_at < due;
		on += (rdmsr(MSR_STIMER_CONFIG(timer)) & 1) != 0;
	}
	check(early == 0 && lost == 0 && on == 0, "one-shot",
	      "timer %u: %u early, %u lost, %u still on", timer, early, lost,
	      on);
}

static void test_past_and_stop(void)
{
	wrmsr(MSR_STIMER_CONFIG(0), STIMER_DIRECT(VECTOR) | STIMER_AUTO);
	fired = 0;
	wrmsr(MSR_STIMER_COUNT(0), 1);
	check(fired == 1, "in-the-past-at-once", "%u", fired);
	wrmsr(MSR_STIMER_COUNT(0), now() + 100 * MS);
	wrmsr(MSR_STIMER_COUNT(0), 0);
	check((rdmsr(MSR_STIMER_CONFIG(0)) & 1) == 0, "count-0-disables",
	      "-");
	wrmsr(MSR_STIMER_COUNT(0), now() + 100 * MS);
	wrmsr(MSR_STIMER_CONFIG(0), 0);
	check(!wait_for(&fired, 2, 150 * MS), "stopped", "%u", fired);
}

/* Grid: the n-th expiry is not before the start and n periods. */
static void test_periodic(const char *name, unsigned timer, uint64_t mode)
{
	uint64_t start;
	unsigned early = 0, seen = 0;

	wrmsr(MSR_STIMER_CONFIG(timer), 0);
	fired = 0;
	wrmsr(MSR_STIMER_COUNT(timer), 2 * MS);
	start = now();
	wrmsr(MSR_STIMER_CONFIG(timer), mode | STIMER_PERIODIC
	      | STIMER_ENABLE);
	while (now() < start + 200 * MS) {
		if (fired != seen) {
			seen = fired;
			early += fired_at < start + seen * 2 * MS;
		}
	}
	check(seen >= 10 && seen <= 100 && early == 0, name,
	      "%u in 100 periods, %u early", seen, early);
	check((rdmsr(MSR_STIMER_CONFIG(timer)) & 1) != 0, name, "off");
	wrmsr(MSR_STIMER_CONFIG(timer), 0);
}

static void test_wakes(void)
{
	uint64_t due = now() + 5 * MS;

	fired = 0;
	wrmsr(MSR_STIMER_CONFIG(1), STIMER_DIRECT(VECTOR) | STIMER_AUTO);
	wrmsr(MSR_STIMER_COUNT(1), due);
	while (fired == 0) {
		wait_interrupt();
	}
	interrupts_on();
	check(fired_at >= due, "wakes-hlt", "%lu before", due - fired_at);
}

/* A period that no exit could keep up with: handlers only, till it ends. */
static void test_short_period(void)
{
	wrmsr(MSR_STIMER_CONFIG(0), 0);
	stop_after = 20;
	fired = 0;
	wrmsr(MSR_STIMER_COUNT(0), 1);
	wrmsr(MSR_STIMER_CONFIG(0), STIMER_DIRECT(VECTOR) | STIMER_PERIODIC
	      | STIMER_ENABLE);
	check(wait_for(&fired, 20, 5000 * MS), "short-period", "%u", fired);
	stop_after = 0;
}

/* ---- messages of timers ------------------------------------------------- */

/* Not before the old count is gone: that would fire at once. */
static void arm(unsigned timer, unsigned sint, uint64_t due)
{
	wrmsr(MSR_STIMER_CONFIG(timer), 0);
	wrmsr(MSR_STIMER_COUNT(timer), due);
	wrmsr(MSR_STIMER_CONFIG(timer), STIMER_SINT(sint) | STIMER_ENABLE);
}

static void test_message(void)
{
	uint64_t due = now() + 2 * MS;

	fired = 0;
	wrmsr(MSR_SINT(2), VECTOR);
	arm(2, 2, due);
	check(wait_for(&fired, 1, 1000 * MS), "message-interrupt", "none");
	check(synic_take(2, &taken) && taken.type == EXPIRED
	      && taken.size == 24 && taken.flags == 0 && taken.origin == 0,
	      "message-header", "%x %u %x", taken.type, taken.size,
	      taken.flags);
	check((uint32_t)taken.payload[0] == 2 && taken.payload[1] == due
	      && taken.payload[2] >= due, "message-payload", "%lx %lu %lu",
	      taken.payload[0], taken.payload[1] - due,
	      taken.payload[2] - due);
}

static void test_busy_slot(void)
{
	struct message *slot = synic_slot(2);
	uint64_t end = now() + 1000 * MS;

	fired = 0;
	slot->type = 7;
	slot->flags = 0;
	arm(1, 2, now() + MS);
	while (slot->flags == 0 && now() < end) {
		cpu_pause();
	}
	check(slot->flags == 1 && slot->type == 7 && fired == 0, "busy-slot",
	      "flags %x type %x fired %u", slot->flags, slot->type, fired);
	wrmsr(MSR_EOM, 0);
	check(slot->type == 7 && fired == 0, "busy-slot-early-eom", "%x",
	      slot->type);
	slot->type = 0;
	wrmsr(MSR_EOM, 0);
	check(slot->type == EXPIRED && slot->flags == 0 && fired == 1,
	      "busy-slot-eom", "type %x flags %x fired %u", slot->type,
	      slot->flags, fired);
	slot->type = 0;
}

/* The interrupt's EOI brings the next message as well (TLFS 11.8.4). */
static void test_eoi_brings_next(void)
{
	uint64_t due = now() + MS;
	struct message *slot = synic_slot(3);

	fired = 0;
	slot->type = 9;
	wrmsr(MSR_SINT(3), VECTOR);
	arm(0, 3, due);
	arm(1, 3, due + 1);
	wait_for(&fired, 1, 5 * MS);
	slot->type = 0;
	/* No EOM: any interrupt's end will do. */
	apic_icr(apic_id(), ICR_FIXED | VECTOR);
	check(wait_for(&fired, 2, 1000 * MS), "eoi-brings-message", "%u",
	      fired);
	check(slot->type == EXPIRED && slot->flags == 1, "eoi-message", "%x",
	      slot->flags);
	slot->type = 0;
	wrmsr(MSR_EOM, 0);
	check(slot->type == EXPIRED && slot->flags == 0, "second-message",
	      "%x", slot->type);
	slot->type = 0;
}

static bool in_service(unsigned vector)
{
	return (apic_read(APIC_ISR + 0x10 * (vector / 32)) >> vector % 32 & 1)
		!= 0;
}

static void test_auto_eoi(void)
{
	struct message *slot = synic_slot(4);

	irq_handlers[OTHER_VECTOR] = on_vector_without_eoi;
	wrmsr(MSR_SINT(4), OTHER_VECTOR | SINT_AUTO_EOI);
	fired = 0;
	for (unsigned i = 0; i < 3; i++) {
		arm(0, 4, now());
		wait_for(&fired, i + 1, 1000 * MS);
		slot->type = 0;
	}
	check(fired == 3 && !in_service(OTHER_VECTOR), "auto-eoi", "%u",
	      fired);
}

static void test_masked_and_polling(void)
{
	static const uint64_t how[] = { SINT_MASKED, SINT_POLLING };
	struct message *slot = synic_slot(5);

	for (unsigned i = 0; i < 2; i++) {
		uint64_t end = now() + 1000 * MS;

		fired = 0;
		wrmsr(MSR_SINT(5), VECTOR | how[i]);
		arm(0, 5, now());
		while (slot->type == 0 && now() < end) {
			cpu_pause();
		}
		check(slot->type == EXPIRED && fired == 0,
		      i == 0 ? "masked" : "polling", "type %x, fired %u",
		      slot->type, fired);
		slot->type = 0;
	}
}

static void test_synic_off(void)
{
	struct message *slot = synic_slot(2);

	fired = 0;
	wrmsr(MSR_SCONTROL, 0);
	arm(0, 2, now());
	check(!wait_for(&fired, 1, 5 * MS) && slot->type == 0, "synic-off",
	      "%x", slot->type);
	wrmsr(MSR_SCONTROL, 1);
	check(slot->type == EXPIRED && fired == 1, "synic-on-again", "%x %u",
	      slot->type, fired);
	slot->type = 0;
	wrmsr(MSR_EOM, 0);
}

/* ---- hypercalls without a channel --------------------------------------- */

static void test_no_channel(void)
{
	uint64_t word = 1;
	unsigned bad = 0;

	for (uint32_t id = 0; id < 300; id++) {
		bad += synic_post(id, 1, 8, &word) != 0x12;
		bad += synic_signal(id, 0) != 0x12;
	}
	bad += synic_signal(~0u, 0) != 0x12;
	check(bad == 0, "no-channel", "%u", bad);
}

/* ---- another VP's hands ------------------------------------------------- */

static volatile bool scribble_stop;

/* Whatever VP 0's pages say, at any moment, is the guest's own business. */
static void scribble(void *arg)
{
	uint64_t x = 88172645463325252ull;

	(void)arg;
	while (!scribble_stop) {
		volatile uint64_t *page = (volatile uint64_t *)
			((x & 1) != 0 ? (void *)sim_pages[0]
				      : (void *)(uintptr_t)sief_pages[0]);

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		page[x >> 20 & 511] = (x >> 40 & 3) == 0 ? 0 : x;
		page[(x >> 30 & 15) * 32] = 0;
	}
}

static void test_scribbled_pages(void)
{
	wrmsr(MSR_SINT(2), VECTOR);
	smp_call(1, scribble, 0);
	fired = 0;
	for (unsigned i = 0; i < 4; i++) {
		wrmsr(MSR_STIMER_COUNT(i), MS / 10);
		wrmsr(MSR_STIMER_CONFIG(i), STIMER_SINT(2) | STIMER_ENABLE
		      | STIMER_PERIODIC);
	}
	wait_for(&fired, 50, 300 * MS);
	scribble_stop = true;
	check(smp_wait(1), "scribbled-pages", "VP 1 hangs");
	for (unsigned i = 0; i < 4; i++) {
		wrmsr(MSR_STIMER_CONFIG(i), 0);
	}
	memset(sim_pages[0], 0, 4096);
	wrmsr(MSR_EOM, 0);
	memset(sim_pages[0], 0, 4096);
}

static void other_vp(void *arg)
{
	bool *ok = arg;

	synic_enable();
	wrmsr(MSR_SINT(2), OTHER_VECTOR | SINT_POLLING);
	arm(0, 2, now());
	while (synic_slot(2)->type == 0) {
		cpu_pause();
	}
	*ok = rdmsr(MSR_STIMER_CONFIG(0)) == STIMER_SINT(2)
		&& rdmsr(MSR_SINT(5)) == SINT_MASKED;
}

static void test_own_for_each_vp(void)
{
	static bool ok;

	fired = 0;
	smp_call(1, other_vp, &ok);
	check(smp_wait(1) && ok && synic_slot(2)->type == 0 && fired == 0,
	      "own-for-each-vp", "%u", fired);
}

void guest_main(void)
{
	apic_enable(true);
	check(smp_start_all(2) == 2, "vps", "%u", smp_count);
	irq_handlers[VECTOR] = on_vector;
	test_features();
	test_start_values();
	test_sint_values();
	test_reserved_bits();
	test_overlay("sim-page", MSR_SIMP);
	test_overlay("sief-page", MSR_SIEFP);
	test_all_overlays_apart();
	interrupts_on();
	for (unsigned i = 0; i < 4; i++) {
		test_one_shot(i);
	}
	test_past_and_stop();
	test_periodic("periodic", 0, STIMER_DIRECT(VECTOR));
	test_periodic("periodic-lazy", 3, STIMER_DIRECT(VECTOR)
		      | STIMER_LAZY);
	test_wakes();
	test_short_period();
	synic_enable();
	test_message();
	take_at_interrupt = true;
	test_periodic("periodic-messages", 1, STIMER_SINT(2));
	take_at_interrupt = false;
	test_busy_slot();
	test_eoi_brings_next();
	test_auto_eoi();
	test_masked_and_polling();
	test_synic_off();
	if (check(hypercall_enable(), "hypercall-page", "off")) {
		test_no_channel();
	}
	test_own_for_each_vp();
	test_scribbled_pages();
	test_message();
	leave_all_overlays_apart();
}
