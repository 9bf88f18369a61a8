/* SPDX-License-Identifier: Apache-2.0 */
/* NEEDS: mbedtls */
/* SOURCES: stack/launch/manifest.c stack/launch/chain.c stack/launch/check.c compiler/sign/build.c compiler/sign/key.c tests/unit/launch_image.c */
/*
 * The verdict: a good image starts; each damage to memory, table or manifest
 * has its status, and takes down no more than it must.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/sha512.h>

#include "launch_image.h"

static struct launch_image *signed_image(uint32_t flags)
{
	struct launch_image *image = image_make(7, flags);

	image_trust(image, "root");
	image_sign(image, "direct");
	return image;
}

static void expect(struct launch_image *image, enum launch_status a,
		   enum launch_status self, enum launch_status b)
{
	assert_int_equal(image_check(image), a == LAUNCH_OK &&
			 self == LAUNCH_OK && b == LAUNCH_OK);
	assert_int_equal(image->verdict.magic, LAUNCH_VERDICT_MAGIC);
	assert_int_equal(image->verdict.version, LAUNCH_VERSION);
	assert_int_equal(image->verdict.partition_count, 3);
	assert_int_equal(image->verdict.partitions[IMAGE_A].status, a);
	assert_int_equal(image->verdict.partitions[IMAGE_SELF].status, self);
	assert_int_equal(image->verdict.partitions[IMAGE_B].status, b);
}

static void expect_all(struct launch_image *image, enum launch_status status)
{
	expect(image, status, status, status);
}

static void add_to_digest(mbedtls_sha512_context *context,
			  const uint8_t *memory, uint64_t gpa, uint64_t size)
{
	uint64_t place[2] = { gpa, size };

	mbedtls_sha512_update_ret(context, (uint8_t *)place, sizeof(place));
	mbedtls_sha512_update_ret(context, memory + gpa, size);
}

/* What a restart is compared with: loads in their order, place and bytes. */
static void test_good(void **state)
{
	struct launch_image *image = signed_image(0);
	mbedtls_sha512_context context;
	uint8_t digest[64];

	expect_all(image, LAUNCH_OK);
	mbedtls_sha512_init(&context);
	mbedtls_sha512_starts_ret(&context, 1);
	add_to_digest(&context, image->memory[IMAGE_A], 0x8000, 0x4001);
	add_to_digest(&context, image->memory[IMAGE_A], 0x1000, 21);
	add_to_digest(&context, image->memory[IMAGE_A], 0xd000, 0x1000);
	add_to_digest(&context, image->memory[IMAGE_A], 0xe000, 0x24);
	mbedtls_sha512_finish_ret(&context, digest);
	assert_memory_equal(image->verdict.partitions[IMAGE_A].sha384, digest,
			    LAUNCH_SHA384_SIZE);
	image_free(image);
}

/* A bit of the memory of A at that place. */
static void expect_damage(struct launch_image *image, uint64_t gpa,
			  enum launch_status status, uint64_t where)
{
	image->memory[IMAGE_A][gpa] ^= 0x10;
	expect(image, status, LAUNCH_OK, LAUNCH_OK);
	assert_int_equal(image->check.results[IMAGE_A].gpa, where);
	image->memory[IMAGE_A][gpa] ^= 0x10;
}

static void test_extents(void **state)
{
	struct launch_image *image = signed_image(0);

	expect_damage(image, 0x8000, LAUNCH_BAD_PAYLOAD, 0x8000);
	expect_damage(image, 0xc000, LAUNCH_BAD_PAYLOAD, 0x8000);
	expect_damage(image, 0x1014, LAUNCH_BAD_COMMAND_LINE, 0x1000);
	expect_damage(image, 0xdfff, LAUNCH_BAD_INITRD, 0xd000);
	expect_damage(image, 0xe000, LAUNCH_BAD_BOOT_DATA, 0xe000);
	expect_all(image, LAUNCH_OK);
	image_free(image);
}

/* Each byte that is no extent's, of both partitions. */
static void test_zeros(void **state)
{
	static const uint64_t places[] = {
		0, 1, 0xfff, 0x1015, 0x1018, 0x7fff, 0xc001, 0xcfff, 0xe024,
		0xe07f, 0xfff8, 0xffff
	};
	struct launch_image *image = signed_image(0);
	unsigned i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		expect_damage(image, places[i], LAUNCH_BAD_MEMORY, places[i]);
	}
	image->memory[IMAGE_B][0x100] = 1;
	expect(image, LAUNCH_OK, LAUNCH_OK, LAUNCH_BAD_MEMORY);
	image->memory[IMAGE_B][0x100] = 0;
	image->memory[IMAGE_B][0xfeff] = 0x80;
	expect(image, LAUNCH_OK, LAUNCH_OK, LAUNCH_BAD_MEMORY);
	image_free(image);
}

static void test_all_or_nothing(void **state)
{
	struct launch_image *image = signed_image(MANIFEST_ALL_OR_NOTHING);

	expect_all(image, LAUNCH_OK);
	image->memory[IMAGE_B][0x200] = 1;
	expect(image, LAUNCH_BAD_OTHER, LAUNCH_OK, LAUNCH_BAD_MEMORY);
	image_free(image);
}

static void test_partition(void **state)
{
	struct launch_image *image = signed_image(0);
	struct launch_partition *a = &image->table->partitions[IMAGE_A];

	a->vp_sha384[47] ^= 1;
	expect(image, LAUNCH_BAD_VP_STATE, LAUNCH_OK, LAUNCH_OK);
	a->vp_sha384[47] ^= 1;
	a->size += 4096;
	expect(image, LAUNCH_BAD_MEMORY, LAUNCH_OK, LAUNCH_OK);
	a->size -= 4096;
	image->table->policy_sha384[0] ^= 0x80;
	expect_all(image, LAUNCH_BAD_POLICY);
	image->table->policy_sha384[0] ^= 0x80;
	expect_all(image, LAUNCH_OK);
	image_free(image);
}

/* Who is there and who should be. */
static void test_names(void **state)
{
	struct launch_image *image = signed_image(0);
	struct launch_partition *p = image->table->partitions;

	strcpy(p[IMAGE_B].name, "c");
	expect_all(image, LAUNCH_BAD_MANIFEST);
	strcpy(p[IMAGE_B].name, "a");
	expect_all(image, LAUNCH_BAD_MANIFEST);
	strcpy(p[IMAGE_B].name, "b");
	/* Itself may not be in the manifest. */
	image->table->self = IMAGE_B;
	expect_all(image, LAUNCH_BAD_MANIFEST);
	image->table->self = IMAGE_SELF;
	expect_all(image, LAUNCH_OK);
	image_free(image);

	/* One more than the manifest knows. */
	image = image_make(7, 0);
	image_trust(image, "root");
	image->build.header.partition_count--;
	image->build.header.extent_count -= 2;
	image_sign(image, "direct");
	expect(image, LAUNCH_OK, LAUNCH_OK, LAUNCH_NOT_IN_MANIFEST);
	image_free(image);
}

static void test_version(void **state)
{
	struct launch_image *image = signed_image(0);

	image->version_min = 7;
	expect_all(image, LAUNCH_OK);
	image->version_min = 8;
	expect_all(image, LAUNCH_BAD_VERSION);
	image->version_min = UINT64_MAX;
	expect_all(image, LAUNCH_BAD_VERSION);
	image_free(image);
}

/* What chain_check() finds comes out as a status. */
static void test_statuses(void **state)
{
	struct launch_image *image = signed_image(0);

	image->build.bytes[image->build.header.signed_size] ^= 1;
	expect_all(image, LAUNCH_BAD_SIGNATURE);
	image->build.bytes[0] ^= 1;
	expect_all(image, LAUNCH_BAD_MANIFEST);
	image_trust(image, "other");
	image_sign(image, "direct");
	expect_all(image, LAUNCH_BAD_CHAIN);
	image_trust(image, "root");
	image_sign(image, "server middle");
	expect_all(image, LAUNCH_BAD_CERTIFICATE);
	memset(image->build.bytes, 0, sizeof(image->build.bytes));
	expect_all(image, LAUNCH_BAD_MANIFEST);
	image_free(image);
}

/* A table that is none: a verdict that starts nobody. */
static void expect_no_table(struct launch_image *image)
{
	unsigned i;

	assert_false(image_check(image));
	assert_int_equal(image->verdict.partition_count, 0);
	for (i = 0; i < LAUNCH_PARTITION_MAX; i++) {
		assert_int_equal(image->verdict.partitions[i].status,
				 LAUNCH_NONE);
	}
}

static void test_table(void **state)
{
	struct launch_image *image = signed_image(0);
	struct launch_table good = *image->table;

	image->table->magic ^= 1;
	expect_no_table(image);
	*image->table = good;
	image->table->version++;
	expect_no_table(image);
	*image->table = good;
	image->table->partition_count = 0;
	expect_no_table(image);
	image->table->partition_count = LAUNCH_PARTITION_MAX + 1;
	expect_no_table(image);
	*image->table = good;
	image->table->self = 3;
	expect_no_table(image);
	*image->table = good;
	image->table_size--;
	expect_no_table(image);
	image->table_size++;
	memset(image->table->partitions[2].name, 'b', LAUNCH_NAME_SIZE);
	expect_no_table(image);
	image_free(image);
}

/* Memory in pieces; one that is missing, twice, or cuts an extent. */
static void test_pieces(void **state)
{
	struct launch_image *image = signed_image(0);
	const uint8_t *at = image->memory[IMAGE_A];
	struct check_memory pieces[2] = {
		{ 0, 0x4000, at }, { 0x4000, IMAGE_MEMORY - 0x4000,
				     at + 0x4000 }
	};
	const uint32_t *status = &image->verdict.partitions[IMAGE_A].status;

	expect_all(image, LAUNCH_OK);
	check_partition(&image->check, IMAGE_A, pieces, 1);
	assert_int_equal(*status, LAUNCH_BAD_MEMORY);
	check_partition(&image->check, IMAGE_A, pieces, 2);
	assert_int_equal(*status, LAUNCH_OK);
	check_partition(&image->check, IMAGE_A, pieces, 0);
	assert_int_equal(*status, LAUNCH_BAD_MEMORY);
	pieces[1].gpa = 0x3000;
	check_partition(&image->check, IMAGE_A, pieces, 2);
	assert_int_equal(*status, LAUNCH_BAD_MEMORY);
	pieces[0].size = 0x9000;
	pieces[1] = (struct check_memory){ 0x9000, IMAGE_MEMORY - 0x9000,
					   at + 0x9000 };
	check_partition(&image->check, IMAGE_A, pieces, 2);
	assert_int_equal(*status, LAUNCH_BAD_PAYLOAD);
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_extents),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, image_keys_make,
				      image_keys_remove);
}
