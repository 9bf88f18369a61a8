/* SPDX-License-Identifier: Apache-2.0 */
/* What the files cpu*.c share. */
#ifndef GUESTS_CPU_H
#define GUESTS_CPU_H

#include "lib/guest.h"

/* Runs code with RAX 0 and RSI, RDX as given: vector, error code, CR2. */
struct fault {
	unsigned vector;
	uint64_t error, cr2;
};
struct fault run_at(uint64_t code, uint64_t rsi, uint64_t rdx);
/* Bytes that end with RET, or with UD2 for a user. */
uint64_t put_code(const void *bytes, size_t count);

/* cpu_protect.c, cpu_xsave.c, cpu_debug.c, cpu_msr.c */
void test_protection(void);
void test_xsave(void);
void test_debug(void);
void test_pat(void);
void test_mtrr(void);

#endif
