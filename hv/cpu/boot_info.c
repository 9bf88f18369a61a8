/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiboot information (Multiboot 1 3.3, Multiboot 2 3.6). Taken are the
 * memory map, which decides whether the machine is the one that the spec
 * describes, and where modules lie. Read once, before anything is written
 * outside the image.
 */
#include "cpu/boot_info.h"
#include "config/config.h"
#include "lib/bits.h"

#define MAGIC1 0x2badb002u
#define MAGIC2 0x36d76289u
#define FLAG1_MODULES (1u << 3)
#define FLAG1_MAP (1u << 6)
#define TAG2_MODULE 3u
#define TAG2_MAP 6u
#define TAG2_END 0u
#define RAM 1u

struct boot_range boot_map[BOOT_MAP_MAX];
uint32_t boot_map_count;
struct boot_range boot_modules[CONFIG_MODULE_MAX];
uint32_t boot_module_count;

struct info1 {
	uint32_t flags;
	uint32_t skip[4];
	uint32_t module_count;
	uint32_t modules;
	uint32_t skip2[4];
	uint32_t map_size;
	uint32_t map_address;
};

struct module1 {
	uint32_t base;
	uint32_t end;
	uint32_t text;
	uint32_t zero;
};

struct entry1 {
	uint32_t size;		/* without itself */
	uint64_t base;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

struct tag2 {
	uint32_t type;
	uint32_t size;
};

struct module2 {
	struct tag2 tag;
	uint32_t base;
	uint32_t end;
};

struct map2 {
	struct tag2 tag;
	uint32_t entry_size;
	uint32_t entry_version;
};

struct entry2 {
	uint64_t base;
	uint64_t length;
	uint32_t type;
	uint32_t zero;
};

_Static_assert(offsetof(struct info1, modules) == 24, "Multiboot 1 3.3");
_Static_assert(offsetof(struct info1, map_size) == 44, "Multiboot 1 3.3");
_Static_assert(sizeof(struct entry1) == 24, "Multiboot 1 3.3");
_Static_assert(sizeof(struct entry2) == 24, "Multiboot 2 3.6.8");

static enum hv_err boot_map_add(uint64_t base, uint64_t length, uint32_t type)
{
	if (boot_map_count == BOOT_MAP_MAX) {
		return HV_ERR_FULL;
	}
	/* One that reaches the end of all addresses, or wraps, ends there. */
	if (length > UINT64_MAX - base) {
		length = UINT64_MAX - base;
	}
	if (length != 0) {
		boot_map[boot_map_count++] =
			(struct boot_range){ base, base + length, type };
	}
	return HV_OK;
}

static void boot_module_add(uint32_t base, uint32_t end)
{
	if (boot_module_count < CONFIG_MODULE_MAX && base <= end) {
		boot_modules[boot_module_count] =
			(struct boot_range){ base, end, 0 };
	}
	boot_module_count++;
}

static enum hv_err boot_info_keep1(uint64_t info)
{
	const struct info1 *i = (const struct info1 *)info;
	const struct module1 *m = (const struct module1 *)(uint64_t)i->modules;
	uint64_t at = i->map_address;
	uint64_t end = at + i->map_size;

	if ((i->flags & FLAG1_MAP) == 0) {
		return HV_ERR_STATE;
	}
	while (at + sizeof(struct entry1) <= end) {
		const struct entry1 *e = (const struct entry1 *)at;

		if (boot_map_add(e->base, e->length, e->type) != HV_OK) {
			return HV_ERR_FULL;
		}
		at += e->size + sizeof(e->size);
	}
	for (uint32_t n = (i->flags & FLAG1_MODULES) ? i->module_count : 0;
	     n > 0; n--, m++) {
		boot_module_add(m->base, m->end);
	}
	return HV_OK;
}

static enum hv_err boot_info_keep_map2(const struct map2 *map)
{
	uint64_t at = (uint64_t)(map + 1);
	uint64_t end = (uint64_t)map + map->tag.size;

	if (map->entry_size < sizeof(struct entry2)) {
		return HV_ERR_STATE;
	}
	for (; at + map->entry_size <= end; at += map->entry_size) {
		const struct entry2 *e = (const struct entry2 *)at;

		if (boot_map_add(e->base, e->length, e->type) != HV_OK) {
			return HV_ERR_FULL;
		}
	}
	return HV_OK;
}

static enum hv_err boot_info_keep2(uint64_t info)
{
	uint64_t end = info + *(const uint32_t *)info;
	uint64_t at = info + 8;
	enum hv_err map = HV_ERR_STATE;

	while (at + sizeof(struct tag2) <= end) {
		const struct tag2 *tag = (const struct tag2 *)at;

		if (tag->type == TAG2_END || tag->size < sizeof(*tag)) {
			break;
		}
		if (tag->type == TAG2_MAP && map == HV_ERR_STATE) {
			map = boot_info_keep_map2((const struct map2 *)at);
		}
		if (tag->type == TAG2_MODULE) {
			const struct module2 *m = (const struct module2 *)at;

			boot_module_add(m->base, m->end);
		}
		at += align_up(tag->size, 8);
	}
	return map;
}

enum hv_err boot_info_keep(uint32_t magic, uint32_t info)
{
	if (magic == MAGIC1) {
		return boot_info_keep1(info);
	}
	if (magic == MAGIC2) {
		return boot_info_keep2(info);
	}
	return HV_ERR_UNSUPPORTED;
}

bool boot_info_is_ram(uint64_t base, uint64_t end, struct boot_range *rival)
{
	uint64_t at = base;
	bool grown = true;

	for (uint32_t i = 0; i < boot_map_count; i++) {
		const struct boot_range *r = &boot_map[i];

		if (r->type != RAM && r->base < end && base < r->end) {
			*rival = *r;
			return false;
		}
	}
	/* Walk up through RAM ranges, in whatever order the map has them. */
	while (at < end && grown) {
		grown = false;
		for (uint32_t i = 0; i < boot_map_count; i++) {
			const struct boot_range *r = &boot_map[i];

			if (r->type == RAM && r->base <= at && at < r->end) {
				at = r->end;
				grown = true;
			}
		}
	}
	*rival = (struct boot_range){ at, end, 0 };
	return at >= end;
}

const char *boot_info_type_name(uint32_t type)
{
	if (type == 0) {
		return "nothing";
	}
	if (type == 2) {
		return "reserved memory";
	}
	if (type == 3) {
		return "ACPI tables";
	}
	if (type == 4) {
		return "ACPI NVS";
	}
	if (type == 5) {
		return "bad memory";
	}
	return "memory of an unknown type";
}

uint64_t boot_info_low_page(void)
{
	struct boot_range rival;

	for (uint64_t page = 0x9e000; page >= 0x1000; page -= 0x1000) {
		if (boot_info_is_ram(page, page + 0x1000, &rival)) {
			return page;
		}
	}
	return 0;
}
