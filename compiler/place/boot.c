/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a boot protocol wants to find when it is entered: descriptors, page
 * tables, registers. The hypervisor loads all of it without knowing what it
 * is.
 */
#include <string.h>

#include "place/place.h"

#define CR0_PE 0x1u
#define CR0_MP 0x2u
#define CR0_ET 0x10u
#define CR0_NE 0x20u
#define CR0_PG 0x80000000u
#define CR0_INIT 0x60000010u
#define CR4_PAE 0x20u
#define EFER_LME 0x100u
#define EFER_LMA 0x400u
#define RFLAGS_FIXED 0x2u

/* Attributes of struct segment_config (TLFS: HV_X64_SEGMENT_REGISTER). */
#define ATTR_CODE64 0xa09b
#define ATTR_CODE32 0xc09b
#define ATTR_DATA32 0xc093
#define ATTR_CODE16 0x009b
#define ATTR_DATA16 0x0093
#define ATTR_LDT 0x0082
#define ATTR_TSS 0x008b
#define GDT_SIZE 32u

#define TABLE_FLAGS 0x23u	/* present, writable, accessed */
#define LARGE_FLAGS 0xe3u	/* and dirty, large */

/* Linux's 32-bit protocol wants its code where the 64-bit one has it too. */
static bool has_linux_code32(const struct model_partition *p)
{
	return p->boot == BOOT_LINUX && !p->long_mode;
}

/* Null, 32-bit code, 64-bit code, data. */
static uint8_t *make_gdt(const struct model_partition *p)
{
	uint8_t *gdt = util_alloc(GDT_SIZE);
	uint64_t code32 = 0x00cf9b000000ffffull;

	util_put(gdt + PLACE_SELECTOR_CODE32, code32, 8);
	util_put(gdt + PLACE_SELECTOR_CODE64, has_linux_code32(p) ? code32 :
		 0x00af9b000000ffffull, 8);
	util_put(gdt + PLACE_SELECTOR_DATA, 0x00cf93000000ffffull, 8);
	return gdt;
}

/* The first 4 GiB one to one in 2 MiB pages: PML4, PDPT, four PDs. */
static uint8_t *make_page_tables(void)
{
	uint8_t *tables = util_alloc(PLACE_PAGE_TABLE_PAGES * PAGE);
	uint64_t i;

	util_put(tables, (PLACE_PAGE_TABLES + PAGE) | TABLE_FLAGS, 8);
	for (i = 0; i < 4; i++) {
		util_put(tables + PAGE + 8 * i,
			 (PLACE_PAGE_TABLES + (2 + i) * PAGE) | TABLE_FLAGS,
			 8);
	}
	for (i = 0; i < 4 * CONFIG_TABLE_ENTRIES; i++) {
		util_put(tables + 2 * PAGE + 8 * i,
			 i * LARGE_PAGE | LARGE_FLAGS, 8);
	}
	return tables;
}

static void add_acpi(struct model_partition *p)
{
	struct model_load *load;

	/* emit/acpi.c fills it, and cuts its size to what was needed. */
	load = place_add_load(p, "ACPI tables", p->at, PLACE_ACPI,
			      PLACE_ACPI_SIZE);
	load->data = util_alloc(PLACE_ACPI_SIZE);
}

/*
 * Linux with hardware-reduced ACPI and no EFI restarts by way of the BIOS: it
 * jumps to FFFF:0000 in real mode. What it finds there asks for the restart:
 * MOV DX, port; MOV AL, 1; OUT DX, AL; CLI; HLT; JMP to the HLT.
 */
static void add_reset_vector(struct model_partition *p)
{
	uint32_t port = place_find_port(p, PORT_RESET);
	uint8_t code[] = {
		0xba, (uint8_t)port, (uint8_t)(port >> 8), 0xb0, 0x01, 0xee,
		0xfa, 0xf4, 0xeb, 0xfd
	};
	struct model_load *load;
	uint8_t *data;

	if (port == 0) {
		return;
	}
	data = util_alloc(sizeof(code));
	memcpy(data, code, sizeof(code));
	load = place_add_load(p, "reset vector", p->at, PLACE_RESET_VECTOR,
			      sizeof(code));
	load->data = data;
}

void place_boot_data(struct model_partition *p)
{
	struct model_load *load;

	load = place_add_load(p, "descriptor table", p->boot_text.at,
			      PLACE_GDT, GDT_SIZE);
	load->data = make_gdt(p);
	if (p->long_mode) {
		load = place_add_load(p, "page tables", p->boot_text.at,
				      PLACE_PAGE_TABLES,
				      PLACE_PAGE_TABLE_PAGES * PAGE);
		load->data = make_page_tables();
	}
	if (!boot_is_raw(p->boot)) {
		add_reset_vector(p);
		add_acpi(p);
	}
}

static void set_segment(struct vp_state_config *state, enum segment_name name,
			unsigned selector, uint32_t limit, unsigned attributes)
{
	state->segment[name].selector = (uint16_t)selector;
	state->segment[name].limit = limit;
	state->segment[name].attributes = (uint16_t)attributes;
}

static void set_data(struct vp_state_config *state, unsigned selector,
		     uint32_t limit, unsigned attributes)
{
	set_segment(state, SEGMENT_ES, selector, limit, attributes);
	set_segment(state, SEGMENT_SS, selector, limit, attributes);
	set_segment(state, SEGMENT_DS, selector, limit, attributes);
	set_segment(state, SEGMENT_FS, selector, limit, attributes);
	set_segment(state, SEGMENT_GS, selector, limit, attributes);
	set_segment(state, SEGMENT_LDTR, 0, 0xffff, ATTR_LDT);
	set_segment(state, SEGMENT_TR, 0, 0xffff, ATTR_TSS);
}

/* As a BIOS enters a boot sector, but at any address below 1 MiB. */
static void enter_real_mode(struct vp_state_config *state, uint64_t entry)
{
	unsigned selector = (unsigned)(entry >> 4) & 0xf000;

	set_data(state, 0, 0xffff, ATTR_DATA16);
	set_segment(state, SEGMENT_CS, selector, 0xffff, ATTR_CODE16);
	state->segment[SEGMENT_CS].base = (uint64_t)selector << 4;
	state->segment[SEGMENT_SS].selector = (PLACE_STACK - 0x10000) >> 4;
	state->segment[SEGMENT_SS].base = PLACE_STACK - 0x10000;
	state->gpr[GPR_RSP] = 0xfff0;
	state->rip = entry & 0xffff;
	state->cr0 = CR0_INIT;
	state->gdtr_limit = 0xffff;
	state->idtr_limit = 0x3ff;
}

static void enter_protected_mode(const struct model_partition *p,
				 struct vp_state_config *state, uint64_t entry)
{
	set_data(state, PLACE_SELECTOR_DATA, 0xffffffff, ATTR_DATA32);
	state->gpr[GPR_RSP] = PLACE_STACK;
	state->rip = entry;
	state->gdtr_base = PLACE_GDT;
	state->gdtr_limit = GDT_SIZE - 1;
	state->cr0 = CR0_PE | CR0_ET | CR0_NE;
	if (!p->long_mode) {
		set_segment(state, SEGMENT_CS, has_linux_code32(p) ?
			    PLACE_SELECTOR_CODE64 : PLACE_SELECTOR_CODE32,
			    0xffffffff, ATTR_CODE32);
		return;
	}
	set_segment(state, SEGMENT_CS, PLACE_SELECTOR_CODE64, 0xffffffff,
		    ATTR_CODE64);
	state->cr0 |= CR0_PG | CR0_MP;
	state->cr3 = PLACE_PAGE_TABLES;
	state->cr4 = CR4_PAE;
	state->efer = EFER_LME | EFER_LMA;
}

void place_boot_state(struct model_partition *p, uint64_t entry)
{
	struct vp_state_config *state = &p->state;

	memset(state, 0, sizeof(*state));
	state->rflags = RFLAGS_FIXED;
	if (p->boot == BOOT_RAW16) {
		enter_real_mode(state, entry);
	} else {
		enter_protected_mode(p, state, entry);
	}
}
