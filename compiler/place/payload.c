/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens payloads and hands them to their boot protocol. "guest:name" is a
 * file of the guest directory, "launch:name" one of the launch partition's;
 * all else is relative to the spec's own file.
 */
#include <string.h>

#include "diag.h"
#include "kconfig.h"
#include "place/place.h"

static const char *resolve_path(const struct model *model, const char *name)
{
	if (strncmp(name, "guest:", 6) == 0) {
		return util_format("%s%s", model->guest_directory, name + 6);
	}
	if (strncmp(name, "launch:", 7) == 0) {
		return util_format("%s%s", model->launch_directory, name + 7);
	}
	if (name[0] == '/') {
		return name;
	}
	return util_format("%s%s", util_directory(model->spec_path), name);
}

static void refuse_missing(const struct model_payload *payload)
{
	struct diag *diag = diag_error("payload-missing", payload->at,
				       "%s cannot be read", payload->path);

	diag_fix(diag, strncmp(payload->name, "guest:", 6) == 0 ?
		 "check its name; make guests fetches and builds all "
		 "that there are" :
		 strncmp(payload->name, "launch:", 7) != 0 ?
		 "paths are relative to the file of the spec" :
		 !kconfig_has("LAUNCH") ?
		 "make launch builds it, with CONFIG_LAUNCH (make menuconfig)" :
		 "make launch builds it: \"launch:launch.bin\"");
}

/* A file that many partitions name is read and hashed once. */
static const struct model_file *read_once(struct model *model,
					  const char *path)
{
	struct model_file *file;
	uint32_t i;

	for (i = 0; i < model->file_count; i++) {
		if (strcmp(model->files[i].path, path) == 0) {
			return &model->files[i];
		}
	}
	model->files = util_grow(model->files, model->file_count,
				 sizeof(*model->files));
	file = &model->files[model->file_count++];
	file->path = path;
	file->good = util_read_file(path, &file->bytes);
	if (file->good) {
		sha384_of(file->bytes.data, file->bytes.size, file->sha384);
	}
	return file;
}

static void open_payload(struct model *model,
			 const struct model_partition *p,
			 struct model_payload *payload, const char *name,
			 struct loc at)
{
	const struct model_file *file;
	struct diag *diag;

	payload->module = MODEL_NONE;
	if (name == NULL) {
		return;
	}
	payload->name = name;
	payload->at = at;
	payload->path = resolve_path(model, name);
	if (*name == '\0' || strpbrk(payload->path, "\"\\\n") != NULL) {
		diag = diag_error("payload-path", at, "the path of a payload "
				  "of %s cannot be used", p->name);
		diag_fix(diag, "give one without \", \\ and line ends");
		return;
	}
	file = read_once(model, payload->path);
	if (!file->good) {
		refuse_missing(payload);
		return;
	}
	payload->bytes = file->bytes;
	memcpy(payload->sha384, file->sha384, SHA384_SIZE);
	payload->good = payload->bytes.size != 0;
	if (payload->good) {
		return;
	}
	diag = diag_error("payload-empty", at, "%s is empty", payload->path);
	diag_fix(diag, "was the build that makes it broken off?");
}

/* "path what the guest sees" */
static void open_guest_module(struct model *model,
			      const struct model_partition *p,
			      struct model_guest_module *module)
{
	size_t length = strcspn(module->text, " ");

	module->line = module->text + length;
	module->line += *module->line == ' ';
	open_payload(model, p, &module->payload,
		     util_copy(module->text, length), p->modules_at);
}

/* "0-vmlinuz": any file's name, as a name on any medium. */
static char *module_file(uint32_t index, const char *path)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	char *file = util_format("modules/%u-%.40s", index,
				 util_base_name(path));
	char *c;

	for (c = strchr(file, '-'); *c != '\0'; c++) {
		if (strchr(good, *c) == NULL) {
			*c = '_';
		}
	}
	return file;
}

/* One module for all who name the same file. */
static void make_module(struct model *model, struct model_payload *payload)
{
	struct model_module *module;
	uint32_t i;

	if (!payload->good) {
		return;
	}
	for (i = 0; i < model->module_count; i++) {
		if (strcmp(model->modules[i].payload->name,
			   payload->name) == 0) {
			payload->module = i;
			return;
		}
	}
	model->modules = util_grow(model->modules, model->module_count,
				   sizeof(*model->modules));
	module = &model->modules[model->module_count];
	payload->module = model->module_count++;
	module->payload = payload;
	module->file = module_file(payload->module, payload->path);
	memcpy(module->sha384, payload->sha384, SHA384_SIZE);
}

static void open_payloads(struct model *model, struct model_partition *p)
{
	uint32_t i;

	open_payload(model, p, &p->payload, p->payload_name.s,
		     p->payload_name.at);
	open_payload(model, p, &p->initrd, p->initrd_name.s,
		     p->initrd_name.at);
	for (i = 0; i < p->module_count; i++) {
		open_guest_module(model, p, &p->modules[i]);
	}
	if (p->as_module & (1u << MODULE_PAYLOAD)) {
		make_module(model, &p->payload);
	}
	if (p->as_module & (1u << MODULE_INITRD)) {
		make_module(model, &p->initrd);
	}
	if (p->as_module & (1u << MODULE_MODULES)) {
		for (i = 0; i < p->module_count; i++) {
			make_module(model, &p->modules[i].payload);
		}
	}
}

struct model_load *place_add_load(struct model_partition *p, const char *what,
				  struct loc at, uint64_t gpa, uint64_t size)
{
	struct model_load *load;

	p->loads = util_grow(p->loads, p->load_count, sizeof(*p->loads));
	load = &p->loads[p->load_count++];
	load->what = what;
	load->at = at;
	load->gpa = gpa;
	load->size = size;
	load->room = size;
	load->module = MODEL_NONE;
	return load;
}

struct model_load *place_add_file(struct model_partition *p, const char *what,
				  const struct model_payload *payload,
				  uint64_t gpa, uint64_t offset,
				  uint64_t size)
{
	struct model_load *load = place_add_load(p, what, payload->at, gpa,
						 size);

	load->file = payload->path;
	load->offset = offset;
	load->module = payload->module;
	return load;
}

bool place_fits(const struct model_partition *p, const char *what,
		struct loc at, uint64_t end)
{
	struct diag *diag;

	if (!p->memory.set || end <= p->memory.v) {
		return true;
	}
	diag = diag_error("memory-small", p->memory.at,
			  "%s of memory is too little for the %s of %s",
			  util_size(p->memory.v), what, p->name);
	diag_note(diag, at, "it needs memory up to %#llx",
		  (unsigned long long)end);
	diag_fix(diag, "give %s or more",
		 util_size(util_round_up(end, LARGE_PAGE)));
	return false;
}

void place_memory_map(const struct model_partition *p,
		      struct place_map_entry map[PLACE_MAP_COUNT])
{
	map[0] = (struct place_map_entry){ 0, PLACE_LOW_END, 1 };
	map[1] = (struct place_map_entry){
		PLACE_LOW_END, PLACE_HIGH - PLACE_LOW_END, 2
	};
	map[2] = (struct place_map_entry){
		PLACE_HIGH, p->memory.v - PLACE_HIGH, 1
	};
}

void place_raw(struct model_partition *p)
{
	if (!p->load_address.set ||
	    !place_fits(p, "payload", p->payload_name.at,
			p->load_address.v + p->payload.bytes.size)) {
		return;
	}
	place_add_file(p, "payload", &p->payload, p->load_address.v, 0,
		       p->payload.bytes.size);
	p->long_mode = p->boot == BOOT_RAW64;
	if (p->boot != BOOT_RAW16) {
		place_boot_data(p);
	}
	place_boot_state(p, p->entry.set ? p->entry.v : p->load_address.v);
}

void place_payloads(struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		open_payloads(model, p);
		if (!p->payload.good || p->memory.v < PLACE_HIGH) {
			continue;
		}
		switch (p->boot) {
		case BOOT_LINUX:
			place_linux(p);
			break;
		case BOOT_PVH:
			place_pvh(p);
			break;
		case BOOT_RAW16:
		case BOOT_RAW32:
		case BOOT_RAW64:
			place_raw(p);
			if (p->launch) {
				place_launch(model, p);
			}
			break;
		case BOOT_MULTIBOOT:
			place_multiboot(p);
			break;
		case BOOT_UNKNOWN:
			break;
		}
	}
}
