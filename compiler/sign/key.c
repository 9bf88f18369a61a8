/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA signatures are deterministic (RFC 6979), so that the same image and
 * key give the same bytes.
 */
#include "key.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FILE_MAX (1u << 20)

/* With a 0 behind it, which mbedTLS counts. */
static uint8_t *key_read_file(const char *path, size_t *size)
{
	uint8_t *bytes = calloc(1, KEY_FILE_MAX);
	FILE *file = fopen(path, "rb");

	if (bytes == NULL || file == NULL) {
		fprintf(stderr, "manifest: %s: cannot be read\n", path);
		free(bytes);
		if (file != NULL) {
			fclose(file);
		}
		return NULL;
	}
	*size = fread(bytes, 1, KEY_FILE_MAX - 1, file) + 1;
	fclose(file);
	return bytes;
}

/* Private keys do not stay behind in freed memory. */
static void key_free_file(uint8_t *bytes, size_t size)
{
	mbedtls_platform_zeroize(bytes, size);
	free(bytes);
}

bool key_read(mbedtls_pk_context *key, const char *path)
{
	size_t size;
	uint8_t *bytes = key_read_file(path, &size);
	int result;

	if (bytes == NULL) {
		return false;
	}
	result = mbedtls_pk_parse_key(key, bytes, size, NULL, 0);
	key_free_file(bytes, size);
	if (result != 0) {
		fprintf(stderr, "manifest: %s: not a private key in PEM "
			"without a password (-0x%x)\n", path,
			(unsigned)-result);
	}
	return result == 0;
}

bool key_read_certificates(mbedtls_x509_crt *chain, const char *path)
{
	size_t size;
	uint8_t *bytes = key_read_file(path, &size);
	int result;

	if (bytes == NULL) {
		return false;
	}
	result = mbedtls_x509_crt_parse(chain, bytes, size);
	key_free_file(bytes, size);
	if (result != 0) {
		fprintf(stderr, "manifest: %s: not certificates in PEM\n",
			path);
	}
	return result == 0;
}

bool key_algorithm(const mbedtls_pk_context *key, uint32_t *algorithm,
		   uint32_t *signature_size)
{
	if (mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY) {
		switch ((int)mbedtls_pk_ec(*key)->grp.id) {
		case MBEDTLS_ECP_DP_SECP256R1:
			*algorithm = MANIFEST_P256_SHA256;
			*signature_size = 64;
			return true;
		case MBEDTLS_ECP_DP_SECP384R1:
			*algorithm = MANIFEST_P384_SHA384;
			*signature_size = 96;
			return true;
		}
		return false;
	}
	if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA) {
		*algorithm = MANIFEST_RSA_PSS_SHA384;
		*signature_size = (uint32_t)mbedtls_pk_get_len(key);
		return *signature_size >= MANIFEST_RSA_SIZE_MIN &&
		       *signature_size <= MANIFEST_RSA_SIZE_MAX;
	}
	return false;
}

size_t key_digest(uint32_t algorithm, const uint8_t *bytes, size_t size,
		  uint8_t digest[64])
{
	if (algorithm == MANIFEST_P256_SHA256) {
		return mbedtls_sha256_ret(bytes, size, digest, 0) == 0 ? 32 :
		       0;
	}
	return mbedtls_sha512_ret(bytes, size, digest, 1) == 0 ?
	       LAUNCH_SHA384_SIZE : 0;
}

static int key_random(void *unused, unsigned char *out, size_t size)
{
	FILE *file = fopen("/dev/urandom", "rb");
	size_t got = 0;

	(void)unused;
	if (file != NULL) {
		got = fread(out, 1, size, file);
		fclose(file);
	}
	return got == size ? 0 : -1;
}

static bool key_sign_ecdsa(mbedtls_ecp_keypair *pair, mbedtls_md_type_t md,
			   const uint8_t *digest, size_t digest_size,
			   uint8_t *signature, size_t half)
{
	mbedtls_mpi r;
	mbedtls_mpi s;
	bool good;

	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	good = mbedtls_ecdsa_sign_det_ext(&pair->grp, &r, &s, &pair->d,
					  digest, digest_size, md, key_random,
					  NULL) == 0 &&
	       mbedtls_mpi_write_binary(&r, signature, half) == 0 &&
	       mbedtls_mpi_write_binary(&s, signature + half, half) == 0;
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	return good;
}

bool key_sign(mbedtls_pk_context *key, const uint8_t *bytes, size_t size,
	      uint8_t *signature)
{
	uint8_t digest[64];
	uint32_t algorithm;
	uint32_t signature_size;
	size_t digest_size;

	if (!key_algorithm(key, &algorithm, &signature_size)) {
		return false;
	}
	digest_size = key_digest(algorithm, bytes, size, digest);
	if (digest_size == 0) {
		return false;
	}
	if (algorithm != MANIFEST_RSA_PSS_SHA384) {
		return key_sign_ecdsa(mbedtls_pk_ec(*key),
				      digest_size == 32 ? MBEDTLS_MD_SHA256 :
				      MBEDTLS_MD_SHA384, digest, digest_size,
				      signature, signature_size / 2);
	}
#ifdef MBEDTLS_RSA_C
	mbedtls_rsa_set_padding(mbedtls_pk_rsa(*key), MBEDTLS_RSA_PKCS_V21,
				MBEDTLS_MD_SHA384);
	return mbedtls_pk_sign(key, MBEDTLS_MD_SHA384, digest, digest_size,
			       signature, &digest_size, key_random, NULL) ==
	       0;
#else
	return false;
#endif
}

/* SEQUENCE { r INTEGER, s INTEGER } */
static bool key_take_der(const uint8_t *given, size_t given_size,
			 uint8_t *signature, size_t half)
{
	unsigned char *at = (unsigned char *)(uintptr_t)given;
	const unsigned char *end = given + given_size;
	mbedtls_mpi r;
	mbedtls_mpi s;
	size_t size;
	bool good;

	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	good = mbedtls_asn1_get_tag(&at, end, &size,
				    MBEDTLS_ASN1_CONSTRUCTED |
				    MBEDTLS_ASN1_SEQUENCE) == 0 &&
	       mbedtls_asn1_get_mpi(&at, end, &r) == 0 &&
	       mbedtls_asn1_get_mpi(&at, end, &s) == 0 && at == end &&
	       mbedtls_mpi_write_binary(&r, signature, half) == 0 &&
	       mbedtls_mpi_write_binary(&s, signature + half, half) == 0;
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	return good;
}

bool key_take_signature(uint32_t algorithm, uint32_t signature_size,
			const uint8_t *given, size_t given_size,
			uint8_t *signature)
{
	if (given_size == signature_size) {
		memcpy(signature, given, given_size);
		return true;
	}
	return algorithm != MANIFEST_RSA_PSS_SHA384 &&
	       key_take_der(given, given_size, signature, signature_size / 2);
}
