/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory types as registers: PAT and MTRRs take what a processor takes, and
 * nothing else. Part of the guest cpu.
 */
#include "cpu.h"

#define PAT_RESET 0x0007040600070406ull

#define MSR_MTRR_CAP 0xfeu
#define MSR_MTRR_BASE(n) (0x200u + 2 * (n))
#define MSR_MTRR_MASK(n) (0x201u + 2 * (n))
#define MSR_MTRR_DEFAULT 0x2ffu

static void do_read_pat(void *arg)
{
	*(uint64_t *)arg = rdmsr(MSR_PAT);
}

void test_pat(void)
{
	static const uint64_t good[] = {
		0, 0x0606060606060606, 0x0106050406010500,
		0x0707070707070707, PAT_RESET,
	};
	uint64_t other = 0, wrong = 0;

	check(rdmsr(MSR_PAT) == PAT_RESET, "pat-reset", "%lx",
	      rdmsr(MSR_PAT));
	for (unsigned byte = 0; byte < 8; byte++) {
		for (unsigned type = 0; type < 256; type++) {
			uint64_t value = (uint64_t)type << 8 * byte;
			bool may = type < 8 && type != 2 && type != 3;

			if (!may && type > 16 && (type & (type - 1)) != 0) {
				continue;	/* a few stand for all */
			}
			if (try_wrmsr(MSR_PAT, value) !=
			    (may ? VECTOR_NONE : VECTOR_GP) ||
			    (may && rdmsr(MSR_PAT) != value)) {
				wrong |= 1ull << byte;
			}
		}
	}
	check(wrong == 0, "pat-each-type", "%lx", wrong);
	for (unsigned i = 0; i < ARRAY_COUNT(good); i++) {
		wrmsr(MSR_PAT, good[i]);
		wrong |= rdmsr(MSR_PAT) ^ good[i];
	}
	check(wrong == 0, "pat-reads-back", "%lx", wrong);
	wrmsr(MSR_PAT, good[1]);
	smp_call(1, do_read_pat, &other);
	check(smp_wait(1) && other == PAT_RESET, "pat-of-each-vp", "%lx",
	      other);
	wrmsr(MSR_PAT, PAT_RESET);
}

/* ---- MTRRs -------------------------------------------------------------- */

static const uint32_t fixed[] = {
	0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e,
	0x26f,
};

/* Takes it and has it: NONE; refuses it and is as before: GP. */
static bool takes(uint32_t msr, uint64_t value)
{
	return try_wrmsr(msr, value) == VECTOR_NONE && rdmsr(msr) == value;
}

static bool refuses(uint32_t msr, uint64_t value)
{
	uint64_t before = rdmsr(msr);

	return try_wrmsr(msr, value) == VECTOR_GP && rdmsr(msr) == before;
}

static bool is_type(unsigned type)
{
	return type < 7 && type != 2 && type != 3;
}

static void test_types(void)
{
	uint32_t wrong = 0;

	for (unsigned type = 0; type < 9; type++) {
		bool (*want)(uint32_t, uint64_t) =
			is_type(type) ? takes : refuses;

		wrong |= !want(MSR_MTRR_DEFAULT, 0xc00 | type) ? 1u : 0;
		wrong |= !want(MSR_MTRR_BASE(0), 0x80000000 | type) ? 2u : 0;
		for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
			uint64_t one = (uint64_t)type << 8 * (i & 7);

			wrong |= !want(fixed[i], one) ? 4u << i : 0;
		}
	}
	check(wrong == 0, "mtrr-types", "%x", wrong);
}

static void test_variable(unsigned count)
{
	unsigned width = cpuid(0x80000008, 0).eax & 0xff;
	uint64_t most = (1ull << width) - PAGE, value;
	uint32_t wrong = 0;

	for (unsigned i = 0; i < count; i++) {
		wrong |= !takes(MSR_MTRR_BASE(i), most | 6) ? 1u : 0;
		wrong |= !takes(MSR_MTRR_MASK(i), most | 0x800) ? 2u : 0;
		wrong |= !takes(MSR_MTRR_MASK(i), 0) ? 4u : 0;
		wrong |= !refuses(MSR_MTRR_BASE(i), 1ull << width) ? 8u : 0;
		wrong |= !refuses(MSR_MTRR_MASK(i), 1ull << width) ? 16u : 0;
	}
	check(wrong == 0, "mtrr-variable", "%x", wrong);
	for (unsigned bit = 0; bit < 12; bit++) {
		if (bit >= 8) {
			wrong |= !refuses(MSR_MTRR_BASE(0), 1u << bit)
				 ? 1u << bit : 0;
		}
		if (bit < 11) {
			wrong |= !refuses(MSR_MTRR_MASK(0), 1u << bit)
				 ? 0x1000u << bit : 0;
		}
	}
	check(wrong == 0, "mtrr-variable-reserved", "%x", wrong);
	check(try_rdmsr(MSR_MTRR_BASE(count), &value) == VECTOR_GP &&
	      try_wrmsr(MSR_MTRR_MASK(count), 0) == VECTOR_GP,
	      "mtrr-no-more-than-cap-says", "%u", count);
}

void test_mtrr(void)
{
	uint64_t cap = rdmsr(MSR_MTRR_CAP), wrong = 0;

	check((cap & 0x500) == 0x500 && (cap & 0xff) >= 8 &&
	      (cpuid(1, 0).edx >> 12 & 1) == 1, "mtrr-cap", "%lx", cap);
	check(try_wrmsr(MSR_MTRR_CAP, cap) == VECTOR_GP,
	      "mtrr-cap-read-only", "-");
	check((rdmsr(MSR_MTRR_DEFAULT) & 0xcff) == 0x806, "mtrr-reset",
	      "%lx", rdmsr(MSR_MTRR_DEFAULT));
	test_types();
	for (unsigned bit = 8; bit < 64; bit++) {
		if (bit != 10 && bit != 11 &&
		    !refuses(MSR_MTRR_DEFAULT, 6 | 1ull << bit)) {
			wrong |= 1ull << bit;
		}
	}
	check(wrong == 0, "mtrr-default-reserved", "%lx", wrong);
	test_variable((unsigned)(cap & 0xff));
	wrmsr(MSR_MTRR_DEFAULT, 0x806);
}
