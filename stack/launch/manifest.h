/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest of an image: what each partition's memory holds when it
 * starts, who says so, and the signature (docs/launch.md). Little endian.
 * Shared by the launch partition and the host's tool; parsing allocates
 * nothing and is safe on any bytes.
 *
 *   header, partitions, extents, certificates (leaf first), signature
 */
#ifndef LAUNCH_MANIFEST_H
#define LAUNCH_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/launch.h"

#define MANIFEST_MAGIC "BHMANIFE"
#define MANIFEST_FORMAT 1u

#define MANIFEST_SIZE_MAX 65536u	/* room in the image */
#define MANIFEST_PARTITION_MAX LAUNCH_PARTITION_MAX
#define MANIFEST_EXTENT_MAX 512u	/* of all partitions together */
#define MANIFEST_CERTIFICATE_MAX 4u
#define MANIFEST_CERTIFICATE_SIZE_MAX 4096u
#define MANIFEST_GPA_MAX (1ull << 48)

/* Bits of manifest_header.flags */
#define MANIFEST_ALL_OR_NOTHING 1u	/* one bad partition: none starts */
#define MANIFEST_FLAGS 1u

/* Over the bytes before it; r and s one after the other. */
enum manifest_algorithm {
	MANIFEST_P256_SHA256 = 1,	/* 64 bytes */
	MANIFEST_P384_SHA384 = 2,	/* 96 bytes */
	MANIFEST_RSA_PSS_SHA384 = 3	/* as long as the key's modulus */
};
#define MANIFEST_RSA_SIZE_MIN 256u
#define MANIFEST_RSA_SIZE_MAX 512u

enum manifest_kind {
	MANIFEST_PAYLOAD = 1,
	MANIFEST_COMMAND_LINE = 2,
	MANIFEST_MODULE = 3,		/* initrd, or a multiboot module */
	MANIFEST_BOOT_DATA = 4		/* ACPI tables, page tables, ... */
};

struct manifest_header {
	uint8_t magic[8];
	uint32_t format;
	uint32_t size;			/* of everything */
	uint64_t version;		/* rises with each release */
	uint32_t flags;
	uint32_t partition_count;
	uint32_t extent_count;
	uint32_t certificate_count;
	uint32_t certificates;		/* offset of the first */
	uint32_t signed_size;		/* offset of the signature */
	uint32_t algorithm;
	uint32_t signature_size;
	uint8_t policy_sha384[LAUNCH_SHA384_SIZE];
	uint8_t reserved[24];
};

/* At sizeof(struct manifest_header), one after the other. */
struct manifest_partition {
	char name[LAUNCH_NAME_SIZE];
	uint32_t extent_first;
	uint32_t extent_count;
	uint64_t memory_size;		/* in bytes, from GPA 0 */
	uint8_t vp_sha384[LAUNCH_SHA384_SIZE];
	uint8_t reserved[32];
};

/* Behind the partitions. Those of one partition do not overlap. */
struct manifest_extent {
	uint32_t kind;
	uint32_t reserved;
	uint64_t gpa;
	uint64_t size;
	uint8_t sha384[LAUNCH_SHA384_SIZE];
};

/* Behind the extents: each certificate's size in 4 bytes, then its DER. */

_Static_assert(sizeof(struct manifest_header) == 128, "manifest_header");
_Static_assert(sizeof(struct manifest_partition) == 128,
	       "manifest_partition");
_Static_assert(sizeof(struct manifest_extent) == 72, "manifest_extent");

enum manifest_error {
	MANIFEST_OK,
	MANIFEST_NONE,			/* not there */
	MANIFEST_BAD_FORMAT,		/* of another kind */
	MANIFEST_BAD_SIZE,		/* cut, or more than its room */
	MANIFEST_BAD_COUNT,
	MANIFEST_BAD_RESERVED,		/* not 0, or an unknown flag */
	MANIFEST_BAD_NAME,
	MANIFEST_BAD_EXTENT,		/* kind, range, or out of order */
	MANIFEST_BAD_OVERLAP,
	MANIFEST_BAD_CERTIFICATE,	/* its size; how many */
	MANIFEST_BAD_ALGORITHM		/* or the signature's size */
};

struct manifest_certificate {
	const uint8_t *der;
	uint32_t size;
};

/* What manifest_parse() found to be whole. Points into the bytes. */
struct manifest {
	const uint8_t *bytes;
	struct manifest_header header;
	struct manifest_certificate
		certificates[MANIFEST_CERTIFICATE_MAX];
	const uint8_t *signature;
};

/* room: how many bytes there are; those behind the manifest must be 0. */
enum manifest_error manifest_parse(struct manifest *manifest,
				   const uint8_t *bytes, size_t room);
const char *manifest_error_text(enum manifest_error error);

/* Indices below the header's counts. */
void manifest_get_partition(const struct manifest *manifest, uint32_t index,
			    struct manifest_partition *partition);
void manifest_get_extent(const struct manifest *manifest, uint32_t index,
			 struct manifest_extent *extent);
/* Index of the partition with that name, or the header's count. */
uint32_t manifest_find_partition(const struct manifest *manifest,
				 const char *name);
/* The name of a kind, for messages. */
const char *manifest_kind_text(uint32_t kind);

#endif
