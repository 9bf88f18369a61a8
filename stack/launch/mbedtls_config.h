/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of mbedTLS is built: hashes, ECDSA, certificates; RSA if Kconfig says
 * so. No clock, no files, no random numbers: the launch partition only
 * verifies. The host's tool signs too and reads PEM files (LAUNCH_HOST).
 */
#ifndef LAUNCH_MBEDTLS_CONFIG_H
#define LAUNCH_MBEDTLS_CONFIG_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_PLATFORM_C

#ifdef LAUNCH_HOST
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_HMAC_DRBG_C
#else
/* All memory is one static block (crypto.c). */
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_SNPRINTF_ALT
#define MBEDTLS_PLATFORM_EXIT_ALT
/* No division of 128 bits, which is libgcc's. */
#define MBEDTLS_NO_UDBL_DIVISION
#endif

#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_MD_C

#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
/* Nothing secret is multiplied in the launch partition. */
#define MBEDTLS_ECP_NO_INTERNAL_RNG
#define MBEDTLS_ECDSA_C

#ifdef CONFIG_LAUNCH_RSA
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#endif

#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CHECK_KEY_USAGE
#define MBEDTLS_X509_CHECK_EXTENDED_KEY_USAGE

/* Numbers up to P-384's, or RSA's of 4096 bits. */
#ifdef CONFIG_LAUNCH_RSA
#define MBEDTLS_MPI_MAX_SIZE 512
#else
#define MBEDTLS_MPI_MAX_SIZE 128
#endif
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 4

#include "mbedtls/check_config.h"

#endif
