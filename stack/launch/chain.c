/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain is taken as it is written: leaf first, each certificate issued by
 * the next, the last by an authority. These looks tell what is wrong; that
 * the chain holds is said by mbedTLS's own verification, which comes after
 * them and is asked about the whole of it again.
 */
#include "chain.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

static const mbedtls_x509_crt_profile chain_profile = {
	.allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
	.allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSA) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSASSA_PSS),
	.allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1),
	.rsa_min_bitlen = 2048,
};

static bool chain_same_name(const mbedtls_x509_buf *a,
			    const mbedtls_x509_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool chain_has_usage(const mbedtls_x509_crt *crt, unsigned usage)
{
	return (crt->ext_types & MBEDTLS_X509_EXT_KEY_USAGE) != 0 &&
	       mbedtls_x509_crt_check_key_usage(crt, usage) == 0;
}

/* Code signing by name: "any purpose" is none. */
static bool chain_is_for_code(const mbedtls_x509_crt *crt)
{
	const mbedtls_x509_sequence *use;

	if (!(crt->ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE)) {
		return false;
	}
	for (use = &crt->ext_key_usage; use != NULL; use = use->next) {
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_CODE_SIGNING, &use->buf) ==
		    0) {
			return true;
		}
	}
	return false;
}

static enum chain_error chain_check_leaf(const mbedtls_x509_crt *leaf)
{
	if (leaf->version != 3 || leaf->ca_istrue) {
		return CHAIN_BAD_LEAF;
	}
	if (!chain_has_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE)) {
		return CHAIN_BAD_KEY_USAGE;
	}
	return chain_is_for_code(leaf) ? CHAIN_OK : CHAIN_BAD_PURPOSE;
}

/* below: how many certificates of issuers stand between it and the leaf. */
static enum chain_error chain_check_issuer(const mbedtls_x509_crt *issuer,
					   int below)
{
	if (issuer->version != 3 || !issuer->ca_istrue) {
		return CHAIN_NOT_A_CA;
	}
	if (!chain_has_usage(issuer, MBEDTLS_X509_KU_KEY_CERT_SIGN)) {
		return CHAIN_BAD_KEY_USAGE;
	}
	/* Stored with one added; 0: any length. */
	if (issuer->max_pathlen > 0 && issuer->max_pathlen - 1 < below) {
		return CHAIN_BAD_PATH_LENGTH;
	}
	return CHAIN_OK;
}

/* Any of the authorities with that name will do: keys are rolled over. */
static enum chain_error chain_check_top(const mbedtls_x509_crt *last,
					const mbedtls_x509_crt *authority,
					int below)
{
	enum chain_error error = CHAIN_UNKNOWN_CA;

	for (; authority != NULL && error != CHAIN_OK;
	     authority = authority->next) {
		if (chain_same_name(&last->issuer_raw,
				    &authority->subject_raw)) {
			error = chain_check_issuer(authority, below);
		}
	}
	return error;
}

static enum chain_error chain_check_path(const mbedtls_x509_crt *leaf,
					 const mbedtls_x509_crt *authorities)
{
	const mbedtls_x509_crt *crt = leaf;
	enum chain_error error = chain_check_leaf(leaf);
	int below = 0;

	for (; error == CHAIN_OK && crt->next != NULL; crt = crt->next) {
		if (!chain_same_name(&crt->issuer_raw,
				     &crt->next->subject_raw)) {
			return CHAIN_BAD_ORDER;
		}
		error = chain_check_issuer(crt->next, below);
		below++;
	}
	return error != CHAIN_OK ? error :
	       chain_check_top(crt, authorities, below);
}

static enum chain_error chain_verify(mbedtls_x509_crt *leaf,
				     mbedtls_x509_crt *authorities)
{
	uint32_t flags = 0;
	int result = mbedtls_x509_crt_verify_with_profile(leaf, authorities,
		NULL, &chain_profile, NULL, &flags, NULL, NULL);

	if (result == 0 && flags == 0) {
		return CHAIN_OK;
	}
	if (result != 0 && result != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
		return CHAIN_NO_MEMORY;
	}
	if (flags & (MBEDTLS_X509_BADCERT_BAD_KEY |
		     MBEDTLS_X509_BADCERT_BAD_PK |
		     MBEDTLS_X509_BADCERT_BAD_MD)) {
		return CHAIN_BAD_KEY;
	}
	return CHAIN_BAD_LINK;
}

/* ---- the signature ------------------------------------------------------ */

static enum chain_error chain_check_ecdsa(const struct manifest *manifest,
					  mbedtls_pk_context *key,
					  mbedtls_ecp_group_id curve,
					  const uint8_t *hash, size_t hash_size)
{
	size_t half = manifest->header.signature_size / 2;
	enum chain_error error = CHAIN_BAD_SIGNATURE;
	mbedtls_ecp_keypair *pair;
	mbedtls_mpi r;
	mbedtls_mpi s;

	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_ECKEY) {
		return CHAIN_BAD_KEY;
	}
	pair = mbedtls_pk_ec(*key);
	if (pair->grp.id != curve) {
		return CHAIN_BAD_KEY;
	}
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	if (mbedtls_mpi_read_binary(&r, manifest->signature, half) != 0 ||
	    mbedtls_mpi_read_binary(&s, manifest->signature + half, half) !=
	    0) {
		error = CHAIN_NO_MEMORY;
	} else if (mbedtls_ecdsa_verify(&pair->grp, hash, hash_size, &pair->Q,
					&r, &s) == 0) {
		error = CHAIN_OK;
	}
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	return error;
}

#ifdef CONFIG_LAUNCH_RSA
static enum chain_error chain_check_rsa(const struct manifest *manifest,
					mbedtls_pk_context *key,
					const uint8_t *hash)
{
	const mbedtls_pk_rsassa_pss_options options = {
		MBEDTLS_MD_SHA384, MBEDTLS_RSA_SALT_LEN_ANY
	};

	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_RSA ||
	    mbedtls_pk_get_bitlen(key) < 2048 ||
	    mbedtls_pk_get_len(key) != manifest->header.signature_size) {
		return CHAIN_BAD_KEY;
	}
	return mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &options, key,
				     MBEDTLS_MD_SHA384, hash,
				     LAUNCH_SHA384_SIZE, manifest->signature,
				     manifest->header.signature_size) == 0 ?
	       CHAIN_OK : CHAIN_BAD_SIGNATURE;
}
#endif

static enum chain_error chain_check_signature(const struct manifest *manifest,
					      mbedtls_pk_context *key)
{
	uint8_t hash[64];	/* room that mbedTLS wants for SHA-512 */
	size_t size = manifest->header.signed_size;

	if (manifest->header.algorithm == MANIFEST_P256_SHA256) {
		if (mbedtls_sha256_ret(manifest->bytes, size, hash, 0) != 0) {
			return CHAIN_NO_MEMORY;
		}
		return chain_check_ecdsa(manifest, key,
					 MBEDTLS_ECP_DP_SECP256R1, hash, 32);
	}
	if (mbedtls_sha512_ret(manifest->bytes, size, hash, 1) != 0) {
		return CHAIN_NO_MEMORY;
	}
	if (manifest->header.algorithm == MANIFEST_P384_SHA384) {
		return chain_check_ecdsa(manifest, key,
					 MBEDTLS_ECP_DP_SECP384R1, hash,
					 LAUNCH_SHA384_SIZE);
	}
#ifdef CONFIG_LAUNCH_RSA
	return chain_check_rsa(manifest, key, hash);
#else
	return CHAIN_BAD_KEY;
#endif
}

/* ---- all of it ---------------------------------------------------------- */

/* A certificate that fills its place: nothing behind it. */
static bool chain_add(mbedtls_x509_crt *chain, const uint8_t *der,
		      uint32_t size)
{
	mbedtls_x509_crt *last = chain;

	if (mbedtls_x509_crt_parse_der_nocopy(chain, der, size) != 0) {
		return false;
	}
	while (last->next != NULL) {
		last = last->next;
	}
	return last->raw.len == size;
}

static enum chain_error chain_add_authorities(mbedtls_x509_crt *chain,
					      const uint8_t *at, size_t left)
{
	uint32_t size;

	if (left == 0) {
		return CHAIN_BAD_AUTHORITIES;
	}
	while (left != 0) {
		if (left < sizeof(size)) {
			return CHAIN_BAD_AUTHORITIES;
		}
		memcpy(&size, at, sizeof(size));
		at += sizeof(size);
		left -= sizeof(size);
		if (size == 0 || size > left || !chain_add(chain, at, size)) {
			return CHAIN_BAD_AUTHORITIES;
		}
		at += size;
		left -= size;
	}
	return CHAIN_OK;
}

enum chain_error chain_check(const struct manifest *manifest,
			     const uint8_t *authorities,
			     size_t authorities_size)
{
	enum chain_error error;
	mbedtls_x509_crt trusted;
	mbedtls_x509_crt leaf;
	uint32_t i;

	mbedtls_x509_crt_init(&trusted);
	mbedtls_x509_crt_init(&leaf);
	error = chain_add_authorities(&trusted, authorities,
				      authorities_size);
	for (i = 0; error == CHAIN_OK &&
	     i < manifest->header.certificate_count; i++) {
		if (!chain_add(&leaf, manifest->certificates[i].der,
			       manifest->certificates[i].size)) {
			error = CHAIN_BAD_DER;
		}
	}
	if (error == CHAIN_OK) {
		error = chain_check_path(&leaf, &trusted);
	}
	if (error == CHAIN_OK) {
		error = chain_verify(&leaf, &trusted);
	}
	if (error == CHAIN_OK) {
		error = chain_check_signature(manifest, &leaf.pk);
	}
	mbedtls_x509_crt_free(&leaf);
	mbedtls_x509_crt_free(&trusted);
	return error;
}

enum chain_error chain_check_signer(const struct manifest *manifest)
{
	enum chain_error error = CHAIN_BAD_DER;
	mbedtls_x509_crt leaf;

	mbedtls_x509_crt_init(&leaf);
	if (chain_add(&leaf, manifest->certificates[0].der,
		      manifest->certificates[0].size)) {
		error = chain_check_leaf(&leaf);
	}
	if (error == CHAIN_OK) {
		error = chain_check_signature(manifest, &leaf.pk);
	}
	mbedtls_x509_crt_free(&leaf);
	return error;
}

enum launch_status chain_status(enum chain_error error)
{
	switch (error) {
	case CHAIN_OK:
		return LAUNCH_OK;
	case CHAIN_BAD_AUTHORITIES:
	case CHAIN_BAD_ORDER:
	case CHAIN_UNKNOWN_CA:
	case CHAIN_BAD_LINK:
	case CHAIN_NO_MEMORY:
		return LAUNCH_BAD_CHAIN;
	case CHAIN_BAD_DER:
	case CHAIN_NOT_A_CA:
	case CHAIN_BAD_LEAF:
	case CHAIN_BAD_PATH_LENGTH:
	case CHAIN_BAD_KEY_USAGE:
	case CHAIN_BAD_PURPOSE:
	case CHAIN_BAD_KEY:
		return LAUNCH_BAD_CERTIFICATE;
	case CHAIN_BAD_SIGNATURE:
		break;
	}
	return LAUNCH_BAD_SIGNATURE;
}

const char *chain_error_text(enum chain_error error)
{
	switch (error) {
	case CHAIN_OK:
		break;
	case CHAIN_BAD_AUTHORITIES:
		return "no authorities";
	case CHAIN_BAD_DER:
		return "a certificate cannot be read";
	case CHAIN_BAD_ORDER:
		return "a certificate is not issued by the next";
	case CHAIN_UNKNOWN_CA:
		return "issued by none of the authorities";
	case CHAIN_BAD_LINK:
		return "a certificate's signature is wrong";
	case CHAIN_NOT_A_CA:
		return "an issuer is no CA";
	case CHAIN_BAD_LEAF:
		return "the signer's certificate is a CA's";
	case CHAIN_BAD_PATH_LENGTH:
		return "path length of a CA";
	case CHAIN_BAD_KEY_USAGE:
		return "key usage of a certificate";
	case CHAIN_BAD_PURPOSE:
		return "the signer's certificate is not for code signing";
	case CHAIN_BAD_KEY:
		return "kind of a key or signature";
	case CHAIN_BAD_SIGNATURE:
		return "the manifest's signature is wrong";
	case CHAIN_NO_MEMORY:
		return "mbedTLS needs more memory";
	}
	return "chain: good";
}
