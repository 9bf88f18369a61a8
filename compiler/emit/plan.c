/* SPDX-License-Identifier: Apache-2.0 */
/* LPs with their slots, VPs, and the registers that they start with. */
#include "emit/emit.h"

static const struct model_plan *plan_of(const struct model *model, uint32_t lp)
{
	uint32_t i;

	for (i = 0; i < model->plan_count; i++) {
		if (model->plans[i].lp == lp) {
			return &model->plans[i];
		}
	}
	return NULL;
}

/* The only VP of an LP without a plan; MODEL_NONE: it idles. */
static uint32_t vp_of(const struct model *model, uint32_t lp)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->vp_count; j++) {
			if (p->vps[j].lp == lp) {
				return p->vp_first + j;
			}
		}
	}
	return MODEL_NONE;
}

static uint32_t emit_slots(FILE *out, const struct model *model, uint32_t lp)
{
	const struct model_plan *plan = plan_of(model, lp);
	uint32_t vp = vp_of(model, lp);
	uint32_t i;

	if (plan == NULL && vp == MODEL_NONE) {
		return 0;
	}
	fprintf(out, "static const struct slot_config slots_%u[] = {\n", lp);
	if (plan == NULL) {
		fprintf(out, "\t{ %u, 0 },\n};\n", vp);
		return 1;
	}
	for (i = 0; i < plan->slot_count; i++) {
		const struct model_slot *slot = &plan->slots[i];

		if (slot->partition == MODEL_NONE) {
			fprintf(out, "\t{ CONFIG_NONE, %u },\n",
				slot->length_us);
			continue;
		}
		fprintf(out, "\t{ %u, %u },\n", slot->vp +
			model->partitions[slot->partition].vp_first,
			slot->length_us);
	}
	fprintf(out, "};\n");
	return plan->slot_count;
}

void emit_plan(FILE *out, const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t *counts = util_alloc(m->lp_count * sizeof(*counts));
	uint32_t i;

	for (i = 0; i < m->lp_count; i++) {
		counts[i] = emit_slots(out, model, i);
	}
	fprintf(out, "const struct lp_config lp_configs[] = {\n");
	for (i = 0; i < m->lp_count; i++) {
		const struct model_plan *plan = plan_of(model, i);

		fprintf(out, "\t{ .apic_id = %u, .slot_count = %u, .slots = ",
			(uint32_t)m->lps[i].apic_id.v, counts[i]);
		if (counts[i] == 0) {
			fprintf(out, "0");
		} else {
			fprintf(out, "slots_%u", i);
		}
		fprintf(out, ",\n\t  .where = ");
		emit_string(out, source_text(plan == NULL ? m->lps[i].at :
					     plan->at));
		fprintf(out, " },\n");
	}
	fprintf(out, "};\nconst uint32_t lp_count = %u;\n\n", m->lp_count);
}

static void emit_registers(FILE *out, const struct model_partition *p,
			   uint32_t number)
{
	const struct vp_state_config *s = &p->state;
	unsigned i;

	fprintf(out, "static const struct vp_state_config state_%u = {\n"
		"\t.gpr = {", number);
	for (i = 0; i < GPR_COUNT; i++) {
		fprintf(out, "%s0x%llxull%s", i % 4 == 0 ? "\n\t\t" : " ",
			(unsigned long long)s->gpr[i],
			i + 1 < GPR_COUNT ? "," : "\n\t},\n");
	}
	fprintf(out, "\t.rip = 0x%llxull, .rflags = 0x%llxull,\n"
		"\t.cr0 = 0x%llxull, .cr3 = 0x%llxull, .cr4 = 0x%llxull,\n"
		"\t.efer = 0x%llxull,\n\t.segment = {\n",
		(unsigned long long)s->rip, (unsigned long long)s->rflags,
		(unsigned long long)s->cr0, (unsigned long long)s->cr3,
		(unsigned long long)s->cr4, (unsigned long long)s->efer);
	for (i = 0; i < SEGMENT_COUNT; i++) {
		fprintf(out, "\t\t{ 0x%llxull, 0x%x, 0x%x, 0x%x },\n",
			(unsigned long long)s->segment[i].base,
			s->segment[i].limit, s->segment[i].selector,
			s->segment[i].attributes);
	}
	fprintf(out, "\t},\n\t.gdtr_base = 0x%llxull, .idtr_base = "
		"0x%llxull,\n\t.gdtr_limit = 0x%x, .idtr_limit = 0x%x\n};\n",
		(unsigned long long)s->gdtr_base,
		(unsigned long long)s->idtr_base, s->gdtr_limit,
		s->idtr_limit);
}

void emit_state(FILE *out, const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		emit_registers(out, &model->partitions[i], i);
	}
	fprintf(out, "\nconst struct vp_config vp_configs[] = {\n");
	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->vp_count; j++) {
			fprintf(out, "\t{ .partition = %u, .number = %u, "
				".lp = %u, .state = ", i, j, p->vps[j].lp);
			if (j == 0) {
				fprintf(out, "&state_%u,\n", i);
			} else {
				fprintf(out, "0,\n");
			}
			emit_sints(out, model, i, j);
		}
	}
	fprintf(out, "};\nconst uint32_t vp_count = %u;\n\n",
		model->vp_count);
}
