/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested page tables, in the forms of AMD (APM2 15.25) and Intel (SDM3 28.2):
 * GPA 0 to the partition's size, one to one onto its block, in 2 MiB leaves
 * with a table of 4 KiB leaves for a tail. NPT: accessed and dirty are set, so
 * that the processor never writes a table; memory is write-back (PAT entry
 * 0). EPT: write-back, and the guest's PAT counts. Pool addresses are the
 * linker's; the pool is one, since a machine has one form.
 *
 * Order in the pool: root, the table of GiBs, a table per GiB, the tail's, two
 * for the TPM's registers.
 */
#include "emit/emit.h"

#include "kconfig.h"

#define GIB (1ull << 30)

/* What an entry has beside its address. */
struct form {
	const char *vendor;
	const char *array;
	unsigned table, leaf, large;
	uint64_t window, mmio;
};

static const struct form forms[] = {
	/* present, writable, user, accessed; and dirty; and large; a window
	 * is neither writable nor executable; registers are not executable
	 * nor cached, and marked (NESTED_MMIO) */
	{ "amd", "nested_initial", 0x27, 0x67, 0xe7, 0x8000000000000025,
	  0x800000000000047f },
	/* read, write, execute; and write-back; and large; registers are
	 * uncached */
	{ "intel", "ept_initial", 0x07, 0x37, 0xb7, 0x01, 0x403 },
};

static void emit_link(FILE *out, const struct form *form, uint32_t number,
		      uint64_t index, uint64_t table)
{
	fprintf(out, "\t\t[%llu] = (uint64_t)&nested_pool_%u[%llu] + 0x%x,\n",
		(unsigned long long)index, number, (unsigned long long)table,
		form->table);
}

static void emit_gib(FILE *out, const struct form *form,
		     const struct model_partition *p, uint32_t number,
		     uint64_t gib)
{
	uint64_t base = gib * GIB;
	uint64_t i;

	fprintf(out, "\t{\t/* GPA 0x%llx */\n", (unsigned long long)base);
	for (i = 0; i < CONFIG_TABLE_ENTRIES; i++) {
		uint64_t gpa = base + i * LARGE_PAGE;

		if (gpa + LARGE_PAGE <= p->memory.v) {
			fprintf(out, "\t\t[%llu] = 0x%llxull,\n",
				(unsigned long long)i, (unsigned long long)
				(p->spa + gpa + form->large));
		} else if (gpa < p->memory.v) {
			emit_link(out, form, number, i,
				  2 + util_round_up(p->memory.v, GIB) / GIB);
		}
	}
	fprintf(out, "\t},\n");
}

static void emit_tail(FILE *out, const struct form *form,
		      const struct model_partition *p)
{
	uint64_t gpa = util_round_down(p->memory.v, LARGE_PAGE);
	uint64_t i;

	fprintf(out, "\t{\t/* GPA 0x%llx, 4 KiB pages */\n",
		(unsigned long long)gpa);
	for (i = 0; gpa + i * PAGE < p->memory.v; i++) {
		fprintf(out, "\t\t[%llu] = 0x%llxull,\n",
			(unsigned long long)i, (unsigned long long)
			(p->spa + gpa + i * PAGE + form->leaf));
	}
	fprintf(out, "\t},\n");
}

/* The TPM's registers, one to one; RAM never reaches that GiB. */
static void emit_tpm(FILE *out, const struct form *form,
		     const struct model_partition *p, uint32_t number)
{
	uint64_t at;

	fprintf(out, "\t{\t/* GPA 0x%llx: the TPM's */\n",
		(unsigned long long)(LAUNCH_TPM_BASE / GIB * GIB));
	emit_link(out, form, number, LAUNCH_TPM_BASE / LARGE_PAGE %
		  CONFIG_TABLE_ENTRIES, p->table_count - 1);
	fprintf(out, "\t},\n\t{\t/* the TPM */\n");
	for (at = LAUNCH_TPM_BASE; at < LAUNCH_TPM_BASE + LAUNCH_TPM_SIZE;
	     at += PAGE) {
		fprintf(out, "\t\t[%llu] = 0x%llxull,\n",
			(unsigned long long)(at / PAGE % CONFIG_TABLE_ENTRIES),
			(unsigned long long)(at + form->mmio));
	}
	fprintf(out, "\t},\n");
}

/*
 * The launch partition sees the others through their own tables. A link lets
 * it read only, whatever they say: rights are those of all levels (APM2
 * 15.25.5, SDM3 28.2.2).
 */
static void emit_windows(FILE *out, const struct form *form,
			 const struct model *model)
{
	uint32_t i;
	uint64_t gib;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		uint64_t gibs = util_round_up(p->memory.v, GIB) / GIB;

		for (gib = 0; !p->launch && gib < gibs; gib++) {
			fprintf(out, "\t\t[%llu] = (uint64_t)"
				"&nested_pool_%u[%llu] + 0x%llxull,"
				"\t/* %s */\n",
				(unsigned long long)
				(LAUNCH_WINDOW(i) / GIB + gib), i,
				(unsigned long long)(2 + gib),
				(unsigned long long)form->window, p->name);
		}
	}
}

static void emit_form(FILE *out, const struct form *form,
		      const struct model *model, uint32_t number)
{
	const struct model_partition *p = &model->partitions[number];
	uint64_t gibs = util_round_up(p->memory.v, GIB) / GIB;
	uint64_t gib;

	fprintf(out, "static const uint64_t %s_%u[%u]"
		"[CONFIG_TABLE_ENTRIES]\nPAGE_ALIGNED = {\n\t{\n",
		form->array, number, p->table_count);
	emit_link(out, form, number, 0, 1);
	fprintf(out, "\t},\n\t{\n");
	for (gib = 0; gib < gibs; gib++) {
		emit_link(out, form, number, gib, 2 + gib);
	}
	if (p->launch) {
		emit_windows(out, form, model);
	}
	if (p->launch_tpm) {
		emit_link(out, form, number, LAUNCH_TPM_BASE / GIB,
			  p->table_count - 2);
	}
	fprintf(out, "\t},\n");
	for (gib = 0; gib < gibs; gib++) {
		emit_gib(out, form, p, number, gib);
	}
	if (p->memory.v % LARGE_PAGE != 0) {
		emit_tail(out, form, p);
	}
	if (p->launch_tpm) {
		emit_tpm(out, form, p, number);
	}
	fprintf(out, "};\n\n");
}

void emit_nested(FILE *out, const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		fprintf(out, "static uint64_t nested_pool_%u[%u]"
			"[CONFIG_TABLE_ENTRIES] IN_POOL;\n", i,
			model->partitions[i].pool_count);
	}
	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		fprintf(out, "/* %s: nested tables */\n", p->name);
		for (j = 0; j < COUNT(forms); j++) {
			if (kconfig_has_vendor(model->machine.vendor.s,
					       forms[j].vendor)) {
				emit_form(out, &forms[j], model, i);
			}
		}
	}
}
