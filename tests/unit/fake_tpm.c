/* SPDX-License-Identifier: Apache-2.0 */
/* The registers; what the TPM itself answers is in fake_tpm_answer.c. */
#include "fake_tpm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tpm_regs.h"

struct fake_tpm fake_tpm;

/* Time passes with each look at it; burst counts are small on purpose. */
static uint64_t fake_now;
static uint8_t fake_bytes[8192];
static uint32_t fake_in, fake_out, fake_size;
static bool fake_ready, fake_done, fake_active, fake_idle, fake_granted;
static bool fake_gone, fake_failed;

#define BURST 7u

void fake_tpm_reset(bool crb)
{
	memset(&fake_tpm, 0, sizeof(fake_tpm));
	fake_tpm.crb = crb;
	fake_in = fake_out = fake_size = 0;
	fake_ready = fake_done = fake_active = fake_granted = false;
	fake_gone = fake_failed = false;
	fake_idle = true;
}

uint64_t tpm_ticks(void)
{
	return fake_now += 50;
}

static bool fake_has(enum fake_fault fault)
{
	return fake_tpm.fault == fault &&
	       fake_tpm.commands >= fake_tpm.fault_at;
}

static void fake_run(void)
{
	if (fake_has(FAKE_LOST)) {
		fake_gone = true;
		return;
	}
	if (fake_has(FAKE_SILENT)) {
		fake_tpm.commands++;
		return;
	}
	fake_size = (uint32_t)fake_tpm_answer(fake_bytes, fake_in);
	fake_out = 0;
	fake_done = true;
	fake_failed = fake_has(FAKE_ERROR);
	if (fake_has(FAKE_CUT)) {
		fake_size -= 3;
		memset(fake_bytes + fake_size, 0, 3);
	} else if (fake_has(FAKE_LONG)) {
		fake_size += 5;
	} else if (fake_has(FAKE_HUGE)) {
		memcpy(fake_bytes + 2, "\0\0\x10\x01", 4);
		fake_size = 4097;
	} else if (fake_has(FAKE_TINY)) {
		memcpy(fake_bytes + 2, "\0\0\0\x09", 4);
	}
	fake_tpm.commands++;
}

/* ---- TIS ---------------------------------------------------------------- */

static uint32_t fake_expected(void)
{
	uint32_t size = (uint32_t)fake_bytes[4] << 8 | fake_bytes[5];

	if (fake_in < 6) {
		return UINT32_MAX;
	}
	return fake_has(FAKE_NOT_EXPECTING) ? 6 :
	       fake_has(FAKE_HUNGRY) ? size + 1 : size;
}

static uint32_t fake_sts(void)
{
	/* Before the first byte nothing is to be said about data. */
	uint32_t sts = fake_ready && fake_in == 0 ? 0 : TIS_STS_VALID;

	if (fake_done) {
		uint32_t left = fake_size - fake_out;

		return sts | (left != 0 ? TIS_STS_DATA |
			      (left < BURST ? left : BURST) << 8 : 8u << 8);
	}
	if (fake_ready) {
		sts |= fake_has(FAKE_NO_BURST) ? 0 : BURST << 8;
		sts |= fake_in == 0 ? TIS_STS_READY : 0;
		sts |= fake_in != 0 && fake_in < fake_expected() ?
		       TIS_STS_EXPECT : 0;
	}
	return sts;
}

static void fake_write_sts(uint32_t value)
{
	if ((value & TIS_STS_READY) != 0) {
		fake_done = false;
		fake_in = 0;
		fake_ready = !fake_has(FAKE_BUSY);
	}
	if ((value & TIS_STS_GO) != 0) {
		assert_true(fake_in == fake_expected());
		fake_ready = false;
		fake_run();
	}
}

/* ---- CRB ---------------------------------------------------------------- */

static uint32_t fake_crb_read(uint32_t offset)
{
	switch (offset) {
	case CRB_LOC_STS:
		return fake_granted;
	case CRB_REQ:
		return fake_has(FAKE_BUSY);
	case CRB_STS:
		return (fake_idle ? CRB_STS_IDLE : 0) |
		       (fake_failed ? CRB_STS_ERROR : 0);
	case CRB_START:
		return fake_ready;
	case CRB_COMMAND_SIZE:
	case CRB_RESPONSE_SIZE:
		return 0x1000 - CRB_BUFFER;
	case CRB_COMMAND_LOW:
		return fake_has(FAKE_FAR_BUFFER) ? TPM_BASE + TPM_SPACE - 8 :
		       TPM_BASE + CRB_BUFFER;
	case CRB_RESPONSE_LOW:
		return TPM_BASE + CRB_BUFFER;
	case CRB_COMMAND_HIGH:
	case CRB_RESPONSE_HIGH:
		return 0;
	}
	fail_msg("read at %x", offset);
	return 0;
}

static void fake_crb_start(void)
{
	/* What was in the buffer before is no command. */
	fake_in = (uint32_t)fake_bytes[4] << 8 | fake_bytes[5];
	fake_ready = true;
	fake_run();
	if (fake_done) {
		fake_ready = fake_done = false;
	}
}

static void fake_crb_write(uint32_t offset, uint32_t value)
{
	switch (offset) {
	case CRB_LOC_CTRL:
		fake_granted = value == CRB_LOC_CTRL_REQUEST &&
			       !fake_has(FAKE_LOCALITY);
		return;
	case CRB_REQ:
		fake_idle = value == CRB_REQ_IDLE;
		return;
	case CRB_CANCEL:
		return;
	case CRB_START:
		assert_false(fake_idle);
		assert_true(fake_granted);
		fake_crb_start();
		return;
	}
	fail_msg("write at %x", offset);
}

/* ---- either ------------------------------------------------------------- */

static bool fake_absent(uint32_t *value)
{
	fake_tpm.accesses++;
	*value = fake_has(FAKE_ABSENT_ZERO) ? 0 : 0xffffffff;
	return fake_gone || fake_has(FAKE_ABSENT) ||
	       fake_has(FAKE_ABSENT_ZERO);
}

uint32_t tpm_read32(uint32_t offset)
{
	uint32_t value;

	if (fake_absent(&value)) {
		return value;
	}
	if (offset == TPM_INTF_ID) {
		return fake_has(FAKE_STRANGE) ? 0x2812 :
		       fake_tpm.crb ? 0x25811 : 0x2100;
	}
	if (offset == TIS_DID_VID) {
		return 0x11014;
	}
	if (fake_tpm.crb) {
		return fake_crb_read(offset);
	}
	assert_int_equal(offset, TIS_STS);
	return fake_sts();
}

uint8_t tpm_read8(uint32_t offset)
{
	uint32_t value;

	if (fake_absent(&value)) {
		return (uint8_t)value;
	}
	if (fake_tpm.crb) {
		assert_in_range(offset, CRB_BUFFER, 0xfff);
		return fake_bytes[offset - CRB_BUFFER];
	}
	if (offset == TIS_ACCESS) {
		return (uint8_t)(TIS_ACCESS_VALID |
				 (fake_active ? TIS_ACCESS_ACTIVE : 0));
	}
	assert_int_equal(offset, TIS_FIFO);
	assert_true(fake_done);
	return fake_out < fake_size ? fake_bytes[fake_out++] : 0xff;
}

void tpm_write32(uint32_t offset, uint32_t value)
{
	uint32_t ignored;

	if (fake_absent(&ignored)) {
		return;
	}
	if (fake_tpm.crb) {
		fake_crb_write(offset, value);
		return;
	}
	assert_int_equal(offset, TIS_STS);
	assert_true(fake_active);
	fake_write_sts(value);
}

void tpm_write8(uint32_t offset, uint8_t value)
{
	uint32_t ignored;

	if (fake_absent(&ignored)) {
		return;
	}
	if (fake_tpm.crb) {
		assert_in_range(offset, CRB_BUFFER, 0xfff);
		fake_bytes[offset - CRB_BUFFER] = value;
		return;
	}
	if (offset == TIS_ACCESS) {
		fake_active = value == TIS_ACCESS_REQUEST &&
			      !fake_has(FAKE_LOCALITY);
		return;
	}
	assert_int_equal(offset, TIS_FIFO);
	assert_true(fake_ready);
	fake_bytes[fake_in++] = value;
}
