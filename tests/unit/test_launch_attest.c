/* SPDX-License-Identifier: Apache-2.0 */
/* NEEDS: mbedtls */
/* SOURCES: stack/launch/tpm_io.c stack/launch/tpm_wire.c stack/launch/tpm.c stack/launch/tpm_key.c stack/launch/eventlog.c stack/launch/event.c stack/launch/measure.c stack/launch/attest.c tests/unit/fake_tpm.c tests/unit/fake_tpm_answer.c */
/* Requests to the attestation service: what is answered, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest.h"
#include "fake_tpm.h"

static struct measure measure;
static uint8_t __attribute__((aligned(8))) answer[ATTEST_ANSWER_MAX];
static const uint8_t nonce[240] = "thirty-two bytes of a nonce, new";

static void begin(void)
{
	fake_tpm_reset(true);
	measure_begin(&measure, 100, nonce, 5);
	assert_int_equal(measure.err, TPM_OK);
}

static size_t expect(uint32_t type, size_t request_size,
		     enum attest_status status)
{
	size_t size = 1;

	assert_int_equal(attest_answer(&measure, type, nonce, request_size,
				       answer, &size), status);
	if (status != ATTEST_OK) {
		assert_int_equal(size, 0);
	}
	return size;
}

static void test_answers(void **state)
{
	struct attest_quote *quote = (struct attest_quote *)answer;
	uint32_t handle = 0x81000001;
	size_t size;

	begin();
	size = expect(ATTEST_QUOTE, 32, ATTEST_OK);
	assert_int_equal(size, sizeof(*quote) + 4 + 2 + 36 + 34 + 25 + 10 +
			 34);
	assert_memory_equal(quote->attest + 44, nonce, 32);
	assert_int_equal(fake_tpm.keys, 1);
	/* The key is made once. */
	expect(ATTEST_QUOTE, 32, ATTEST_OK);
	assert_int_equal(fake_tpm.keys, 1);
	assert_int_equal(expect(ATTEST_PCRS, 0, ATTEST_OK), 11 * 32);
	assert_memory_equal(answer + 10 * 32, fake_tpm.pcr256[12], 32);
	assert_int_equal(expect(ATTEST_LOG, 0, ATTEST_OK), measure.log.size);
	assert_memory_equal(answer, measure.log.bytes, measure.log.size);
	fake_tpm.sealed_open = true;
	assert_int_equal(attest_answer(&measure, ATTEST_UNSEAL,
				       (uint8_t *)&handle, 4, answer, &size),
			 ATTEST_OK);
	assert_int_equal(size, 9);
	fake_tpm.sealed_open = false;
	expect(ATTEST_UNSEAL, 4, ATTEST_REFUSED);
	/* A refusal is no end. */
	expect(ATTEST_QUOTE, 32, ATTEST_OK);
}

/* Not one of them, or not of its size: the TPM hears nothing of it. */
static void test_bad_requests(void **state)
{
	static const uint32_t sizes[] = { 0, 32, 0, 0, 4 };
	unsigned commands;
	uint32_t type;
	size_t size;

	begin();
	commands = fake_tpm.commands;
	for (type = 0; type < 0x200; type++) {
		for (size = 0; size <= 240; size++) {
			if (type < 1 || type > 4 || size != sizes[type]) {
				expect(type, size, ATTEST_BAD_REQUEST);
			}
		}
	}
	expect(0xffffffff, 32, ATTEST_BAD_REQUEST);
	assert_int_equal(fake_tpm.commands, commands);
}

static void test_bad_tpm(void **state)
{
	unsigned commands;

	begin();
	fake_tpm.fault = FAKE_SILENT;
	expect(ATTEST_QUOTE, 32, ATTEST_FAILED);
	assert_int_equal(measure.key.handle, 0);
	commands = fake_tpm.commands;
	expect(ATTEST_PCRS, 0, ATTEST_FAILED);
	assert_int_equal(fake_tpm.commands, commands);
	/* One that failed while it was measured vouches for nothing. */
	fake_tpm_reset(true);
	fake_tpm.fault = FAKE_LOST;
	fake_tpm.fault_at = 3;
	measure_begin(&measure, 100, nonce, 5);
	assert_int_equal(measure.err, TPM_LOST);
	expect(ATTEST_QUOTE, 32, ATTEST_NO_TPM);
	expect(ATTEST_LOG, 0, ATTEST_NO_TPM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_bad_tpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
