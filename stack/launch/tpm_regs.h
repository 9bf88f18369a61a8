/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM's registers, by offset from TPM_BASE, and a clock. Host tests bring
 * registers of their own.
 */
#ifndef LAUNCH_TPM_REGS_H
#define LAUNCH_TPM_REGS_H

#include <stdint.h>

#include "tpm_io.h"

/* TIS, which the profile also calls FIFO */
#define TIS_ACCESS 0x00u
#define TIS_ACCESS_VALID 0x80u
#define TIS_ACCESS_ACTIVE 0x20u
#define TIS_ACCESS_REQUEST 0x02u
#define TIS_STS 0x18u
#define TIS_STS_VALID 0x80u
#define TIS_STS_READY 0x40u
#define TIS_STS_GO 0x20u
#define TIS_STS_DATA 0x10u
#define TIS_STS_EXPECT 0x08u
#define TIS_STS_BURST(sts) ((sts) >> 8 & 0xffffu)
#define TIS_FIFO 0x24u
#define TIS_DID_VID 0xf00u

#define TPM_INTF_ID 0x30u
#define TPM_INTF_TYPE 0xfu
#define TPM_INTF_FIFO 0u
#define TPM_INTF_CRB 1u
#define TPM_INTF_TIS 0xfu	/* version 1.3: it had no such register */

#define CRB_LOC_CTRL 0x08u
#define CRB_LOC_CTRL_REQUEST 1u
#define CRB_LOC_CTRL_RELINQUISH 2u
#define CRB_LOC_STS 0x0cu
#define CRB_LOC_STS_GRANTED 1u
#define CRB_REQ 0x40u
#define CRB_REQ_READY 1u
#define CRB_REQ_IDLE 2u
#define CRB_STS 0x44u
#define CRB_STS_ERROR 1u
#define CRB_STS_IDLE 2u
#define CRB_CANCEL 0x48u
#define CRB_START 0x4cu
#define CRB_COMMAND_SIZE 0x58u
#define CRB_COMMAND_LOW 0x5cu
#define CRB_COMMAND_HIGH 0x60u
#define CRB_RESPONSE_SIZE 0x64u
#define CRB_RESPONSE_LOW 0x68u
#define CRB_RESPONSE_HIGH 0x6cu
#define CRB_BUFFER 0x80u

#ifdef LAUNCH_HOST
uint8_t tpm_read8(uint32_t offset);
uint32_t tpm_read32(uint32_t offset);
void tpm_write8(uint32_t offset, uint8_t value);
void tpm_write32(uint32_t offset, uint32_t value);
uint64_t tpm_ticks(void);
#else
static inline volatile uint8_t *tpm_at(uint32_t offset)
{
	return (volatile uint8_t *)(uintptr_t)(TPM_BASE + offset);
}

static inline uint8_t tpm_read8(uint32_t offset)
{
	return *tpm_at(offset);
}

static inline uint32_t tpm_read32(uint32_t offset)
{
	return *(volatile uint32_t *)tpm_at(offset);
}

static inline void tpm_write8(uint32_t offset, uint8_t value)
{
	*tpm_at(offset) = value;
}

static inline void tpm_write32(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)tpm_at(offset) = value;
}

static inline uint64_t tpm_ticks(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
#endif

#endif
