/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PVH: an ELF file (32 or 64 bit) whose note says where its 32-bit entry is;
 * the guest gets a start info structure in EBX. (Xen's
 * public/arch-x86/hvm/start_info.h has the layout.)
 */
#include <string.h>

#include "diag.h"
#include "place/place.h"

#define NOTE_PHYS32_ENTRY 18u
#define START_INFO_MAGIC 0x336ec578u
#define START_INFO_SIZE 56u
#define MODULE_SIZE 32u
#define MAP_ENTRY_SIZE 24u
#define SEGMENT_LOAD 1u
#define SEGMENT_NOTE 4u

/* The few fields of a program header that count, of either class. */
struct segment {
	uint32_t type;
	uint64_t offset;
	uint64_t address;	/* physical */
	uint64_t file_size;
	uint64_t memory_size;
};

struct elf {
	const uint8_t *data;
	size_t size;
	bool wide;
	uint64_t table;
	unsigned entry_size;
	unsigned count;
};

static bool refuse(const struct model_partition *p, const char *why)
{
	struct diag *diag = diag_error("payload-format", p->payload_name.at,
				       "%s is no file that \"pvh\" can start: "
				       "%s", p->payload.path, why);

	diag_fix(diag, "use an ELF file with a PHYS32_ENTRY note (an unpacked "
		 "vmlinux), or another boot protocol");
	return false;
}

static bool open_elf(const struct model_partition *p, struct elf *elf)
{
	const uint8_t *d = p->payload.bytes.data;

	elf->data = d;
	elf->size = p->payload.bytes.size;
	if (elf->size < 64 || memcmp(d, "\177ELF", 4) != 0 || d[5] != 1 ||
	    (d[4] != 1 && d[4] != 2)) {
		return refuse(p, "it is no little-endian ELF file");
	}
	elf->wide = d[4] == 2;
	elf->table = elf->wide ? util_get(d + 32, 8) : util_get(d + 28, 4);
	elf->entry_size = (unsigned)util_get(d + (elf->wide ? 54 : 42), 2);
	elf->count = (unsigned)util_get(d + (elf->wide ? 56 : 44), 2);
	if (elf->entry_size < (elf->wide ? 56u : 32u) ||
	    elf->table > elf->size ||
	    (uint64_t)elf->count * elf->entry_size > elf->size - elf->table) {
		return refuse(p, "its program headers lie outside the file");
	}
	return true;
}

/* False: the segment's bytes lie outside the file. */
static bool get_segment(const struct elf *elf, unsigned i, struct segment *s)
{
	const uint8_t *d = elf->data + elf->table + (size_t)i *
			   elf->entry_size;

	s->type = (uint32_t)util_get(d, 4);
	if (elf->wide) {
		s->offset = util_get(d + 8, 8);
		s->address = util_get(d + 24, 8);
		s->file_size = util_get(d + 32, 8);
		s->memory_size = util_get(d + 40, 8);
	} else {
		s->offset = util_get(d + 4, 4);
		s->address = util_get(d + 12, 4);
		s->file_size = util_get(d + 16, 4);
		s->memory_size = util_get(d + 20, 4);
	}
	return s->offset <= elf->size && s->file_size <= elf->size - s->offset;
}

/* The entry that a note segment names; 0: none. */
static uint64_t find_entry(const struct elf *elf, const struct segment *s)
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

/* Loads the segments. Returns the entry, 0 with an error. */
static uint64_t load_segments(struct model_partition *p,
			      const struct elf *elf, uint64_t *end)
{
	uint64_t entry = 0;
	unsigned i;

	for (i = 0; i < elf->count; i++) {
		struct model_load *load;
		struct segment s;

		if (!get_segment(elf, i, &s)) {
			refuse(p, "a segment lies outside the file");
			return 0;
		}
		if (s.type == SEGMENT_NOTE && entry == 0) {
			entry = find_entry(elf, &s);
		}
		if (s.type != SEGMENT_LOAD || s.memory_size == 0) {
			continue;
		}
		if (s.address > PLACE_GUEST_RAM_MAX ||
		    s.memory_size > PLACE_GUEST_RAM_MAX ||
		    s.memory_size < s.file_size) {
			refuse(p, "a segment's address or size is wrong");
			return 0;
		}
		if (!place_fits(p, "payload", p->payload_name.at,
				s.address + s.memory_size)) {
			return 0;
		}
		load = place_add_load(p, "payload", p->payload_name.at,
				      s.address, s.file_size);
		load->file = p->payload.path;
		load->offset = s.offset;
		load->room = s.memory_size;
		if (s.address + s.memory_size > *end) {
			*end = s.address + s.memory_size;
		}
	}
	if (entry == 0) {
		refuse(p, "it has no PHYS32_ENTRY note");
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
	struct model_load *load;

	if (!place_fits(p, "initrd", p->initrd_name.at,
			util_round_up(floor + size, PAGE))) {
		return 0;
	}
	load = place_add_load(p, "initrd", p->initrd_name.at,
			      util_round_down(p->memory.v - size, PAGE), size);
	load->file = p->initrd.path;
	return load->gpa;
}

void place_pvh(struct model_partition *p)
{
	const char *line = p->command_line.s == NULL ? "" : p->command_line.s;
	uint64_t end = PLACE_HIGH;
	struct model_load *load;
	struct elf elf;
	uint64_t entry;
	uint64_t initrd = 0;
	uint8_t *info;
	size_t size = START_INFO_SIZE + MODULE_SIZE +
		      PLACE_MAP_COUNT * MAP_ENTRY_SIZE;

	if (!open_elf(p, &elf)) {
		return;
	}
	entry = load_segments(p, &elf, &end);
	if (entry == 0) {
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
	place_boot_data(p, false);
	place_boot_state(p, entry);
	p->state.gpr[GPR_RBX] = PLACE_START_INFO;
}
