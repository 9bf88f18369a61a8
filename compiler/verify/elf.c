/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ELF reader: segments, symbols, and what an address of the image holds.
 * Keeps true: no byte outside the file is read, whatever the headers say.
 */
#include "verify.h"

#include <elf.h>
#include <string.h>

#define IMAGE_BASE_MIN (16ull << 20)	/* linked at 16 MiB or above */

static bool image_in_file(const struct image *image, uint64_t offset,
			  uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static bool image_add_segment(struct image *image, const Elf64_Phdr *header,
			      struct report *report)
{
	struct image_segment *segment;

	if (image->segment_count == IMAGE_SEGMENT_MAX) {
		report_error(report, NULL, "image: more than %d segments",
			     IMAGE_SEGMENT_MAX);
		return false;
	}
	if (!image_in_file(image, header->p_offset, header->p_filesz) ||
	    header->p_filesz > header->p_memsz ||
	    header->p_vaddr + header->p_memsz < header->p_vaddr) {
		report_error(report, NULL,
			     "image: segment at 0x%llx lies outside the file",
			     (unsigned long long)header->p_vaddr);
		return false;
	}
	if (header->p_paddr != header->p_vaddr) {
		report_error(report, NULL, "image: segment at 0x%llx is loaded "
			     "at 0x%llx: not where it is linked",
			     (unsigned long long)header->p_vaddr,
			     (unsigned long long)header->p_paddr);
		return false;
	}
	segment = &image->segments[image->segment_count++];
	segment->base = header->p_vaddr;
	segment->size = header->p_memsz;
	segment->file_size = header->p_filesz;
	segment->bytes = image->bytes + header->p_offset;
	segment->flags = header->p_flags;
	return true;
}

static bool image_read_segments(struct image *image, const Elf64_Ehdr *elf,
				struct report *report)
{
	Elf64_Phdr header;
	unsigned i;

	if (elf->e_phentsize != sizeof(header) ||
	    !image_in_file(image, elf->e_phoff,
			   (uint64_t)elf->e_phnum * sizeof(header))) {
		report_error(report, NULL, "image: bad program headers");
		return false;
	}
	image->base = UINT64_MAX;
	for (i = 0; i < elf->e_phnum; i++) {
		memcpy(&header, image->bytes + elf->e_phoff +
		       i * sizeof(header), sizeof(header));
		if (header.p_type == PT_DYNAMIC ||
		    header.p_type == PT_INTERP || header.p_type == PT_TLS) {
			report_error(report, NULL, "image: segment type %u: "
				     "the image must be static",
				     header.p_type);
		}
		if (header.p_type != PT_LOAD || !header.p_memsz) {
			continue;
		}
		if (!image_add_segment(image, &header, report)) {
			return false;
		}
		if (header.p_vaddr < image->base) {
			image->base = header.p_vaddr;
		}
		if (header.p_vaddr + header.p_memsz > image->limit) {
			image->limit = header.p_vaddr + header.p_memsz;
		}
	}
	if (!image->segment_count) {
		report_error(report, NULL, "image: nothing to load");
		return false;
	}
	return true;
}

static bool image_get_section(const struct image *image,
			      const Elf64_Ehdr *elf, uint64_t index,
			      Elf64_Shdr *section)
{
	if (index >= elf->e_shnum || elf->e_shentsize != sizeof(*section) ||
	    !image_in_file(image, elf->e_shoff,
			   (uint64_t)elf->e_shnum * sizeof(*section))) {
		return false;
	}
	memcpy(section, image->bytes + elf->e_shoff + index * sizeof(*section),
	       sizeof(*section));
	return true;
}

bool image_find_section(const struct image *image, const char *name,
			uint64_t *base, uint64_t *size)
{
	Elf64_Ehdr elf;
	Elf64_Shdr names;
	Elf64_Shdr section;
	size_t length = strlen(name) + 1;
	uint64_t i;

	memcpy(&elf, image->bytes, sizeof(elf));
	if (!image_get_section(image, &elf, elf.e_shstrndx, &names) ||
	    !image_in_file(image, names.sh_offset, names.sh_size)) {
		return false;
	}
	for (i = 0; image_get_section(image, &elf, i, &section); i++) {
		if (section.sh_name < names.sh_size &&
		    length <= names.sh_size - section.sh_name &&
		    !memcmp(image->bytes + names.sh_offset + section.sh_name,
			    name, length)) {
			*base = section.sh_addr;
			*size = section.sh_size;
			return true;
		}
	}
	return false;
}

static bool image_read_symbols(struct image *image, const Elf64_Ehdr *elf,
			       struct report *report)
{
	Elf64_Shdr table;
	Elf64_Shdr strings;
	uint64_t i;

	for (i = 0; image_get_section(image, elf, i, &table); i++) {
		if (table.sh_type != SHT_SYMTAB) {
			continue;
		}
		if (!image_get_section(image, elf, table.sh_link, &strings) ||
		    !image_in_file(image, table.sh_offset, table.sh_size) ||
		    !image_in_file(image, strings.sh_offset,
				   strings.sh_size) ||
		    table.sh_entsize != sizeof(Elf64_Sym) ||
		    !strings.sh_size ||
		    image->bytes[strings.sh_offset + strings.sh_size - 1]) {
			break;
		}
		image->symbols = image->bytes + table.sh_offset;
		image->symbol_count = table.sh_size / sizeof(Elf64_Sym);
		image->strings = (const char *)image->bytes +
				 strings.sh_offset;
		image->string_size = strings.sh_size;
		return true;
	}
	report_error(report, NULL, "image: no usable symbol table");
	return false;
}

/* Memory that has no segment is the hypervisor's as well: .noinit. */
static void image_extend(struct image *image, const Elf64_Ehdr *elf)
{
	Elf64_Shdr section;
	uint64_t i;

	for (i = 0; image_get_section(image, elf, i, &section); i++) {
		if (!(section.sh_flags & SHF_ALLOC) ||
		    section.sh_addr + section.sh_size < section.sh_addr) {
			continue;
		}
		if (section.sh_addr < image->base) {
			image->base = section.sh_addr;
		}
		if (section.sh_addr + section.sh_size > image->limit) {
			image->limit = section.sh_addr + section.sh_size;
		}
	}
}

bool image_open(struct image *image, const uint8_t *bytes, size_t size,
		struct report *report)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT };
	struct image_symbol limit;
	Elf64_Ehdr elf;

	memset(image, 0, sizeof(*image));
	image->bytes = bytes;
	image->size = size;
	if (size < sizeof(elf) || memcmp(bytes, magic, sizeof(magic))) {
		report_error(report, NULL, "image: not an ELF64 file");
		return false;
	}
	memcpy(&elf, bytes, sizeof(elf));
	if (elf.e_type != ET_EXEC || elf.e_machine != EM_X86_64) {
		report_error(report, NULL,
			     "image: not a linked x86-64 program");
		return false;
	}
	image->entry = elf.e_entry;
	if (!image_read_segments(image, &elf, report) ||
	    !image_read_symbols(image, &elf, report)) {
		return false;
	}
	image_extend(image, &elf);
	/* The link script's own idea of the end may only add to the extent. */
	if (!image_find_symbol(image, "image_end", &limit)) {
		report_error(report, NULL, "image: no symbol image_end");
		return false;
	}
	if (limit.value > image->limit) {
		image->limit = limit.value;
	}
	return true;
}

bool image_get_symbol(const struct image *image, uint64_t index,
		      struct image_symbol *symbol)
{
	Elf64_Sym entry;

	if (index >= image->symbol_count) {
		return false;
	}
	memcpy(&entry, image->symbols + index * sizeof(entry), sizeof(entry));
	symbol->name = entry.st_name < image->string_size ?
		       image->strings + entry.st_name : "";
	symbol->value = entry.st_value;
	symbol->size = entry.st_size;
	symbol->section = entry.st_shndx;
	symbol->info = entry.st_info;
	return true;
}

bool image_find_symbol(const struct image *image, const char *name,
		       struct image_symbol *symbol)
{
	uint64_t i;

	for (i = 0; image_get_symbol(image, i, symbol); i++) {
		if (symbol->section != SHN_UNDEF &&
		    ELF64_ST_BIND(symbol->info) != STB_LOCAL &&
		    !strcmp(symbol->name, name)) {
			return true;
		}
	}
	return false;
}

bool image_symbol_is_placed(const struct image_symbol *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->info);

	return symbol->section != SHN_UNDEF && symbol->section != SHN_ABS &&
	       (type == STT_OBJECT || type == STT_FUNC ||
		type == STT_NOTYPE) && symbol->size;
}

bool image_is_object(const struct image *image, uint64_t address,
		     uint64_t size)
{
	struct image_symbol symbol;
	uint64_t i;

	for (i = 0; image_get_symbol(image, i, &symbol); i++) {
		if (symbol.value == address && symbol.size == size &&
		    image_symbol_is_placed(&symbol) &&
		    ELF64_ST_TYPE(symbol.info) == STT_OBJECT) {
			return true;
		}
	}
	return false;
}

const struct image_segment *image_find_segment(const struct image *image,
					       uint64_t address,
					       uint64_t size)
{
	unsigned i;

	for (i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];

		if (address >= segment->base &&
		    address - segment->base <= segment->size &&
		    size <= segment->size - (address - segment->base)) {
			return segment;
		}
	}
	return NULL;
}

const uint8_t *image_bytes(const struct image *image, uint64_t address,
			   uint64_t size)
{
	const struct image_segment *segment =
		image_find_segment(image, address, size);
	uint64_t offset;

	if (!segment) {
		return NULL;
	}
	offset = address - segment->base;
	if (offset > segment->file_size ||
	    size > segment->file_size - offset) {
		return NULL;
	}
	return segment->bytes + offset;
}

const char *image_text(const struct image *image, uint64_t address)
{
	const struct image_segment *segment =
		image_find_segment(image, address, 1);
	uint64_t offset;

	if (!segment || address - segment->base >= segment->file_size) {
		return NULL;
	}
	offset = address - segment->base;
	if (!memchr(segment->bytes + offset, 0,
		    segment->file_size - offset)) {
		return NULL;
	}
	return (const char *)segment->bytes + offset;
}

bool image_overlaps(const struct image *image, uint64_t from, uint64_t to)
{
	unsigned i;

	if (from < image->limit && to > image->base) {
		return true;
	}
	for (i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];

		if (from < segment->base + segment->size &&
		    to > segment->base) {
			return true;
		}
	}
	return false;
}

static void image_check_entry(const struct image *image,
			      struct report *report)
{
	const struct image_segment *segment =
		image_find_segment(image, image->entry, 1);

	if (!segment || !(segment->flags & IMAGE_EXECUTE)) {
		report_error(report, NULL, "image: entry 0x%llx is not in an "
			     "executable segment",
			     (unsigned long long)image->entry);
	}
}

void image_check(const struct image *image, struct report *report)
{
	unsigned i;
	unsigned j;

	image_check_entry(image, report);
	if (image->base < IMAGE_BASE_MIN) {
		report_error(report, NULL,
			     "image: linked at 0x%llx, below 16 MiB",
			     (unsigned long long)image->base);
	}
	for (i = 0; i < image->segment_count; i++) {
		const struct image_segment *a = &image->segments[i];

		if ((a->flags & IMAGE_WRITE) && (a->flags & IMAGE_EXECUTE)) {
			report_error(report, NULL, "image: segment at 0x%llx "
				     "is writable and executable",
				     (unsigned long long)a->base);
		}
		for (j = 0; j < i; j++) {
			const struct image_segment *b = &image->segments[j];

			if (a->base / PAGE <
			    (b->base + b->size + PAGE - 1) / PAGE &&
			    b->base / PAGE <
			    (a->base + a->size + PAGE - 1) / PAGE) {
				report_error(report, NULL, "image: segments "
					     "at 0x%llx and 0x%llx share a "
					     "page",
					     (unsigned long long)b->base,
					     (unsigned long long)a->base);
			}
		}
	}
}
