/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few helpers that the compiler needs of a host: memory that lives until
 * the program ends, growing arrays, formatted strings, files.
 */
#ifndef PARTC_UTIL_H
#define PARTC_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Zeroed. Ends the program when there is none. */
void *util_alloc(size_t size);
/* All of it; whoever keeps a pointer must forget it (compile_forget). */
void util_free_all(void);
_Noreturn void util_die(const char *what, const char *path);
/*
 * An array that is to get element number count: the same memory, or more of
 * it. Use: a = util_grow(a, count, sizeof(*a)); a[count++] = x;
 */
void *util_grow(void *array, size_t count, size_t item_size);
char *util_format(const char *format, ...)
	__attribute__((format(printf, 1, 2), nonnull(1)));
char *util_copy(const char *text, size_t length);

struct bytes {
	uint8_t *data;
	size_t size;
};

/*
 * host/file.c. False if it cannot be read. The data is followed by a 0 byte.
 */
bool util_read_file(const char *path, struct bytes *bytes);
/*
 * The rest ends the program with a message when the disk says no. A file that
 * has these bytes already keeps its time, so that make does not make again
 * what is made of it.
 */
FILE *util_open(const char *path);
void util_close(FILE *file, const char *path);
void util_write_file(const char *path, const void *data, size_t size);
void util_make_directory(const char *path);
/* Removes what an earlier run left there, and this one did not write. */
void util_keep_written(const char *directory);
/* host/iasl.c: STEM.aml of each STEM.asl. */
void util_run_iasl(char *const *stems, size_t count);

/* Directory part of a path with its last slash; "" if there is none. */
char *util_directory(const char *path);
const char *util_base_name(const char *path);

static inline uint64_t util_round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static inline uint64_t util_round_down(uint64_t value, uint64_t unit)
{
	return value / unit * unit;
}

/* [a, a + a_size) and [b, b + b_size) share a byte. */
static inline bool util_overlaps(uint64_t a, uint64_t a_size, uint64_t b,
				 uint64_t b_size)
{
	return a_size != 0 && b_size != 0 && a < b + b_size && b < a + a_size;
}

/* "256 MiB", "4 KiB", "100 bytes" */
char *util_size(uint64_t size);

/* Little-endian fields of files and of what is written. */
uint64_t util_get(const uint8_t *at, unsigned size);
void util_put(uint8_t *at, uint64_t value, unsigned size);

#endif
