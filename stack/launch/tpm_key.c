/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: what vouches for the PCRs, and what opens only for some of them. */
#include "tpm.h"

#include <string.h>

#include "tpm_wire.h"

#define CC_CREATE_PRIMARY 0x131u
#define CC_QUOTE 0x158u
#define CC_UNSEAL 0x15eu
#define CC_FLUSH_CONTEXT 0x165u
#define CC_START_AUTH_SESSION 0x176u
#define CC_POLICY_PCR 0x17fu

#define RH_ENDORSEMENT 0x4000000bu
#define RH_NULL 0x40000007u
#define ALG_NULL 0x10u
#define ALG_ECDSA 0x18u
#define ALG_ECC 0x23u
#define ECC_P256 3u
#define SE_POLICY 1u
#define GENERATED_MAGIC 0xff544347u	/* the TPM made it itself */
#define ST_ATTEST_QUOTE 0x8018u

/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA,
 * restricted, sign */
#define KEY_ATTRIBUTES 0x00050472u
/* type, name's hash, attributes, policy, symmetric, scheme, hash, curve, kdf,
 * x, y: what it is besides its coordinates' bytes */
#define KEY_PUBLIC_SIZE 24u

static void tpm_put_template(struct tpm_writer *w)
{
	wire_put16(w, KEY_PUBLIC_SIZE);
	wire_put16(w, ALG_ECC);
	wire_put16(w, TPM_ALG_SHA256);
	wire_put32(w, KEY_ATTRIBUTES);
	wire_put16(w, 0);			/* no policy */
	wire_put16(w, ALG_NULL);
	wire_put16(w, ALG_ECDSA);
	wire_put16(w, TPM_ALG_SHA256);
	wire_put16(w, ECC_P256);
	wire_put16(w, ALG_NULL);
	wire_put16(w, 0);			/* x, y: the TPM's */
	wire_put16(w, 0);
}

/* A coordinate, or half a signature; leading zeros may be left out. */
static void tpm_get_half(struct tpm_reader *r, uint8_t half[32])
{
	uint8_t bytes[32];
	size_t size = wire_get_sized(r, bytes, sizeof(bytes));

	memset(half, 0, 32);
	memcpy(half + 32 - size, bytes, size);
}

static void tpm_get_public(struct tpm_reader *r, struct tpm_key *key)
{
	uint16_t size = wire_get16(r);
	size_t before = r->left;

	wire_expect(r, wire_get16(r) == ALG_ECC &&
		    wire_get16(r) == TPM_ALG_SHA256 &&
		    wire_get32(r) == KEY_ATTRIBUTES && wire_get16(r) == 0 &&
		    wire_get16(r) == ALG_NULL && wire_get16(r) == ALG_ECDSA &&
		    wire_get16(r) == TPM_ALG_SHA256 &&
		    wire_get16(r) == ECC_P256 && wire_get16(r) == ALG_NULL);
	tpm_get_half(r, key->x);
	tpm_get_half(r, key->y);
	wire_expect(r, before - r->left == size);
}

enum tpm_err tpm_flush(struct tpm *tpm, uint32_t handle)
{
	struct tpm_writer w;
	struct tpm_reader r;

	wire_begin(&w, tpm, CC_FLUSH_CONTEXT);
	wire_put32(&w, handle);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	return wire_end(tpm, &r);
}

enum tpm_err tpm_make_key(struct tpm *tpm, struct tpm_key *key)
{
	uint32_t hierarchy = RH_ENDORSEMENT;
	struct tpm_writer w;
	struct tpm_reader r;
	enum tpm_err err;

	memset(key, 0, sizeof(*key));
	wire_begin_auth(&w, tpm, CC_CREATE_PRIMARY, &hierarchy, 1, 1);
	wire_put16(&w, 4);			/* no password, no data */
	wire_put16(&w, 0);
	wire_put16(&w, 0);
	tpm_put_template(&w);
	wire_put16(&w, 0);
	wire_put32(&w, 0);			/* no PCRs of its making */
	if (wire_run_handle(&w, tpm, &r, &key->handle) != TPM_OK) {
		return r.err;
	}
	tpm_get_public(&r, key);
	/* How it was made, which nobody asks for. */
	r.left = 0;
	err = wire_end(tpm, &r);
	if (err != TPM_OK) {
		key->handle = 0;
	}
	return err;
}

/* The TPM's own words about this nonce and these PCRs, or it lies. */
static void tpm_check_attest(struct tpm_reader *r, const uint8_t *attest,
			     size_t size, const uint8_t *nonce,
			     size_t nonce_size)
{
	struct tpm_reader a = { .at = attest, .left = size };
	uint8_t got[TPM_ATTEST_MAX];

	wire_expect(&a, wire_get32(&a) == GENERATED_MAGIC &&
		    wire_get16(&a) == ST_ATTEST_QUOTE);
	wire_get_sized(&a, got, sizeof(got));	/* the key's name */
	wire_expect(&a, wire_get_sized(&a, got, sizeof(got)) == nonce_size &&
		    memcmp(got, nonce, nonce_size) == 0);
	wire_get(&a, 17 + 8);			/* clock, firmware */
	wire_expect(&a, wire_get32(&a) == 1 &&
		    wire_get16(&a) == TPM_ALG_SHA256 && wire_get8(&a) == 3 &&
		    wire_get8(&a) == (TPM_QUOTE_PCRS & 0xff) &&
		    wire_get8(&a) == TPM_QUOTE_PCRS >> 8 &&
		    wire_get8(&a) == 0);
	wire_expect(&a, wire_get_sized(&a, got, sizeof(got)) == 32);
	wire_expect(r, a.err == TPM_OK && a.left == 0);
}

enum tpm_err tpm_quote(struct tpm *tpm, const struct tpm_key *key,
		       const uint8_t *nonce, size_t nonce_size,
		       struct tpm_quote *quote)
{
	struct tpm_writer w;
	struct tpm_reader r;

	memset(quote, 0, sizeof(*quote));
	if (nonce_size > TPM_NONCE_MAX) {
		return TPM_OVERSIZED;
	}
	wire_begin_auth(&w, tpm, CC_QUOTE, &key->handle, 1, 1);
	wire_put_sized(&w, nonce, nonce_size);
	wire_put16(&w, ALG_NULL);		/* the key's own scheme */
	wire_put_pcrs(&w, TPM_ALG_SHA256, TPM_QUOTE_PCRS);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	quote->attest_size = (uint32_t)wire_get_sized(&r, quote->attest,
						      TPM_ATTEST_MAX);
	wire_expect(&r, wire_get16(&r) == ALG_ECDSA &&
		    wire_get16(&r) == TPM_ALG_SHA256);
	tpm_get_half(&r, quote->r);
	tpm_get_half(&r, quote->s);
	if (r.err == TPM_OK) {
		tpm_check_attest(&r, quote->attest, quote->attest_size,
				 nonce, nonce_size);
	}
	return wire_end(tpm, &r);
}

/* ---- sealed secrets ----------------------------------------------------- */

/* A session that is authorized by what those PCRs are now. */
static enum tpm_err tpm_start_policy(struct tpm *tpm, uint32_t pcrs,
				     uint32_t *session)
{
	uint8_t nonce[32] = { 0 };
	struct tpm_writer w;
	struct tpm_reader r;

	wire_begin(&w, tpm, CC_START_AUTH_SESSION);
	wire_put32(&w, RH_NULL);
	wire_put32(&w, RH_NULL);
	wire_put_sized(&w, nonce, sizeof(nonce));
	wire_put16(&w, 0);			/* no salt */
	wire_put8(&w, SE_POLICY);
	wire_put16(&w, ALG_NULL);
	wire_put16(&w, TPM_ALG_SHA256);
	if (wire_run_handle(&w, tpm, &r, session) != TPM_OK) {
		return r.err;
	}
	wire_get_sized(&r, nonce, sizeof(nonce));
	if (wire_end(tpm, &r) != TPM_OK) {
		return r.err;
	}
	wire_begin(&w, tpm, CC_POLICY_PCR);
	wire_put32(&w, *session);
	wire_put16(&w, 0);			/* whatever they are */
	wire_put_pcrs(&w, TPM_ALG_SHA256, pcrs);
	if (wire_run(&w, tpm, &r) == TPM_OK) {
		wire_end(tpm, &r);
	}
	if (r.err != TPM_OK) {
		enum tpm_err err = r.err;
		uint32_t code = tpm->code;

		(void)tpm_flush(tpm, *session);
		tpm->code = code;
		return err;
	}
	return TPM_OK;
}

enum tpm_err tpm_unseal(struct tpm *tpm, uint32_t handle, uint32_t pcrs,
			uint8_t secret[TPM_SECRET_MAX], size_t *size)
{
	uint32_t session;
	struct tpm_writer w;
	struct tpm_reader r;
	enum tpm_err err = tpm_start_policy(tpm, pcrs, &session);
	uint32_t code;

	*size = 0;
	if (err != TPM_OK) {
		return err;
	}
	wire_begin_auth(&w, tpm, CC_UNSEAL, &handle, 1, 1);
	/* Not a password but the session, which ends with the command. */
	w.bytes[18] = (uint8_t)(session >> 24);
	w.bytes[19] = (uint8_t)(session >> 16);
	w.bytes[20] = (uint8_t)(session >> 8);
	w.bytes[21] = (uint8_t)session;
	if (wire_run(&w, tpm, &r) == TPM_OK) {
		*size = wire_get_sized(&r, secret, TPM_SECRET_MAX);
		err = wire_end(tpm, &r);
		memset(tpm->buffer, 0, sizeof(tpm->buffer));
	} else {
		err = r.err;
		code = tpm->code;
		(void)tpm_flush(tpm, session);
		tpm->code = code;
	}
	if (err != TPM_OK) {
		memset(secret, 0, TPM_SECRET_MAX);
		*size = 0;
	}
	return err;
}
