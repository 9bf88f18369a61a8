/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: compiler/check compiler/emit compiler/place compiler/read */
/* SOURCES: compiler/compile.c compiler/diag.c compiler/kconfig.c */
/* SOURCES: compiler/schema.c compiler/sha384.c compiler/source.c */
/* SOURCES: compiler/tree.c compiler/util.c tests/fuzz/mutate_tree.c */
/* FLAGS: -Icompiler -lfdt -lmbedcrypto */
/*
 * Any device tree through all of partc (libFuzzer): it is read, checked,
 * placed and emitted, or refused with at least one error; nothing is read out
 * of bounds, kept between runs, lost, or left running. There are no files: what
 * follows the tree in the input is the contents of every payload, and what is
 * written goes nowhere.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "diag.h"
#include "kconfig.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Freed memory is used again soon, and so stays in the caches. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=4";
}

static const char config[] =
	"#define CONFIG_SVM 1\n#define CONFIG_VMX 1\n#define CONFIG_TLFS 1\n"
	"#define CONFIG_LAUNCH 1\n"
	"#define CONFIG_CONSOLE_DEBUGCON 1\n#define CONFIG_IMAGE_BASE_MIB 16\n";
static const uint8_t *payload;
static size_t payload_size;

static void demand(bool condition)
{
	if (!condition) {
		abort();
	}
}

bool util_read_file(const char *path, struct bytes *bytes)
{
	const char *end = path + strlen(path);
	const void *from = payload;

	bytes->size = payload_size;
	if (strcmp(path, "config") == 0) {
		from = config;
		bytes->size = sizeof(config) - 1;
	} else if (end - path > 4 && strcmp(end - 4, ".aml") == 0) {
		from = config;
		bytes->size = 48;
	}
	bytes->data = util_alloc(bytes->size + 1);
	if (bytes->size != 0) {
		memcpy(bytes->data, from, bytes->size);
	}
	return true;
}

static ssize_t drop(void *cookie, const char *data, size_t size)
{
	(void)cookie;
	(void)data;
	return (ssize_t)size;
}

FILE *util_open(const char *path)
{
	cookie_io_functions_t functions = { .write = drop };
	FILE *file = fopencookie(NULL, "w", functions);

	demand(path != NULL && file != NULL);
	return file;
}

void util_close(FILE *file, const char *path)
{
	(void)path;
	demand(fclose(file) == 0);
}

void util_write_file(const char *path, const void *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	(void)path;
	demand(copy != NULL);
	if (size != 0) {
		memcpy(copy, data, size);
	}
	free(copy);
}

void util_make_directory(const char *path)
{
	(void)path;
}

void util_keep_written(const char *directory)
{
	(void)directory;
}

void util_run_iasl(char *const *stems, size_t count)
{
	demand(count != 0 && stems[count - 1] != NULL);
}

static void compile(void)
{
	struct model model = {
		.spec_path = "fuzz.dts", .guest_directory = "guests/",
		.launch_directory = "launch/",
		.out_directory = "out",
	};
	FILE *out = util_open("errors");
	bool good;

	demand(kconfig_read("config"));
	model.image_base = kconfig_number("IMAGE_BASE_MIB", 0) << 20;
	good = compile_spec(&model);
	demand(good == (diag_count() == 0));
	if (good) {
		compile_emit(&model, "target");
	}
	diag_print_all(out);
	util_close(out, "errors");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	size_t tree = size;

	if (size >= sizeof(struct fdt_header) &&
	    fdt_totalsize(data) < size) {
		tree = fdt_totalsize(data);
	}
	payload = data + tree;
	payload_size = size - tree;
	if (tree_open(data, tree, &why)) {
		compile();
	} else {
		demand(why != NULL);
	}
	compile_forget();
	return 0;
}
