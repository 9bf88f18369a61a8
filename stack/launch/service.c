/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps true: without a TPM in the spec none of its registers is touched. */
#include "service.h"

#include <string.h>

#include "attest.h"
#include "machine.h"
#include "measure.h"
#include "synic.h"

/* No processor's clock is faster; on a slower one waits are longer. */
#define TICKS_PER_MS 5000000u

static struct measure service_measure;
static bool service_has_tpm;

void service_begin(struct check_input *input)
{
	service_has_tpm = (input->table->flags & LAUNCH_TPM) != 0;
	if (!service_has_tpm) {
		return;
	}
	measure_begin(&service_measure, TICKS_PER_MS, input->authorities,
		      input->authorities_size);
	if (service_measure.version > input->version_min) {
		input->version_min = service_measure.version;
	}
}

static void service_print(const struct measure *m)
{
	if (m->err == TPM_OK) {
		console_print(m->chain ? "measured: PCR 12\n" :
			      "not attested: PCR 8 and 9 are 0, no boot "
			      "loader has measured\n");
		return;
	}
	console_print("not attested: TPM: ");
	console_print(m->what);
	console_print(": ");
	console_print(tpm_err_text(m->err));
	if (m->err == TPM_REFUSED) {
		console_print(" with ");
		console_print_hex(m->tpm.code);
	}
	console_print("\n");
}

void service_end(const struct check *check, bool good)
{
	if (!service_has_tpm) {
		return;
	}
	measure_manifest(&service_measure, check);
	measure_end(&service_measure, check, good);
	service_print(&service_measure);
}

/* In parts, as many as it needs, one if it is empty. */
static void service_reply(uint32_t sint, uint32_t type,
			  enum attest_status status, const uint8_t *answer,
			  size_t size)
{
	struct attest_reply reply = { .status = (uint32_t)status };
	const size_t most = sizeof(reply.data);
	uint64_t deadline = synic_deadline();	/* for all parts */
	size_t at = 0;

	reply.part_count = (uint16_t)(size == 0 ? 1 :
				      (size + most - 1) / most);
	for (; reply.part < reply.part_count; reply.part++) {
		size_t piece = size - at < most ? size - at : most;

		memcpy(reply.data, answer + at, piece);
		/* Who does not take the answer does not get the rest. */
		if (!synic_post(sint, ATTEST_REPLY + type, &reply,
				sizeof(reply) - most + piece, deadline)) {
			return;
		}
		at += piece;
	}
}

static void service_answer(uint32_t sint, const struct synic_message *message)
{
	static uint8_t __attribute__((aligned(8)))
		answer[ATTEST_ANSWER_MAX];
	enum attest_status status = ATTEST_BAD_REQUEST;
	size_t size = 0;

	if (message->size <= sizeof(message->payload)) {
		status = attest_answer(&service_measure, message->type,
				       message->payload, message->size,
				       answer, &size);
	}
	service_reply(sint, message->type & 0xff, status, answer, size);
	/* It may have been a secret. */
	memset(answer, 0, size);
}

void service_run(const struct launch_table *table)
{
	struct synic_message message;
	bool found;
	uint32_t sint;

	if (!service_has_tpm || (table->flags & LAUNCH_STAYS) == 0) {
		return;
	}
	if (!synic_enable()) {
		console_print("no attestation: no SynIC, or no right to "
			      "answer\n");
		return;
	}
	for (;;) {
		/* One of each at a time: who asks much waits for the rest. */
		found = false;
		for (sint = 1; sint < SYNIC_SINTS; sint++) {
			if (synic_take(sint, &message)) {
				service_answer(sint, &message);
				found = true;
			}
		}
		if (!found) {
			synic_wait();
		}
	}
}
