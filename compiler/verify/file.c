/* SPDX-License-Identifier: Apache-2.0 */
/* Files, memory, findings: the few services of the host that verify needs. */
#include "verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

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

uint8_t *file_map(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	void *bytes = MAP_FAILED;
	struct stat info;

	if (!file) {
		fprintf(stderr, "verify: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	/* Mapped at once: a copy and a fault for each page cost more. */
	if (!fstat(fileno(file), &info) && S_ISREG(info.st_mode)) {
		*size = (size_t)info.st_size;
		bytes = mmap(NULL, *size + 1, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_POPULATE, fileno(file), 0);
	}
	fclose(file);
	if (bytes == MAP_FAILED) {
		fprintf(stderr, "verify: %s: read error\n", path);
		return NULL;
	}
	return bytes;
}

void file_unmap(uint8_t *bytes, size_t size)
{
	munmap(bytes, size + 1);
}
