/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify reads a linked image and the spec's DTB and proves that the image
 * grants what the spec says and no more. It shares no code with partc: it has
 * its own ELF reader, its own FDT reader and its own idea of what each table
 * must hold. The one header in common is config.h, whose layouts are asserted
 * in layout.c.
 *
 * Everything read from the image or the DTB is hostile: bounded before use.
 * An image that cannot be read is refused, never assumed good.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/config.h"

#define PAGE 4096ull
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- report.c: findings are collected, then counted --------------------- */

struct report {
	FILE *out;		/* null: only count */
	unsigned count;
	unsigned shown_max;	/* print at most so many; 0: all */
};

/* where: place in the spec, or null. */
void report_error(struct report *report, const char *where,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- file.c ------------------------------------------------------------- */

/* The whole file in memory, or null after a message to stderr. */
uint8_t *file_map(const char *path, size_t *size);
void file_unmap(uint8_t *bytes, size_t size);
void *alloc_array(size_t count, size_t size);	/* zeroed; exits when out */
uint64_t load64(const void *at);		/* any alignment */

/* ---- elf.c: the linked image -------------------------------------------- */

#define IMAGE_SEGMENT_MAX 64

#define IMAGE_EXECUTE 1u	/* as ELF's p_flags */
#define IMAGE_WRITE 2u
#define IMAGE_READ 4u

struct image_segment {
	uint64_t base;		/* address, equal to its physical one */
	uint64_t size;		/* in memory */
	uint64_t file_size;	/* the rest is zeros */
	const uint8_t *bytes;
	uint32_t flags;
};

struct image {
	const uint8_t *bytes;
	size_t size;
	uint64_t entry;
	uint64_t base;		/* lowest address of anything linked */
	uint64_t limit;		/* end of the highest, or image_end */
	struct image_segment segments[IMAGE_SEGMENT_MAX];
	unsigned segment_count;
	const uint8_t *symbols;
	uint64_t symbol_count;
	const char *strings;
	uint64_t string_size;
};

struct image_symbol {
	const char *name;
	uint64_t value;
	uint64_t size;
	uint16_t section;
	uint8_t info;
};

bool image_open(struct image *image, const uint8_t *bytes, size_t size,
		struct report *report);
/* Everything about the ELF itself: rights, entry, overlaps. */
void image_check(const struct image *image, struct report *report);
bool image_get_symbol(const struct image *image, uint64_t index,
		      struct image_symbol *symbol);
bool image_find_symbol(const struct image *image, const char *name,
		       struct image_symbol *symbol);
/* Code or data with an address. */
bool image_symbol_is_placed(const struct image_symbol *symbol);
/* The segment that holds all of [address, address + size), or null. */
const struct image_segment *image_find_segment(const struct image *image,
					       uint64_t address,
					       uint64_t size);
/* Bytes that are in the file (not .bss), or null. */
const uint8_t *image_bytes(const struct image *image, uint64_t address,
			   uint64_t size);
/* A text that ends in its segment, or null. */
const char *image_text(const struct image *image, uint64_t address);
bool image_find_section(const struct image *image, const char *name,
			uint64_t *base, uint64_t *size);
/* Does an object of the image start and end just there, by its symbol? */
bool image_is_object(const struct image *image, uint64_t address,
		     uint64_t size);
/* Part of the image, by address? Half open. */
bool image_overlaps(const struct image *image, uint64_t from, uint64_t to);

/* ---- fdt.c: the spec ---------------------------------------------------- */

#define FDT_NONE 0xffffffffu

struct fdt_node {
	const char *name;	/* with its unit address */
	uint32_t parent;	/* FDT_NONE: the root */
	uint32_t first_child;
	uint32_t next;		/* sibling */
	uint32_t prop_first;	/* in fdt.props[] */
	uint32_t prop_count;
};

struct fdt_prop {
	const char *name;
	const uint8_t *bytes;
	uint32_t size;
};

struct fdt {
	struct fdt_node *nodes;	/* 0 is the root */
	uint32_t node_count;
	struct fdt_prop *props;
	uint32_t prop_count;
};

bool fdt_open(struct fdt *fdt, const uint8_t *bytes, size_t size,
	      struct report *report);
void fdt_close(struct fdt *fdt);
const struct fdt_prop *fdt_get(const struct fdt *fdt, uint32_t node,
			       const char *name);
uint32_t fdt_child(const struct fdt *fdt, uint32_t node, const char *name);
uint32_t fdt_find_phandle(const struct fdt *fdt, uint32_t phandle);
/* Big-endian cells. index counts cells; 0 beyond the end. */
uint32_t fdt_cell(const struct fdt_prop *prop, uint32_t index);
uint64_t fdt_cell2(const struct fdt_prop *prop, uint32_t index);
/* The text of a one-string property, or null. */
const char *fdt_text(const struct fdt *fdt, uint32_t node, const char *name);
/* Text number index of a list of texts, or null after the last. */
const char *fdt_text_at(const struct fdt *fdt, uint32_t node,
			const char *name, uint32_t index);
/* A one- or two-cell number, or otherwise. */
uint64_t fdt_number(const struct fdt *fdt, uint32_t node, const char *name,
		    uint64_t otherwise);

/* ---- tables.c: the generated tables, as the image holds them ------------- */

struct partition_tables {
	struct partition_config config;
	const char *name;
	const char *where;
	struct region_config *regions;
	const char **region_where;
	struct load_config *loads;
	struct port_config *ports;
	struct msr_config *msrs;
	struct cpuid_config *cpuids;
	/* Nested tables, in the file's bytes; null: not for that vendor. */
	const uint8_t *npt;
	const uint8_t *ept;
	uint64_t pool;			/* SPA of the nested pool */
	const uint8_t *iopm;
	const uint8_t *msrpm;		/* AMD's; Intel's: */
	const uint8_t *msr_bitmap;
	const uint8_t *msr_bitmap_apic;	/* null: none */
};

struct vp_tables {
	struct vp_config config;
	bool has_state;
	struct vp_state_config state;
};

struct lp_tables {
	struct lp_config config;
	const char *where;
	struct slot_config *slots;
};

struct tables {
	struct machine_config machine;
	struct ram_config *rams;
	struct partition_tables *partitions;
	struct vp_tables *vps;
	struct lp_tables *lps;
	struct line_config *lines;
	struct module_config *modules;	/* texts are the host's */
	struct channel_config *channels;
	uint32_t ram_count;
	uint32_t partition_count;
	uint32_t vp_count;
	uint32_t lp_count;
	uint32_t line_count;
	uint32_t module_count;
	uint32_t channel_count;
};

/* False: something could not be read, and nothing can be proved. */
bool tables_open(struct tables *tables, const struct image *image,
		 struct report *report);
void tables_close(struct tables *tables);
/* Width of a GPA as CPUID shows it: the launch partition sees the others
 * above its own. */
uint32_t tables_cpuid_bits(const struct tables *tables,
			   const struct partition_tables *p);

/* ---- the proofs ---------------------------------------------------------- */

#define IOPM_SIZE 12288u
#define MSRPM_SIZE 8192u
#define MSR_BITMAP_SIZE 4096u

/* nested.c: what each partition can reach, and that nobody else can. */
void nested_check(const struct image *image, const struct tables *tables,
		  struct report *report);
/* bitmap.c: the I/O and MSR permission maps against the rows. */
void bitmap_check(const struct tables *tables, struct report *report);
/* memory.c: regions, loads, RAM, emitted objects' places. */
void memory_check(const struct image *image, const struct tables *tables,
		  struct report *report);
/* modules.c: the module store. */
void modules_check(const struct image *image, const struct tables *tables,
		   struct report *report);
/* The pages of a module end here. */
uint64_t modules_end(const struct module_config *module);
/* The module that holds the whole range, or module_count. */
uint32_t modules_find(const struct tables *tables, uint64_t from,
		      uint64_t size);
/* vps.c: VPs, LPs, plans, lines, initial state. */
void vps_check(const struct tables *tables, struct report *report);

/* channels.c: order, and who refers to a channel; then against the DTB. */
void channels_check(const struct tables *tables, struct report *report);
struct spec;
void spec_check_channels(const struct spec *spec);

/* features.c: what CPUID hides cannot be switched on. */
void features_check(const struct tables *tables, struct report *report);

/*
 * The tables against the DTB. spec.c: machine, memory, which partition is
 * which; spec_rows.c: port, MSR and CPUID rows; spec_run.c: VPs, LPs, plans,
 * lines, policies.
 */
struct spec {
	const struct fdt *fdt;
	const struct tables *tables;
	const struct image *image;
	struct report *report;
	uint32_t machine;	/* nodes */
	uint32_t partitions;
	uint32_t plan;		/* or FDT_NONE */
};

/* One partition: its node and its profile's. */
struct spec_partition {
	const struct spec *spec;
	const struct partition_tables *tables;
	uint32_t index;
	uint32_t node;
	uint32_t profile;
};

void spec_check(const struct fdt *fdt, const struct image *image,
		const struct tables *tables, struct report *report);
void spec_check_rows(const struct spec_partition *p);
void spec_check_run(const struct spec_partition *p);
void spec_check_machine(const struct spec *spec);
void spec_check_modules(const struct spec *spec);
/* In one range of the board's RAM, and nothing of it reserved? */
bool spec_is_free_ram(const struct spec *spec, uint64_t base, uint64_t size);
/* Place of the partition with that node, or partition_count. */
uint32_t spec_partition_index(const struct spec *spec, uint32_t node);
/* Node that a one-cell phandle property (its cell index) names. */
uint32_t spec_follow(const struct fdt *fdt, const struct fdt_prop *prop,
		     uint32_t index);
/* The partition's own text, else its profile's, else otherwise. */
const char *spec_text(const struct spec_partition *p, const char *name,
		      const char *otherwise);
/* Position of text in names, or count. */
uint32_t spec_find_name(const char *const *names, uint32_t count,
			const char *text);

/* verify.c: everything. */
void verify_all(const uint8_t *elf, size_t elf_size, const uint8_t *dtb,
		size_t dtb_size, struct report *report, FILE *summary);

#endif
