/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens payloads and hands them to their boot protocol. "guest:name" is a
 * file of the guest directory; all else is relative to the spec's own file.
 */
#include <string.h>

#include "diag.h"
#include "place/place.h"

static const char *resolve_path(const struct model *model, const char *name)
{
	if (strncmp(name, "guest:", 6) == 0) {
		return util_format("%s%s", model->guest_directory, name + 6);
	}
	if (name[0] == '/') {
		return name;
	}
	return util_format("%s%s", util_directory(model->spec_path), name);
}

static void open_payload(const struct model *model,
			 struct model_payload *payload,
			 const struct text *name)
{
	struct diag *diag;

	if (name->s == NULL) {
		return;
	}
	payload->path = resolve_path(model, name->s);
	payload->good = strpbrk(payload->path, "\"\\\n") == NULL &&
			util_read_file(payload->path, &payload->bytes) &&
			payload->bytes.size != 0;
	if (payload->good) {
		return;
	}
	diag = diag_error("payload-missing", name->at,
			  "%s cannot be read, or is empty", payload->path);
	diag_fix(diag, strncmp(name->s, "guest:", 6) == 0 ?
		 "guests are fetched and built by make guests" :
		 "paths are relative to the file of the spec");
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
	struct model_load *load;

	if (!p->load_address.set ||
	    !place_fits(p, "payload", p->payload_name.at,
			p->load_address.v + p->payload.bytes.size)) {
		return;
	}
	load = place_add_load(p, "payload", p->payload_name.at,
			      p->load_address.v, p->payload.bytes.size);
	load->file = p->payload.path;
	if (p->boot != BOOT_RAW16) {
		place_boot_data(p, p->boot == BOOT_RAW64);
	}
	place_boot_state(p, p->entry.set ? p->entry.v : p->load_address.v);
}

void place_payloads(struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		open_payload(model, &p->payload, &p->payload_name);
		open_payload(model, &p->initrd, &p->initrd_name);
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
			break;
		case BOOT_UNKNOWN:
			break;
		}
	}
}
