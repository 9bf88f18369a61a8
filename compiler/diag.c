/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: collected here, printed with the line that they are about. */
#include "diag.h"

#include <stdarg.h>
#include <string.h>

#define NOTE_MAX 4

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
};

static struct diag **diags;
static unsigned count;

static char *format_list(const char *format, va_list list)
{
	char buffer[1024];

	vsnprintf(buffer, sizeof(buffer), format, list);
	return util_copy(buffer, strlen(buffer));
}

struct diag *diag_error(const char *id, struct loc at,
			const char *format, ...)
{
	struct diag *diag = util_alloc(sizeof(*diag));
	va_list list;

	va_start(list, format);
	diag->text = format_list(format, list);
	va_end(list);
	diag->id = id;
	diag->at = at;
	diags = util_grow(diags, count, sizeof(struct diag *));
	diags[count++] = diag;
	return diag;
}

void diag_note(struct diag *diag, struct loc at, const char *format, ...)
{
	struct note *note;
	va_list list;

	if (diag->note_count == NOTE_MAX) {
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

unsigned diag_count(void)
{
	return count;
}

bool diag_has_error_at(struct loc at)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		const struct loc *other = &diags[i]->at;

		if (at.file != NULL && other->file != NULL &&
		    strcmp(at.file, other->file) == 0 &&
		    at.line == other->line && at.column == other->column) {
			return true;
		}
	}
	return false;
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

	fprintf(out, "%s: error[%s]: %s\n",
		diag->at.file == NULL ? "partc" : source_text(diag->at),
		diag->id, diag->text);
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
	if (diag->fix != NULL) {
		fprintf(out, "fix: %s\n", diag->fix);
	}
}

void diag_print_all(FILE *out)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		print_one(out, diags[i]);
	}
	if (count != 0) {
		fprintf(out, "%u error%s\n", count, count == 1 ? "" : "s");
	}
}
