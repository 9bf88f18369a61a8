/* SPDX-License-Identifier: Apache-2.0 */
/* Reads report.json, as far as JSON goes that emit/json.c writes. */
#ifndef PARTC_DIFF_JSON_H
#define PARTC_DIFF_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_LIST,
		 JSON_OBJECT };

struct json {
	enum json_type type;
	const char *key;	/* in an object */
	const char *text;	/* JSON_STRING; "" else */
	uint64_t number;	/* JSON_NUMBER, JSON_BOOL */
	struct json *items;	/* JSON_LIST, JSON_OBJECT */
	uint32_t count;
};

/* Null: it cannot be read, or is no JSON. */
struct json *json_read(const char *path);

/* Null-safe: of what is not there, null, 0 or "". */
const struct json *json_get(const struct json *object, const char *key);
const char *json_text(const struct json *object, const char *key);
uint64_t json_number(const struct json *object, const char *key);
uint32_t json_count(const struct json *list);
/* The object of a list whose key has that text; null: none. */
const struct json *json_find(const struct json *list, const char *key,
			     const char *text);

#endif
