/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cyclic plan of an LP. Slot ends are sums of slot lengths from one
 * start that all LPs share: no drift, whatever a slot overruns. An LP with
 * one VP and no plan has a single slot that never ends. A VP that is not
 * alive has a slot, but no registers: another LP may be making it anew.
 */
#include "core/line.h"
#include "cpu/tsc.h"
#include "run/run.h"

/* The longest piece of work that must not reach into the next slot; in slots
 * that are shorter than that it begins in their first half. */
#define LONG_MAX_US 20u

static uint64_t schedule_epoch;

void schedule_set_start(uint64_t tsc)
{
	schedule_epoch = tsc;
}

static void schedule_set_end(struct lp *lp, uint64_t us)
{
	uint32_t length_us =
		lp_configs[lp->index].slots[lp->slot].length_us;

	lp->slot_end_us = us;
	lp->slot_end = schedule_epoch + tsc_from_us(us);
	lp->long_end = lp->slot_end -
		       tsc_from_us(length_us / 2 < LONG_MAX_US ? length_us / 2
							       : LONG_MAX_US);
}

struct vp *schedule_current(const struct lp *lp)
{
	return lp->current_vp == CONFIG_NONE ? NULL
					     : &vp_table[lp->current_vp];
}

static void schedule_switch(struct lp *lp, uint32_t vp)
{
	struct vp *old = schedule_current(lp);
	uint64_t now = tsc_read();

	if (lp->current_vp == vp) {
		return;
	}
	if (old != NULL) {
		old->run_ticks += now - old->run_since;
	}
	if (old != NULL && vp_state_is_alive(old->state)) {
		vcpu_save(&old->vcpu);
	}
	__atomic_store_n(&lp->current_vp, vp, __ATOMIC_SEQ_CST);
	if (vp != CONFIG_NONE) {
		vp_table[vp].run_since = now;
		if (vp_state_is_alive(vp_table[vp].state)) {
			vcpu_load(&vp_table[vp].vcpu);
		}
		line_resume(vp_table[vp].partition, lp->index);
	}
}

void schedule_start(struct lp *lp)
{
	const struct lp_config *config = &lp_configs[lp->index];

	lp->slot = 0;
	lp->slot_end = UINT64_MAX;
	lp->long_end = UINT64_MAX;
	if (config->slot_count == 0) {
		return;
	}
	if (config->slots[0].length_us != 0) {
		schedule_set_end(lp, config->slots[0].length_us);
	}
	schedule_switch(lp, config->slots[0].vp);
}

/* Whole cycles late (a debugger, an SMI): skips them at once. */
static void schedule_skip(struct lp *lp, const struct lp_config *config,
			  uint64_t now)
{
	uint64_t cycle_us = 0;
	uint64_t cycle;

	for (uint32_t i = 0; i < config->slot_count; i++) {
		cycle_us += config->slots[i].length_us;
	}
	/* Rounded up: one too few is made good in schedule_next(). */
	cycle = tsc_from_us(cycle_us) + 1;
	if (now - lp->slot_end >= cycle) {
		schedule_set_end(lp, lp->slot_end_us +
				 (now - lp->slot_end) / cycle * cycle_us);
	}
}

void schedule_next(struct lp *lp, uint64_t now)
{
	const struct lp_config *config = &lp_configs[lp->index];

	schedule_skip(lp, config, now);
	while (lp->slot_end <= now) {
		lp->slot = lp->slot + 1 < config->slot_count ? lp->slot + 1 : 0;
		schedule_set_end(lp, lp->slot_end_us +
				 config->slots[lp->slot].length_us);
	}
	schedule_switch(lp, config->slots[lp->slot].vp);
}
