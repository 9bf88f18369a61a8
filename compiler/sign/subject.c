/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a manifest is about; believes no file that it reads. */
#include "subject.h"

#include <errno.h>
#include <mbedtls/sha512.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void subject_hash(const uint8_t *bytes, size_t size,
			 uint8_t sha384[LAUNCH_SHA384_SIZE])
{
	uint8_t hash[64];		/* mbedTLS wants SHA-512's room */

	if (mbedtls_sha512_ret(bytes, size, hash, 1) != 0) {
		fprintf(stderr, "manifest: mbedTLS refuses SHA-384\n");
		exit(2);
	}
	memcpy(sha384, hash, LAUNCH_SHA384_SIZE);
}

/* The bytes between the symbols NAME_start and NAME_end. */
static const uint8_t *subject_find_range(const struct subject *subject,
					 const char *name, size_t *size)
{
	struct image_symbol symbol[2];
	const uint8_t *bytes = NULL;
	char text[64];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s_%s", name,
			 i == 0 ? "start" : "end");
		if (!image_find_symbol(&subject->image, text, &symbol[i])) {
			fprintf(stderr, "manifest: %s: no symbol %s\n",
				subject->path, text);
			return NULL;
		}
	}
	if (symbol[0].value < symbol[1].value) {
		*size = symbol[1].value - symbol[0].value;
		bytes = image_bytes(&subject->image, symbol[0].value, *size);
	}
	if (bytes == NULL) {
		fprintf(stderr, "manifest: %s: %s_start to %s_end is not in "
			"the file\n", subject->path, name, name);
	}
	return bytes;
}

static bool subject_find_places(struct subject *subject)
{
	const uint8_t *bytes;
	size_t size;

	bytes = subject_find_range(subject, "policy", &size);
	if (bytes == NULL) {
		return false;
	}
	subject_hash(bytes, size, subject->policy_sha384);
	bytes = subject_find_range(subject, "manifest",
				   &subject->manifest_room);
	if (bytes == NULL) {
		return false;
	}
	subject->manifest = subject->bytes + (bytes - subject->bytes);
	return true;
}

static bool subject_find_self(struct subject *subject, const char *launch)
{
	uint32_t i;

	subject->self = subject->tables.machine.launch_partition;
	if (launch == NULL) {
		return true;
	}
	for (i = 0; i < subject->tables.partition_count; i++) {
		if (strcmp(subject->tables.partitions[i].name, launch) == 0) {
			subject->self = i;
			return true;
		}
	}
	fprintf(stderr, "manifest: %s: no partition %s\n", subject->path,
		launch);
	return false;
}

/* A copy that free() takes: util_read_file() may map what is large. */
uint8_t *subject_read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	struct stat info;

	if (file != NULL && fstat(fileno(file), &info) == 0) {
		*size = (size_t)info.st_size;
		bytes = malloc(*size + 1);
		if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
			free(bytes);
			bytes = NULL;
		}
	}
	if (bytes == NULL) {
		fprintf(stderr, "manifest: %s: %s\n", path, strerror(errno));
	}
	if (file != NULL) {
		fclose(file);
	}
	return bytes;
}

/* partc leaves a copy of each module where it writes everything else. */
static bool subject_open_module(struct subject *subject, uint32_t index,
				const char *directory)
{
	const struct module_config *module = &subject->tables.modules[index];
	uint8_t sha384[LAUNCH_SHA384_SIZE];
	char path[4096];
	size_t size;

	snprintf(path, sizeof(path), "%s/%u-%.40s", directory, index,
		 module->name);
	subject->modules[index] = subject_read_file(path, &size);
	if (subject->modules[index] == NULL) {
		return false;
	}
	subject_hash(subject->modules[index], size, sha384);
	if (size != module->size ||
	    memcmp(sha384, module->sha384, sizeof(sha384)) != 0) {
		fprintf(stderr, "manifest: %s: not the module that the image "
			"was built with\n", path);
		return false;
	}
	return true;
}

bool subject_open(struct subject *subject, const char *path,
		  const char *launch, const char *modules)
{
	struct report report = { stderr, 0, 10 };
	uint32_t i;

	memset(subject, 0, sizeof(*subject));
	subject->path = path;
	subject->bytes = subject_read_file(path, &subject->size);
	if (subject->bytes == NULL ||
	    !image_open(&subject->image, subject->bytes, subject->size,
			&report) ||
	    !tables_open(&subject->tables, &subject->image, &report) ||
	    report.count != 0) {
		return false;
	}
	if (subject->tables.module_count > CONFIG_MODULE_MAX ||
	    subject->tables.partition_count > MANIFEST_PARTITION_MAX) {
		fprintf(stderr, "manifest: %s: too many modules or "
			"partitions\n", path);
		return false;
	}
	for (i = 0; i < subject->tables.module_count; i++) {
		if (!subject_open_module(subject, i, modules)) {
			return false;
		}
	}
	return subject_find_places(subject) &&
	       subject_find_self(subject, launch);
}

const uint8_t *subject_find_load(const struct subject *subject,
				 const struct load_config *load)
{
	uint64_t address = (uint64_t)(uintptr_t)load->data;
	uint32_t i;

	for (i = 0; i < subject->tables.module_count; i++) {
		const struct module_config *m = &subject->tables.modules[i];

		if (address >= m->spa && address - m->spa <= m->size &&
		    load->size <= m->size - (address - m->spa)) {
			return subject->modules[i] + (address - m->spa);
		}
	}
	return image_bytes(&subject->image, address, load->size);
}

void subject_hash_vps(const struct subject *subject, uint32_t partition,
		      uint8_t sha384[LAUNCH_SHA384_SIZE])
{
	const struct partition_config *config =
		&subject->tables.partitions[partition].config;
	mbedtls_sha512_context context;
	uint8_t hash[64];
	uint32_t i;
	int bad;

	mbedtls_sha512_init(&context);
	bad = mbedtls_sha512_starts_ret(&context, 1);
	for (i = config->vp_first; i < subject->tables.vp_count &&
	     i - config->vp_first < config->vp_count; i++) {
		const struct vp_tables *vp = &subject->tables.vps[i];

		if (vp->has_state) {
			bad |= mbedtls_sha512_update_ret(&context,
				(const uint8_t *)&vp->state,
				sizeof(vp->state));
		}
	}
	bad |= mbedtls_sha512_finish_ret(&context, hash);
	mbedtls_sha512_free(&context);
	if (bad != 0) {
		fprintf(stderr, "manifest: mbedTLS refuses SHA-384\n");
		exit(2);
	}
	memcpy(sha384, hash, LAUNCH_SHA384_SIZE);
}

uint64_t subject_memory_size(const struct subject *subject,
			     uint32_t partition)
{
	const struct partition_tables *p =
		&subject->tables.partitions[partition];
	uint64_t size = 0;
	uint32_t i;

	for (i = 0; i < p->config.region_count; i++) {
		size += p->regions[i].size;
	}
	return size;
}

/* Beside it first: nobody finds half a file. */
bool subject_write(const struct subject *subject)
{
	char path[4096];
	struct stat old;
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "%s.signed", subject->path);
	file = fopen(path, "wb");
	if (file == NULL) {
		perror(path);
		return false;
	}
	good = fwrite(subject->bytes, 1, subject->size, file) ==
	       subject->size;
	good = fclose(file) == 0 && good;
	if (good && stat(subject->path, &old) == 0) {
		good = chmod(path, old.st_mode & 07777) == 0;
	}
	if (!good || rename(path, subject->path) != 0) {
		perror(path);
		unlink(path);
		return false;
	}
	return true;
}
