/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of boot protocols, payloads and the ends of partitions. */
#include <string.h>

#include "check/check.h"
#include "place/place.h"
#include "schema.h"

#define NAME_LENGTH_MAX 31u
#define EFER_LME 0x100u

static bool takes_initrd(const struct model_partition *p)
{
	return p->boot == BOOT_LINUX || p->boot == BOOT_PVH;
}

static bool takes_command_line(const struct model_partition *p)
{
	return takes_initrd(p) || p->boot == BOOT_MULTIBOOT;
}

void check_load_address(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!boot_is_raw(p->boot) || p->load_address.set) {
			continue;
		}
		diag = diag_error("load-address", p->boot_text.at,
				  "%s has a raw payload and no load address",
				  p->name);
		diag_fix(diag, "add load-address = <0x100000>, or where the "
			 "payload was linked");
	}
}

void check_raw_only(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct num *given = p->load_address.set ?
					  &p->load_address : &p->entry;
		struct diag *diag;

		if (!given->set || p->boot == BOOT_UNKNOWN ||
		    boot_is_raw(p->boot)) {
			continue;
		}
		diag = diag_error("raw-only", given->at,
				  "the payload of %s says itself where it is "
				  "loaded and entered", p->name);
		diag_note(diag, p->boot_text.at, "its protocol is \"%s\"",
			  p->boot_text.s);
		diag_fix(diag, "remove it");
	}
}

void check_initrd_unused(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (p->initrd_name.s == NULL || p->boot == BOOT_UNKNOWN ||
		    takes_initrd(p)) {
			continue;
		}
		diag = diag_error("initrd-unused", p->initrd_name.at,
				  "%s would never see its initrd", p->name);
		diag_note(diag, p->boot_text.at, "its protocol is \"%s\"",
			  p->boot_text.s);
		diag_fix(diag, "remove it");
	}
}

void check_modules_unused(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (p->module_count == 0 || p->boot == BOOT_UNKNOWN ||
		    p->boot == BOOT_MULTIBOOT) {
			continue;
		}
		diag = diag_error("modules-unused", p->modules_at,
				  "%s would never see its modules", p->name);
		diag_note(diag, p->boot_text.at, "its protocol is \"%s\"",
			  p->boot_text.s);
		diag_fix(diag, "remove them; what is to be left to the boot "
			 "loader is named by as-module");
	}
}

/* Does the partition have what a word of as-module names? */
static bool has_files(const struct model_partition *p, enum module_word word)
{
	switch (word) {
	case MODULE_PAYLOAD:
		return true;
	case MODULE_INITRD:
		return p->initrd_name.s != NULL;
	case MODULE_MODULES:
		return p->module_count != 0;
	}
	return false;
}

void check_as_module(const struct model *model)
{
	uint32_t i, word;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		for (word = 0; p->as_module >> word != 0; word++) {
			if ((p->as_module & 1u << word) == 0 ||
			    has_files(p, (enum module_word)word)) {
				continue;
			}
			diag = diag_error("as-module", p->as_module_at,
					  "%s has no \"%s\" to leave to the "
					  "boot loader", p->name,
					  schema_module_words[word]);
			diag_fix(diag, "add it, or remove its word here");
		}
	}
}

void check_module_count(const struct model *model)
{
	const struct model_payload *first;
	struct diag *diag;

	if (model->module_count <= CONFIG_MODULE_MAX) {
		return;
	}
	first = model->modules[CONFIG_MODULE_MAX].payload;
	diag = diag_error("module-count", first->at,
			  "%s is one of %u files that are left to the boot "
			  "loader", first->name, model->module_count);
	diag_note(diag, model->modules[0].payload->at, "%s is the first",
		  model->modules[0].payload->name);
	diag_fix(diag, "leave %d or fewer to it", CONFIG_MODULE_MAX);
}

void check_command_line_unused(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct text *line = &p->command_line;
		struct diag *diag;

		if (line->s == NULL || p->boot == BOOT_UNKNOWN ||
		    takes_command_line(p)) {
			continue;
		}
		diag = diag_error("command-line-unused", line->at,
				  "%s would never see its command line",
				  p->name);
		diag_note(diag, p->boot_text.at, "its protocol is \"%s\"",
			  p->boot_text.s);
		diag_fix(diag, "remove it");
	}
}

void check_command_line(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct text *line = &p->command_line;
		struct diag *diag;

		if (line->s == NULL ||
		    strlen(line->s) < PLACE_COMMAND_LINE_MAX) {
			continue;
		}
		diag = diag_error("command-line", line->at,
				  "the command line of %s has %zu bytes",
				  p->name, strlen(line->s));
		diag_fix(diag, "give %u or fewer", PLACE_COMMAND_LINE_MAX - 1);
	}
}

void check_restart_max_zero(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->restart_max.set || p->restart_max.v != 0) {
			continue;
		}
		diag = diag_error("restart-max-zero", p->restart_max.at,
				  "%s is restarted 0 times, so never",
				  p->name);
		diag_fix(diag, "write on-failure = \"halt\" if that is meant, "
			 "or leave restart-max out: there is no bound then");
	}
}

void check_restart_max(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->restart_max.set || p->failure == FAILURE_RESTART) {
			continue;
		}
		diag = diag_error("restart-max", p->restart_max.at,
				  "%s is not restarted when it fails",
				  p->name);
		if (p->failure_text.s != NULL) {
			diag_note(diag, p->failure_text.at,
				  "on-failure is \"%s\"", p->failure_text.s);
		}
		diag_fix(diag, "add on-failure = \"restart\", or remove "
			 "restart-max");
	}
}

void check_nmi_twice(const struct model *model)
{
	const struct model_partition *first = NULL;
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->nmi) {
			continue;
		}
		if (first == NULL) {
			first = p;
			continue;
		}
		diag = diag_error("nmi-twice", p->nmi_at,
				  "%s is given the NMI, which %s has", p->name,
				  first->name);
		diag_note(diag, first->nmi_at, "%s has it here", first->name);
		diag_fix(diag, "give it to one partition");
	}
}

void check_partition_name(const struct model *model)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (strspn(p->name, good) == strlen(p->name) &&
		    strlen(p->name) <= NAME_LENGTH_MAX) {
			continue;
		}
		diag = diag_error("partition-name", p->at,
				  "\"%s\" cannot be a partition's name",
				  p->name);
		diag_fix(diag, "use a-z 0-9 - and _, %u characters or fewer",
			 NAME_LENGTH_MAX);
	}
}

void check_partition_name_taken(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (strcmp(p->name, "bulkhead") != 0) {
			continue;
		}
		diag = diag_error("partition-name-taken", p->at,
				  "\"%s\" is what the log's own lines begin "
				  "with", p->name);
		diag_fix(diag, "use another name");
	}
}

void check_entry(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		uint64_t start = p->load_address.v;
		uint64_t end = start + p->payload.bytes.size;
		uint64_t limit = p->boot == BOOT_RAW16 ?
				 PLACE_REAL_MODE_LIMIT : end;
		const struct num *at = p->entry.set ? &p->entry :
				       &p->load_address;
		struct diag *diag;

		if (!boot_is_raw(p->boot) || !at->set || !p->payload.good ||
		    (at->v >= start && at->v < end && at->v < limit)) {
			continue;
		}
		diag = diag_error("entry", at->at,
				  "%s would be entered at %#llx, outside its "
				  "payload", p->name,
				  (unsigned long long)at->v);
		diag_note(diag, p->payload_name.at,
			  "it has %#llx to %#llx%s",
			  (unsigned long long)start, (unsigned long long)end,
			  p->boot == BOOT_RAW16 ?
			  "; real mode starts below 1 MiB" : "");
		diag_fix(diag, "enter it within its bytes");
	}
}

void check_long_mode(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->long_mode ||
		    p->profile == MODEL_NONE ||
		    (p->efer_allow & EFER_LME) != 0) {
			continue;
		}
		diag = diag_error("long-mode", p->boot_text.at,
				  "%s starts in 64-bit mode, which its CPUID "
				  "rows hide", p->name);
		diag_note(diag, model->profiles[p->profile].at,
			  "its profile is \"%s\"",
			  model->profiles[p->profile].name);
		diag_fix(diag, "allow LM (leaf 0x80000001 EDX bit 29), or use "
			 "raw32 or raw16");
	}
}
