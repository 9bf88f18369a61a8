/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placement: the spec says sizes and wants, this stage finds addresses, in
 * the guest's view first (payloads, boot data), then in the machine's.
 *
 * What the compiler puts into the low memory of a partition, by guest
 * address (docs/spec.md shows it to people):
 */
#ifndef PARTC_PLACE_H
#define PARTC_PLACE_H

#include "model.h"

#define PLACE_GDT 0x80000ull
#define PLACE_PAGE_TABLES 0x81000ull	/* 6 pages: the first 4 GiB */
#define PLACE_PAGE_TABLE_PAGES 6u
#define PLACE_START_INFO 0x87000ull	/* zero page, PVH or multiboot info */
#define PLACE_START_INFO_SIZE 0x1000ull
#define PLACE_COMMAND_LINE 0x88000ull
#define PLACE_STACK 0x80000ull		/* first stack pointer, grows down */
#define PLACE_LOW_END 0x9f000ull	/* of usable low memory, in the E820 */
#define PLACE_ACPI 0xe0000ull
#define PLACE_ACPI_SIZE 0x8000ull
#define PLACE_RESET_VECTOR 0xffff0ull
#define PLACE_LAUNCH_TABLE 0xa0000ull
#define PLACE_MANIFEST 0xb0000ull
#define PLACE_MANIFEST_SIZE 0x10000ull
#define PLACE_LAUNCH_PORT 0x610u
#define PLACE_LAUNCH_TIMEOUT_MS 60000u
#define PLACE_HIGH 0x100000ull
#define PLACE_REAL_MODE_LIMIT 0x100000ull

#define PLACE_COMMAND_LINE_MAX 2048u
#define PLACE_GUEST_RAM_MAX 0xc0000000ull
#define PLACE_GPA_BITS 36u

/* Flat descriptors, as Linux's boot protocol has them. */
#define PLACE_SELECTOR_CODE32 0x08
#define PLACE_SELECTOR_CODE64 0x10
#define PLACE_SELECTOR_DATA 0x18

/* Image beside payloads and nested tables: the hypervisor, its stacks. */
#define PLACE_IMAGE_RESERVE (8ull << 20)

/* Nested tables per overlay: splitting a GPA's path takes three at most. */
#define PLACE_OVERLAY_TABLES 3u

/* An entry of the guest's memory map (E820 numbers). */
struct place_map_entry {
	uint64_t base;
	uint64_t size;
	uint32_t type;		/* 1 usable, 2 reserved */
};
#define PLACE_MAP_COUNT 3u
void place_memory_map(const struct model_partition *p,
		      struct place_map_entry map[PLACE_MAP_COUNT]);

/* Profile + refinement + rows that follow from uart and console. */
void place_policies(struct model *model);
/* First port of the partition's row with that action, 0 if there is none. */
uint32_t place_find_port(const struct model_partition *p,
			 enum port_action action);
/* CR4, EFER, XCR0 bits that go with the CPUID rows. */
void place_controls(struct model_partition *p);

/* Reads payloads, gives them guest addresses; errors are collected. */
void place_payloads(struct model *model);
struct model_load *place_add_load(struct model_partition *p, const char *what,
				  struct loc at, uint64_t gpa, uint64_t size);
/* Bytes of a file: in the image or, if it is one, of a module. */
struct model_load *place_add_file(struct model_partition *p, const char *what,
				  const struct model_payload *payload,
				  uint64_t gpa, uint64_t offset,
				  uint64_t size);
bool place_fits(const struct model_partition *p, const char *what,
		struct loc at, uint64_t end);
void place_linux(struct model_partition *p);
void place_pvh(struct model_partition *p);
void place_raw(struct model_partition *p);
void place_multiboot(struct model_partition *p);

/* Descriptors, page tables, registers: what the protocol wants at entry. */
void place_boot_data(struct model_partition *p);
void place_boot_state(struct model_partition *p, uint64_t entry);

/* The launch partition's table and room for its manifest. */
void place_launch(const struct model *model, struct model_partition *p);
/* Width of the GPAs that it needs, to see all the others. */
uint32_t place_launch_bits(const struct model *model);
/* LAUNCH_ALL and so on. */
uint32_t place_launch_flags(const struct model_partition *p);

/* Room for the modules, each on whole pages. */
uint64_t place_store_size(const struct model *model);

/* Numbers the bytes of payload.S; counts tables; finds the image's end. */
void place_image(struct model *model);
/* How many different pieces of bytes payload.S has. */
uint32_t place_payload_count(const struct model *model);

/* Every partition gets its SPA, and the module store. */
void place_memory(struct model *model);
/* Before util_free_all(). */
void place_forget(void);
/* Channels get their order. */
void place_channels(struct model *model);
/* Interrupt lines. */
void place_lines(struct model *model);

#endif
