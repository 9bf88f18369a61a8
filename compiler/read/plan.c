/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, and the whole model in the order in which its parts refer. */
#include "read/read.h"

static void read_slots(struct model *model, struct model_plan *plan, int node)
{
	int count = tree_cell_count(node, "slots") / 3;
	int i;

	for (i = 0; i < count; i++) {
		struct model_slot *slot;

		plan->slots = util_grow(plan->slots, plan->slot_count,
					sizeof(*plan->slots));
		slot = &plan->slots[plan->slot_count++];
		slot->partition = MODEL_NONE;
		slot->idle = tree_cell(node, "slots", 3 * i) == 0;
		if (!slot->idle) {
			slot->partition = read_partition(model, node, "slots",
							 3 * i);
		}
		slot->vp = tree_cell(node, "slots", 3 * i + 1);
		slot->length_us = tree_cell(node, "slots", 3 * i + 2);
	}
}

void read_plans(struct model *model, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		struct model_plan *plan;

		model->plans = util_grow(model->plans, model->plan_count,
					 sizeof(*model->plans));
		plan = &model->plans[model->plan_count++];
		plan->name = tree_name(node);
		plan->at = tree_at(node);
		plan->slots_at = tree_property_at(node, "slots");
		plan->lp_at = tree_property_at(node, "lp");
		plan->lp = MODEL_NONE;
		if (tree_cell_count(node, "lp") == 1) {
			plan->lp = read_lp(model, node, "lp", 0);
		}
		read_slots(model, plan, node);
	}
}

void read_model(struct model *model)
{
	int root = tree_root();

	read_machine(&model->machine, tree_child(root, "machine"));
	read_profiles(model, tree_child(root, "profiles"));
	read_partitions(model, tree_child(root, "partitions"));
	read_plans(model, tree_child(root, "plan"));
	read_channels(model, tree_child(root, "channels"));
}
