/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cyclic plan of an LP. Slot ends are sums of slot lengths from one
 * start that all LPs share: no drift, whatever a slot overruns. An LP with
 * one VP and no plan has a single slot that never ends.
 */
#include "core/line.h"
#include "cpu/tsc.h"
#include "run/run.h"

static uint64_t schedule_epoch;

void schedule_set_start(uint64_t tsc)
{
	schedule_epoch = tsc;
}

static uint64_t schedule_length(const struct lp_config *config, uint32_t slot)
{
	return tsc_from_us(config->slots[slot].length_us);
}

struct vp *schedule_current(const struct lp *lp)
{
	return lp->current_vp == CONFIG_NONE ? NULL
					     : &vp_table[lp->current_vp];
}

static void schedule_switch(struct lp *lp, uint32_t vp)
{
	struct vp *old = schedule_current(lp);

	if (lp->current_vp == vp) {
		return;
	}
	if (old != NULL) {
		vcpu_save(&old->vcpu);
	}
	__atomic_store_n(&lp->current_vp, vp, __ATOMIC_SEQ_CST);
	if (vp != CONFIG_NONE) {
		vcpu_load(&vp_table[vp].vcpu);
		line_resume(vp_table[vp].partition);
	}
}

void schedule_start(struct lp *lp)
{
	const struct lp_config *config = &lp_configs[lp->index];

	lp->slot = 0;
	lp->slot_end = UINT64_MAX;
	if (config->slot_count == 0) {
		return;
	}
	if (config->slots[0].length_us != 0) {
		lp->slot_end = schedule_epoch + schedule_length(config, 0);
	}
	schedule_switch(lp, config->slots[0].vp);
}

void schedule_next(struct lp *lp, uint64_t now)
{
	const struct lp_config *config = &lp_configs[lp->index];
	uint64_t cycle = 0;

	for (uint32_t i = 0; i < config->slot_count; i++) {
		cycle += schedule_length(config, i);
	}
	/* Whole cycles late (a debugger, an SMI): skip them at once. */
	if (now - lp->slot_end >= cycle) {
		lp->slot_end += (now - lp->slot_end) / cycle * cycle;
	}
	while (lp->slot_end <= now) {
		lp->slot = lp->slot + 1 < config->slot_count ? lp->slot + 1 : 0;
		lp->slot_end += schedule_length(config, lp->slot);
	}
	schedule_switch(lp, config->slots[lp->slot].vp);
}
