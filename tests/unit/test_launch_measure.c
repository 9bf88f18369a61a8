/* SPDX-License-Identifier: Apache-2.0 */
/* NEEDS: mbedtls */
/* SOURCES: stack/launch/tpm_io.c stack/launch/tpm_wire.c stack/launch/tpm.c stack/launch/tpm_key.c stack/launch/eventlog.c stack/launch/measure.c stack/launch/event.c stack/launch/manifest.c stack/launch/chain.c stack/launch/check.c compiler/sign/build.c compiler/sign/key.c tests/unit/launch_image.c tests/unit/fake_tpm.c tests/unit/fake_tpm_answer.c */
/*
 * What the TPM is told of an image: the log gives the PCRs when it is played
 * again, every damage to the image gives other ones, and no version comes
 * back. With a TPM that fails, the verdict stays and nothing is attested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

#include "fake_tpm.h"
#include "launch_image.h"
#include "measure.h"

#define TICKS_PER_MS 100u

static struct measure measure;

/* As the launch partition does it. */
static bool launch(struct launch_image *image)
{
	uint64_t least = image->version_min;
	bool good;

	measure_begin(&measure, TICKS_PER_MS, image->authorities,
		      image->authorities_size);
	if (measure.version > image->version_min) {
		image->version_min = measure.version;
	}
	good = image_check(image);
	image->version_min = least;
	measure_manifest(&measure, &image->check);
	measure_end(&measure, &image->check, good);
	return good;
}

static struct launch_image *image_of(uint64_t version)
{
	struct launch_image *image = image_make(version, 0);

	image_trust(image, "root");
	image_sign(image, "direct");
	return image;
}

/* A machine that was just switched on; its NV memory stays. */
static void power_on(void)
{
	struct fake_tpm old = fake_tpm;

	fake_tpm_reset(true);
	fake_tpm.nv_defined = old.nv_defined;
	fake_tpm.nv_written = old.nv_written;
	fake_tpm.nv_attributes = old.nv_attributes;
	fake_tpm.nv = old.nv;
	memset(fake_tpm.pcr256[8], 8, 32);
	memset(fake_tpm.pcr256[9], 9, 32);
}

/* ---- the log ------------------------------------------------------------ */

static uint32_t get32(size_t at)
{
	uint32_t value;

	assert_true(at + 4 <= measure.log.size);
	memcpy(&value, measure.log.bytes + at, 4);
	return value;
}

/* Plays an event; where the next one is. */
static size_t play(size_t at, uint8_t pcr256[32], uint8_t pcr384[48],
		   char text[EVENT_TEXT_MAX])
{
	const uint8_t *bytes = measure.log.bytes + at;
	uint8_t both[96], hash[64];
	uint32_t size;

	assert_int_equal(get32(at), MEASURE_PCR);
	assert_int_equal(get32(at + 4), EVENTLOG_IPL);
	assert_int_equal(get32(at + 8), 2);
	assert_int_equal(bytes[12], TPM_ALG_SHA256);
	assert_int_equal(bytes[12 + 34], TPM_ALG_SHA384);
	memcpy(both, pcr256, 32);
	memcpy(both + 32, bytes + 14, 32);
	mbedtls_sha256_ret(both, 64, pcr256, 0);
	memcpy(both, pcr384, 48);
	memcpy(both + 48, bytes + 48, 48);
	mbedtls_sha512_ret(both, 96, hash, 1);
	memcpy(pcr384, hash, 48);
	size = get32(at + 96);
	assert_true(size < EVENT_TEXT_MAX &&
		    at + 100 + size <= measure.log.size);
	memset(text, 0, EVENT_TEXT_MAX);
	memcpy(text, bytes + 100, size);
	mbedtls_sha256_ret(bytes + 100, size, hash, 0);
	assert_memory_equal(hash, bytes + 14, 32);
	return at + 100 + size;
}

/* All of it, against the PCRs; the events' texts, a line each. */
static char *play_all(void)
{
	static char texts[4096];
	char text[EVENT_TEXT_MAX];
	uint8_t pcr256[32] = { 0 }, pcr384[48] = { 0 };
	size_t at = 32 + 37;

	texts[0] = '\0';
	assert_int_equal(get32(4), 3);
	assert_int_equal(get32(28), 37);
	assert_memory_equal(measure.log.bytes + 32, "Spec ID Event03", 16);
	assert_int_equal(get32(32 + 24), 2);
	while (at < measure.log.size) {
		at = play(at, pcr256, pcr384, text);
		strcat(strcat(texts, text), "\n");
	}
	assert_memory_equal(pcr256, fake_tpm.pcr256[MEASURE_PCR], 32);
	assert_memory_equal(pcr384, fake_tpm.pcr384[MEASURE_PCR], 48);
	return texts;
}

static void test_log(void **state)
{
	struct launch_image *image = image_of(7);
	const char *texts;
	char hash[2 * 48 + 1];
	uint8_t sha384[64];
	char line[200];
	int i;

	power_on();
	assert_true(launch(image));
	assert_int_equal(measure.err, TPM_OK);
	assert_true(measure.chain);
	texts = play_all();
	mbedtls_sha512_ret(image->build.bytes, image->build.header.size,
			   sha384, 1);
	for (i = 0; i < 48; i++) {
		sprintf(hash + 2 * i, "%02x", sha384[i]);
	}
	sprintf(line, "\nmanifest 7 %s\n", hash);
	assert_non_null(strstr(texts, line));
	for (i = 0; i < 48; i++) {
		sprintf(hash + 2 * i, "%02x",
			image->verdict.partitions[IMAGE_A].sha384[i]);
	}
	sprintf(line, "\npartition a 1 %s\npartition b 1 ", hash);
	assert_non_null(strstr(texts, line));
	assert_memory_equal(texts, "authorities ", 12);
	assert_non_null(strstr(texts, "\npolicy 0 "));
	image_free(image);
}

/* What the PCR holds after an image; other than after the good one. */
static void expect_other(struct launch_image *image, const uint8_t good[32])
{
	power_on();
	(void)launch(image);
	assert_int_equal(measure.err, TPM_OK);
	play_all();
	assert_memory_not_equal(fake_tpm.pcr256[MEASURE_PCR], good, 32);
}

static void test_others(void **state)
{
	struct launch_image *image = image_of(7);
	struct launch_image *other = image_of(8);
	uint8_t good[32];
	uint8_t *a = image->memory[IMAGE_A];

	fake_tpm_reset(true);
	power_on();
	assert_true(launch(image));
	memcpy(good, fake_tpm.pcr256[MEASURE_PCR], 32);
	/* Twice the same. */
	power_on();
	assert_true(launch(image));
	assert_memory_equal(fake_tpm.pcr256[MEASURE_PCR], good, 32);
	a[0x8000] ^= 1;				/* payload */
	expect_other(image, good);
	a[0x8000] ^= 1;
	a[0x1001] ^= 1;				/* command line */
	expect_other(image, good);
	a[0x1001] ^= 1;
	image->table->policy_sha384[3] ^= 1;	/* a port's grant */
	expect_other(image, good);
	image->table->policy_sha384[3] ^= 1;
	image->build.bytes[8]++;		/* no manifest any more */
	expect_other(image, good);
	image->build.bytes[8]--;
	expect_other(other, good);
	image_trust(image, "other root");	/* one more authority */
	expect_other(image, good);
	image_free(image);
	image_free(other);
}

static void test_chain(void **state)
{
	struct launch_image *image = image_of(7);
	unsigned pcr;

	fake_tpm_reset(true);
	for (pcr = 8; pcr <= 9; pcr++) {
		power_on();
		memset(fake_tpm.pcr256[pcr], 0, 32);
		assert_true(launch(image));
		assert_int_equal(measure.err, TPM_OK);
		assert_false(measure.chain);
	}
	image_free(image);
}

/* ---- versions ----------------------------------------------------------- */

static void expect_version(struct launch_image *image, bool good,
			   uint64_t nv)
{
	power_on();
	assert_int_equal(launch(image), good);
	assert_int_equal(measure.err, TPM_OK);
	assert_int_equal(fake_tpm.nv, nv);
	if (!good) {
		assert_int_equal(image->verdict.partitions[IMAGE_A].status,
				 LAUNCH_BAD_VERSION);
	}
}

static void test_rollback(void **state)
{
	struct launch_image *seven = image_of(7);
	struct launch_image *nine = image_of(9);
	struct launch_image *bad = image_of(12);

	fake_tpm_reset(true);
	expect_version(seven, true, 7);
	assert_true(fake_tpm.nv_locked);
	expect_version(seven, true, 7);
	expect_version(nine, true, 9);
	expect_version(seven, false, 9);
	assert_true(fake_tpm.nv_locked);
	expect_version(nine, true, 9);
	/* Signed, but not whole: that it was tried proves nothing. */
	bad->memory[IMAGE_B][0x100] ^= 1;
	power_on();
	assert_false(launch(bad));
	assert_int_equal(fake_tpm.nv, 9);
	bad->memory[IMAGE_B][0x100] ^= 1;
	bad->build.bytes[bad->build.header.signed_size] ^= 1;
	power_on();
	assert_false(launch(bad));
	assert_int_equal(fake_tpm.nv, 9);
	/* Kconfig's can be higher. */
	nine->version_min = 10;
	expect_version(nine, false, 9);
	image_free(seven);
	image_free(nine);
	image_free(bad);
}

/* Version 0 is nothing to keep. */
static void test_version_zero(void **state)
{
	struct launch_image *image = image_of(0);

	fake_tpm_reset(true);
	expect_version(image, true, 0);
	assert_false(fake_tpm.nv_defined);
	image_free(image);
}

/* ---- bad TPMs ----------------------------------------------------------- */

/* Failing at each of its commands: the verdict is the same, the first error
 * is kept, and nothing is said to be measured. */
static void expect_failure(struct launch_image *image, enum fake_fault fault,
			   unsigned at, enum tpm_err err)
{
	power_on();
	fake_tpm.fault = fault;
	fake_tpm.fault_at = at;
	assert_true(launch(image));
	assert_int_equal(measure.err, err);
	assert_non_null(measure.what);
}

static void test_failing(void **state)
{
	struct launch_image *image = image_of(7);
	unsigned commands, at;

	fake_tpm_reset(true);
	power_on();
	assert_true(launch(image));
	commands = fake_tpm.commands;
	assert_in_range(commands, 12, 20);
	for (at = 0; at < commands; at++) {
		fake_tpm.nv_defined = fake_tpm.nv_written = false;
		expect_failure(image, FAKE_LOST, at, TPM_LOST);
		fake_tpm.nv_defined = fake_tpm.nv_written = false;
		expect_failure(image, FAKE_SILENT, at, TPM_SILENT);
		fake_tpm.nv_defined = fake_tpm.nv_written = false;
		expect_failure(image, FAKE_HUGE, at, TPM_OVERSIZED);
		/* Silent once, then asked no more. */
		assert_in_range(fake_tpm.commands, at, at + 1);
	}
	expect_failure(image, FAKE_ABSENT, 0, TPM_ABSENT);
	assert_string_equal(measure.what, "opening");
	image_free(image);
}

/* It gives other digests than it must. */
static void test_lie(void **state)
{
	struct launch_image *image = image_of(7);

	power_on();
	fake_tpm.lie = true;
	assert_true(launch(image));
	assert_int_equal(measure.err, TPM_MALFORMED);
	assert_string_equal(measure.what, "authorities");
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_version_zero),
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_lie),
	};

	return cmocka_run_group_tests(tests, image_keys_make,
				      image_keys_remove);
}
