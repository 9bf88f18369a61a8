/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer's part of smp.c, which includes this once: all modes, all divides.
 */
#ifndef GUESTS_SMP_TIMER_H
#define GUESTS_SMP_TIMER_H

static volatile uint64_t timer_tsc;

static void timer_hit(struct trap_frame *f)
{
	timer_tsc = rdtsc();
	hits[vp_local()->number][f->vector]++;
	apic_eoi();
}

static uint64_t tsc_of_counts(uint64_t counts)
{
	return counts * (tsc_hz() / 1000) / (apic_hz() / 1000);
}

static void test_oneshot(void)
{
	static const struct {
		uint32_t bits, divisor;
	} divides[] = { { 0xb, 1 }, { 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 },
		{ 8, 32 }, { 9, 64 }, { 0xa, 128 } };
	bool ok = true;
	uint64_t begin = 0, wanted = 0;

	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | VECTOR_TIMER);
	for (unsigned i = 0; i < ARRAY_COUNT(divides) && ok; i++) {
		uint32_t initial = (uint32_t)(apic_hz() / 1000 * 2
					      / divides[i].divisor);

		clear_counts();
		wanted = tsc_of_counts((uint64_t)initial * divides[i].divisor);
		apic_write(APIC_TIMER_DIVIDE, divides[i].bits);
		begin = rdtsc();
		apic_write(APIC_TIMER_INITIAL, initial);
		ok = wait_count(&hits[0][VECTOR_TIMER], 1)
			&& timer_tsc - begin >= wanted - wanted / 50
			&& apic_read(APIC_TIMER_CURRENT) == 0;
		delay_us(100);
		open_window();
		ok = ok && hits[0][VECTOR_TIMER] == 1;
	}
	check(ok, "timer-oneshot", "%lu of %lu, hits %u", timer_tsc - begin,
	      wanted, hits[0][VECTOR_TIMER]);
}

static void test_current(void)
{
	uint32_t a, b;

	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	clear_counts();
	apic_write(APIC_TIMER_INITIAL, 100000000);
	a = apic_read(APIC_TIMER_CURRENT);
	delay_us(100);
	b = apic_read(APIC_TIMER_CURRENT);
	check(a > b && b > 0 && a <= 100000000, "timer-counts-down",
	      "%u %u", a, b);
	apic_write(APIC_TIMER_INITIAL, 0);
	check(apic_read(APIC_TIMER_CURRENT) == 0, "timer-stops", "%u",
	      apic_read(APIC_TIMER_CURRENT));
	apic_write(APIC_TIMER_INITIAL, 1000);
	delay_us(500);
	open_window();
	check(hits[0][VECTOR_TIMER] == 0, "timer-masked", "%u",
	      hits[0][VECTOR_TIMER]);
}

static void test_periodic(void)
{
	uint32_t period = (uint32_t)(apic_hz() / 1000);	/* 1 ms */
	uint64_t begin, took;
	bool ok;

	clear_counts();
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | VECTOR_TIMER);
	begin = rdtsc();
	apic_write(APIC_TIMER_INITIAL, period);
	ok = wait_count(&hits[0][VECTOR_TIMER], 50);
	took = timer_tsc - begin;
	apic_write(APIC_TIMER_INITIAL, 0);
	/* Never early; late ones may fall together, then it takes longer. */
	check(ok && took >= tsc_of_counts(period) * 49, "timer-periodic",
	      "%lu for 50 of %lu", took, tsc_of_counts(period));
	open_window();
	clear_counts();
	delay_us(3000);
	open_window();
	check(hits[0][VECTOR_TIMER] == 0, "timer-periodic-stops", "%u",
	      hits[0][VECTOR_TIMER]);
}

static void disarm_by_zero(void)
{
	wrmsr(MSR_TSC_DEADLINE, 0);
}

static void disarm_by_mode(void)
{
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | VECTOR_TIMER);
}

/*
 * Arms for 100 ms, disarms, waits till after. Again, if the machine was away
 * for so long in between that it may have fired before.
 */
static void disarm_in_time(void (*disarm)(void))
{
	uint64_t deadline;
	bool late;

	do {
		apic_write(APIC_LVT_TIMER, APIC_TIMER_DEADLINE | VECTOR_TIMER);
		deadline = rdtsc() + tsc_from_us(100000);
		wrmsr(MSR_TSC_DEADLINE, deadline);
		disarm();
		late = rdtsc() >= deadline - tsc_from_us(50000);
		open_window();
	} while (late);
	clear_counts();
	delay_us(110000);
	open_window();
}

static void test_deadline(void)
{
	uint64_t deadline;
	bool ok;

	if (!apic_has_deadline()) {
		print("no TSC deadline here\n");
		return;
	}
	clear_counts();
	apic_write(APIC_LVT_TIMER, APIC_TIMER_DEADLINE | VECTOR_TIMER);
	deadline = rdtsc() + tsc_hz() * 60;
	wrmsr(MSR_TSC_DEADLINE, deadline);
	check(rdmsr(MSR_TSC_DEADLINE) == deadline, "deadline-reads-back",
	      "%lx", rdmsr(MSR_TSC_DEADLINE));
	deadline = rdtsc() + tsc_from_us(2000);
	wrmsr(MSR_TSC_DEADLINE, deadline);
	ok = wait_count(&hits[0][VECTOR_TIMER], 1);
	check(ok && timer_tsc >= deadline, "deadline-not-early", "%lx %lx",
	      timer_tsc, deadline);
	check(rdmsr(MSR_TSC_DEADLINE) == 0, "deadline-then-0", "%lx",
	      rdmsr(MSR_TSC_DEADLINE));
	clear_counts();
	wrmsr(MSR_TSC_DEADLINE, rdtsc() - 1000);
	check(wait_count(&hits[0][VECTOR_TIMER], 1), "deadline-in-the-past",
	      "nothing");
	disarm_in_time(disarm_by_zero);
	check(hits[0][VECTOR_TIMER] == 0, "deadline-disarmed", "%u",
	      hits[0][VECTOR_TIMER]);
	apic_write(APIC_TIMER_INITIAL, 1000);
	check(apic_read(APIC_TIMER_CURRENT) == 0, "deadline-no-count", "%u",
	      apic_read(APIC_TIMER_CURRENT));
	/* A mode change disarms (SDM3 11.5.4.1). */
	disarm_in_time(disarm_by_mode);
	check(hits[0][VECTOR_TIMER] == 0, "deadline-mode-change", "%u",
	      hits[0][VECTOR_TIMER]);
}

#endif
