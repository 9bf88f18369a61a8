/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables against the DTB: the machine's memory, and which partition owns
 * how much of it. Reads the spec by the grammar of docs/spec.md with none of
 * the compiler's code.
 */
#include "verify.h"

#include <string.h>

#define LOW_MEMORY_LIMIT 0x100000ull	/* firmware's and the trampoline's */

uint32_t spec_follow(const struct fdt *fdt, const struct fdt_prop *prop,
		     uint32_t index)
{
	if (!prop || index >= prop->size / 4) {
		return FDT_NONE;
	}
	return fdt_find_phandle(fdt, fdt_cell(prop, index));
}

const char *spec_text(const struct spec_partition *p, const char *name,
		      const char *otherwise)
{
	const char *text = fdt_text(p->spec->fdt, p->node, name);

	if (!text) {
		text = fdt_text(p->spec->fdt, p->profile, name);
	}
	return text ? text : otherwise;
}

uint32_t spec_find_name(const char *const *names, uint32_t count,
			const char *text)
{
	uint32_t i = 0;

	while (i < count && (!names[i] || strcmp(names[i], text))) {
		i++;
	}
	return i;
}

static uint32_t spec_first(const struct fdt *fdt, uint32_t node)
{
	return node == FDT_NONE ? FDT_NONE : fdt->nodes[node].first_child;
}

/* [base, base + size) lies in one "reg" of a child of the list. */
static bool spec_in_list(const struct spec *spec, const char *list,
			 uint64_t base, uint64_t size)
{
	const struct fdt *fdt = spec->fdt;
	uint32_t node = spec_first(fdt, fdt_child(fdt, spec->machine, list));

	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		const struct fdt_prop *reg = fdt_get(fdt, node, "reg");
		uint64_t at = fdt_cell2(reg, 0);
		uint64_t length = fdt_cell2(reg, 2);

		if (base >= at && base - at <= length &&
		    size <= length - (base - at)) {
			return true;
		}
	}
	return false;
}

static bool spec_touches_reserved(const struct spec *spec, uint64_t base,
				  uint64_t size)
{
	const struct fdt *fdt = spec->fdt;
	uint32_t node = spec_first(fdt, fdt_child(fdt, spec->machine,
						  "reserved"));

	if (base < LOW_MEMORY_LIMIT) {
		return true;
	}
	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		const struct fdt_prop *reg = fdt_get(fdt, node, "reg");
		uint64_t at = fdt_cell2(reg, 0);

		if (base < at + fdt_cell2(reg, 2) && at < base + size) {
			return true;
		}
	}
	return false;
}

bool spec_is_free_ram(const struct spec *spec, uint64_t base, uint64_t size)
{
	return spec_in_list(spec, "ram", base, size) &&
	       !spec_touches_reserved(spec, base, size);
}

/* Lowest end of free memory from base on, and where it starts again. */
static void spec_next_hole(const struct spec *spec, uint64_t base,
			   uint64_t *stop, uint64_t *resume)
{
	const struct fdt *fdt = spec->fdt;
	uint32_t node = spec_first(fdt, fdt_child(fdt, spec->machine,
						  "reserved"));

	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		const struct fdt_prop *reg = fdt_get(fdt, node, "reg");
		uint64_t at = fdt_cell2(reg, 0);
		uint64_t end = at + fdt_cell2(reg, 2);

		if (end > base && at < *stop) {
			*stop = at > base ? at : base;
			*resume = end;
		}
	}
}

static void spec_expect_ram(const struct spec *spec, uint64_t base,
			    uint64_t end)
{
	const struct tables *tables = spec->tables;
	uint32_t i;

	for (i = 0; i < tables->ram_count; i++) {
		if (tables->rams[i].base == base &&
		    tables->rams[i].size == end - base) {
			return;
		}
	}
	report_error(spec->report, tables->machine.where,
		     "free RAM of the spec, 0x%llx to 0x%llx, has no row in "
		     "the image", (unsigned long long)base,
		     (unsigned long long)end);
}

/* Rows for one range of RAM less what is reserved in it: how many. */
static uint32_t spec_check_ram_range(const struct spec *spec, uint64_t base,
				     uint64_t end)
{
	uint32_t count = 0;

	while (base < end) {
		uint64_t stop = end;
		uint64_t resume = end;

		spec_next_hole(spec, base, &stop, &resume);
		if (stop > base) {
			spec_expect_ram(spec, base, stop);
			count++;
		}
		base = resume;
	}
	return count;
}

/* A row for each piece of the board's free RAM, and none besides. */
static void spec_check_ram(const struct spec *spec)
{
	const struct fdt *fdt = spec->fdt;
	const struct tables *tables = spec->tables;
	uint32_t node = spec_first(fdt, fdt_child(fdt, spec->machine, "ram"));
	uint64_t size = spec->image->limit - spec->image->base;
	uint32_t count = 0;

	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		const struct fdt_prop *reg = fdt_get(fdt, node, "reg");
		uint64_t base = fdt_cell2(reg, 0);

		count += spec_check_ram_range(spec, base,
					      base + fdt_cell2(reg, 2));
	}
	if (count != tables->ram_count) {
		report_error(spec->report, tables->machine.where,
			     "%u ranges of free RAM, %u in the spec",
			     tables->ram_count, count);
	}
	if (!spec_is_free_ram(spec, spec->image->base, size)) {
		report_error(spec->report, tables->machine.where,
			     "image: 0x%llx to 0x%llx is not free RAM",
			     (unsigned long long)spec->image->base,
			     (unsigned long long)spec->image->limit);
	}
}

/* Regions: as much as the spec says, in RAM that nobody reserved. */
static void spec_check_memory(const struct spec_partition *p)
{
	const struct spec *spec = p->spec;
	uint64_t wanted = fdt_number(spec->fdt, p->node, "memory", 0);
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i < p->tables->config.region_count; i++) {
		const struct region_config *region = &p->tables->regions[i];

		total += region->size;
		if (!spec_is_free_ram(spec, region->spa, region->size)) {
			report_error(spec->report, p->tables->region_where[i],
				     "partition %s: SPA 0x%llx, 0x%llx "
				     "bytes, is not free RAM of the machine",
				     p->tables->name,
				     (unsigned long long)region->spa,
				     (unsigned long long)region->size);
		}
	}
	if (fdt_get(spec->fdt, p->node, "address") &&
	    (!p->tables->config.region_count || p->tables->regions[0].spa !=
	     fdt_number(spec->fdt, p->node, "address", 0))) {
		report_error(spec->report, p->tables->where, "partition %s: "
			     "is not at SPA 0x%llx, as the spec says",
			     p->tables->name, (unsigned long long)
			     fdt_number(spec->fdt, p->node, "address", 0));
	}
	if (total != wanted) {
		report_error(spec->report, p->tables->where, "partition %s: "
			     "owns 0x%llx bytes, the spec says 0x%llx",
			     p->tables->name, (unsigned long long)total,
			     (unsigned long long)wanted);
	}
}

uint32_t spec_partition_index(const struct spec *spec, uint32_t node)
{
	uint32_t at = spec_first(spec->fdt, spec->partitions);
	uint32_t index = 0;

	while (at != FDT_NONE && at != node) {
		at = spec->fdt->nodes[at].next;
		index++;
	}
	return at == FDT_NONE || index > spec->tables->partition_count ?
	       spec->tables->partition_count : index;
}

static void spec_check_reserved(const struct spec *spec,
				const struct partition_tables *p)
{
	const uint64_t *words = p->config.reserved;
	uint32_t i;

	for (i = 0; i < ARRAY_COUNT(p->config.reserved); i++) {
		if (words[i]) {
			report_error(spec->report, p->where, "partition %s: "
				     "reserved word %u is 0x%llx", p->name, i,
				     (unsigned long long)words[i]);
		}
	}
}

static void spec_check_partition(const struct spec *spec, uint32_t index,
				 uint32_t node)
{
	struct spec_partition p = {
		spec, &spec->tables->partitions[index], index, node, FDT_NONE
	};

	if (strcmp(p.tables->name, spec->fdt->nodes[node].name) != 0) {
		report_error(spec->report, p.tables->where, "partition %u is "
			     "%s, in the spec %s", index, p.tables->name,
			     spec->fdt->nodes[node].name);
	}
	p.profile = spec_follow(spec->fdt, fdt_get(spec->fdt, node,
						   "profile"), 0);
	if (fdt_get(spec->fdt, node, "profile") && p.profile == FDT_NONE) {
		report_error(spec->report, p.tables->where,
			     "partition %s: its profile is not in the spec",
			     p.tables->name);
		return;
	}
	if (!p.tables->config.load_count) {
		report_error(spec->report, p.tables->where, "partition %s: "
			     "nothing is loaded into it", p.tables->name);
	}
	spec_check_reserved(spec, p.tables);
	spec_check_memory(&p);
	spec_check_rows(&p);
	spec_check_run(&p);
}

void spec_check(const struct fdt *fdt, const struct image *image,
		const struct tables *tables, struct report *report)
{
	struct spec spec = {
		fdt, tables, image, report, fdt_child(fdt, 0, "machine"),
		fdt_child(fdt, 0, "partitions"), fdt_child(fdt, 0, "plan")
	};
	uint32_t node;
	uint32_t count = 0;

	if (spec.machine == FDT_NONE || spec.partitions == FDT_NONE) {
		report_error(report, NULL,
			     "spec: has no machine or no partitions");
		return;
	}
	spec_check_ram(&spec);
	spec_check_machine(&spec);
	spec_check_modules(&spec);
	node = spec_first(fdt, spec.partitions);
	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		if (count < tables->partition_count) {
			spec_check_partition(&spec, count, node);
		}
		count++;
	}
	spec_check_channels(&spec);
	if (count != tables->partition_count) {
		report_error(report, NULL, "%u partitions, %u in the spec",
			     tables->partition_count, count);
	}
}
