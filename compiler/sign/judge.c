/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of the launch partition, on the host: memory is laid out as the
 * hypervisor would, then the same code looks at it. And the authorities'
 * file, and what a manifest says.
 */
#include "sign.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <mbedtls/sha512.h>

#include "check.h"
#include "event.h"
#include "key.h"
#include "subject.h"

/* Each certificate's size in 4 bytes, then its DER; null after a message. */
static uint8_t *judge_read_authorities(const char *path, size_t *size)
{
	mbedtls_x509_crt chain;
	const mbedtls_x509_crt *crt;
	uint8_t *bytes = NULL;

	mbedtls_x509_crt_init(&chain);
	*size = 0;
	if (!key_read_certificates(&chain, path)) {
		return NULL;
	}
	for (crt = &chain; crt != NULL; crt = crt->next) {
		uint32_t word = (uint32_t)crt->raw.len;

		bytes = realloc(bytes, *size + sizeof(word) + word);
		if (bytes == NULL) {
			exit(2);
		}
		memcpy(bytes + *size, &word, sizeof(word));
		memcpy(bytes + *size + sizeof(word), crt->raw.p, word);
		*size += sizeof(word) + word;
	}
	mbedtls_x509_crt_free(&chain);
	return bytes;
}

int authorities_run(const struct sign_options *options)
{
	size_t size;
	uint8_t *bytes = judge_read_authorities(options->authorities, &size);
	FILE *file;
	bool good;

	if (bytes == NULL) {
		return 1;
	}
	file = fopen(options->out, "wb");
	good = file != NULL && fwrite(bytes, 1, size, file) == size;
	good = file != NULL && fclose(file) == 0 && good;
	if (!good) {
		perror(options->out);
	}
	free(bytes);
	return good ? 0 : 1;
}

/* As the hypervisor tells it. Without a launch partition, one more entry
 * stands for it. */
static struct launch_table *judge_make_table(const struct subject *subject,
					     size_t *size)
{
	uint32_t count = subject->tables.partition_count;
	bool alone = subject->self == CONFIG_NONE;
	struct launch_table *table;
	uint32_t i;

	*size = sizeof(*table) + (count + 1) * sizeof(table->partitions[0]);
	table = alloc_array(1, *size);
	table->magic = LAUNCH_TABLE_MAGIC;
	table->version = LAUNCH_VERSION;
	table->partition_count = count + alone;
	table->self = alone ? count : subject->self;
	memcpy(table->policy_sha384, subject->policy_sha384,
	       LAUNCH_SHA384_SIZE);
	for (i = 0; i < count; i++) {
		struct launch_partition *p = &table->partitions[i];

		snprintf(p->name, sizeof(p->name), "%s",
			 subject->tables.partitions[i].name);
		p->size = subject_memory_size(subject, i);
		subject_hash_vps(subject, i, p->vp_sha384);
	}
	return table;
}

/* Zeros, then what is loaded; null: no such memory, or a load outside. */
static uint8_t *judge_load(const struct subject *subject, uint32_t index,
			   uint64_t size)
{
	const struct partition_tables *p = &subject->tables.partitions[index];
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			       -1, 0);
	uint32_t i;

	if (memory == MAP_FAILED) {
		return NULL;
	}
	/* Gigabytes of zeros are read faster so; if not, no matter. */
	madvise(memory, size, MADV_HUGEPAGE);
	for (i = 0; i < p->config.load_count; i++) {
		const struct load_config *load = &p->loads[i];
		const uint8_t *bytes = subject_find_load(subject, load);

		if (bytes == NULL || load->gpa > size ||
		    load->size > size - load->gpa) {
			munmap(memory, size);
			return NULL;
		}
		memcpy(memory + load->gpa, bytes, load->size);
	}
	return memory;
}

static void judge_partition(struct check *check,
			    const struct subject *subject, uint32_t index)
{
	struct check_memory memory = { 0, 0, NULL };
	uint8_t *bytes;

	memory.size = check->table->partitions[index].size;
	bytes = judge_load(subject, index, memory.size);
	memory.bytes = bytes;
	check_partition(check, index, &memory, bytes == NULL ? 0 : 1);
	if (bytes != NULL) {
		munmap(bytes, memory.size);
	}
}

static void judge_print(const struct check *check)
{
	const struct launch_verdict *verdict = check->verdict;
	uint32_t i;

	for (i = 0; i < verdict->partition_count; i++) {
		const struct check_result *result = &check->results[i];

		if (check->table->partitions[i].name[0] == '\0') {
			continue;
		}
		printf("%s: %s: %s", check->table->partitions[i].name,
		       verdict->partitions[i].status == LAUNCH_OK ? "OK" :
		       "REFUSED", result->why);
		if (result->gpa != 0) {
			printf(" (at 0x%llx)",
			       (unsigned long long)result->gpa);
		}
		printf("\n");
	}
}

static void judge_print_event(const char *name, const uint8_t *sha384,
			      uint64_t number)
{
	char text[EVENT_TEXT_MAX];
	size_t size = event_text(text, name, sha384, number);

	printf("%.*s\n", (int)size, text);
}

/* What the launch partition extends into PCR 12, in its order. */
static void judge_print_events(const struct check *check,
			       const struct check_input *input)
{
	const struct launch_verdict *verdict = check->verdict;
	char name[EVENT_NAME_MAX];
	uint8_t sha384[64];
	uint32_t i;

	mbedtls_sha512_ret(input->authorities, input->authorities_size,
			   sha384, 1);
	judge_print_event("authorities", sha384, input->authorities_size);
	mbedtls_sha512_ret(check->manifest.bytes, check->manifest.header.size,
			   sha384, 1);
	judge_print_event("manifest", sha384, check->manifest.header.version);
	judge_print_event("policy", check->table->policy_sha384, 0);
	for (i = 0; i < verdict->partition_count; i++) {
		if (i == check->table->self) {
			continue;
		}
		event_name(name, check->table->partitions[i].name);
		judge_print_event(name, verdict->partitions[i].sha384,
				  verdict->partitions[i].status);
	}
}

int verify_run(const struct sign_options *options)
{
	struct check_input input = { 0 };
	struct launch_verdict verdict;
	struct launch_table *table;
	struct subject subject;
	struct check check;
	uint8_t *authorities;
	bool good;
	uint32_t i;

	authorities = judge_read_authorities(options->authorities,
					     &input.authorities_size);
	if (authorities == NULL ||
	    !subject_open(&subject, options->image, options->launch,
			  options->modules)) {
		return 1;
	}
	table = judge_make_table(&subject, &input.table_size);
	input.table = table;
	input.manifest = subject.manifest;
	input.manifest_room = subject.manifest_room;
	input.authorities = authorities;
	input.version_min = options->version;
	good = check_begin(&check, &input, &verdict);
	for (i = 0; good && i < subject.tables.partition_count; i++) {
		if (i != subject.self) {
			judge_partition(&check, &subject, i);
		}
	}
	good = check_end(&check) && good;
	if (options->events && good) {
		judge_print_events(&check, &input);
	} else {
		judge_print(&check);
	}
	free(table);
	free(authorities);
	return good ? 0 : 1;
}

static void show_partition(const struct manifest *manifest, uint32_t index)
{
	struct manifest_partition partition;
	struct manifest_extent extent;
	uint32_t i;

	manifest_get_partition(manifest, index, &partition);
	printf("%s: %llu bytes of memory\n", partition.name,
	       (unsigned long long)partition.memory_size);
	for (i = 0; i < partition.extent_count; i++) {
		manifest_get_extent(manifest, partition.extent_first + i,
				    &extent);
		printf("  0x%llx %llu bytes: %s\n",
		       (unsigned long long)extent.gpa,
		       (unsigned long long)extent.size,
		       manifest_kind_text(extent.kind));
	}
}

int show_run(const struct sign_options *options)
{
	enum manifest_error error;
	struct manifest manifest;
	struct subject subject;
	uint32_t i;

	if (!subject_open(&subject, options->image, NULL, options->modules)) {
		return 1;
	}
	error = manifest_parse(&manifest, subject.manifest,
			       subject.manifest_room);
	if (error != MANIFEST_OK) {
		printf("%s: %s\n", options->image,
		       manifest_error_text(error));
		return 1;
	}
	printf("%s: version %llu%s, %u bytes, %u certificates\n",
	       options->image, (unsigned long long)manifest.header.version,
	       manifest.header.flags & MANIFEST_ALL_OR_NOTHING ?
	       ", all or nothing" : "", manifest.header.size,
	       manifest.header.certificate_count);
	for (i = 0; i < manifest.header.partition_count; i++) {
		show_partition(&manifest, i);
	}
	return 0;
}
