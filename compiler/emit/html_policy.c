/* SPDX-License-Identifier: Apache-2.0 */
/* report.html: what a partition may see and do, and what leaves its guest. */
#include "emit/emit.h"

#include "schema.h"

/* A row that names its place in the spec. */
static void put_place(FILE *out, const char *name, struct loc at)
{
	fprintf(out, "</td><td>");
	emit_html_text(out, util_format("%s, %s", name, source_text(at)));
	fprintf(out, "</td></tr>\n");
}

static void put_ports(FILE *out, const struct policy *policy)
{
	uint32_t i;

	fprintf(out, "<h3>Ports</h3>\n<table>\n");
	for (i = 0; i < policy->port_count; i++) {
		const struct port_row *row = &policy->ports[i];

		fprintf(out, "<tr><td class=\"n\">port %#x-%#x</td><td>%s",
			row->first, row->last, emit_port_text(row));
		put_place(out, row->name, row->at);
	}
	fprintf(out, "<tr><td>other ports</td><td>%s</td><td></td></tr>\n"
		"</table>\n", schema_default_words
		[policy->port_default.v == PORT_STRICT]);
}

static void put_msrs(FILE *out, const struct policy *policy)
{
	uint32_t i;

	fprintf(out, "<h3>MSRs</h3>\n<table>\n");
	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		fprintf(out, "<tr><td class=\"n\">MSR %#x-%#x</td><td>%s",
			row->first, row->last, emit_msr_text(row));
		put_place(out, row->name, row->at);
	}
	fprintf(out, "<tr><td>other MSRs</td><td>#GP</td><td></td></tr>\n"
		"</table>\n");
}

static void put_cpuid(FILE *out, const struct model_partition *p)
{
	const struct policy *policy = &p->policy;
	uint32_t i;
	unsigned j;

	fprintf(out, "<h3>CPUID: bits that are shown</h3>\n<table>\n");
	for (i = 0; i < policy->cpuid_count; i++) {
		const struct cpuid_row *row = &policy->cpuids[i];

		fprintf(out, "<tr><td class=\"n\">%s</td>",
			emit_leaf_text(row));
		for (j = 0; j < 4; j++) {
			fprintf(out, "<td class=\"n\">%s</td>",
				emit_register_text(row, j));
		}
		fprintf(out, "<td>%s", emit_dynamic_text(row));
		put_place(out, row->name, row->at);
	}
	fprintf(out, "<tr><td>other leaves</td><td colspan=\"6\">zeros</td>"
		"</tr>\n</table>\n<p>Bits that may be set: CR4 %#llx, EFER "
		"%#llx, XCR0 %#llx.</p>\n",
		(unsigned long long)p->cr4_allow,
		(unsigned long long)p->efer_allow,
		(unsigned long long)p->xcr0_allow);
}

static void put_channels(FILE *out, const struct model *model,
			 const struct model_partition *p)
{
	uint32_t i;

	if (p->channel_count == 0) {
		return;
	}
	fprintf(out, "<h3>Channels</h3>\n<table>\n");
	for (i = 0; i < p->channel_count; i++) {
		const struct model_channel *c =
			&model->channels[p->channel_first + i];

		fprintf(out, "<tr><td>sends %s", emit_channel_text(model, c));
		put_place(out, c->name, c->at);
	}
	fprintf(out, "</table>\n");
}

static void put_exits(FILE *out, const struct model *model,
		      const struct model_partition *p)
{
	struct emit_exits exits;
	uint32_t i;

	emit_find_exits(model, p, &exits);
	fprintf(out, "<h3>Exits that each VP can still take</h3>\n<table>\n");
	for (i = 0; i < exits.count; i++) {
		fprintf(out, "<tr><td>%s</td><td>", exits.items[i].kind);
		emit_html_text(out, emit_exit_text(&exits.items[i]));
		fprintf(out, "</td><td>");
		emit_html_text(out, exits.items[i].answer);
		fprintf(out, "</td></tr>\n");
	}
	fprintf(out, "</table>\n");
}

void emit_html_policy(FILE *out, const struct model *model,
		      const struct model_partition *p)
{
	put_ports(out, &p->policy);
	put_msrs(out, &p->policy);
	put_cpuid(out, p);
	fprintf(out, "<p>TLFS privileges: %s; hints: %s.</p>\n",
		emit_privilege_text(&p->policy), emit_hint_text(&p->policy));
	put_channels(out, model, p);
	put_exits(out, model, p);
}
