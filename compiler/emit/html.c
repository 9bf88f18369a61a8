/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.html: one page to look at, of itself alone: memory to scale, address
 * maps, who runs where and when, lines, policy, exits, hashes. It is XML, too.
 */
#include "emit/emit.h"

#include "place/place.h"
#include "schema.h"

#define WIDTH 960.0
#define BAR 34
#define ROW 30
#define LABEL 110.0

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
	"<meta charset=\"utf-8\"/>\n<style>\n"
	"body { font: 14px sans-serif; margin: 2em auto; width: 960px; "
	"color: #222; background: #fff }\n"
	"h1 { font-size: 22px } h2 { font-size: 17px; margin: 1.6em 0 .5em } "
	"h3 { font-size: 14px; margin: 1em 0 .3em }\n"
	"table { border-collapse: collapse; width: 100%; "
	"margin: 0 0 1em }\n"
	"td, th { text-align: left; padding: 2px 12px 2px 0; "
	"border-bottom: 1px solid #ddd; vertical-align: top }\n"
	"code, td.n { font: 12px monospace } td.n { white-space: nowrap }\n"
	"i { display: inline-block; width: 10px; height: 10px; "
	"margin-right: 6px }\n"
	"svg { display: block } text { font: 12px sans-serif }\n"
	"</style>\n";

static const char *colour(uint32_t partition)
{
	static const char *const colours[] = {
		"#4878a8", "#d08040", "#5c9c5c", "#b05a6a", "#8a6fb0",
		"#3f9a9a", "#b09a40", "#7a7a50",
	};

	return colours[partition % COUNT(colours)];
}

void emit_html_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* What is no character of XML, and what may be cut. */
			fputc(*text < ' ' || *text > '~' ? '?' : *text, out);
			break;
		}
	}
}

static void begin_svg(FILE *out, int height)
{
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0f %d\">\n",
		WIDTH, height, WIDTH, height);
}

/* A box with a title to point at, and a name where it is wide enough. */
static void put_box(FILE *out, double x, int y, double width, int height,
		    const char *fill, const char *name, const char *title)
{
	fprintf(out, "<rect x=\"%.3f\" y=\"%d\" width=\"%.3f\" height=\"%d\" "
		"fill=\"%s\"><title>", x, y, width, height, fill);
	emit_html_text(out, title);
	fprintf(out, "</title></rect>\n");
	if (width > 60) {
		fprintf(out, "<text x=\"%.1f\" y=\"%d\" fill=\"#fff\">",
			x + 5, y + height / 2 + 4);
		emit_html_text(out, util_format("%.*s", (int)(width / 7.5),
						name));
		fprintf(out, "</text>\n");
	}
}

static const char *range_text(uint64_t base, uint64_t size)
{
	return util_format("%#llx-%#llx", (unsigned long long)base,
			   (unsigned long long)(base + size));
}

/* One piece of the machine's memory, in the picture or in the table. */
static void put_piece(FILE *out, uint64_t top, uint64_t base, uint64_t size,
		      const char *fill, const char *name)
{
	const char *range = range_text(base, size);

	if (top != 0) {
		put_box(out, WIDTH * (double)base / (double)top, 0,
			WIDTH * (double)size / (double)top, BAR, fill, name,
			util_format("%s: %s, %s", name, util_size(size),
				    range));
		return;
	}
	fprintf(out, "<tr><td><i style=\"background: %s\"></i>", fill);
	emit_html_text(out, name);
	fprintf(out, "</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
		"</tr>\n", range, util_size(size));
}

/* top: where the picture ends; 0: rows of the table. */
static void put_memory(FILE *out, const struct model *model, uint64_t top)
{
	const struct model_machine *m = &model->machine;
	uint64_t store = place_store_size(model);
	uint32_t i;

	put_piece(out, top, 0, PLACE_HIGH, "#444", "first MiB");
	for (i = 0; i < m->ram_count; i++) {
		put_piece(out, top, m->ram[i].base, m->ram[i].size, "#c8c8c8",
			  util_format("RAM %s", m->ram[i].name));
	}
	for (i = 0; i < m->reserved_count; i++) {
		put_piece(out, top, m->reserved[i].base, m->reserved[i].size,
			  "#444", m->reserved[i].name);
	}
	put_piece(out, top, model->image_base,
		  model->image_limit - model->image_base, "#a02020",
		  "image, at most");
	if (store != 0) {
		put_piece(out, top, model->modules[0].spa, store, "#d0a0a0",
			  "module store");
	}
	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		put_piece(out, top, p->spa, p->memory.v, colour(i), p->name);
	}
}

static void put_machine(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint64_t top = PLACE_HIGH;
	uint32_t i;

	for (i = 0; i < m->ram_count; i++) {
		if (m->ram[i].base + m->ram[i].size > top) {
			top = m->ram[i].base + m->ram[i].size;
		}
	}
	fprintf(out, "<h2>System physical memory, 0 to %#llx, to scale</h2>\n",
		(unsigned long long)top);
	begin_svg(out, BAR);
	put_memory(out, model, top);
	fprintf(out, "</svg>\n<table>\n");
	put_memory(out, model, 0);
	fprintf(out, "</table>\n");
}

static void put_slots(FILE *out, const struct model *model,
		      const struct model_plan *plan, int y)
{
	uint64_t total = 0, at = 0;
	uint32_t j;

	for (j = 0; j < plan->slot_count; j++) {
		total += plan->slots[j].length_us;
	}
	for (j = 0; j < plan->slot_count; j++) {
		const struct model_slot *slot = &plan->slots[j];
		const char *name = slot->idle ? "idle" :
			util_format("%s VP %u",
				    model->partitions[slot->partition].name,
				    slot->vp);

		put_box(out, LABEL + (WIDTH - LABEL) * (double)at /
			(double)total, y, (WIDTH - LABEL) *
			(double)slot->length_us / (double)total, ROW - 6,
			slot->idle ? "#999" : colour(slot->partition), name,
			util_format("%s: %llu to %llu us of %llu", name,
				    (unsigned long long)at,
				    (unsigned long long)(at +
							 slot->length_us),
				    (unsigned long long)total));
		at += slot->length_us;
	}
}

static void put_reserved_ports(FILE *out, const struct model_machine *m)
{
	uint32_t i;

	if (m->reserved_port_count == 0) {
		return;
	}
	fprintf(out, "<h2>Ports that no partition may have</h2>\n<table>\n");
	for (i = 0; i < m->reserved_port_count; i++) {
		const struct model_range *r = &m->reserved_ports[i];

		fprintf(out, "<tr><td class=\"n\">port %#llx-%#llx</td><td>%s"
			"</td></tr>\n", (unsigned long long)r->base,
			(unsigned long long)(r->base + r->size - 1), r->name);
	}
	fprintf(out, "</table>\n");
}

/* The one VP of an LP without a plan; none: it idles. */
static void put_owner(FILE *out, const struct model *model, uint32_t lp, int y)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->vp_count; j++) {
			const char *name;

			if (p->vps[j].lp != lp) {
				continue;
			}
			name = util_format("%s VP %u", p->name, j);
			put_box(out, LABEL, y, WIDTH - LABEL, ROW - 6,
				colour(i), name,
				util_format("%s: always", name));
			return;
		}
	}
	put_box(out, LABEL, y, WIDTH - LABEL, ROW - 6, "#999", "no VP",
		"no VP");
}

static void put_lps(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t i, j;

	fprintf(out, "<h2>Who runs where: one cycle of each LP</h2>\n");
	begin_svg(out, (int)m->lp_count * ROW);
	for (i = 0; i < m->lp_count; i++) {
		int y = (int)i * ROW;

		fprintf(out, "<text x=\"0\" y=\"%d\">%s (APIC %u)</text>\n",
			y + 16, m->lps[i].name, (uint32_t)m->lps[i].apic_id.v);
		for (j = 0; j < model->plan_count; j++) {
			if (model->plans[j].lp == i) {
				put_slots(out, model, &model->plans[j], y);
				break;
			}
		}
		if (j == model->plan_count) {
			put_owner(out, model, i, y);
		}
	}
	fprintf(out, "</svg>\n");
}

static void put_loads(FILE *out, const struct model_partition *p)
{
	double scale = WIDTH / (double)p->memory.v;
	struct emit_area areas[EMIT_AREA_COUNT];
	uint32_t i;

	emit_find_areas(p, areas);
	begin_svg(out, BAR);
	put_box(out, 0, 0, WIDTH, BAR, "#c8c8c8", "", "RAM, zeroed");
	for (i = 0; i < p->load_count; i++) {
		const struct model_load *load = &p->loads[i];

		put_box(out, scale * (double)load->gpa, 0,
			scale * (double)load->room, BAR,
			load->file == NULL ? "#666" : "#2c6e49", load->what,
			util_format("%s: %s", load->what,
				    range_text(load->gpa, load->room)));
	}
	fprintf(out, "</svg>\n<table>\n");
	for (i = 0; i < EMIT_AREA_COUNT; i++) {
		fprintf(out, "<tr><td class=\"n\">%s</td><td>%s%s</td></tr>\n",
			range_text(areas[i].gpa, areas[i].size),
			areas[i].what, areas[i].spa == EMIT_NO_SPA ? "" :
			util_format(", at %#llx",
				    (unsigned long long)areas[i].spa));
	}
	for (i = 0; i < p->load_count; i++) {
		const struct model_load *load = &p->loads[i];

		fprintf(out, "<tr><td class=\"n\">%s</td><td>%s, loaded</td>"
			"</tr>\n", range_text(load->gpa, load->size),
			load->what);
	}
	fprintf(out, "</table>\n");
}

static void put_file(FILE *out, const char *role,
		     const struct model_payload *payload)
{
	const char *hash = emit_hash_text(payload->sha384);

	if (!payload->good) {
		return;
	}
	fprintf(out, "<tr><td>%s</td><td>", role);
	emit_html_text(out, payload->name);
	fprintf(out, "</td><td class=\"n\">%s%s<br/>SHA-384 %.48s<br/>%s"
		"</td></tr>\n", util_size(payload->bytes.size),
		payload->module == MODEL_NONE ? "" :
		", left to the boot loader", hash, hash + 48);
}

static void put_partition(FILE *out, const struct model *model, uint32_t i)
{
	const struct model_partition *p = &model->partitions[i];
	uint32_t j;

	fprintf(out, "<h2><i style=\"background: %s\"></i>%s</h2>\n<p>%s, "
		"entered at %#llx; %s from guest physical 0, to scale; %u "
		"VP%s; console %s; on failure %s.</p>\n", colour(i), p->name,
		schema_boot_words[p->boot],
		(unsigned long long)(p->state.segment[SEGMENT_CS].base +
				     p->state.rip), util_size(p->memory.v),
		p->vp_count, p->vp_count == 1 ? "" : "s",
		emit_console_name(p), schema_failure_words[p->failure]);
	put_loads(out, p);
	emit_html_policy(out, model, p);
	fprintf(out, "<h3>Files</h3>\n<table>\n");
	put_file(out, "payload", &p->payload);
	put_file(out, "initrd", &p->initrd);
	for (j = 0; j < p->module_count; j++) {
		put_file(out, "module", &p->modules[j].payload);
	}
	fprintf(out, "</table>\n");
}

void emit_html(const struct model *model)
{
	char *path = util_format("%s/report.html", model->out_directory);
	FILE *out = util_open(path);
	uint32_t i;

	fprintf(out, "%s<title>", head);
	emit_html_text(out, util_base_name(model->spec_path));
	fprintf(out, "</title>\n</head>\n<body>\n<h1>");
	emit_html_text(out, util_base_name(model->spec_path));
	fprintf(out, " on ");
	emit_html_text(out, model->machine.board.s);
	fprintf(out, "</h1>\n");
	fprintf(out, "<p>The hash of the image itself stands in "
		"bulkhead.spdx.json.</p>\n");
	put_machine(out, model);
	put_reserved_ports(out, &model->machine);
	put_lps(out, model);
	if (model->line_count != 0) {
		fprintf(out, "<h2>Interrupt lines</h2>\n<table>\n");
	}
	for (i = 0; i < model->line_count; i++) {
		const struct model_line *line = &model->lines[i];

		fprintf(out, "<tr><td class=\"n\">line %u</td><td>%s, pin %u"
			"</td><td>taken by %s</td></tr>\n", line->gsi,
			model->partitions[line->partition].name, line->pin,
			model->machine.lps[line->lp].name);
	}
	fprintf(out, "%s", model->line_count != 0 ? "</table>\n" : "");
	for (i = 0; i < model->partition_count; i++) {
		put_partition(out, model, i);
	}
	fprintf(out, "</body>\n</html>\n");
	util_close(out, path);
}
