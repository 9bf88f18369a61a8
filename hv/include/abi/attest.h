/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch partition as attestation service (docs/launch.md): requests are
 * messages along a channel that the spec declares. What comes to its SINT n is
 * answered on its connection n. Only what stands here can be asked for. Little
 * endian; what the TPM made is as the TPM made it.
 */
#ifndef ABI_ATTEST_H
#define ABI_ATTEST_H

#include <stdint.h>

#define ATTEST_NONCE_SIZE 32u

/* Types of messages; a reply's is ATTEST_REPLY more than its request's. */
#define ATTEST_QUOTE 1u		/* nonce: struct attest_quote */
#define ATTEST_PCRS 2u		/* of SHA-256: 0 to 9 and 12, 32 bytes each */
#define ATTEST_LOG 3u		/* the event log, which explains PCR 12 */
#define ATTEST_UNSEAL 4u	/* handle (4 bytes): what is sealed there */
#define ATTEST_REPLY 0x100u

enum attest_status {
	ATTEST_OK,
	ATTEST_BAD_REQUEST,	/* its type or its size */
	ATTEST_NO_TPM,		/* none, or measuring has failed */
	ATTEST_FAILED,		/* the TPM has, now */
	ATTEST_REFUSED		/* by the TPM: other PCRs, no such object */
};

/* A reply comes in parts: part 0, 1, ... of part_count. */
struct attest_reply {
	uint32_t status;	/* enum attest_status; not 0: no data */
	uint16_t part;
	uint16_t part_count;
	uint8_t data[232];
};

/* An ECDSA signature (P-256, SHA-256) by the attestation key. */
struct attest_quote {
	uint8_t x[32], y[32];	/* the key */
	uint8_t r[32], s[32];
	uint8_t attest[];	/* TPMS_ATTEST, which is what is signed */
};

_Static_assert(sizeof(struct attest_reply) == 240, "attest_reply");
_Static_assert(sizeof(struct attest_quote) == 128, "attest_quote");

#endif
