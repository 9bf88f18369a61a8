/* SPDX-License-Identifier: Apache-2.0 */
#include "launch_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

static char keys[] = "/tmp/bulkhead-keys-XXXXXX";

static void demand(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "launch_image: %s\n", what);
		abort();
	}
}

static int make_keys(const char *more)
{
	char command[256];

	demand(mkdtemp(keys) != NULL, "no directory for keys");
	snprintf(command, sizeof(command), "tests/launch/keys.sh %s %s", keys,
		 more);
	return system(command);
}

int image_keys_make(void **state)
{
	return make_keys("");
}

int image_keys_make_rsa(void **state)
{
	return make_keys("rsa");
}

int image_keys_remove(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -r %s", keys);
	return system(command);
}

/* The next name of a list; false: no more. */
static bool next_name(const char **list, char path[256], const char *ending)
{
	size_t length = strcspn(*list, " ");

	if (length == 0) {
		return false;
	}
	snprintf(path, 256, "%s/%.*s.%s", keys, (int)length, *list, ending);
	*list += length + ((*list)[length] == ' ');
	return true;
}

static void add_certificate(struct build *build, const char *path)
{
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	demand(key_read_certificates(&crt, path), path);
	demand(build_add_certificate(build, crt.raw.p, crt.raw.len), path);
	mbedtls_x509_crt_free(&crt);
}

void image_trust(struct launch_image *image, const char *names)
{
	struct build *build = calloc(1, sizeof(*build));
	char path[256];

	while (next_name(&names, path, "pem")) {
		add_certificate(build, path);
	}
	free(image->authorities);
	image->authorities_size = build->certificates_size;
	image->authorities = malloc(image->authorities_size + 1);
	memcpy(image->authorities, build->certificates,
	       image->authorities_size);
	free(build);
}

static void add_extent(struct launch_image *image, uint32_t index,
		       uint32_t kind, uint64_t gpa, uint64_t size)
{
	uint64_t i;

	for (i = 0; i < size; i++) {
		image->memory[index][gpa + i] = (uint8_t)(gpa + i * 7 + kind);
	}
	demand(build_add_extent(&image->build, kind, gpa, size,
				image->memory[index] + gpa), "extent");
}

static void add_partition(struct launch_image *image, uint32_t index,
			  const char *name)
{
	struct launch_partition *p = &image->table->partitions[index];

	strcpy(p->name, name);
	p->size = IMAGE_MEMORY;
	memset(p->vp_sha384, 0x30 + (int)index, sizeof(p->vp_sha384));
	image->memory[index] = calloc(1, IMAGE_MEMORY);
	if (index != IMAGE_SELF) {
		demand(build_add_partition(&image->build, name, IMAGE_MEMORY,
					   p->vp_sha384), "partition");
	}
}

struct launch_image *image_make(uint64_t version, uint32_t flags)
{
	struct launch_image *image = calloc(1, sizeof(*image));

	image->table_size = sizeof(*image->table) +
			    3 * sizeof(image->table->partitions[0]);
	image->table = calloc(1, image->table_size);
	image->table->magic = LAUNCH_TABLE_MAGIC;
	image->table->version = LAUNCH_VERSION;
	image->table->partition_count = 3;
	image->table->self = IMAGE_SELF;
	memset(image->table->policy_sha384, 0x70, LAUNCH_SHA384_SIZE);
	build_begin(&image->build, version, flags,
		    image->table->policy_sha384);
	add_partition(image, IMAGE_A, "a");
	add_extent(image, IMAGE_A, MANIFEST_PAYLOAD, 0x8000, 0x4001);
	add_extent(image, IMAGE_A, MANIFEST_COMMAND_LINE, 0x1000, 21);
	add_extent(image, IMAGE_A, MANIFEST_MODULE, 0xd000, 0x1000);
	/* Begins where another ends. */
	add_extent(image, IMAGE_A, MANIFEST_BOOT_DATA, 0xe000, 0x24);
	add_partition(image, IMAGE_SELF, "check");
	add_partition(image, IMAGE_B, "b");
	add_extent(image, IMAGE_B, MANIFEST_PAYLOAD, 0, 0x100);
	add_extent(image, IMAGE_B, MANIFEST_BOOT_DATA, 0xff00, 0x100);
	return image;
}

void image_free(struct launch_image *image)
{
	free(image->memory[0]);
	free(image->memory[1]);
	free(image->memory[2]);
	free(image->table);
	free(image->authorities);
	free(image);
}

void image_resign(struct launch_image *image, const char *key)
{
	struct build *build = &image->build;
	mbedtls_pk_context pk;
	char path[256];

	demand(next_name(&key, path, "key"), "no key");
	mbedtls_pk_init(&pk);
	demand(key_read(&pk, path), path);
	demand(key_sign(&pk, build->bytes, build->header.signed_size,
			build->bytes + build->header.signed_size), path);
	mbedtls_pk_free(&pk);
}

void image_sign_as(struct launch_image *image, const char *certificates,
		   const char *key)
{
	struct build *build = &image->build;
	mbedtls_pk_context pk;
	const char *name = key;
	uint32_t algorithm;
	uint32_t size;
	char path[256];

	build->header.certificate_count = 0;
	build->certificates_size = 0;
	while (next_name(&certificates, path, "pem")) {
		add_certificate(build, path);
	}
	demand(next_name(&name, path, "key"), "no key");
	mbedtls_pk_init(&pk);
	demand(key_read(&pk, path), path);
	demand(key_algorithm(&pk, &algorithm, &size), path);
	mbedtls_pk_free(&pk);
	demand(build_finish(build, algorithm, size), "too large");
	image_resign(image, key);
}

void image_sign(struct launch_image *image, const char *certificates)
{
	image_sign_as(image, certificates, certificates);
}

enum manifest_error image_parse(const struct launch_image *image,
				struct manifest *manifest)
{
	size_t size = image->build.header.size;
	uint8_t *copy = malloc(size);
	enum manifest_error error;

	memcpy(copy, image->build.bytes, size);
	error = manifest_parse(manifest, copy, size);
	free(copy);
	return error;
}

enum chain_error image_chain(struct launch_image *image)
{
	struct manifest manifest;

	demand(manifest_parse(&manifest, image->build.bytes,
			      sizeof(image->build.bytes)) == MANIFEST_OK,
	       "malformed");
	return chain_check(&manifest, image->authorities,
			   image->authorities_size);
}

bool image_check(struct launch_image *image)
{
	struct check_input input = {
		image->table, image->table_size, image->build.bytes,
		sizeof(image->build.bytes), image->authorities,
		image->authorities_size, image->version_min
	};
	bool good = check_begin(&image->check, &input, &image->verdict);
	uint32_t i;

	for (i = 0; good && i < 3; i++) {
		struct check_memory memory = {
			0, IMAGE_MEMORY, image->memory[i]
		};

		check_partition(&image->check, i, &memory, 1);
	}
	return check_end(&image->check) && good;
}
