/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends to `receiver` what is right and what is wrong: messages that are
 * answered, one after the other; more than fit; events. Connections: 0x10
 * messages, 0x11 four event flags. Answers come to SINT 2.
 */
#include "lib/synic.h"

#define VECTOR 0x61
#define ROUNDS 500u
#define BURST 40u
#define END 9

static void on_message(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

static uint64_t wait_answer(void)
{
	static struct message m;

	while (!synic_take(2, &m)) {
		wait_interrupt();
	}
	return m.payload[0];
}

static void expect(const char *name, uint64_t status, uint64_t wanted)
{
	check(status == wanted, name, "status %lx", status);
}

static void test_statuses(void)
{
	static uint64_t page[1024] __attribute__((aligned(4096)));
	uint64_t word = 0;

	expect("post-unknown", synic_post(0x12, 1, 8, &word), 0x12);
	expect("post-port-id", synic_post(0x20, 1, 8, &word), 0x12);
	expect("post-high-bits", synic_post(0x1000010, 1, 8, &word), 0x12);
	expect("post-to-events", synic_post(0x11, 1, 8, &word), 0x11);
	expect("post-too-large", synic_post(0x10, 1, 241, 0), 5);
	expect("post-type-0", synic_post(0x10, 0, 8, &word), 5);
	expect("post-hypervisor-type", synic_post(0x10, 0x80000010, 8, &word),
	       5);
	page[0] = 1ull << 32 | 0x10;
	page[1] = 8ull << 32 | 1;
	expect("post-reserved", hypercall(0x5c, (uint64_t)page, 0), 5);
	expect("post-fast", hypercall(0x1005c, (uint64_t)page, 0), 3);
	expect("post-misaligned", hypercall(0x5c, (uint64_t)page + 4, 0), 4);
	expect("post-crosses-page", hypercall(0x5c, (uint64_t)page + 3848, 0),
	       4);
	expect("post-no-ram", hypercall(0x5c, 0x40000000, 0), 5);
	expect("signal-unknown", synic_signal(0x13, 0), 0x12);
	expect("signal-to-messages", synic_signal(0x10, 0), 0x11);
	expect("signal-flag", synic_signal(0x11, 4), 5);
	expect("signal-reserved", synic_signal(0x11, 0x10000), 5);
}

static void test_rounds(void)
{
	uint64_t most = 0, sum = 0;
	unsigned bad = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t t = rdtsc();

		bad += synic_post_word(0x10, i) != 0;
		bad += wait_answer() != i;
		t = rdtsc() - t;
		sum += t;
		most = t > most ? t : most;
	}
	check(bad == 0, "rounds", "%u", bad);
	print("rounds %u avg %lu max %lu\n", ROUNDS, sum / ROUNDS, most);
}

/* What is refused was not sent; what was accepted comes, in order. */
static void test_burst(void)
{
	unsigned accepted = 0, refused = 0, bad = 0;
	uint64_t word = ROUNDS;

	for (unsigned i = 0; i < BURST; i++) {
		uint64_t status = synic_post(0x10, 1, 8, &word);

		if (status == 0) {
			accepted++;
			word++;
		} else if (status == 0x13) {
			refused++;
		} else {
			bad++;
		}
	}
	for (unsigned i = 0; i < accepted; i++) {
		bad += wait_answer() != ROUNDS + i;
	}
	check(bad == 0 && accepted >= 16, "burst", "%u bad, %u accepted", bad,
	      accepted);
	print("burst: %u accepted, %u refused\n", accepted, refused);
}

static void test_events(void)
{
	unsigned bad = 0;

	for (unsigned flag = 0; flag < 4; flag++) {
		bad += synic_signal(0x11, flag) != 0;
		bad += wait_answer() != 0x1000 + flag;
	}
	check(bad == 0, "events", "%u", bad);
}

void guest_main(void)
{
	uint64_t word = 0;

	apic_enable(true);
	irq_handlers[VECTOR] = on_message;
	hypercall_enable();
	synic_enable();
	wrmsr(MSR_SINT(2), VECTOR);
	/* Type 2: it is there. */
	while (synic_post(0x10, 2, 8, &word) != 0) {
		cpu_pause();
	}
	test_statuses();
	test_rounds();
	test_burst();
	test_events();
	expect("end", synic_post(0x10, END, 8, &word), 0);
}
