/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the capture, each with a checksum of its text: 31 times the one
 * before the character, and the character.
 */
#include "image.h"

unsigned line_count;
static uint16_t sum;

static void put(char c)
{
	sum = (uint16_t)(sum * 31u + (uint8_t)c);
	uart_write(c);
}

static void put_digit(unsigned digit)
{
	put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
}

void line_text(const char *text, unsigned size)
{
	unsigned i;

	put(' ');
	for (i = 0; i < size; i++) {
		put(text[i] > ' ' && text[i] <= '~' ? text[i] : '?');
	}
}

void line_begin(const char *word)
{
	const char *start = "#b ";

	for (; *start != '\0'; start++) {
		uart_write(*start);
	}
	sum = 0;
	for (; *word != '\0'; word++) {
		put(*word);
	}
}

void line_number(uint64_t value)
{
	int shift = 60;

	put(' ');
	while (shift > 0 && (value >> shift & 15) == 0) {
		shift -= 4;
	}
	for (; shift >= 0; shift -= 4) {
		put_digit((unsigned)(value >> shift & 15));
	}
}

void line_bytes(const uint8_t *bytes, unsigned size)
{
	unsigned i;

	put(' ');
	for (i = 0; i < size; i++) {
		put_digit(bytes[i] >> 4);
		put_digit(bytes[i] & 15);
	}
}

void line_end(void)
{
	uint16_t all = sum;
	int shift;

	uart_write(' ');
	uart_write('#');
	for (shift = 12; shift >= 0; shift -= 4) {
		put_digit((unsigned)all >> shift & 15u);
	}
	uart_write('\r');
	uart_write('\n');
	line_count++;
}
