/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels: the rows are the spec's, all of them and no others; each is found
 * under its sender and, if it brings messages, under the SINT of its VP, and
 * nowhere else; no two senders meet at a SINT.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX 0xffffffu
#define FLAG_COUNT 2048u

static bool channels_good_row(const struct tables *tables,
			      const struct channel_config *c)
{
	bool flags = c->flag_count != 0;

	return c->from < tables->partition_count &&
	       c->vp < tables->vp_count &&
	       tables->vps[c->vp].config.partition != c->from &&
	       c->connection && c->connection <= ID_MAX &&
	       c->port && c->port <= ID_MAX &&
	       c->sint && c->sint < SINT_COUNT &&
	       c->kind <= CHANNEL_EVENTS &&
	       flags == (c->kind == CHANNEL_EVENTS) &&
	       (flags || !c->flag_first) && c->flag_first < FLAG_COUNT &&
	       c->flag_count <= FLAG_COUNT - c->flag_first;
}

static void channels_check_pair(const struct channel_config *a,
				const struct channel_config *b,
				struct report *report)
{
	if (a->vp == b->vp && a->sint == b->sint &&
	    (a->from != b->from || (a->kind == CHANNEL_MESSAGES &&
				    b->kind == CHANNEL_MESSAGES))) {
		report_error(report, b->where, "SINT %u of VP %u is shared "
			     "by two channels", b->sint, b->vp);
	}
	if (a->vp == b->vp && a->sint == b->sint &&
	    a->flag_first < b->flag_first + b->flag_count &&
	    b->flag_first < a->flag_first + a->flag_count) {
		report_error(report, b->where, "event flags of SINT %u of VP "
			     "%u have two channels", b->sint, b->vp);
	}
}

/* Sender's rows are together; a VP's SINT names just its channel. */
static void channels_check_references(const struct tables *tables,
				      struct report *report)
{
	uint32_t next = 0;
	uint32_t i, j, k;

	for (i = 0; i < tables->partition_count; i++) {
		const struct partition_tables *p = &tables->partitions[i];
		uint32_t first = next;

		while (next < tables->channel_count &&
		       tables->channels[next].from == i) {
			next++;
		}
		if (p->config.channel_first != first ||
		    p->config.channel_count != next - first) {
			report_error(report, p->where, "partition %s: sends "
				     "on channels %u to %u, expected %u to "
				     "%u", p->name, p->config.channel_first,
				     p->config.channel_first +
				     p->config.channel_count, first, next);
		}
	}
	for (i = 0; i < tables->vp_count; i++) {
		for (j = 0; j < SINT_COUNT; j++) {
			uint32_t want = CONFIG_NONE;

			for (k = 0; k < tables->channel_count; k++) {
				const struct channel_config *c;

				c = &tables->channels[k];
				if (c->vp == i && c->sint == j &&
				    c->kind == CHANNEL_MESSAGES) {
					want = k;
				}
			}
			if (tables->vps[i].config.sint_channel[j] != want) {
				report_error(report, NULL, "VP %u: SINT %u "
					     "has channel %u, expected %u", i,
					     j, tables->vps[i].config.
					     sint_channel[j], want);
			}
		}
	}
}

void channels_check(const struct tables *tables, struct report *report)
{
	uint32_t i, j;

	for (i = 0; i < tables->channel_count; i++) {
		const struct channel_config *c = &tables->channels[i];

		if (!channels_good_row(tables, c)) {
			report_error(report, c->where, "channel %u (partition "
				     "%u to VP %u, SINT %u, flags %u of %u) "
				     "is out of range", i, c->from, c->vp,
				     c->sint, c->flag_count, c->flag_first);
			return;
		}
		if (i && (c[-1].from > c->from ||
			  (c[-1].from == c->from &&
			   c[-1].connection >= c->connection))) {
			report_error(report, c->where, "channel %u is not in "
				     "its order", i);
		}
		for (j = 0; j < i; j++) {
			channels_check_pair(&tables->channels[j], c, report);
		}
	}
	channels_check_references(tables, report);
}

/* ---- against the spec ---- */

/* The row that a node of the spec asks for. */
static struct channel_config channels_read(const struct spec *spec,
					   uint32_t node)
{
	const struct fdt *fdt = spec->fdt;
	const struct fdt_prop *flags = fdt_get(fdt, node, "flags");
	const char *kind = fdt_text(fdt, node, "kind");
	struct channel_config want;
	uint32_t to;

	memset(&want, 0, sizeof(want));
	want.from = spec_partition_index(spec, spec_follow(fdt,
		fdt_get(fdt, node, "from"), 0));
	to = spec_partition_index(spec, spec_follow(fdt,
		fdt_get(fdt, node, "to"), 0));
	want.vp = to >= spec->tables->partition_count ? CONFIG_NONE :
		  spec->tables->partitions[to].config.vp_first +
		  (uint32_t)fdt_number(fdt, node, "vp", 0);
	want.connection = (uint32_t)fdt_number(fdt, node, "connection", 0);
	want.port = (uint32_t)fdt_number(fdt, node, "port", want.connection);
	want.kind = kind && !strcmp(kind, "events") ? CHANNEL_EVENTS :
		    CHANNEL_MESSAGES;
	want.sint = (uint32_t)fdt_number(fdt, node, "sint", 0);
	if (flags) {
		want.flag_first = fdt_cell(flags, 0);
		want.flag_count = fdt_cell(flags, 1) + 1 - want.flag_first;
	}
	return want;
}

/*
 * Rows are distinct by sender and connection (channels_check()), so that one
 * row answers one node.
 */
void spec_check_channels(const struct spec *spec)
{
	const struct tables *tables = spec->tables;
	uint32_t list = fdt_child(spec->fdt, 0, "channels");
	uint32_t node = list == FDT_NONE ? FDT_NONE :
			spec->fdt->nodes[list].first_child;
	uint32_t count = 0;
	uint32_t i;

	for (; node != FDT_NONE; node = spec->fdt->nodes[node].next) {
		struct channel_config want = channels_read(spec, node);

		count++;
		for (i = 0; i < tables->channel_count; i++) {
			want.where = tables->channels[i].where;
			if (!memcmp(&want, &tables->channels[i],
				    sizeof(want))) {
				break;
			}
		}
		if (i == tables->channel_count) {
			report_error(spec->report, NULL, "channel %s is not "
				     "as in the spec",
				     spec->fdt->nodes[node].name);
		}
	}
	if (count != tables->channel_count) {
		report_error(spec->report, NULL, "%u channels, %u in the "
			     "spec", tables->channel_count, count);
	}
}
