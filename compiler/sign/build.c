/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of manifests. */
#include "build.h"

#include <mbedtls/sha512.h>
#include <string.h>

void build_begin(struct build *build, uint64_t version, uint32_t flags,
		 const uint8_t policy_sha384[LAUNCH_SHA384_SIZE])
{
	memset(build, 0, sizeof(*build));
	memcpy(build->header.magic, MANIFEST_MAGIC, 8);
	build->header.format = MANIFEST_FORMAT;
	build->header.version = version;
	build->header.flags = flags;
	memcpy(build->header.policy_sha384, policy_sha384,
	       LAUNCH_SHA384_SIZE);
}

bool build_add_partition(struct build *build, const char *name,
			 uint64_t memory_size,
			 const uint8_t vp_sha384[LAUNCH_SHA384_SIZE])
{
	struct manifest_partition *partition =
		&build->partitions[build->header.partition_count];
	size_t length = strlen(name);

	if (build->header.partition_count == MANIFEST_PARTITION_MAX ||
	    length >= LAUNCH_NAME_SIZE) {
		return false;
	}
	build->header.partition_count++;
	memcpy(partition->name, name, length);
	partition->extent_first = build->header.extent_count;
	partition->memory_size = memory_size;
	memcpy(partition->vp_sha384, vp_sha384, LAUNCH_SHA384_SIZE);
	return true;
}

bool build_add_extent(struct build *build, uint32_t kind, uint64_t gpa,
		      uint64_t size, const uint8_t *bytes)
{
	struct manifest_extent *extent =
		&build->extents[build->header.extent_count];
	uint8_t sha384[64];		/* mbedTLS wants SHA-512's room */

	if (build->header.extent_count == MANIFEST_EXTENT_MAX ||
	    build->header.partition_count == 0 ||
	    mbedtls_sha512_ret(bytes, size, sha384, 1) != 0) {
		return false;
	}
	build->header.extent_count++;
	build->partitions[build->header.partition_count - 1].extent_count++;
	extent->kind = kind;
	extent->gpa = gpa;
	extent->size = size;
	memcpy(extent->sha384, sha384, LAUNCH_SHA384_SIZE);
	return true;
}

bool build_add_certificate(struct build *build, const uint8_t *der,
			   size_t size)
{
	uint32_t word = (uint32_t)size;
	uint8_t *at = build->certificates + build->certificates_size;

	if (build->header.certificate_count == MANIFEST_CERTIFICATE_MAX ||
	    size == 0 || size > MANIFEST_CERTIFICATE_SIZE_MAX) {
		return false;
	}
	build->header.certificate_count++;
	memcpy(at, &word, sizeof(word));
	memcpy(at + sizeof(word), der, size);
	build->certificates_size += (uint32_t)sizeof(word) + word;
	return true;
}

bool build_finish(struct build *build, uint32_t algorithm,
		  uint32_t signature_size)
{
	struct manifest_header *header = &build->header;
	size_t partitions_size = header->partition_count *
				 sizeof(build->partitions[0]);
	size_t extents_size = header->extent_count *
			      sizeof(build->extents[0]);
	uint8_t *at = build->bytes;

	header->certificates = (uint32_t)(sizeof(*header) + partitions_size +
					  extents_size);
	header->signed_size = header->certificates + build->certificates_size;
	header->size = header->signed_size + signature_size;
	header->algorithm = algorithm;
	header->signature_size = signature_size;
	if (header->size > sizeof(build->bytes)) {
		return false;
	}
	memset(at, 0, sizeof(build->bytes));
	memcpy(at, header, sizeof(*header));
	at += sizeof(*header);
	memcpy(at, build->partitions, partitions_size);
	at += partitions_size;
	memcpy(at, build->extents, extents_size);
	at += extents_size;
	memcpy(at, build->certificates, build->certificates_size);
	return true;
}
