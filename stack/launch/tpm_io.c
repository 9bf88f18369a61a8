/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps true: no register is read or written outside the TPM's space, nothing
 * is stored outside the buffer, and each loop either moves bytes, of which
 * there are at most TPM_BUFFER_SIZE, or ends by the clock.
 */
#include "tpm_io.h"

#include "tpm_regs.h"

/* The profile's timeouts B (2 s) and A (750 ms), and the longest that a
 * command here takes: making a key. */
#define TPM_READY_MS 2000u
#define TPM_LOCALITY_MS 750u
#define TPM_ANSWER_MS 20000u

#define TPM_NOBODY 0xffffffffu		/* what an empty bus reads as */

const char *tpm_err_text(enum tpm_err err)
{
	static const char *const texts[TPM_ERR_COUNT] = {
		[TPM_OK] = "good",
		[TPM_ABSENT] = "there is none",
		[TPM_UNKNOWN] = "its interface is neither TIS nor CRB",
		[TPM_BUSY] = "is busy and stays so",
		[TPM_SILENT] = "does not answer",
		[TPM_LOST] = "has vanished",
		[TPM_BROKEN] = "does not keep to its interface",
		[TPM_TRUNCATED] = "its response is cut short",
		[TPM_OVERSIZED] = "its response is too long",
		[TPM_MALFORMED] = "its response means nothing",
		[TPM_NOT_STARTED] = "no firmware has started it",
		[TPM_REFUSED] = "refuses a command"
	};

	return (unsigned)err < TPM_ERR_COUNT ? texts[err] : "unknown";
}

static enum tpm_err tpm_fail(struct tpm *tpm, enum tpm_err err)
{
	if (tpm->dead == TPM_OK) {
		tpm->dead = err;
	}
	return err;
}

/* Until (register & mask) == wanted. Late: err. */
static enum tpm_err tpm_wait(const struct tpm *tpm, uint32_t offset,
			     uint32_t mask, uint32_t wanted, uint32_t ms,
			     enum tpm_err late)
{
	uint64_t start = tpm_ticks();

	for (;;) {
		/* Before the register, so that it is read after the end. */
		bool over = tpm_ticks() - start > ms * tpm->ticks_per_ms;
		uint32_t value = offset == TIS_ACCESS ? tpm_read8(offset)
						      : tpm_read32(offset);

		if (value == (offset == TIS_ACCESS ? 0xffu : TPM_NOBODY)) {
			return TPM_LOST;
		}
		if ((value & mask) == wanted) {
			return TPM_OK;
		}
		if (over) {
			return late;
		}
	}
}

/* A response's size as its header has it, which is at most max. */
static enum tpm_err tpm_size(const struct tpm *tpm, uint32_t max,
			     uint32_t *size)
{
	*size = (uint32_t)tpm->buffer[2] << 24 |
		(uint32_t)tpm->buffer[3] << 16 |
		(uint32_t)tpm->buffer[4] << 8 | tpm->buffer[5];
	if (*size < TPM_HEADER_SIZE) {
		return TPM_TRUNCATED;
	}
	return *size > max ? TPM_OVERSIZED : TPM_OK;
}

/* ---- TIS ---------------------------------------------------------------- */

/*
 * How many bytes can be moved now; with none for too long, late. valid: the
 * bits about data mean something, which they need not before the first byte.
 */
static enum tpm_err tis_burst(const struct tpm *tpm, uint32_t *sts,
			      uint32_t valid, enum tpm_err late)
{
	uint64_t start = tpm_ticks();

	for (;;) {
		bool over = tpm_ticks() - start >
			    TPM_READY_MS * tpm->ticks_per_ms;

		*sts = tpm_read32(TIS_STS);
		if (*sts == TPM_NOBODY) {
			return TPM_LOST;
		}
		if ((*sts & valid) == valid && TIS_STS_BURST(*sts) != 0) {
			return TPM_OK;
		}
		if (over) {
			return late;
		}
	}
}

/* Whatever it was doing ends; twice, as the first may be an abort. */
static enum tpm_err tis_ready(const struct tpm *tpm)
{
	enum tpm_err err;

	tpm_write32(TIS_STS, TIS_STS_READY);
	err = tpm_wait(tpm, TIS_STS, TIS_STS_READY, TIS_STS_READY,
		       TPM_READY_MS, TPM_BUSY);
	if (err == TPM_BUSY) {
		tpm_write32(TIS_STS, TIS_STS_READY);
		err = tpm_wait(tpm, TIS_STS, TIS_STS_READY, TIS_STS_READY,
			       TPM_READY_MS, TPM_BUSY);
	}
	return err;
}

static enum tpm_err tis_send(const struct tpm *tpm, size_t size)
{
	size_t at = 0;
	uint32_t sts;

	while (at < size) {
		enum tpm_err err = tis_burst(tpm, &sts,
					     at == 0 ? 0 : TIS_STS_VALID,
					     TPM_BUSY);
		uint32_t burst;

		if (err != TPM_OK) {
			return err;
		}
		if (at != 0 && (sts & TIS_STS_EXPECT) == 0) {
			return TPM_BROKEN;
		}
		for (burst = TIS_STS_BURST(sts); burst != 0 && at < size;
		     burst--) {
			tpm_write8(TIS_FIFO, tpm->buffer[at++]);
		}
	}
	return tpm_wait(tpm, TIS_STS, TIS_STS_VALID | TIS_STS_EXPECT,
			TIS_STS_VALID, TPM_READY_MS, TPM_BROKEN);
}

/* Bytes [from, to) of the response. */
static enum tpm_err tis_receive(struct tpm *tpm, uint32_t from, uint32_t to)
{
	uint32_t sts;

	while (from < to) {
		enum tpm_err err = tis_burst(tpm, &sts, TIS_STS_VALID,
					     TPM_TRUNCATED);
		uint32_t burst;

		if (err != TPM_OK) {
			return err;
		}
		if ((sts & TIS_STS_DATA) == 0) {
			return TPM_TRUNCATED;
		}
		for (burst = TIS_STS_BURST(sts); burst != 0 && from < to;
		     burst--) {
			tpm->buffer[from++] = tpm_read8(TIS_FIFO);
		}
	}
	return TPM_OK;
}

static enum tpm_err tis_transmit(struct tpm *tpm, size_t size, uint32_t *got)
{
	enum tpm_err err = tis_ready(tpm);

	if (err == TPM_OK) {
		err = tis_send(tpm, size);
	}
	if (err != TPM_OK) {
		return err;
	}
	tpm_write32(TIS_STS, TIS_STS_GO);
	err = tpm_wait(tpm, TIS_STS, TIS_STS_VALID | TIS_STS_DATA,
		       TIS_STS_VALID | TIS_STS_DATA, TPM_ANSWER_MS,
		       TPM_SILENT);
	if (err == TPM_OK) {
		err = tis_receive(tpm, 0, TPM_HEADER_SIZE);
	}
	if (err == TPM_OK) {
		err = tpm_size(tpm, TPM_BUFFER_SIZE, got);
	}
	if (err == TPM_OK) {
		err = tis_receive(tpm, TPM_HEADER_SIZE, *got);
	}
	if (err == TPM_OK) {
		err = tpm_wait(tpm, TIS_STS, TIS_STS_VALID | TIS_STS_DATA,
			       TIS_STS_VALID, TPM_READY_MS, TPM_OVERSIZED);
	}
	tpm_write32(TIS_STS, TIS_STS_READY);
	return err;
}

static enum tpm_err tis_open(const struct tpm *tpm)
{
	tpm_write8(TIS_ACCESS, TIS_ACCESS_REQUEST);
	return tpm_wait(tpm, TIS_ACCESS,
			TIS_ACCESS_VALID | TIS_ACCESS_ACTIVE,
			TIS_ACCESS_VALID | TIS_ACCESS_ACTIVE,
			TPM_LOCALITY_MS, TPM_BUSY);
}

/* ---- CRB ---------------------------------------------------------------- */

/*
 * A buffer, as an offset. Firmware TPMs may have theirs elsewhere in memory,
 * which is not this partition's.
 */
static bool crb_buffer(uint32_t low, uint32_t high, uint32_t size,
		       uint32_t *offset)
{
	if (high != 0 || low < TPM_BASE + CRB_BUFFER ||
	    low >= TPM_BASE + TPM_SPACE || size < TPM_HEADER_SIZE ||
	    size > TPM_BASE + TPM_SPACE - low) {
		return false;
	}
	*offset = low - TPM_BASE;
	return true;
}

static enum tpm_err crb_open(struct tpm *tpm)
{
	enum tpm_err err;

	tpm_write32(CRB_LOC_CTRL, CRB_LOC_CTRL_REQUEST);
	err = tpm_wait(tpm, CRB_LOC_STS, CRB_LOC_STS_GRANTED,
		       CRB_LOC_STS_GRANTED, TPM_LOCALITY_MS, TPM_BUSY);
	if (err != TPM_OK) {
		return err;
	}
	tpm->command_size = tpm_read32(CRB_COMMAND_SIZE);
	tpm->response_size = tpm_read32(CRB_RESPONSE_SIZE);
	if (!crb_buffer(tpm_read32(CRB_COMMAND_LOW),
			tpm_read32(CRB_COMMAND_HIGH), tpm->command_size,
			&tpm->command) ||
	    !crb_buffer(tpm_read32(CRB_RESPONSE_LOW),
			tpm_read32(CRB_RESPONSE_HIGH), tpm->response_size,
			&tpm->response)) {
		return TPM_BROKEN;
	}
	return TPM_OK;
}

static enum tpm_err crb_run(struct tpm *tpm, size_t size)
{
	enum tpm_err err;
	uint32_t i;

	tpm_write32(CRB_REQ, CRB_REQ_READY);
	err = tpm_wait(tpm, CRB_REQ, CRB_REQ_READY, 0, TPM_READY_MS,
		       TPM_BUSY);
	if (err == TPM_OK) {
		err = tpm_wait(tpm, CRB_STS, CRB_STS_IDLE, 0, TPM_READY_MS,
			       TPM_BUSY);
	}
	if (err != TPM_OK) {
		return err;
	}
	for (i = 0; i < size; i++) {
		tpm_write8(tpm->command + i, tpm->buffer[i]);
	}
	tpm_write32(CRB_CANCEL, 0);
	tpm_write32(CRB_START, 1);
	err = tpm_wait(tpm, CRB_START, 1, 0, TPM_ANSWER_MS, TPM_SILENT);
	if (err == TPM_SILENT) {
		tpm_write32(CRB_CANCEL, 1);
	}
	if (err == TPM_OK && (tpm_read32(CRB_STS) & CRB_STS_ERROR) != 0) {
		err = TPM_BROKEN;
	}
	return err;
}

static enum tpm_err crb_transmit(struct tpm *tpm, size_t size, uint32_t *got)
{
	uint32_t max = tpm->response_size < TPM_BUFFER_SIZE ?
		       tpm->response_size : TPM_BUFFER_SIZE;
	enum tpm_err err = size > tpm->command_size ? TPM_BROKEN :
			   crb_run(tpm, size);
	uint32_t i;

	if (err != TPM_OK) {
		return err;
	}
	for (i = 0; i < TPM_HEADER_SIZE; i++) {
		tpm->buffer[i] = tpm_read8(tpm->response + i);
	}
	err = tpm_size(tpm, max, got);
	for (; err == TPM_OK && i < *got; i++) {
		tpm->buffer[i] = tpm_read8(tpm->response + i);
	}
	tpm_write32(CRB_REQ, CRB_REQ_IDLE);
	return err;
}

/* ---- either ------------------------------------------------------------- */

static enum tpm_interface tpm_find(enum tpm_err *err)
{
	uint32_t id = tpm_read32(TPM_INTF_ID);
	uint32_t vendor;

	*err = TPM_OK;
	if (id != TPM_NOBODY && (id & TPM_INTF_TYPE) == TPM_INTF_CRB) {
		return TPM_INTERFACE_CRB;
	}
	vendor = tpm_read32(TIS_DID_VID);
	if (vendor == TPM_NOBODY || vendor == 0) {
		*err = TPM_ABSENT;
		return TPM_INTERFACE_NONE;
	}
	if ((id & TPM_INTF_TYPE) == TPM_INTF_FIFO ||
	    (id & TPM_INTF_TYPE) == TPM_INTF_TIS) {
		return TPM_INTERFACE_TIS;
	}
	*err = TPM_UNKNOWN;
	return TPM_INTERFACE_NONE;
}

enum tpm_err tpm_open(struct tpm *tpm, uint64_t ticks_per_ms)
{
	enum tpm_err err;

	tpm->dead = TPM_OK;
	tpm->code = 0;
	tpm->ticks_per_ms = ticks_per_ms;
	tpm->interface = tpm_find(&err);
	switch (tpm->interface) {
	case TPM_INTERFACE_NONE:
		break;
	case TPM_INTERFACE_TIS:
		err = tis_open(tpm);
		break;
	case TPM_INTERFACE_CRB:
		err = crb_open(tpm);
		break;
	}
	return err == TPM_OK ? err : tpm_fail(tpm, err);
}

enum tpm_err tpm_transmit(struct tpm *tpm, size_t size, size_t *got)
{
	enum tpm_err err = TPM_ABSENT;
	uint32_t found = 0;

	*got = 0;
	if (tpm->dead != TPM_OK) {
		return tpm->dead;
	}
	if (size > TPM_BUFFER_SIZE) {
		return TPM_OVERSIZED;
	}
	switch (tpm->interface) {
	case TPM_INTERFACE_NONE:
		break;
	case TPM_INTERFACE_TIS:
		err = tis_transmit(tpm, size, &found);
		break;
	case TPM_INTERFACE_CRB:
		err = crb_transmit(tpm, size, &found);
		break;
	}
	if (err != TPM_OK) {
		return tpm_fail(tpm, err);
	}
	*got = found;
	return TPM_OK;
}

void tpm_close(struct tpm *tpm)
{
	switch (tpm->interface) {
	case TPM_INTERFACE_NONE:
		break;
	case TPM_INTERFACE_TIS:
		tpm_write8(TIS_ACCESS, TIS_ACCESS_ACTIVE);
		break;
	case TPM_INTERFACE_CRB:
		tpm_write32(CRB_LOC_CTRL, CRB_LOC_CTRL_RELINQUISH);
		break;
	}
	tpm->interface = TPM_INTERFACE_NONE;
}
