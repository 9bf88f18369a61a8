/* SPDX-License-Identifier: Apache-2.0 */
/* report.json: what a partition is loaded with, what it may see and do. */
#include <string.h>

#include "emit/emit.h"
#include "schema.h"

static void emit_file(FILE *out, const char *comma, const char *role,
		      const struct model_payload *payload, const char *line)
{
	unsigned i;

	if (!payload->good) {
		return;
	}
	fprintf(out, "%s\n        {\"role\": \"%s\", \"name\": ", comma, role);
	emit_json_text(out, payload->name);
	fprintf(out, ", \"text\": ");
	emit_json_text(out, line);
	fprintf(out, ", \"as_module\": %s, \"bytes\": %zu,\n"
		"         \"sha384\": \"",
		payload->module == MODEL_NONE ? "false" : "true",
		payload->bytes.size);
	for (i = 0; i < SHA384_SIZE; i++) {
		fprintf(out, "%02x", payload->sha384[i]);
	}
	fprintf(out, "\"}");
}

void emit_json_payloads(FILE *out, const struct model_partition *p)
{
	uint32_t i;

	fprintf(out, "      \"entry\": %llu,\n      \"command_line\": ",
		(unsigned long long)(p->state.segment[SEGMENT_CS].base +
				     p->state.rip));
	emit_json_text(out, p->command_line.s == NULL ? "" :
		       p->command_line.s);
	fprintf(out, ",\n      \"payloads\": [");
	emit_file(out, "", "payload", &p->payload, "");
	emit_file(out, ",", "initrd", &p->initrd, "");
	for (i = 0; i < p->module_count; i++) {
		emit_file(out, ",", util_format("module %u", i),
			  &p->modules[i].payload, p->modules[i].line);
	}
	fprintf(out, "\n      ],\n");
}

/* Bits of the TLFS's mask, by schema_tlfs_words. */
static void emit_privileges(FILE *out, const struct policy *policy)
{
	const char *comma = "";
	unsigned i;

	if (!policy->privileges.set) {
		fprintf(out, "      \"tlfs\": null,\n");
		return;
	}
	fprintf(out, "      \"tlfs\": [");
	for (i = 0; schema_tlfs_words[i] != NULL; i++) {
		if ((policy->privileges.v >> schema_tlfs_bits[i] & 1) != 0) {
			fprintf(out, "%s\"%s\"", comma,
				schema_tlfs_words[i]);
			comma = ", ";
		}
	}
	fprintf(out, "],\n");
}

static void emit_hints(FILE *out, const struct policy *policy)
{
	const char *comma = "";
	unsigned i;

	fprintf(out, "      \"tlfs_hints\": [");
	for (i = 0; schema_hint_words[i] != NULL; i++) {
		if (emit_has_hint(policy, i)) {
			fprintf(out, "%s\"%s\"", comma,
				schema_hint_words[i]);
			comma = ", ";
		}
	}
	fprintf(out, "],\n");
}

static void emit_ports(FILE *out, const struct policy *policy)
{
	uint32_t i;

	fprintf(out, "      \"port_default\": \"%s\",\n      \"ports\": [",
		schema_default_words[policy->port_default.v == PORT_STRICT]);
	for (i = 0; i < policy->port_count; i++) {
		const struct port_row *row = &policy->ports[i];

		fprintf(out, "%s\n        {\"name\": \"%s\", \"first\": %u, "
			"\"last\": %u, \"action\": \"%s\", \"target\": ",
			i == 0 ? "" : ",", row->name, row->first, row->last,
			schema_port_words[row->action]);
		if (row->action == PORT_REMAP) {
			fprintf(out, "%u}", (uint32_t)row->target.v);
		} else if (row->action == PORT_VALUE) {
			fprintf(out, "%u}", (uint32_t)row->value.v);
		} else {
			fprintf(out, "null}");
		}
	}
	fprintf(out, "\n      ],\n");
}

static void emit_msrs(FILE *out, const struct policy *policy)
{
	uint32_t i;

	fprintf(out, "      \"msrs\": [");
	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		fprintf(out, "%s\n        {\"name\": \"%s\", \"first\": %u, "
			"\"last\": %u, \"read\": \"%s\", \"write\": \"%s\", "
			"\"value\": %llu}", i == 0 ? "" : ",", row->name,
			row->first, row->last, schema_msr_words[row->read],
			schema_msr_words[row->write],
			(unsigned long long)row->value.v);
	}
	fprintf(out, "\n      ],\n");
}

static void emit_registers(FILE *out, const char *name, const uint32_t *r)
{
	fprintf(out, "\"%s\": [%u, %u, %u, %u], ", name, r[0], r[1], r[2],
		r[3]);
}

static void emit_dynamic(FILE *out, uint32_t bits)
{
	const char *comma = "";
	unsigned i;

	fprintf(out, "\"dynamic\": [");
	for (i = 0; schema_dynamic_words[i] != NULL; i++) {
		if ((bits >> i & 1) != 0) {
			fprintf(out, "%s\"%s\"", comma,
				schema_dynamic_words[i]);
			comma = ", ";
		}
	}
	fprintf(out, "]");
}

static void emit_cpuids(FILE *out, const struct policy *policy)
{
	uint32_t i;

	fprintf(out, "      \"cpuid\": [");
	for (i = 0; i < policy->cpuid_count; i++) {
		const struct cpuid_row *row = &policy->cpuids[i];

		fprintf(out, "%s\n        {\"name\": \"%s\", \"leaf\": %u, "
			"\"subleaf\": ", i == 0 ? "" : ",", row->name,
			row->leaf);
		if (row->subleaf == CPUID_ANY_SUBLEAF) {
			fprintf(out, "null");
		} else {
			fprintf(out, "%u", row->subleaf);
		}
		fprintf(out, ", \"vendor\": \"%s\",\n         ",
			schema_vendor_words[row->vendor]);
		emit_registers(out, "allow", row->allow);
		emit_registers(out, "force", row->force);
		emit_dynamic(out, row->dynamic);
		fprintf(out, "}");
	}
	fprintf(out, "\n      ],\n");
}

void emit_json_policy(FILE *out, const struct model_partition *p)
{
	emit_privileges(out, &p->policy);
	emit_hints(out, &p->policy);
	emit_ports(out, &p->policy);
	emit_msrs(out, &p->policy);
	emit_cpuids(out, &p->policy);
	fprintf(out, "      \"gpa_bits\": %u,\n      \"cr4_allow\": %llu,\n"
		"      \"efer_allow\": %llu,\n      \"xcr0_allow\": %llu,\n",
		p->gpa_bits, (unsigned long long)p->cr4_allow,
		(unsigned long long)p->efer_allow,
		(unsigned long long)p->xcr0_allow);
}

void emit_json_exits(FILE *out, const struct model *model,
		     const struct model_partition *p)
{
	struct emit_exits exits;
	uint32_t i, j;

	emit_find_exits(model, p, &exits);
	fprintf(out, "      \"exits\": [");
	for (i = 0; i < exits.count; i++) {
		const struct emit_exit *e = &exits.items[i];

		fprintf(out, "%s\n        {\"kind\": \"%s\", \"vendor\": "
			"\"%s\", \"what\": \"%s\",\n         \"ranges\": [",
			i == 0 ? "" : ",", e->kind, e->vendor, e->what);
		for (j = 0; j < e->range_count; j++) {
			fprintf(out, "%s[%llu, %llu]", j == 0 ? "" : ", ",
				(unsigned long long)e->ranges[j].first,
				(unsigned long long)e->ranges[j].last);
		}
		fprintf(out, "], \"answer\": \"%s\"}", e->answer);
	}
	fprintf(out, "\n      ],\n");
}
