/* SPDX-License-Identifier: Apache-2.0 */
/* Run-time state of a physical interrupt line. */
#ifndef CORE_LINE_STATE_H
#define CORE_LINE_STATE_H

#include "lib/types.h"

struct line_state {
	volatile uint32_t masked;	/* at the machine's IOAPIC */
	uint32_t deferred;		/* masked until its owner's slot */
};

extern struct line_state line_states[];

#endif
