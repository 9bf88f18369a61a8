/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested page tables (APM2 15.25): GPA 0 to the partition's size, one to one
 * onto its block, in 2 MiB leaves with a table of 4 KiB leaves for a tail.
 * Accessed and dirty are set, so that the processor never writes a table;
 * memory is write-back (PAT entry 0). Pool addresses are the linker's.
 *
 * Order in the pool: root, the table of GiBs, a table per GiB, the tail's.
 */
#include "emit/emit.h"

#define FLAG_TABLE 0x27u	/* present, writable, user, accessed */
#define FLAG_LEAF 0x67u		/* and dirty */
#define FLAG_LARGE 0xe7u	/* and large */
#define GIB (1ull << 30)

static void emit_link(FILE *out, uint32_t number, uint64_t index,
		      uint64_t table)
{
	fprintf(out, "\t\t[%llu] = (uint64_t)&nested_pool_%u[%llu] + 0x%x,\n",
		(unsigned long long)index, number, (unsigned long long)table,
		FLAG_TABLE);
}

static void emit_gib(FILE *out, const struct model_partition *p,
		     uint32_t number, uint64_t gib)
{
	uint64_t base = gib * GIB;
	uint64_t i;

	fprintf(out, "\t{\t/* GPA 0x%llx */\n", (unsigned long long)base);
	for (i = 0; i < CONFIG_TABLE_ENTRIES; i++) {
		uint64_t gpa = base + i * LARGE_PAGE;

		if (gpa + LARGE_PAGE <= p->memory.v) {
			fprintf(out, "\t\t[%llu] = 0x%llxull,\n",
				(unsigned long long)i, (unsigned long long)
				(p->spa + gpa + FLAG_LARGE));
		} else if (gpa < p->memory.v) {
			emit_link(out, number, i, p->table_count - 1);
		}
	}
	fprintf(out, "\t},\n");
}

static void emit_tail(FILE *out, const struct model_partition *p)
{
	uint64_t gpa = util_round_down(p->memory.v, LARGE_PAGE);
	uint64_t i;

	fprintf(out, "\t{\t/* GPA 0x%llx, 4 KiB pages */\n",
		(unsigned long long)gpa);
	for (i = 0; gpa + i * PAGE < p->memory.v; i++) {
		fprintf(out, "\t\t[%llu] = 0x%llxull,\n",
			(unsigned long long)i, (unsigned long long)
			(p->spa + gpa + i * PAGE + FLAG_LEAF));
	}
	fprintf(out, "\t},\n");
}

void emit_nested(FILE *out, const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		uint64_t gibs = util_round_up(p->memory.v, GIB) / GIB;
		uint64_t gib;

		fprintf(out, "/* %s: nested tables */\n"
			"static uint64_t nested_pool_%u[%u]"
			"[CONFIG_TABLE_ENTRIES] IN_POOL;\n"
			"static const uint64_t nested_initial_%u[%u]"
			"[CONFIG_TABLE_ENTRIES]\nPAGE_ALIGNED = {\n"
			"\t{\n", p->name, i, p->pool_count, i,
			p->table_count);
		emit_link(out, i, 0, 1);
		fprintf(out, "\t},\n\t{\n");
		for (gib = 0; gib < gibs; gib++) {
			emit_link(out, i, gib, 2 + gib);
		}
		fprintf(out, "\t},\n");
		for (gib = 0; gib < gibs; gib++) {
			emit_gib(out, p, i, gib);
		}
		if (p->memory.v % LARGE_PAGE != 0) {
			emit_tail(out, p);
		}
		fprintf(out, "};\n\n");
	}
}
