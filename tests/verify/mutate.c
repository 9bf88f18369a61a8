/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutate bulkhead.elf spec.dtb COUNT: gives verify COUNT broken images and
 * specs: random bytes changed, files cut short, headers overwritten. It must
 * answer each time; built with the sanitizers, it must not read one byte
 * beside what it was given. The sequence is the same on every run.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mutate_state = 0x9e3779b97f4a7c15ull;

/* xorshift64 */
static uint64_t mutate_random(uint64_t below)
{
	mutate_state ^= mutate_state << 13;
	mutate_state ^= mutate_state >> 7;
	mutate_state ^= mutate_state << 17;
	return mutate_state % below;
}

/* Values that bounds are made of. */
static uint8_t mutate_byte(void)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };

	if (mutate_random(2)) {
		return edges[mutate_random(sizeof(edges))];
	}
	return (uint8_t)mutate_random(256);
}

/* A copy with a size of its own, so that reading beyond it is noticed. */
static uint8_t *mutate_copy(const uint8_t *from, size_t *size, size_t focus)
{
	uint8_t *copy;
	unsigned changes = (unsigned)mutate_random(8);
	size_t i;

	if (!mutate_random(4)) {
		*size = mutate_random(*size + 1);
	}
	copy = malloc(*size ? *size : 1);
	if (!copy) {
		exit(2);
	}
	memcpy(copy, from, *size);
	for (i = 0; i < changes && *size; i++) {
		size_t range = mutate_random(2) && focus < *size ? focus :
			       *size;
		size_t at = mutate_random(range);
		size_t run = 1 + mutate_random(8);

		for (; run && at < *size; run--, at++) {
			copy[at] = mutate_byte();
		}
	}
	return copy;
}

int main(int argc, char **argv)
{
	uint8_t *whole[2];
	size_t whole_size[2];
	unsigned long accepted = 0;
	unsigned long count;
	unsigned long i;

	if (argc != 4) {
		fprintf(stderr, "usage: mutate bulkhead.elf spec.dtb COUNT\n");
		return 2;
	}
	whole[0] = file_map(argv[1], &whole_size[0]);
	whole[1] = file_map(argv[2], &whole_size[1]);
	count = strtoul(argv[3], NULL, 10);
	if (!whole[0] || !whole[1] || !count) {
		return 2;
	}
	for (i = 0; i < count; i++) {
		struct report report = { NULL, 0, 0 };
		size_t size[2] = { whole_size[0], whole_size[1] };
		uint8_t *elf = mutate_copy(whole[0], &size[0], 4096);
		uint8_t *dtb = mutate_copy(whole[1], &size[1], 64);

		verify_all(elf, size[0], dtb, size[1], &report, NULL);
		accepted += !report.count;
		free(elf);
		free(dtb);
	}
	file_unmap(whole[0], whole_size[0]);
	file_unmap(whole[1], whole_size[1]);
	printf("mutate: %lu tried, %lu accepted\n", count, accepted);
	return 0;
}
