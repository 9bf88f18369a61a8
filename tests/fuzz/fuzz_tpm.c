/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: stack/launch/tpm_wire.c stack/launch/tpm.c stack/launch/tpm_key.c */
/*
 * Any bytes as a TPM's answers (libFuzzer), to one of the commands: nothing
 * beyond them is read, and no size that is told is too large. The header's tag
 * and size are right, so that small inputs get behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A clock that soon has patience no more. */
uint64_t tpm_ticks(void)
{
	static uint64_t now;

	return now += 100;
}

static const uint8_t *fuzz_at;
static size_t fuzz_left;

static void demand(bool condition)
{
	if (!condition) {
		abort();
	}
}

/* An answer: two bytes say how long it is. */
enum tpm_err tpm_transmit(struct tpm *tpm, size_t size, size_t *got)
{
	uint8_t tag = tpm->buffer[1];
	size_t body;

	demand(size >= TPM_HEADER_SIZE && size <= TPM_BUFFER_SIZE);
	*got = 0;
	if (tpm->dead != TPM_OK || fuzz_left < 2) {
		return TPM_LOST;
	}
	body = (size_t)fuzz_at[0] * 4 + fuzz_at[1] % 4u;
	fuzz_at += 2;
	fuzz_left -= 2;
	body = body < fuzz_left ? body : fuzz_left;
	memset(tpm->buffer, 0xa5, sizeof(tpm->buffer));
	memset(tpm->buffer, 0, TPM_HEADER_SIZE);
	tpm->buffer[0] = 0x80;
	tpm->buffer[1] = tag;
	memcpy(tpm->buffer + TPM_HEADER_SIZE, fuzz_at, body);
	fuzz_at += body;
	fuzz_left -= body;
	*got = TPM_HEADER_SIZE + body;
	return TPM_OK;
}

static void fuzz_pcrs(struct tpm *tpm, uint8_t which)
{
	struct tpm_digests digests;
	struct tpm_digest digest;
	struct tpm_banks banks;

	switch (which) {
	case 0:
		(void)tpm_get_banks(tpm, &banks);
		demand(banks.count <= TPM_BANK_MAX);
		break;
	case 1:
		(void)tpm_pcr_event(tpm, 12, "event", 5, &digests);
		demand(digests.count <= TPM_BANK_MAX);
		break;
	default:
		if (tpm_pcr_read(tpm, TPM_ALG_SHA384, 12, &digest) ==
		    TPM_OK) {
			demand(digest.size == 48);
		}
		break;
	}
}

static void fuzz_keys(struct tpm *tpm, uint8_t which)
{
	uint8_t secret[TPM_SECRET_MAX];
	struct tpm_quote quote;
	struct tpm_key key = { .handle = 0x80000001 };
	uint64_t number;
	size_t size;
	bool found;

	switch (which) {
	case 3:
		(void)tpm_nv_read(tpm, 0x1800000, &found, &number);
		break;
	case 4:
		(void)tpm_nv_write(tpm, 0x1800000, 1);
		break;
	case 5:
		(void)tpm_make_key(tpm, &key);
		break;
	case 6:
		(void)tpm_quote(tpm, &key, secret, 0, &quote);
		demand(quote.attest_size <= TPM_ATTEST_MAX);
		break;
	default:
		(void)tpm_unseal(tpm, 0x81000001, 1, secret, &size);
		demand(size <= TPM_SECRET_MAX);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A block of its own: what is beyond the buffer is somebody else's. */
	struct tpm *tpm = calloc(1, sizeof(*tpm));

	if (tpm != NULL && size != 0) {
		fuzz_at = data + 1;
		fuzz_left = size - 1;
		if (data[0] % 8 < 3) {
			fuzz_pcrs(tpm, data[0] % 8);
		} else {
			fuzz_keys(tpm, data[0] % 8);
		}
	}
	free(tpm);
	return 0;
}
