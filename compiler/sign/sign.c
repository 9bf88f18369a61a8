/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the manifest of an image from the image itself; only what a load is
 * (payload, command line, ...) comes from the build's report, which must then
 * know each load of the image.
 */
#include "sign.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "chain.h"
#include "diff/json.h"
#include "key.h"
#include "subject.h"

static uint32_t sign_kind_of(const char *what)
{
	if (strcmp(what, "payload") == 0) {
		return MANIFEST_PAYLOAD;
	}
	if (strcmp(what, "command line") == 0) {
		return MANIFEST_COMMAND_LINE;
	}
	if (strcmp(what, "initrd") == 0 || strncmp(what, "module ", 7) == 0) {
		return MANIFEST_MODULE;
	}
	return MANIFEST_BOOT_DATA;
}

/* 0: the report has no such load. */
static uint32_t sign_find_kind(const struct json *report, const char *name,
			       const struct load_config *load)
{
	const struct json *loads = json_get(json_find(json_get(report,
		"partitions"), "name", name), "loads");
	uint32_t i;

	for (i = 0; i < json_count(loads); i++) {
		const struct json *item = &loads->items[i];

		if (json_number(item, "gpa") == load->gpa &&
		    json_number(item, "bytes") == load->size) {
			return sign_kind_of(json_text(item, "what"));
		}
	}
	return 0;
}

static bool sign_add_loads(struct build *build, const struct subject *subject,
			   uint32_t index, const struct json *report)
{
	const struct partition_tables *p = &subject->tables.partitions[index];
	uint32_t i;

	for (i = 0; i < p->config.load_count; i++) {
		const struct load_config *load = &p->loads[i];
		const uint8_t *bytes = subject_find_load(subject, load);
		uint32_t kind = sign_find_kind(report, p->name, load);

		if (bytes == NULL || kind == 0) {
			fprintf(stderr, "manifest: %s: what partition %s has "
				"at 0x%llx is not in the %s\n", subject->path,
				p->name, (unsigned long long)load->gpa,
				bytes == NULL ? "image" : "report");
			return false;
		}
		if (!build_add_extent(build, kind, load->gpa, load->size,
				      bytes)) {
			fprintf(stderr, "manifest: %s: more than %u pieces "
				"to load\n", subject->path,
				MANIFEST_EXTENT_MAX);
			return false;
		}
	}
	return true;
}

static bool sign_add_partitions(struct build *build,
				const struct subject *subject,
				const struct json *report)
{
	uint8_t sha384[LAUNCH_SHA384_SIZE];
	uint32_t i;

	for (i = 0; i < subject->tables.partition_count; i++) {
		const struct partition_tables *p =
			&subject->tables.partitions[i];

		if (i == subject->self) {
			continue;
		}
		subject_hash_vps(subject, i, sha384);
		if (!build_add_partition(build, p->name,
					 subject_memory_size(subject, i),
					 sha384)) {
			fprintf(stderr, "manifest: %s: too many partitions\n",
				subject->path);
			return false;
		}
		if (!sign_add_loads(build, subject, i, report)) {
			return false;
		}
	}
	return true;
}

static bool sign_add_certificates(struct build *build,
				  const struct sign_options *options,
				  mbedtls_x509_crt *chain)
{
	const mbedtls_x509_crt *crt;
	uint32_t i;

	for (i = 0; i < options->certificate_count; i++) {
		if (!key_read_certificates(chain, options->certificates[i])) {
			return false;
		}
	}
	for (crt = chain; crt != NULL; crt = crt->next) {
		if (!build_add_certificate(build, crt->raw.p, crt->raw.len)) {
			fprintf(stderr, "manifest: more than %u certificates, "
				"or one of more than %u bytes\n",
				MANIFEST_CERTIFICATE_MAX,
				MANIFEST_CERTIFICATE_SIZE_MAX);
			return false;
		}
	}
	return true;
}

static bool sign_write_digest(const struct build *build, const char *path)
{
	uint8_t digest[64];
	size_t size = key_digest(build->header.algorithm, build->bytes,
				 build->header.signed_size, digest);
	FILE *file = fopen(path, "wb");
	bool good;

	if (file == NULL) {
		perror(path);
		return false;
	}
	good = size != 0 && fwrite(digest, 1, size, file) == size;
	good = fclose(file) == 0 && good;
	if (!good) {
		perror(path);
	}
	return good;
}

static bool sign_make_signature(const struct sign_options *options,
				const struct build *build, uint8_t *signature)
{
	mbedtls_pk_context key;
	uint8_t *given;
	size_t size;
	bool good;

	if (options->signature_in != NULL) {
		given = subject_read_file(options->signature_in, &size);
		good = given != NULL &&
		       key_take_signature(build->header.algorithm,
					  build->header.signature_size, given,
					  size, signature);
		free(given);
	} else {
		mbedtls_pk_init(&key);
		good = key_read(&key, options->key) &&
		       key_sign(&key, build->bytes, build->header.signed_size,
				signature);
		mbedtls_pk_free(&key);
	}
	if (!good) {
		fprintf(stderr, "manifest: %s: no signature of this kind\n",
			options->signature_in != NULL ?
			options->signature_in : options->key);
	}
	return good;
}

/* Whoever checks the image finds the same; better to know it now. */
static bool sign_check(const struct build *build)
{
	struct manifest manifest;
	enum manifest_error malformed;
	enum chain_error error;

	malformed = manifest_parse(&manifest, build->bytes,
				   sizeof(build->bytes));
	if (malformed != MANIFEST_OK) {
		fprintf(stderr, "manifest: %s\n",
			manifest_error_text(malformed));
		return false;
	}
	error = chain_check_signer(&manifest);
	if (error != CHAIN_OK) {
		fprintf(stderr, "manifest: %s\n", chain_error_text(error));
	}
	return error == CHAIN_OK;
}

static bool sign_finish(struct build *build,
			const struct sign_options *options,
			const struct subject *subject)
{
	if (options->digest_out != NULL) {
		return sign_write_digest(build, options->digest_out);
	}
	if (!sign_make_signature(options, build, build->bytes +
				 build->header.signed_size) ||
	    !sign_check(build)) {
		return false;
	}
	memset(subject->manifest, 0, subject->manifest_room);
	memcpy(subject->manifest, build->bytes, build->header.size);
	return subject_write(subject);
}

/* All but the signature. */
static bool sign_build(struct build *build,
		       const struct sign_options *options,
		       const struct subject *subject)
{
	const struct json *report = json_read(options->report);
	mbedtls_x509_crt chain;
	uint32_t algorithm = 0;
	uint32_t signature_size = 0;
	bool good;

	if (report == NULL) {
		fprintf(stderr, "manifest: %s: cannot be read\n",
			options->report);
		return false;
	}
	build_begin(build, options->version, options->all_or_nothing ||
		    (subject->tables.machine.launch_flags & LAUNCH_ALL) != 0 ?
		    MANIFEST_ALL_OR_NOTHING : 0, subject->policy_sha384);
	mbedtls_x509_crt_init(&chain);
	good = sign_add_partitions(build, subject, report) &&
	       sign_add_certificates(build, options, &chain);
	if (good && !key_algorithm(&chain.pk, &algorithm, &signature_size)) {
		fprintf(stderr, "manifest: %s: keys of this kind sign no "
			"manifests\n", options->certificates[0]);
		good = false;
	}
	mbedtls_x509_crt_free(&chain);
	if (good && (!build_finish(build, algorithm, signature_size) ||
		     build->header.size > subject->manifest_room)) {
		fprintf(stderr, "manifest: %s: %u bytes, and the image has "
			"room for %zu\n", subject->path, build->header.size,
			subject->manifest_room);
		good = false;
	}
	return good;
}

int sign_run(const struct sign_options *options)
{
	struct build *build = alloc_array(1, sizeof(*build));
	struct subject subject;
	bool good = subject_open(&subject, options->image, options->launch,
				 options->modules) &&
		    sign_build(build, options, &subject) &&
		    sign_finish(build, options, &subject);

	if (good && options->digest_out == NULL) {
		printf("%s: version %llu, %u partitions, %u bytes of %zu\n",
		       options->image, (unsigned long long)options->version,
		       build->header.partition_count, build->header.size,
		       subject.manifest_room);
	}
	free(build);
	return good ? 0 : 1;
}
