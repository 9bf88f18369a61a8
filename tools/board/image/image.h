/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the capture image share. */
#ifndef BOARD_IMAGE_H
#define BOARD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t read_tsc(void)
{
	uint64_t value;

	__asm__ volatile("rdtsc" : "=A"(value));
	return value;
}

/* line.c: a line "#b WORD NUMBER ... #CHECKSUM", numbers in hexadecimal. */
void line_begin(const char *word);
void line_number(uint64_t value);
void line_text(const char *text, unsigned size);
/* size bytes as one number of twice as many digits. */
void line_bytes(const uint8_t *bytes, unsigned size);
void line_end(void);
/* How many there were since the last "begin". */
extern unsigned line_count;

/* uart.c */
void uart_find(void);
/* Before lines are printed: it plays with the UARTs' interrupts. */
void uart_print_all(void);
void uart_write(char c);
void uart_wait_key(void);

/* machine.c */
void machine_print_cpu(void);
void machine_print_pit(void);
void machine_print_ioapic(uint32_t address);

/* tables.c: rsdp is 0 if the boot loader gave none. */
void tables_print(uint32_t rsdp);

#endif
