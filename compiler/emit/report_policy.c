/* SPDX-License-Identifier: Apache-2.0 */
/* report.txt: what a partition may see and do, and what leaves its guest. */
#include "emit/emit.h"

#include "schema.h"

static void put_ports(FILE *out, const struct policy *policy)
{
	uint32_t i;

	for (i = 0; i < policy->port_count; i++) {
		const struct port_row *row = &policy->ports[i];

		fprintf(out, "  port %04x-%04x   %s (%s, %s)\n", row->first,
			row->last, emit_port_text(row), row->name,
			source_text(row->at));
	}
	fprintf(out, "  other ports      %s\n",
		schema_default_words[policy->port_default.v == PORT_STRICT]);
}

static void put_msrs(FILE *out, const struct policy *policy)
{
	uint32_t i;

	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		fprintf(out, "  MSR %08x-%08x   %s (%s, %s)\n", row->first,
			row->last, emit_msr_text(row), row->name,
			source_text(row->at));
	}
	fprintf(out, "  other MSRs       #GP\n");
}

static void put_cpuid(FILE *out, const struct policy *policy)
{
	uint32_t i;
	unsigned j;

	for (i = 0; i < policy->cpuid_count; i++) {
		const struct cpuid_row *row = &policy->cpuids[i];
		const char *dynamic = emit_dynamic_text(row);
		const char *comma = ": ";

		fprintf(out, "  CPUID %s", emit_leaf_text(row));
		for (j = 0; j < 4; j++) {
			const char *text = emit_register_text(row, j);

			if (*text != '\0') {
				fprintf(out, "%s%s", comma, text);
				comma = "; ";
			}
		}
		if (*dynamic != '\0') {
			fprintf(out, "%sfilled in: %s", comma, dynamic);
		}
		fprintf(out, " (%s, %s)\n", row->name, source_text(row->at));
	}
	fprintf(out, "  other CPUID      zeros\n");
}

static void put_channels(FILE *out, const struct model *model,
			 const struct model_partition *p)
{
	uint32_t i;

	for (i = 0; i < p->channel_count; i++) {
		const struct model_channel *c =
			&model->channels[p->channel_first + i];

		fprintf(out, "  sends %s (%s, %s)\n",
			emit_channel_text(model, c), c->name,
			source_text(c->at));
	}
}

static void put_exits(FILE *out, const struct model *model,
		      const struct model_partition *p)
{
	struct emit_exits exits;
	uint32_t i;

	emit_find_exits(model, p, &exits);
	fprintf(out, "  exits that each VP can still take\n");
	for (i = 0; i < exits.count; i++) {
		const struct emit_exit *e = &exits.items[i];

		fprintf(out, "    %-14s %s: %s\n", e->kind,
			emit_exit_text(e), e->answer);
	}
}

void emit_report_policy(FILE *out, const struct model *model,
			const struct model_partition *p)
{
	put_ports(out, &p->policy);
	put_msrs(out, &p->policy);
	put_cpuid(out, &p->policy);
	fprintf(out, "  TLFS             %s\n",
		emit_privilege_text(&p->policy));
	if (p->policy.privileges.set) {
		fprintf(out, "  TLFS hints       %s\n",
			emit_hint_text(&p->policy));
	}
	put_channels(out, model, p);
	put_exits(out, model, p);
}
