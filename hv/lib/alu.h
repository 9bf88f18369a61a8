/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the arithmetic instructions compute, and the flags that they leave
 * (APM3): for those of them that a guest uses on device pages.
 */
#ifndef LIB_ALU_H
#define LIB_ALU_H

#include "lib/insn.h"

#define ALU_CF 0x001ull
#define ALU_PF 0x004ull
#define ALU_AF 0x010ull
#define ALU_ZF 0x040ull
#define ALU_SF 0x080ull
#define ALU_OF 0x800ull

/*
 * op of left and right, both of size bytes (1, 2, 4, 8; bits above are
 * ignored). Answers what is to be stored, cut to size; CMP and TEST compute
 * only flags and answer left. NOT, NEG, INC, DEC ignore right; XCHG answers
 * it. *flags is RFLAGS before and after. AF is 0 where it is undefined.
 */
uint64_t alu_compute(enum insn_op op, unsigned size, uint64_t left,
		     uint64_t right, uint64_t *flags) must_use;

#endif
