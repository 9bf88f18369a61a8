/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of JSON by recursive descent; depth is bounded. */
#include "diff/json.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#define DEPTH_MAX 32u

static bool read_value(const char **at, struct json *value, unsigned depth);

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool take(const char **at, char c)
{
	skip_blanks(at);
	if (**at != c) {
		return false;
	}
	++*at;
	return true;
}

/* What stands behind a backslash; *at is moved behind it. */
static bool read_escape(const char **at, char *out)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *found = **at == '\0' ? NULL : strchr(from, **at);
	char digits[5] = { 0 };

	if (found != NULL) {
		*out = to[found - from];
		++*at;
		return true;
	}
	if (**at != 'u' || strspn(*at + 1, "0123456789abcdefABCDEF") < 4) {
		return false;
	}
	memcpy(digits, *at + 1, 4);
	*out = (char)strtoul(digits, NULL, 16);
	*at += 5;
	return true;
}

static bool read_string(const char **at, const char **text)
{
	size_t size = 0;
	const char *end;
	char *out;

	if (!take(at, '"')) {
		return false;
	}
	for (end = *at; *end != '"' && *end != '\0'; end++) {
		end += *end == '\\' && end[1] != '\0';
	}
	out = util_alloc((size_t)(end - *at) + 1);
	while (**at != '"') {
		if (**at == '\0') {
			return false;
		}
		if (**at == '\\') {
			++*at;
			if (!read_escape(at, &out[size++])) {
				return false;
			}
		} else {
			out[size++] = *(*at)++;
		}
	}
	++*at;
	*text = out;
	return true;
}

static bool read_items(const char **at, struct json *value, char end,
		       unsigned depth)
{
	if (take(at, end)) {
		return true;
	}
	do {
		struct json *item;

		value->items = util_grow(value->items, value->count,
					 sizeof(*value->items));
		item = &value->items[value->count++];
		if (value->type == JSON_OBJECT &&
		    (!read_string(at, &item->key) || !take(at, ':'))) {
			return false;
		}
		if (!read_value(at, item, depth + 1)) {
			return false;
		}
	} while (take(at, ','));
	return take(at, end);
}

static bool read_word(const char **at, struct json *value)
{
	static const struct {
		const char *text;
		enum json_type type;
		uint64_t number;
	} words[] = {
		{ "null", JSON_NULL, 0 }, { "true", JSON_BOOL, 1 },
		{ "false", JSON_BOOL, 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		size_t size = strlen(words[i].text);

		if (strncmp(*at, words[i].text, size) == 0) {
			value->type = words[i].type;
			value->number = words[i].number;
			*at += size;
			return true;
		}
	}
	return false;
}

static bool read_value(const char **at, struct json *value, unsigned depth)
{
	char *end;

	value->text = "";
	skip_blanks(at);
	if (depth == DEPTH_MAX) {
		return false;
	}
	if (**at == '"') {
		value->type = JSON_STRING;
		return read_string(at, &value->text);
	}
	if (take(at, '{')) {
		value->type = JSON_OBJECT;
		return read_items(at, value, '}', depth);
	}
	if (take(at, '[')) {
		value->type = JSON_LIST;
		return read_items(at, value, ']', depth);
	}
	if (**at < '0' || **at > '9') {
		return read_word(at, value);
	}
	value->type = JSON_NUMBER;
	value->number = strtoull(*at, &end, 10);
	*at = end;
	return true;
}

struct json *json_read(const char *path)
{
	struct json *value = util_alloc(sizeof(*value));
	struct bytes bytes;
	const char *at;

	if (!util_read_file(path, &bytes)) {
		return NULL;
	}
	at = (const char *)bytes.data;
	if (!read_value(&at, value, 0)) {
		return NULL;
	}
	skip_blanks(&at);
	return *at == '\0' && value->type == JSON_OBJECT ? value : NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
	uint32_t i;

	for (i = 0; object != NULL && object->type == JSON_OBJECT &&
	     i < object->count; i++) {
		if (strcmp(object->items[i].key, key) == 0) {
			return &object->items[i];
		}
	}
	return NULL;
}

const char *json_text(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value == NULL ? "" : value->text;
}

uint64_t json_number(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value == NULL ? 0 : value->number;
}

uint32_t json_count(const struct json *list)
{
	return list == NULL ? 0 : list->count;
}

const struct json *json_find(const struct json *list, const char *key,
			     const char *text)
{
	uint32_t i;

	for (i = 0; i < json_count(list); i++) {
		if (strcmp(json_text(&list->items[i], key), text) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}
