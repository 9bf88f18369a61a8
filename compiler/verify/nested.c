/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks every partition's nested tables as the processor would, AMD's (APM2
 * 15.25, 5.3) and Intel's (SDM3 28.2), and proves the ownership rule: a
 * partition reaches its own regions, all of them and nothing else; no page is
 * reached by two; no page of the hypervisor is reached at all.
 *
 * The tables in the image are start values: initial[i] is copied to pool[i]
 * before the first guest instruction, so an entry that points at pool[i]
 * leads to the content of initial[i]. The walk uses that and never the
 * emitter's order.
 *
 * No bit is free. Bits that the processor ignores must be zero as well, so
 * that any one changed bit is found.
 */
#include "config/launch.h"
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define NPT_PRESENT 0x001ull
#define NPT_WRITE 0x002ull
#define NPT_USER 0x004ull	/* nested walks are user accesses */
#define NPT_ACCESSED 0x020ull
#define NPT_DIRTY 0x040ull
#define NPT_LARGE 0x080ull
#define NPT_UNCACHED 0x018ull	/* entry 3 of the PAT */
#define NPT_NO_EXECUTE (1ull << 63)
#define NPT_ADDRESS 0x000ffffffffff000ull

/* Accessed and dirty are preset: the processor never writes a table. */
#define NPT_TABLE_BITS (NPT_PRESENT | NPT_WRITE | NPT_USER | NPT_ACCESSED)
#define NPT_PAGE_BITS (NPT_TABLE_BITS | NPT_DIRTY)

#define NPT_LEVELS 4u
#define ENTRY_COUNT ((unsigned)CONFIG_TABLE_ENTRIES)

#define EPT_RIGHTS 0x007ull	/* read, write, execute */
#define EPT_WRITE_BACK 0x030ull
#define EPT_READ 0x001ull
#define EPT_WRITE 0x002ull

#define NESTED_MMIO 0x400ull	/* the hypervisor's own mark */

/*
 * The two forms. In both, bit 0 clear is "not present" (of an entry that is
 * not zero the walk reports that), bit 7 makes a leaf, and the address is in
 * the same place.
 */
struct form {
	const char *name;
	uint64_t table_bits;
	uint64_t page_bits;
	uint64_t window_bits;	/* of a link to another partition's table */
	uint64_t mmio_bits;	/* of a page of the TPM's registers */
};

static const struct form forms[] = {
	{ "", NPT_TABLE_BITS, NPT_PAGE_BITS,
	  (NPT_TABLE_BITS & ~NPT_WRITE) | NPT_NO_EXECUTE,
	  NPT_PAGE_BITS | NPT_UNCACHED | NESTED_MMIO | NPT_NO_EXECUTE },
	{ " (EPT)", EPT_RIGHTS, EPT_RIGHTS | EPT_WRITE_BACK, EPT_READ,
	  EPT_READ | EPT_WRITE | NESTED_MMIO },
};

/* What one walk has found to be reachable, merged where it continues. */
struct extent {
	uint64_t gpa;
	uint64_t spa;
	uint64_t size;
	uint32_t partition;
};

struct walk {
	const struct image *image;
	const struct tables *tables;
	const struct partition_tables *partition;
	const struct form *form;
	const uint8_t *initial;		/* the partition's, in that form */
	struct report *report;
	uint32_t index;			/* of the partition */
	uint8_t *used;			/* per pool page: times reached */
	uint64_t *covered;		/* per region: bytes mapped */
	uint32_t tpm_pages;		/* of its registers, found */
	uint32_t region;		/* where the last leaf was found */
	struct extent *extents;		/* of all partitions */
	size_t extent_count;
	size_t extent_room;
};

static uint64_t nested_leaf_size(unsigned level)
{
	return 1ull << (12 + 9 * (level - 1));
}

static uint64_t nested_entry(const struct walk *walk, uint32_t table,
			     unsigned entry)
{
	return load64(walk->initial + table * PAGE + entry * 8);
}

static void nested_add_extent(struct walk *walk, uint64_t gpa, uint64_t spa,
			      uint64_t size)
{
	struct extent *last;

	if (walk->extent_count) {
		last = &walk->extents[walk->extent_count - 1];
		if (last->partition == walk->index &&
		    last->gpa + last->size == gpa &&
		    last->spa + last->size == spa) {
			last->size += size;
			return;
		}
	}
	if (walk->extent_count == walk->extent_room) {
		walk->extent_room = walk->extent_room * 2 + 16;
		walk->extents = realloc(walk->extents, walk->extent_room *
					sizeof(*walk->extents));
		if (!walk->extents) {
			fprintf(stderr, "verify: out of memory\n");
			exit(2);
		}
	}
	walk->extents[walk->extent_count++] =
		(struct extent){ gpa, spa, size, walk->index };
}

/* The region that holds the GPA, or region_count. */
static uint32_t nested_find_region(struct walk *walk, uint64_t gpa)
{
	const struct partition_tables *p = walk->partition;
	uint32_t i;

	for (i = 0; i < p->config.region_count; i++) {
		/* Start at the last hit: leaves come in GPA order. */
		uint32_t at = (walk->region + i) % p->config.region_count;

		if (gpa >= p->regions[at].gpa &&
		    gpa - p->regions[at].gpa < p->regions[at].size) {
			walk->region = at;
			return at;
		}
	}
	return p->config.region_count;
}

static void nested_check_leaf(struct walk *walk, uint64_t gpa, uint64_t spa,
			      uint64_t size)
{
	const struct partition_tables *p = walk->partition;
	uint32_t i = nested_find_region(walk, gpa);
	const struct region_config *region;

	nested_add_extent(walk, gpa, spa, size);
	if (i == p->config.region_count) {
		report_error(walk->report, p->where, "partition %s: GPA "
			     "0x%llx is mapped (to SPA 0x%llx) but lies in "
			     "no region of it", p->name,
			     (unsigned long long)gpa,
			     (unsigned long long)spa);
		return;
	}
	region = &p->regions[i];
	if (size > region->size - (gpa - region->gpa)) {
		report_error(walk->report, p->region_where[i], "partition "
			     "%s: the 0x%llx-byte page at GPA 0x%llx (SPA "
			     "0x%llx) reaches beyond its region", p->name,
			     (unsigned long long)size,
			     (unsigned long long)gpa,
			     (unsigned long long)spa);
		return;
	}
	walk->covered[i] += size;
	if (spa != region->spa + (gpa - region->gpa)) {
		report_error(walk->report, p->region_where[i], "partition "
			     "%s: GPA 0x%llx leads to SPA 0x%llx, not to "
			     "0x%llx", p->name, (unsigned long long)gpa,
			     (unsigned long long)spa,
			     (unsigned long long)(region->spa +
						  (gpa - region->gpa)));
	}
}

/* What is wrong with a present entry, or null. */
static const char *nested_entry_fault(const struct form *form,
				      uint64_t entry, unsigned level,
				      bool leaf)
{
	uint64_t address = NPT_ADDRESS;
	uint64_t bits = form->table_bits;

	if (leaf) {
		address &= ~(nested_leaf_size(level) - 1);
		bits = form->page_bits | (level > 1 ? NPT_LARGE : 0);
	}
	if (leaf && level == 4) {
		return "is a leaf at level 4";
	}
	if ((entry & bits) != bits) {
		return "lacks a right or its accessed or dirty bit";
	}
	if (entry & ~(address | bits)) {
		return "has a bit set that must be zero";
	}
	return NULL;
}

static void nested_walk_table(struct walk *walk, uint32_t table,
			      unsigned level, uint64_t gpa);

static void nested_follow(struct walk *walk, uint64_t entry, unsigned level,
			  uint64_t gpa)
{
	const struct partition_tables *p = walk->partition;
	uint64_t address = entry & NPT_ADDRESS;
	uint64_t next = (address - p->pool) / PAGE;

	if (address < p->pool || next >= p->config.nested_pool_count) {
		report_error(walk->report, p->where, "partition %s: the "
			     "level %u table for GPA 0x%llx is at SPA "
			     "0x%llx, outside the partition's pool",
			     p->name, level - 1, (unsigned long long)gpa,
			     (unsigned long long)address);
		return;
	}
	if (next >= p->config.nested_initial_count) {
		report_error(walk->report, p->where, "partition %s: the "
			     "level %u table for GPA 0x%llx is free page "
			     "%llu of the pool", p->name, level - 1,
			     (unsigned long long)gpa,
			     (unsigned long long)next);
		return;
	}
	nested_walk_table(walk, (uint32_t)next, level - 1, gpa);
}

static void nested_walk_entry(struct walk *walk, uint64_t entry,
			      unsigned level, uint64_t gpa)
{
	const struct partition_tables *p = walk->partition;
	bool leaf = level == 1 || (entry & NPT_LARGE);
	const char *fault;

	if (!(entry & NPT_PRESENT)) {
		if (entry) {
			report_error(walk->report, p->where, "partition %s: "
				     "level %u entry%s for GPA 0x%llx is "
				     "0x%llx: neither present nor zero",
				     p->name, level, walk->form->name,
				     (unsigned long long)gpa,
				     (unsigned long long)entry);
		}
		return;
	}
	fault = nested_entry_fault(walk->form, entry, level, leaf);
	if (fault) {
		report_error(walk->report, p->where, "partition %s: level %u "
			     "entry%s for GPA 0x%llx, 0x%llx, %s", p->name,
			     level, walk->form->name, (unsigned long long)gpa,
			     (unsigned long long)entry, fault);
	}
	if (leaf && level == 4) {
		return;
	}
	/* Broken or not, the processor goes where it points. */
	if (leaf) {
		nested_check_leaf(walk, gpa, entry & NPT_ADDRESS &
				  ~(nested_leaf_size(level) - 1),
				  nested_leaf_size(level));
	} else {
		nested_follow(walk, entry, level, gpa);
	}
}

/* ---- windows of the launch partition ---- */

static const uint8_t *nested_initial(const struct walk *walk,
				     const struct partition_tables *p)
{
	return walk->form == forms ? p->npt : p->ept;
}

/* Page of p's pool that an entry leads to; free pages: CONFIG_NONE. */
static uint32_t nested_pool_page(const struct partition_tables *p,
				 uint64_t entry)
{
	uint64_t page = ((entry & NPT_ADDRESS) - p->pool) / PAGE;

	return (entry & NPT_PRESENT) && (entry & NPT_ADDRESS) >= p->pool &&
	       page < p->config.nested_initial_count ? (uint32_t)page
						     : CONFIG_NONE;
}

/*
 * What must stand for GPA in the launch partition's table of GiBs: where the
 * window of a partition has a GiB of its memory, a link to the very table
 * that this one has for it, to read only; else nothing.
 */
static uint64_t nested_window(const struct walk *walk, uint64_t gpa)
{
	uint64_t offset = gpa - LAUNCH_WINDOW(0);
	uint64_t i = offset >> 32;
	const struct partition_tables *p;
	const uint8_t *initial;
	uint32_t table;
	uint64_t entry;

	if (i >= walk->tables->partition_count || i == walk->index) {
		return 0;
	}
	p = &walk->tables->partitions[i];
	initial = nested_initial(walk, p);
	table = !initial ? CONFIG_NONE :
		nested_pool_page(p, load64(initial));
	if (table == CONFIG_NONE) {
		return 0;
	}
	entry = load64(initial + table * PAGE + (offset >> 30 & 3) * 8);
	if (nested_pool_page(p, entry) == CONFIG_NONE) {
		return 0;
	}
	return (entry & NPT_ADDRESS) | walk->form->window_bits;
}

static bool nested_is_window(const struct walk *walk, unsigned level,
			     uint64_t gpa)
{
	return level == 3 && gpa >= LAUNCH_WINDOW(0) &&
	       walk->index == walk->tables->machine.launch_partition;
}

/* An entry that must be as the spec has it, to the bit. */
static void nested_expect(const struct walk *walk, const char *what,
			  uint64_t gpa, uint64_t entry, uint64_t want)
{
	if (entry != want) {
		report_error(walk->report, walk->partition->where, "partition "
			     "%s: the %s%s at GPA 0x%llx is 0x%llx, not "
			     "0x%llx", walk->partition->name, what,
			     walk->form->name, (unsigned long long)gpa,
			     (unsigned long long)entry,
			     (unsigned long long)want);
	}
}

/* ---- the TPM ---- */

static bool nested_has_tpm(const struct walk *walk)
{
	const struct machine_config *machine = &walk->tables->machine;

	return walk->index == machine->launch_partition &&
	       (machine->launch_flags & LAUNCH_TPM) != 0;
}

static bool nested_is_tpm(const struct walk *walk, unsigned level,
			  uint64_t gpa)
{
	return level == 1 && nested_has_tpm(walk) && gpa >= LAUNCH_TPM_BASE &&
	       gpa < LAUNCH_TPM_BASE + LAUNCH_TPM_SIZE;
}

/* Each of its pages lies where it is: not as memory, not for code. */
static void nested_check_tpm(struct walk *walk, uint64_t entry, uint64_t gpa)
{
	walk->tpm_pages++;
	nested_add_extent(walk, gpa, entry & NPT_ADDRESS, PAGE);
	nested_expect(walk, "TPM's entry", gpa, entry,
		      gpa | walk->form->mmio_bits);
}

static void nested_walk_table(struct walk *walk, uint32_t table,
			      unsigned level, uint64_t gpa)
{
	const struct partition_tables *p = walk->partition;
	unsigned i;

	if (walk->used[table]) {
		/* Twice, or a cycle: reported, and not walked again. */
		report_error(walk->report, p->where, "partition %s: nested "
			     "table %u is used again, as the level %u table "
			     "for GPA 0x%llx", p->name, table, level,
			     (unsigned long long)gpa);
		return;
	}
	walk->used[table] = 1;
	for (i = 0; i < ENTRY_COUNT; i++) {
		uint64_t entry = nested_entry(walk, table, i);
		uint64_t at = gpa + i * nested_leaf_size(level);

		if (nested_is_window(walk, level, at)) {
			nested_expect(walk, "window", at, entry,
				      nested_window(walk, at));
		} else if (nested_is_tpm(walk, level, at)) {
			nested_check_tpm(walk, entry, at);
		} else if (entry) {
			nested_walk_entry(walk, entry, level, at);
		}
	}
}

static void nested_check_coverage(const struct walk *walk)
{
	const struct partition_tables *p = walk->partition;
	uint32_t i;

	for (i = 0; i < p->config.region_count; i++) {
		if (walk->covered[i] == p->regions[i].size) {
			continue;
		}
		report_error(walk->report, p->region_where[i], "partition "
			     "%s: region GPA 0x%llx is mapped for 0x%llx of "
			     "0x%llx bytes", p->name,
			     (unsigned long long)p->regions[i].gpa,
			     (unsigned long long)walk->covered[i],
			     (unsigned long long)p->regions[i].size);
	}
	if (nested_has_tpm(walk) &&
	    walk->tpm_pages != LAUNCH_TPM_SIZE / PAGE) {
		report_error(walk->report, p->where, "partition %s: %u of the "
			     "TPM's pages are mapped", p->name,
			     walk->tpm_pages);
	}
	for (i = 0; i < p->config.nested_initial_count; i++) {
		if (!walk->used[i]) {
			report_error(walk->report, p->where, "partition %s: "
				     "nested table %u is not reachable",
				     p->name, i);
		}
	}
}

static void nested_check_partition(struct walk *walk)
{
	const struct partition_config *config = &walk->partition->config;

	if (!config->nested_initial_count ||
	    config->nested_initial_count > config->nested_pool_count ||
	    walk->partition->pool % PAGE) {
		report_error(walk->report, walk->partition->where,
			     "partition %s: no root table in its pool",
			     walk->partition->name);
		return;
	}
	walk->region = 0;
	walk->tpm_pages = 0;
	walk->used = alloc_array(config->nested_pool_count, 1);
	walk->covered = alloc_array(config->region_count, sizeof(uint64_t));
	nested_walk_table(walk, 0, NPT_LEVELS, 0);
	nested_check_coverage(walk);
	free(walk->used);
	free(walk->covered);
}

static int nested_compare_extents(const void *a, const void *b)
{
	const struct extent *x = a;
	const struct extent *y = b;

	return x->spa < y->spa ? -1 : x->spa > y->spa;
}

static void nested_check_store(const struct walk *walk,
			       const struct tables *tables,
			       const struct extent *extent)
{
	const struct partition_tables *p =
		&tables->partitions[extent->partition];
	uint32_t i;

	for (i = 0; i < tables->module_count; i++) {
		if (extent->spa < modules_end(&tables->modules[i]) &&
		    tables->modules[i].spa < extent->spa + extent->size) {
			report_error(walk->report, p->where, "partition %s: "
				     "GPA 0x%llx, 0x%llx bytes, reaches "
				     "module %u of the store", p->name,
				     (unsigned long long)extent->gpa,
				     (unsigned long long)extent->size, i);
		}
	}
}

/*
 * By what is reachable, not by what the regions claim: holds even where the
 * regions of two partitions were wrong in the same way.
 */
static void nested_check_owners(struct walk *walk,
				const struct tables *tables)
{
	const struct extent *widest = NULL;	/* reaches furthest so far */
	size_t i;

	if (walk->extent_count) {
		qsort(walk->extents, walk->extent_count,
		      sizeof(*walk->extents), nested_compare_extents);
	}
	for (i = 0; i < walk->extent_count; i++) {
		const struct extent *extent = &walk->extents[i];
		const struct partition_tables *p =
			&tables->partitions[extent->partition];

		if (image_overlaps(walk->image, extent->spa,
				   extent->spa + extent->size)) {
			report_error(walk->report, p->where, "partition %s: "
				     "GPA 0x%llx reaches the hypervisor: "
				     "SPA 0x%llx, 0x%llx bytes", p->name,
				     (unsigned long long)extent->gpa,
				     (unsigned long long)extent->spa,
				     (unsigned long long)extent->size);
		}
		nested_check_store(walk, tables, extent);
		if (widest && extent->spa < widest->spa + widest->size) {
			report_error(walk->report, p->where, "partitions %s "
				     "(GPA 0x%llx) and %s (GPA 0x%llx) both "
				     "reach SPA 0x%llx", tables->partitions[
				     widest->partition].name,
				     (unsigned long long)(widest->gpa +
				     (extent->spa - widest->spa)), p->name,
				     (unsigned long long)extent->gpa,
				     (unsigned long long)extent->spa);
		}
		if (!widest || extent->spa + extent->size >
		    widest->spa + widest->size) {
			widest = extent;
		}
	}
}

static void nested_check_form(const struct image *image,
			      const struct tables *tables,
			      const struct form *form, struct report *report)
{
	struct walk walk;
	uint32_t i;

	memset(&walk, 0, sizeof(walk));
	walk.image = image;
	walk.tables = tables;
	walk.report = report;
	walk.form = form;
	for (i = 0; i < tables->partition_count; i++) {
		walk.index = i;
		walk.partition = &tables->partitions[i];
		walk.initial = form == forms ? walk.partition->npt :
			       walk.partition->ept;
		if (walk.initial) {
			nested_check_partition(&walk);
		}
	}
	nested_check_owners(&walk, tables);
	free(walk.extents);
}

void nested_check(const struct image *image, const struct tables *tables,
		  struct report *report)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(forms); i++) {
		nested_check_form(image, tables, &forms[i], report);
	}
}
