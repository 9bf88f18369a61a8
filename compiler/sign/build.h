/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a manifest: piece by piece, then all of it but the signature. */
#ifndef SIGN_BUILD_H
#define SIGN_BUILD_H

#include "manifest.h"

#define BUILD_CERTIFICATES_SIZE \
	(MANIFEST_CERTIFICATE_MAX * (4 + MANIFEST_CERTIFICATE_SIZE_MAX))

struct build {
	struct manifest_header header;
	struct manifest_partition partitions[MANIFEST_PARTITION_MAX];
	struct manifest_extent extents[MANIFEST_EXTENT_MAX];
	uint8_t certificates[BUILD_CERTIFICATES_SIZE];
	uint32_t certificates_size;
	/* After build_finish(): header.size bytes; header.signed_size of them
	 * are signed, the rest are the signature's place. */
	uint8_t bytes[MANIFEST_SIZE_MAX];
};

void build_begin(struct build *build, uint64_t version, uint32_t flags,
		 const uint8_t policy_sha384[LAUNCH_SHA384_SIZE]);
/* False: too many, or too long. Extents are the last partition's. */
bool build_add_partition(struct build *build, const char *name,
			 uint64_t memory_size,
			 const uint8_t vp_sha384[LAUNCH_SHA384_SIZE]);
bool build_add_extent(struct build *build, uint32_t kind, uint64_t gpa,
		      uint64_t size, const uint8_t *bytes);
bool build_add_certificate(struct build *build, const uint8_t *der,
			   size_t size);
/* False: larger than any manifest may be. */
bool build_finish(struct build *build, uint32_t algorithm,
		  uint32_t signature_size);

#endif
