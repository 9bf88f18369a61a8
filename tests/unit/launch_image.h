/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image as the launch partition sees it: three partitions, "check" itself
 * the second, with memory, a table and a signed manifest. Each test starts
 * from a good one and damages it.
 */
#ifndef LAUNCH_IMAGE_H
#define LAUNCH_IMAGE_H

#include "build.h"
#include "check.h"
#include "chain.h"

#define IMAGE_SELF 1u
#define IMAGE_A 0u
#define IMAGE_B 2u
#define IMAGE_MEMORY 0x10000u

struct launch_image {
	struct build build;
	uint8_t *memory[3];		/* IMAGE_MEMORY bytes each, for A, B */
	struct launch_table *table;
	size_t table_size;
	uint8_t *authorities;
	size_t authorities_size;
	uint64_t version_min;
	struct check check;
	struct launch_verdict verdict;
};

/* Keys and certificates, made anew: a directory that image_keys_remove()
 * removes again. For a cmocka group. */
int image_keys_make(void **state);
int image_keys_make_rsa(void **state);
int image_keys_remove(void **state);

/* Unsigned; extents of A: payload, command line, module, boot data, not in
 * the order of their GPAs; of B: one at its start, one at its end. */
struct launch_image *image_make(uint64_t version, uint32_t flags);
void image_free(struct launch_image *image);
/* Certificates by name, leaf first, "leaf middle"; then the leaf's key. */
void image_sign(struct launch_image *image, const char *certificates);
/* The same with another's key. */
void image_sign_as(struct launch_image *image, const char *certificates,
		   const char *key);
/* Signs what build.bytes says now. */
void image_resign(struct launch_image *image, const char *key);
/* By name: "root other". */
void image_trust(struct launch_image *image, const char *names);
/* All of the check; true: everyone may start. */
bool image_check(struct launch_image *image);
/* The manifest alone, in a block of its own size. */
enum manifest_error image_parse(const struct launch_image *image,
				struct manifest *manifest);
/* The chain alone. */
enum chain_error image_chain(struct launch_image *image);

#endif
