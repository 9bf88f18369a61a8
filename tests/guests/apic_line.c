/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line from outside, edge and level, through the partition's IOAPIC: that
 * of a UART, which the guest raises by wanting to know that there is nothing
 * to send. Part of the guest apic.
 */
#include "apic.h"

#define UART 0x2f8
#define PIN 3

#define ENTRY_LOWEST 0x100u
#define ENTRY_NMI 0x400u
#define ENTRY_LOGICAL 0x800u
#define ENTRY_REMOTE_IRR 0x4000u
#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u

#define IOAPIC 0xfec00000ull
#define IOAPIC_EOI 0x40

static uint32_t ioapic_read(uint32_t reg)
{
	volatile uint32_t *p = (volatile uint32_t *)IOAPIC;

	p[0] = reg;
	return p[4];
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *p = (volatile uint32_t *)IOAPIC;

	p[0] = reg;
	p[4] = value;
}

static uint32_t pin(void)
{
	return ioapic_read(0x10 + 2 * PIN);
}

static void program_pin(uint32_t destination, uint32_t low)
{
	ioapic_write(0x11 + 2 * PIN, destination << 24);
	ioapic_write(0x10 + 2 * PIN, low);
}

/* Transmitter empty: it asks as long as nobody reads why. */
static void line_up(void)
{
	outb(UART + 1, 2);
}

static void line_down(void)
{
	outb(UART + 1, 0);
	(void)inb(UART + 2);
}

static void pulse(void)
{
	line_up();
	line_down();
}

/* Waits until this VP's APIC has it; interrupts stay off. */
static bool wait_irr(unsigned vector)
{
	uint64_t end = rdtsc() + tsc_hz() * PATIENCE_S;

	while (!apic_bit(APIC_IRR, vector)) {
		if (rdtsc() > end) {
			return false;
		}
	}
	return true;
}

static void test_edge(void)
{
	uint32_t found = 0;

	program_pin(smp_locals[3].apic_id, VECTOR_A);
	for (unsigned i = 0; i < 3; i++) {
		line_up();
		(void)wait_count(&hits[3][VECTOR_A], 1);
		/* It is still up: that alone is no second one. */
		found |= reached(VECTOR_A) ^ 1u << 3;
		line_down();
		found |= reached(VECTOR_A);
	}
	check_mask(found, 0, "edge-each-rise-once");
	program_pin(smp_locals[0].apic_id, VECTOR_A);
	line_up();
	check(wait_irr(VECTOR_A) && !apic_bit(APIC_TMR, VECTOR_A) &&
	      (pin() & ENTRY_REMOTE_IRR) == 0, "edge-no-remote-irr", "%x",
	      pin());
	line_down();
	check_mask(reached(VECTOR_A), 1, "edge-to-another-vp");
	/* A rise while the pin is masked is lost, the next one is not. */
	program_pin(smp_locals[0].apic_id, ENTRY_MASKED | VECTOR_A);
	pulse();
	check_mask(reached(VECTOR_A), 0, "edge-masked");
	program_pin(smp_locals[0].apic_id, VECTOR_A);
	pulse();
	check(wait_irr(VECTOR_A), "edge-unmasked", "%x", pin());
	check_mask(reached(VECTOR_A), 1, "edge-unmasked-once");
}

static volatile uint32_t seen_in_service;

static void look(struct trap_frame *f)
{
	seen_in_service = pin();
	hits[0][f->vector]++;
	apic_eoi();
}

/* The pin as level: in service from the acceptance to the EOI. */
static void test_level(void)
{
	irq_handler_t before = irq_handlers[VECTOR_B];

	irq_handlers[VECTOR_B] = look;
	program_pin(smp_locals[0].apic_id, ENTRY_LEVEL | VECTOR_B);
	check((pin() & ENTRY_REMOTE_IRR) == 0, "level-starts-idle", "%x",
	      pin());
	pulse();
	check(wait_irr(VECTOR_B) && apic_bit(APIC_TMR, VECTOR_B),
	      "level-tmr", "%x", apic_read(APIC_TMR + 0x20));
	check((pin() & ENTRY_REMOTE_IRR) != 0, "level-remote-irr", "%x",
	      pin());
	open_window();
	check(hits[0][VECTOR_B] == 1 &&
	      (seen_in_service & ENTRY_REMOTE_IRR) != 0 &&
	      (pin() & ENTRY_REMOTE_IRR) == 0, "level-eoi-ends-it",
	      "%x then %x", seen_in_service, pin());
	clear_counts();
	pulse();
	check(wait_irr(VECTOR_B), "level-again", "%x", pin());
	open_window();
	/* The EOI that went to the IOAPIC was one of a level vector only. */
	check(hits[0][VECTOR_B] == 1, "level-once-each", "%u",
	      hits[0][VECTOR_B]);
	irq_handlers[VECTOR_B] = before;
	clear_counts();
	/* By the IOAPIC's own EOI register; by a change to edge. */
	write_cr8(15);
	pulse();
	(void)wait_irr(VECTOR_B);
	*(volatile uint32_t *)(IOAPIC + IOAPIC_EOI) = VECTOR_C;
	check((pin() & ENTRY_REMOTE_IRR) != 0, "ioapic-eoi-of-another", "%x",
	      pin());
	*(volatile uint32_t *)(IOAPIC + IOAPIC_EOI) = VECTOR_B;
	check((pin() & ENTRY_REMOTE_IRR) == 0, "ioapic-eoi", "%x", pin());
	write_cr8(0);
	check_mask(reached(VECTOR_B), 1, "level-accepted-is-served");
	write_cr8(15);
	pulse();
	(void)wait_irr(VECTOR_B);
	program_pin(smp_locals[0].apic_id, VECTOR_B);
	check((pin() & ENTRY_REMOTE_IRR) == 0, "edge-ends-remote-irr", "%x",
	      pin());
	write_cr8(0);
	(void)reached(VECTOR_B);
}

/* A vector below 16 on its way in: the receiver's error. */
static void test_illegal(void)
{
	uint64_t end = rdtsc() + tsc_hz() * PATIENCE_S;
	uint32_t esr = 0;

	(void)take_esr();
	program_pin(smp_locals[0].apic_id, 7);
	pulse();
	while (esr == 0 && rdtsc() < end) {
		esr = take_esr();
	}
	check(esr == 0x40 && !apic_bit(APIC_IRR, 7), "line-illegal-vector",
	      "%x", esr);
}

static void test_kinds(void)
{
	uint32_t set = 0x2c;

	for (unsigned i = 0; i < vps && !apic_is_x2(); i++) {
		write_by(i, APIC_LDR, 0x1000000u << i);
	}
	program_pin(logical_of(set), ENTRY_LOGICAL | VECTOR_C);
	pulse();
	for (unsigned i = 0; i < vps; i++) {
		if ((set >> i & 1) != 0) {
			(void)wait_count(&hits[i][VECTOR_C], 1);
		}
	}
	check_mask(reached(VECTOR_C), set, "line-logical");
	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_TPR, i == 3 ? 0 : 0x10);
	}
	program_pin(logical_of(set), ENTRY_LOGICAL | ENTRY_LOWEST | VECTOR_C);
	pulse();
	(void)wait_count(&hits[3][VECTOR_C], 1);
	check_mask(reached(VECTOR_C), 1u << 3, "line-lowest");
	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_TPR, 0);
	}
	program_pin(smp_locals[6].apic_id, ENTRY_NMI);
	pulse();
	check_mask(reached_by_nmi(1u << 6), 1u << 6, "line-nmi");
	program_pin(0xff, VECTOR_C);
	pulse();
	for (unsigned i = 0; i < vps; i++) {
		(void)wait_count(&hits[i][VECTOR_C], 1);
	}
	check_mask(reached(VECTOR_C), all, "line-broadcast");
}

void test_line(void)
{
	outb(UART + 1, 0);
	outb(UART + 3, 3);		/* 8N1 */
	outb(UART + 2, 0);		/* no FIFO */
	outb(UART + 4, 0xb);		/* DTR RTS OUT2: the line is on */
	(void)inb(UART + 2);
	check((inb(UART + 5) & 0x60) == 0x60, "uart-is-empty", "%x",
	      inb(UART + 5));
	test_edge();
	test_level();
	test_illegal();
	test_kinds();
	program_pin(0, ENTRY_MASKED);
	line_down();
}
