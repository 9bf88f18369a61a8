/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of a VP's state over thousands of switches: two partitions share an LP
 * by a plan, each fills its registers with patterns of its own, waits, and
 * looks. Built twice (state, state2), so that the patterns differ.
 */
#include "lib/guest.h"

#ifndef SEED
#define SEED 0x0123456789abcdefull
#endif

#define RUN_MS 3000
#define WORDS 128

void state_hold(const uint64_t *in, uint64_t *out, uint64_t spins,
		uint64_t avx);

static uint64_t in[WORDS], out[WORDS];
static uint64_t random_state = SEED;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* XSAVE state on: true if AVX is there. */
static bool enable_vectors(void)
{
	struct cpuid r = cpuid(1, 0);

	write_cr0((read_cr0() & ~4ull) | 2);		/* EM off, MP on */
	write_cr4(read_cr4() | 0x600);			/* FXSR, exceptions */
	if ((r.ecx >> 26 & 1) == 0) {
		return false;
	}
	write_cr4(read_cr4() | 0x40000);		/* OSXSAVE */
	return (r.ecx >> 28 & 1) != 0 && try_xsetbv(0, 7) == VECTOR_NONE;
}

static const struct {
	const char *name;
	uint32_t msr;
	uint64_t mask;		/* bits that a pattern may have */
} msrs[] = {
	{ "fs-base", MSR_FS_BASE, 0x00007fffffffffff },
	{ "kernel-gs-base", MSR_KERNEL_GS_BASE, 0x00007fffffffffff },
	{ "star", MSR_STAR, ~0ull },
	{ "lstar", MSR_LSTAR, 0x00007fffffffffff },
	{ "cstar", MSR_CSTAR, 0x00007fffffffffff },
	{ "sfmask", MSR_SFMASK, 0xffffffff },
	{ "sysenter-cs", 0x174, 0xffff },
	{ "sysenter-esp", 0x175, 0x00007fffffffffff },
	{ "sysenter-eip", 0x176, 0x00007fffffffffff },
	{ "tsc-aux", MSR_TSC_AUX, 0xffffffff },
	{ "pat", MSR_PAT, 0 },
};

static uint64_t msr_values[ARRAY_COUNT(msrs)];
static uint64_t debug_values[4];
static uint64_t cr2_value, cr8_value;
static unsigned switches;	/* gaps in time that were seen */

static void fill(void)
{
	static const uint64_t pats[] = {
		0x0007040600070406ull, 0x0006040100060401ull,
		0x0106050406010504ull,
	};

	for (unsigned i = 0; i < WORDS; i++) {
		in[i] = random_next();
		out[i] = 0;
	}
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		msr_values[i] = random_next() & msrs[i].mask;
		if (msrs[i].msr == MSR_PAT) {
			msr_values[i] = pats[random_next() % 3];
		}
		wrmsr(msrs[i].msr, msr_values[i]);
	}
	for (unsigned i = 0; i < 4; i++) {
		debug_values[i] = random_next() & 0x00007fffffffffff;
	}
	write_dr0(debug_values[0]);
	write_dr1(debug_values[1]);
	write_dr2(debug_values[2]);
	write_dr3(debug_values[3]);
	write_dr7(0x400);
	cr2_value = random_next() & 0x00007fffffffffff;
	write_cr2(cr2_value);
	cr8_value = random_next() & 15;
	write_cr8(cr8_value);
}

static bool compare(bool avx)
{
	uint64_t dr[4] = { read_dr0(), read_dr1(), read_dr2(), read_dr3() };
	bool ok = true;

	for (unsigned i = 0; i < 16 + 64; i++) {
		bool upper = i >= 16 && (i & 2) != 0;

		if (i == RSP || (upper && !avx) || out[i] == in[i]) {
			continue;
		}
		fail("state", "word %u is %lx, not %lx", i, out[i], in[i]);
		ok = false;
	}
	for (unsigned i = 0; i < ARRAY_COUNT(msrs); i++) {
		if (rdmsr(msrs[i].msr) != msr_values[i]) {
			fail("state", "%s is %lx, not %lx", msrs[i].name,
			     rdmsr(msrs[i].msr), msr_values[i]);
			ok = false;
		}
	}
	if (memcmp(dr, debug_values, sizeof(dr)) != 0) {
		fail("state", "dr0 is %lx, not %lx", dr[0], debug_values[0]);
		ok = false;
	}
	if (read_cr2() != cr2_value) {
		fail("state", "cr2 is %lx, not %lx", read_cr2(), cr2_value);
		ok = false;
	}
	if (read_cr8() != cr8_value) {
		fail("state", "cr8 is %lx", read_cr8());
		ok = false;
	}
	return ok;
}

/* Time while the VP is off its LP jumps: count the jumps. */
static void count_switches(uint64_t us)
{
	uint64_t end = rdtsc() + tsc_from_us(us);
	uint64_t gap = tsc_from_us(80);
	uint64_t last = rdtsc();

	while (last < end) {
		uint64_t now = rdtsc();

		if (now - last > gap) {
			switches++;
		}
		last = now;
	}
}

/* CR8 written and read, in ticks of the TSC: the least of some. */
static uint64_t time_cr8(void)
{
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < 50; i++) {
		uint64_t begin = rdtsc(), took;

		write_cr8(i & 15);
		(void)read_cr8();
		took = rdtsc() - begin;
		best = took < best ? took : best;
	}
	return best;
}

void guest_main(void)
{
	bool avx = enable_vectors();
	uint64_t begin = rdtsc();
	uint64_t end = begin + tsc_hz() / 1000 * RUN_MS;
	unsigned rounds = 0, bad = 0;

	print("vectors: %s\n", avx ? "avx" : "sse");
	count_switches(100000);
	while (rdtsc() < end && bad < 5) {
		fill();
		state_hold(in, out, 20000 + (random_next() & 0x7fff), avx);
		bad += compare(avx) ? 0 : 1;
		rounds++;
	}
	print("state: rounds %u, bad %u, switches seen in 100 ms %u, "
	      "cr8 takes %lu\n", rounds, bad, switches, time_cr8());
	write_cr8(0);
	check(bad == 0, "state-kept", "%u of %u", bad, rounds);
	check((rdmsr(MSR_EFER) & 0x500) == 0x500, "efer", "%lx",
	      rdmsr(MSR_EFER));
}
