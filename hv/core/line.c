/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines: why each is masked. The LP that a line goes to masks it, an EOI on
 * any LP unmasks it: reasons change, and the machine's IOAPIC with them,
 * under one lock.
 */
#include "core/line.h"
#include "core/line_state.h"
#include "cpu/ioapic_regs.h"
#include "lib/spinlock.h"

static struct spinlock line_lock;

void line_start_all(void)
{
	ioapic_regs_start();
	for (uint32_t i = 0; i < line_count; i++) {
		const struct line_config *l = &line_configs[i];

		ioapic_regs_route(l->gsi, l->vector,
				  lp_configs[l->lp].apic_id, l->level != 0,
				  l->active_low != 0);
		line_states[i].reasons = LINE_HELD;
	}
}

uint32_t line_of_vector(uint8_t vector)
{
	uint32_t line = (uint32_t)vector - LINE_VECTOR_FIRST;

	return line < line_count ? line : CONFIG_NONE;
}

uint32_t line_of_pin(uint32_t partition, uint32_t pin)
{
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == partition &&
		    line_configs[i].pin == pin) {
			return i;
		}
	}
	return CONFIG_NONE;
}

/* The machine's IOAPIC is slow: it is written only where that matters. */
static void line_change(uint32_t line, uint32_t clear, uint32_t set)
{
	struct line_state *state = &line_states[line];
	uint32_t before;

	spinlock_take(&line_lock);
	before = state->reasons;
	state->reasons = (before & ~clear) | set;
	if ((before == 0) != (state->reasons == 0)) {
		ioapic_regs_set_mask(line_configs[line].gsi,
				     state->reasons != 0);
	}
	spinlock_give(&line_lock);
}

void line_mask(uint32_t line)
{
	line_change(line, 0, LINE_HELD);
}

void line_unmask(uint32_t line)
{
	line_change(line, LINE_HELD, 0);
}

void line_defer(uint32_t line)
{
	line_change(line, 0, LINE_DEFERRED);
}

void line_resume(uint32_t partition, uint32_t lp)
{
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == partition &&
		    line_configs[i].lp == lp &&
		    (line_states[i].reasons & LINE_DEFERRED) != 0) {
			line_change(i, LINE_DEFERRED, 0);
		}
	}
}

void line_close(uint32_t partition)
{
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == partition) {
			line_change(i, LINE_DEFERRED, LINE_HELD);
		}
	}
}
