/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of who runs where and when. */
#include "check/check.h"

#define VP_MAX 64u
#define SLOT_MIN_US 10u
#define SLOT_MAX_US 1000000u

void check_vp_count(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (p->vp_count <= VP_MAX) {
			continue;
		}
		diag = diag_error("vp-count", p->vps_at,
				  "%s has %u VPs", p->name, p->vp_count);
		diag_fix(diag, "give it 64 or fewer");
	}
}

static const struct model_plan *plan_of(const struct model *model, uint32_t lp)
{
	uint32_t i;

	for (i = 0; i < model->plan_count; i++) {
		if (model->plans[i].lp == lp) {
			return &model->plans[i];
		}
	}
	return NULL;
}

static bool has_slot(const struct model_plan *plan, uint32_t partition,
		     uint32_t vp)
{
	uint32_t i;

	for (i = 0; i < plan->slot_count; i++) {
		if (plan->slots[i].partition == partition &&
		    plan->slots[i].vp == vp) {
			return true;
		}
	}
	return false;
}

/* A slot for it: where the plan's LP is another one, or none, that is said. */
static bool is_in_a_plan(const struct model *model, uint32_t partition,
			 uint32_t vp)
{
	uint32_t i;

	for (i = 0; i < model->plan_count; i++) {
		if (has_slot(&model->plans[i], partition, vp)) {
			return true;
		}
	}
	return false;
}

static void check_lp(const struct model *model, uint32_t lp)
{
	const struct model_partition *first = NULL;
	const char *lp_name = model->machine.lps[lp].name;
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->vp_count; j++) {
			struct diag *diag;

			if (p->vps[j].lp != lp) {
				continue;
			}
			if (first == NULL) {
				first = p;
				continue;
			}
			if (is_in_a_plan(model, i, j)) {
				continue;
			}
			diag = diag_error("plan-missing", p->vps[j].at,
					  "VP %u of %s runs on %s, which %s "
					  "has already", j, p->name, lp_name,
					  first->name);
			diag_note(diag, first->vps_at, "%s is given %s here",
				  first->name, lp_name);
			diag_fix(diag, "use another LP, or add a plan for %s",
				 lp_name);
		}
	}
}

void check_plan_missing(const struct model *model)
{
	uint32_t lp;

	for (lp = 0; lp < model->machine.lp_count; lp++) {
		if (plan_of(model, lp) == NULL) {
			check_lp(model, lp);
		}
	}
}

void check_plan_twice(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];
		const struct model_plan *first = plan_of(model, plan->lp);
		struct diag *diag;

		if (plan->lp == MODEL_NONE || first == plan) {
			continue;
		}
		diag = diag_error("plan-twice", plan->lp_at,
				  "%s has a plan already",
				  model->machine.lps[plan->lp].name);
		diag_note(diag, first->lp_at, "\"%s\" is the other",
			  first->name);
		diag_fix(diag, "make one plan of the two");
	}
}

void check_slot_vp(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];

		for (j = 0; j < plan->slot_count; j++) {
			const struct model_slot *slot = &plan->slots[j];
			const struct model_partition *p;
			struct diag *diag;

			if (slot->partition == MODEL_NONE) {
				continue;
			}
			p = &model->partitions[slot->partition];
			if (slot->vp < p->vp_count) {
				continue;
			}
			diag = diag_error("slot-vp", plan->slots_at,
					  "slot %u: %s has no VP %u", j,
					  p->name, slot->vp);
			diag_note(diag, p->vps_at, "%s has %u", p->name,
				  p->vp_count);
			diag_fix(diag, "VPs are numbered from 0");
		}
	}
}

void check_slot_lp(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];

		for (j = 0; j < plan->slot_count; j++) {
			const struct model_slot *slot = &plan->slots[j];
			const struct model_partition *p;
			struct diag *diag;
			uint32_t lp;

			if (slot->partition == MODEL_NONE ||
			    plan->lp == MODEL_NONE) {
				continue;
			}
			p = &model->partitions[slot->partition];
			lp = slot->vp < p->vp_count ? p->vps[slot->vp].lp :
			     MODEL_NONE;
			if (lp == MODEL_NONE || lp == plan->lp) {
				continue;
			}
			diag = diag_error("slot-lp", plan->slots_at,
					  "slot %u: VP %u of %s runs on %s, "
					  "not on %s", j, slot->vp, p->name,
					  model->machine.lps[lp].name,
					  model->machine.lps[plan->lp].name);
			diag_note(diag, p->vps_at, "%s is given its LPs here",
				  p->name);
			diag_fix(diag, "a VP runs on one LP; change \"vps\" "
				 "or the plan");
		}
	}
}

void check_slot_length(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];

		for (j = 0; j < plan->slot_count; j++) {
			uint32_t length = plan->slots[j].length_us;
			struct diag *diag;

			if (length >= SLOT_MIN_US && length <= SLOT_MAX_US) {
				continue;
			}
			diag = diag_error("slot-length", plan->slots_at,
					  "slot %u is %u us long", j, length);
			diag_fix(diag, "use %u to %u us", SLOT_MIN_US,
				 SLOT_MAX_US);
		}
	}
}

void check_vp_without_slot(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->vp_count; j++) {
			const struct model_plan *plan;
			struct diag *diag;

			plan = p->vps[j].lp == MODEL_NONE ? NULL :
			       plan_of(model, p->vps[j].lp);
			if (plan == NULL || is_in_a_plan(model, i, j)) {
				continue;
			}
			diag = diag_error("vp-without-slot", p->vps[j].at,
					  "VP %u of %s never runs: the plan "
					  "of %s has no slot for it", j,
					  p->name,
					  model->machine.lps[plan->lp].name);
			diag_note(diag, plan->slots_at, "the plan is here");
			diag_fix(diag, "add a slot <&%s %u MICROSECONDS>",
				 p->name, j);
		}
	}
}

void check_slot_idle(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];

		for (j = 0; j < plan->slot_count; j++) {
			const struct model_slot *slot = &plan->slots[j];
			struct diag *diag;

			if (!slot->idle || slot->vp == 0) {
				continue;
			}
			diag = diag_error("slot-idle", plan->slots_at,
					  "slot %u idles, but names VP %u", j,
					  slot->vp);
			diag_fix(diag, "name its partition <&partition %u "
				 "%u>, or write <0 0 %u>", slot->vp,
				 slot->length_us, slot->length_us);
		}
	}
}

void check_plan_idle(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->plan_count; i++) {
		const struct model_plan *plan = &model->plans[i];
		struct diag *diag;

		for (j = 0; j < plan->slot_count; j++) {
			if (!plan->slots[j].idle) {
				break;
			}
		}
		if (plan->slot_count == 0 || j < plan->slot_count) {
			continue;
		}
		diag = diag_error("plan-idle", plan->slots_at,
				  "no VP runs in the plan \"%s\"", plan->name);
		diag_fix(diag, "remove it: an LP without VPs idles by itself");
	}
}
