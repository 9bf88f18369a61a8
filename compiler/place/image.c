/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image's extent: the bytes of payload.S (each counted once, however
 * many partitions load them; those of modules not at all), nested tables,
 * bitmaps, and a reserve for the hypervisor. And the interrupt lines.
 */
#include <string.h>

#include "place/place.h"

#define GIB (1ull << 30)
#define BITMAP_BYTES (12288u + 8192u)

static bool same_bytes(const struct model_load *a, const struct model_load *b)
{
	if (a->module != MODEL_NONE || b->module != MODEL_NONE) {
		return false;
	}
	if (a->size != b->size || (a->file == NULL) != (b->file == NULL)) {
		return false;
	}
	if (a->file != NULL) {
		return strcmp(a->file, b->file) == 0 && a->offset == b->offset;
	}
	return memcmp(a->data, b->data, a->size) == 0;
}

static const struct model_load *find_same(const struct model *model,
					  const struct model_load *load)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->load_count; j++) {
			if (&p->loads[j] == load) {
				return NULL;
			}
			if (same_bytes(&p->loads[j], load)) {
				return &p->loads[j];
			}
		}
	}
	return NULL;
}

static void number_payloads(struct model *model)
{
	uint32_t next = 0;
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->load_count; j++) {
			struct model_load *load = &p->loads[j];
			const struct model_load *same;

			load->payload = MODEL_NONE;
			if (load->size == 0 || load->module != MODEL_NONE) {
				continue;
			}
			same = find_same(model, load);
			if (same != NULL) {
				load->payload = same->payload;
				continue;
			}
			load->payload = next++;
			model->payload_bytes += util_round_up(load->size,
							      PAGE);
		}
	}
}

uint32_t place_payload_count(const struct model *model)
{
	uint32_t count = 0;
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->load_count; j++) {
			if (p->loads[j].payload != MODEL_NONE &&
			    p->loads[j].payload >= count) {
				count = p->loads[j].payload + 1;
			}
		}
	}
	return count;
}

uint64_t place_store_size(const struct model *model)
{
	uint64_t size = 0;
	uint32_t i;

	for (i = 0; i < model->module_count; i++) {
		size += util_round_up(model->modules[i].payload->bytes.size,
				      PAGE);
	}
	return size;
}

/* Root, one table per level for 512 GiB, one per GiB, one for the tail;
 * a GiB's and a tail for the TPM. */
static void count_tables(struct model_partition *p)
{
	uint64_t gib = util_round_up(p->memory.v, GIB) / GIB;

	p->table_count = 2 + (uint32_t)gib + (p->memory.v % LARGE_PAGE != 0) +
			 (p->launch_tpm ? 2 : 0);
	p->pool_count = p->table_count +
			(2 + 3 * p->vp_count) * PLACE_OVERLAY_TABLES;
}

void place_image(struct model *model)
{
	uint32_t i;

	number_payloads(model);
	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		count_tables(p);
		model->table_bytes += (p->table_count + p->pool_count) * PAGE +
				      BITMAP_BYTES;
	}
	model->image_limit = model->image_base +
		util_round_up(PLACE_IMAGE_RESERVE + model->payload_bytes +
			      model->table_bytes, LARGE_PAGE);
}

/* A line has one owner, so there are no more lines than pins. */
_Static_assert(LINE_VECTOR_FIRST + LINE_PIN_COUNT <= LINE_VECTOR_LAST + 1,
	       "every line has a vector");

void place_lines(struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct model_line *line;

		if (p->uart == MODEL_NONE) {
			continue;
		}
		model->lines = util_grow(model->lines, model->line_count,
					 sizeof(*model->lines));
		line = &model->lines[model->line_count++];
		line->gsi = (uint32_t)model->machine.uarts[p->uart].irq.v;
		line->pin = model_uart_pin(model, p);
		line->partition = i;
		line->lp = p->vps[0].lp;
		line->at = p->uart_at;
	}
}
