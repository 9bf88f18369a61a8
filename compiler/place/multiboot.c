/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiboot 1 (0.6.96): a file whose header has address fields is loaded flat
 * by these, any other one is an ELF file of 32 bits. The guest gets an info
 * structure in EBX: memory, command line, modules, memory map, loader's name.
 * Modules lie on pages behind the kernel, as loaders place them.
 */
#include <string.h>

#include "diag.h"
#include "place/elf.h"
#include "place/place.h"

#define SEARCH_SIZE 8192u
#define HEADER_MAGIC 0x1badb002u
#define BOOT_MAGIC 0x2badb002u
#define FLAG_ADDRESSES (1u << 16)
/* Wishes that a loader must grant: page-aligned modules, memory info. */
#define FLAGS_MUST 0xffffu
#define FLAGS_GRANTED 3u

#define INFO_SIZE 120u
#define INFO_FLAGS 0x24du	/* memory, line, modules, map, loader's name */
#define MODULE_SIZE 16u
#define MAP_ENTRY_SIZE 24u

struct header {
	uint64_t offset;	/* in the file */
	uint32_t flags;
	uint64_t at;		/* header_addr */
	uint64_t load;
	uint64_t load_end;	/* 0: all of the file */
	uint64_t bss_end;	/* 0: none */
	uint64_t entry;
};

static void refuse(const struct model_partition *p, const char *id,
		   const char *why)
{
	struct diag *diag = diag_error(id, p->payload_name.at,
				       "%s is no file that \"multiboot\" can "
				       "start: %s", p->payload.path, why);

	diag_fix(diag, "use a multiboot 1 kernel: a 32-bit ELF file, or one "
		 "whose header has address fields");
}

static bool find_header(const struct bytes *file, struct header *header)
{
	uint64_t at;

	for (at = 0; at + 12 <= file->size && at + 12 <= SEARCH_SIZE;
	     at += 4) {
		const uint8_t *d = file->data + at;

		header->offset = at;
		header->flags = (uint32_t)util_get(d + 4, 4);
		if (util_get(d, 4) == HEADER_MAGIC &&
		    (uint32_t)(HEADER_MAGIC + header->flags +
			       util_get(d + 8, 4)) == 0) {
			return true;
		}
	}
	return false;
}

/* Address fields that make sense, or why not. */
static const char *read_addresses(const struct bytes *file,
				  struct header *header)
{
	const uint8_t *d = file->data + header->offset;
	uint64_t before;

	if (header->offset + 32 > file->size) {
		return "its header ends behind the file";
	}
	header->at = util_get(d + 12, 4);
	header->load = util_get(d + 16, 4);
	header->load_end = util_get(d + 20, 4);
	header->bss_end = util_get(d + 24, 4);
	header->entry = util_get(d + 28, 4);
	before = header->at - header->load;
	if (header->at < header->load || before > header->offset) {
		return "its load address lies before the file";
	}
	if (header->load_end == 0) {
		header->load_end = header->load + file->size -
				   (header->offset - before);
	}
	if (header->load_end <= header->load ||
	    header->load_end - header->load >
	    file->size - (header->offset - before)) {
		return "its load end lies outside the file";
	}
	if (header->bss_end == 0) {
		header->bss_end = header->load_end;
	}
	if (header->bss_end < header->load_end) {
		return "its bss ends before what is loaded does";
	}
	if (header->entry < header->load || header->entry >= header->load_end) {
		return "its entry lies outside what is loaded";
	}
	return NULL;
}

/* False with an error, if it was not reported before: *why. */
static bool load_flat(struct model_partition *p, struct header *header,
		      uint64_t *end, const char **why)
{
	struct model_load *load;

	*why = read_addresses(&p->payload.bytes, header);
	if (*why != NULL ||
	    !place_fits(p, "payload", p->payload_name.at, header->bss_end)) {
		return false;
	}
	load = place_add_file(p, "payload", &p->payload, header->load,
			      header->offset - (header->at - header->load),
			      header->load_end - header->load);
	load->room = header->bss_end - header->load;
	*end = header->bss_end;
	return true;
}

/* An entry in the program's own addresses, as a physical one. */
static bool find_entry(const struct elf *elf, uint64_t *entry)
{
	struct elf_segment s;
	unsigned i;

	for (i = 0; i < elf->count; i++) {
		if (elf_get_segment(elf, i, &s) &&
		    s.type == ELF_SEGMENT_LOAD &&
		    elf->entry >= s.virtual &&
		    elf->entry - s.virtual < s.file_size) {
			*entry = s.address + (elf->entry - s.virtual);
			return true;
		}
	}
	return false;
}

static bool load_elf(struct model_partition *p, struct header *header,
		     uint64_t *end, const char **id, const char **why)
{
	struct elf elf;
	bool good;

	*why = elf_open(&elf, &p->payload.bytes);
	if (*why == NULL && elf.wide) {
		elf.id = "payload-format";
		*why = "it is a 64-bit ELF file without address fields";
	}
	good = *why == NULL && elf_load(p, &elf, end, why);
	*id = elf.id;
	if (good && !find_entry(&elf, &header->entry)) {
		*id = "elf-entry";
		*why = "its entry lies outside what is loaded";
		good = false;
	}
	return good;
}

static bool load_kernel(struct model_partition *p, struct header *header,
			uint64_t *end)
{
	const char *id = "multiboot-addresses";
	const char *why = NULL;
	bool good = false;

	if (!find_header(&p->payload.bytes, header)) {
		id = "multiboot-header";
		why = "it has no multiboot 1 header in its first 8 KiB";
	} else if ((header->flags & FLAGS_MUST & ~FLAGS_GRANTED) != 0) {
		id = "multiboot-flags";
		why = "its header asks for a video mode or something unknown";
	} else if (header->flags & FLAG_ADDRESSES) {
		good = load_flat(p, header, end, &why);
	} else {
		good = load_elf(p, header, end, &id, &why);
	}
	if (why != NULL) {
		refuse(p, id, why);
	}
	return good;
}

static bool load_modules(struct model_partition *p, uint64_t end)
{
	uint32_t i;

	end = end < PLACE_HIGH ? PLACE_HIGH : util_round_up(end, PAGE);
	for (i = 0; i < p->module_count; i++) {
		struct model_guest_module *m = &p->modules[i];
		uint64_t size = m->payload.bytes.size;

		if (!m->payload.good ||
		    !place_fits(p, "module", p->modules_at, end + size)) {
			return false;
		}
		m->gpa = end;
		place_add_file(p, util_format("module %u", i), &m->payload,
			       end, 0, size);
		end = util_round_up(end + size, PAGE);
	}
	return true;
}

static void fill_map(const struct model_partition *p, uint8_t *entry)
{
	struct place_map_entry map[PLACE_MAP_COUNT];
	unsigned i;

	place_memory_map(p, map);
	for (i = 0; i < PLACE_MAP_COUNT; i++) {
		util_put(entry, MAP_ENTRY_SIZE - 4, 4);
		util_put(entry + 4, map[i].base, 8);
		util_put(entry + 12, map[i].size, 8);
		util_put(entry + 20, map[i].type, 4);
		entry += MAP_ENTRY_SIZE;
	}
}

/* Its text in the structure's page; how many bytes of that are used then. */
static uint64_t put_text(uint8_t *info, uint64_t used, const char *text)
{
	if (used + strlen(text) + 1 <= PLACE_START_INFO_SIZE) {
		memcpy(info + used, text, strlen(text) + 1);
	}
	return used + strlen(text) + 1;
}

/* Returns its size, which may be more than fits. */
static uint64_t fill_info(const struct model_partition *p, uint8_t *info)
{
	uint64_t map = INFO_SIZE;
	uint64_t list = map + PLACE_MAP_COUNT * MAP_ENTRY_SIZE;
	uint64_t used = list + (uint64_t)p->module_count * MODULE_SIZE;
	uint32_t i;

	util_put(info, INFO_FLAGS, 4);
	util_put(info + 4, PLACE_LOW_END / 1024, 4);
	util_put(info + 8, (p->memory.v - PLACE_HIGH) / 1024, 4);
	util_put(info + 16, PLACE_COMMAND_LINE, 4);
	util_put(info + 20, p->module_count, 4);
	util_put(info + 24, PLACE_START_INFO + list, 4);
	util_put(info + 44, PLACE_MAP_COUNT * MAP_ENTRY_SIZE, 4);
	util_put(info + 48, PLACE_START_INFO + map, 4);
	util_put(info + 64, PLACE_START_INFO + used, 4);
	used = put_text(info, used, "Bulkhead");
	fill_map(p, info + map);
	for (i = 0; i < p->module_count; i++) {
		const struct model_guest_module *m = &p->modules[i];
		uint8_t *entry = info + list + MODULE_SIZE * i;

		if (used <= PLACE_START_INFO_SIZE) {
			util_put(entry, m->gpa, 4);
			util_put(entry + 4, m->gpa + m->payload.bytes.size, 4);
			util_put(entry + 8, PLACE_START_INFO + used, 4);
		}
		used = put_text(info, used, m->line);
	}
	return used;
}

static bool info_fits(const struct model_partition *p, uint64_t size)
{
	struct diag *diag;

	if (size <= PLACE_START_INFO_SIZE) {
		return true;
	}
	diag = diag_error("modules-room", p->modules_at,
			  "%s has %u modules, whose list and texts take %llu "
			  "bytes", p->name, p->module_count,
			  (unsigned long long)size);
	diag_fix(diag, "there is room for %llu: give fewer, or shorter texts",
		 (unsigned long long)PLACE_START_INFO_SIZE);
	return false;
}

void place_multiboot(struct model_partition *p)
{
	const char *line = p->command_line.s == NULL ? "" : p->command_line.s;
	uint8_t *info = util_alloc(PLACE_START_INFO_SIZE);
	struct header header = { 0 };
	struct model_load *load;
	uint64_t end = 0;
	uint64_t size;

	if (!load_kernel(p, &header, &end) || !load_modules(p, end)) {
		return;
	}
	size = fill_info(p, info);
	if (!info_fits(p, size)) {
		return;
	}
	load = place_add_load(p, "multiboot info", p->boot_text.at,
			      PLACE_START_INFO, size);
	load->data = info;
	load = place_add_load(p, "command line", p->at, PLACE_COMMAND_LINE,
			      strlen(line) + 1);
	load->data = (const uint8_t *)line;
	place_boot_data(p);
	place_boot_state(p, header.entry);
	p->state.gpr[GPR_RAX] = BOOT_MAGIC;
	p->state.gpr[GPR_RBX] = PLACE_START_INFO;
}
