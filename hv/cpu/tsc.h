/* SPDX-License-Identifier: Apache-2.0 */
/* The time stamp counter: the only clock of the hypervisor. */
#ifndef CPU_TSC_H
#define CPU_TSC_H

#include "lib/types.h"

uint64_t tsc_read(void) must_use;
uint64_t tsc_hz(void) must_use;
/* By tsc-hz; exact to one unit, no overflow below 2^63. */
uint64_t tsc_from_us(uint64_t us) must_use;
/* floor(10^7 * 2^64 / tsc_hz): scale of the reference TSC page (TLFS). */
uint64_t tsc_reference_scale(void) must_use;

#endif
