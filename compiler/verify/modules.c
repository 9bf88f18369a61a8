/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module store: payloads that the boot loader brings. Its ranges are one
 * after the other in RAM, nobody's memory and not the hypervisor's; every
 * module is one that the spec leaves to the loader, in the order in which the
 * spec names them, and only who names it is loaded from it. (That no nested
 * table reaches the store is nested.c's.)
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define LOADER_LIMIT 0x100000000ull	/* boot's own tables end there */

uint64_t modules_end(const struct module_config *module)
{
	return module->spa + (module->size + PAGE - 1) / PAGE * PAGE;
}

uint32_t modules_find(const struct tables *tables, uint64_t from,
		      uint64_t size)
{
	uint32_t i = 0;

	while (i < tables->module_count &&
	       (from < tables->modules[i].spa ||
		from - tables->modules[i].spa > tables->modules[i].size ||
		size > tables->modules[i].size -
		       (from - tables->modules[i].spa))) {
		i++;
	}
	return i;
}

static void modules_check_place(const struct image *image,
				const struct tables *tables, uint32_t i,
				struct report *report)
{
	const struct module_config *m = &tables->modules[i];

	if (m->spa % PAGE || !m->size || m->spa >= LOADER_LIMIT ||
	    m->size > LOADER_LIMIT - m->spa) {
		report_error(report, m->where, "module %u: 0x%llx bytes at "
			     "SPA 0x%llx: not on pages, empty, or not below "
			     "4 GiB", i, (unsigned long long)m->size,
			     (unsigned long long)m->spa);
		return;
	}
	if (i && m->spa != modules_end(m - 1)) {
		report_error(report, m->where, "module %u at SPA 0x%llx does "
			     "not follow the one before, which ends at "
			     "0x%llx", i, (unsigned long long)m->spa,
			     (unsigned long long)modules_end(m - 1));
	}
	if (image_overlaps(image, m->spa, modules_end(m))) {
		report_error(report, m->where, "module %u at SPA 0x%llx "
			     "overlaps the hypervisor", i,
			     (unsigned long long)m->spa);
	}
}

static void modules_check_owner(const struct tables *tables, uint32_t i,
				struct report *report)
{
	const struct module_config *m = &tables->modules[i];
	bool used = false;
	uint32_t j;
	uint32_t k;

	for (j = 0; j < tables->partition_count; j++) {
		const struct partition_tables *p = &tables->partitions[j];

		for (k = 0; k < p->config.region_count; k++) {
			const struct region_config *r = &p->regions[k];

			if (m->spa < r->spa + r->size &&
			    r->spa < modules_end(m)) {
				report_error(report, p->where, "partition "
					     "%s: its SPA 0x%llx overlaps "
					     "module %u", p->name,
					     (unsigned long long)r->spa, i);
			}
		}
		for (k = 0; k < p->config.load_count; k++) {
			const struct load_config *load = &p->loads[k];

			used |= modules_find(tables, (uint64_t)(uintptr_t)
					     load->data, load->size) == i;
		}
	}
	if (!used) {
		report_error(report, m->where, "module %u: nothing of it is "
			     "loaded", i);
	}
}

void modules_check(const struct image *image, const struct tables *tables,
		   struct report *report)
{
	uint32_t i;

	if (tables->module_count > CONFIG_MODULE_MAX) {
		report_error(report, NULL, "%u modules, more than the "
			     "hypervisor takes", tables->module_count);
	}
	for (i = 0; i < tables->module_count; i++) {
		modules_check_place(image, tables, i, report);
		modules_check_owner(tables, i, report);
	}
}

/* ---- against the spec ---- */

struct module_name {
	const char *text;	/* up to its first blank */
	size_t length;
};

struct module_names {
	struct module_name *names;
	uint32_t count;
};

/* The file number index of a partition, of all that it names; false: none. */
static bool modules_get_name(const struct fdt *fdt, uint32_t node,
			     uint32_t index, const char **word,
			     struct module_name *name)
{
	if (index < 2) {
		*word = index ? "initrd" : "payload";
		name->text = fdt_text(fdt, node, *word);
		name->length = name->text ? strlen(name->text) : 0;
		return true;
	}
	*word = "modules";
	name->text = fdt_text_at(fdt, node, *word, index - 2);
	name->length = name->text ? strcspn(name->text, " ") : 0;
	return name->text != NULL;
}

static bool modules_is_left(const struct fdt *fdt, uint32_t node,
			    const char *word)
{
	const char *text;
	uint32_t i;

	for (i = 0; (text = fdt_text_at(fdt, node, "as-module", i)); i++) {
		if (!strcmp(text, word)) {
			return true;
		}
	}
	return false;
}

/* Position of a name among those before, or their count. */
static uint32_t modules_position(const struct module_names *names,
				 const struct module_name *name)
{
	uint32_t i = 0;

	while (i < names->count &&
	       (names->names[i].length != name->length ||
		memcmp(names->names[i].text, name->text, name->length))) {
		i++;
	}
	return i;
}

/* What a partition leaves to the loader is added to the names. Each of them
 * gives a bit of the result. */
static uint64_t modules_collect(const struct fdt *fdt, uint32_t node,
				struct module_names *names)
{
	struct module_name name;
	uint64_t mine = 0;
	const char *word;
	uint32_t i;
	uint32_t at;

	for (i = 0; modules_get_name(fdt, node, i, &word, &name); i++) {
		if (!name.text || !modules_is_left(fdt, node, word)) {
			continue;
		}
		at = modules_position(names, &name);
		if (at == names->count && at < CONFIG_MODULE_MAX) {
			names->names[names->count++] = name;
		}
		mine |= 1ull << at;
	}
	return mine;
}

/* The part of a path that names the file. */
static bool modules_name_matches(const struct module_name *name,
				 const char *file)
{
	size_t length = strlen(file);
	const char *base;

	if (length > name->length) {
		return false;
	}
	base = name->text + (name->length - length);
	return !memcmp(base, file, length) && !strchr(file, '/') &&
	       (base == name->text || base[-1] == '/' ||
		(base[-1] == ':' && base - name->text == 6));
}

static void modules_check_loads(const struct spec *spec, uint32_t index,
				uint64_t mine)
{
	const struct partition_tables *p = &spec->tables->partitions[index];
	uint64_t loaded = 0;
	uint32_t at;
	uint32_t i;

	for (i = 0; i < p->config.load_count; i++) {
		at = modules_find(spec->tables, (uint64_t)(uintptr_t)
				  p->loads[i].data, p->loads[i].size);
		if (at < spec->tables->module_count) {
			loaded |= 1ull << at;
		}
	}
	if (loaded != mine) {
		report_error(spec->report, p->where, "partition %s: is loaded "
			     "from modules 0x%llx (bits), the spec says "
			     "0x%llx", p->name, (unsigned long long)loaded,
			     (unsigned long long)mine);
	}
}

void spec_check_modules(const struct spec *spec)
{
	const struct tables *tables = spec->tables;
	struct module_name room[CONFIG_MODULE_MAX];
	struct module_names names = { room, 0 };
	uint32_t node = spec->fdt->nodes[spec->partitions].first_child;
	uint32_t i;

	for (i = 0; node != FDT_NONE && i < tables->partition_count; i++) {
		uint64_t mine = modules_collect(spec->fdt, node, &names);

		if (tables->module_count <= CONFIG_MODULE_MAX) {
			modules_check_loads(spec, i, mine);
		}
		node = spec->fdt->nodes[node].next;
	}
	if (names.count != tables->module_count) {
		report_error(spec->report, NULL, "%u modules, %u in the spec",
			     tables->module_count, names.count);
	}
	for (i = 0; i < names.count && i < tables->module_count; i++) {
		const struct module_config *m = &tables->modules[i];

		if (!modules_name_matches(&names.names[i], m->name)) {
			report_error(spec->report, m->where, "module %u is "
				     "%s, in the spec %.*s", i, m->name,
				     (int)names.names[i].length,
				     names.names[i].text);
		}
		if (!spec_is_free_ram(spec, m->spa,
				      modules_end(m) - m->spa)) {
			report_error(spec->report, m->where, "module %u at "
				     "SPA 0x%llx is not in free RAM of the "
				     "machine", i,
				     (unsigned long long)m->spa);
		}
	}
}
