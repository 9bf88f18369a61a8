/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes NMIs: the first while it halts, the second while it runs with
 * interrupts off, and so on in turn; says each one.
 */
#include "lib/guest.h"

static volatile unsigned taken;

static void take(struct trap_frame *f)
{
	taken = taken + 1;
	print("nmi %u at cs %lx\n", taken, f->cs);
}

void guest_main(void)
{
	irq_handlers[VECTOR_NMI] = take;
	print("ready for nmi\n");
	for (;;) {
		unsigned before = taken;

		if ((before & 1) == 0) {
			wait_interrupt();
		}
		while ((before & 1) != 0 && taken == before) {
			cpu_pause();
		}
	}
}
