/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the launch partition finds in its memory (config/launch.h): the table of
 * the others, and room for the manifest, which is signed into the image when
 * all of it is linked.
 */
#include <string.h>

#include "config/launch.h"
#include "place/place.h"

uint32_t place_launch_bits(const struct model *model)
{
	uint32_t bits = LAUNCH_WINDOW_BITS;

	while (LAUNCH_WINDOW(model->partition_count) > 1ull << bits) {
		bits++;
	}
	return bits;
}

uint32_t place_launch_flags(const struct model_partition *p)
{
	return (p->launch_all ? LAUNCH_ALL : 0) |
	       (p->launch_stays ? LAUNCH_STAYS : 0) |
	       (p->launch_tpm ? LAUNCH_TPM : 0);
}

static void fill(struct launch_partition *to, const struct model_partition *p,
		 uint32_t index)
{
	size_t length = strlen(p->name);

	memcpy(to->name, p->name,
	       length < LAUNCH_NAME_SIZE ? length : LAUNCH_NAME_SIZE - 1);
	to->window = p->launch ? 0 : LAUNCH_WINDOW(index);
	to->size = p->memory.v;
}

void place_launch(const struct model *model, struct model_partition *p)
{
	size_t size = sizeof(struct launch_table) + model->partition_count *
		      sizeof(struct launch_partition);
	struct launch_table *table = util_alloc(size);
	struct model_load *load;
	uint32_t i;

	table->magic = LAUNCH_TABLE_MAGIC;
	table->version = LAUNCH_VERSION;
	table->manifest = PLACE_MANIFEST;
	table->manifest_size = PLACE_MANIFEST_SIZE;
	table->partition_count = model->partition_count;
	table->self = model_launch(model);
	table->flags = place_launch_flags(p);
	for (i = 0; i < model->partition_count; i++) {
		fill(&table->partitions[i], &model->partitions[i], i);
	}
	load = place_add_load(p, "launch table", p->launch_at,
			      PLACE_LAUNCH_TABLE, size);
	load->data = (const uint8_t *)table;
	load = place_add_load(p, "manifest", p->launch_at, PLACE_MANIFEST,
			      PLACE_MANIFEST_SIZE);
	load->data = util_alloc(PLACE_MANIFEST_SIZE);
	p->state.gpr[GPR_RDI] = PLACE_LAUNCH_TABLE;
}
