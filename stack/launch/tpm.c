/* SPDX-License-Identifier: Apache-2.0 */
/* PCRs and NV memory. */
#include "tpm.h"

#include <string.h>

#include "tpm_wire.h"

#define CC_NV_DEFINE_SPACE 0x12au
#define CC_NV_WRITE 0x137u
#define CC_NV_WRITE_LOCK 0x138u
#define CC_PCR_EVENT 0x13cu
#define CC_NV_READ 0x14eu
#define CC_NV_READ_PUBLIC 0x169u
#define CC_GET_CAPABILITY 0x17au
#define CC_PCR_READ 0x17eu

#define CAP_PCRS 5u
#define RH_OWNER 0x40000001u

#define NV_SIZE 8u
/* Read and written with its own password, which is empty; locked until the
 * next reset by NV_WriteLock; no dictionary attacks to protect from. */
#define NV_AUTHWRITE 0x00000004u
#define NV_WRITE_STCLEAR 0x00004000u
#define NV_OWNERREAD 0x00020000u
#define NV_AUTHREAD 0x00040000u
#define NV_NO_DA 0x02000000u
#define NV_WRITTEN 0x20000000u
#define NV_WRITELOCKED 0x00000800u
#define NV_ATTRIBUTES (NV_AUTHWRITE | NV_WRITE_STCLEAR | NV_OWNERREAD | \
		       NV_AUTHREAD | NV_NO_DA)

uint16_t tpm_alg_size(uint16_t alg)
{
	switch (alg) {
	case TPM_ALG_SHA1:
		return 20;
	case TPM_ALG_SHA256:
	case 0x12:				/* SM3 */
	case 0x27:				/* SHA3-256 */
		return 32;
	case TPM_ALG_SHA384:
	case 0x28:				/* SHA3-384 */
		return 48;
	case TPM_ALG_SHA512:
	case 0x29:				/* SHA3-512 */
		return 64;
	}
	return 0;
}

/* ---- PCRs --------------------------------------------------------------- */

/* One TPMS_PCR_SELECTION; a bank with no PCR is switched off. */
static void tpm_read_bank(struct tpm_reader *r, struct tpm_banks *banks)
{
	uint16_t alg = wire_get16(r);
	uint8_t size = wire_get8(r);
	const uint8_t *bits = wire_get(r, size);
	bool on = false;
	uint8_t i;

	for (i = 0; bits != NULL && i < size; i++) {
		on = on || bits[i] != 0;
	}
	if (!on) {
		return;
	}
	if (banks->count == TPM_BANK_MAX) {
		wire_expect(r, false);
		return;
	}
	banks->banks[banks->count].alg = alg;
	banks->banks[banks->count].size = tpm_alg_size(alg);
	banks->count++;
}

enum tpm_err tpm_get_banks(struct tpm *tpm, struct tpm_banks *banks)
{
	struct tpm_writer w;
	struct tpm_reader r;
	uint32_t count;
	uint32_t i;

	banks->count = 0;
	wire_begin(&w, tpm, CC_GET_CAPABILITY);
	wire_put32(&w, CAP_PCRS);
	wire_put32(&w, 0);
	wire_put32(&w, 1);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	wire_get8(&r);				/* there is no more of it */
	wire_expect(&r, wire_get32(&r) == CAP_PCRS);
	count = wire_get32(&r);
	/* A wrong count ends with the bytes. */
	for (i = 0; i < count && r.err == TPM_OK; i++) {
		tpm_read_bank(&r, banks);
	}
	return wire_end(tpm, &r);
}

enum tpm_err tpm_pcr_event(struct tpm *tpm, uint32_t pcr, const void *event,
			   size_t size, struct tpm_digests *digests)
{
	struct tpm_writer w;
	struct tpm_reader r;
	uint32_t i;

	digests->count = 0;
	if (size > TPM_EVENT_MAX) {
		return TPM_OVERSIZED;
	}
	wire_begin_auth(&w, tpm, CC_PCR_EVENT, &pcr, 1, 1);
	wire_put_sized(&w, event, size);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	i = wire_get32(&r);
	wire_expect(&r, i != 0 && i <= TPM_BANK_MAX);
	for (; i != 0 && r.err == TPM_OK; i--) {
		struct tpm_digest *digest = &digests->digests[digests->count];
		const uint8_t *bytes;

		digest->alg = wire_get16(&r);
		digest->size = tpm_alg_size(digest->alg);
		wire_expect(&r, digest->size != 0);
		bytes = wire_get(&r, digest->size);
		if (bytes != NULL) {
			memcpy(digest->bytes, bytes, digest->size);
			digests->count++;
		}
	}
	return wire_end(tpm, &r);
}

enum tpm_err tpm_pcr_read(struct tpm *tpm, uint16_t alg, uint32_t pcr,
			  struct tpm_digest *digest)
{
	uint32_t bits = 1u << (pcr & 31);
	struct tpm_writer w;
	struct tpm_reader r;

	wire_begin(&w, tpm, CC_PCR_READ);
	wire_put_pcrs(&w, alg, bits);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	wire_get32(&r);				/* the counter of updates */
	wire_expect(&r, wire_get32(&r) == 1 && wire_get16(&r) == alg &&
		    wire_get8(&r) == 3 && wire_get8(&r) == (bits & 0xff) &&
		    wire_get8(&r) == (bits >> 8 & 0xff) &&
		    wire_get8(&r) == bits >> 16);
	wire_expect(&r, wire_get32(&r) == 1);
	digest->alg = alg;
	digest->size = (uint16_t)wire_get_sized(&r, digest->bytes,
						TPM_DIGEST_MAX);
	wire_expect(&r, digest->size == tpm_alg_size(alg));
	return wire_end(tpm, &r);
}

/* ---- NV memory ---------------------------------------------------------- */

/* Its attributes; *found is false if it is not defined. */
static enum tpm_err tpm_nv_attributes(struct tpm *tpm, uint32_t index,
				      bool *found, uint32_t *attributes)
{
	uint8_t name[2 + TPM_DIGEST_MAX];
	struct tpm_writer w;
	struct tpm_reader r;
	uint16_t size;
	uint16_t policy;

	*found = false;
	*attributes = 0;
	wire_begin(&w, tpm, CC_NV_READ_PUBLIC);
	wire_put32(&w, index);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err == TPM_REFUSED && tpm->code == TPM_RC_HANDLE ?
		       TPM_OK : r.err;
	}
	size = wire_get16(&r);
	wire_expect(&r, size >= 14);
	wire_expect(&r, wire_get32(&r) == index);
	wire_get16(&r);				/* of its name */
	*attributes = wire_get32(&r);
	policy = wire_get16(&r);
	wire_get(&r, policy);
	wire_expect(&r, size == 14u + policy);
	/* Anything else at that index was made by somebody else. */
	wire_expect(&r, wire_get16(&r) == NV_SIZE &&
		    (*attributes & ~(NV_WRITTEN | NV_WRITELOCKED)) ==
		    NV_ATTRIBUTES);
	wire_get_sized(&r, name, sizeof(name));
	*found = wire_end(tpm, &r) == TPM_OK;
	return r.err;
}

static enum tpm_err tpm_nv_define(struct tpm *tpm, uint32_t index)
{
	uint32_t owner = RH_OWNER;
	struct tpm_writer w;
	struct tpm_reader r;

	wire_begin_auth(&w, tpm, CC_NV_DEFINE_SPACE, &owner, 1, 1);
	wire_put16(&w, 0);			/* no password */
	wire_put16(&w, 14);
	wire_put32(&w, index);
	wire_put16(&w, TPM_ALG_SHA256);
	wire_put32(&w, NV_ATTRIBUTES);
	wire_put16(&w, 0);			/* no policy */
	wire_put16(&w, NV_SIZE);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	return wire_end(tpm, &r);
}

enum tpm_err tpm_nv_read(struct tpm *tpm, uint32_t index, bool *found,
			 uint64_t *number)
{
	uint32_t handles[2] = { index, index };
	uint32_t attributes;
	struct tpm_writer w;
	struct tpm_reader r;
	enum tpm_err err;

	*number = 0;
	err = tpm_nv_attributes(tpm, index, found, &attributes);
	*found = *found && (attributes & NV_WRITTEN) != 0;
	if (err != TPM_OK || !*found) {
		return err;
	}
	*found = false;
	wire_begin_auth(&w, tpm, CC_NV_READ, handles, 2, 1);
	wire_put16(&w, NV_SIZE);
	wire_put16(&w, 0);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	wire_expect(&r, wire_get16(&r) == NV_SIZE);
	*number = wire_get64(&r);
	*found = wire_end(tpm, &r) == TPM_OK;
	return r.err;
}

enum tpm_err tpm_nv_write(struct tpm *tpm, uint32_t index, uint64_t number)
{
	uint32_t handles[2] = { index, index };
	uint32_t attributes;
	struct tpm_writer w;
	struct tpm_reader r;
	enum tpm_err err;
	bool found;

	err = tpm_nv_attributes(tpm, index, &found, &attributes);
	if (err == TPM_OK && !found) {
		err = tpm_nv_define(tpm, index);
	}
	if (err != TPM_OK) {
		return err;
	}
	wire_begin_auth(&w, tpm, CC_NV_WRITE, handles, 2, 1);
	wire_put16(&w, NV_SIZE);
	wire_put64(&w, number);
	wire_put16(&w, 0);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	return wire_end(tpm, &r);
}

enum tpm_err tpm_nv_lock(struct tpm *tpm, uint32_t index)
{
	uint32_t handles[2] = { index, index };
	struct tpm_writer w;
	struct tpm_reader r;

	wire_begin_auth(&w, tpm, CC_NV_WRITE_LOCK, handles, 2, 1);
	if (wire_run(&w, tpm, &r) != TPM_OK) {
		return r.err;
	}
	return wire_end(tpm, &r);
}
