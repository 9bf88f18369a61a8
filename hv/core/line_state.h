/* SPDX-License-Identifier: Apache-2.0 */
/* Run-time state of a physical interrupt line. */
#ifndef CORE_LINE_STATE_H
#define CORE_LINE_STATE_H

#include "lib/types.h"

/* Why it is masked at the machine's IOAPIC; 0: it is not. */
#define LINE_HELD 1u		/* by line_mask(): until line_unmask() */
#define LINE_DEFERRED 2u	/* until its owner's slot */

struct line_state {
	uint32_t reasons;	/* LINE_* */
};

extern struct line_state line_states[];

#endif
