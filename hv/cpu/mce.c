/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machine-check banks. Number and layout are architectural: bank i has CTL,
 * STATUS, ADDR, MISC from 0x400 + 4 i (APM2 9.3.2). Banks beyond 32 are left
 * alone.
 */
#include "cpu/mce.h"
#include "abi/msr.h"
#include "cpu/id.h"
#include "cpu/regs.h"
#include "lib/bits.h"

#define MCE_BANK_MAX 32u
#define MCG_CAP_CTL BIT(8)
#define MCG_STATUS_RIPV BIT(0)
#define MC_STATUS_VALID BIT(63)
#define MC_STATUS_PCC BIT(57)

static uint32_t mce_bank_count(void)
{
	uint32_t id[4];
	uint32_t count;

	cpu_id_read(1, 0, id);
	/* MCE and MCA */
	if ((id[3] & (1u << 7)) == 0 || (id[3] & (1u << 14)) == 0) {
		return 0;
	}
	count = (uint32_t)regs_read_msr(MSR_MCG_CAP) & 0xff;
	return count < MCE_BANK_MAX ? count : MCE_BANK_MAX;
}

void mce_clear(void)
{
	uint32_t count = mce_bank_count();

	for (uint32_t i = 0; i < count; i++) {
		regs_write_msr(MSR_MC0_CTL + 4 * i + 1, 0);
	}
	if (count != 0) {
		regs_write_msr(MSR_MCG_STATUS, 0);
	}
}

void mce_start(void)
{
	uint32_t count = mce_bank_count();

	if (count == 0) {
		return;
	}
	if ((regs_read_msr(MSR_MCG_CAP) & MCG_CAP_CTL) != 0) {
		regs_write_msr(MSR_MCG_CTL, ~0ull);
	}
	for (uint32_t i = 0; i < count; i++) {
		regs_write_msr(MSR_MC0_CTL + 4 * i, ~0ull);
	}
	mce_clear();
	regs_write_cr4(regs_read_cr4() | CR4_MCE);
}

uint64_t mce_status(void)
{
	uint32_t count = mce_bank_count();

	for (uint32_t i = 0; i < count; i++) {
		uint64_t s = regs_read_msr(MSR_MC0_CTL + 4 * i + 1);

		if ((s & MC_STATUS_VALID) != 0) {
			return s;
		}
	}
	return 0;
}

bool mce_is_survivable(void)
{
	uint32_t count = mce_bank_count();

	if (count == 0 ||
	    (regs_read_msr(MSR_MCG_STATUS) & MCG_STATUS_RIPV) == 0) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t s = regs_read_msr(MSR_MC0_CTL + 4 * i + 1);

		if ((s & MC_STATUS_VALID) != 0 && (s & MC_STATUS_PCC) != 0) {
			return false;
		}
	}
	return true;
}
