/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command to a TPM 2.0 and its response, by either of the two register
 * interfaces (TCG PC Client Platform TPM Profile: TIS/FIFO, CRB), locality 0,
 * polled. Nothing that the TPM says is trusted: sizes are checked before they
 * are used, and every wait ends. After the first failure the TPM is not
 * touched again, so that a broken one costs one timeout and no more.
 */
#ifndef LAUNCH_TPM_IO_H
#define LAUNCH_TPM_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TPM_BASE 0xfed40000u
#define TPM_SPACE 0x5000u	/* five localities; the first one is used */
#define TPM_BUFFER_SIZE 4096u
#define TPM_HEADER_SIZE 10u	/* tag, size, code */

/* Each has its own text for the log. */
enum tpm_err {
	TPM_OK,
	TPM_ABSENT,		/* nobody answers at its address */
	TPM_UNKNOWN,		/* an interface that is neither */
	TPM_BUSY,		/* does not become ready for a command */
	TPM_SILENT,		/* took the command and never answers */
	TPM_LOST,		/* was there, is not any more */
	TPM_BROKEN,		/* breaks its interface's rules */
	TPM_TRUNCATED,		/* fewer bytes than it says, or than needed */
	TPM_OVERSIZED,		/* more bytes than it says, or than fit */
	TPM_MALFORMED,		/* a response that means nothing */
	TPM_NOT_STARTED,	/* no firmware has set it up */
	TPM_REFUSED,		/* a response code: see tpm.code */
	TPM_ERR_COUNT
};

enum tpm_interface {
	TPM_INTERFACE_NONE,
	TPM_INTERFACE_TIS,
	TPM_INTERFACE_CRB
};

struct tpm {
	enum tpm_interface interface;
	enum tpm_err dead;	/* the failure that ended it, or TPM_OK */
	uint64_t ticks_per_ms;
	uint32_t code;		/* the last response's */
	uint32_t command;	/* CRB: offset and size of its buffers */
	uint32_t command_size;
	uint32_t response;
	uint32_t response_size;
	/* The command, then the response to it. */
	uint8_t buffer[TPM_BUFFER_SIZE];
};

/* Finds it and takes locality 0. */
enum tpm_err tpm_open(struct tpm *tpm, uint64_t ticks_per_ms);
/*
 * Sends buffer[0, size) and gets the response there; *got is its size, at
 * least TPM_HEADER_SIZE and what its header says.
 */
enum tpm_err tpm_transmit(struct tpm *tpm, size_t size, size_t *got);
/* Gives locality 0 back. */
void tpm_close(struct tpm *tpm);
const char *tpm_err_text(enum tpm_err err);

#endif
