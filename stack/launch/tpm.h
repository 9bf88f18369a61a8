/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM 2.0 commands that the launch partition needs (TPM 2.0 Library, part
 * 3). Responses are parsed as an adversary's. A function that fails leaves
 * nothing behind in the TPM that it can still take away.
 */
#ifndef LAUNCH_TPM_H
#define LAUNCH_TPM_H

#include "tpm_io.h"

#define TPM_ALG_SHA1 0x0004u
#define TPM_ALG_SHA256 0x000bu
#define TPM_ALG_SHA384 0x000cu
#define TPM_ALG_SHA512 0x000du

#define TPM_BANK_MAX 8u
#define TPM_DIGEST_MAX 64u
#define TPM_EVENT_MAX 1024u		/* that one TPM2_PCR_Event takes */
#define TPM_ATTEST_MAX 512u
#define TPM_NONCE_MAX 32u
#define TPM_SECRET_MAX 128u

/* A quote's PCRs, as bits: firmware's, GRUB's, the launch partition's. */
#define TPM_QUOTE_PCRS 0x13ffu

#define TPM_RC_HANDLE 0x18bu		/* of handle 1: there is none */
#define TPM_RC_LOCKED 0x148u		/* NV_LOCKED */
#define TPM_RC_INITIALIZE 0x100u

struct tpm_bank {
	uint16_t alg;
	uint16_t size;			/* of its digests; 0: unknown here */
};

/* The PCR banks that are switched on. */
struct tpm_banks {
	uint32_t count;
	struct tpm_bank banks[TPM_BANK_MAX];
};

struct tpm_digest {
	uint16_t alg;
	uint16_t size;
	uint8_t bytes[TPM_DIGEST_MAX];
};

/* One of each bank. */
struct tpm_digests {
	uint32_t count;
	struct tpm_digest digests[TPM_BANK_MAX];
};

/* A quote: TPMS_ATTEST as signed, and the signature's two halves. */
struct tpm_quote {
	uint32_t attest_size;
	uint8_t attest[TPM_ATTEST_MAX];
	uint8_t r[32];
	uint8_t s[32];
};

/* The attestation key: a point of P-256. */
struct tpm_key {
	uint32_t handle;
	uint8_t x[32];
	uint8_t y[32];
};

uint16_t tpm_alg_size(uint16_t alg);

enum tpm_err tpm_get_banks(struct tpm *tpm, struct tpm_banks *banks);
/* The TPM hashes the event and extends every bank. */
enum tpm_err tpm_pcr_event(struct tpm *tpm, uint32_t pcr, const void *event,
			   size_t size, struct tpm_digests *digests);
enum tpm_err tpm_pcr_read(struct tpm *tpm, uint16_t alg, uint32_t pcr,
			  struct tpm_digest *digest);

/*
 * A number of 8 bytes in the TPM's NV memory, at an index of the owner's.
 * *found is false and *number 0 if it was never written.
 */
enum tpm_err tpm_nv_read(struct tpm *tpm, uint32_t index, bool *found,
			 uint64_t *number);
enum tpm_err tpm_nv_write(struct tpm *tpm, uint32_t index, uint64_t number);
/* Nobody changes it any more until the machine is reset. */
enum tpm_err tpm_nv_lock(struct tpm *tpm, uint32_t index);

/*
 * Makes the attestation key: the same one each time, from the endorsement
 * hierarchy's seed. It signs nothing but what the TPM itself says.
 */
enum tpm_err tpm_make_key(struct tpm *tpm, struct tpm_key *key);
enum tpm_err tpm_flush(struct tpm *tpm, uint32_t handle);
/* Of TPM_QUOTE_PCRS of the SHA-256 bank. */
enum tpm_err tpm_quote(struct tpm *tpm, const struct tpm_key *key,
		       const uint8_t *nonce, size_t nonce_size,
		       struct tpm_quote *quote);
/*
 * Opens what was sealed to these PCRs (SHA-256) and is kept in the TPM under
 * that handle. The TPM refuses if the PCRs are others.
 */
enum tpm_err tpm_unseal(struct tpm *tpm, uint32_t handle, uint32_t pcrs,
			uint8_t secret[TPM_SECRET_MAX], size_t *size);

#endif
