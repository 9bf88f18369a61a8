/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UARTs at the four places of a PC: found, set to 115200 8N1, all of them
 * written to. Each has the line of the PICs that its interrupt raises; the
 * PICs' masks keep that from the processor.
 */
#include "image.h"

#define DATA 0
#define IER 1
#define IER_THRE 2
#define IIR 2
#define FCR 2
#define LCR 3
#define LCR_8N1 3
#define LCR_DIVISOR 0x80
#define MCR 4
#define MCR_LOOP 0x10
#define MCR_ON 0x0b		/* DTR, RTS, OUT2: the interrupt's gate */
#define LSR 5
#define LSR_DATA 1
#define LSR_EMPTY 0x20
#define SCRATCH 7
#define DEBUG_PORT 0xe9
#define TRIES 100000u

static const uint16_t bases[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
#define BASES (sizeof(bases) / sizeof(bases[0]))
static bool found[BASES];
static uint16_t lines[BASES];

static bool has_scratch(uint16_t base, uint8_t value)
{
	out8((uint16_t)(base + SCRATCH), value);
	out8(0x80, 0);	/* the bus holds something else */
	return in8((uint16_t)(base + SCRATCH)) == value;
}

static void set_up(uint16_t base)
{
	out8((uint16_t)(base + IER), 0);
	out8((uint16_t)(base + LCR), LCR_DIVISOR | LCR_8N1);
	out8((uint16_t)(base + DATA), 1);
	out8((uint16_t)(base + IER), 0);
	out8((uint16_t)(base + LCR), LCR_8N1);
	out8((uint16_t)(base + FCR), 1);
	out8((uint16_t)(base + MCR), MCR_ON);
}

static void wait_empty(uint16_t base)
{
	unsigned i;

	for (i = 0; i < TRIES; i++) {
		if (in8((uint16_t)(base + LSR)) & LSR_EMPTY) {
			return;
		}
	}
}

/* From the begin: every latched line is forgotten, every line masked. */
static void start_pics(void)
{
	out8(0x20, 0x11);
	out8(0xa0, 0x11);
	out8(0x21, 0x20);
	out8(0xa1, 0x28);
	out8(0x21, 4);
	out8(0xa1, 2);
	out8(0x21, 1);
	out8(0xa1, 1);
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
}

/* The lines that were raised since then (OCW3: read the IRR). */
static unsigned raised(void)
{
	unsigned low, high;

	out8(0x20, 0x0a);
	out8(0xa0, 0x0a);
	low = in8(0x20);
	high = in8(0xa0);
	return high << 8 | low;
}

static void pause_us(unsigned us)
{
	for (; us > 0; us--) {
		out8(0x80, 0);
	}
}

/* What is raised in every one of a few tries, and not before, is its line. */
static uint16_t find_line(uint16_t base)
{
	unsigned line = 0xffff;
	unsigned before, i;

	wait_empty(base);
	for (i = 0; i < 8; i++) {
		start_pics();
		pause_us(100);
		before = raised();
		out8((uint16_t)(base + IER), IER_THRE);
		pause_us(100);
		line &= raised() & ~before;
		out8((uint16_t)(base + IER), 0);
		in8((uint16_t)(base + IIR));
		pause_us(100);
	}
	/* Line 2 is that of the second PIC. */
	return (uint16_t)(line & ~4u);
}

void uart_find(void)
{
	unsigned i;

	for (i = 0; i < BASES; i++) {
		found[i] = has_scratch(bases[i], 0x5a) &&
			   has_scratch(bases[i], 0xa5);
		if (found[i]) {
			set_up(bases[i]);
			lines[i] = find_line(bases[i]);
		}
	}
}

void uart_print_all(void)
{
	unsigned i;

	for (i = 0; i < BASES; i++) {
		if (found[i]) {
			line_begin("uart");
			line_number(bases[i]);
			line_number(lines[i]);
			line_end();
		}
	}
}

void uart_write(char c)
{
	unsigned i;

	out8(DEBUG_PORT, (uint8_t)c);
	for (i = 0; i < BASES; i++) {
		if (found[i]) {
			wait_empty(bases[i]);
			out8((uint16_t)(bases[i] + DATA), (uint8_t)c);
		}
	}
}

void uart_wait_key(void)
{
	unsigned i;

	for (;;) {
		for (i = 0; i < BASES; i++) {
			if (found[i] && (in8((uint16_t)(bases[i] + LSR)) &
					 LSR_DATA)) {
				in8((uint16_t)(bases[i] + DATA));
				return;
			}
		}
		__asm__ volatile("pause");
	}
}
