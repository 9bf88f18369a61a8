/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PVH: an ELF file (32 or 64 bit) whose note says where its 32-bit entry is;
 * the guest gets a start info structure in EBX. (Xen's
 * public/arch-x86/hvm/start_info.h has the layout.)
 */
#include <string.h>

#include "diag.h"
#include "place/elf.h"
#include "place/place.h"

#define NOTE_PHYS32_ENTRY 18u
#define START_INFO_MAGIC 0x336ec578u
#define START_INFO_SIZE 56u
#define MODULE_SIZE 32u
#define MAP_ENTRY_SIZE 24u

static void refuse(const struct model_partition *p, const char *id,
		   const char *why)
{
	struct diag *diag = diag_error(id, p->payload_name.at,
				       "%s is no file that \"pvh\" can start: "
				       "%s", p->payload.path, why);

	diag_fix(diag, "use an ELF file with a PHYS32_ENTRY note (an unpacked "
		 "vmlinux), or another boot protocol");
}

/* The entry that a note segment names; 0: none. */
static uint64_t read_note(const struct elf *elf, const struct elf_segment *s)
{
	const uint8_t *note = elf->data + s->offset;
	uint64_t left = s->file_size;

	while (left >= 12) {
		uint64_t name_size = util_get(note, 4);
		uint64_t data_size = util_get(note + 4, 4);
		uint64_t data_at = 12 + util_round_up(name_size, 4);
		uint64_t total = data_at + util_round_up(data_size, 4);

		if (total > left) {
			return 0;
		}
		if (util_get(note + 8, 4) == NOTE_PHYS32_ENTRY &&
		    name_size == 4 && memcmp(note + 12, "Xen", 4) == 0 &&
		    (data_size == 4 || data_size == 8)) {
			return util_get(note + data_at, (unsigned)data_size);
		}
		note += total;
		left -= total;
	}
	return 0;
}

/* Of the first note that names one; 0: none does. */
static uint64_t find_entry(const struct elf *elf)
{
	struct elf_segment s;
	uint64_t entry = 0;
	unsigned i;

	for (i = 0; i < elf->count && entry == 0; i++) {
		if (elf_get_segment(elf, i, &s) &&
		    s.type == ELF_SEGMENT_NOTE) {
			entry = read_note(elf, &s);
		}
	}
	return entry;
}

static void fill_start_info(const struct model_partition *p, uint8_t *info,
			    uint64_t initrd)
{
	struct place_map_entry map[PLACE_MAP_COUNT];
	uint8_t *module = info + START_INFO_SIZE;
	uint8_t *entry = module + MODULE_SIZE;
	unsigned i;

	util_put(info, START_INFO_MAGIC, 4);
	util_put(info + 4, 1, 4);			/* version */
	if (initrd != 0) {
		util_put(info + 12, 1, 4);		/* nr_modules */
		util_put(info + 16, PLACE_START_INFO + START_INFO_SIZE, 8);
		util_put(module, initrd, 8);
		util_put(module + 8, p->initrd.bytes.size, 8);
	}
	util_put(info + 24, PLACE_COMMAND_LINE, 8);
	util_put(info + 32, PLACE_ACPI, 8);		/* rsdp */
	util_put(info + 40, PLACE_START_INFO + START_INFO_SIZE + MODULE_SIZE,
		 8);
	util_put(info + 48, PLACE_MAP_COUNT, 4);
	place_memory_map(p, map);
	for (i = 0; i < PLACE_MAP_COUNT; i++) {
		util_put(entry, map[i].base, 8);
		util_put(entry + 8, map[i].size, 8);
		util_put(entry + 16, map[i].type, 4);
		entry += MAP_ENTRY_SIZE;
	}
}

static uint64_t place_module(struct model_partition *p, uint64_t floor)
{
	uint64_t size = p->initrd.bytes.size;

	if (!place_fits(p, "initrd", p->initrd_name.at,
			util_round_up(floor + size, PAGE))) {
		return 0;
	}
	return place_add_file(p, "initrd", &p->initrd,
			      util_round_down(p->memory.v - size, PAGE), 0,
			      size)->gpa;
}

void place_pvh(struct model_partition *p)
{
	const char *line = p->command_line.s == NULL ? "" : p->command_line.s;
	uint64_t end = PLACE_HIGH;
	struct model_load *load;
	struct elf elf;
	const char *why;
	uint64_t entry;
	uint64_t initrd = 0;
	uint8_t *info;
	size_t size = START_INFO_SIZE + MODULE_SIZE +
		      PLACE_MAP_COUNT * MAP_ENTRY_SIZE;

	why = elf_open(&elf, &p->payload.bytes);
	if (why != NULL || !elf_load(p, &elf, &end, &why)) {
		if (why != NULL) {
			refuse(p, elf.id, why);
		}
		return;
	}
	entry = find_entry(&elf);
	if (entry == 0) {
		refuse(p, "pvh-note", "it has no PHYS32_ENTRY note");
		return;
	}
	if (p->initrd.good) {
		initrd = place_module(p, end);
	}
	info = util_alloc(size);
	fill_start_info(p, info, initrd);
	load = place_add_load(p, "start info", p->boot_text.at,
			      PLACE_START_INFO, size);
	load->data = info;
	load = place_add_load(p, "command line", p->at, PLACE_COMMAND_LINE,
			      strlen(line) + 1);
	load->data = (const uint8_t *)line;
	place_boot_data(p);
	place_boot_state(p, entry);
	p->state.gpr[GPR_RBX] = PLACE_START_INFO;
}
