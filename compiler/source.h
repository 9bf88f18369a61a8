/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the spec something stands: the source map that "dtc -T -T" writes,
 * and the lines of the files themselves.
 */
#ifndef PARTC_SOURCE_H
#define PARTC_SOURCE_H

#include <stdbool.h>

struct loc {
	const char *file;	/* null: nowhere in the source */
	unsigned line;
	unsigned column;
};

/* Reads the map. False: it cannot be read. */
bool source_read_map(const char *path);
/* Before util_free_all(). */
void source_forget(void);
/* Files of the map are looked for here, too. */
void source_add_directory(const char *directory);

/* Of a node ("/partitions/linux"), or of a property of it. */
struct loc source_find(const char *node, const char *property);

/* Is one of every period cells of a property written as a number, not 0? */
bool source_has_number(struct loc at, const char *property, unsigned period);

/* Text of a line without its newline; null if there is none. */
const char *source_line(const char *file, unsigned line);

/* "file:line:col", for the tables and messages. */
const char *source_text(struct loc at);

#endif
