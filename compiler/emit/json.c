/* SPDX-License-Identifier: Apache-2.0 */
/* report.json: a system for tools; docs/report.schema.json says its form. */
#include "emit/emit.h"

#include "place/place.h"
#include "schema.h"

void emit_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == '"' || c == '\\') {
			fprintf(out, "\\u%04x", c);
		} else {
			fputc(c, out);
		}
	}
	fputc('"', out);
}

/* All RAM of the board, and the first MiB, which no board lists. */
static uint64_t ram_bytes(const struct model_machine *m)
{
	uint64_t bytes = 0x100000;
	uint32_t i;

	for (i = 0; i < m->ram_count; i++) {
		bytes += m->ram[i].size;
	}
	return bytes;
}

static void emit_ranges(FILE *out, const char *name,
			const struct model_range *ranges, uint32_t count)
{
	uint32_t i;

	fprintf(out, "    \"%s\": [", name);
	for (i = 0; i < count; i++) {
		fprintf(out, "%s{\"name\": \"%s\", \"base\": %llu, "
			"\"bytes\": %llu}", i == 0 ? "" : ", ",
			ranges[i].name, (unsigned long long)ranges[i].base,
			(unsigned long long)ranges[i].size);
	}
	fprintf(out, "],\n");
}

static void emit_reserved_ports(FILE *out, const struct model_machine *m)
{
	uint32_t i;

	fprintf(out, "    \"reserved_ports\": [");
	for (i = 0; i < m->reserved_port_count; i++) {
		const struct model_range *r = &m->reserved_ports[i];

		fprintf(out, "%s{\"name\": \"%s\", \"first\": %llu, "
			"\"last\": %llu}", i == 0 ? "" : ", ", r->name,
			(unsigned long long)r->base,
			(unsigned long long)(r->base + r->size - 1));
	}
	fprintf(out, "],\n");
}

static void emit_machine(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t i;

	fprintf(out, "  \"machine\": {\n    \"board\": ");
	emit_json_text(out, m->board.s);
	fprintf(out, ",\n    \"vendor\": ");
	emit_json_text(out, m->vendor.s);
	fprintf(out, ",\n    \"qemu\": ");
	emit_json_text(out, m->qemu.s != NULL ? m->qemu.s : "q35");
	fprintf(out, ",\n    \"ram_bytes\": %llu,\n    \"tsc_hz\": %llu,\n"
		"    \"apic_hz\": %llu,\n    \"ioapic\": %llu,\n"
		"    \"lps\": [",
		(unsigned long long)ram_bytes(m),
		(unsigned long long)m->tsc_hz.v,
		(unsigned long long)m->apic_hz.v,
		(unsigned long long)m->ioapic_base.v);
	for (i = 0; i < m->lp_count; i++) {
		fprintf(out, "%s{\"name\": \"%s\", \"apic_id\": %u}",
			i == 0 ? "" : ", ", m->lps[i].name,
			(uint32_t)m->lps[i].apic_id.v);
	}
	fprintf(out, "],\n");
	emit_ranges(out, "ram", m->ram, m->ram_count);
	emit_ranges(out, "reserved", m->reserved, m->reserved_count);
	emit_reserved_ports(out, m);
	fprintf(out, "    \"boot_ok\": ");
	if (m->boot_ok_cmos.set) {
		fprintf(out, "{\"cmos\": %u, \"bit\": %u, \"count\": %u}",
			(uint32_t)m->boot_ok_cmos.v,
			(uint32_t)m->boot_ok_bit.v,
			model_boot_ok_count(model));
	} else {
		fprintf(out, "null");
	}
	fprintf(out, "\n  },\n");
}

static void emit_uart(FILE *out, const struct model *model,
		      const struct model_partition *p)
{
	const struct model_uart *uart;

	if (p->uart == MODEL_NONE) {
		fprintf(out, "      \"uart\": null,\n");
		return;
	}
	uart = &model->machine.uarts[p->uart];
	fprintf(out, "      \"uart\": {\"name\": \"%s\", \"port\": %u, "
		"\"irq\": %u, \"guest_port\": %u, \"guest_irq\": %u},\n",
		uart->name, (uint32_t)uart->base.v, (uint32_t)uart->irq.v,
		model_uart_guest_base(model, p), model_uart_pin(model, p));
}

static void emit_map(FILE *out, const struct model_partition *p)
{
	struct emit_area areas[EMIT_AREA_COUNT];
	uint32_t i;

	emit_find_areas(p, areas);
	fprintf(out, "      \"map\": [");
	for (i = 0; i < EMIT_AREA_COUNT; i++) {
		fprintf(out, "%s\n        {\"what\": \"%s\", \"gpa\": %llu, "
			"\"bytes\": %llu, \"spa\": ", i == 0 ? "" : ",",
			areas[i].what, (unsigned long long)areas[i].gpa,
			(unsigned long long)areas[i].size);
		if (areas[i].spa == EMIT_NO_SPA) {
			fprintf(out, "null}");
		} else {
			fprintf(out, "%llu}",
				(unsigned long long)areas[i].spa);
		}
	}
	fprintf(out, "\n      ],\n");
}

static void emit_loads(FILE *out, const struct model_partition *p)
{
	const char *comma = "";
	uint32_t i;

	fprintf(out, "      \"loads\": [");
	for (i = 0; i < p->load_count; i++) {
		const struct model_load *load = &p->loads[i];

		fprintf(out, "%s\n        {\"what\": \"%s\", \"gpa\": %llu, "
			"\"bytes\": %llu}", comma, load->what,
			(unsigned long long)load->gpa,
			(unsigned long long)load->size);
		comma = ",";
	}
	fprintf(out, "\n      ]\n");
}

static void emit_partition(FILE *out, const struct model *model,
			   const struct model_partition *p)
{
	uint32_t i;

	fprintf(out, "    {\n      \"name\": \"%s\",\n"
		"      \"memory_bytes\": %llu,\n      \"spa\": %llu,\n"
		"      \"boot\": \"%s\",\n      \"vps\": [", p->name,
		(unsigned long long)p->memory.v, (unsigned long long)p->spa,
		schema_boot_words[p->boot]);
	for (i = 0; i < p->vp_count; i++) {
		fprintf(out, "%s{\"lp\": %u}", i == 0 ? "" : ", ",
			p->vps[i].lp);
	}
	fprintf(out, "],\n");
	emit_uart(out, model, p);
	fprintf(out, "      \"console\": \"%s\",\n"
		"      \"on_failure\": \"%s\",\n", emit_console_name(p),
		schema_failure_words[p->failure]);
	if (p->restart_max.set) {
		fprintf(out, "      \"restart_max\": %u,\n",
			(uint32_t)p->restart_max.v);
	} else {
		fprintf(out, "      \"restart_max\": null,\n");
	}
	fprintf(out, "      \"nmi\": %s,\n      \"launch\": %s,\n"
		"      \"launch_all\": %s,\n      \"launch_stays\": %s,\n"
		"      \"launch_tpm\": %s,\n",
		p->nmi ? "true" : "false", p->launch ? "true" : "false",
		p->launch_all ? "true" : "false",
		p->launch_stays ? "true" : "false",
		p->launch_tpm ? "true" : "false");
	emit_json_payloads(out, p);
	emit_json_policy(out, p);
	emit_json_exits(out, model, p);
	emit_map(out, p);
	emit_loads(out, p);
	fprintf(out, "    }");
}

static void emit_plans(FILE *out, const struct model *model)
{
	uint32_t i, j;

	fprintf(out, "  \"plan\": [");
	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];

		fprintf(out, "%s\n    {\"lp\": %u, \"slots\": [",
			i == 0 ? "" : ",", plan->lp);
		for (j = 0; j < plan->slot_count; j++) {
			const struct model_slot *slot = &plan->slots[j];

			fprintf(out, "%s{\"partition\": ", j == 0 ? "" : ", ");
			if (slot->partition == MODEL_NONE) {
				fprintf(out, "null");
			} else {
				emit_json_text(out, model->partitions
					  [slot->partition].name);
			}
			fprintf(out, ", \"vp\": %u, \"us\": %u}", slot->vp,
				slot->length_us);
		}
		fprintf(out, "]}");
	}
	fprintf(out, "%s],\n", model->plan_count == 0 ? "" : "\n  ");
}

static void emit_lines(FILE *out, const struct model *model)
{
	uint32_t i;

	fprintf(out, "  \"lines\": [");
	for (i = 0; i < model->line_count; i++) {
		const struct model_line *line = &model->lines[i];

		fprintf(out, "%s\n    {\"gsi\": %u, \"partition\": \"%s\", "
			"\"pin\": %u, \"lp\": %u, \"vector\": %u}",
			i == 0 ? "" : ",", line->gsi,
			model->partitions[line->partition].name, line->pin,
			line->lp, LINE_VECTOR_FIRST + i);
	}
	fprintf(out, "%s],\n", model->line_count == 0 ? "" : "\n  ");
}

static void emit_module_list(FILE *out, const struct model *model)
{
	const char *comma = "";
	uint32_t i, j;

	fprintf(out, "  \"modules\": [");
	for (i = 0; i < model->module_count; i++) {
		const struct model_module *m = &model->modules[i];

		fprintf(out, "%s\n    {\"file\": \"%s\", \"spa\": %llu, "
			"\"bytes\": %llu,\n     \"sha384\": \"", comma,
			m->file, (unsigned long long)m->spa,
			(unsigned long long)m->payload->bytes.size);
		for (j = 0; j < SHA384_SIZE; j++) {
			fprintf(out, "%02x", m->sha384[j]);
		}
		fprintf(out, "\"}");
		comma = ",";
	}
	fprintf(out, "%s],\n", model->module_count == 0 ? "" : "\n  ");
}

static void emit_channel_list(FILE *out, const struct model *model)
{
	uint32_t i;

	fprintf(out, "  \"channels\": [");
	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];

		fprintf(out, "%s\n    {\"name\": \"%s\", \"kind\": \"%s\", "
			"\"from\": \"%s\", \"connection\": %u, \"to\": \"%s\", "
			"\"port\": %u, \"vp\": %u, \"sint\": %u, "
			"\"flags\": ",
			i == 0 ? "" : ",", c->name,
			schema_channel_words[c->kind],
			model->partitions[c->from].name,
			(uint32_t)c->connection.v,
			model->partitions[c->to].name, (uint32_t)c->port.v,
			(uint32_t)c->vp.v, (uint32_t)c->sint.v);
		if (c->has_flags) {
			fprintf(out, "{\"first\": %u, \"last\": %u}}",
				c->flag_first, c->flag_last);
		} else {
			fprintf(out, "null}");
		}
	}
	fprintf(out, "%s],\n", model->channel_count == 0 ? "" : "\n  ");
}

void emit_json(const struct model *model)
{
	char *path = util_format("%s/report.json", model->out_directory);
	FILE *out = util_open(path);
	uint32_t i;

	fprintf(out, "{\n  \"spec\": ");
	emit_json_text(out, util_base_name(model->spec_path));
	fprintf(out, ",\n");
	emit_machine(out, model);
	fprintf(out, "  \"partitions\": [\n");
	for (i = 0; i < model->partition_count; i++) {
		emit_partition(out, model, &model->partitions[i]);
		fprintf(out, "%s\n", i + 1 < model->partition_count ? "," :
			"");
	}
	fprintf(out, "  ],\n");
	emit_plans(out, model);
	emit_lines(out, model);
	emit_module_list(out, model);
	emit_channel_list(out, model);
	fprintf(out, "  \"image\": {\"base\": %llu, \"limit\": %llu, "
		"\"payload_bytes\": %llu, \"table_bytes\": %llu, "
		"\"store_bytes\": %llu}\n}\n",
		(unsigned long long)model->image_base,
		(unsigned long long)model->image_limit,
		(unsigned long long)model->payload_bytes,
		(unsigned long long)model->table_bytes,
		(unsigned long long)place_store_size(model));
	util_close(out, path);
}
