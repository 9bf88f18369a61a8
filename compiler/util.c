/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of the compiler. Memory is chained and freed all at once: a run is
 * short, and every pointer stays good until it ends.
 */
#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	_Alignas(16) uint8_t data[];
};

static struct block *block_list;

_Noreturn void util_die(const char *what, const char *path)
{
	fprintf(stderr, "partc: %s: %s: %s\n", path, what, strerror(errno));
	exit(2);
}

void *util_alloc(size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size);

	if (block == NULL) {
		util_die("no memory", "heap");
	}
	block->next = block_list;
	block_list = block;
	return block->data;
}

void util_free_all(void)
{
	while (block_list != NULL) {
		struct block *next = block_list->next;

		free(block_list);
		block_list = next;
	}
}

void *util_grow(void *array, size_t count, size_t item_size)
{
	size_t room = count < 4 ? 4 : count * 2;
	void *more;

	/* Room is 4, 8, 16, ...: full exactly at those counts. */
	if (count != 0 && (count < 4 || (count & (count - 1)) != 0)) {
		return array;
	}
	more = util_alloc(room * item_size);
	if (count != 0) {
		memcpy(more, array, count * item_size);
	}
	return more;
}

char *util_format(const char *format, ...)
{
	va_list list;
	char *text;
	int length;

	va_start(list, format);
	length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0) {
		util_die("bad format", format);
	}
	text = util_alloc((size_t)length + 1);
	va_start(list, format);
	vsnprintf(text, (size_t)length + 1, format, list);
	va_end(list);
	return text;
}

char *util_copy(const char *text, size_t length)
{
	char *copy = util_alloc(length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *util_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return util_copy(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
}

const char *util_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

char *util_size(uint64_t size)
{
	static const char *const unit[] = { "KiB", "MiB", "GiB" };
	unsigned i = 3;

	while (i > 0) {
		if (size >= 1ull << (10 * i) &&
		    size % (1ull << (10 * i)) == 0) {
			return util_format("%llu %s", (unsigned long long)
					   (size >> (10 * i)), unit[i - 1]);
		}
		i--;
	}
	return util_format("%llu bytes", (unsigned long long)size);
}

uint64_t util_get(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < size; i++) {
		value |= (uint64_t)at[i] << (8 * i);
	}
	return value;
}

void util_put(uint8_t *at, uint64_t value, unsigned size)
{
	unsigned i;

	for (i = 0; i < size; i++) {
		at[i] = (uint8_t)(value >> (8 * i));
	}
}
