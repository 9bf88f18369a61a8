/* SPDX-License-Identifier: Apache-2.0 */
/* NEEDS: mbedtls */
/* SOURCES: stack/launch/tpm_io.c stack/launch/tpm_wire.c stack/launch/tpm.c stack/launch/tpm_key.c tests/unit/fake_tpm.c tests/unit/fake_tpm_answer.c */
/*
 * A TPM by both interfaces: what a good one does, and that each way of being
 * a bad one has its error, ends in time and touches nothing it must not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_tpm.h"

static struct tpm tpm;

#define TICKS_PER_MS 100u

static void start(bool crb)
{
	fake_tpm_reset(crb);
	assert_int_equal(tpm_open(&tpm, TICKS_PER_MS), TPM_OK);
	assert_int_equal(tpm.interface, crb ? TPM_INTERFACE_CRB :
			 TPM_INTERFACE_TIS);
}

/* ---- a good one --------------------------------------------------------- */

static void use_pcrs(void)
{
	struct tpm_banks banks;
	struct tpm_digests digests;
	struct tpm_digest digest;
	char event[TPM_EVENT_MAX + 1] = "an event";

	assert_int_equal(tpm_get_banks(&tpm, &banks), TPM_OK);
	assert_int_equal(banks.count, 2);
	assert_int_equal(banks.banks[0].alg, TPM_ALG_SHA256);
	assert_int_equal(banks.banks[1].alg, TPM_ALG_SHA384);
	assert_int_equal(banks.banks[1].size, 48);
	assert_int_equal(tpm_pcr_event(&tpm, 12, event, 8, &digests), TPM_OK);
	assert_int_equal(digests.count, 2);
	assert_int_equal(digests.digests[1].alg, TPM_ALG_SHA384);
	assert_int_equal(tpm_pcr_event(&tpm, 12, event, TPM_EVENT_MAX,
				       &digests), TPM_OK);
	assert_int_equal(tpm_pcr_event(&tpm, 12, event, TPM_EVENT_MAX + 1,
				       &digests), TPM_OVERSIZED);
	assert_int_equal(tpm_pcr_read(&tpm, TPM_ALG_SHA384, 12, &digest),
			 TPM_OK);
	assert_int_equal(digest.size, 48);
	assert_memory_equal(digest.bytes, fake_tpm.pcr384[12], 48);
	assert_int_equal(tpm_pcr_read(&tpm, TPM_ALG_SHA256, 12, &digest),
			 TPM_OK);
	assert_memory_equal(digest.bytes, fake_tpm.pcr256[12], 32);
}

static void use_nv(void)
{
	uint64_t number = 1;
	bool found = true;

	assert_int_equal(tpm_nv_read(&tpm, 0x1800000, &found, &number),
			 TPM_OK);
	assert_false(found);
	assert_int_equal(number, 0);
	assert_int_equal(tpm_nv_write(&tpm, 0x1800000, 0x123456789abcull),
			 TPM_OK);
	assert_int_equal(tpm_nv_read(&tpm, 0x1800000, &found, &number),
			 TPM_OK);
	assert_true(found);
	assert_int_equal(number, 0x123456789abcull);
	assert_int_equal(tpm_nv_write(&tpm, 0x1800000, 5), TPM_OK);
	assert_int_equal(tpm_nv_lock(&tpm, 0x1800000), TPM_OK);
	assert_int_equal(tpm_nv_write(&tpm, 0x1800000, 6), TPM_REFUSED);
	assert_int_equal(tpm.code, TPM_RC_LOCKED);
	assert_int_equal(fake_tpm.nv, 5);
	/* A refusal is no failure of the TPM. */
	assert_int_equal(tpm_nv_read(&tpm, 0x1800000, &found, &number),
			 TPM_OK);
	assert_int_equal(number, 5);
	/* Somebody else's index of that number. */
	fake_tpm.nv_attributes ^= 2;
	assert_int_equal(tpm_nv_read(&tpm, 0x1800000, &found, &number),
			 TPM_MALFORMED);
	assert_false(found);
}

static void use_keys(void)
{
	uint8_t secret[TPM_SECRET_MAX];
	struct tpm_quote quote;
	struct tpm_key key;
	size_t size;

	assert_int_equal(tpm_make_key(&tpm, &key), TPM_OK);
	assert_int_equal(key.handle, 0x80000001);
	assert_int_equal(key.y[0], 0);
	assert_int_not_equal(key.y[1], 0);
	assert_int_equal(tpm_quote(&tpm, &key, (const uint8_t *)"nonce", 5,
				   &quote), TPM_OK);
	assert_int_equal(quote.attest_size, 118);
	assert_int_equal(quote.s[1], 0);
	assert_int_not_equal(quote.s[2], 0);
	assert_int_equal(tpm_quote(&tpm, &key, secret, 33, &quote),
			 TPM_OVERSIZED);
	assert_int_equal(tpm_flush(&tpm, key.handle), TPM_OK);
	assert_int_equal(fake_tpm.keys, 0);
	fake_tpm.sealed_open = true;
	assert_int_equal(tpm_unseal(&tpm, 0x81000001, 0x1300, secret, &size),
			 TPM_OK);
	assert_int_equal(size, 9);
	assert_memory_equal(secret, "a secret!", 9);
	/* No second copy of it. */
	for (size = 0; size < sizeof(tpm.buffer); size++) {
		assert_int_equal(tpm.buffer[size], 0);
	}
	fake_tpm.sealed_open = false;
	assert_int_equal(tpm_unseal(&tpm, 0x81000001, 0x1300, secret, &size),
			 TPM_REFUSED);
	assert_int_equal(tpm.code, 0x99d);
	assert_int_equal(size, 0);
	assert_int_equal(fake_tpm.sessions, 0);
}

static void test_good(void **state)
{
	int crb;

	for (crb = 0; crb < 2; crb++) {
		start(crb);
		use_pcrs();
		use_keys();
		use_nv();
		tpm_close(&tpm);
		assert_int_equal(tpm_flush(&tpm, 1), TPM_MALFORMED);
	}
}

/* ---- bad ones ----------------------------------------------------------- */

/* Fails at its opening; afterwards nothing of it is touched. */
static void expect_closed(bool crb, enum fake_fault fault, enum tpm_err err)
{
	struct tpm_banks banks;
	unsigned accesses;

	fake_tpm_reset(crb);
	fake_tpm.fault = fault;
	assert_int_equal(tpm_open(&tpm, TICKS_PER_MS), err);
	accesses = fake_tpm.accesses;
	assert_int_equal(tpm_get_banks(&tpm, &banks), err);
	assert_int_equal(banks.count, 0);
	assert_int_equal(fake_tpm.accesses, accesses);
	assert_int_equal(fake_tpm.commands, 0);
}

static void test_not_opened(void **state)
{
	int crb;

	for (crb = 0; crb < 2; crb++) {
		expect_closed(crb, FAKE_ABSENT, TPM_ABSENT);
		expect_closed(crb, FAKE_ABSENT_ZERO, TPM_ABSENT);
		expect_closed(crb, FAKE_STRANGE, TPM_UNKNOWN);
		expect_closed(crb, FAKE_LOCALITY, TPM_BUSY);
	}
	expect_closed(true, FAKE_FAR_BUFFER, TPM_BROKEN);
}

/* Good once, then not: the second command fails, the third is not sent. */
static void expect_dead(bool crb, enum fake_fault fault, enum tpm_err err)
{
	struct tpm_digest digest;
	struct tpm_banks banks;
	unsigned commands;

	start(crb);
	fake_tpm.fault = fault;
	fake_tpm.fault_at = 1;
	assert_int_equal(tpm_get_banks(&tpm, &banks), TPM_OK);
	assert_int_equal(tpm_pcr_read(&tpm, TPM_ALG_SHA256, 1, &digest), err);
	commands = fake_tpm.commands;
	assert_int_equal(tpm_get_banks(&tpm, &banks), err);
	assert_int_equal(fake_tpm.commands, commands);
}

static void test_midway(void **state)
{
	int crb;

	for (crb = 0; crb < 2; crb++) {
		expect_dead(crb, FAKE_BUSY, TPM_BUSY);
		expect_dead(crb, FAKE_SILENT, TPM_SILENT);
		expect_dead(crb, FAKE_LOST, TPM_LOST);
		expect_dead(crb, FAKE_HUGE, TPM_OVERSIZED);
		expect_dead(crb, FAKE_TINY, TPM_TRUNCATED);
	}
	expect_dead(false, FAKE_NO_BURST, TPM_BUSY);
	expect_dead(false, FAKE_NOT_EXPECTING, TPM_BROKEN);
	expect_dead(false, FAKE_HUNGRY, TPM_BROKEN);
	expect_dead(false, FAKE_CUT, TPM_TRUNCATED);
	expect_dead(false, FAKE_LONG, TPM_OVERSIZED);
	expect_dead(true, FAKE_ERROR, TPM_BROKEN);
}

static void test_texts(void **state)
{
	int a, b;

	for (a = 0; a < TPM_ERR_COUNT; a++) {
		assert_non_null(tpm_err_text((enum tpm_err)a));
		for (b = 0; b < a; b++) {
			assert_string_not_equal(tpm_err_text((enum tpm_err)a),
						tpm_err_text((enum tpm_err)b));
		}
	}
	assert_string_equal(tpm_err_text(TPM_ERR_COUNT), "unknown");
}

static void test_codes(void **state)
{
	struct tpm_banks banks;
	struct tpm_banks twice;

	start(true);
	fake_tpm.code = TPM_RC_INITIALIZE;
	assert_int_equal(tpm_get_banks(&tpm, &banks), TPM_NOT_STARTED);
	/* Asked again, a TPM that was testing itself answers. */
	start(true);
	fake_tpm.code = 0x90a;
	assert_int_equal(tpm_get_banks(&tpm, &banks), TPM_OK);
	assert_int_equal(fake_tpm.commands, 2);
	/* More banks than anyone has. */
	start(true);
	fake_tpm.bank_count = TPM_BANK_MAX;
	assert_int_equal(tpm_get_banks(&tpm, &twice), TPM_OK);
	fake_tpm.bank_count = TPM_BANK_MAX + 1;
	assert_int_equal(tpm_get_banks(&tpm, &twice), TPM_MALFORMED);
}

/* Every command there is; true: each went well. */
static bool run_command(unsigned which)
{
	static const struct tpm_key key = { .handle = 0x80000001 };
	uint8_t secret[TPM_SECRET_MAX] = { 0 };
	struct tpm_digests digests;
	struct tpm_digest digest;
	struct tpm_banks banks;
	struct tpm_quote quote;
	struct tpm_key made;
	uint64_t number;
	size_t size;
	bool found;

	switch (which) {
	case 0:
		return tpm_get_banks(&tpm, &banks) == TPM_OK;
	case 1:
		return tpm_pcr_event(&tpm, 12, "e", 1, &digests) == TPM_OK;
	case 2:
		return tpm_pcr_read(&tpm, TPM_ALG_SHA256, 9, &digest) ==
		       TPM_OK;
	case 3:
		return tpm_nv_read(&tpm, 0x1800000, &found, &number) ==
		       TPM_OK && found;
	case 4:
		return tpm_nv_write(&tpm, 0x1800000, 7) == TPM_OK;
	case 5:
		return tpm_nv_lock(&tpm, 0x1800000) == TPM_OK;
	case 6:
		return tpm_make_key(&tpm, &made) == TPM_OK;
	case 7:
		return tpm_quote(&tpm, &key, secret, 0, &quote) == TPM_OK;
	case 8:
		return tpm_unseal(&tpm, 0x81000001, 1, secret, &size) ==
		       TPM_OK;
	}
	return tpm_flush(&tpm, key.handle) == TPM_OK;
}

#define COMMANDS 10u

static void prepare(unsigned which, unsigned number)
{
	start(which % 2 == 0);
	if (which >= 3 && which <= 5) {
		assert_int_equal(tpm_nv_write(&tpm, 0x1800000, 6), TPM_OK);
	}
	fake_tpm.sealed_open = true;
	fake_tpm.fault_at = fake_tpm.commands + number;
}

/*
 * Each answer cut at each length: never good. Each byte of it another: no
 * harm is done, which the sanitizers see.
 */
static void damage(unsigned which, unsigned number)
{
	uint32_t size, i;

	prepare(which, number);
	assert_true(run_command(which));
	size = fake_tpm.answer_size;
	for (i = 10; i < size; i++) {
		prepare(which, number);
		fake_tpm.cut = true;
		fake_tpm.cut_to = i;
		if (which == 6 && i >= 14 + 4 + 2 + 24 + 63) {
			continue;	/* how the key was made: not read */
		}
		assert_false(run_command(which));
	}
	for (i = 0; i < size; i++) {
		prepare(which, number);
		fake_tpm.flip = true;
		fake_tpm.flip_at = i;
		fake_tpm.flip_with = 0xff;
		(void)run_command(which);
		prepare(which, number);
		fake_tpm.flip = true;
		fake_tpm.flip_at = i;
		fake_tpm.flip_with = 1;
		(void)run_command(which);
	}
}

static void test_damaged(void **state)
{
	/* How many answers each is made of. */
	static const unsigned parts[COMMANDS] = {
		1, 1, 1, 2, 2, 1, 1, 1, 3, 1
	};
	unsigned which, number;

	for (which = 0; which < COMMANDS; which++) {
		for (number = 0; number < parts[which]; number++) {
			damage(which, number);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_not_opened),
		cmocka_unit_test(test_midway),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
