/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files. One is written beside its place first, and takes it only if the
 * bytes are others.
 */
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define LARGE (1u << 20)

/* What this run has written, whether it was there already or not. */
static const char **written;
static size_t written_count;

/*
 * A large file is mapped, not copied; behind its end there are zeros up to the
 * page's. Null: that cannot be had.
 */
static uint8_t *map_file(FILE *file, size_t size)
{
	void *map = MAP_FAILED;

	if (size >= LARGE && size % PAGE != 0) {
		map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_POPULATE, fileno(file), 0);
	}
	return map == MAP_FAILED ? NULL : map;
}

bool util_read_file(const char *path, struct bytes *bytes)
{
	struct stat info;
	FILE *file = fopen(path, "rb");
	bool good;

	if (file == NULL) {
		return false;
	}
	if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
		fclose(file);
		return false;
	}
	bytes->size = (size_t)info.st_size;
	bytes->data = map_file(file, bytes->size);
	if (bytes->data != NULL) {
		fclose(file);
		return true;
	}
	bytes->data = util_alloc(bytes->size + 1);
	good = fread(bytes->data, 1, bytes->size, file) == bytes->size;
	fclose(file);
	return good;
}

static const char *new_name(const char *path)
{
	return util_format("%s.new", path);
}

FILE *util_open(const char *path)
{
	FILE *file = fopen(new_name(path), "wb");

	if (file == NULL) {
		util_die("cannot be written", path);
	}
	return file;
}

static bool same_bytes(FILE *a, FILE *b)
{
	static char buffer[2][65536];
	size_t size;

	do {
		size = fread(buffer[0], 1, sizeof(buffer[0]), a);
		if (fread(buffer[1], 1, sizeof(buffer[1]), b) != size ||
		    memcmp(buffer[0], buffer[1], size) != 0) {
			return false;
		}
	} while (size != 0);
	return true;
}

static bool same_files(const char *path, const char *other)
{
	struct stat info, other_info;
	bool same = false;
	FILE *a, *b;

	if (stat(path, &info) != 0 || stat(other, &other_info) != 0 ||
	    !S_ISREG(info.st_mode) || info.st_size != other_info.st_size) {
		return false;
	}
	a = fopen(path, "rb");
	b = fopen(other, "rb");
	if (a != NULL && b != NULL) {
		same = same_bytes(a, b);
	}
	if (a != NULL) {
		fclose(a);
	}
	if (b != NULL) {
		fclose(b);
	}
	return same;
}

void util_close(FILE *file, const char *path)
{
	const char *new = new_name(path);

	if (ferror(file) != 0 || fclose(file) != 0) {
		util_die("cannot be written", path);
	}
	if (same_files(path, new) ? unlink(new) != 0 :
	    rename(new, path) != 0) {
		util_die("cannot be written", path);
	}
	written = util_grow(written, written_count, sizeof(*written));
	written[written_count++] = util_copy(path, strlen(path));
}

void util_write_file(const char *path, const void *data, size_t size)
{
	FILE *file = util_open(path);

	if (size != 0 && fwrite(data, 1, size, file) != size) {
		util_die("cannot be written", path);
	}
	util_close(file, path);
}

void util_make_directory(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST) {
		util_die("cannot be made", path);
	}
}

static bool was_written(const char *path)
{
	size_t i;

	for (i = 0; i < written_count; i++) {
		if (strcmp(written[i], path) == 0) {
			return true;
		}
	}
	return false;
}

void util_keep_written(const char *directory)
{
	struct dirent *entry;
	DIR *open = opendir(directory);

	while (open != NULL && (entry = readdir(open)) != NULL) {
		const char *path = util_format("%s/%s", directory,
					       entry->d_name);

		if (entry->d_name[0] != '.' && !was_written(path) &&
		    unlink(path) != 0) {
			util_die("cannot be removed", path);
		}
	}
	if (open != NULL) {
		closedir(open);
	}
}
