/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who signed a manifest: its certificates up to one of the authorities, and
 * its signature. By mbedTLS; the certificates' times are not looked at, as
 * nobody here has a clock to trust.
 */
#ifndef LAUNCH_CHAIN_H
#define LAUNCH_CHAIN_H

#include "manifest.h"

/* Why a chain or signature is refused; LAUNCH_* of abi/launch.h by
 * chain_status(). */
enum chain_error {
	CHAIN_OK,
	CHAIN_BAD_AUTHORITIES,	/* none, or they cannot be read */
	CHAIN_BAD_DER,		/* a certificate cannot be read */
	CHAIN_BAD_ORDER,	/* one is not issued by the next */
	CHAIN_UNKNOWN_CA,	/* the last is issued by no authority */
	CHAIN_BAD_LINK,		/* issued in name, but not signed */
	CHAIN_NOT_A_CA,		/* basicConstraints of an issuer */
	CHAIN_BAD_LEAF,		/* the leaf is an authority itself */
	CHAIN_BAD_PATH_LENGTH,
	CHAIN_BAD_KEY_USAGE,
	CHAIN_BAD_PURPOSE,	/* not for code signing */
	CHAIN_BAD_KEY,		/* kind, curve, size or hash not allowed */
	CHAIN_BAD_SIGNATURE,
	CHAIN_NO_MEMORY
};

/*
 * authorities: certificates as in a manifest, each its size in 4 bytes, then
 * its DER; authorities_size bytes of them.
 */
enum chain_error chain_check(const struct manifest *manifest,
			     const uint8_t *authorities,
			     size_t authorities_size);
/* The signature and the signer's certificate alone, whoever issued it. */
enum chain_error chain_check_signer(const struct manifest *manifest);
enum launch_status chain_status(enum chain_error error);
const char *chain_error_text(enum chain_error error);

#endif
