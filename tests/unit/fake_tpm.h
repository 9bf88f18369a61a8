/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM behind simulated registers, TIS or CRB: banks SHA-256 and SHA-384 with
 * real PCRs, one NV index, a key that signs with noise. Each way to misbehave
 * can be switched on.
 */
#ifndef FAKE_TPM_H
#define FAKE_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tpm.h"

enum fake_fault {
	FAKE_GOOD,
	FAKE_ABSENT,		/* all ones */
	FAKE_ABSENT_ZERO,
	FAKE_STRANGE,		/* an interface type that is neither */
	FAKE_LOCALITY,		/* never granted */
	FAKE_BUSY,		/* never ready for a command */
	FAKE_NO_BURST,		/* ready, but takes no byte */
	FAKE_NOT_EXPECTING,	/* wants fewer bytes than the command has */
	FAKE_HUNGRY,		/* wants more */
	FAKE_SILENT,		/* never answers */
	FAKE_LOST,		/* all ones from the command's start on */
	FAKE_ERROR,		/* CRB: its error bit */
	FAKE_CUT,		/* answer: fewer bytes than its header says */
	FAKE_LONG,		/* more */
	FAKE_HUGE,		/* the header says more than fits */
	FAKE_TINY,		/* the header says less than a header */
	FAKE_FAR_BUFFER		/* CRB: its buffer is not in its page */
};

struct fake_tpm {
	bool crb;
	enum fake_fault fault;
	unsigned fault_at;	/* from which command on */
	unsigned commands;	/* seen so far */
	uint32_t last;		/* the last one's code */
	unsigned accesses;
	/* Changes the answer to command fault_at: cut to this many bytes, its
	 * header knows; or one byte is another. */
	bool cut, flip;
	uint32_t cut_to, flip_at;
	uint8_t flip_with;
	uint32_t code;		/* refuses with this one, if not 0 */
	uint32_t answer_size;	/* of the answer to fault_at */

	uint8_t pcr256[24][32], pcr384[24][48];
	bool nv_defined, nv_written, nv_locked;
	uint32_t nv_attributes;	/* 0: as it was defined with */
	uint64_t nv;
	unsigned sessions, keys;
	bool sealed_open;	/* unseal is allowed */
	bool lie;		/* PCR_Event gives other digests */
	unsigned bank_count;	/* 0: 2 */
};

extern struct fake_tpm fake_tpm;

void fake_tpm_reset(bool crb);
/* Puts an answer to the command into the same bytes; its size. */
size_t fake_tpm_answer(uint8_t *bytes, size_t size);

#endif
