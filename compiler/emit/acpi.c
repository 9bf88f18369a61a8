/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's ACPI tables: sources into acpi/NAME-TABLE.asl, iasl makes .aml of
 * them, and they are laid out in the block that goes to PLACE_ACPI.
 */
#include "emit/emit.h"

#include <stdlib.h>
#include <string.h>

#include "emit/acpi_text.h"
#include "place/place.h"

/* The tables of one guest, in the order in which they lie in its block. */
enum { RSDP, XSDT, FADT, MADT, DSDT, TABLE_COUNT };

static const struct {
	const char *name;
	uint32_t offset;
	uint32_t limit;
} tables[TABLE_COUNT] = {
	[RSDP] = { "rsdp", ACPI_RSDP, ACPI_XSDT },
	[XSDT] = { "xsdt", ACPI_XSDT, ACPI_FADT },
	[FADT] = { "fadt", ACPI_FADT, ACPI_MADT },
	[MADT] = { "madt", ACPI_MADT, ACPI_DSDT },
	[DSDT] = { "dsdt", ACPI_DSDT, PLACE_ACPI_SIZE },
};

/* Path of a table's files, without .asl or .aml. */
static char *stem_of(const struct model *model,
		     const struct model_partition *p, unsigned table)
{
	return util_format("%s/acpi/%s-%s", model->out_directory, p->name,
			   tables[table].name);
}

static void write_source(const struct model *model,
			 const struct model_partition *p, unsigned table,
			 const char *stem)
{
	char *path = util_format("%s.asl", stem);
	FILE *out = util_open(path);

	switch (table) {
	case RSDP:
		acpi_write_rsdp(out);
		break;
	case XSDT:
		acpi_write_xsdt(out);
		break;
	case FADT:
		acpi_write_fadt(out, p);
		break;
	case MADT:
		acpi_write_madt(out, p);
		break;
	default:
		acpi_write_dsdt(out, model, p);
		break;
	}
	util_close(out, path);
}

/* Puts a compiled table into the block. Returns its end. */
static uint64_t add_table(const char *stem, uint8_t *block, unsigned table)
{
	uint32_t offset = tables[table].offset;
	struct bytes bytes;

	if (!util_read_file(util_format("%s.aml", stem), &bytes) ||
	    bytes.size > tables[table].limit - offset) {
		fprintf(stderr, "partc: %s.aml is missing, or larger than the "
			"%u bytes kept for it\n", stem,
			tables[table].limit - offset);
		exit(2);
	}
	memcpy(block + offset, bytes.data, bytes.size);
	return offset + bytes.size;
}

/* The load that is to hold a guest's ACPI tables; null: it gets none. */
static struct model_load *acpi_load(struct model_partition *p)
{
	uint32_t i;

	for (i = 0; i < p->load_count; i++) {
		if (p->loads[i].gpa == PLACE_ACPI &&
		    p->loads[i].data != NULL) {
			return &p->loads[i];
		}
	}
	return NULL;
}

/* Into acpi/, where nothing else remains. */
static size_t write_sources(struct model *model, char **stems)
{
	char *directory = util_format("%s/acpi", model->out_directory);
	size_t count = 0;
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];
		unsigned table;

		if (acpi_load(p) == NULL) {
			continue;
		}
		util_make_directory(directory);
		for (table = 0; table < TABLE_COUNT; table++) {
			stems[count] = stem_of(model, p, table);
			write_source(model, p, table, stems[count++]);
		}
	}
	util_keep_written(directory);
	return count;
}

void emit_acpi(struct model *model)
{
	char **stems = util_alloc(model->partition_count * TABLE_COUNT *
				  sizeof(*stems));
	size_t count;
	size_t i;

	count = write_sources(model, stems);
	/* A guest at a time: to iasl the DSDTs of one run are one. */
	for (i = 0; i < count; i += TABLE_COUNT) {
		util_run_iasl(stems + i, TABLE_COUNT);
	}
	for (i = 0, count = 0; i < model->partition_count; i++) {
		struct model_load *load = acpi_load(&model->partitions[i]);
		uint8_t *block = util_alloc(PLACE_ACPI_SIZE);
		unsigned table;

		if (load == NULL) {
			continue;
		}
		for (table = 0; table < TABLE_COUNT; table++) {
			load->size = add_table(stems[count++], block, table);
		}
		load->data = block;
	}
}
