/* SPDX-License-Identifier: Apache-2.0 */
/* NEEDS: mbedtls */
/* SOURCES: stack/launch/manifest.c stack/launch/chain.c stack/launch/check.c compiler/sign/build.c compiler/sign/key.c tests/unit/launch_image.c */
/* The parser of manifests: what it takes, and what each refusal is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launch_image.h"

#define DER_SIZE 100u
#define AT(field) offsetof(struct manifest_header, field)
#define PARTITION(i, field) (sizeof(struct manifest_header) + \
	(i) * sizeof(struct manifest_partition) + \
	offsetof(struct manifest_partition, field))
#define EXTENT(i, field) (sizeof(struct manifest_header) + \
	2 * sizeof(struct manifest_partition) + \
	(i) * sizeof(struct manifest_extent) + \
	offsetof(struct manifest_extent, field))

/* Not signed by anybody: the parser does not mind. */
static struct launch_image *plain_image(void)
{
	struct launch_image *image = image_make(0x123456789abcdefull, 1);
	uint8_t der[DER_SIZE] = { 0x30 };

	assert_true(build_add_certificate(&image->build, der, DER_SIZE));
	assert_true(build_add_certificate(&image->build, der, 1));
	assert_true(build_finish(&image->build, MANIFEST_P256_SHA256, 64));
	return image;
}

static void test_good(void **state)
{
	struct launch_image *image = plain_image();
	struct manifest_partition partition;
	struct manifest_extent extent;
	struct manifest manifest;

	assert_int_equal(manifest_parse(&manifest, image->build.bytes,
					MANIFEST_SIZE_MAX), MANIFEST_OK);
	assert_true(manifest.header.version == 0x123456789abcdefull);
	assert_int_equal(manifest.header.flags, MANIFEST_ALL_OR_NOTHING);
	assert_int_equal(manifest.certificates[0].size, DER_SIZE);
	assert_int_equal(manifest.certificates[1].size, 1);
	assert_ptr_equal(manifest.signature, image->build.bytes +
			 manifest.header.size - 64);
	assert_int_equal(manifest_find_partition(&manifest, "b"), 1);
	assert_int_equal(manifest_find_partition(&manifest, "check"), 2);
	manifest_get_partition(&manifest, 1, &partition);
	assert_string_equal(partition.name, "b");
	assert_int_equal(partition.extent_first, 4);
	manifest_get_extent(&manifest, 5, &extent);
	assert_int_equal(extent.gpa, 0xff00);
	assert_int_equal(extent.kind, MANIFEST_BOOT_DATA);
	image_free(image);
}

static void put(struct launch_image *image, size_t at, uint64_t value,
		size_t size, enum manifest_error error)
{
	uint8_t old[8];
	struct manifest manifest;

	memcpy(old, image->build.bytes + at, size);
	memcpy(image->build.bytes + at, &value, size);
	assert_int_equal(image_parse(image, &manifest), error);
	memcpy(image->build.bytes + at, old, size);
}

static void test_header(void **state)
{
	struct launch_image *image = plain_image();
	uint32_t size = image->build.header.size;
	uint32_t tables = image->build.header.certificates;

	put(image, AT(magic), 0, 1, MANIFEST_NONE);
	put(image, AT(format), 2, 4, MANIFEST_BAD_FORMAT);
	put(image, AT(size), size + 1, 4, MANIFEST_BAD_SIZE);
	put(image, AT(size), size - 1, 4, MANIFEST_BAD_SIZE);
	put(image, AT(size), 0xffffffff, 4, MANIFEST_BAD_SIZE);
	put(image, AT(flags), 2, 4, MANIFEST_BAD_RESERVED);
	put(image, AT(reserved) + 23, 1, 1, MANIFEST_BAD_RESERVED);
	put(image, AT(partition_count), 0, 4, MANIFEST_BAD_COUNT);
	put(image, AT(partition_count), 65, 4, MANIFEST_BAD_COUNT);
	put(image, AT(partition_count), 3, 4, MANIFEST_BAD_SIZE);
	put(image, AT(extent_count), 513, 4, MANIFEST_BAD_COUNT);
	put(image, AT(extent_count), 5, 4, MANIFEST_BAD_SIZE);
	put(image, AT(certificates), tables + 4, 4, MANIFEST_BAD_SIZE);
	put(image, AT(signed_size), size, 4, MANIFEST_BAD_SIZE);
	put(image, AT(signed_size), 0xffffffff, 4, MANIFEST_BAD_SIZE);
	put(image, AT(algorithm), 0, 4, MANIFEST_BAD_ALGORITHM);
	put(image, AT(algorithm), 4, 4, MANIFEST_BAD_ALGORITHM);
	put(image, AT(algorithm), MANIFEST_P384_SHA384, 4,
	    MANIFEST_BAD_ALGORITHM);
	put(image, AT(signature_size), 63, 4, MANIFEST_BAD_ALGORITHM);
	image_free(image);
}

static void test_certificates(void **state)
{
	struct launch_image *image = plain_image();
	uint32_t at = image->build.header.certificates;

	put(image, AT(certificate_count), 0, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, AT(certificate_count), 1, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, AT(certificate_count), 3, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, AT(certificate_count), 5, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, at, 0, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, at, DER_SIZE + 1, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, at, 0xffffffff, 4, MANIFEST_BAD_CERTIFICATE);
	put(image, at + 4 + DER_SIZE, 2, 4, MANIFEST_BAD_CERTIFICATE);
	image_free(image);
}

/* As large as one may be, and one byte more. */
static void test_certificate_size(void **state)
{
	struct launch_image *image = image_make(1, 0);
	struct build *build = &image->build;
	uint8_t der[MANIFEST_CERTIFICATE_SIZE_MAX + 1] = { 0 };
	struct manifest manifest;
	uint32_t size = MANIFEST_CERTIFICATE_SIZE_MAX + 1;

	assert_true(build_add_certificate(build, der, size - 1));
	assert_true(build_finish(build, MANIFEST_P384_SHA384, 96));
	assert_int_equal(image_parse(image, &manifest), MANIFEST_OK);
	assert_false(build_add_certificate(build, der, size));
	memcpy(build->certificates, &size, 4);
	build->certificates_size++;
	assert_true(build_finish(build, MANIFEST_P384_SHA384, 96));
	assert_int_equal(image_parse(image, &manifest),
			 MANIFEST_BAD_CERTIFICATE);
	image_free(image);
}

static void test_partitions(void **state)
{
	struct launch_image *image = plain_image();
	enum manifest_error range = MANIFEST_BAD_EXTENT;

	put(image, PARTITION(0, name), 0, 1, MANIFEST_BAD_NAME);
	put(image, PARTITION(0, name), 'A', 1, MANIFEST_BAD_NAME);
	put(image, PARTITION(0, name), 'b', 1, MANIFEST_BAD_NAME);
	put(image, PARTITION(1, name) + 2, 'x', 1, MANIFEST_BAD_NAME);
	put(image, PARTITION(0, reserved) + 31, 1, 1, MANIFEST_BAD_RESERVED);
	put(image, PARTITION(0, extent_first), 1, 4, range);
	put(image, PARTITION(1, extent_first), 3, 4, range);
	put(image, PARTITION(0, extent_count), 3, 4, range);
	put(image, PARTITION(1, extent_count), 1, 4, range);
	put(image, PARTITION(1, extent_count), 3, 4, range);
	put(image, PARTITION(1, extent_count), 0xffffffff, 4, range);
	put(image, PARTITION(0, memory_size), 0xe023, 8, range);
	put(image, PARTITION(0, memory_size), MANIFEST_GPA_MAX + 1, 8,
	    range);
	image_free(image);
}

static void test_name_length(void **state)
{
	struct launch_image *image = plain_image();
	struct manifest manifest;
	uint8_t *name = image->build.bytes + PARTITION(0, name);

	memset(name, 'a', LAUNCH_NAME_SIZE - 1);
	assert_int_equal(image_parse(image, &manifest), MANIFEST_OK);
	name[LAUNCH_NAME_SIZE - 1] = 'a';
	assert_int_equal(image_parse(image, &manifest), MANIFEST_BAD_NAME);
	image_free(image);
}

static void test_extents(void **state)
{
	struct launch_image *image = plain_image();
	enum manifest_error range = MANIFEST_BAD_EXTENT;
	enum manifest_error overlap = MANIFEST_BAD_OVERLAP;

	put(image, EXTENT(0, kind), 0, 4, range);
	put(image, EXTENT(0, kind), 5, 4, range);
	put(image, EXTENT(0, reserved), 1, 4, MANIFEST_BAD_RESERVED);
	put(image, EXTENT(0, size), 0, 8, range);
	put(image, EXTENT(5, size), 0x101, 8, range);
	put(image, EXTENT(5, gpa), 0xff01, 8, range);
	put(image, EXTENT(5, gpa), UINT64_MAX - 0x80, 8, range);
	put(image, EXTENT(5, size), UINT64_MAX - 0x80, 8, range);
	put(image, EXTENT(0, size), 0x5001, 8, overlap);
	put(image, EXTENT(3, gpa), 0xdfff, 8, overlap);
	put(image, EXTENT(1, gpa), 0x8001, 8, overlap);
	/* The other partition's memory is another. */
	put(image, EXTENT(4, gpa), 0x8000, 8, MANIFEST_OK);
	image_free(image);
}

/* Every length but its own, and anything behind it. */
static void test_room(void **state)
{
	struct launch_image *image = plain_image();
	struct manifest manifest;
	uint32_t size = image->build.header.size;
	uint32_t i;

	for (i = 0; i < size; i++) {
		uint8_t *copy = malloc(i + 1);

		memcpy(copy, image->build.bytes, i);
		assert_int_not_equal(manifest_parse(&manifest, copy, i),
				     MANIFEST_OK);
		free(copy);
	}
	image->build.bytes[MANIFEST_SIZE_MAX - 1] = 1;
	assert_int_equal(manifest_parse(&manifest, image->build.bytes,
					MANIFEST_SIZE_MAX),
			 MANIFEST_BAD_SIZE);
	assert_int_equal(manifest_parse(&manifest, image->build.bytes,
					MANIFEST_SIZE_MAX - 1), MANIFEST_OK);
	image_free(image);
}

static void test_texts(void **state)
{
	int i;

	for (i = MANIFEST_NONE; i <= MANIFEST_BAD_ALGORITHM; i++) {
		assert_string_not_equal(manifest_error_text(i),
					manifest_error_text(i - 1));
	}
	for (i = CHAIN_BAD_AUTHORITIES; i <= CHAIN_NO_MEMORY; i++) {
		assert_string_not_equal(chain_error_text(i),
					chain_error_text(i - 1));
		assert_int_not_equal(chain_status(i), LAUNCH_OK);
		assert_int_not_equal(chain_status(i), LAUNCH_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_certificate_size),
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_name_length),
		cmocka_unit_test(test_extents),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
