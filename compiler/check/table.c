/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of checks, of rules_*.c: runs them, puts their errors in order,
 * and explains them. tests/compiler/bad holds a spec for each id.
 */
#include "check/check.h"

#include <string.h>

static const struct {
	const char *title;
	const struct check *checks;
} groups[] = {
	{ "The language", check_language_rules },
	{ "The machine", check_machine_rules },
	{ "Memory", check_memory_rules },
	{ "Ports, UARTs and interrupt lines", check_ports_rules },
	{ "MSRs", check_msrs_rules },
	{ "CPUID and the TLFS", check_cpuid_rules },
	{ "LPs, VPs and plans", check_plan_rules },
	{ "Channels", check_channel_rules },
	{ "Payloads, names, failures", check_boot_rules },
	{ "The launch partition", check_launch_rules },
};

void check_run(const struct model *model, enum check_stage stage)
{
	const struct check *c;
	size_t i;

	for (i = 0; i < COUNT(groups); i++) {
		for (c = groups[i].checks; c->id != NULL; c++) {
			if (c->stage == stage && c->run != NULL) {
				c->run(model);
			}
		}
	}
}

/* Null: there is no such id. */
static const struct check *find(const char *id, unsigned *rank)
{
	const struct check *c;
	size_t i;

	*rank = 0;
	for (i = 0; i < COUNT(groups); i++) {
		for (c = groups[i].checks; c->id != NULL; c++) {
			if (strcmp(c->id, id) == 0) {
				return c;
			}
			++*rank;
		}
	}
	return NULL;
}

static unsigned rank_of(const char *id)
{
	unsigned rank;

	find(id, &rank);
	return rank;
}

static bool follows(const char *id, const char *cause)
{
	size_t size = strlen(cause);
	const struct check *c;
	const char *at;
	unsigned rank;

	c = find(id, &rank);
	at = c == NULL ? NULL : c->after;
	while (at != NULL && *at != '\0') {
		size_t length = strcspn(at, " ");

		if (length == size && strncmp(at, cause, size) == 0) {
			return true;
		}
		at += length;
		at += *at == ' ';
	}
	return false;
}

void check_settle(void)
{
	diag_settle(rank_of, follows);
}

static const char *severity_name(const struct check *c)
{
	return c->severity == CHECK_WARNING ? "warning" : "error";
}

bool check_explain(const char *id, FILE *out)
{
	unsigned rank;
	const struct check *c = find(id, &rank);

	if (c == NULL) {
		return false;
	}
	fprintf(out, "%s (%s): %s\n\nwhy    %s\nwrong  %s\nright  %s\n", id,
		severity_name(c), c->sentence, c->why, c->wrong, c->right);
	if (c->after != NULL) {
		fprintf(out, "after  %s\n", c->after);
	}
	return true;
}

void check_list(FILE *out)
{
	const struct check *c;
	size_t i;

	for (i = 0; i < COUNT(groups); i++) {
		for (c = groups[i].checks; c->id != NULL; c++) {
			fprintf(out, "%s (%s): %s\n", c->id, severity_name(c),
				c->sentence);
		}
	}
}

static void document_check(const struct check *c, FILE *out)
{
	const char *at;

	fprintf(out, "\n### %s\n\n%s%s %s\n\n", c->id,
		c->severity == CHECK_WARNING ? "A warning. " : "",
		c->sentence, c->why);
	fprintf(out, "- wrong: `%s`\n- right: `%s`\n", c->wrong, c->right);
	if (c->after == NULL) {
		return;
	}
	fputs("- not said where this is wrong already: ", out);
	for (at = c->after; *at != '\0'; at += *at == ' ') {
		int length = (int)strcspn(at, " ");

		fprintf(out, "%s[%.*s](#%.*s)", at == c->after ? "" : ", ",
			length, at, length, at);
		at += length;
	}
	fputc('\n', out);
}

void check_document(FILE *out)
{
	unsigned errors = 0, warnings = 0;
	const struct check *c;
	size_t i;

	for (i = 0; i < COUNT(groups); i++) {
		for (c = groups[i].checks; c->id != NULL; c++) {
			errors += c->severity == CHECK_ERROR;
			warnings += c->severity == CHECK_WARNING;
		}
	}
	fprintf(out, "# What a spec is checked for\n\n"
		"Made by `make spec-errors` from partc's own table; `partc "
		"--explain ID` prints one of these. There are %u errors,\n"
		"which refuse a spec, and %u warnings.\n", errors, warnings);
	for (i = 0; i < COUNT(groups); i++) {
		fprintf(out, "\n## %s\n", groups[i].title);
		for (c = groups[i].checks; c->id != NULL; c++) {
			document_check(c, out);
		}
	}
}
