/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the attestation service, whoever carries them (abi/attest.h). */
#ifndef LAUNCH_ATTEST_H
#define LAUNCH_ATTEST_H

#include "abi/attest.h"
#include "measure.h"

/* The largest answer: the event log. */
#define ATTEST_ANSWER_MAX EVENTLOG_SIZE

/* Into answer, of ATTEST_ANSWER_MAX bytes; *size is 0 if it is not OK. */
enum attest_status attest_answer(struct measure *m, uint32_t type,
				 const uint8_t *request, size_t request_size,
				 uint8_t *answer, size_t *size);

#endif
