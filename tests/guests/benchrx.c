/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers `benchtx`, each message by a message and each event by an event. On
 * an LP that both share it never sleeps, and says how long after the first
 * instruction of its slot a message's interrupt comes.
 */
#include "lib/synic.h"

#define VECTOR 0x61

static volatile uint64_t at;
static volatile unsigned came;

static void on_sint(struct trap_frame *f)
{
	(void)f;
	at = rdtsc();
	came = came + 1;
	apic_eoi();
}

static void answer(void)
{
	static struct message m;

	while (synic_take(2, &m)) {
		if (m.type == 1) {
			(void)synic_post(0x30, 1, 8, m.payload);
		}
	}
	if (synic_take_flag(3, 0)) {
		(void)synic_signal(0x31, 0);
	}
}

/* Where time jumps a slot begins; least of each kind that was seen. */
static void watch_slots(void)
{
	uint64_t plain = ~0ull, with = ~0ull, last = rdtsc();
	unsigned seen = came, told = 0;

	interrupts_on();
	for (;;) {
		uint64_t now = rdtsc();

		if (came != seen) {
			seen = came;
			if (at - last < with && at - last > 20000) {
				with = at - last;
			}
			interrupts_off();
			answer();
			interrupts_on();
			now = rdtsc();
		} else if (now - last > 20000 && now - last < plain) {
			plain = now - last;
		}
		last = now;
		if (seen > 250 && told == 0 && plain != ~0ull
		    && with != ~0ull) {
			told = 1;
			print("bench slot-to-handler min %lu avg %lu max "
			      "%lu\n", with - plain, with - plain,
			      with - plain);
		}
	}
}

void guest_main(void)
{
	apic_enable(true);
	irq_handlers[VECTOR] = on_sint;
	hypercall_enable();
	wrmsr(MSR_SINT(2), VECTOR);
	wrmsr(MSR_SINT(3), VECTOR);
	synic_enable();
	/* The spec tells by the number of VPs. */
	if (cpuid(0x40000005, 0).eax == 2) {
		watch_slots();
	}
	for (;;) {
		answer();
		if (synic_slot(2)->type == 0 && sief_pages[0][3 * 256] == 0) {
			wait_interrupt();
		}
	}
}
