/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines: a few flags a line, written by the LP that the line goes to, but
 * for the EOI of a level line, which may come from another LP: the mask is
 * set and cleared under the lock of the machine's IOAPIC.
 */
#include "core/line.h"
#include "core/line_state.h"
#include "cpu/ioapic_regs.h"
#include "lib/bits.h"

void line_start_all(void)
{
	ioapic_regs_start();
	for (uint32_t i = 0; i < line_count; i++) {
		const struct line_config *l = &line_configs[i];

		ioapic_regs_route(l->gsi, l->vector,
				  lp_configs[l->lp].apic_id, l->level != 0,
				  l->active_low != 0);
		line_states[i].masked = 1;
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

void line_mask(uint32_t line)
{
	__atomic_store_n(&line_states[line].masked, 1, __ATOMIC_SEQ_CST);
	ioapic_regs_set_mask(line_configs[line].gsi, true);
}

void line_unmask(uint32_t line)
{
	__atomic_store_n(&line_states[line].masked, 0, __ATOMIC_SEQ_CST);
	ioapic_regs_set_mask(line_configs[line].gsi, false);
}

bool line_is_masked(uint32_t line)
{
	return __atomic_load_n(&line_states[line].masked, __ATOMIC_SEQ_CST) !=
	       0;
}

void line_defer(uint32_t line)
{
	line_mask(line);
	line_states[line].deferred = 1;
}

void line_resume(uint32_t partition)
{
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == partition &&
		    line_states[i].deferred != 0) {
			line_states[i].deferred = 0;
			line_unmask(i);
		}
	}
}

void line_close(uint32_t partition)
{
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == partition) {
			line_states[i].deferred = 0;
			line_mask(i);
		}
	}
}
