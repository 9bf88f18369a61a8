/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls through the page that the hypervisor lays over ours. */
#include "guest.h"

uint8_t hypercall_page[4096] __attribute__((aligned(4096)));

#define OS_ID 0x8f00000000000001ull	/* open source, vendor's own type */

bool hypercall_enable(void)
{
	wrmsr(MSR_HV_GUEST_OS_ID, OS_ID);
	wrmsr(MSR_HV_HYPERCALL, (uint64_t)hypercall_page | 1);
	return rdmsr(MSR_HV_HYPERCALL) == ((uint64_t)hypercall_page | 1);
}

/* TLFS 3.7: RCX control, RDX input, R8 output; RAX result. */
uint64_t hypercall(uint64_t control, uint64_t input, uint64_t output)
{
	uint64_t result;
	register uint64_t r8 __asm__("r8") = output;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+d"(input), "+r"(r8)
			 : [page] "r"((uint64_t)hypercall_page)
			 : "memory", "cc", "r9", "r10", "r11");
	return result;
}
