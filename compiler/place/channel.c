/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the channels: by sender, then connection. */
#include "place/place.h"

static bool comes_after(const struct model_channel *a,
			const struct model_channel *b)
{
	return a->from != b->from ? a->from > b->from :
	       a->connection.v > b->connection.v;
}

void place_channels(struct model *model)
{
	uint32_t i, j;

	for (i = 1; i < model->channel_count; i++) {
		struct model_channel channel = model->channels[i];

		for (j = i; j > 0 && comes_after(&model->channels[j - 1],
						 &channel); j--) {
			model->channels[j] = model->channels[j - 1];
		}
		model->channels[j] = channel;
	}
	for (i = 0, j = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		p->channel_first = j;
		while (j < model->channel_count &&
		       model->channels[j].from == i) {
			j++;
		}
		p->channel_count = j - p->channel_first;
	}
}
