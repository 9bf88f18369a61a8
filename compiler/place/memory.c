/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System physical memory: the image's extent, then every partition. First
 * the fixed ones, then the module store, then the others by size, largest
 * first, each into the lowest place that is free. The same spec gives the
 * same addresses.
 */
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "place/place.h"

#define LOW_MEMORY_END 0x100000ull
#define STORE_END (1ull << 32)
#define IMAGE_END (1ull << 32)	/* it starts with 32-bit code */

struct taken {
	const char *what;
	struct loc at;
	uint64_t base;
	uint64_t size;
};

static struct taken *taken;
static uint32_t taken_count;

static void take(const char *what, struct loc at, uint64_t base, uint64_t size)
{
	struct taken *t;

	taken = util_grow(taken, taken_count, sizeof(*taken));
	t = &taken[taken_count++];
	t->what = what;
	t->at = at;
	t->base = base;
	t->size = size;
}

static const struct taken *find_taken(uint64_t base, uint64_t size)
{
	uint32_t i;

	for (i = 0; i < taken_count; i++) {
		if (util_overlaps(base, size, taken[i].base, taken[i].size)) {
			return &taken[i];
		}
	}
	return NULL;
}

static bool in_ram(const struct model *model, uint64_t base, uint64_t size)
{
	uint32_t i;

	for (i = 0; i < model->machine.ram_count; i++) {
		const struct model_range *ram = &model->machine.ram[i];

		if (base >= ram->base && base - ram->base <= ram->size &&
		    size <= ram->size - (base - ram->base)) {
			return true;
		}
	}
	return false;
}

/* Lowest free place; UINT64_MAX: none. */
static uint64_t find_place(const struct model *model, uint64_t size)
{
	uint64_t best = UINT64_MAX;
	uint32_t i;

	for (i = 0; i < model->machine.ram_count; i++) {
		const struct model_range *ram = &model->machine.ram[i];
		uint64_t at = util_round_up(ram->base, LARGE_PAGE);
		const struct taken *t;

		while (in_ram(model, at, size) && at < best) {
			t = find_taken(at, size);
			if (t == NULL) {
				best = at;
				break;
			}
			at = util_round_up(t->base + t->size, LARGE_PAGE);
		}
	}
	return best;
}

/* What an address is not free for: the end of the first thing there. */
static uint64_t skip_taken(uint64_t at)
{
	const struct taken *t = find_taken(at, 1);

	return t == NULL ? at : t->base + t->size;
}

/* Where the free piece that begins at at ends. */
static uint64_t free_end(uint64_t at, uint64_t limit)
{
	uint32_t i;

	for (i = 0; i < taken_count; i++) {
		if (taken[i].base > at && taken[i].base < limit &&
		    taken[i].size != 0) {
			limit = taken[i].base;
		}
	}
	return limit;
}

struct holes {
	uint64_t total;
	uint64_t largest;	/* from a multiple of 2 MiB on */
	uint64_t largest_at;
};

/* Below top. */
static struct holes find_holes(const struct model *model, uint64_t top)
{
	struct holes holes = { 0, 0, 0 };
	uint32_t i;

	for (i = 0; i < model->machine.ram_count; i++) {
		const struct model_range *ram = &model->machine.ram[i];
		uint64_t limit = ram->base + ram->size;
		uint64_t at = ram->base;

		limit = limit < top ? limit : top;
		while (at < limit) {
			uint64_t end, start;

			if (skip_taken(at) != at) {
				at = skip_taken(at);
				continue;
			}
			end = free_end(at, limit);
			start = util_round_up(at, LARGE_PAGE);
			holes.total += end - at;
			if (start < end && end - start > holes.largest) {
				holes.largest = end - start;
				holes.largest_at = start;
			}
			at = end;
		}
	}
	return holes;
}

static int compare_taken(const void *a, const void *b)
{
	const struct taken *const *x = a;
	const struct taken *const *y = b;

	return (*x)->size != (*y)->size ?
	       ((*x)->size > (*y)->size ? -1 : 1) :
	       (*x)->base < (*y)->base ? -1 : (*x)->base > (*y)->base;
}

/* Who holds the rest, the largest first, as far as there are notes. */
static void note_taken(struct diag *diag, const struct model *model)
{
	const struct taken **order =
		util_alloc(taken_count * sizeof(struct taken *));
	uint32_t count = 0;
	uint32_t i;

	for (i = 0; i < taken_count; i++) {
		if (taken[i].base >= LOW_MEMORY_END &&
		    in_ram(model, taken[i].base, 1)) {
			order[count++] = &taken[i];
		}
	}
	qsort(order, count, sizeof(struct taken *), compare_taken);
	for (i = 0; i < count; i++) {
		diag_note(diag, order[i]->at, "%s holds %s (%#llx to %#llx)",
			  order[i]->what, util_size(order[i]->size),
			  (unsigned long long)order[i]->base,
			  (unsigned long long)
			  (order[i]->base + order[i]->size));
	}
}

/* How much is free below top, and the largest piece of it. */
static void note_holes(struct diag *diag, const struct model *model,
		       uint64_t top)
{
	const char *where = top == UINT64_MAX ? "" : " below 4 GiB";
	struct loc nowhere = { NULL, 0, 0 };
	struct holes holes = find_holes(model, top);

	if (holes.total == 0) {
		diag_note(diag, nowhere, "no RAM is free%s", where);
		return;
	}
	diag_note(diag, nowhere, "%s of RAM are free%s",
		  util_size(holes.total), where);
	if (holes.largest == 0) {
		diag_note(diag, nowhere, "no hole has a multiple of 2 MiB to "
			  "begin at");
		return;
	}
	diag_note(diag, nowhere, "the largest hole has %s, from %#llx on",
		  util_size(holes.largest),
		  (unsigned long long)holes.largest_at);
}

static void explain_room(struct diag *diag, const struct model *model,
			 uint64_t top)
{
	note_holes(diag, model, top);
	note_taken(diag, model);
}

static void place_fixed(const struct model *model, struct model_partition *p)
{
	const struct taken *t = find_taken(p->address.v, p->memory.v);
	struct diag *diag;

	p->spa = p->address.v;
	if (t == NULL && in_ram(model, p->spa, p->memory.v)) {
		take(p->name, p->address.at, p->spa, p->memory.v);
		return;
	}
	if (t != NULL) {
		diag = diag_error("address-ram", p->address.at,
				  "%s cannot have %#llx to %#llx: %s lies "
				  "there", p->name,
				  (unsigned long long)p->spa,
				  (unsigned long long)(p->spa + p->memory.v),
				  t->what);
		diag_note(diag, t->at, "%s has %#llx to %#llx", t->what,
			  (unsigned long long)t->base,
			  (unsigned long long)(t->base + t->size));
	} else {
		diag = diag_error("address-ram", p->address.at,
				  "%s cannot have %#llx to %#llx: no RAM "
				  "there", p->name,
				  (unsigned long long)p->spa,
				  (unsigned long long)(p->spa + p->memory.v));
	}
	note_holes(diag, model, UINT64_MAX);
	diag_fix(diag, "leave \"address\" out: the compiler finds one");
}

static void place_free(const struct model *model, struct model_partition *p)
{
	struct holes holes;
	struct diag *diag;

	p->spa = find_place(model, p->memory.v);
	if (p->spa != UINT64_MAX) {
		take(p->name, p->memory.at, p->spa, p->memory.v);
		return;
	}
	diag = diag_error("no-room", p->memory.at,
			  "there is no room for the %s of %s",
			  util_size(p->memory.v), p->name);
	explain_room(diag, model, UINT64_MAX);
	holes = find_holes(model, UINT64_MAX);
	if (holes.total >= p->memory.v && holes.largest < p->memory.v) {
		diag_fix(diag, "a partition's memory is one piece from a "
			 "multiple of 2 MiB on: move what has an \"address\", "
			 "or give %s or less", util_size(holes.largest));
	} else if (holes.largest >= LOW_MEMORY_END) {
		diag_fix(diag, "give %s or less, or take it from another "
			 "partition", util_size(holes.largest));
	} else {
		diag_fix(diag, "take it from another partition, or take a "
			 "board with more RAM");
	}
}

/* Boot loaders, and boot's own page tables, know 4 GiB. */
static void place_store(struct model *model)
{
	uint64_t size = place_store_size(model);
	uint64_t at = size == 0 ? 0 : find_place(model, size);
	struct loc nowhere = { NULL, 0, 0 };
	struct diag *diag;
	uint32_t i;

	if (size == 0) {
		return;
	}
	if (at > STORE_END || size > STORE_END - at) {
		diag = diag_error("store-room", model->modules[0].payload->at,
				  "there is no room below 4 GiB for the "
				  "module store of %s", util_size(size));
		explain_room(diag, model, STORE_END);
		diag_fix(diag, "leave less to the boot loader, or give the "
			 "partitions with an \"address\" another one");
		return;
	}
	take("the module store", nowhere, at, size);
	for (i = 0; i < model->module_count; i++) {
		model->modules[i].spa = at;
		at += util_round_up(model->modules[i].payload->bytes.size,
				    PAGE);
	}
}

/* Larger ones first; of equals the one that comes first in the spec. */
static int compare_size(const void *a, const void *b)
{
	const struct model_partition *const *x = a;
	const struct model_partition *const *y = b;

	if ((*x)->memory.v != (*y)->memory.v) {
		return (*x)->memory.v > (*y)->memory.v ? -1 : 1;
	}
	return *x < *y ? -1 : 1;
}

static void take_image(const struct model *model)
{
	uint64_t size = model->image_limit - model->image_base;
	const struct taken *t = find_taken(model->image_base, size);
	struct loc nowhere = { NULL, 0, 0 };
	struct diag *diag;

	if (model->image_limit > IMAGE_END) {
		diag = diag_error("image-limit", model->machine.at,
				  "the image (%#llx to %#llx) does not end "
				  "below 4 GiB",
				  (unsigned long long)model->image_base,
				  (unsigned long long)model->image_limit);
		diag_note(diag, nowhere, "payloads take %s, nested tables and "
			  "bitmaps %s", util_size(model->payload_bytes),
			  util_size(model->table_bytes));
		diag_fix(diag, "give fewer or smaller payloads, or change "
			 "CONFIG_IMAGE_BASE_MIB (make menuconfig)");
	} else if (t != NULL || !in_ram(model, model->image_base, size)) {
		diag = diag_error("image-room", model->machine.at,
				  "the image (%#llx to %#llx) does not lie in "
				  "free RAM",
				  (unsigned long long)model->image_base,
				  (unsigned long long)model->image_limit);
		if (t != NULL) {
			diag_note(diag, t->at, "%s has %#llx to %#llx",
				  t->what, (unsigned long long)t->base,
				  (unsigned long long)(t->base + t->size));
		}
		diag_note(diag, nowhere, "it takes %s in one piece, %s of it "
			  "payloads", util_size(size),
			  util_size(model->payload_bytes));
		explain_room(diag, model, IMAGE_END);
		diag_fix(diag, "change CONFIG_IMAGE_BASE_MIB (make "
			 "menuconfig), or give fewer payloads");
	}
	take("the image", nowhere, model->image_base, size);
}

void place_forget(void)
{
	taken = NULL;
	taken_count = 0;
}

void place_memory(struct model *model)
{
	const struct model_machine *machine = &model->machine;
	struct loc nowhere = { NULL, 0, 0 };
	struct model_partition **order =
		util_alloc(model->partition_count * sizeof(*order));
	uint32_t i;

	take("firmware", nowhere, 0, LOW_MEMORY_END);
	for (i = 0; i < machine->reserved_count; i++) {
		take(machine->reserved[i].name, machine->reserved[i].at,
		     machine->reserved[i].base, machine->reserved[i].size);
	}
	take_image(model);
	for (i = 0; i < model->partition_count; i++) {
		order[i] = &model->partitions[i];
		if (order[i]->address.set) {
			place_fixed(model, order[i]);
		}
	}
	place_store(model);
	qsort(order, model->partition_count, sizeof(*order), compare_size);
	for (i = 0; i < model->partition_count; i++) {
		if (!order[i]->address.set) {
			place_free(model, order[i]);
		}
	}
}
