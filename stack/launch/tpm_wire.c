/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps true: a reader never passes the bytes that the TPM has sent. */
#include "tpm_wire.h"

#include <string.h>

#include "tpm.h"
#include "tpm_regs.h"

#define ST_NO_SESSIONS 0x8001u
#define ST_SESSIONS 0x8002u
#define RS_PASSWORD 0x40000009u
#define PASSWORD_SIZE 9u		/* handle, no nonce, bits, nothing */
#define RC_RETRY 0x922u			/* warnings: ask again */
#define RC_YIELDED 0x908u
#define RC_TESTING 0x90au

/* ---- commands ----------------------------------------------------------- */

void wire_put(struct tpm_writer *w, const void *bytes, size_t size)
{
	if (w->bad || size > TPM_BUFFER_SIZE - w->size) {
		w->bad = true;
		return;
	}
	memcpy(w->bytes + w->size, bytes, size);
	w->size += size;
}

void wire_put8(struct tpm_writer *w, uint8_t value)
{
	wire_put(w, &value, 1);
}

void wire_put16(struct tpm_writer *w, uint16_t value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	wire_put(w, bytes, sizeof(bytes));
}

void wire_put32(struct tpm_writer *w, uint32_t value)
{
	wire_put16(w, (uint16_t)(value >> 16));
	wire_put16(w, (uint16_t)value);
}

void wire_put64(struct tpm_writer *w, uint64_t value)
{
	wire_put32(w, (uint32_t)(value >> 32));
	wire_put32(w, (uint32_t)value);
}

void wire_put_sized(struct tpm_writer *w, const void *bytes, size_t size)
{
	w->bad = w->bad || size > UINT16_MAX;
	wire_put16(w, (uint16_t)size);
	wire_put(w, bytes, size);
}

void wire_put_pcrs(struct tpm_writer *w, uint16_t alg, uint32_t pcrs)
{
	wire_put32(w, 1);
	wire_put16(w, alg);
	wire_put8(w, 3);
	wire_put8(w, (uint8_t)pcrs);
	wire_put8(w, (uint8_t)(pcrs >> 8));
	wire_put8(w, (uint8_t)(pcrs >> 16));
}

void wire_begin(struct tpm_writer *w, struct tpm *tpm, uint32_t code)
{
	w->bytes = tpm->buffer;
	w->size = 0;
	w->bad = false;
	wire_put16(w, ST_NO_SESSIONS);
	wire_put32(w, 0);			/* wire_run() knows the size */
	wire_put32(w, code);
}

void wire_begin_auth(struct tpm_writer *w, struct tpm *tpm, uint32_t code,
		     const uint32_t *handles, uint32_t handle_count,
		     uint32_t password_count)
{
	uint32_t i;

	wire_begin(w, tpm, code);
	w->bytes[1] = ST_SESSIONS & 0xffu;
	for (i = 0; i < handle_count; i++) {
		wire_put32(w, handles[i]);
	}
	wire_put32(w, password_count * PASSWORD_SIZE);
	for (i = 0; i < password_count; i++) {
		wire_put32(w, RS_PASSWORD);
		wire_put16(w, 0);
		wire_put8(w, 0);
		wire_put16(w, 0);
	}
}

/* ---- responses ---------------------------------------------------------- */

static void wire_fail(struct tpm_reader *r, enum tpm_err err)
{
	if (r->err == TPM_OK) {
		r->err = err;
	}
	r->left = 0;
}

const uint8_t *wire_get(struct tpm_reader *r, size_t size)
{
	const uint8_t *at = r->at;

	if (r->err != TPM_OK || size > r->left) {
		wire_fail(r, TPM_TRUNCATED);
		return NULL;
	}
	r->at += size;
	r->left -= size;
	return at;
}

static uint64_t wire_get_number(struct tpm_reader *r, uint32_t size)
{
	const uint8_t *at = wire_get(r, size);
	uint64_t value = 0;
	uint32_t i;

	for (i = 0; at != NULL && i < size; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

uint8_t wire_get8(struct tpm_reader *r)
{
	return (uint8_t)wire_get_number(r, 1);
}

uint16_t wire_get16(struct tpm_reader *r)
{
	return (uint16_t)wire_get_number(r, 2);
}

uint32_t wire_get32(struct tpm_reader *r)
{
	return (uint32_t)wire_get_number(r, 4);
}

uint64_t wire_get64(struct tpm_reader *r)
{
	return wire_get_number(r, 8);
}

size_t wire_get_sized(struct tpm_reader *r, void *to, size_t room)
{
	size_t size = wire_get16(r);
	const uint8_t *at;

	if (r->err == TPM_OK && size <= r->left && size > room) {
		wire_fail(r, TPM_OVERSIZED);
	}
	at = wire_get(r, size);
	if (at == NULL) {
		return 0;
	}
	memcpy(to, at, size);
	return size;
}

void wire_expect(struct tpm_reader *r, bool true_of_it)
{
	if (!true_of_it) {
		wire_fail(r, TPM_MALFORMED);
	}
}

enum tpm_err wire_end(struct tpm *tpm, struct tpm_reader *r)
{
	if (r->err == TPM_OK && r->left != 0) {
		r->err = TPM_OVERSIZED;
	}
	if (r->err != TPM_OK && r->err != TPM_REFUSED &&
	    tpm->dead == TPM_OK) {
		tpm->dead = r->err;
	}
	return r->err;
}

/* The one session follows the parameters, whose size stands before them. */
static void wire_cut_session(struct tpm_reader *r)
{
	uint32_t size = wire_get32(r);
	struct tpm_reader tail = *r;

	wire_get(&tail, size);
	wire_get(&tail, wire_get16(&tail));	/* nonce */
	wire_get8(&tail);
	wire_get(&tail, wire_get16(&tail));	/* acknowledgement */
	if (tail.err == TPM_OK && tail.left != 0) {
		tail.err = TPM_OVERSIZED;
	}
	if (tail.err != TPM_OK) {
		wire_fail(r, tail.err);
	} else {
		r->left = size;
	}
}

static enum tpm_err wire_send(struct tpm_writer *w, struct tpm *tpm,
			      struct tpm_reader *r)
{
	size_t got;

	*r = (struct tpm_reader){ .at = tpm->buffer };
	if (w->bad) {
		r->err = TPM_OVERSIZED;
		return r->err;
	}
	w->bytes[2] = 0;
	w->bytes[3] = 0;
	w->bytes[4] = (uint8_t)(w->size >> 8);
	w->bytes[5] = (uint8_t)w->size;
	r->err = tpm_transmit(tpm, w->size, &got);
	r->left = r->err == TPM_OK ? got : 0;
	return r->err;
}

/* The header. A refusal is all header. */
static void wire_header(struct tpm *tpm, struct tpm_reader *r, bool sessions)
{
	uint16_t tag = wire_get16(r);

	wire_get32(r);
	tpm->code = wire_get32(r);
	if (r->err != TPM_OK) {
		return;
	}
	if (tpm->code != 0) {
		wire_expect(r, tag == ST_NO_SESSIONS && r->left == 0);
		if (r->err == TPM_OK) {
			r->err = tpm->code == TPM_RC_INITIALIZE ?
				 TPM_NOT_STARTED : TPM_REFUSED;
		}
		return;
	}
	wire_expect(r, tag == (sessions ? ST_SESSIONS : ST_NO_SESSIONS));
}

static bool wire_again(uint32_t code)
{
	return code == RC_RETRY || code == RC_YIELDED || code == RC_TESTING;
}

#define WIRE_AGAIN_MS 2000u

/*
 * The command is overwritten by the response, so a TPM that wants to be asked
 * again gets it from a copy.
 */
static enum tpm_err wire_ask(struct tpm_writer *w, struct tpm *tpm,
			     struct tpm_reader *r, uint32_t *handle)
{
	static uint8_t copy[TPM_BUFFER_SIZE];
	bool sessions = w->bytes[1] == (ST_SESSIONS & 0xffu);
	uint64_t start = tpm_ticks();
	bool over = false;

	memcpy(copy, w->bytes, w->size);
	while (!over) {
		over = tpm_ticks() - start > WIRE_AGAIN_MS * tpm->ticks_per_ms;
		memcpy(w->bytes, copy, w->size);
		if (wire_send(w, tpm, r) == TPM_OK) {
			wire_header(tpm, r, sessions);
		}
		if (r->err != TPM_REFUSED || !wire_again(tpm->code)) {
			break;
		}
	}
	if (r->err == TPM_REFUSED && wire_again(tpm->code)) {
		r->err = TPM_BUSY;
	}
	if (r->err == TPM_OK && handle != NULL) {
		*handle = wire_get32(r);
	}
	if (r->err == TPM_OK && sessions) {
		wire_cut_session(r);
	}
	if (r->err != TPM_OK) {
		return wire_end(tpm, r);
	}
	return TPM_OK;
}

enum tpm_err wire_run(struct tpm_writer *w, struct tpm *tpm,
		      struct tpm_reader *r)
{
	return wire_ask(w, tpm, r, NULL);
}

enum tpm_err wire_run_handle(struct tpm_writer *w, struct tpm *tpm,
			     struct tpm_reader *r, uint32_t *handle)
{
	*handle = 0;
	return wire_ask(w, tpm, r, handle);
}
