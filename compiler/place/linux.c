/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Linux boot protocol, entered in 64-bit mode, or in 32-bit mode if the
 * kernel has no 64-bit entry (Documentation/arch/x86/boot.rst of Linux): the
 * protected-mode part at its preferred address, or where it must be if it
 * cannot be relocated; a zero page with the setup header, command line, initrd
 * at the top of memory.
 */
#include <string.h>

#include "diag.h"
#include "place/place.h"

/* Offsets in the file, and so in the zero page. */
#define HEADER_START 0x1f1
#define HEADER_MAGIC 0x202
#define HEADER_VERSION 0x206
#define HEADER_XLOADFLAGS 0x236
#define HEADER_END 0x290
#define ZERO_PAGE_SIZE 4096u
#define ENTRY_64 0x200u
#define PROTOCOL_MIN 0x20au	/* says how much memory the kernel needs */
#define PROTOCOL_XLOADFLAGS 0x20cu
#define XLF_KERNEL_64 1u

struct kernel {
	uint64_t offset;	/* of the protected-mode part in the file */
	uint64_t size;
	uint64_t address;
	uint64_t room;
	uint64_t initrd_max;	/* highest address of an initrd's last byte */
	bool relocatable;
};

static bool refuse(const struct model_partition *p, const char *id,
		   const char *why)
{
	struct diag *diag = diag_error(id, p->payload_name.at,
				       "%s is no kernel that \"linux\" can "
				       "start: %s", p->payload.path, why);

	diag_fix(diag, "use an x86-64 bzImage (Debian's /boot/vmlinuz-*), or "
		 "another boot protocol");
	return false;
}

/* Where it is loaded, and how much memory it needs from there. */
static bool read_place(const struct model_partition *p, struct kernel *kernel)
{
	const uint8_t *file = p->payload.bytes.data;
	uint64_t preferred = util_get(file + 0x258, 8);

	kernel->relocatable = file[0x234] != 0;
	kernel->address = kernel->relocatable ? preferred :
			  util_get(file + 0x214, 4);	/* code32_start */
	if (kernel->address < PLACE_HIGH ||
	    kernel->address >= PLACE_GUEST_RAM_MAX ||
	    preferred >= PLACE_GUEST_RAM_MAX) {
		return refuse(p, "linux-address", kernel->relocatable ?
			      "its preferred address is out of range" :
			      "it cannot be relocated, and its address is "
			      "out of range");
	}
	/* One that is not relocatable moves itself to its address. */
	if (preferred < kernel->address) {
		preferred = kernel->address;
	}
	kernel->room = preferred - kernel->address +
		       util_get(file + 0x260, 4);	/* init_size */
	if (kernel->room < kernel->size) {
		kernel->room = kernel->size;
	}
	return true;
}

static bool read_header(struct model_partition *p, struct kernel *kernel)
{
	const uint8_t *file = p->payload.bytes.data;
	size_t size = p->payload.bytes.size;
	uint64_t sectors;

	if (size < HEADER_END || memcmp(file + HEADER_MAGIC, "HdrS", 4) != 0) {
		return refuse(p, "payload-format", "it has no setup header");
	}
	if (util_get(file + HEADER_VERSION, 2) < PROTOCOL_MIN) {
		return refuse(p, "linux-protocol",
			      "its boot protocol is older than 2.10");
	}
	p->long_mode = util_get(file + HEADER_VERSION, 2) >=
		       PROTOCOL_XLOADFLAGS &&
		       (util_get(file + HEADER_XLOADFLAGS, 2) &
			XLF_KERNEL_64) != 0;
	sectors = file[HEADER_START] == 0 ? 4 : file[HEADER_START];
	kernel->offset = (sectors + 1) * 512;
	if (kernel->offset + ENTRY_64 >= size) {
		return refuse(p, "payload-format",
			      "it ends within its setup code");
	}
	kernel->size = size - kernel->offset;
	kernel->initrd_max = util_get(file + 0x22c, 4);
	return read_place(p, kernel);
}

/* At the top of memory, behind what the kernel needs for itself. */
static uint64_t place_initrd(struct model_partition *p,
			     const struct kernel *kernel)
{
	uint64_t size = p->initrd.bytes.size;
	uint64_t top = p->memory.v;
	uint64_t floor = kernel->address + kernel->room;
	struct diag *diag;

	if (top > kernel->initrd_max + 1) {
		top = kernel->initrd_max + 1;
	}
	if (!place_fits(p, "initrd", p->initrd_name.at,
			util_round_up(floor + size, PAGE))) {
		return 0;
	}
	if (size > top || util_round_down(top - size, PAGE) < floor) {
		diag = diag_error("initrd-limit", p->initrd_name.at,
				  "the initrd of %s (%s) must end below "
				  "%#llx", p->name, util_size(size),
				  (unsigned long long)top);
		diag_note(diag, p->payload_name.at, "the kernel says so, and "
			  "needs %#llx to %#llx itself",
			  (unsigned long long)kernel->address,
			  (unsigned long long)floor);
		diag_fix(diag, "use a smaller initrd, or a kernel whose "
			 "initrd_addr_max is higher");
		return 0;
	}
	return place_add_file(p, "initrd", &p->initrd,
			      util_round_down(top - size, PAGE), 0, size)->gpa;
}

static void fill_zero_page(const struct model_partition *p, uint8_t *page,
			   const struct kernel *kernel, uint64_t initrd)
{
	const uint8_t *file = p->payload.bytes.data;
	struct place_map_entry map[PLACE_MAP_COUNT];
	size_t end = 0x202u + file[0x201];
	unsigned i;

	if (end > HEADER_END) {
		end = HEADER_END;
	}
	memcpy(page + HEADER_START, file + HEADER_START, end - HEADER_START);
	util_put(page + 0x070, PLACE_ACPI, 8);		/* acpi_rsdp_addr */
	util_put(page + 0x1fa, 0xffff, 2);		/* vid_mode: normal */
	page[0x210] = 0xff;				/* type_of_loader */
	util_put(page + 0x214, kernel->address, 4);	/* code32_start */
	if (initrd != 0) {
		util_put(page + 0x218, initrd, 4);
		util_put(page + 0x21c, p->initrd.bytes.size, 4);
	}
	util_put(page + 0x228, PLACE_COMMAND_LINE, 4);	/* cmd_line_ptr */
	place_memory_map(p, map);
	page[0x1e8] = PLACE_MAP_COUNT;			/* e820_entries */
	for (i = 0; i < PLACE_MAP_COUNT; i++) {
		uint8_t *entry = page + 0x2d0 + 20 * i;

		util_put(entry, map[i].base, 8);
		util_put(entry + 8, map[i].size, 8);
		util_put(entry + 16, map[i].type, 4);
	}
}

void place_linux(struct model_partition *p)
{
	const char *line = p->command_line.s == NULL ? "" : p->command_line.s;
	struct model_load *load;
	struct kernel kernel;
	uint8_t *page;
	uint64_t initrd = 0;

	if (!read_header(p, &kernel) ||
	    !place_fits(p, kernel.relocatable ? "kernel" :
			"kernel (which cannot be relocated)",
			p->payload_name.at, kernel.address + kernel.room)) {
		return;
	}
	load = place_add_file(p, "kernel", &p->payload, kernel.address,
			      kernel.offset, kernel.size);
	load->room = kernel.room;
	if (p->initrd.good) {
		initrd = place_initrd(p, &kernel);
	}
	page = util_alloc(ZERO_PAGE_SIZE);
	fill_zero_page(p, page, &kernel, initrd);
	load = place_add_load(p, "zero page", p->boot_text.at,
			      PLACE_START_INFO, ZERO_PAGE_SIZE);
	load->data = page;
	load = place_add_load(p, "command line", p->at, PLACE_COMMAND_LINE,
			      strlen(line) + 1);
	load->data = (const uint8_t *)line;
	place_boot_data(p);
	place_boot_state(p, kernel.address + (p->long_mode ? ENTRY_64 : 0));
	p->state.gpr[GPR_RSI] = PLACE_START_INFO;
}
