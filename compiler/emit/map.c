/* SPDX-License-Identifier: Apache-2.0 */
/* A partition's address map, as its guest is told of it (E820, ACPI). */
#include "emit/emit.h"

#include "place/place.h"

#define LOCAL_APIC 0xfee00000ull
#define IOAPIC 0xfec00000ull

void emit_find_areas(const struct model_partition *p,
		     struct emit_area areas[EMIT_AREA_COUNT])
{
	struct place_map_entry map[PLACE_MAP_COUNT];
	uint32_t i;

	place_memory_map(p, map);
	for (i = 0; i < PLACE_MAP_COUNT; i++) {
		areas[i] = (struct emit_area){
			map[i].type == 1 ? "RAM" : "RAM, not for use",
			map[i].base, map[i].size, p->spa + map[i].base
		};
	}
	areas[i++] = (struct emit_area){
		"IOAPIC, emulated", IOAPIC, PAGE, EMIT_NO_SPA
	};
	areas[i] = (struct emit_area){
		"local APIC, emulated", LOCAL_APIC, PAGE, EMIT_NO_SPA
	};
}
