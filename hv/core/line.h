/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical interrupt lines: each belongs to one partition (line_configs[]).
 * Edge lines are acknowledged at once; a level line is masked at the
 * machine's IOAPIC until its owner's EOI.
 */
#ifndef CORE_LINE_H
#define CORE_LINE_H

#include "config/config.h"
#include "lib/types.h"

/* Programs the machine's IOAPIC: every line masked but those of the spec. */
void line_start_all(void);
/* Line of a physical vector, CONFIG_NONE if it is no line's. */
uint32_t line_of_vector(uint8_t vector) must_use;
/* Line that drives a pin of a partition's IOAPIC, or CONFIG_NONE. */
uint32_t line_of_pin(uint32_t partition, uint32_t pin) must_use;
void line_mask(uint32_t line);
void line_unmask(uint32_t line);
/*
 * The line fired while no VP of its owner was on its LP: it stays masked
 * until line_resume(), whatever another VP of the owner does to it meanwhile,
 * so that it takes no more than one interrupt's time from whoever has the
 * slot.
 */
void line_defer(uint32_t line);
/* The owner's slot starts on an LP: deferred lines that go there are open. */
void line_resume(uint32_t partition, uint32_t lp);
/* The partition ended for good: its devices are not heard any more. */
void line_close(uint32_t partition);

#endif
