/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files of 32 and 64 bits, loaded by their program headers. */
#include "place/elf.h"

#include <string.h>

#include "place/place.h"

const char *elf_open(struct elf *elf, const struct bytes *file)
{
	const uint8_t *d = file->data;

	elf->data = d;
	elf->size = file->size;
	elf->id = "payload-format";
	if (elf->size < 64 || memcmp(d, "\177ELF", 4) != 0 || d[5] != 1 ||
	    (d[4] != 1 && d[4] != 2)) {
		return "it is no little-endian ELF file";
	}
	elf->id = "elf-segments";
	elf->wide = d[4] == 2;
	elf->entry = util_get(d + 24, elf->wide ? 8 : 4);
	elf->table = elf->wide ? util_get(d + 32, 8) : util_get(d + 28, 4);
	elf->entry_size = (unsigned)util_get(d + (elf->wide ? 54 : 42), 2);
	elf->count = (unsigned)util_get(d + (elf->wide ? 56 : 44), 2);
	if (elf->entry_size < (elf->wide ? 56u : 32u) ||
	    elf->table > elf->size ||
	    (uint64_t)elf->count * elf->entry_size > elf->size - elf->table) {
		return "its program headers lie outside the file";
	}
	return NULL;
}

bool elf_get_segment(const struct elf *elf, unsigned i, struct elf_segment *s)
{
	const uint8_t *d = elf->data + elf->table + (size_t)i *
			   elf->entry_size;

	s->type = (uint32_t)util_get(d, 4);
	if (elf->wide) {
		s->offset = util_get(d + 8, 8);
		s->virtual = util_get(d + 16, 8);
		s->address = util_get(d + 24, 8);
		s->file_size = util_get(d + 32, 8);
		s->memory_size = util_get(d + 40, 8);
	} else {
		s->offset = util_get(d + 4, 4);
		s->virtual = util_get(d + 8, 4);
		s->address = util_get(d + 12, 4);
		s->file_size = util_get(d + 16, 4);
		s->memory_size = util_get(d + 20, 4);
	}
	return s->offset <= elf->size && s->file_size <= elf->size - s->offset;
}

bool elf_load(struct model_partition *p, const struct elf *elf, uint64_t *end,
	      const char **why)
{
	struct elf_segment s;
	struct model_load *load;
	unsigned i;

	*why = NULL;
	for (i = 0; i < elf->count; i++) {
		if (!elf_get_segment(elf, i, &s)) {
			*why = "a segment lies outside the file";
			return false;
		}
		if (s.type != ELF_SEGMENT_LOAD || s.memory_size == 0) {
			continue;
		}
		if (s.address > PLACE_GUEST_RAM_MAX ||
		    s.memory_size > PLACE_GUEST_RAM_MAX ||
		    s.memory_size < s.file_size) {
			*why = "a segment's address or size is wrong";
			return false;
		}
		if (!place_fits(p, "payload", p->payload_name.at,
				s.address + s.memory_size)) {
			return false;
		}
		load = place_add_file(p, "payload", &p->payload, s.address,
				      s.offset, s.file_size);
		load->room = s.memory_size;
		if (s.address + s.memory_size > *end) {
			*end = s.address + s.memory_size;
		}
	}
	return true;
}
