/* SPDX-License-Identifier: Apache-2.0 */
/* Channels. */
#include "read/read.h"
#include "schema.h"

static uint32_t read_end(const struct model *model, int node, const char *name)
{
	return tree_cell_count(node, name) != 1 ? MODEL_NONE :
	       read_partition(model, node, name, 0);
}

static void read_one(struct model *model, struct model_channel *channel,
		     int node)
{
	const char *text = tree_string(node, "kind", 0);
	int kind = text == NULL ? -1 : schema_word(schema_channel_words, text);

	channel->name = tree_name(node);
	channel->at = tree_at(node);
	channel->from = read_end(model, node, "from");
	channel->to = read_end(model, node, "to");
	channel->from_at = tree_property_at(node, "from");
	channel->to_at = tree_property_at(node, "to");
	channel->connection = tree_number(node, "connection");
	channel->port = tree_number(node, "port");
	if (!channel->port.set) {
		channel->port = channel->connection;
	}
	channel->vp = tree_number(node, "vp");
	channel->sint = tree_number(node, "sint");
	channel->has_flags = tree_cell_count(node, "flags") == 2;
	/* What is no kind has been refused: it is what has no other error. */
	channel->kind = kind >= 0 ? (enum channel_kind)kind :
			channel->has_flags ? CHANNEL_EVENTS : CHANNEL_MESSAGES;
	channel->flag_first = tree_cell(node, "flags", 0);
	channel->flag_last = tree_cell(node, "flags", 1);
	channel->flags_at = tree_property_at(node, "flags");
}

void read_channels(struct model *model, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		model->channels = util_grow(model->channels,
					    model->channel_count,
					    sizeof(*model->channels));
		read_one(model, &model->channels[model->channel_count], node);
		model->channel_count++;
	}
}
