/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UART of its own at 0x3f8, whichever it really is: driven directly, its
 * interrupt through the partition's IOAPIC. Says each line that comes in
 * backwards, and how many interrupts brought it.
 */
#include "lib/guest.h"

#define UART 0x3f8
#define PIN 4
#define VECTOR_UART 0x50
#define LINE_MAX 64

static char line[LINE_MAX];
static volatile unsigned line_count;
static volatile bool line_ends;
static volatile unsigned interrupts;

static void uart_put(char c)
{
	while ((inb(UART + 5) & 0x20) == 0) {
	}
	outb(UART, (uint8_t)c);
}

static void uart_print(const char *s)
{
	for (; *s != 0; s++) {
		uart_put(*s);
	}
}

static void uart_number(unsigned n)
{
	if (n >= 10) {
		uart_number(n / 10);
	}
	uart_put((char)('0' + n % 10));
}

static void uart_interrupt(struct trap_frame *f)
{
	(void)f;
	interrupts = interrupts + 1;
	(void)inb(UART + 2);		/* IIR */
	while ((inb(UART + 5) & 1) != 0) {
		char c = (char)inb(UART);

		if (c == '\n') {
			line_ends = true;
		} else if (line_count < LINE_MAX) {
			line[line_count] = c;
			line_count = line_count + 1;
		}
	}
	apic_eoi();
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *p = (volatile uint32_t *)0xfec00000ull;

	p[0] = reg;
	p[4] = value;
}

static uint32_t ioapic_read(uint32_t reg)
{
	volatile uint32_t *p = (volatile uint32_t *)0xfec00000ull;

	p[0] = reg;
	return p[4];
}

static void start_uart(void)
{
	outb(UART + 1, 0);
	outb(UART + 3, 0x80);		/* divisor: 115200 */
	outb(UART, 1);
	outb(UART + 1, 0);
	outb(UART + 3, 3);		/* 8N1 */
	outb(UART + 2, 7);		/* FIFOs on, cleared */
	outb(UART + 4, 0xb);		/* DTR RTS OUT2 */
	outb(UART + 7, 0x5a);
	check(inb(UART + 7) == 0x5a, "uart-scratch", "%x", inb(UART + 7));
	outb(UART + 1, 1);		/* received data */
}

static void start_ioapic(void)
{
	check((ioapic_read(1) >> 16 & 0xff) == 23, "ioapic-pins", "%x",
	      ioapic_read(1));
	check((ioapic_read(0x10 + 2 * PIN) & 0x10000) != 0,
	      "pin-starts-masked", "%x", ioapic_read(0x10 + 2 * PIN));
	ioapic_write(0x11 + 2 * PIN, apic_id() << 24);
	ioapic_write(0x10 + 2 * PIN, VECTOR_UART);
	check(ioapic_read(0x10 + 2 * PIN) == VECTOR_UART, "pin-reads-back",
	      "%x", ioapic_read(0x10 + 2 * PIN));
}

void guest_main(void)
{
	apic_enable(true);
	irq_handlers[VECTOR_UART] = uart_interrupt;
	start_uart();
	start_ioapic();
	uart_print("uart of ");
	uart_print(guest_name);
	uart_print(failed_count == 0 ? ": ready\n" : ": FAIL\n");
	for (;;) {
		while (!line_ends) {
			wait_interrupt();
		}
		while (line_count > 0) {
			line_count = line_count - 1;
			uart_put(line[line_count]);
		}
		uart_print(" by ");
		uart_number(interrupts);
		uart_print(" interrupts\n");
		interrupts = 0;
		line_ends = false;
	}
}
