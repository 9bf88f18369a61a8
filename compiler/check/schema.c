/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the tree against the tables of the language: names, required
 * properties, types, words. Knows nothing of what they mean.
 */
#include <string.h>

#include "check/check.h"
#include "check/suggest.h"
#include "schema.h"

static void suggest_property(struct diag *diag, const char *name,
			     const struct schema_node *schema)
{
	const char *found = NULL;
	const char *list = "";
	size_t i;

	for (i = 0; i < schema->property_count; i++) {
		const char *known = schema->properties[i].name;

		found = suggest_nearer(name, known, found);
		list = util_format("%s%s%s", list, i == 0 ? "" : ", ", known);
	}
	if (found != NULL) {
		diag_fix(diag, "did you mean \"%s\"?", found);
	} else if (schema->property_count == 0) {
		diag_fix(diag, "remove it: this node has no properties");
	} else {
		diag_fix(diag, "remove it, or use one of: %s", list);
	}
}

static const struct schema_property *
find_property(const struct schema_node *schema, const char *name)
{
	size_t i;

	for (i = 0; i < schema->property_count; i++) {
		if (strcmp(schema->properties[i].name, name) == 0) {
			return &schema->properties[i];
		}
	}
	return NULL;
}

static const struct schema_node *
find_node(const struct schema_node *schema, const char *name)
{
	size_t i;

	for (i = 0; i < schema->node_count; i++) {
		const char *known = schema->nodes[i].name;

		if (strcmp(known, "*") == 0 || strcmp(known, name) == 0) {
			return &schema->nodes[i];
		}
	}
	return NULL;
}

/* Strings end with a 0 byte and none is empty. */
static unsigned count_strings(const uint8_t *data, int size)
{
	unsigned count = 0;
	int i;

	if (size == 0 || data[size - 1] != '\0') {
		return 0;
	}
	for (i = 0; i < size; i++) {
		if (data[i] == '\0') {
			if (i == 0 || data[i - 1] == '\0') {
				return 0;
			}
			count++;
		}
	}
	return count;
}

static bool is_reference(const struct schema_property *schema)
{
	return schema->type == SCHEMA_REFERENCE ||
	       schema->type == SCHEMA_REFERENCES ||
	       schema->type == SCHEMA_SLOTS;
}

static bool has_type(int node, const struct schema_property *schema)
{
	int size;
	const uint8_t *data = tree_property(node, schema->name, &size);

	switch (schema->type) {
	case SCHEMA_FLAG:
		return size == 0;
	case SCHEMA_CELL:
	case SCHEMA_REFERENCE:
		return size == 4;
	case SCHEMA_WIDE:
	case SCHEMA_PAIR:
		return size == 8;
	case SCHEMA_REG:
	case SCHEMA_QUAD:
		return size == 16;
	case SCHEMA_STRING:
		/* A command line may be empty. */
		return count_strings(data, size) == 1 ||
		       (size == 1 && data[0] == '\0');
	case SCHEMA_STRINGS:
		return count_strings(data, size) > 0;
	case SCHEMA_REFERENCES:
		return size > 0 && size % 4 == 0;
	case SCHEMA_SLOTS:
		return size > 0 && size % 12 == 0;
	}
	return false;
}

static const char *list_words(const char *const *words)
{
	const char *list = "";
	int i;

	for (i = 0; words[i] != NULL; i++) {
		list = util_format("%s%s\"%s\"", list, i == 0 ? "" : ", ",
				   words[i]);
	}
	return list;
}

static void check_words(int node, const struct schema_property *schema)
{
	const char *list = list_words(schema->words);
	const char *text, *found;
	struct diag *diag;
	int i, j;

	for (i = 0; (text = tree_string(node, schema->name, i)) != NULL;
	     i++) {
		if (schema_word(schema->words, text) >= 0) {
			continue;
		}
		diag = diag_error("word",
				  tree_property_at(node, schema->name),
				  "\"%s\" is no value of \"%s\"", text,
				  schema->name);
		found = NULL;
		for (j = 0; schema->words[j] != NULL; j++) {
			found = suggest_nearer(text, schema->words[j], found);
		}
		if (found != NULL) {
			diag_fix(diag, "did you mean \"%s\"? Known are %s",
				 found, list);
		} else {
			diag_fix(diag, "use one of %s", list);
		}
	}
}

/*
 * Where else a property or a node of that name belongs: "/plan/NAME"; null:
 * nowhere.
 */
static const char *find_elsewhere(const struct schema_node *schema,
				  const char *name, bool is_node,
				  const char *path)
{
	const char *found;
	size_t i;

	for (i = 0; !is_node && i < schema->property_count; i++) {
		if (strcmp(schema->properties[i].name, name) == 0) {
			return path;
		}
	}
	for (i = 0; i < schema->node_count; i++) {
		const struct schema_node *n = &schema->nodes[i];
		bool any = strcmp(n->name, "*") == 0;
		const char *below = util_format("%s/%s", path, any ? "NAME" :
						n->name);

		if (is_node && strcmp(n->name, name) == 0) {
			return *path == '\0' ? "/" : path;
		}
		found = find_elsewhere(n, name, is_node, below);
		if (found != NULL) {
			return found;
		}
	}
	return NULL;
}

/* One cell, and no text of three letters. */
static bool is_cell(int node, const char *name)
{
	int size;
	const uint8_t *data = tree_property(node, name, &size);

	return size == 4 && count_strings(data, size) == 0;
}

/* <512>, where a size, an address or a frequency was meant. */
static void refuse_unit(int node, const char *name)
{
	uint32_t value = tree_cell(node, name, 0);
	struct diag *diag;

	diag = diag_error("unit", tree_property_at(node, name),
			  "\"%s\" of %s is %u of what?", name,
			  tree_path(node), value);
	if (strcmp(name, "memory") == 0 && value >= 1u << 20) {
		diag_fix(diag, "if that is bytes: <BYTES(%#x)>", value);
	} else if (strcmp(name, "memory") == 0) {
		diag_fix(diag, "write <MiB(%u)>, or <KiB(%u)> or <GiB(%u)>",
			 value, value, value);
	} else if (strcmp(name, "address") == 0 ||
		   strcmp(name, "base") == 0) {
		diag_fix(diag, "write <ADDR(%#x)>", value);
	} else {
		diag_fix(diag, "write <CELLS(%u)>", value);
	}
}

static void check_property(int node, const char *name,
			   const struct schema_node *schema)
{
	const struct schema_property *property = find_property(schema, name);
	struct diag *diag;

	if (strcmp(name, "phandle") == 0) {
		return;
	}
	if (property == NULL && find_elsewhere(&schema_root, name, false,
					       "") != NULL) {
		diag = diag_error("misplaced-property",
				  tree_property_at(node, name),
				  "\"%s\" does not belong into %s", name,
				  tree_path(node));
		diag_fix(diag, "move it to %s", find_elsewhere
			 (&schema_root, name, false, ""));
		return;
	}
	if (property == NULL) {
		diag = diag_error("unknown-property",
				  tree_property_at(node, name),
				  "\"%s\" is no property of %s", name,
				  tree_path(node));
		suggest_property(diag, name, schema);
		return;
	}
	if (property->type == SCHEMA_WIDE && is_cell(node, name)) {
		refuse_unit(node, name);
		return;
	}
	if (!has_type(node, property)) {
		diag = diag_error("type", tree_property_at(node, name),
				  "the value of \"%s\" is of a wrong type",
				  name);
		diag_fix(diag, "give %s", schema_type_text(property->type));
		return;
	}
	if (is_reference(property) && tree_has_number(node, name)) {
		diag = diag_error("type", tree_property_at(node, name),
				  "\"%s\" has a number where it must name a "
				  "node", name);
		diag_fix(diag, "give %s", schema_type_text(property->type));
		return;
	}
	if (property->words != NULL) {
		check_words(node, property);
	}
}

/* Is it there under a name that is nearly its own, which has been refused? */
static bool is_misspelt(int node, const struct schema_node *schema,
			const char *known)
{
	const char *name;
	int i;

	for (i = 0; (name = tree_property_name(node, i)) != NULL; i++) {
		if (find_property(schema, name) == NULL &&
		    suggest_nearer(name, known, NULL) != NULL) {
			return true;
		}
	}
	return false;
}

static void check_required(int node, const struct schema_node *schema)
{
	struct diag *diag;
	size_t i;

	for (i = 0; i < schema->property_count; i++) {
		const struct schema_property *p = &schema->properties[i];

		if (p->required && !tree_flag(node, p->name) &&
		    !check_is_unknown(node, p->name) &&
		    !is_misspelt(node, schema, p->name)) {
			diag = diag_error("missing-property", tree_at(node),
					  "%s has no \"%s\"", tree_path(node),
					  p->name);
			diag_fix(diag, "add \"%s\": %s%s", p->name,
				 p->words != NULL ? "one of " :
				 schema_type_text(p->type),
				 p->words != NULL ? list_words(p->words) : "");
		}
	}
	for (i = 0; i < schema->node_count; i++) {
		const struct schema_node *n = &schema->nodes[i];
		bool any = strcmp(n->name, "*") == 0;

		if (n->required && (any ? tree_first(node) < 0 :
				    tree_child(node, n->name) < 0) &&
		    !check_is_unknown(node, n->name)) {
			diag = diag_error("missing-node", tree_at(node),
					  any ? "%s has no node%s" :
					  "%s has no node \"%s\"",
					  tree_path(node),
					  any ? "" : n->name);
			diag_fix(diag, "add one; docs/spec.md shows it");
		}
	}
}

static void refuse_node(int node, const struct schema_node *schema)
{
	const char *name = tree_name(node);
	const char *place = find_elsewhere(&schema_root, name, true, "");
	const char *found = NULL;
	struct diag *diag;
	size_t i;

	for (i = 0; i < schema->node_count; i++) {
		found = suggest_nearer(name, schema->nodes[i].name, found);
	}
	if (place != NULL) {
		diag = diag_error("misplaced-node", tree_at(node),
				  "\"%s\" does not belong there: %s", name,
				  tree_path(node));
		diag_fix(diag, "move it to %s", place);
		return;
	}
	diag = diag_error("unknown-node", tree_at(node),
			  "the language has no node \"%s\" here",
			  tree_path(node));
	if (found != NULL) {
		diag_fix(diag, "did you mean \"%s\"?", found);
	} else {
		diag_fix(diag, "remove it, or move it to where it belongs "
			 "(docs/spec.md)");
	}
}

/* Goes as deep as the schema, not as the tree. */
static void check_node(int node, const struct schema_node *schema)
{
	const char *name;
	int i;

	for (i = 0; (name = tree_property_name(node, i)) != NULL; i++) {
		check_property(node, name, schema);
	}
	check_required(node, schema);
	for (node = tree_first(node); node >= 0; node = tree_next(node)) {
		const struct schema_node *child;

		name = tree_name(node);
		if (strncmp(name, "__", 2) == 0) {
			continue;	/* dtc's own: __symbols__ */
		}
		child = find_node(schema, name);
		if (child == NULL) {
			refuse_node(node, schema);
			continue;
		}
		check_node(node, child);
	}
}

void check_schema(const struct model *model)
{
	(void)model;
	check_node(tree_root(), &schema_root);
}
