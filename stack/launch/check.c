/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps true: a partition is LAUNCH_OK only after all of its checks were
 * made, each byte of its memory was read, and the manifest was found good.
 */
#include "check.h"

#include <mbedtls/sha512.h>
#include <string.h>

#include "chain.h"

/* Bytes between looks at what an extent has; both hashes see them while
 * they are in the cache. */
#define CHECK_PIECE 16384u

static void check_set(struct check *check, uint32_t index,
		      enum launch_status status, const char *why,
		      uint64_t gpa)
{
	check->verdict->partitions[index].status = (uint32_t)status;
	check->results[index].why = why;
	check->results[index].gpa = gpa;
}

static bool check_refuse_all(struct check *check, enum launch_status status,
			     const char *why)
{
	uint32_t i;

	for (i = 0; i < check->verdict->partition_count; i++) {
		check_set(check, i, status, why, 0);
	}
	return false;
}

static bool check_is_table(const struct check_input *input)
{
	const struct launch_table *table = input->table;
	uint32_t i;

	if (input->table_size < sizeof(*table) ||
	    table->magic != LAUNCH_TABLE_MAGIC ||
	    table->version != LAUNCH_VERSION || table->partition_count == 0 ||
	    table->partition_count > LAUNCH_PARTITION_MAX ||
	    table->self >= table->partition_count ||
	    input->table_size - sizeof(*table) <
	    table->partition_count * sizeof(table->partitions[0])) {
		return false;
	}
	for (i = 0; i < table->partition_count; i++) {
		if (memchr(table->partitions[i].name, 0, LAUNCH_NAME_SIZE) ==
		    NULL) {
			return false;
		}
	}
	return true;
}

/* Every partition that the manifest names must be there, and once. */
static bool check_has_partition(const struct launch_table *table,
				const char *name)
{
	uint32_t found = 0;
	uint32_t i;

	for (i = 0; i < table->partition_count; i++) {
		if (i != table->self &&
		    strcmp(table->partitions[i].name, name) == 0) {
			found++;
		}
	}
	return found == 1;
}

static bool check_names(const struct check *check)
{
	struct manifest_partition partition;
	uint32_t i;

	for (i = 0; i < check->manifest.header.partition_count; i++) {
		manifest_get_partition(&check->manifest, i, &partition);
		if (!check_has_partition(check->table, partition.name)) {
			return false;
		}
	}
	return true;
}

bool check_begin(struct check *check, const struct check_input *input,
		 struct launch_verdict *verdict)
{
	enum manifest_error malformed;
	enum chain_error error;

	memset(check, 0, sizeof(*check));
	memset(verdict, 0, sizeof(*verdict));
	check->table = input->table;
	check->verdict = verdict;
	verdict->magic = LAUNCH_VERDICT_MAGIC;
	verdict->version = LAUNCH_VERSION;
	if (!check_is_table(input)) {
		return false;
	}
	verdict->partition_count = input->table->partition_count;
	malformed = manifest_parse(&check->manifest, input->manifest,
				   input->manifest_room);
	if (malformed != MANIFEST_OK) {
		return check_refuse_all(check, LAUNCH_BAD_MANIFEST,
					manifest_error_text(malformed));
	}
	error = chain_check(&check->manifest, input->authorities,
			    input->authorities_size);
	if (error != CHAIN_OK) {
		return check_refuse_all(check, chain_status(error),
					chain_error_text(error));
	}
	if (check->manifest.header.version < input->version_min) {
		return check_refuse_all(check, LAUNCH_BAD_VERSION,
					"an older version than allowed");
	}
	if (memcmp(check->manifest.header.policy_sha384,
		   input->table->policy_sha384, LAUNCH_SHA384_SIZE) != 0) {
		return check_refuse_all(check, LAUNCH_BAD_POLICY,
					"the image's tables are others");
	}
	if (!check_names(check)) {
		return check_refuse_all(check, LAUNCH_BAD_MANIFEST,
					"names a partition that is not there");
	}
	check->all_or_nothing = (check->manifest.header.flags &
				 MANIFEST_ALL_OR_NOTHING) != 0;
	check_set(check, input->table->self, LAUNCH_OK, "checks the others",
		  0);
	return true;
}

/* ---- one partition ------------------------------------------------------ */

/* Any eight bytes, wherever they lie. */
typedef uint64_t __attribute__((may_alias, aligned(1))) check_word_t;

/* First byte that is not zero, or size. Most memory passes through here. */
static uint64_t check_find_byte(const uint8_t *bytes, uint64_t size)
{
	uint64_t at = 0;

	while (size - at >= 64) {
		const check_word_t *word = (const check_word_t *)(bytes + at);

		if ((word[0] | word[1] | word[2] | word[3] | word[4] |
		     word[5] | word[6] | word[7]) != 0) {
			break;
		}
		at += 64;
	}
	while (at < size && bytes[at] == 0) {
		at++;
	}
	return at;
}

/* Of the extents at or behind gpa the first; none: at the end of addresses. */
static struct manifest_extent
check_next_extent(const struct check *check,
		  const struct manifest_partition *partition, uint64_t gpa)
{
	struct manifest_extent next = { .gpa = UINT64_MAX };
	struct manifest_extent extent;
	uint32_t i;

	for (i = 0; i < partition->extent_count; i++) {
		manifest_get_extent(&check->manifest,
				    partition->extent_first + i, &extent);
		if (extent.gpa >= gpa && extent.gpa < next.gpa) {
			next = extent;
		}
	}
	return next;
}

/* Everything of this piece but the extents is zero. */
static bool check_zeros(struct check *check, uint32_t index,
			const struct manifest_partition *partition,
			const struct check_memory *memory)
{
	uint64_t end = memory->gpa + memory->size;
	uint64_t at = memory->gpa;

	while (at < end) {
		struct manifest_extent extent =
			check_next_extent(check, partition, at);
		bool more = extent.gpa < end;
		uint64_t size = (more ? extent.gpa : end) - at;
		uint64_t zeros = check_find_byte(memory->bytes +
						 (at - memory->gpa), size);

		if (zeros != size) {
			check_set(check, index, LAUNCH_BAD_MEMORY,
				  "not zero where nothing is loaded",
				  at + zeros);
			return false;
		}
		at = more ? extent.gpa + extent.size : end;
	}
	return true;
}

/* An extent lies in one piece. */
static const uint8_t *check_find_extent(const struct manifest_extent *extent,
					const struct check_memory *memory,
					uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (extent->gpa >= memory[i].gpa &&
		    extent->gpa - memory[i].gpa <= memory[i].size &&
		    extent->size <= memory[i].size -
		    (extent->gpa - memory[i].gpa)) {
			return memory[i].bytes + (extent->gpa -
						  memory[i].gpa);
		}
	}
	return NULL;
}

static enum launch_status check_kind_status(uint32_t kind)
{
	switch (kind) {
	case MANIFEST_COMMAND_LINE:
		return LAUNCH_BAD_COMMAND_LINE;
	case MANIFEST_MODULE:
		return LAUNCH_BAD_INITRD;
	case MANIFEST_BOOT_DATA:
		return LAUNCH_BAD_BOOT_DATA;
	}
	return LAUNCH_BAD_PAYLOAD;
}

/* Into the extent's own hash and, with its place, the partition's. */
static bool check_hash_extent(const struct manifest_extent *extent,
			      const uint8_t *bytes,
			      mbedtls_sha512_context *all,
			      uint8_t sha384[64])
{
	mbedtls_sha512_context own;
	uint64_t place[2] = { extent->gpa, extent->size };
	uint64_t at;
	int bad;

	mbedtls_sha512_init(&own);
	bad = mbedtls_sha512_starts_ret(&own, 1);
	bad |= mbedtls_sha512_update_ret(all, (const uint8_t *)place,
					 sizeof(place));
	for (at = 0; at < extent->size; at += CHECK_PIECE) {
		size_t size = extent->size - at < CHECK_PIECE ?
			      (size_t)(extent->size - at) : CHECK_PIECE;

		bad |= mbedtls_sha512_update_ret(&own, bytes + at, size);
		bad |= mbedtls_sha512_update_ret(all, bytes + at, size);
	}
	bad |= mbedtls_sha512_finish_ret(&own, sha384);
	mbedtls_sha512_free(&own);
	return bad == 0;
}

static bool check_extents(struct check *check, uint32_t index,
			  const struct manifest_partition *partition,
			  const struct check_memory *memory, uint32_t count)
{
	mbedtls_sha512_context all;
	struct manifest_extent extent;
	uint8_t sha384[64];
	const uint8_t *bytes;
	uint32_t i;

	mbedtls_sha512_init(&all);
	if (mbedtls_sha512_starts_ret(&all, 1) != 0) {
		check_set(check, index, LAUNCH_BAD_PAYLOAD, "no hash", 0);
		return false;
	}
	for (i = 0; i < partition->extent_count; i++) {
		manifest_get_extent(&check->manifest,
				    partition->extent_first + i, &extent);
		bytes = check_find_extent(&extent, memory, count);
		if (bytes == NULL ||
		    !check_hash_extent(&extent, bytes, &all, sha384) ||
		    memcmp(sha384, extent.sha384, LAUNCH_SHA384_SIZE) != 0) {
			check_set(check, index,
				  check_kind_status(extent.kind),
				  manifest_kind_text(extent.kind),
				  extent.gpa);
			return false;
		}
	}
	if (mbedtls_sha512_finish_ret(&all, sha384) != 0) {
		check_set(check, index, LAUNCH_BAD_PAYLOAD, "no hash", 0);
		return false;
	}
	mbedtls_sha512_free(&all);
	memcpy(check->verdict->partitions[index].sha384, sha384,
	       LAUNCH_SHA384_SIZE);
	return true;
}

/* As much memory as the manifest says, and no piece twice. */
static bool check_is_memory(const struct manifest_partition *partition,
			    const struct launch_partition *entry,
			    const struct check_memory *memory, uint32_t count)
{
	uint64_t sum = 0;
	uint64_t end = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (memory[i].gpa < end ||
		    memory[i].gpa > MANIFEST_GPA_MAX ||
		    memory[i].size > MANIFEST_GPA_MAX - memory[i].gpa) {
			return false;
		}
		end = memory[i].gpa + memory[i].size;
		sum += memory[i].size;
	}
	return sum == partition->memory_size && sum == entry->size;
}

void check_partition(struct check *check, uint32_t index,
		     const struct check_memory *memory, uint32_t count)
{
	const struct launch_partition *entry =
		&check->table->partitions[index];
	struct manifest_partition partition;
	uint32_t found;
	uint32_t i;

	if (index == check->table->self) {
		return;
	}
	found = manifest_find_partition(&check->manifest, entry->name);
	if (found == check->manifest.header.partition_count) {
		check_set(check, index, LAUNCH_NOT_IN_MANIFEST,
			  "not in the manifest", 0);
		return;
	}
	manifest_get_partition(&check->manifest, found, &partition);
	if (memcmp(partition.vp_sha384, entry->vp_sha384,
		   LAUNCH_SHA384_SIZE) != 0) {
		check_set(check, index, LAUNCH_BAD_VP_STATE,
			  "its VPs start otherwise", 0);
		return;
	}
	if (!check_is_memory(&partition, entry, memory, count)) {
		check_set(check, index, LAUNCH_BAD_MEMORY,
			  "size of its memory", 0);
		return;
	}
	if (!check_extents(check, index, &partition, memory, count)) {
		return;
	}
	for (i = 0; i < count; i++) {
		if (!check_zeros(check, index, &partition, &memory[i])) {
			return;
		}
	}
	check_set(check, index, LAUNCH_OK, "good", 0);
}

bool check_end(struct check *check)
{
	struct launch_verdict *verdict = check->verdict;
	bool all = verdict->partition_count != 0;
	uint32_t i;

	for (i = 0; i < verdict->partition_count; i++) {
		all = all && verdict->partitions[i].status == LAUNCH_OK;
	}
	for (i = 0; i < verdict->partition_count; i++) {
		if (!all && check->all_or_nothing &&
		    i != check->table->self &&
		    verdict->partitions[i].status == LAUNCH_OK) {
			check_set(check, i, LAUNCH_BAD_OTHER,
				  "good, but another is not", 0);
		}
	}
	return all;
}
