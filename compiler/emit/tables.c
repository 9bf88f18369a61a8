/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c: the arrays of config.h, in the order of that header. */
#include "config/launch.h"
#include "emit/emit.h"

#include <string.h>

#include "kconfig.h"
#include "place/place.h"

void emit_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?') {
			fprintf(out, "\\%03o", c);
		} else {
			fputc(c, out);
		}
	}
	fputc('"', out);
}

const char *emit_console_name(const struct model_partition *p)
{
	if (p->console.s != NULL) {
		return "log";
	}
	return p->uart != MODEL_NONE ? "uart" : "none";
}

static void emit_where(FILE *out, struct loc at)
{
	emit_string(out, source_text(at));
}

static void emit_launch(FILE *out, const struct model *model)
{
	uint32_t launch = model_launch(model);
	const struct num *timeout;

	if (launch == MODEL_NONE) {
		fprintf(out, "\t.launch_partition = CONFIG_NONE\n};\n\n");
		return;
	}
	timeout = &model->partitions[launch].launch_timeout;
	fprintf(out, "\t.launch_partition = %u,\n"
		"\t.launch_timeout_ms = %u,\n\t.launch_table = 0x%llxull,\n"
		"\t.launch_flags = %u\n};\n\n", launch,
		timeout->set ? (uint32_t)timeout->v : PLACE_LAUNCH_TIMEOUT_MS,
		(unsigned long long)PLACE_LAUNCH_TABLE,
		place_launch_flags(&model->partitions[launch]));
}

static void emit_machine(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;

	fprintf(out, "const struct machine_config machine_config = {\n\t");
	fprintf(out, ".name = ");
	emit_string(out, m->board.s);
	fprintf(out, ",\n\t.where = ");
	emit_where(out, m->at);
	fprintf(out, ",\n\t.tsc_hz = %lluull,\n\t.apic_hz = %lluull,\n"
		"\t.ioapic_base = 0x%llxull,\n\t.vendor = %s,\n"
		"\t.ioapic_pins = %u,\n\t.boot_ok_count = %u,\n"
		"\t.boot_ok_cmos = 0x%02x,\n\t.boot_ok_mask = 0x%02x,\n",
		(unsigned long long)m->tsc_hz.v,
		(unsigned long long)m->apic_hz.v,
		(unsigned long long)m->ioapic_base.v,
		!kconfig_has_vendor(m->vendor.s, "intel") ? "VENDOR_AMD" :
		!kconfig_has_vendor(m->vendor.s, "amd") ? "VENDOR_INTEL" :
		"VENDOR_ANY", (uint32_t)m->ioapic_pins.v,
		model_boot_ok_count(model), (uint32_t)m->boot_ok_cmos.v,
		m->boot_ok_cmos.set ? 1u << m->boot_ok_bit.v : 0);
	emit_launch(out, model);
}

/* First reserved range that touches [base, end). */
static const struct model_range *find_hole(const struct model_machine *m,
					   uint64_t base, uint64_t end)
{
	const struct model_range *first = NULL;
	uint32_t i;

	for (i = 0; i < m->reserved_count; i++) {
		const struct model_range *r = &m->reserved[i];

		if (util_overlaps(base, end - base, r->base, r->size) &&
		    (first == NULL || r->base < first->base)) {
			first = r;
		}
	}
	return first;
}

/* RAM that Bulkhead counts on: what the board has, less what is reserved. */
static void emit_ram(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t count = 0;
	uint32_t i;

	fprintf(out, "const struct ram_config ram_configs[] = {\n");
	for (i = 0; i < m->ram_count; i++) {
		uint64_t base = m->ram[i].base;
		uint64_t end = base + m->ram[i].size;

		while (base < end) {
			const struct model_range *hole = find_hole(m, base,
								   end);
			uint64_t stop = hole == NULL ? end : hole->base;

			if (stop > base) {
				fprintf(out, "\t{ 0x%llxull, 0x%llxull, ",
					(unsigned long long)base,
					(unsigned long long)(stop - base));
				emit_where(out, m->ram[i].at);
				fprintf(out, " },\n");
				count++;
			}
			base = hole == NULL ? end : hole->base + hole->size;
		}
	}
	if (count == 0) {
		fprintf(out, "\t{ 0, 0, 0 }\n");
	}
	fprintf(out, "};\nconst uint32_t ram_count = %u;\n\n", count);
}

static void emit_lines(FILE *out, const struct model *model)
{
	uint32_t i;

	fprintf(out, "const struct line_config line_configs[] = {\n");
	for (i = 0; i < model->line_count; i++) {
		const struct model_line *line = &model->lines[i];

		fprintf(out, "\t{ .gsi = %u, .partition = %u, .pin = %u, "
			".lp = %u,\n\t  .level = 0, .active_low = 0, "
			".vector = 0x%02x,\n\t  .where = ", line->gsi,
			line->partition, line->pin, line->lp,
			LINE_VECTOR_FIRST + i);
		emit_where(out, line->at);
		fprintf(out, " },\n");
	}
	if (model->line_count == 0) {
		fprintf(out, "\t{ 0 }\t/* C has no empty arrays */\n");
	}
	fprintf(out, "};\nconst uint32_t line_count = %u;\n\n",
		model->line_count);
}

static void emit_modules_config(FILE *out, const struct model *model)
{
	uint32_t i, j;

	fprintf(out, "const struct module_config module_configs[] = {\n");
	for (i = 0; i < model->module_count; i++) {
		const struct model_module *m = &model->modules[i];

		fprintf(out, "\t{ 0x%llxull, %lluull, {",
			(unsigned long long)m->spa,
			(unsigned long long)m->payload->bytes.size);
		for (j = 0; j < SHA384_SIZE; j++) {
			fprintf(out, "%s0x%02x,", j % 12 == 0 ? "\n\t  " : " ",
				m->sha384[j]);
		}
		fprintf(out, "\n\t  }, ");
		emit_string(out, util_base_name(m->payload->path));
		fprintf(out, ", ");
		emit_where(out, m->payload->at);
		fprintf(out, " },\n");
	}
	if (model->module_count == 0) {
		fprintf(out, "\t{ 0 }\n");
	}
	fprintf(out, "};\nconst uint32_t module_count = %u;\n\n",
		model->module_count);
}

/* Where a load's bytes are: in payload.S, or a part of a module. */
static void emit_load_data(FILE *out, const struct model *model,
			   const struct model_load *load)
{
	if (load->module == MODEL_NONE) {
		fprintf(out, "payload_%u", load->payload);
	} else {
		fprintf(out, "(const uint8_t *)0x%llxull", (unsigned long long)
			(model->modules[load->module].spa + load->offset));
	}
}

static void emit_regions(FILE *out, const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		fprintf(out, "/* %s: memory and what is loaded into it */\n"
			"static const struct region_config regions_%u[] = {\n"
			"\t{ 0x0ull, 0x%llxull, 0x%llxull, ", p->name, i,
			(unsigned long long)p->spa,
			(unsigned long long)p->memory.v);
		emit_where(out, p->memory.at);
		fprintf(out, " },\n};\n"
			"static const struct load_config loads_%u[] = {\n", i);
		for (j = 0; j < p->load_count; j++) {
			const struct model_load *load = &p->loads[j];

			if (load->size == 0) {
				continue;
			}
			fprintf(out, "\t{ 0x%llxull, %lluull, ",
				(unsigned long long)load->gpa,
				(unsigned long long)load->size);
			emit_load_data(out, model, load);
			fprintf(out, " },\t/* %s */\n", load->what);
		}
		fprintf(out, "};\n\n");
	}
}

static void emit_flags(FILE *out, const struct model_partition *p)
{
	fprintf(out, "\t\t.flags = 0");
	if (p->console.s != NULL) {
		fprintf(out, " | PARTITION_CONSOLE_LOG");
	}
	if (p->policy.privileges.set) {
		fprintf(out, " | PARTITION_TLFS");
		if ((p->policy.hints.v & PARTITION_FLUSH_CALLS) != 0) {
			fprintf(out, " | PARTITION_FLUSH_CALLS");
		}
		if ((p->policy.hints.v & PARTITION_IPI_CALLS) != 0) {
			fprintf(out, " | PARTITION_IPI_CALLS");
		}
	}
	if (p->nmi) {
		fprintf(out, " | PARTITION_NMI");
	}
	fprintf(out, ",\n");
}

/* What only one vendor's processors look at. */
static void emit_vendor(FILE *out, const struct model *model,
			const struct model_partition *p, uint32_t i)
{
	const char *vendor = model->machine.vendor.s;

	if (kconfig_has_vendor(vendor, "amd")) {
		fprintf(out, "\t\t.msrpm = msrpm_%u,\n"
			"\t\t.nested_initial = nested_initial_%u,\n",
			p->msrpm, i);
	}
	if (kconfig_has_vendor(vendor, "intel")) {
		fprintf(out, "\t\t.msr_bitmap = msr_bitmap_%u,\n"
			"\t\t.ept_initial = ept_initial_%u,\n",
			p->msr_bitmap, i);
	}
	if (p->has_apic_bitmap) {
		fprintf(out, "\t\t.msr_bitmap_apic = msr_bitmap_%u,\n",
			p->msr_bitmap_apic);
	}
}

static void emit_tables_of(FILE *out, const struct model_partition *p,
			   uint32_t i)
{
	uint32_t loads = 0;
	uint32_t j;

	for (j = 0; j < p->load_count; j++) {
		loads += p->loads[j].size != 0;
	}
	fprintf(out, "\t\t.regions = regions_%u,\n\t\t.loads = loads_%u,\n"
		"\t\t.ports = ports_%u,\n\t\t.msrs = msrs_%u,\n"
		"\t\t.cpuids = cpuids_%u,\n\t\t.region_count = 1,\n"
		"\t\t.load_count = %u,\n\t\t.port_count = %u,\n"
		"\t\t.msr_count = %u,\n\t\t.cpuid_count = %u,\n"
		"\t\t.port_default = %s,\n\t\t.iopm = iopm_%u,\n",
		i, i, i, i, i, loads,
		p->policy.port_count, p->policy.msr_count,
		p->policy.cpuid_count, p->policy.port_default.v ==
		PORT_STRICT ? "PORT_STRICT" : "PORT_DENY", p->iopm);
	fprintf(out, "\t\t.nested_pool = nested_pool_%u,\n"
		"\t\t.nested_initial_count = %u,\n"
		"\t\t.nested_pool_count = %u,\n", i, p->table_count,
		p->pool_count);
}

static void emit_partitions(FILE *out, const struct model *model)
{
	static const char *const failure[] = {
		"FAILURE_HALT", "FAILURE_RESTART", "FAILURE_PANIC"
	};
	uint32_t i;

	fprintf(out, "const struct partition_config partition_configs[] = "
		"{\n");
	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		fprintf(out, "\t{\n\t\t.name = ");
		emit_string(out, p->name);
		fprintf(out, ",\n\t\t.where = ");
		emit_where(out, p->at);
		fprintf(out, ",\n");
		emit_flags(out, p);
		fprintf(out, "\t\t.vp_first = %u,\n\t\t.vp_count = %u,\n"
			"\t\t.gpa_bits = %u,\n", p->vp_first, p->vp_count,
			p->gpa_bits);
		emit_tables_of(out, p, i);
		emit_vendor(out, model, p, i);
		fprintf(out, "\t\t.cr4_allow = 0x%llxull,\n"
			"\t\t.efer_allow = 0x%llxull,\n"
			"\t\t.xcr0_allow = 0x%llxull,\n"
			"\t\t.hv_privileges = 0x%llxull,\n",
			(unsigned long long)p->cr4_allow,
			(unsigned long long)p->efer_allow,
			(unsigned long long)p->xcr0_allow,
			(unsigned long long)p->policy.privileges.v);
		fprintf(out, "\t\t.failure = %s,\n\t\t.restart_max = ",
			failure[p->failure]);
		if (p->restart_max.set) {
			fprintf(out, "%u,\n", (uint32_t)p->restart_max.v);
		} else {
			fprintf(out, "CONFIG_NONE,\n");
		}
		fprintf(out, "\t\t.channel_first = %u,\n"
			"\t\t.channel_count = %u\n\t},\n", p->channel_first,
			p->channel_count);
	}
	fprintf(out, "};\nconst uint32_t partition_count = %u;\n\n",
		model->partition_count);
}

static void emit_head(FILE *out, const struct model *model)
{
	uint32_t count = place_payload_count(model);
	uint32_t i;

	fprintf(out, "/*\n * Generated by partc from %s. Do not edit.\n */\n"
		"#include \"config/config.h\"\n\n",
		util_base_name(model->spec_path));
	fprintf(out, "#define IN_POOL __attribute__((section("
		"\".bss.nested_pool\"), aligned(4096)))\n"
		"#define PAGE_ALIGNED __attribute__((aligned(4096)))\n\n");
	fprintf(out, "extern const uint64_t image_limit;\n");
	for (i = 0; i < count; i++) {
		fprintf(out, "extern const uint8_t payload_%u[];\n", i);
	}
	fprintf(out, "\nconst char spec_name[] = ");
	emit_string(out, util_base_name(model->spec_path));
	fprintf(out, ";\n/* Room kept for the image, up to here; verify "
		"proves that no partition touches it. */\n"
		"const uint64_t image_limit = 0x%llxull;\n\n",
		(unsigned long long)model->image_limit);
}

void emit_tables(struct model *model)
{
	char *path = util_format("%s/tables.c", model->out_directory);
	FILE *out = util_open(path);

	emit_head(out, model);
	emit_machine(out, model);
	emit_ram(out, model);
	emit_plan(out, model);
	emit_lines(out, model);
	emit_modules_config(out, model);
	emit_channels(out, model);
	emit_regions(out, model);
	emit_policy(out, model);
	emit_bitmaps(out, model);
	emit_nested(out, model);
	emit_state(out, model);
	emit_partitions(out, model);
	fprintf(out, "#define BULKHEAD_PARTITION_COUNT %u\n"
		"#define BULKHEAD_VP_COUNT %u\n"
		"#define BULKHEAD_LP_COUNT %u\n"
		"#define BULKHEAD_LINE_COUNT %u\n"
		"#define BULKHEAD_CHANNEL_COUNT %u\n"
		"#include \"core/state_arrays.h\"\n", model->partition_count,
		model->vp_count, model->machine.lp_count, model->line_count,
		model->channel_count);
	util_close(out, path);
}
