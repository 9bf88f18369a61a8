/* SPDX-License-Identifier: Apache-2.0 */
/* The boot loader's memory map and modules, kept in the hypervisor's memory. */
#ifndef CPU_BOOT_INFO_H
#define CPU_BOOT_INFO_H

#include "lib/types.h"

#define BOOT_MAP_MAX 128u

/* Types are those of E820: 1 RAM, 2 reserved, 3 ACPI, 4 ACPI NVS, 5 bad. */
struct boot_range {
	uint64_t base;
	uint64_t end;		/* exclusive */
	uint32_t type;
};

extern struct boot_range boot_map[];
extern uint32_t boot_map_count;
/* In the loader's order, of type 0. More than there is room for are counted. */
extern struct boot_range boot_modules[];
extern uint32_t boot_module_count;

/*
 * Copies both from Multiboot 1 or 2 info (which lies below 4 GiB).
 * HV_ERR_UNSUPPORTED: other magic; HV_ERR_STATE: no map; HV_ERR_FULL: over
 * BOOT_MAP_MAX ranges.
 */
enum hv_err boot_info_keep(uint32_t magic, uint32_t info) must_use;

/*
 * Is all of [base, end) RAM? If not, *rival is what lies there instead: a
 * range of the map, or type 0 where the map says nothing.
 */
bool boot_info_is_ram(uint64_t base, uint64_t end, struct boot_range *rival)
	must_use;
const char *boot_info_type_name(uint32_t type) must_use;
/* A free page in [4 KiB, 0x9f000), 0 if there is none. */
uint64_t boot_info_low_page(void) must_use;

#endif
