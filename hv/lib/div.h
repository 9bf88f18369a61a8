/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit arithmetic by the processor's own instructions (no libgcc). */
#ifndef LIB_DIV_H
#define LIB_DIV_H

#include "lib/types.h"

/* (high * 2^64 + low) / by, rounded down. The quotient must fit: high < by. */
static inline uint64_t div_wide(uint64_t high, uint64_t low, uint64_t by)
{
	uint64_t quotient;

	__asm__("divq %3"
		: "=a"(quotient), "+d"(high)
		: "0"(low), "rm"(by)
		: "cc");
	return quotient;
}

/* a * b / by, rounded down. The quotient must fit. */
static inline uint64_t div_mul(uint64_t a, uint64_t b, uint64_t by)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return div_wide((uint64_t)(product >> 64), (uint64_t)product, by);
}

#endif
