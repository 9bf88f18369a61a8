/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended state: XCR0, XSAVE and AVX, right and wrong; and that two VPs on
 * one LP each keep what is theirs. Part of the guest cpu.
 */
#include "cpu.h"

#define CR4_OSXSAVE (1ull << 18)
#define XCR0_X87 1ull
#define XCR0_SSE 2ull
#define XCR0_AVX 4ull
#define XCR0_ALL (XCR0_X87 | XCR0_SSE | XCR0_AVX)

#define XSTATE_BV (512 / 8)	/* word of the header */
#define LEGACY_SIZE 576
#define XSAVE_SIZE 832

static const uint8_t vzero[] = { 0xc5, 0xfc, 0x77, 0xc3 };	/* vzeroall */

static uint64_t xgetbv(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static void enable_sse(void)
{
	write_cr0((read_cr0() & ~4ull) | 2);		/* EM off, MP on */
	write_cr4(read_cr4() | 0x600);			/* FXSR, exceptions */
}

/* ---- XCR0 --------------------------------------------------------------- */

static void test_xcr0(void)
{
	uint64_t good = XCR0_ALL, wrong = 0;
	uint32_t sizes[2];

	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	check((cpuid(1, 0).ecx >> 27 & 1) == 0 &&
	      try_xsetbv(0, good) == VECTOR_UD &&
	      run_at(put_code(vzero, sizeof(vzero)), 0, 0).vector
	      == VECTOR_UD, "osxsave-off-ud", "%x", cpuid(1, 0).ecx);
	write_cr4(read_cr4() | CR4_OSXSAVE);
	check((cpuid(1, 0).ecx >> 27 & 1) == 1 && xgetbv() == XCR0_X87,
	      "osxsave-on", "%lx", xgetbv());
	check(run_at(put_code(vzero, sizeof(vzero)), 0, 0).vector
	      == VECTOR_UD, "avx-off-ud", "-");
	check(try_xsetbv(0, 0) == VECTOR_GP &&
	      try_xsetbv(0, XCR0_SSE) == VECTOR_GP &&
	      try_xsetbv(0, XCR0_X87 | XCR0_AVX) == VECTOR_GP &&
	      try_xsetbv(1, XCR0_X87) == VECTOR_GP && xgetbv() == XCR0_X87,
	      "xcr0-wrong-values-are-gp", "%lx", xgetbv());
	check(try_xsetbv(0, XCR0_X87 | XCR0_SSE) == VECTOR_NONE &&
	      xgetbv() == (XCR0_X87 | XCR0_SSE), "xcr0-sse", "%lx",
	      xgetbv());
	sizes[0] = cpuid(0xd, 0).ebx;
	check(try_xsetbv(0, good) == VECTOR_NONE && xgetbv() == good,
	      "xcr0-avx", "%lx", xgetbv());
	sizes[1] = cpuid(0xd, 0).ebx;
	check(sizes[0] == LEGACY_SIZE && sizes[1] == XSAVE_SIZE &&
	      cpuid(0xd, 0).ecx == XSAVE_SIZE && cpuid(0xd, 0).eax == good &&
	      cpuid(0xd, 2).eax == 256 && cpuid(0xd, 2).ebx == LEGACY_SIZE,
	      "xsave-sizes", "%u %u", sizes[0], sizes[1]);
	/* QEMU has no exit for XSETBV, and a processor that has more. */
	for (unsigned bit = 3; bit < 64; bit++) {
		if ((is_intel() || bit > 9) &&
		    try_xsetbv(0, good | 1ull << bit) != VECTOR_GP) {
			wrong |= 1ull << bit;
		}
	}
	check(wrong == 0 && xgetbv() == good, "xcr0-hidden-bits-are-gp",
	      "%lx", wrong);
}

/* ---- XSAVE and AVX ------------------------------------------------------ */

static uint64_t area[2048 / 8] __attribute__((aligned(64)));
static uint64_t pattern[GUEST_VPS_MAX][4], found[GUEST_VPS_MAX][4];

static void load_ymm(const uint64_t *from)
{
	__asm__ volatile("vmovdqu (%0), %%ymm0\n\t"
			 "vmovdqa %%ymm0, %%ymm15" : : "r"(from) : "memory");
}

static void store_ymm15(uint64_t *to)
{
	__asm__ volatile("vmovdqu %%ymm15, (%0)" : : "r"(to) : "memory");
}

static void fill(uint64_t *to, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		to[i] = seed;
	}
}

static void test_avx(void)
{
	uint64_t *mine = pattern[0];

	fill(mine, 1);
	load_ymm(mine);
	memset(area, 0, sizeof(area));
	__asm__ volatile("xsave64 (%0)"
			 : : "r"(area), "a"(7), "d"(0) : "memory");
	check((area[XSTATE_BV] & 6) == 6 &&
	      area[LEGACY_SIZE / 8] == mine[2] &&
	      area[LEGACY_SIZE / 8 + 1] == mine[3] &&
	      area[160 / 8] == mine[0], "xsave-layout", "%lx %lx",
	      area[XSTATE_BV], area[LEGACY_SIZE / 8]);
	__asm__ volatile("vzeroall" : : : "memory");
	store_ymm15(found[0]);
	check((found[0][0] | found[0][2]) == 0, "avx-zero", "%lx",
	      found[0][2]);
	__asm__ volatile("xrstor64 (%0)"
			 : : "r"(area), "a"(7), "d"(0) : "memory");
	store_ymm15(found[0]);
	check(memcmp(found[0], mine, 32) == 0, "xrstor-avx", "%lx",
	      found[0][2]);
	/* A component that its header does not have is as at the start. */
	area[XSTATE_BV] &= ~4ull;
	__asm__ volatile("xrstor64 (%0)"
			 : : "r"(area), "a"(7), "d"(0) : "memory");
	store_ymm15(found[0]);
	check(found[0][0] == mine[0] && found[0][2] == 0, "xrstor-without",
	      "%lx %lx", found[0][0], found[0][2]);
}

/* ---- both VPs ----------------------------------------------------------- */

static volatile uint32_t rounds[2], bad[2];
static volatile bool stop;

/* Until the other has had its turns: each sees only its own. */
static void hold(void *arg)
{
	unsigned me = vp_local()->number;
	uint64_t xcr0 = (uint64_t)arg;

	enable_sse();
	write_cr4(read_cr4() | CR4_OSXSAVE);
	(void)try_xsetbv(0, XCR0_ALL);
	fill(pattern[me], me + 77);
	while (!stop) {
		uint64_t end = rdtsc() + tsc_from_us(300);

		load_ymm(pattern[me]);
		(void)try_xsetbv(0, xcr0);
		while (rdtsc() < end) {
		}
		bad[me] += xgetbv() != xcr0;
		(void)try_xsetbv(0, XCR0_ALL);
		store_ymm15(found[me]);
		bad[me] += memcmp(found[me], pattern[me], 32) != 0;
		rounds[me]++;
		if (me == 0 && rounds[0] >= 50 && rounds[1] >= 50) {
			stop = true;
		}
	}
}

static void test_both(void)
{
	stop = false;
	smp_call(1, hold, (void *)(XCR0_X87 | XCR0_SSE));
	hold((void *)XCR0_ALL);
	check(smp_wait(1) && bad[0] == 0 && bad[1] == 0,
	      "avx-and-xcr0-of-each-vp", "%u %u of %u %u", bad[0], bad[1],
	      rounds[0], rounds[1]);
}

void test_xsave(void)
{
	enable_sse();
	test_xcr0();
	test_avx();
	test_both();
}
