/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MSRs, CR0, CR3 and CR4 of a processor that a test makes up, in the
 * place of this one's: for sources that are included after this. An MSR that
 * the test has not given is not there: to name it fails the test.
 */
#ifndef FAKE_REGS_H
#define FAKE_REGS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/regs.h"

#define FAKE_MSRS 64u

static struct {
	uint32_t msr;
	unsigned writes;
	uint64_t value;
} fake_msrs[FAKE_MSRS];
static unsigned fake_msr_count;
static uint64_t fake_cr0, fake_cr3, fake_cr4;

static unsigned fake_msr_find(uint32_t msr)
{
	for (unsigned i = 0; i < fake_msr_count; i++) {
		if (fake_msrs[i].msr == msr) {
			return i;
		}
	}
	fail_msg("MSR %#x is not there", msr);
	return 0;
}

static inline void fake_msr_add(uint32_t msr, uint64_t value)
{
	assert_in_range(fake_msr_count, 0, FAKE_MSRS - 1);
	fake_msrs[fake_msr_count].msr = msr;
	fake_msrs[fake_msr_count].writes = 0;
	fake_msrs[fake_msr_count++].value = value;
}

/* The MSR's value as the processor has it: to change it, or to look. */
static inline uint64_t *fake_msr(uint32_t msr)
{
	return &fake_msrs[fake_msr_find(msr)].value;
}

static inline unsigned fake_msr_writes(uint32_t msr)
{
	return fake_msrs[fake_msr_find(msr)].writes;
}

static inline uint64_t fake_read_msr(uint32_t msr)
{
	return *fake_msr(msr);
}

static inline void fake_write_msr(uint32_t msr, uint64_t value)
{
	fake_msrs[fake_msr_find(msr)].writes++;
	*fake_msr(msr) = value;
}

static inline uint64_t fake_read_cr0(void)
{
	return fake_cr0;
}

static inline uint64_t fake_read_cr3(void)
{
	return fake_cr3;
}

static inline uint64_t fake_read_cr4(void)
{
	return fake_cr4;
}

static inline void fake_write_cr4(uint64_t value)
{
	fake_cr4 = value;
}

#define regs_read_msr fake_read_msr
#define regs_write_msr fake_write_msr
#define regs_read_cr0 fake_read_cr0
#define regs_read_cr3 fake_read_cr3
#define regs_read_cr4 fake_read_cr4
#define regs_write_cr4 fake_write_cr4

#endif
