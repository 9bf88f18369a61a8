/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies the generated tables out of the image. Keeps true: each array is one
 * object by the image's symbols, from its first byte to its last, and lies in
 * a segment that is neither writable nor executable; each text
 * ends. Big objects (nested tables, bitmaps) stay in the file's bytes.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_COUNT_MAX 65536u	/* rows of any one array */

struct reader {
	const struct image *image;
	struct report *report;
	bool good;
	uint32_t vendor;	/* enum cpu_vendor of the machine */
};

static const uint8_t *tables_bytes(struct reader *reader, const char *what,
				   uint64_t address, uint64_t size)
{
	const uint8_t *bytes = image_bytes(reader->image, address, size);
	const struct image_segment *segment =
		image_find_segment(reader->image, address, size);

	if (!bytes || !segment) {
		report_error(reader->report, NULL,
			     "%s at 0x%llx, 0x%llx bytes: not in the image",
			     what, (unsigned long long)address,
			     (unsigned long long)size);
		reader->good = false;
		return NULL;
	}
	if (!image_is_object(reader->image, address, size)) {
		report_error(reader->report, NULL,
			     "%s at 0x%llx, 0x%llx bytes: no object of the "
			     "image is just there", what,
			     (unsigned long long)address,
			     (unsigned long long)size);
	}
	if (segment->flags & (IMAGE_WRITE | IMAGE_EXECUTE)) {
		report_error(reader->report, NULL,
			     "%s at 0x%llx: not in a read-only segment", what,
			     (unsigned long long)address);
	}
	return bytes;
}

/* C has no empty arrays: no rows are a null pointer or one unused row. */
static void tables_check_empty(struct reader *reader, const char *what,
			       uint64_t address, size_t size)
{
	if (address && !image_is_object(reader->image, address, size)) {
		report_error(reader->report, NULL,
			     "%s at 0x%llx: no rows, but a place", what,
			     (unsigned long long)address);
	}
}

static void *tables_copy(struct reader *reader, const char *what,
			 const void *pointer, uint64_t count, size_t size)
{
	const uint8_t *bytes;
	void *copy;

	if (count > TABLE_COUNT_MAX) {
		report_error(reader->report, NULL, "%s: %llu rows", what,
			     (unsigned long long)count);
		reader->good = false;
		return alloc_array(0, size);
	}
	copy = alloc_array(count, size);
	if (!count) {
		tables_check_empty(reader, what, (uint64_t)(uintptr_t)pointer,
				   size);
		return copy;
	}
	bytes = tables_bytes(reader, what, (uint64_t)(uintptr_t)pointer,
			     count * size);
	if (bytes) {
		memcpy(copy, bytes, count * size);
	}
	return copy;
}

static const char *tables_text(struct reader *reader, const char *what,
			       const char *pointer)
{
	const char *text = image_text(reader->image,
				      (uint64_t)(uintptr_t)pointer);

	if (!text) {
		report_error(reader->report, NULL,
			     "%s: text at 0x%llx is not in the image", what,
			     (unsigned long long)(uintptr_t)pointer);
		reader->good = false;
		return "?";
	}
	return text;
}

/* A text that may be missing. */
static const char *tables_where(struct reader *reader, const char *what,
				const char *pointer)
{
	return pointer ? tables_text(reader, what, pointer) : NULL;
}

static const void *tables_symbol(struct reader *reader, const char *name)
{
	struct image_symbol symbol;

	if (!image_find_symbol(reader->image, name, &symbol)) {
		report_error(reader->report, NULL, "image: no symbol %s",
			     name);
		reader->good = false;
		return NULL;
	}
	return (const void *)(uintptr_t)symbol.value;
}

static uint32_t tables_count(struct reader *reader, const char *name)
{
	uint32_t count = 0;
	const void *at = tables_symbol(reader, name);
	const uint8_t *bytes;

	if (!at) {
		return 0;
	}
	bytes = tables_bytes(reader, name, (uint64_t)(uintptr_t)at,
			     sizeof(count));
	if (bytes) {
		memcpy(&count, bytes, sizeof(count));
	}
	if (count > TABLE_COUNT_MAX) {
		report_error(reader->report, NULL, "%s is %u", name, count);
		reader->good = false;
		return 0;
	}
	return count;
}

static void *tables_array(struct reader *reader, const char *name,
			  uint32_t count, size_t size)
{
	const void *at = tables_symbol(reader, name);

	return tables_copy(reader, name, count ? at : NULL, count, size);
}

/*
 * What only one vendor's processors look at: there if the machine may be
 * that vendor's, and otherwise not.
 */
static const uint8_t *tables_of_vendor(struct reader *reader,
				       const char *what, uint32_t vendor,
				       const void *pointer, uint64_t size)
{
	uint64_t at = (uint64_t)(uintptr_t)pointer;

	if (reader->vendor == VENDOR_ANY || reader->vendor == vendor) {
		return tables_bytes(reader, what, at, size);
	}
	if (at) {
		report_error(reader->report, NULL, "%s at 0x%llx: the machine "
			     "is not of that vendor", what,
			     (unsigned long long)at);
	}
	return NULL;
}

static void tables_open_maps(struct reader *reader,
			     struct partition_tables *partition)
{
	const struct partition_config *c = &partition->config;
	uint64_t size = c->nested_initial_count * PAGE;

	partition->pool = (uint64_t)(uintptr_t)c->nested_pool;
	partition->npt = tables_of_vendor(reader, "nested tables", VENDOR_AMD,
					  c->nested_initial, size);
	partition->ept = tables_of_vendor(reader, "nested tables (EPT)",
					  VENDOR_INTEL, c->ept_initial, size);
	partition->iopm = tables_bytes(reader, "I/O permission map",
				       (uint64_t)(uintptr_t)c->iopm,
				       IOPM_SIZE);
	partition->msrpm = tables_of_vendor(reader, "MSR permission map",
					    VENDOR_AMD, c->msrpm, MSRPM_SIZE);
	partition->msr_bitmap = tables_of_vendor(reader, "MSR bitmap",
						 VENDOR_INTEL, c->msr_bitmap,
						 MSR_BITMAP_SIZE);
	if (c->msr_bitmap_apic) {
		partition->msr_bitmap_apic = tables_of_vendor(
			reader, "MSR bitmap of the x2APIC", VENDOR_INTEL,
			c->msr_bitmap_apic, MSR_BITMAP_SIZE);
	}
}

static void tables_open_partition(struct reader *reader,
				  struct partition_tables *partition)
{
	const struct partition_config *c = &partition->config;
	uint32_t i;

	partition->name = tables_text(reader, "partition name", c->name);
	partition->where = tables_where(reader, "partition where", c->where);
	partition->regions = tables_copy(reader, "regions", c->regions,
					 c->region_count,
					 sizeof(*c->regions));
	partition->loads = tables_copy(reader, "loads", c->loads,
				       c->load_count, sizeof(*c->loads));
	partition->ports = tables_copy(reader, "ports", c->ports,
				       c->port_count, sizeof(*c->ports));
	partition->msrs = tables_copy(reader, "msrs", c->msrs, c->msr_count,
				      sizeof(*c->msrs));
	partition->cpuids = tables_copy(reader, "cpuids", c->cpuids,
					c->cpuid_count, sizeof(*c->cpuids));
	if (!reader->good) {
		return;
	}
	partition->region_where = alloc_array(c->region_count,
					      sizeof(const char *));
	for (i = 0; i < c->region_count; i++) {
		partition->region_where[i] =
			tables_where(reader, "region where",
				     partition->regions[i].where);
	}
	if (c->nested_initial_count > TABLE_COUNT_MAX ||
	    c->nested_pool_count > TABLE_COUNT_MAX) {
		report_error(reader->report, partition->where,
			     "partition %s: %u nested tables of %u",
			     partition->name, c->nested_initial_count,
			     c->nested_pool_count);
		reader->good = false;
		return;
	}
	tables_open_maps(reader, partition);
}

static void tables_open_partitions(struct reader *reader,
				   struct tables *tables)
{
	struct partition_config *configs;
	uint32_t i;

	configs = tables_array(reader, "partition_configs",
			       tables->partition_count, sizeof(*configs));
	tables->partitions = alloc_array(tables->partition_count,
					 sizeof(*tables->partitions));
	for (i = 0; reader->good && i < tables->partition_count; i++) {
		tables->partitions[i].config = configs[i];
		tables_open_partition(reader, &tables->partitions[i]);
	}
	free(configs);
}

static void tables_open_vps(struct reader *reader, struct tables *tables)
{
	struct vp_config *configs;
	uint32_t i;

	configs = tables_array(reader, "vp_configs", tables->vp_count,
			       sizeof(*configs));
	tables->vps = alloc_array(tables->vp_count, sizeof(*tables->vps));
	for (i = 0; reader->good && i < tables->vp_count; i++) {
		struct vp_tables *vp = &tables->vps[i];
		struct vp_state_config *state;

		vp->config = configs[i];
		if (!vp->config.state) {
			continue;
		}
		state = tables_copy(reader, "initial VP state",
				    vp->config.state, 1, sizeof(*state));
		vp->state = *state;
		vp->has_state = true;
		free(state);
	}
	free(configs);
}

static void tables_open_lps(struct reader *reader, struct tables *tables)
{
	struct lp_config *configs;
	uint32_t i;

	configs = tables_array(reader, "lp_configs", tables->lp_count,
			       sizeof(*configs));
	tables->lps = alloc_array(tables->lp_count, sizeof(*tables->lps));
	for (i = 0; reader->good && i < tables->lp_count; i++) {
		struct lp_tables *lp = &tables->lps[i];

		lp->config = configs[i];
		lp->where = tables_where(reader, "LP where",
					 lp->config.where);
		lp->slots = tables_copy(reader, "slots", lp->config.slots,
					lp->config.slot_count,
					sizeof(*lp->slots));
	}
	free(configs);
}

/* Replaces pointers of the image by the host's. */
static void tables_resolve_where(struct reader *reader,
				 struct tables *tables)
{
	uint32_t i;

	for (i = 0; reader->good && i < tables->ram_count; i++) {
		tables->rams[i].where = tables_where(reader, "RAM where",
						     tables->rams[i].where);
	}
	for (i = 0; reader->good && i < tables->line_count; i++) {
		tables->lines[i].where = tables_where(reader, "line where",
						      tables->lines[i].where);
	}
	for (i = 0; reader->good && i < tables->module_count; i++) {
		struct module_config *m = &tables->modules[i];

		m->name = tables_text(reader, "module name", m->name);
		m->where = tables_where(reader, "module where", m->where);
	}
	for (i = 0; reader->good && i < tables->channel_count; i++) {
		struct channel_config *channel = &tables->channels[i];

		channel->where = tables_where(reader, "channel where",
					      channel->where);
	}
	if (reader->good) {
		tables->machine.name = tables_text(reader, "machine name",
						   tables->machine.name);
	}
	tables->machine.where = tables_where(reader, "machine where",
					     tables->machine.where);
}

bool tables_open(struct tables *tables, const struct image *image,
		 struct report *report)
{
	struct reader reader = { image, report, true, VENDOR_ANY };
	struct machine_config *machine;

	memset(tables, 0, sizeof(*tables));
	tables->ram_count = tables_count(&reader, "ram_count");
	tables->partition_count = tables_count(&reader, "partition_count");
	tables->vp_count = tables_count(&reader, "vp_count");
	tables->lp_count = tables_count(&reader, "lp_count");
	tables->line_count = tables_count(&reader, "line_count");
	tables->module_count = tables_count(&reader, "module_count");
	tables->channel_count = tables_count(&reader, "channel_count");
	machine = tables_array(&reader, "machine_config", 1,
			       sizeof(*machine));
	tables->machine = *machine;
	reader.vendor = machine->vendor;
	free(machine);
	tables->rams = tables_array(&reader, "ram_configs",
				    tables->ram_count,
				    sizeof(*tables->rams));
	tables->lines = tables_array(&reader, "line_configs",
				     tables->line_count,
				     sizeof(*tables->lines));
	tables->modules = tables_array(&reader, "module_configs",
				       tables->module_count,
				       sizeof(*tables->modules));
	tables->channels = tables_array(&reader, "channel_configs",
					tables->channel_count,
					sizeof(*tables->channels));
	tables_open_partitions(&reader, tables);
	tables_open_vps(&reader, tables);
	tables_open_lps(&reader, tables);
	tables_resolve_where(&reader, tables);
	if (!reader.good) {
		tables_close(tables);
	}
	return reader.good;
}

void tables_close(struct tables *tables)
{
	uint32_t i;

	for (i = 0; tables->partitions && i < tables->partition_count; i++) {
		struct partition_tables *partition = &tables->partitions[i];

		free(partition->regions);
		free(partition->region_where);
		free(partition->loads);
		free(partition->ports);
		free(partition->msrs);
		free(partition->cpuids);
	}
	for (i = 0; tables->lps && i < tables->lp_count; i++) {
		free(tables->lps[i].slots);
	}
	free(tables->rams);
	free(tables->partitions);
	free(tables->vps);
	free(tables->lps);
	free(tables->lines);
	free(tables->modules);
	free(tables->channels);
	memset(tables, 0, sizeof(*tables));
}

uint32_t tables_cpuid_bits(const struct tables *tables,
			   const struct partition_tables *p)
{
	uint32_t bits = p->config.gpa_bits;
	uint64_t end = LAUNCH_WINDOW((uint64_t)tables->partition_count);

	if ((uint64_t)(p - tables->partitions) !=
	    tables->machine.launch_partition) {
		return bits;
	}
	for (bits = LAUNCH_WINDOW_BITS; end > 1ull << bits; bits++) {
	}
	return bits;
}
