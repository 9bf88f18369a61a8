/* SPDX-License-Identifier: Apache-2.0 */
/* Channels, and which of them brings messages to a SINT of a VP. */
#include "emit/emit.h"

void emit_channels(FILE *out, const struct model *model)
{
	uint32_t i;

	fprintf(out, "const struct channel_config channel_configs[] = {\n");
	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];

		fprintf(out, "\t{ .from = %u, .connection = 0x%x, .vp = %u, "
			".port = 0x%x,\n\t  .kind = %s, .sint = %u, "
			".flag_first = %u, .flag_count = %u,\n\t  .where = ",
			c->from, (uint32_t)c->connection.v,
			model->partitions[c->to].vp_first +
			(uint32_t)c->vp.v, (uint32_t)c->port.v,
			c->kind == CHANNEL_EVENTS ? "CHANNEL_EVENTS" :
			"CHANNEL_MESSAGES", (uint32_t)c->sint.v,
			c->flag_first, c->has_flags ?
			c->flag_last - c->flag_first + 1 : 0);
		emit_string(out, source_text(c->at));
		fprintf(out, " },\n");
	}
	if (model->channel_count == 0) {
		fprintf(out, "\t{ 0 }\t/* C has no empty arrays */\n");
	}
	fprintf(out, "};\nconst uint32_t channel_count = %u;\n\n",
		model->channel_count);
}

static uint32_t channel_of(const struct model *model, uint32_t partition,
			   uint32_t vp, uint32_t sint)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];

		if (c->kind == CHANNEL_MESSAGES && c->to == partition &&
		    c->vp.v == vp && c->sint.v == sint) {
			return i;
		}
	}
	return MODEL_NONE;
}

void emit_sints(FILE *out, const struct model *model, uint32_t partition,
		uint32_t vp)
{
	uint32_t sint;

	fprintf(out, "\t  .sint_channel = {");
	for (sint = 0; sint < SINT_COUNT; sint++) {
		uint32_t channel = channel_of(model, partition, vp, sint);

		if (channel == MODEL_NONE) {
			fprintf(out, "%s CONFIG_NONE,",
				sint % 4 == 0 ? "\n\t\t" : "");
		} else {
			fprintf(out, "%s %u,", sint % 4 == 0 ? "\n\t\t" : "",
				channel);
		}
	}
	fprintf(out, " } },\n");
}
