/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps true: nothing is extended after the first failure, so that a PCR
 * never holds less than the log says it does.
 */
#include "measure.h"

#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <string.h>

static void measure_fail(struct measure *m, enum tpm_err err,
			 const char *what)
{
	if (err != TPM_OK && m->err == TPM_OK) {
		m->err = err;
		m->what = what;
	}
}

/* ---- events ------------------------------------------------------------- */

/* A TPM that hashes wrongly has not extended what is in the log. */
static bool measure_is_hash(const struct tpm_digest *digest,
			    const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	uint8_t own[64];

	switch (digest->alg) {
	case TPM_ALG_SHA256:
		return mbedtls_sha256_ret(bytes, size, own, 0) == 0 &&
		       memcmp(own, digest->bytes, 32) == 0;
	case TPM_ALG_SHA384:
		return mbedtls_sha512_ret(bytes, size, own, 1) == 0 &&
		       memcmp(own, digest->bytes, 48) == 0;
	}
	return true;
}

static void measure_event(struct measure *m, const char *name,
			  const uint8_t sha384[LAUNCH_SHA384_SIZE],
			  uint64_t number)
{
	char text[EVENT_TEXT_MAX];
	struct tpm_digests digests;
	enum tpm_err err;
	size_t size;
	uint32_t i;

	if (m->err != TPM_OK) {
		return;
	}
	size = event_text(text, name, sha384, number);
	err = tpm_pcr_event(&m->tpm, MEASURE_PCR, text, size, &digests);
	for (i = 0; err == TPM_OK && i < digests.count; i++) {
		if (!measure_is_hash(&digests.digests[i], text, size)) {
			err = TPM_MALFORMED;
		}
	}
	if (err == TPM_OK) {
		eventlog_add(&m->log, MEASURE_PCR, &digests, text, size);
		err = m->log.full ? TPM_OVERSIZED : TPM_OK;
	}
	measure_fail(m, err, name);
}

/* ---- the order of it ---------------------------------------------------- */

/* GRUB extends its commands into PCR 8 and files into 9; a BIOS's does not. */
static bool measure_has_chain(struct measure *m)
{
	struct tpm_digest digest = { 0 };
	uint32_t pcr;

	for (pcr = 8; pcr <= 9; pcr++) {
		uint8_t bits = 0;
		uint32_t i;

		measure_fail(m, tpm_pcr_read(&m->tpm, TPM_ALG_SHA256, pcr,
					     &digest), "PCR read");
		for (i = 0; m->err == TPM_OK && i < digest.size; i++) {
			bits |= digest.bytes[i];
		}
		if (bits == 0) {
			return false;
		}
	}
	return true;
}

void measure_begin(struct measure *m, uint64_t ticks_per_ms,
		   const uint8_t *authorities, size_t authorities_size)
{
	uint8_t sha384[64];
	bool found;

	memset(m, 0, sizeof(*m));
	measure_fail(m, tpm_open(&m->tpm, ticks_per_ms), "opening");
	if (m->err == TPM_OK) {
		measure_fail(m, tpm_get_banks(&m->tpm, &m->banks),
			     "PCR banks");
	}
	if (m->err == TPM_OK && !eventlog_begin(&m->log, &m->banks)) {
		measure_fail(m, TPM_MALFORMED, "PCR banks");
	}
	if (m->err == TPM_OK) {
		m->chain = measure_has_chain(m);
	}
	if (m->err == TPM_OK) {
		measure_fail(m, tpm_nv_read(&m->tpm, MEASURE_NV_INDEX, &found,
					    &m->version), "version");
	}
	if (mbedtls_sha512_ret(authorities, authorities_size, sha384, 1) !=
	    0) {
		measure_fail(m, TPM_MALFORMED, "authorities");
	}
	measure_event(m, "authorities", sha384, authorities_size);
}

void measure_manifest(struct measure *m, const struct check *check)
{
	const struct manifest *manifest = &check->manifest;
	uint8_t sha384[64] = { 0 };

	/* None that is whole: no bytes to tell of. */
	if (manifest->signature != NULL &&
	    mbedtls_sha512_ret(manifest->bytes, manifest->header.size, sha384,
			       1) != 0) {
		measure_fail(m, TPM_MALFORMED, "manifest");
	}
	measure_event(m, "manifest", sha384,
		      manifest->signature != NULL ? manifest->header.version
						  : 0);
	measure_event(m, "policy", check->table->policy_sha384, 0);
}

static void measure_raise(struct measure *m, uint64_t version)
{
	if (m->err == TPM_OK && version > m->version) {
		measure_fail(m, tpm_nv_write(&m->tpm, MEASURE_NV_INDEX,
					     version), "version");
		m->version = m->err == TPM_OK ? version : m->version;
	}
	/* None defined and none wanted: nothing to lock. */
	if (m->err == TPM_OK && m->version != 0) {
		measure_fail(m, tpm_nv_lock(&m->tpm, MEASURE_NV_INDEX),
			     "version");
	}
}

void measure_end(struct measure *m, const struct check *check, bool good)
{
	const struct launch_verdict *verdict = check->verdict;
	char name[EVENT_NAME_MAX];
	uint32_t i;

	for (i = 0; i < verdict->partition_count; i++) {
		if (i == check->table->self) {
			continue;
		}
		event_name(name, check->table->partitions[i].name);
		measure_event(m, name, verdict->partitions[i].sha384,
			      verdict->partitions[i].status);
	}
	measure_raise(m, good ? check->manifest.header.version : 0);
}
