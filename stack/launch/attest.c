/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps true: nothing but these four requests reaches the TPM, each of them
 * only reads there, and a request leaves nothing behind but the key.
 */
#include "attest.h"

#include <string.h>

static enum attest_status attest_status_of(enum tpm_err err)
{
	if (err == TPM_OK) {
		return ATTEST_OK;
	}
	return err == TPM_REFUSED ? ATTEST_REFUSED : ATTEST_FAILED;
}

static enum attest_status attest_quote(struct measure *m,
				       const uint8_t *nonce, uint8_t *answer,
				       size_t *size)
{
	struct attest_quote *to = (struct attest_quote *)(void *)answer;
	struct tpm_quote quote;
	enum tpm_err err = TPM_OK;

	/* Made at the first request, and kept. */
	if (m->key.handle == 0) {
		err = tpm_make_key(&m->tpm, &m->key);
	}
	if (err == TPM_OK) {
		err = tpm_quote(&m->tpm, &m->key, nonce, ATTEST_NONCE_SIZE,
				&quote);
	}
	if (err != TPM_OK) {
		return attest_status_of(err);
	}
	memcpy(to->x, m->key.x, sizeof(to->x));
	memcpy(to->y, m->key.y, sizeof(to->y));
	memcpy(to->r, quote.r, sizeof(to->r));
	memcpy(to->s, quote.s, sizeof(to->s));
	memcpy(to->attest, quote.attest, quote.attest_size);
	*size = sizeof(*to) + quote.attest_size;
	return ATTEST_OK;
}

static enum attest_status attest_pcrs(struct measure *m, uint8_t *answer,
				      size_t *size)
{
	struct tpm_digest digest;
	size_t at = 0;
	uint32_t pcr;

	for (pcr = 0; pcr < 24; pcr++) {
		enum tpm_err err;

		if ((TPM_QUOTE_PCRS >> pcr & 1) == 0) {
			continue;
		}
		err = tpm_pcr_read(&m->tpm, TPM_ALG_SHA256, pcr, &digest);
		if (err != TPM_OK) {
			return attest_status_of(err);
		}
		memcpy(answer + at, digest.bytes, 32);
		at += 32;
	}
	*size = at;
	return ATTEST_OK;
}

/* Sealed to all that a quote vouches for. */
static enum attest_status attest_unseal(struct measure *m,
					const uint8_t *request,
					uint8_t *answer, size_t *size)
{
	uint32_t handle;

	memcpy(&handle, request, sizeof(handle));
	return attest_status_of(tpm_unseal(&m->tpm, handle, TPM_QUOTE_PCRS,
					   answer, size));
}

enum attest_status attest_answer(struct measure *m, uint32_t type,
				 const uint8_t *request, size_t request_size,
				 uint8_t *answer, size_t *size)
{
	static const size_t sizes[] = {
		[ATTEST_QUOTE] = ATTEST_NONCE_SIZE,
		[ATTEST_PCRS] = 0,
		[ATTEST_LOG] = 0,
		[ATTEST_UNSEAL] = sizeof(uint32_t)
	};

	*size = 0;
	if (type < ATTEST_QUOTE || type > ATTEST_UNSEAL ||
	    request_size != sizes[type]) {
		return ATTEST_BAD_REQUEST;
	}
	if (m->err != TPM_OK) {
		return ATTEST_NO_TPM;
	}
	switch (type) {
	case ATTEST_QUOTE:
		return attest_quote(m, request, answer, size);
	case ATTEST_PCRS:
		return attest_pcrs(m, answer, size);
	case ATTEST_LOG:
		memcpy(answer, m->log.bytes, m->log.size);
		*size = m->log.size;
		return ATTEST_OK;
	}
	return attest_unseal(m, request, answer, size);
}
