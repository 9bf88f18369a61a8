/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few functions of a C library that the compiler and mbedTLS ask for, and
 * the console.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform.h>

#include "machine.h"

#define CONSOLE_PORT 0xe9

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : :
			 "memory");
	return start;
}

void *memset(void *to, int byte, size_t size)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) :
			 "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if ((uintptr_t)t - (uintptr_t)f >= size) {
		return memcpy(to, from, size);
	}
	while (size-- != 0) {
		t[size] = f[size];
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (; size != 0; size--, x++, y++) {
		if (*x != *y) {
			return *x < *y ? -1 : 1;
		}
	}
	return 0;
}

void *memchr(const void *at, int byte, size_t size)
{
	const uint8_t *x = at;

	for (; size != 0; size--, x++) {
		if (*x == (uint8_t)byte) {
			return (void *)(uintptr_t)x;
		}
	}
	return NULL;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0') {
		length++;
	}
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a < (uint8_t)*b ? -1 : (uint8_t)*a > (uint8_t)*b;
}

char *strchr(const char *text, int c)
{
	for (; *text != (char)c; text++) {
		if (*text == '\0') {
			return NULL;
		}
	}
	return (char *)(uintptr_t)text;
}

void console_print(const char *text)
{
	for (; *text != '\0'; text++) {
		port_out8(CONSOLE_PORT, (uint8_t)*text);
	}
}

void console_print_hex(uint64_t number)
{
	char digits[17];
	unsigned at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[number % 16];
		number /= 16;
	} while (number != 0);
	console_print("0x");
	console_print(digits + at);
}
