/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the launch partition tells the TPM: PCR 12 gets its authorities, the
 * manifest, the policy and each verdict, in this order; and NV memory the
 * version, which only rises. What runs before it, itself included, is in the
 * PCRs of firmware and boot loader, or nothing is attested.
 */
#ifndef LAUNCH_MEASURE_H
#define LAUNCH_MEASURE_H

#include "check.h"
#include "event.h"
#include "eventlog.h"

#define MEASURE_PCR 12u
#define MEASURE_NV_INDEX 0x01824248u	/* owner's; "BH" */

struct measure {
	struct tpm tpm;
	struct tpm_banks banks;
	struct eventlog log;
	/* The first thing that failed, and at what; TPM_OK: all is told. */
	enum tpm_err err;
	const char *what;
	uint64_t version;		/* in NV memory */
	bool chain;			/* the boot loader has measured */
	struct tpm_key key;		/* for quotes, once there was one */
};

/* Finds the TPM and what is in it. Afterwards version is the least allowed. */
void measure_begin(struct measure *m, uint64_t ticks_per_ms,
		   const uint8_t *authorities, size_t authorities_size);
/* What check_begin() found. */
void measure_manifest(struct measure *m, const struct check *check);
/*
 * What check_end() found. good: everyone starts, and from now on no version
 * below the manifest's does.
 */
void measure_end(struct measure *m, const struct check *check, bool good);

#endif
