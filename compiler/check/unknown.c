/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a board file says to be unknown: strings "WHAT: HOW", WHAT the name of
 * the property or node that is missing, or a question, HOW the command that
 * answers it.
 */
#include <string.h>

#include "check/check.h"

#define UNKNOWN "unknown"

bool check_is_unknown(int node, const char *name)
{
	size_t size = strlen(name);
	const char *text;
	int i;

	for (i = 0; (text = tree_string(node, UNKNOWN, i)) != NULL; i++) {
		if (strncmp(text, name, size) == 0 && text[size] == ':') {
			return true;
		}
	}
	return false;
}

static void refuse_fact(int node, const char *text)
{
	const char *how = strstr(text, ": ");
	int size = how == NULL ? (int)strlen(text) : (int)(how - text);
	struct diag *diag;

	diag = diag_error("unknown-fact", tree_property_at(node, UNKNOWN),
			  "not known of %s: %.*s", tree_path(node), size,
			  text);
	if (how == NULL) {
		diag_fix(diag, "find it, write it down, and remove this");
	} else {
		diag_fix(diag, "find it by: %s; write it down, and remove this",
			 how + 2);
	}
}

static void check_node(int node)
{
	const char *text;
	int i;

	for (i = 0; (text = tree_string(node, UNKNOWN, i)) != NULL; i++) {
		refuse_fact(node, text);
	}
}

/* The nodes whose schema has the property: no deeper than two. */
void check_unknown_fact(const struct model *model)
{
	int machine = tree_child(tree_root(), "machine");
	int node, child;

	(void)model;
	if (machine < 0) {
		return;
	}
	check_node(machine);
	for (node = tree_first(machine); node >= 0; node = tree_next(node)) {
		check_node(node);
		for (child = tree_first(node); child >= 0;
		     child = tree_next(child)) {
			check_node(child);
		}
	}
}
