/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of an image: manifest, then one partition after the other, then
 * the verdict. It does not know how memory is reached: the caller says where
 * each partition's is, when it is that partition's turn. The launch partition
 * and the host's tool use the same.
 *
 *   check_begin(); check_partition() for each index; check_end();
 */
#ifndef LAUNCH_CHECK_H
#define LAUNCH_CHECK_H

#include "abi/launch.h"
#include "manifest.h"

struct check_input {
	const struct launch_table *table;
	size_t table_size;		/* of the memory that it lies in */
	const uint8_t *manifest;
	size_t manifest_room;
	const uint8_t *authorities;	/* as chain_check() wants them */
	size_t authorities_size;
	uint64_t version_min;
};

/* A piece of a partition's memory, and where it can be read. */
struct check_memory {
	uint64_t gpa;
	uint64_t size;
	const uint8_t *bytes;
};

/* For people; the verdict has the statuses. */
struct check_result {
	const char *why;
	uint64_t gpa;			/* of what is wrong, where it is */
};

struct check {
	const struct launch_table *table;
	struct manifest manifest;
	struct launch_verdict *verdict;
	bool all_or_nothing;
	struct check_result results[LAUNCH_PARTITION_MAX];
};

/*
 * The table itself, the manifest, its signature, version and policy. False:
 * everyone's status is what is wrong, and there is no more to check.
 */
bool check_begin(struct check *check, const struct check_input *input,
		 struct launch_verdict *verdict);
/* memory: all of it, disjoint, by rising GPA. Does nothing for table.self. */
void check_partition(struct check *check, uint32_t index,
		     const struct check_memory *memory, uint32_t count);
/* All or nothing. True: everyone may start. */
bool check_end(struct check *check);

#endif
