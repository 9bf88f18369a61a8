/* SPDX-License-Identifier: Apache-2.0 */
/* NEEDS: mbedtls */
/* SOURCES: stack/launch/manifest.c stack/launch/chain.c stack/launch/check.c compiler/sign/build.c compiler/sign/key.c tests/unit/launch_image.c */
/*
 * Who may sign a manifest: each way in which a chain of certificates or a
 * signature can be wrong has its own answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launch_image.h"

/* An image signed by that chain, before those authorities. */
static enum chain_error judge(const char *certificates,
			      const char *authorities)
{
	struct launch_image *image = image_make(1, 0);
	enum chain_error error;

	image_trust(image, authorities);
	image_sign(image, certificates);
	error = image_chain(image);
	image_free(image);
	return error;
}

static void test_good(void **state)
{
	assert_int_equal(judge("leaf middle", "root"), CHAIN_OK);
	assert_int_equal(judge("leaf384 middle", "root"), CHAIN_OK);
	assert_int_equal(judge("direct", "root"), CHAIN_OK);
	assert_int_equal(judge("deep i3 i2 i1", "root"), CHAIN_OK);
	/* An issuer that is an authority itself needs nobody above it. */
	assert_int_equal(judge("leaf", "middle"), CHAIN_OK);
	/* Which of several does not matter, nor a name that is there twice. */
	assert_int_equal(judge("leaf middle", "other root"), CHAIN_OK);
	assert_int_equal(judge("leaf middle", "twin root"), CHAIN_OK);
}

static void test_authorities(void **state)
{
	struct launch_image *image = image_make(1, 0);

	assert_int_equal(judge("leaf middle", "other"), CHAIN_UNKNOWN_CA);
	assert_int_equal(judge("leaf middle", "twin"), CHAIN_BAD_LINK);
	assert_int_equal(judge("leaf", "root"), CHAIN_UNKNOWN_CA);
	assert_int_equal(judge("leaf middle", ""), CHAIN_BAD_AUTHORITIES);
	image_trust(image, "root");
	image_sign(image, "leaf middle");
	image->authorities_size--;
	assert_int_equal(image_chain(image), CHAIN_BAD_AUTHORITIES);
	image->authorities_size = 3;
	assert_int_equal(image_chain(image), CHAIN_BAD_AUTHORITIES);
	image_free(image);
}

static void test_links(void **state)
{
	assert_int_equal(judge("leaf twinmiddle", "root"), CHAIN_BAD_LINK);
	assert_int_equal(judge("leaf i1", "root"), CHAIN_BAD_ORDER);
	assert_int_equal(judge("leaf i1 middle", "root"), CHAIN_BAD_ORDER);
	assert_int_equal(judge("child leaf middle", "root"), CHAIN_NOT_A_CA);
	assert_int_equal(judge("muted mute", "root"), CHAIN_BAD_KEY_USAGE);
	assert_int_equal(judge("both", "root"), CHAIN_BAD_LEAF);
	assert_int_equal(judge("root", "root"), CHAIN_BAD_LEAF);
}

static void test_path_length(void **state)
{
	assert_int_equal(judge("lowleaf low middle", "root"),
			 CHAIN_BAD_PATH_LENGTH);
	assert_int_equal(judge("tightleaf tightmiddle", "tight"),
			 CHAIN_BAD_PATH_LENGTH);
}

static void test_leaf(void **state)
{
	assert_int_equal(judge("usage middle", "root"), CHAIN_BAD_KEY_USAGE);
	assert_int_equal(judge("nousage middle", "root"),
			 CHAIN_BAD_KEY_USAGE);
	assert_int_equal(judge("server middle", "root"), CHAIN_BAD_PURPOSE);
	assert_int_equal(judge("any middle", "root"), CHAIN_BAD_PURPOSE);
	assert_int_equal(judge("nopurpose middle", "root"),
			 CHAIN_BAD_PURPOSE);
}

/* Another's key, of the same kind and of another. */
static void test_keys(void **state)
{
	struct launch_image *image = image_make(1, 0);

	image_trust(image, "root");
	image_sign_as(image, "leaf middle", "direct");
	assert_int_equal(image_chain(image), CHAIN_BAD_SIGNATURE);
	image_sign_as(image, "leaf middle", "leaf384");
	assert_int_equal(image_chain(image), CHAIN_BAD_KEY);
	image_sign_as(image, "leaf384 middle", "leaf");
	assert_int_equal(image_chain(image), CHAIN_BAD_KEY);
	image_free(image);
}

#ifdef CONFIG_LAUNCH_RSA
static void test_rsa(void **state)
{
	struct launch_image *image = image_make(1, 0);
	uint8_t *end;

	assert_int_equal(judge("rsaleaf", "rsaroot"), CHAIN_OK);
	assert_int_equal(judge("rsapss", "rsaroot"), CHAIN_OK);
	assert_int_equal(judge("mixed", "rsaroot"), CHAIN_OK);
	assert_int_equal(judge("weakleaf weak", "root"), CHAIN_BAD_KEY);
	image_trust(image, "rsaroot");
	image_sign(image, "rsabig");
	assert_int_equal(image->build.header.signature_size, 512);
	assert_int_equal(image_chain(image), CHAIN_OK);
	end = image->build.bytes + image->build.header.size;
	end[-1] ^= 1;
	assert_int_equal(image_chain(image), CHAIN_BAD_SIGNATURE);
	end[-1] ^= 1;
	/* a partition's vp_sha384 */
	image->build.bytes[128 + 50] ^= 1;
	assert_int_equal(image_chain(image), CHAIN_BAD_SIGNATURE);
	image_sign_as(image, "rsaleaf", "rsabig");
	assert_int_equal(image_chain(image), CHAIN_BAD_KEY);
	image_sign_as(image, "mixed", "rsaleaf");
	assert_int_equal(image_chain(image), CHAIN_BAD_KEY);
	image_free(image);
}
#else
static void test_no_rsa(void **state)
{
	struct launch_image *image = image_make(1, 0);

	image_trust(image, "root");
	image_sign(image, "leaf middle");
	assert_true(build_finish(&image->build, MANIFEST_RSA_PSS_SHA384,
				 256));
	assert_int_equal(image_chain(image), CHAIN_BAD_KEY);
	image_free(image);
}
#endif

/* r or s of 0, and of the group's order: no signature of anything. */
static void test_numbers(void **state)
{
	static const uint8_t order[32] = {
		0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
		0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51
	};
	struct launch_image *image = image_make(1, 0);
	uint8_t *signature;
	unsigned i;

	image_trust(image, "root");
	image_sign(image, "direct");
	signature = image->build.bytes + image->build.header.signed_size;
	for (i = 0; i < 4; i++) {
		image_resign(image, "direct");
		if (i < 2) {
			memset(signature + 32 * i, 0, 32);
		} else {
			memcpy(signature + 32 * (i - 2), order, 32);
		}
		assert_int_equal(image_chain(image), CHAIN_BAD_SIGNATURE);
	}
	image_free(image);
}

/* Cut by a byte at its end, longer by one, and nonsense. */
static void test_der(void **state)
{
	struct launch_image *image = image_make(1, 0);
	struct build *build = &image->build;
	uint32_t size;
	uint8_t *der;

	image_trust(image, "root");
	image_sign(image, "direct");
	memcpy(&size, build->certificates, 4);
	der = malloc(size + 1);
	memcpy(der, build->certificates + 4, size);
	der[size] = 0;
	for (unsigned i = 0; i < 3; i++) {
		build->header.certificate_count = 0;
		build->certificates_size = 0;
		if (i == 2) {
			memset(der, 0x30, size);
		}
		assert_true(build_add_certificate(build, der, size - 1 +
						  2 * (i == 1)));
		assert_true(build_finish(build, MANIFEST_P256_SHA256, 64));
		image_resign(image, "direct");
		assert_int_equal(image_chain(image), CHAIN_BAD_DER);
	}
	free(der);
	image_free(image);
}

/* One bit of each byte that is signed, and of the signature. Where it is not
 * in a certificate, the chain is the good one's, and is not looked at again. */
static void test_flips(void **state)
{
	struct launch_image *image = image_make(1, 0);
	uint8_t *bytes = image->build.bytes;
	struct manifest manifest;
	uint32_t first, i;

	image_trust(image, "other");
	image_sign(image, "quick");
	first = image->build.header.certificates;
	assert_int_equal(image_chain(image), CHAIN_OK);
	for (i = 0; i < image->build.header.size; i++) {
		enum chain_error error = CHAIN_BAD_SIGNATURE;

		bytes[i] ^= (uint8_t)(1u << i % 8);
		if (manifest_parse(&manifest, bytes, MANIFEST_SIZE_MAX) !=
		    MANIFEST_OK) {
			/* Refused already. */
		} else if (i >= first &&
			   i < image->build.header.signed_size) {
			error = image_chain(image);
		} else {
			error = chain_check_signer(&manifest);
		}
		assert_int_not_equal(error, CHAIN_OK);
		bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(image_chain(image), CHAIN_OK);
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_leaf),
		cmocka_unit_test(test_keys),
#ifdef CONFIG_LAUNCH_RSA
		cmocka_unit_test(test_rsa),
#else
		cmocka_unit_test(test_no_rsa),
#endif
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_der),
		cmocka_unit_test(test_flips),
	};

	return cmocka_run_group_tests(tests, image_keys_make_rsa,
				      image_keys_remove);
}
