/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of manifests. Keeps true: nothing outside [bytes, bytes + room)
 * is read; each number is bounded before it is used; a manifest has only one
 * encoding, so what is not said (gaps, reserved fields, the rest of the room)
 * is zero.
 */
#include "manifest.h"

#include <string.h>

#define HEADER (uint32_t)sizeof(struct manifest_header)
#define PARTITION (uint32_t)sizeof(struct manifest_partition)
#define EXTENT (uint32_t)sizeof(struct manifest_extent)

static bool manifest_is_zero(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		sum |= at[i];
	}
	return sum == 0;
}

void manifest_get_partition(const struct manifest *manifest, uint32_t index,
			    struct manifest_partition *partition)
{
	memcpy(partition, manifest->bytes + HEADER + index * PARTITION,
	       sizeof(*partition));
}

void manifest_get_extent(const struct manifest *manifest, uint32_t index,
			 struct manifest_extent *extent)
{
	memcpy(extent, manifest->bytes + HEADER +
	       manifest->header.partition_count * PARTITION + index * EXTENT,
	       sizeof(*extent));
}

uint32_t manifest_find_partition(const struct manifest *manifest,
				 const char *name)
{
	struct manifest_partition partition;
	uint32_t i;

	for (i = 0; i < manifest->header.partition_count; i++) {
		manifest_get_partition(manifest, i, &partition);
		if (strcmp(partition.name, name) == 0) {
			break;
		}
	}
	return i;
}

/* 1 to 31 letters, digits, - and _, then zeros. */
static bool manifest_is_name(const char name[LAUNCH_NAME_SIZE])
{
	uint32_t i;

	for (i = 0; i < LAUNCH_NAME_SIZE - 1 && name[i] != '\0'; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_') {
			return false;
		}
	}
	return i > 0 && manifest_is_zero(name + i, LAUNCH_NAME_SIZE - i);
}

static bool manifest_extents_overlap(const struct manifest *manifest,
				     uint32_t first, uint32_t index)
{
	struct manifest_extent extent;
	struct manifest_extent other;
	uint32_t i;

	manifest_get_extent(manifest, index, &extent);
	for (i = first; i < index; i++) {
		manifest_get_extent(manifest, i, &other);
		if (extent.gpa < other.gpa + other.size &&
		    other.gpa < extent.gpa + extent.size) {
			return true;
		}
	}
	return false;
}

static enum manifest_error
manifest_check_extents(const struct manifest *manifest,
		       const struct manifest_partition *partition)
{
	struct manifest_extent extent;
	uint32_t i;

	for (i = 0; i < partition->extent_count; i++) {
		uint32_t index = partition->extent_first + i;

		manifest_get_extent(manifest, index, &extent);
		if (extent.kind < MANIFEST_PAYLOAD ||
		    extent.kind > MANIFEST_BOOT_DATA || extent.size == 0 ||
		    extent.gpa > partition->memory_size ||
		    extent.size > partition->memory_size - extent.gpa) {
			return MANIFEST_BAD_EXTENT;
		}
		if (extent.reserved != 0) {
			return MANIFEST_BAD_RESERVED;
		}
		if (manifest_extents_overlap(manifest,
					     partition->extent_first,
					     index)) {
			return MANIFEST_BAD_OVERLAP;
		}
	}
	return MANIFEST_OK;
}

static enum manifest_error
manifest_check_partitions(const struct manifest *manifest)
{
	const struct manifest_header *header = &manifest->header;
	struct manifest_partition partition;
	enum manifest_error error;
	uint32_t next = 0;
	uint32_t i;

	for (i = 0; i < header->partition_count; i++) {
		manifest_get_partition(manifest, i, &partition);
		if (!manifest_is_name(partition.name) ||
		    manifest_find_partition(manifest, partition.name) != i) {
			return MANIFEST_BAD_NAME;
		}
		if (!manifest_is_zero(partition.reserved,
				      sizeof(partition.reserved))) {
			return MANIFEST_BAD_RESERVED;
		}
		if (partition.extent_first != next ||
		    partition.extent_count > header->extent_count - next ||
		    partition.memory_size > MANIFEST_GPA_MAX) {
			return MANIFEST_BAD_EXTENT;
		}
		error = manifest_check_extents(manifest, &partition);
		if (error != MANIFEST_OK) {
			return error;
		}
		next += partition.extent_count;
	}
	return next == header->extent_count ? MANIFEST_OK :
	       MANIFEST_BAD_EXTENT;
}

/* From the extents' end to signed_size: nothing but certificates. */
static enum manifest_error
manifest_find_certificates(struct manifest *manifest)
{
	const struct manifest_header *header = &manifest->header;
	uint32_t at = header->certificates;
	uint32_t size;
	uint32_t i;

	for (i = 0; i < header->certificate_count; i++) {
		if (header->signed_size - at < sizeof(size)) {
			return MANIFEST_BAD_CERTIFICATE;
		}
		memcpy(&size, manifest->bytes + at, sizeof(size));
		at += (uint32_t)sizeof(size);
		if (size == 0 || size > MANIFEST_CERTIFICATE_SIZE_MAX ||
		    size > header->signed_size - at) {
			return MANIFEST_BAD_CERTIFICATE;
		}
		manifest->certificates[i].der = manifest->bytes + at;
		manifest->certificates[i].size = size;
		at += size;
	}
	return at == header->signed_size ? MANIFEST_OK :
	       MANIFEST_BAD_CERTIFICATE;
}

static bool manifest_is_signature(uint32_t algorithm, uint32_t size)
{
	switch (algorithm) {
	case MANIFEST_P256_SHA256:
		return size == 64;
	case MANIFEST_P384_SHA384:
		return size == 96;
	case MANIFEST_RSA_PSS_SHA384:
		return size >= MANIFEST_RSA_SIZE_MIN &&
		       size <= MANIFEST_RSA_SIZE_MAX;
	}
	return false;
}

/* The header's numbers against each other and the room. */
static enum manifest_error manifest_check_header(const struct manifest *m,
						 size_t room)
{
	const struct manifest_header *header = &m->header;
	uint32_t tables;

	if (header->partition_count == 0 ||
	    header->partition_count > MANIFEST_PARTITION_MAX ||
	    header->extent_count > MANIFEST_EXTENT_MAX) {
		return MANIFEST_BAD_COUNT;
	}
	if (header->certificate_count == 0 ||
	    header->certificate_count > MANIFEST_CERTIFICATE_MAX) {
		return MANIFEST_BAD_CERTIFICATE;
	}
	if ((header->flags & ~MANIFEST_FLAGS) != 0 ||
	    !manifest_is_zero(header->reserved, sizeof(header->reserved))) {
		return MANIFEST_BAD_RESERVED;
	}
	if (!manifest_is_signature(header->algorithm,
				   header->signature_size)) {
		return MANIFEST_BAD_ALGORITHM;
	}
	tables = HEADER + header->partition_count * PARTITION +
		 header->extent_count * EXTENT;
	if (header->size > MANIFEST_SIZE_MAX || header->size > room ||
	    header->certificates != tables ||
	    header->signed_size < tables ||
	    header->signed_size > header->size ||
	    header->size - header->signed_size != header->signature_size) {
		return MANIFEST_BAD_SIZE;
	}
	return MANIFEST_OK;
}

enum manifest_error manifest_parse(struct manifest *manifest,
				   const uint8_t *bytes, size_t room)
{
	enum manifest_error error;

	memset(manifest, 0, sizeof(*manifest));
	manifest->bytes = bytes;
	if (room < sizeof(manifest->header) ||
	    memcmp(bytes, MANIFEST_MAGIC, 8) != 0) {
		return MANIFEST_NONE;
	}
	memcpy(&manifest->header, bytes, sizeof(manifest->header));
	if (manifest->header.format != MANIFEST_FORMAT) {
		return MANIFEST_BAD_FORMAT;
	}
	error = manifest_check_header(manifest, room);
	if (error != MANIFEST_OK) {
		return error;
	}
	if (!manifest_is_zero(bytes + manifest->header.size,
			      room - manifest->header.size)) {
		return MANIFEST_BAD_SIZE;
	}
	manifest->signature = bytes + manifest->header.signed_size;
	error = manifest_find_certificates(manifest);
	return error != MANIFEST_OK ? error :
	       manifest_check_partitions(manifest);
}

const char *manifest_error_text(enum manifest_error error)
{
	switch (error) {
	case MANIFEST_OK:
		break;
	case MANIFEST_NONE:
		return "there is no manifest";
	case MANIFEST_BAD_FORMAT:
		return "manifest: unknown format";
	case MANIFEST_BAD_SIZE:
		return "manifest: sizes do not add up";
	case MANIFEST_BAD_COUNT:
		return "manifest: too many partitions or extents, or none";
	case MANIFEST_BAD_RESERVED:
		return "manifest: a reserved field or flag is set";
	case MANIFEST_BAD_NAME:
		return "manifest: a name is none, or there twice";
	case MANIFEST_BAD_EXTENT:
		return "manifest: an extent out of order or range";
	case MANIFEST_BAD_OVERLAP:
		return "manifest: extents overlap";
	case MANIFEST_BAD_CERTIFICATE:
		return "manifest: number or size of certificates";
	case MANIFEST_BAD_ALGORITHM:
		return "manifest: unknown algorithm, or not its size";
	}
	return "manifest: good";
}

const char *manifest_kind_text(uint32_t kind)
{
	switch (kind) {
	case MANIFEST_PAYLOAD:
		return "payload";
	case MANIFEST_COMMAND_LINE:
		return "command line";
	case MANIFEST_MODULE:
		return "initrd or module";
	case MANIFEST_BOOT_DATA:
		return "boot data";
	}
	return "unknown kind";
}
