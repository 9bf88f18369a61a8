/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flip bulkhead.elf spec.dtb: flips every single bit of every table in an
 * image that verify accepts, and counts the flips that verify does not find.
 *
 * Nested tables and permission maps: none may be missed. Rows of the other
 * tables: a miss must stand in excused[], with the reason why verify cannot
 * know better. Links verify's own objects and works in memory: a flip costs
 * a walk, not a process.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

struct excuse {
	const char *object;
	size_t first;		/* bytes of one row, inclusive */
	size_t last;
	const char *reason;
};

#define MEMBER(type, member) offsetof(struct type, member), \
	offsetof(struct type, member) + \
	sizeof(((struct type *)0)->member) - 1

/* A text is shown in messages and the log, never acted upon. */
#define TEXT "points at another text: only messages change"
#define START "a guest's own start state: it could set the same itself"
#define LOADED "what is copied into a partition's own memory: its payload"
#define PINNED "no file to compare with: boot refuses the right one"

static const struct excuse excused[] = {
	{ "partition_configs", MEMBER(partition_config, where), TEXT },
	{ "partition_configs", MEMBER(partition_config, loads), LOADED },
	{ "regions", MEMBER(region_config, where), TEXT },
	{ "lp_configs", MEMBER(lp_config, where), TEXT },
	{ "line_configs", MEMBER(line_config, where), TEXT },
	{ "channel_configs", MEMBER(channel_config, where), TEXT },
	{ "ram_configs", MEMBER(ram_config, where), TEXT },
	{ "machine_config", MEMBER(machine_config, where), TEXT },
	{ "loads", MEMBER(load_config, gpa), LOADED },
	{ "loads", MEMBER(load_config, size), LOADED },
	{ "loads", MEMBER(load_config, data), LOADED },
	{ "module_configs", MEMBER(module_config, where), TEXT },
	{ "module_configs", MEMBER(module_config, size), PINNED },
	{ "module_configs", MEMBER(module_config, sha384), PINNED },
	{ "vp_state", 0, sizeof(struct vp_state_config) - 1, START },
};

struct flipper {
	uint8_t *elf;
	size_t elf_size;
	const uint8_t *dtb;
	size_t dtb_size;
	struct image image;
	struct tables tables;
	unsigned long flips;
	unsigned long excuses;
	unsigned long missed;
};

enum flip_proof { PROOF_NESTED, PROOF_BITMAP, PROOF_ALL };

static bool flip_found(struct flipper *flipper, enum flip_proof proof)
{
	struct report report = { NULL, 0, 0 };

	switch (proof) {
	case PROOF_NESTED:
		nested_check(&flipper->image, &flipper->tables, &report);
		break;
	case PROOF_BITMAP:
		bitmap_check(&flipper->tables, &report);
		break;
	case PROOF_ALL:
		verify_all(flipper->elf, flipper->elf_size, flipper->dtb,
			   flipper->dtb_size, &report, NULL);
		break;
	}
	return report.count != 0;
}

static const char *flip_excuse(const char *object, size_t offset)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(excused); i++) {
		if (!strcmp(excused[i].object, object) &&
		    offset >= excused[i].first && offset <= excused[i].last) {
			return excused[i].reason;
		}
	}
	return NULL;
}

/* row: size of one element, for the places of misses. */
static void flip_object(struct flipper *flipper, const char *object,
			const uint8_t *at, size_t size, size_t row,
			enum flip_proof proof)
{
	uint8_t *bytes = flipper->elf + (at - flipper->elf);
	unsigned long excuses = 0;
	unsigned long missed = 0;
	size_t bit;

	for (bit = 0; bit < size * 8; bit++) {
		bool found;

		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		found = flip_found(flipper, proof);
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (found) {
			continue;
		}
		if (proof == PROOF_ALL &&
		    flip_excuse(object, bit / 8 % row)) {
			excuses++;
			continue;
		}
		missed++;
		printf("flip: missed: %s row %zu byte %zu bit %zu\n", object,
		       bit / 8 / row, bit / 8 % row, bit % 8);
	}
	flipper->flips += size * 8;
	flipper->excuses += excuses;
	flipper->missed += missed;
	printf("flip: %s: %zu bits, %lu excused, %lu missed\n", object,
	       size * 8, excuses, missed);
}

static void flip_pointer(struct flipper *flipper, const char *object,
			 const void *pointer, size_t count, size_t row)
{
	const uint8_t *at = image_bytes(&flipper->image,
					(uint64_t)(uintptr_t)pointer,
					count * row);

	if (count && at) {
		flip_object(flipper, object, at, count * row, row, PROOF_ALL);
	}
}

static void flip_symbol(struct flipper *flipper, const char *name,
			size_t count, size_t row)
{
	struct image_symbol symbol;

	if (!image_find_symbol(&flipper->image, name, &symbol)) {
		printf("flip: no symbol %s\n", name);
		flipper->missed++;
		return;
	}
	flip_pointer(flipper, name, (const void *)(uintptr_t)symbol.value,
		     count, row);
}

static void flip_partition(struct flipper *flipper, uint32_t index)
{
	const struct partition_tables *p = &flipper->tables.partitions[index];
	const struct partition_config *c = &p->config;

	printf("flip: partition %s\n", p->name);
	flip_object(flipper, "nested tables", p->npt,
		    c->nested_initial_count * PAGE, 8, PROOF_NESTED);
	flip_object(flipper, "nested tables (EPT)", p->ept,
		    c->nested_initial_count * PAGE, 8, PROOF_NESTED);
	flip_object(flipper, "I/O permission map", p->iopm, IOPM_SIZE, 1,
		    PROOF_BITMAP);
	flip_object(flipper, "MSR permission map", p->msrpm, MSRPM_SIZE, 1,
		    PROOF_BITMAP);
	flip_object(flipper, "MSR bitmap", p->msr_bitmap, MSR_BITMAP_SIZE, 1,
		    PROOF_BITMAP);
	if (p->msr_bitmap_apic) {
		flip_object(flipper, "MSR bitmap of the x2APIC",
			    p->msr_bitmap_apic, MSR_BITMAP_SIZE, 1,
			    PROOF_BITMAP);
	}
	flip_pointer(flipper, "regions", c->regions, c->region_count,
		     sizeof(*c->regions));
	flip_pointer(flipper, "loads", c->loads, c->load_count,
		     sizeof(*c->loads));
	flip_pointer(flipper, "ports", c->ports, c->port_count,
		     sizeof(*c->ports));
	flip_pointer(flipper, "msrs", c->msrs, c->msr_count,
		     sizeof(*c->msrs));
	flip_pointer(flipper, "cpuids", c->cpuids, c->cpuid_count,
		     sizeof(*c->cpuids));
}

static void flip_all(struct flipper *flipper)
{
	const struct tables *t = &flipper->tables;
	uint32_t i;

	for (i = 0; i < t->partition_count; i++) {
		flip_partition(flipper, i);
	}
	for (i = 0; i < t->vp_count; i++) {
		if (t->vps[i].has_state) {
			flip_pointer(flipper, "vp_state",
				     t->vps[i].config.state, 1,
				     sizeof(struct vp_state_config));
		}
	}
	for (i = 0; i < t->lp_count; i++) {
		flip_pointer(flipper, "slots", t->lps[i].config.slots,
			     t->lps[i].config.slot_count,
			     sizeof(struct slot_config));
	}
	flip_symbol(flipper, "partition_configs", t->partition_count,
		    sizeof(struct partition_config));
	flip_symbol(flipper, "vp_configs", t->vp_count,
		    sizeof(struct vp_config));
	flip_symbol(flipper, "lp_configs", t->lp_count,
		    sizeof(struct lp_config));
	flip_symbol(flipper, "line_configs", t->line_count,
		    sizeof(struct line_config));
	flip_symbol(flipper, "channel_configs", t->channel_count,
		    sizeof(struct channel_config));
	flip_symbol(flipper, "ram_configs", t->ram_count,
		    sizeof(struct ram_config));
	flip_symbol(flipper, "machine_config", 1,
		    sizeof(struct machine_config));
	flip_symbol(flipper, "module_configs", t->module_count,
		    sizeof(struct module_config));
	flip_symbol(flipper, "module_count", 1, 4);
	flip_symbol(flipper, "partition_count", 1, 4);
	flip_symbol(flipper, "vp_count", 1, 4);
	flip_symbol(flipper, "lp_count", 1, 4);
	flip_symbol(flipper, "line_count", 1, 4);
	flip_symbol(flipper, "channel_count", 1, 4);
	flip_symbol(flipper, "ram_count", 1, 4);
}

int main(int argc, char **argv)
{
	struct report report = { stderr, 0, 10 };
	struct flipper flipper;

	memset(&flipper, 0, sizeof(flipper));
	if (argc != 3) {
		fprintf(stderr, "usage: flip bulkhead.elf spec.dtb\n");
		return 2;
	}
	flipper.elf = file_map(argv[1], &flipper.elf_size);
	flipper.dtb = file_map(argv[2], &flipper.dtb_size);
	if (!flipper.elf || !flipper.dtb) {
		return 2;
	}
	verify_all(flipper.elf, flipper.elf_size, flipper.dtb,
		   flipper.dtb_size, &report, NULL);
	if (report.count ||
	    !image_open(&flipper.image, flipper.elf, flipper.elf_size,
			&report) ||
	    !tables_open(&flipper.tables, &flipper.image, &report)) {
		fprintf(stderr, "flip: verify refuses the image itself\n");
		return 2;
	}
	flip_all(&flipper);
	printf("flip: %lu flips, %lu excused, %lu missed\n", flipper.flips,
	       flipper.excuses, flipper.missed);
	return flipper.missed ? 1 : 0;
}
