/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, certificates and signatures as files have them; by mbedTLS. */
#ifndef SIGN_KEY_H
#define SIGN_KEY_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "manifest.h"

/* PEM files. Messages to stderr when it fails. */
bool key_read(mbedtls_pk_context *key, const char *path);
bool key_read_certificates(mbedtls_x509_crt *chain, const char *path);

/* How a key of that kind signs; false: it cannot sign manifests. */
bool key_algorithm(const mbedtls_pk_context *key, uint32_t *algorithm,
		   uint32_t *signature_size);
/* What is signed; its length (at most 48), 0 when mbedTLS says no. */
size_t key_digest(uint32_t algorithm, const uint8_t *bytes, size_t size,
		  uint8_t digest[64]);
/* As the manifest wants it: signature_size bytes. */
bool key_sign(mbedtls_pk_context *key, const uint8_t *bytes, size_t size,
	      uint8_t *signature);
/* The same of one made elsewhere, also of an ECDSA one in DER. */
bool key_take_signature(uint32_t algorithm, uint32_t signature_size,
			const uint8_t *given, size_t given_size,
			uint8_t *signature);

#endif
