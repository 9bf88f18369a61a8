/* SPDX-License-Identifier: Apache-2.0 */
/* partc --schema: the tables of the language, for tools/spec-lsp.py. */
#include "emit/emit.h"

#include "schema.h"

static void emit_property(FILE *out, const struct schema_property *p)
{
	unsigned i;

	fprintf(out, "{\"name\": \"%s\", \"required\": %s, \"kind\": \"%s\", "
		"\"form\": ", p->name, p->required ? "true" : "false",
		schema_kind_names[p->type]);
	emit_json_text(out, schema_type_text(p->type));
	fprintf(out, ", \"words\": ");
	if (p->words == NULL) {
		fprintf(out, "null}");
		return;
	}
	fputc('[', out);
	for (i = 0; p->words[i] != NULL; i++) {
		fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", p->words[i]);
	}
	fprintf(out, "]}");
}

static void emit_node(FILE *out, const struct schema_node *node, int depth)
{
	size_t i;

	fprintf(out, "{\"name\": \"%s\", \"required\": %s, \"properties\": [",
		node->name, node->required ? "true" : "false");
	for (i = 0; i < node->property_count; i++) {
		fprintf(out, "%s\n%*s", i == 0 ? "" : ",", depth, "");
		emit_property(out, &node->properties[i]);
	}
	fprintf(out, "], \"nodes\": [");
	for (i = 0; i < node->node_count; i++) {
		fprintf(out, "%s\n%*s", i == 0 ? "" : ",", depth, "");
		emit_node(out, &node->nodes[i], depth + 1);
	}
	fprintf(out, "]}");
}

void emit_schema(FILE *out)
{
	emit_node(out, &schema_root, 1);
	fputc('\n', out);
}
