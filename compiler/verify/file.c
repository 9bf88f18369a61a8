/* SPDX-License-Identifier: Apache-2.0 */
/* Files, memory, findings: the few services of the host that verify needs. */
#include "verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void report_error(struct report *report, const char *where,
		  const char *format, ...)
{
	va_list arguments;

	report->count++;
	if (!report->out) {
		return;
	}
	if (report->shown_max && report->count > report->shown_max) {
		return;
	}
	fprintf(report->out, "%s%sverify: error: ", where ? where : "",
		where ? ": " : "");
	va_start(arguments, format);
	vfprintf(report->out, format, arguments);
	va_end(arguments);
	fputc('\n', report->out);
}

void *alloc_array(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory) {
		fprintf(stderr, "verify: out of memory\n");
		exit(2);
	}
	return memory;
}

uint64_t load64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint8_t *file_read_stream(FILE *file, size_t *size)
{
	size_t room = 1u << 20;
	uint8_t *bytes = alloc_array(room, 1);

	*size = 0;
	for (;;) {
		*size += fread(bytes + *size, 1, room - *size, file);
		if (*size < room) {
			break;
		}
		room *= 2;
		bytes = realloc(bytes, room);
		if (!bytes) {
			fprintf(stderr, "verify: out of memory\n");
			exit(2);
		}
	}
	if (ferror(file)) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

uint8_t *file_read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;

	if (!file) {
		fprintf(stderr, "verify: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	bytes = file_read_stream(file, size);
	if (!bytes) {
		fprintf(stderr, "verify: %s: read error\n", path);
	}
	fclose(file);
	return bytes;
}
