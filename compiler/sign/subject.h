/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linked image that a manifest is about: its tables, by verify's reader,
 * and the bytes that each partition is loaded with.
 */
#ifndef SIGN_SUBJECT_H
#define SIGN_SUBJECT_H

#include "verify.h"

#include "manifest.h"

struct subject {
	const char *path;
	uint8_t *bytes;			/* the file */
	size_t size;
	struct image image;
	struct tables tables;
	uint8_t *modules[CONFIG_MODULE_MAX];
	uint8_t *manifest;		/* in bytes: room for it */
	size_t manifest_room;
	uint8_t policy_sha384[LAUNCH_SHA384_SIZE];
	uint32_t self;			/* the launch partition, or
					   CONFIG_NONE */
};

/*
 * launch: the launch partition's name, or null: there is none. modules: the
 * directory with the files that are left to the boot loader. False after
 * messages to stderr.
 */
bool subject_open(struct subject *subject, const char *path,
		  const char *launch, const char *modules);
/* A whole file, for the caller to free; null after a message to stderr. */
uint8_t *subject_read_file(const char *path, size_t *size);
/* Bytes of a load; null: neither in the image nor in a module. */
const uint8_t *subject_find_load(const struct subject *subject,
				 const struct load_config *load);
/* Of the initial states of the partition's VPs that have one. */
void subject_hash_vps(const struct subject *subject, uint32_t partition,
		      uint8_t sha384[LAUNCH_SHA384_SIZE]);
uint64_t subject_memory_size(const struct subject *subject,
			     uint32_t partition);
/* Writes the file again, with what bytes holds now. */
bool subject_write(const struct subject *subject);

#endif
