/* SPDX-License-Identifier: Apache-2.0 */
/* All proofs, in order, and the summary of an image that passed. */
#include "verify.h"

static void verify_print_partition(const struct tables *tables,
				   uint32_t index, FILE *out)
{
	const struct partition_tables *p = &tables->partitions[index];
	uint64_t memory = 0;
	uint32_t passed = 0;
	uint32_t lines = 0;
	uint32_t i;

	for (i = 0; i < p->config.region_count; i++) {
		memory += p->regions[i].size;
	}
	for (i = 0; i < p->config.port_count; i++) {
		if (p->ports[i].action == PORT_PASS ||
		    p->ports[i].action == PORT_REMAP) {
			passed += (uint32_t)(p->ports[i].last -
					     p->ports[i].first) + 1;
		}
	}
	for (i = 0; i < tables->line_count; i++) {
		lines += tables->lines[i].partition == index;
	}
	fprintf(out, "verify: %s: %llu KiB in %u regions by %u of %u nested "
		"tables, %u VPs, %u machine ports, %u lines: isolated\n",
		p->name, (unsigned long long)memory / 1024,
		p->config.region_count, p->config.nested_initial_count,
		p->config.nested_pool_count, p->config.vp_count, passed,
		lines);
}

void verify_all(const uint8_t *elf, size_t elf_size, const uint8_t *dtb,
		size_t dtb_size, struct report *report, FILE *summary)
{
	struct image image;
	struct tables tables;
	struct fdt fdt;
	uint32_t i;

	if (!image_open(&image, elf, elf_size, report)) {
		return;
	}
	image_check(&image, report);
	if (!tables_open(&tables, &image, report)) {
		return;
	}
	memory_check(&image, &tables, report);
	modules_check(&image, &tables, report);
	nested_check(&image, &tables, report);
	bitmap_check(&tables, report);
	vps_check(&tables, report);
	features_check(&tables, report);
	channels_check(&tables, report);
	if (fdt_open(&fdt, dtb, dtb_size, report)) {
		spec_check(&fdt, &image, &tables, report);
		fdt_close(&fdt);
	}
	for (i = 0; summary && !report->count && i < tables.partition_count;
	     i++) {
		verify_print_partition(&tables, i, summary);
	}
	tables_close(&tables);
}
