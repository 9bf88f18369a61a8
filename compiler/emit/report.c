/* SPDX-License-Identifier: Apache-2.0 */
/* report.txt: the system as the compiler placed it, for a person to read. */
#include "emit/emit.h"

#include "schema.h"

static void emit_range(FILE *out, uint64_t base, uint64_t size,
		       const char *name)
{
	fprintf(out, "  %012llx-%012llx  %-12s %s\n", (unsigned long long)base,
		(unsigned long long)(base + size), util_size(size), name);
}

static void emit_memory(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t i;

	fprintf(out, "System physical memory\n");
	for (i = 0; i < m->ram_count; i++) {
		emit_range(out, m->ram[i].base, m->ram[i].size, "RAM");
	}
	for (i = 0; i < m->reserved_count; i++) {
		emit_range(out, m->reserved[i].base, m->reserved[i].size,
			   util_format("reserved: %s", m->reserved[i].name));
	}
	emit_range(out, model->image_base,
		   model->image_limit - model->image_base,
		   util_format("image, at most (payloads %s, nested tables "
			       "and bitmaps %s)",
			       util_size(model->payload_bytes),
			       util_size(model->table_bytes)));
	for (i = 0; i < model->module_count; i++) {
		const struct model_module *m = &model->modules[i];

		emit_range(out, m->spa, m->payload->bytes.size,
			   util_format("module store, read-only: %s",
				       m->payload->path));
	}
	for (i = 0; i < model->partition_count; i++) {
		emit_range(out, model->partitions[i].spa,
			   model->partitions[i].memory.v,
			   model->partitions[i].name);
	}
	fputc('\n', out);
}

static void emit_lps(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t i, j, k;

	fprintf(out, "Logical processors\n");
	for (i = 0; i < m->lp_count; i++) {
		const char *comma = "";

		fprintf(out, "  %-8s APIC %-3u  ", m->lps[i].name,
			(uint32_t)m->lps[i].apic_id.v);
		for (j = 0; j < model->partition_count; j++) {
			const struct model_partition *p =
				&model->partitions[j];

			for (k = 0; k < p->vp_count; k++) {
				if (p->vps[k].lp == i) {
					fprintf(out, "%s%s VP %u", comma,
						p->name, k);
					comma = ", ";
				}
			}
		}
		fprintf(out, "%s\n", *comma == '\0' ? "no VP" : "");
	}
	for (i = 0; i < m->reserved_port_count; i++) {
		fprintf(out, "%sports %04llx-%04llx reserved: %s\n",
			i == 0 ? "\n" : "",
			(unsigned long long)m->reserved_ports[i].base,
			(unsigned long long)(m->reserved_ports[i].base +
					     m->reserved_ports[i].size - 1),
			m->reserved_ports[i].name);
	}
	fputc('\n', out);
}

static void emit_file(FILE *out, const char *role,
		      const struct model_payload *payload)
{
	if (payload->good) {
		fprintf(out, "  %-16s %s, %s%s\n    SHA-384 %s\n", role,
			payload->name, util_size(payload->bytes.size),
			payload->module == MODEL_NONE ? "" :
			", left to the boot loader",
			emit_hash_text(payload->sha384));
	}
}

static void emit_map(FILE *out, const struct model_partition *p)
{
	struct emit_area areas[EMIT_AREA_COUNT];
	uint32_t i;

	emit_find_areas(p, areas);
	fprintf(out, "  address map (guest physical)\n");
	for (i = 0; i < EMIT_AREA_COUNT; i++) {
		emit_range(out, areas[i].gpa, areas[i].size,
			   areas[i].spa == EMIT_NO_SPA ? areas[i].what :
			   util_format("%s, at %012llx", areas[i].what,
				       (unsigned long long)areas[i].spa));
	}
}

static void emit_partition(FILE *out, const struct model *model,
			   const struct model_partition *p)
{
	uint32_t i;

	fprintf(out, "Partition %s (%s)\n  boot             %s, entry %llx\n",
		p->name, source_text(p->at), schema_boot_words[p->boot],
		(unsigned long long)(p->state.segment[SEGMENT_CS].base +
				     p->state.rip));
	fprintf(out, "  VPs on           ");
	for (i = 0; i < p->vp_count; i++) {
		fprintf(out, "%s%s", i == 0 ? "" : ", ",
			model->machine.lps[p->vps[i].lp].name);
	}
	fprintf(out, "\n  console          %s\n  on failure       %s",
		emit_console_name(p), schema_failure_words[p->failure]);
	if (p->restart_max.set) {
		fprintf(out, ", %u times", (uint32_t)p->restart_max.v);
	}
	if (p->launch) {
		fprintf(out, "\n  launch           sees all others' memory, "
			"read-only, until it has said who starts%s%s%s",
			p->launch_all ? "; all or nothing" : "",
			p->launch_stays ? "; then it stays" : "",
			p->launch_tpm ? "; owns the TPM" : "");
	}
	fprintf(out, "\n  CR4 / EFER / XCR0 may be  %llx / %llx / %llx\n"
		"  nested tables    %u of %u pages\n",
		(unsigned long long)p->cr4_allow,
		(unsigned long long)p->efer_allow,
		(unsigned long long)p->xcr0_allow, p->table_count,
		p->pool_count);
	for (i = 0; i < 2 + p->module_count; i++) {
		emit_file(out, i == 0 ? "payload" : i == 1 ? "initrd" :
			  util_format("module %u", i - 2),
			  i == 0 ? &p->payload : i == 1 ? &p->initrd :
			  &p->modules[i - 2].payload);
	}
	emit_report_policy(out, model, p);
	emit_map(out, p);
	fprintf(out, "  loaded (guest physical)\n");
	for (i = 0; i < p->load_count; i++) {
		const struct model_load *load = &p->loads[i];

		emit_range(out, load->gpa, load->size, load->file == NULL ?
			   load->what :
			   util_format("%s: %s%s", load->what, load->file,
				       load->module == MODEL_NONE ? "" :
				       " (module)"));
	}
	fputc('\n', out);
}

static void emit_schedule(FILE *out, const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];
		uint64_t total = 0;

		fprintf(out, "Plan of %s\n",
			model->machine.lps[plan->lp].name);
		for (j = 0; j < plan->slot_count; j++) {
			const struct model_slot *slot = &plan->slots[j];

			fprintf(out, "  %8llu us  %6u us  ",
				(unsigned long long)total, slot->length_us);
			if (slot->partition == MODEL_NONE) {
				fprintf(out, "idle\n");
			} else {
				fprintf(out, "%s, VP %u\n", model->partitions
					[slot->partition].name, slot->vp);
			}
			total += slot->length_us;
		}
		fprintf(out, "  %8llu us  again\n\n",
			(unsigned long long)total);
	}
}

void emit_report(const struct model *model)
{
	char *path = util_format("%s/report.txt", model->out_directory);
	FILE *out = util_open(path);
	uint32_t i;

	fprintf(out, "Bulkhead: %s on %s\n(the hash of the image itself stands "
		"in bulkhead.spdx.json)\n\n", model->spec_path,
		model->machine.board.s);
	emit_memory(out, model);
	emit_lps(out, model);
	for (i = 0; i < model->partition_count; i++) {
		emit_partition(out, model, &model->partitions[i]);
	}
	emit_schedule(out, model);
	for (i = 0; i < model->line_count; i++) {
		const struct model_line *line = &model->lines[i];

		fprintf(out, "Interrupt line %u -> %s, pin %u, taken by %s, "
			"vector %#x\n", line->gsi,
			model->partitions[line->partition].name, line->pin,
			model->machine.lps[line->lp].name,
			LINE_VECTOR_FIRST + i);
	}
	util_close(out, path);
}
