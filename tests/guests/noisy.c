/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bad neighbour on one LP: makes the exits that take the hypervisor longest,
 * at every phase of its slot. Overlays that split large leaves and make tables
 * at three levels, long lines, instructions at ever new places, and at its
 * end a crash report with as much text as the TLFS lets it have; then its
 * partition restarts, and all begins again.
 */
#include "lib/guest.h"

#define ROUNDS 64u
#define OVERLAY_ENABLE 1ull
#define TEXT_SIZE 4096u
#define COPIES 16u
#define COPY_STRIDE 4096u

static char text[TEXT_SIZE];
static const char dots[] =
	"..................................................";

/* RAM, where it may be mapped by a large leaf; no RAM, near and far. */
static const uint64_t places[] = {
	0x200000, 0x400000, 0xa00000, 0x100000000ull, 0x8000000000ull
};

static void overlay_everywhere(unsigned round)
{
	for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
		uint64_t at = places[i] + (round % 16) * PAGE;

		wrmsr(MSR_HV_HYPERCALL, at | OVERLAY_ENABLE);
		wrmsr(MSR_HV_REFERENCE_TSC, (at + PAGE) | OVERLAY_ENABLE);
		wrmsr(MSR_HV_VP_ASSIST_PAGE, (at + PAGE) | OVERLAY_ENABLE);
		wrmsr(MSR_HV_VP_ASSIST_PAGE, 0);
		wrmsr(MSR_HV_REFERENCE_TSC, 0);
		wrmsr(MSR_HV_HYPERCALL, 0);
	}
}

/* CPUID; RET, each time somewhere else. */
static void exit_at_new_places(void)
{
	static const uint8_t code[] = { 0x53, 0x0f, 0xa2, 0x5b, 0xc3 };

	for (unsigned i = 0; i < COPIES; i++) {
		uint64_t at = 0x600000ull + i * COPY_STRIDE + i;

		for (unsigned j = 0; j < sizeof(code); j++) {
			((volatile uint8_t *)at)[j] = code[j];
		}
		__asm__ volatile("call *%0" : : "r"(at)
				 : "rax", "rcx", "rdx", "memory");
	}
}

void guest_main(void)
{
	wrmsr(MSR_HV_GUEST_OS_ID, 0x8100000000000001ull);
	for (unsigned i = 0; i < TEXT_SIZE; i++) {
		text[i] = (char)(i % 100 == 99 ? '\n' : 1 + i % 126);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		overlay_everywhere(round);
		exit_at_new_places();
		print("round %u %s%s\n", round, dots, dots);
	}
	wrmsr(MSR_HV_CRASH_P0 + 3, (uint64_t)text);
	wrmsr(MSR_HV_CRASH_P0 + 4, TEXT_SIZE);
	wrmsr(MSR_HV_CRASH_CTL, 3ull << 62);
}
