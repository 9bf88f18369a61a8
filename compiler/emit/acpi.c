/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's ACPI tables: sources into acpi/NAME-TABLE.asl, iasl makes .aml of
 * them, and they are laid out in the block that goes to PLACE_ACPI.
 */
#include "emit/emit.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emit/acpi_text.h"
#include "place/place.h"

extern char **environ;

/* Runs iasl on base.asl; its words go to base.log. */
static void run_iasl(const char *base)
{
	char *source = util_format("%s.asl", base);
	char *log = util_format("%s.log", base);
	char *arguments[] = {
		(char *)"iasl", (char *)"-p", util_format("%s", base),
		source, NULL
	};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
					     O_WRONLY | O_CREAT | O_TRUNC,
					     0666) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO,
					     STDERR_FILENO) != 0 ||
	    posix_spawnp(&pid, "iasl", &actions, NULL, arguments,
			 environ) != 0) {
		fprintf(stderr, "partc: iasl cannot be run; it is in the "
			"package acpica-tools\n");
		exit(2);
	}
	posix_spawn_file_actions_destroy(&actions);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "partc: iasl refused %s; see %s\n", source,
			log);
		exit(2);
	}
	/* It names its version and the path of the run: not for keeping. */
	unlink(log);
}

/* Compiles, and puts the result at offset of the block. Returns its end. */
static uint64_t add_table(const char *base, uint8_t *block, uint32_t offset,
			  uint32_t limit)
{
	struct bytes table;

	run_iasl(base);
	if (!util_read_file(util_format("%s.aml", base), &table) ||
	    table.size > limit - offset) {
		fprintf(stderr, "partc: %s.aml is missing, or larger than the "
			"%u bytes kept for it\n", base, limit - offset);
		exit(2);
	}
	memcpy(block + offset, table.data, table.size);
	return offset + table.size;
}

static FILE *open_source(const char *base)
{
	return util_open(util_format("%s.asl", base));
}

static uint64_t fill(const struct model *model,
		     const struct model_partition *p, uint8_t *block)
{
	char *stem = util_format("%s/acpi/%s", model->out_directory, p->name);
	char *base = util_format("%s-rsdp", stem);
	FILE *out = open_source(base);

	acpi_write_rsdp(out);
	util_close(out, base);
	add_table(base, block, ACPI_RSDP, ACPI_XSDT);

	base = util_format("%s-xsdt", stem);
	out = open_source(base);
	acpi_write_xsdt(out);
	util_close(out, base);
	add_table(base, block, ACPI_XSDT, ACPI_FADT);

	base = util_format("%s-fadt", stem);
	out = open_source(base);
	acpi_write_fadt(out, p);
	util_close(out, base);
	add_table(base, block, ACPI_FADT, ACPI_MADT);

	base = util_format("%s-madt", stem);
	out = open_source(base);
	acpi_write_madt(out, p);
	util_close(out, base);
	add_table(base, block, ACPI_MADT, ACPI_DSDT);

	base = util_format("%s-dsdt", stem);
	out = open_source(base);
	acpi_write_dsdt(out, model, p);
	util_close(out, base);
	return add_table(base, block, ACPI_DSDT, PLACE_ACPI_SIZE);
}

void emit_acpi(struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->load_count; j++) {
			struct model_load *load = &p->loads[j];
			uint8_t *block;

			if (load->gpa != PLACE_ACPI || load->data == NULL) {
				continue;
			}
			util_make_directory(util_format("%s/acpi",
				model->out_directory));
			block = util_alloc(PLACE_ACPI_SIZE);
			load->size = fill(model, p, block);
			load->data = block;
		}
	}
}
