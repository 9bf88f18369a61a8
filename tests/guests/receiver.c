/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers `sender` (messages on SINT 2 from port 0x20, events on SINT 3,
 * flags 8 to 11) on connection 0x30, and takes what `flooder` sends (SINT 4,
 * port 0x21; SINT 5). Says at the end whether all came as it should.
 */
#include "lib/synic.h"

#define VECTOR 0x60		/* and the SINT */
#define END 9
#define NO_BUFFERS 0x13

static struct message m;
static uint64_t next;		/* number of the next message */
static unsigned bad, floods, flood_events, events, answers_lost;

static void on_sint(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

/* A sender that is still sending takes no answers: they wait their turn. */
static void answer(uint64_t word)
{
	uint64_t status = synic_post_word(0x30, word);

	while (status == NO_BUFFERS) {
		cpu_pause();
		status = synic_post_word(0x30, word);
	}
	answers_lost += status != 0;
}

/* True: it was the last one. */
static bool take_message(void)
{
	bad += m.size != 8 || m.origin != 0x20;
	if (m.type == 1) {
		bad += m.payload[0] != next;
		next++;
		answer(m.payload[0]);
	}
	return m.type == END;
}

static void take_events(void)
{
	for (unsigned flag = 0; flag < 4; flag++) {
		if (synic_take_flag(3, 8 + flag)) {
			events++;
			answer(0x1000 + flag);
		}
	}
}

static void take_flood(void)
{
	while (synic_take(4, &m)) {
		floods++;
		bad += m.origin != 0x21 || m.size != 240 || m.type != 0xf100d;
		if (synic_slot(2)->type != 0) {
			return;		/* first come first */
		}
	}
	flood_events += synic_take_flag(5, 2047);
}

static bool take_all(void)
{
	while (synic_take(2, &m)) {
		if (take_message()) {
			return true;
		}
	}
	take_events();
	take_flood();
	return false;
}

static bool anything(void)
{
	return synic_slot(2)->type != 0 || synic_slot(4)->type != 0
		|| sief_pages[0][3 * 256 + 1] != 0;
}

void guest_main(void)
{
	apic_enable(true);
	hypercall_enable();
	for (unsigned sint = 2; sint <= 5; sint++) {
		irq_handlers[VECTOR + sint] = on_sint;
		wrmsr(MSR_SINT(sint), VECTOR + sint);
	}
	synic_enable();
	while (!take_all()) {
		if (!anything()) {
			wait_interrupt();
		}
	}
	check(bad == 0 && answers_lost == 0, "all-came-in-order",
	      "%u, %u answers lost", bad, answers_lost);
	check(next >= 516 && events == 4, "all-came", "%lu %u", next, events);
	print("taken: %lu messages, %u events, %u floods, %u flood events\n",
	      next, events, floods, flood_events);
}
