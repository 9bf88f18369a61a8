/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source map: "dtc -I dts -O dts -T -T" ends each line that opens a node
 * or gives a property with a comment that says where it came from. Newlines in
 * strings are escaped there, so an item is a line; strings may hold comments,
 * so the last one of a line counts.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#define DEPTH_MAX 32

struct entry {
	const char *node;
	const char *property;	/* null: the node itself */
	struct loc at;
};

struct text_file {
	const char *name;
	char **lines;
	unsigned line_count;
};

static struct entry *entries;
static size_t entry_count;
static struct text_file *files;
static size_t file_count;
static const char **directories;
static size_t directory_count;

/* "name:line:col-..." of the first place that a comment names. */
static struct loc parse_place(const char *comment)
{
	struct loc at = { NULL, 0, 0 };
	size_t length = strcspn(comment, ",*");
	char *text = util_copy(comment, length);
	char *dash = strrchr(text, '-');
	char *colon;

	/* The range's end is "line:col", or "col" alone. */
	if (dash == NULL || text[0] == '<') {
		return at;
	}
	*dash = '\0';
	colon = strrchr(text, ':');
	if (colon == NULL) {
		return at;
	}
	at.column = (unsigned)strtoul(colon + 1, NULL, 10);
	*colon = '\0';
	colon = strrchr(text, ':');
	if (colon == NULL) {
		at.column = 0;
		return at;
	}
	at.line = (unsigned)strtoul(colon + 1, NULL, 10);
	*colon = '\0';
	at.file = strncmp(text, "./", 2) == 0 ? text + 2 : text;
	return at;
}

static const char *last_comment(const char *line)
{
	const char *found = NULL;
	const char *next = strstr(line, "/* ");

	while (next != NULL) {
		found = next;
		next = strstr(next + 1, "/* ");
	}
	return found == NULL ? NULL : found + 3;
}

static void add_entry(const char *node, const char *property, struct loc at)
{
	entries = util_grow(entries, entry_count, sizeof(*entries));
	entries[entry_count].node = node;
	entries[entry_count].property = property;
	entries[entry_count].at = at;
	entry_count++;
}

/* "label: name {" -> the node's path below its parent's. */
static const char *node_path(const char *parent, char *line, char *brace)
{
	char *name = line;
	char *colon;

	while (brace > line && brace[-1] == ' ') {
		brace--;
	}
	*brace = '\0';
	while ((colon = strstr(name, ": ")) != NULL) {
		name = colon + 2;
	}
	if (strcmp(name, "/") == 0) {
		return "";
	}
	return util_format("%s/%s", parent, name);
}

static void read_line(char *line, const char **stack, unsigned *depth)
{
	const char *comment = last_comment(line);
	struct loc at = { NULL, 0, 0 };
	char *cut;

	while (*line == '\t' || *line == ' ') {
		line++;
	}
	if (*line == '}') {
		*depth -= *depth > 0 ? 1 : 0;
		return;
	}
	if (comment == NULL) {
		return;
	}
	at = parse_place(comment);
	cut = strstr(line, " { /* ");
	if (cut != NULL && *depth < DEPTH_MAX - 1 &&
	    memchr(line, '"', (size_t)(cut - line)) == NULL) {
		stack[*depth + 1] = node_path(stack[*depth], line, cut + 1);
		(*depth)++;
		add_entry(stack[*depth], NULL, at);
		return;
	}
	cut = line + strcspn(line, " ;=");
	*cut = '\0';
	add_entry(stack[*depth], line, at);
}

bool source_read_map(const char *path)
{
	const char *stack[DEPTH_MAX] = { "" };
	unsigned depth = 0;
	struct bytes map;
	char *line;
	char *end;

	if (!util_read_file(path, &map)) {
		return false;
	}
	line = (char *)map.data;
	while (*line != '\0') {
		end = line + strcspn(line, "\n");
		if (*end != '\0') {
			*end++ = '\0';
		}
		read_line(line, stack, &depth);
		line = end;
	}
	return true;
}

void source_forget(void)
{
	entries = NULL;
	files = NULL;
	directories = NULL;
	entry_count = file_count = directory_count = 0;
}

void source_add_directory(const char *directory)
{
	directories = util_grow(directories, directory_count,
				sizeof(*directories));
	directories[directory_count++] = directory;
}

static bool read_source(const char *name, struct bytes *bytes)
{
	size_t i;

	if (util_read_file(name, bytes)) {
		return true;
	}
	for (i = 0; i < directory_count; i++) {
		if (util_read_file(util_format("%s%s", directories[i], name),
				   bytes)) {
			return true;
		}
	}
	return false;
}

static struct text_file *open_source(const char *name)
{
	struct text_file *file;
	struct bytes bytes;
	char *line;
	size_t i;

	for (i = 0; i < file_count; i++) {
		if (strcmp(files[i].name, name) == 0) {
			return &files[i];
		}
	}
	files = util_grow(files, file_count, sizeof(*files));
	file = &files[file_count++];
	memset(file, 0, sizeof(*file));
	file->name = name;
	if (!read_source(name, &bytes)) {
		return file;
	}
	line = (char *)bytes.data;
	while (line != NULL) {
		file->lines = util_grow(file->lines, file->line_count,
					sizeof(*file->lines));
		file->lines[file->line_count++] = line;
		line = strchr(line, '\n');
		if (line != NULL) {
			*line++ = '\0';
		}
	}
	return file;
}

const char *source_line(const char *file, unsigned line)
{
	struct text_file *text = open_source(file);

	if (line == 0 || line > text->line_count) {
		return NULL;
	}
	return text->lines[line - 1];
}

/* Last place of name that starts before the column; null: none. */
static const char *last_before(const char *line, unsigned column,
			       const char *name)
{
	const char *found = NULL;
	const char *next = strstr(line, name);

	while (next != NULL && next < line + column) {
		found = next;
		next = strstr(next + 1, name);
	}
	return found;
}

/*
 * dtc counts columns in what cpp made of a line, and gives a node the place of
 * its brace. A person wants the name: where it stands in the line, else the
 * line's first character (the name came out of a macro).
 */
static struct loc find_column(struct loc at, const char *name)
{
	const char *line = source_line(at.file, at.line);
	const char *found;

	if (line == NULL) {
		return at;
	}
	if (at.column >= 1 && at.column <= strlen(line) &&
	    strncmp(line + at.column - 1, name, strlen(name)) == 0) {
		return at;
	}
	found = last_before(line, at.column, name);
	if (found == NULL) {
		found = strstr(line, name);
	}
	if (found == NULL) {
		found = line + strspn(line, " \t");
	}
	at.column = (unsigned)(found - line) + 1;
	return at;
}

struct loc source_find(const char *node, const char *property)
{
	struct loc nowhere = { NULL, 0, 0 };
	const char *name = property != NULL ? property : util_base_name(node);
	size_t i;

	if (strcmp(node, "/") == 0) {
		node = "";
	}
	for (i = 0; i < entry_count; i++) {
		const struct entry *entry = &entries[i];

		if (strcmp(entry->node, node) != 0) {
			continue;
		}
		if (property == NULL ? entry->property == NULL :
		    entry->property != NULL &&
		    strcmp(entry->property, property) == 0) {
			return entry->at.file == NULL ? nowhere :
			       find_column(entry->at, name);
		}
	}
	return nowhere;
}

/* From a place to the end of its statement; null: there is none. */
static const char *statement_at(struct loc at)
{
	const char *line = source_line(at.file, at.line);
	const char *text = "";

	if (line == NULL || at.column == 0 || at.column > strlen(line)) {
		return NULL;
	}
	line += at.column - 1;
	while (line != NULL) {
		text = util_format("%s%s ", text, line);
		if (strchr(line, ';') != NULL) {
			return text;
		}
		line = source_line(at.file, ++at.line);
	}
	return NULL;
}

bool source_has_number(struct loc at, const char *property, unsigned period)
{
	const char *next = at.file == NULL ? NULL : statement_at(at);
	unsigned cell = 0;

	if (next == NULL || strncmp(next, property, strlen(property)) != 0) {
		return false;
	}
	next += strcspn(next, "=;");
	while (*next != '\0' && *next != ';') {
		next += strspn(next, "=<>, \t");
		if (*next >= '0' && *next <= '9') {
			if (cell++ % period == 0 &&
			    strtoul(next, NULL, 0) != 0) {
				return true;
			}
		} else if (*next == '&') {
			cell++;
		} else {
			return false;
		}
		next += strcspn(next, ">, \t;");
	}
	return false;
}

const char *source_text(struct loc at)
{
	if (at.file == NULL) {
		return "(generated)";
	}
	return util_format("%s:%u:%u", at.file, at.line, at.column);
}
