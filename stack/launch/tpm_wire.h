/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is put into commands and taken out of responses, big endian. Both sides
 * stick at the first thing that does not fit, and say so at the end.
 */
#ifndef LAUNCH_TPM_WIRE_H
#define LAUNCH_TPM_WIRE_H

#include "tpm_io.h"

/* A command being made, in the buffer. */
struct tpm_writer {
	uint8_t *bytes;
	size_t size;
	bool bad;
};

/* What is left of a response's body, and how it failed, if it did. */
struct tpm_reader {
	const uint8_t *at;
	size_t left;
	enum tpm_err err;
};

/* Without sessions, or with handles and their empty passwords. */
void wire_begin(struct tpm_writer *w, struct tpm *tpm, uint32_t code);
void wire_begin_auth(struct tpm_writer *w, struct tpm *tpm, uint32_t code,
		     const uint32_t *handles, uint32_t handle_count,
		     uint32_t password_count);
void wire_put8(struct tpm_writer *w, uint8_t value);
void wire_put16(struct tpm_writer *w, uint16_t value);
void wire_put32(struct tpm_writer *w, uint32_t value);
void wire_put64(struct tpm_writer *w, uint64_t value);
void wire_put(struct tpm_writer *w, const void *bytes, size_t size);
/* Size in 16 bits, then the bytes. */
void wire_put_sized(struct tpm_writer *w, const void *bytes, size_t size);
/* One bank, PCRs 0 to 23. */
void wire_put_pcrs(struct tpm_writer *w, uint16_t alg, uint32_t pcrs);

/* Parameters of the response, handle included; its sessions are left out. */
enum tpm_err wire_run(struct tpm_writer *w, struct tpm *tpm,
		      struct tpm_reader *r);
/* The same for a response with that many handles, which come first. */
enum tpm_err wire_run_handle(struct tpm_writer *w, struct tpm *tpm,
			     struct tpm_reader *r, uint32_t *handle);
uint8_t wire_get8(struct tpm_reader *r);
uint16_t wire_get16(struct tpm_reader *r);
uint32_t wire_get32(struct tpm_reader *r);
uint64_t wire_get64(struct tpm_reader *r);
/* Null: there are not as many. */
const uint8_t *wire_get(struct tpm_reader *r, size_t size);
/* Into a buffer; what is more than room is TPM_OVERSIZED. */
size_t wire_get_sized(struct tpm_reader *r, void *to, size_t room);
/* What must be true of a value; an earlier failure stays the one told. */
void wire_expect(struct tpm_reader *r, bool true_of_it);
/* How it went; what is left over is wrong too. */
enum tpm_err wire_end(struct tpm *tpm, struct tpm_reader *r);

#endif
