/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor says about itself. */
#ifndef CPU_ID_H
#define CPU_ID_H

#include "config/config.h"
#include "lib/types.h"

/* CPUID: EAX, EBX, ECX, EDX of a leaf. */
#ifdef HOST_TEST
void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);
#else
static inline void cpu_id_read(uint32_t leaf, uint32_t subleaf,
			       uint32_t regs[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]),
			   "=d"(regs[3])
			 : "a"(leaf), "c"(subleaf));
}
#endif

/*
 * Whose processor it is: asked once, before anything depends on it. A build
 * with one back end runs on that vendor's only, and need not look.
 */
#if defined(HOST_TEST)
__attribute__((weak)) enum cpu_vendor cpu_id_vendor;
#else
extern enum cpu_vendor cpu_id_vendor;
#endif
enum cpu_vendor cpu_id_find_vendor(void);

static inline bool cpu_id_is_intel(void)
{
#if defined(HOST_TEST) || (defined(CONFIG_SVM) && defined(CONFIG_VMX))
	return cpu_id_vendor == VENDOR_INTEL;
#elif defined(CONFIG_VMX)
	return true;
#else
	return false;
#endif
}

#endif
