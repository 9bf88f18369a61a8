/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor says about itself. */
#ifndef CPU_ID_H
#define CPU_ID_H

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

#endif
