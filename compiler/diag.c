/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and warnings: collected, printed with the line they are about. */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MAX 8

struct note {
	struct loc at;
	char *text;
};

struct diag {
	const char *id;
	struct loc at;
	char *text;
	char *fix;
	struct note notes[NOTE_MAX];
	unsigned note_count;
	unsigned order;		/* in which they were found */
	unsigned rank;
	unsigned dropped;	/* notes */
	bool warning;
	bool needless;
};

static struct diag **diags;
static unsigned count;

static char *format_list(const char *format, va_list list)
{
	char buffer[1024];

	vsnprintf(buffer, sizeof(buffer), format, list);
	return util_copy(buffer, strlen(buffer));
}

static struct diag *add(const char *id, struct loc at, char *text)
{
	struct diag *diag = util_alloc(sizeof(*diag));

	diag->text = text;
	diag->id = id;
	diag->at = at;
	diag->order = count;
	diags = util_grow(diags, count, sizeof(struct diag *));
	diags[count++] = diag;
	return diag;
}

struct diag *diag_error(const char *id, struct loc at,
			const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	text = format_list(format, list);
	va_end(list);
	return add(id, at, text);
}

struct diag *diag_warning(const char *id, struct loc at,
			  const char *format, ...)
{
	struct diag *diag;
	va_list list;
	char *text;

	va_start(list, format);
	text = format_list(format, list);
	va_end(list);
	diag = add(id, at, text);
	diag->warning = true;
	return diag;
}

void diag_note(struct diag *diag, struct loc at, const char *format, ...)
{
	struct note *note;
	va_list list;

	if (diag->note_count == NOTE_MAX) {
		diag->dropped++;
		return;
	}
	note = &diag->notes[diag->note_count++];
	note->at = at;
	va_start(list, format);
	note->text = format_list(format, list);
	va_end(list);
}

void diag_fix(struct diag *diag, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	diag->fix = format_list(format, list);
	va_end(list);
}

void diag_forget(void)
{
	diags = NULL;
	count = 0;
}

unsigned diag_count(void)
{
	unsigned errors = 0;
	unsigned i;

	for (i = 0; i < count; i++) {
		errors += !diags[i]->warning;
	}
	return errors;
}

static bool same_place(struct loc a, struct loc b)
{
	return a.file != NULL && b.file != NULL &&
	       strcmp(a.file, b.file) == 0 && a.line == b.line &&
	       a.column == b.column;
}

bool diag_has_error_at(struct loc at)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (!diags[i]->warning && same_place(at, diags[i]->at)) {
			return true;
		}
	}
	return false;
}

static bool speaks_of(const struct diag *diag, struct loc at)
{
	unsigned i;

	for (i = 0; i < diag->note_count; i++) {
		if (same_place(diag->notes[i].at, at)) {
			return true;
		}
	}
	return same_place(diag->at, at);
}

static int compare_rank(const void *a, const void *b)
{
	const struct diag *x = *(const struct diag *const *)a;
	const struct diag *y = *(const struct diag *const *)b;

	if (x->rank != y->rank) {
		return x->rank < y->rank ? -1 : 1;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

/* One of those before it makes this one needless. */
static bool is_needless(const struct diag *diag, unsigned before,
			bool (*follows)(const char *id, const char *cause))
{
	unsigned i;

	for (i = 0; i < before; i++) {
		const struct diag *other = diags[i];

		if (strcmp(diag->id, other->id) == 0 &&
		    same_place(diag->at, other->at) &&
		    strcmp(diag->text, other->text) == 0) {
			return true;
		}
		if (!other->warning && speaks_of(diag, other->at) &&
		    follows(diag->id, other->id)) {
			return true;
		}
	}
	return false;
}

void diag_settle(unsigned (*rank)(const char *id),
		 bool (*follows)(const char *id, const char *cause))
{
	unsigned kept = 0;
	unsigned i;

	for (i = 0; i < count; i++) {
		diags[i]->rank = rank(diags[i]->id);
	}
	if (count != 0) {
		qsort(diags, count, sizeof(struct diag *), compare_rank);
	}
	/* What follows from a needless one is needless too. */
	for (i = 0; i < count; i++) {
		diags[i]->needless = is_needless(diags[i], i, follows);
	}
	for (i = 0; i < count; i++) {
		if (!diags[i]->needless) {
			diags[kept++] = diags[i];
		}
	}
	count = kept;
}

/* The line, then a caret below the column; tabs stay tabs. */
static void print_line(FILE *out, struct loc at)
{
	const char *line;
	unsigned i;

	if (at.file == NULL) {
		return;
	}
	line = source_line(at.file, at.line);
	if (line == NULL) {
		return;
	}
	fprintf(out, "    %s\n    ", line);
	for (i = 1; i < at.column && line[i - 1] != '\0'; i++) {
		fputc(line[i - 1] == '\t' ? '\t' : ' ', out);
	}
	fprintf(out, "^\n");
}

static void print_one(FILE *out, const struct diag *diag)
{
	unsigned i;

	fprintf(out, "%s: %s[%s]: %s\n",
		diag->at.file == NULL ? "partc" : source_text(diag->at),
		diag->warning ? "warning" : "error", diag->id, diag->text);
	print_line(out, diag->at);
	for (i = 0; i < diag->note_count; i++) {
		const struct note *note = &diag->notes[i];

		if (note->at.file == NULL) {
			fprintf(out, "note: %s\n", note->text);
		} else {
			fprintf(out, "note: %s: %s\n",
				source_text(note->at), note->text);
		}
	}
	if (diag->dropped != 0) {
		fprintf(out, "note: and %u more\n", diag->dropped);
	}
	if (diag->fix != NULL) {
		fprintf(out, "fix: %s\n", diag->fix);
	}
}

static void print_count(FILE *out, unsigned number, const char *what)
{
	if (number != 0) {
		fprintf(out, "%u %s%s\n", number, what,
			number == 1 ? "" : "s");
	}
}

void diag_print_all(FILE *out)
{
	unsigned errors = diag_count();
	unsigned i;

	for (i = 0; i < count; i++) {
		print_one(out, diags[i]);
	}
	print_count(out, count - errors, "warning");
	print_count(out, errors, "error");
}
