/* SPDX-License-Identifier: Apache-2.0 */
/* As much of an ELF file as loading it takes. */
#ifndef PARTC_PLACE_ELF_H
#define PARTC_PLACE_ELF_H

#include "model.h"

#define ELF_SEGMENT_LOAD 1u
#define ELF_SEGMENT_NOTE 4u

/* The few fields of a program header that count, of either class. */
struct elf_segment {
	uint32_t type;
	uint64_t offset;
	uint64_t virtual;
	uint64_t address;	/* physical */
	uint64_t file_size;
	uint64_t memory_size;
};

struct elf {
	const char *id;		/* of the check that it fails, with *why */
	const uint8_t *data;
	size_t size;
	bool wide;
	uint64_t entry;
	uint64_t table;
	unsigned entry_size;
	unsigned count;
};

/* Null, or why it cannot be loaded: "it is no ..." */
const char *elf_open(struct elf *elf, const struct bytes *file);
/* False: the segment's bytes lie outside the file. */
bool elf_get_segment(const struct elf *elf, unsigned i, struct elf_segment *s);
/*
 * Loads of the partition's payload for all segments; *end is raised to where
 * they end. False: *why says why, or is null if the error was reported.
 */
bool elf_load(struct model_partition *p, const struct elf *elf, uint64_t *end,
	      const char **why);

#endif
