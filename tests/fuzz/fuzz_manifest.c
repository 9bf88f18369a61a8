/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: stack/launch/manifest.c */
/*
 * Any bytes into the parser of manifests (libFuzzer): nothing beyond the room
 * is read, and what is accepted is within what its users take for granted.
 * An input is a list of changes to a good manifest (place, how, value); so
 * small inputs reach everything.
 */
#include <stdlib.h>
#include <string.h>

#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CERTIFICATES 2u

struct seed {
	struct manifest_header header;
	struct manifest_partition partitions[2];
	struct manifest_extent extents[3];
	struct {
		uint32_t size;
		uint8_t der[4];
	} certificates[CERTIFICATES];
	uint8_t signature[64];
};

static void demand(bool condition)
{
	if (!condition) {
		abort();
	}
}

static void make_seed(struct seed *seed)
{
	unsigned i;

	memset(seed, 0, sizeof(*seed));
	memcpy(seed->header.magic, MANIFEST_MAGIC, 8);
	seed->header.format = MANIFEST_FORMAT;
	seed->header.size = sizeof(*seed);
	seed->header.partition_count = 2;
	seed->header.extent_count = 3;
	seed->header.certificate_count = CERTIFICATES;
	seed->header.certificates = offsetof(struct seed, certificates);
	seed->header.signed_size = offsetof(struct seed, signature);
	seed->header.algorithm = MANIFEST_P256_SHA256;
	seed->header.signature_size = sizeof(seed->signature);
	strcpy(seed->partitions[0].name, "a");
	strcpy(seed->partitions[1].name, "b");
	seed->partitions[0].extent_count = 2;
	seed->partitions[1].extent_first = 2;
	seed->partitions[1].extent_count = 1;
	for (i = 0; i < 3; i++) {
		seed->extents[i].kind = 1 + i;
		seed->extents[i].gpa = 0x40 * i;
		seed->extents[i].size = 0x40;
	}
	for (i = 0; i < 2; i++) {
		seed->partitions[i].memory_size = 0x100;
		seed->certificates[i].size = 4;
	}
}

/* place (2 bytes), how, value; returns the room that is left. */
static size_t change(uint8_t *bytes, size_t room, const uint8_t *data)
{
	size_t at = (size_t)(data[0] | data[1] << 8) % sizeof(struct seed);
	uint64_t word = data[3];

	switch (data[2] % 6) {
	case 0:
		bytes[at] = data[3];
		return room;
	case 1:
		word = 0 - word;
		break;
	case 2:
		word <<= 24;
		break;
	case 3:
		word = 1ull << word % 64;
		break;
	case 4:
		return at;
	case 5:
		break;
	}
	at &= ~(size_t)3;
	memcpy(bytes + at, &word, at + 8 <= sizeof(struct seed) ? 8 : 4);
	return room;
}

static void check_extents(const struct manifest *m,
			  const struct manifest_partition *p)
{
	struct manifest_extent a, b;
	uint32_t i, j;

	demand(p->extent_first <= m->header.extent_count &&
	       p->extent_count <= m->header.extent_count - p->extent_first);
	for (i = 0; i < p->extent_count; i++) {
		manifest_get_extent(m, p->extent_first + i, &a);
		demand(a.size != 0 && a.gpa + a.size > a.gpa &&
		       a.gpa + a.size <= p->memory_size);
		for (j = 0; j < i; j++) {
			manifest_get_extent(m, p->extent_first + j, &b);
			demand(a.gpa + a.size <= b.gpa ||
			       b.gpa + b.size <= a.gpa);
		}
	}
}

static void check_all(const struct manifest *m, const uint8_t *bytes,
		      size_t room)
{
	struct manifest_partition p;
	uint32_t i;

	demand(m->header.size <= room);
	demand(m->signature + m->header.signature_size ==
	       bytes + m->header.size);
	demand(m->header.certificate_count >= 1 &&
	       m->header.certificate_count <= MANIFEST_CERTIFICATE_MAX);
	for (i = 0; i < m->header.certificate_count; i++) {
		demand(m->certificates[i].size != 0 &&
		       m->certificates[i].der > bytes &&
		       m->certificates[i].der + m->certificates[i].size <=
		       m->signature);
	}
	for (i = 0; i < m->header.partition_count; i++) {
		manifest_get_partition(m, i, &p);
		demand(memchr(p.name, 0, sizeof(p.name)) != NULL);
		demand(manifest_find_partition(m, p.name) == i);
		check_extents(m, &p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest;
	size_t room = sizeof(struct seed);
	struct seed seed;
	uint8_t *copy;
	size_t i;

	make_seed(&seed);
	for (i = 0; i + 4 <= size; i += 4) {
		room = change((uint8_t *)&seed, room, data + i);
	}
	/* In a block of exactly that room, so that a read beyond is seen. */
	copy = malloc(room == 0 ? 1 : room);
	demand(copy != NULL);
	memcpy(copy, &seed, room);
	if (manifest_parse(&manifest, copy, room) == MANIFEST_OK) {
		check_all(&manifest, copy, room);
	} else {
		demand(size >= 4);	/* the seed itself is good */
	}
	free(copy);
	return 0;
}
