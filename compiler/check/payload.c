/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the bytes of payloads: files that are meant for another machine,
 * another protocol or another property.
 */
#include <string.h>

#include "check/check.h"

#define ELF_386 3u
#define ELF_X86_64 62u
#define ELF_EXEC 2u
#define ELF_DYN 3u
#define LINUX_VERSION 0x206
#define LINUX_HEADER_END 0x290

static bool has_at(const struct bytes *file, size_t at, const char *magic,
		   size_t size)
{
	return file->size >= at + size &&
	       memcmp(file->data + at, magic, size) == 0;
}

static bool is_elf(const struct bytes *file)
{
	return file->size >= 20 && has_at(file, 0, "\177ELF", 4);
}

static bool is_bzimage(const struct bytes *file)
{
	return file->size >= LINUX_HEADER_END && has_at(file, 0x202, "HdrS", 4);
}

/* The machine of a file that is not for x86; null: it may be. */
static const char *foreign_machine(const struct bytes *file)
{
	uint64_t machine;

	if (has_at(file, 0x38, "ARM\x64", 4)) {
		return "AArch64";
	}
	if (has_at(file, 0x38, "RSC\x05", 4)) {
		return "RISC-V";
	}
	if (!is_elf(file)) {
		return NULL;
	}
	machine = util_get(file->data + 18, 2);
	switch (machine) {
	case ELF_386:
	case ELF_X86_64:
		return NULL;
	case 40:
		return "ARM";
	case 183:
		return "AArch64";
	case 243:
		return "RISC-V";
	default:
		return util_format("ELF machine %llu",
				   (unsigned long long)machine);
	}
}

void check_payload_arch(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const char *machine = NULL;
		struct diag *diag;

		if (p->payload.good && !boot_is_raw(p->boot)) {
			machine = foreign_machine(&p->payload.bytes);
		}
		if (machine == NULL) {
			continue;
		}
		diag = diag_error("payload-arch", p->payload_name.at,
				  "%s is a program for %s", p->payload.path,
				  machine);
		diag_fix(diag, "build or fetch it for x86-64 (amd64)");
	}
}

void check_elf_type(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct bytes *file = &p->payload.bytes;
		struct diag *diag;
		uint64_t type;

		if (!p->payload.good || !is_elf(file) ||
		    (p->boot != BOOT_PVH && p->boot != BOOT_MULTIBOOT)) {
			continue;
		}
		type = util_get(file->data + 16, 2);
		if (type == ELF_EXEC || type == ELF_DYN) {
			continue;
		}
		diag = diag_error("elf-type", p->payload_name.at,
				  "%s is an ELF file of type %llu: no program",
				  p->payload.path, (unsigned long long)type);
		diag_fix(diag, type == 1 ? "it is an object file: link it" :
			 "use the linked program itself");
	}
}

void check_raw_format(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct bytes *file = &p->payload.bytes;
		const char *what;
		struct diag *diag;

		if (!p->payload.good || !boot_is_raw(p->boot) ||
		    (p->entry.set && p->entry.v != p->load_address.v)) {
			continue;
		}
		what = is_elf(file) ? "an ELF file" :
		       is_bzimage(file) ? "a Linux kernel" :
		       has_at(file, 0, "\x1f\x8b\x08", 3) ? "a gzip file" :
		       NULL;
		if (what == NULL) {
			continue;
		}
		diag = diag_error("raw-format", p->payload_name.at,
				  "%s is %s, and would be entered at its "
				  "header", p->payload.path, what);
		diag_note(diag, p->boot_text.at, "\"%s\" loads the file as "
			  "it is", p->boot_text.s);
		diag_fix(diag, is_elf(file) ? "use objcopy -O binary, or "
			 "another boot protocol" : is_bzimage(file) ?
			 "use boot = \"linux\"" : "unpack it");
	}
}

void check_initrd_kernel(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct bytes *file = &p->initrd.bytes;
		struct diag *diag;

		if (!p->initrd.good || (!is_elf(file) && !is_bzimage(file))) {
			continue;
		}
		diag = diag_error("initrd-kernel", p->initrd_name.at,
				  "%s is a program, no initrd", p->initrd.path);
		diag_note(diag, p->payload_name.at, "the payload is %s",
			  p->payload_name.s);
		diag_fix(diag, "give the kernel as \"payload\" and the "
			 "archive as \"initrd\"");
	}
}

void check_linux_truncated(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct bytes *file = &p->payload.bytes;
		struct diag *diag;
		uint64_t end;

		if (p->boot != BOOT_LINUX || !p->payload.good ||
		    !is_bzimage(file)) {
			continue;
		}
		end = (file->data[0x1f1] == 0 ? 4 : file->data[0x1f1]) + 1;
		end = end * 512 + util_get(file->data + 0x1f4, 4) * 16;
		/* The header counts in pieces of 16 bytes, rounded up. */
		if (end < file->size + 16) {
			continue;
		}
		diag = diag_error("linux-truncated", p->payload_name.at,
				  "%s has %zu bytes of the %llu that its "
				  "header speaks of", p->payload.path,
				  file->size, (unsigned long long)end);
		diag_fix(diag, "fetch or copy it again");
	}
}

void check_command_line_limit(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct bytes *file = &p->payload.bytes;
		struct diag *diag;
		uint64_t limit;

		if (p->boot != BOOT_LINUX || !p->payload.good ||
		    !is_bzimage(file) || p->command_line.s == NULL) {
			continue;
		}
		limit = util_get(file->data + 0x238, 4);
		if (limit == 0 || strlen(p->command_line.s) <= limit) {
			continue;
		}
		diag = diag_error("command-line-limit", p->command_line.at,
				  "the command line of %s has %zu bytes, and "
				  "its kernel reads %llu", p->name,
				  strlen(p->command_line.s),
				  (unsigned long long)limit);
		diag_note(diag, p->payload_name.at, "the kernel is %s",
			  p->payload_name.s);
		diag_fix(diag, "shorten it: the rest would be cut off");
	}
}

void check_pvh_entry(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (p->boot != BOOT_PVH || p->state.rip == 0) {
			continue;
		}
		for (j = 0; j < p->load_count; j++) {
			const struct model_load *load = &p->loads[j];

			if (strcmp(load->what, "payload") == 0 &&
			    p->state.rip >= load->gpa &&
			    p->state.rip - load->gpa < load->size) {
				break;
			}
		}
		if (j < p->load_count) {
			continue;
		}
		diag = diag_error("pvh-entry", p->payload_name.at,
				  "%s is to be entered at %#llx, where "
				  "nothing of it is loaded", p->payload.path,
				  (unsigned long long)p->state.rip);
		diag_fix(diag, "its PHYS32_ENTRY note must hold a physical "
			 "address");
	}
}

/* The number of a "console=ttySn" that counts: the last one. */
static int serial_console(const char *line)
{
	const char *at = line;
	int number = -1;

	while ((at = strstr(at, "console=")) != NULL) {
		at += strlen("console=");
		number = strncmp(at, "ttyS", 4) == 0 && at[4] >= '0' &&
			 at[4] <= '9' ? at[4] - '0' : -1;
	}
	return number;
}

void check_console_uart(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (p->boot != BOOT_LINUX || p->command_line.s == NULL ||
		    p->uart != MODEL_NONE ||
		    serial_console(p->command_line.s) < 0) {
			continue;
		}
		diag = diag_warning("console-uart", p->command_line.at,
				    "%s is to speak on ttyS%d, but has no "
				    "UART", p->name,
				    serial_console(p->command_line.s));
		diag_fix(diag, "add uart = <&com1>, or take the console out "
			 "of the command line");
	}
}
