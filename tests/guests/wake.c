/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STI and HLT: a timer that is due at any instruction around them wakes the
 * HLT. Under ICOUNT each deadline is one instruction later than the last, so
 * that every place between arming it and sleeping has its turn; a wake that
 * is lost is a guest that says no more.
 */
#include "lib/guest.h"

#define VECTOR_TIMER 0x40
#define SWEEP 8000

static volatile unsigned ticks;
static volatile uint64_t tick_rip;

static void tick(struct trap_frame *f)
{
	ticks = ticks + 1;
	tick_rip = f->rip;
	apic_eoi();
}

extern uint8_t wake_sti[], wake_hlt[], wake_after[];
void wake_sleep(void);
__asm__("wake_sleep:\n"
	"wake_sti: sti\n"
	"wake_hlt: hlt\n"
	"wake_after: cli\n"
	"ret\n");

void guest_main(void)
{
	unsigned before_halt = 0, early = 0;

	apic_enable(true);
	irq_handlers[VECTOR_TIMER] = tick;
	for (unsigned i = 0; i < SWEEP; i++) {
		uint64_t deadline = rdtsc() + i;

		ticks = 0;
		timer_arm_tsc(VECTOR_TIMER, deadline);
		wake_sleep();
		if (ticks != 1 || rdtsc() < deadline) {
			early++;
		}
		/* Interrupts were off till STI: it can only follow the HLT. */
		if (tick_rip != (uint64_t)wake_after) {
			before_halt++;
		}
	}
	check(early == 0, "wake-once-and-not-early", "%u", early);
	check(before_halt == 0, "wake-after-halt", "%u", before_halt);
}
