/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows about memory: regions and RAM hold together, what is loaded has a
 * place, and every emitted object lies where the hypervisor may rely on it.
 * What the nested tables make of the regions is nested.c's.
 */
#include "verify.h"

#define GPA_BITS_MIN 36u
#define GPA_BITS_MAX 48u

static bool memory_overlap(uint64_t a, uint64_t a_size, uint64_t b,
			   uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool memory_in_ram(const struct tables *tables, uint64_t spa,
			  uint64_t size)
{
	uint32_t i;

	for (i = 0; i < tables->ram_count; i++) {
		const struct ram_config *ram = &tables->rams[i];

		if (spa >= ram->base && spa - ram->base <= ram->size &&
		    size <= ram->size - (spa - ram->base)) {
			return true;
		}
	}
	return false;
}

/* The region that holds the whole range, or null. */
static const struct region_config *
memory_find_region(const struct partition_tables *p, uint64_t gpa,
		   uint64_t size)
{
	uint32_t i;

	for (i = 0; i < p->config.region_count; i++) {
		const struct region_config *region = &p->regions[i];

		if (gpa >= region->gpa &&
		    gpa - region->gpa <= region->size &&
		    size <= region->size - (gpa - region->gpa)) {
			return region;
		}
	}
	return NULL;
}

static void memory_check_region(const struct image *image,
				const struct tables *tables,
				const struct partition_tables *p, uint32_t i,
				struct report *report)
{
	const struct region_config *region = &p->regions[i];
	const char *where = p->region_where[i];
	uint64_t space = 1ull << p->config.gpa_bits;

	if (!region->size || region->size % PAGE || region->gpa % PAGE ||
	    region->spa % PAGE || region->gpa >= space ||
	    region->size > space - region->gpa ||
	    region->spa + region->size < region->spa) {
		report_error(report, where, "partition %s: region GPA 0x%llx "
			     "SPA 0x%llx size 0x%llx is empty, not of whole "
			     "pages, or beyond %u bits", p->name,
			     (unsigned long long)region->gpa,
			     (unsigned long long)region->spa,
			     (unsigned long long)region->size,
			     p->config.gpa_bits);
		return;
	}
	if (!memory_in_ram(tables, region->spa, region->size)) {
		report_error(report, where, "partition %s: region SPA 0x%llx "
			     "size 0x%llx is not in the machine's RAM",
			     p->name, (unsigned long long)region->spa,
			     (unsigned long long)region->size);
	}
	if (image_overlaps(image, region->spa, region->spa + region->size)) {
		report_error(report, where, "partition %s: region SPA 0x%llx "
			     "size 0x%llx overlaps the hypervisor", p->name,
			     (unsigned long long)region->spa,
			     (unsigned long long)region->size);
	}
}

static void memory_check_rivals(const struct partition_tables *a,
				const struct partition_tables *b,
				struct report *report)
{
	uint32_t i;
	uint32_t j;

	for (i = 0; i < a->config.region_count; i++) {
		const struct region_config *x = &a->regions[i];

		for (j = 0; j < (a == b ? i : b->config.region_count); j++) {
			const struct region_config *y = &b->regions[j];

			if (memory_overlap(x->spa, x->size, y->spa,
					   y->size)) {
				report_error(report, a->region_where[i],
					     "partitions %s and %s both own "
					     "SPA 0x%llx", a->name, b->name,
					     (unsigned long long)
					     (x->spa > y->spa ? x->spa :
					      y->spa));
			}
			if (a == b && memory_overlap(x->gpa, x->size, y->gpa,
						     y->size)) {
				report_error(report, a->region_where[i],
					     "partition %s: two regions at "
					     "GPA 0x%llx", a->name,
					     (unsigned long long)
					     (x->gpa > y->gpa ? x->gpa :
					      y->gpa));
			}
		}
	}
}

/* In one region; two on one GPA: the second would overwrite the first. */
static void memory_check_load_place(const struct partition_tables *p,
				    uint32_t index, struct report *report)
{
	const struct load_config *load = &p->loads[index];
	uint32_t i;

	if (!memory_find_region(p, load->gpa, load->size)) {
		report_error(report, p->where, "partition %s: load %u, GPA "
			     "0x%llx, %llu bytes, is not in one region",
			     p->name, index, (unsigned long long)load->gpa,
			     (unsigned long long)load->size);
	}
	for (i = 0; i < index; i++) {
		if (memory_overlap(load->gpa, load->size, p->loads[i].gpa,
				   p->loads[i].size)) {
			report_error(report, p->where, "partition %s: loads "
				     "%u and %u overlap at GPA 0x%llx",
				     p->name, i, index,
				     (unsigned long long)load->gpa);
		}
	}
}

static void memory_check_loads(const struct image *image,
			       const struct tables *tables,
			       const struct partition_tables *p,
			       struct report *report)
{
	uint64_t base = 0;
	uint64_t size = 0;
	uint32_t i;

	if (p->config.load_count &&
	    !image_find_section(image, ".payload", &base, &size)) {
		report_error(report, p->where, "image: no section .payload");
		return;
	}
	for (i = 0; i < p->config.load_count; i++) {
		const struct load_config *load = &p->loads[i];
		uint64_t data = (uint64_t)(uintptr_t)load->data;
		const struct image_segment *segment =
			image_find_segment(image, data, load->size);
		bool in_store = load->size &&
			modules_find(tables, data, load->size) <
			tables->module_count;

		memory_check_load_place(p, i, report);
		if (in_store) {
			continue;
		}
		if (!load->size || !image_bytes(image, data, load->size) ||
		    data < base || data - base > size ||
		    load->size > size - (data - base)) {
			report_error(report, p->where, "partition %s: load "
				     "%u for GPA 0x%llx, %llu bytes at "
				     "0x%llx, is not in .payload", p->name,
				     i, (unsigned long long)load->gpa,
				     (unsigned long long)load->size,
				     (unsigned long long)data);
		}
		if (!segment || !image_is_object(image, data, load->size) ||
		    (segment->flags & (IMAGE_WRITE | IMAGE_EXECUTE))) {
			report_error(report, p->where, "partition %s: load "
				     "%u for GPA 0x%llx is not one whole "
				     "payload, read-only", p->name, i,
				     (unsigned long long)load->gpa);
		}
	}
}

/* The live tables: in the image, writable, whole pages, zero at the start. */
static void memory_check_pool(const struct image *image,
			      const struct partition_tables *p,
			      struct report *report)
{
	uint64_t size = p->config.nested_pool_count * PAGE;
	const struct image_segment *segment =
		image_find_segment(image, p->pool, size);
	uint64_t offset;

	if (!segment || p->pool % PAGE || !(segment->flags & IMAGE_WRITE) ||
	    (segment->flags & IMAGE_EXECUTE)) {
		report_error(report, p->where, "partition %s: the pool of "
			     "nested tables at 0x%llx is not writable data "
			     "of the image", p->name,
			     (unsigned long long)p->pool);
		return;
	}
	if (!image_is_object(image, p->pool, size)) {
		report_error(report, p->where, "partition %s: the pool of "
			     "nested tables is not the 0x%llx bytes at "
			     "0x%llx", p->name, (unsigned long long)size,
			     (unsigned long long)p->pool);
	}
	for (offset = p->pool - segment->base;
	     offset < p->pool - segment->base + size &&
	     offset < segment->file_size; offset++) {
		if (segment->bytes[offset]) {
			report_error(report, p->where, "partition %s: the "
				     "pool of nested tables is not zero at "
				     "0x%llx", p->name,
				     (unsigned long long)(segment->base +
							  offset));
			return;
		}
	}
}

static void memory_check_objects(const struct image *image,
				 const struct partition_tables *p,
				 struct report *report)
{
	memory_check_pool(image, p, report);
	if ((uint64_t)(uintptr_t)p->config.nested_initial % PAGE ||
	    (uint64_t)(uintptr_t)p->config.ept_initial % PAGE ||
	    (uint64_t)(uintptr_t)p->config.msr_bitmap % PAGE ||
	    (uint64_t)(uintptr_t)p->config.msr_bitmap_apic % PAGE ||
	    (uint64_t)(uintptr_t)p->config.iopm % PAGE ||
	    (uint64_t)(uintptr_t)p->config.msrpm % PAGE) {
		report_error(report, p->where, "partition %s: nested tables "
			     "or permission maps are not page aligned",
			     p->name);
	}
}

static void memory_check_rams(const struct tables *tables,
			      struct report *report)
{
	uint32_t i;
	uint32_t j;

	for (i = 0; i < tables->ram_count; i++) {
		const struct ram_config *a = &tables->rams[i];

		if (!a->size || a->base + a->size < a->base) {
			report_error(report, a->where, "RAM at 0x%llx has "
				     "size 0x%llx",
				     (unsigned long long)a->base,
				     (unsigned long long)a->size);
		}
		for (j = 0; j < i; j++) {
			const struct ram_config *b = &tables->rams[j];

			if (memory_overlap(a->base, a->size, b->base,
					   b->size)) {
				report_error(report, a->where, "RAM at "
					     "0x%llx overlaps RAM at 0x%llx",
					     (unsigned long long)a->base,
					     (unsigned long long)b->base);
			}
		}
	}
}

static void memory_check_image(const struct image *image,
			       const struct tables *tables,
			       struct report *report)
{
	if (!memory_in_ram(tables, image->base, image->limit - image->base)) {
		report_error(report, tables->machine.where, "image: 0x%llx to "
			     "0x%llx is not in the machine's RAM",
			     (unsigned long long)image->base,
			     (unsigned long long)image->limit);
	}
}

/*
 * Nothing that the linker placed, in a segment or not, is in a partition's
 * memory. Symbols know what segments and sections may not say.
 */
static void memory_check_symbols(const struct image *image,
				 const struct partition_tables *p,
				 struct report *report)
{
	struct image_symbol symbol;
	uint64_t i;
	uint32_t j;

	for (i = 0; image_get_symbol(image, i, &symbol); i++) {
		if (!image_symbol_is_placed(&symbol)) {
			continue;
		}
		for (j = 0; j < p->config.region_count; j++) {
			if (memory_overlap(symbol.value, symbol.size,
					   p->regions[j].spa,
					   p->regions[j].size)) {
				report_error(report, p->region_where[j],
					     "partition %s: %s of the "
					     "hypervisor, at 0x%llx, is in "
					     "its memory", p->name,
					     symbol.name, (unsigned long long)
					     symbol.value);
			}
		}
	}
}

void memory_check(const struct image *image, const struct tables *tables,
		  struct report *report)
{
	uint32_t i;
	uint32_t j;

	memory_check_rams(tables, report);
	memory_check_image(image, tables, report);
	for (i = 0; i < tables->partition_count; i++) {
		const struct partition_tables *p = &tables->partitions[i];

		if (p->config.gpa_bits < GPA_BITS_MIN ||
		    p->config.gpa_bits > GPA_BITS_MAX) {
			report_error(report, p->where, "partition %s: a GPA "
				     "of %u bits", p->name,
				     p->config.gpa_bits);
			continue;
		}
		for (j = 0; j < p->config.region_count; j++) {
			memory_check_region(image, tables, p, j, report);
		}
		for (j = 0; j <= i; j++) {
			memory_check_rivals(p, &tables->partitions[j],
					    report);
			if (j < i && memory_overlap(p->pool,
			    p->config.nested_pool_count * PAGE,
			    tables->partitions[j].pool,
			    tables->partitions[j].config.nested_pool_count *
			    PAGE)) {
				report_error(report, p->where, "partitions %s "
					     "and %s share pages of their "
					     "pools", p->name,
					     tables->partitions[j].name);
			}
		}
		memory_check_loads(image, tables, p, report);
		memory_check_objects(image, p, report);
		memory_check_symbols(image, p, report);
	}
}
