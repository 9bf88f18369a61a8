/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each hypercall costs at worst, in TSC units: under ICOUNT, instructions.
 * The largest input that is done in one go: full sets, all VPs, as many
 * elements as the hypervisor does between two looks.
 */
#include "lib/guest.h"

#define ROUNDS 100
#define GO 16			/* elements in one go */
#define SELF (~0ull)
#define VP_SELF 0xfffffffeull

static uint64_t in[512] __attribute__((aligned(4096)));
static uint64_t out[1024] __attribute__((aligned(8192)));
static uint64_t toggle;		/* bits of in[4] that change each time */

static void bench(const char *name, uint64_t control, uint32_t status)
{
	uint64_t least = ~0ull, most = 0, sum = 0;
	bool good = true;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t t0 = rdtsc();
		uint64_t result = hypercall(control, (uint64_t)in,
					    (uint64_t)out);
		uint64_t t = rdtsc() - t0;

		good = good && (result & 0xffff) == status;
		in[4] ^= toggle;
		sum += t;
		least = t < least ? t : least;
		most = t > most ? t : most;
	}
	print("bench %s min %lu avg %lu max %lu\n", name, least, sum / ROUNDS,
	      most);
	check(good, name, "wrong status");
}

static void fill(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	memset(in, 0xff, sizeof(in));
	in[0] = a;
	in[1] = b;
	in[2] = c;
	in[3] = d;
	in[4] = e;
}

static void bench_vps(void)
{
	fill(0, 1, 0, 0, 0);
	bench("flush-all", 0x2, 0);
	bench("flush-list", 0x3 | 509ull << 32, 0);
	fill(0, 0, 0, ~0ull, ~0ull);
	bench("flush-ex", 0x13 | 64ull << 17, 0);
	bench("flush-list-ex", 0x14 | 64ull << 17 | 400ull << 32, 0);
	fill(0x55, ~0ull, 0, 0, 0);
	bench("ipi-all", 0xb, 0);
	fill(0x55, 0, ~0ull, ~0ull, 0);
	bench("ipi-ex", 0x15 | 64ull << 17, 0);
}

static void bench_lists(void)
{
	/* The dearest to find: the last synthetic one, and one that is none. */
	static const uint32_t names[] = { 0xb0007, 0x2000f };
	uint32_t list[GO];

	fill(SELF, VP_SELF, 0, 0, 0);
	for (unsigned i = 0; i < GO; i++) {
		list[i] = names[i % 2];
	}
	memcpy(&in[2], list, sizeof(list));
	bench("get-registers", 0x50 | (uint64_t)GO << 32, 0);
	/* A page that moves: two changes of the map each time. */
	fill(SELF, VP_SELF, 0x90013, 0, (uint64_t)out | 1);
	in[5] = 0;
	toggle = PAGE;
	bench("set-register", 0x51 | 1ull << 32, 0);
	toggle = 0;
	fill(SELF, 0, 0, 0, 0);
	memset(&in[2], 0, 4 * GO);
	bench("vp-of-apic-id", 0x9a | (uint64_t)GO << 32, 0);
	/* All of it is looked at, then the VP does not wait for SIPI. */
	memset(in, 0, sizeof(in));
	in[0] = SELF;
	in[26] = 0x11;				/* CR0 */
	bench("start-vp", 0x99, 0x15);
}

void guest_main(void)
{
	hypercall_enable();
	bench_vps();
	bench_lists();
}
