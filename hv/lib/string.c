/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory functions. Up to 16 bytes by two possibly overlapping moves, all
 * loads before all stores (so these serve memmove too); more by string
 * instructions, which need no vector register, plus one overlapping tail.
 *
 * The empty asm statements keep the compiler from recognising a loop as the
 * very function that it is in.
 */
#include "lib/string.h"

#include <stdint.h>

typedef uint64_t __attribute__((aligned(1), may_alias)) word8_t;
typedef uint32_t __attribute__((aligned(1), may_alias)) word4_t;
typedef uint16_t __attribute__((aligned(1), may_alias)) word2_t;

#define SMALL_MAX 16

static inline void string_copy_small(uint8_t *to, const uint8_t *from,
				     size_t count)
{
	if (count >= 8) {
		uint64_t first = *(const word8_t *)from;
		uint64_t last = *(const word8_t *)(from + count - 8);

		*(word8_t *)to = first;
		*(word8_t *)(to + count - 8) = last;
	} else if (count >= 4) {
		uint32_t first = *(const word4_t *)from;
		uint32_t last = *(const word4_t *)(from + count - 4);

		*(word4_t *)to = first;
		*(word4_t *)(to + count - 4) = last;
	} else if (count >= 2) {
		uint16_t first = *(const word2_t *)from;
		uint16_t last = *(const word2_t *)(from + count - 2);

		*(word2_t *)to = first;
		*(word2_t *)(to + count - 2) = last;
	} else if (count == 1) {
		*to = *from;
	}
}

/* Upwards, more than SMALL_MAX bytes; from may lie above to and overlap. */
static inline void string_copy_up(uint8_t *to, const uint8_t *from,
				  size_t count)
{
	size_t words = count >> 3;
	uint64_t last = *(const word8_t *)(from + count - 8);
	uint8_t *tail = to + count - 8;

	__asm__ volatile("rep movsq"
			 : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	*(word8_t *)tail = last;
}

void *STRING_NAME(memcpy)(void *restrict to, const void *restrict from,
			  size_t count)
{
	if (count <= SMALL_MAX) {
		string_copy_small(to, from, count);
	} else {
		string_copy_up(to, from, count);
	}
	return to;
}

void *STRING_NAME(memmove)(void *to, const void *from, size_t count)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (count <= SMALL_MAX) {
		string_copy_small(d, s, count);
	} else if ((uintptr_t)d - (uintptr_t)s >= count) {
		/* to is below from, or beyond its end */
		string_copy_up(d, s, count);
	} else {
		/*
		 * Downwards, without the direction flag: an NMI must find it
		 * clear. The head is read before anything is overwritten.
		 */
		uint64_t head = *(const word8_t *)s;
		size_t left = count;

		while (left > 8) {
			left -= 8;
			*(word8_t *)(d + left) = *(const word8_t *)(s + left);
			__asm__ volatile("" : : : "memory");
		}
		*(word8_t *)d = head;
	}
	return to;
}

static inline void string_set_small(uint8_t *to, uint64_t fill, size_t count)
{
	if (count >= 8) {
		*(word8_t *)to = fill;
		*(word8_t *)(to + count - 8) = fill;
	} else if (count >= 4) {
		*(word4_t *)to = (uint32_t)fill;
		*(word4_t *)(to + count - 4) = (uint32_t)fill;
	} else if (count >= 2) {
		*(word2_t *)to = (uint16_t)fill;
		*(word2_t *)(to + count - 2) = (uint16_t)fill;
	} else if (count == 1) {
		*to = (uint8_t)fill;
	}
}

void *STRING_NAME(memset)(void *to, int value, size_t count)
{
	uint64_t fill = (uint8_t)value * 0x0101010101010101ull;
	uint8_t *d = to;

	if (count <= SMALL_MAX) {
		string_set_small(d, fill, count);
	} else {
		size_t words = count >> 3;

		*(word8_t *)(d + count - 8) = fill;
		__asm__ volatile("rep stosq"
				 : "+D"(d), "+c"(words) : "a"(fill) : "memory");
	}
	return to;
}

int STRING_NAME(memcmp)(const void *a, const void *b, size_t count)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (size_t i = 0; i < count; i++) {
		if (x[i] != y[i]) {
			return (int)x[i] - (int)y[i];
		}
		__asm__ volatile("");
	}
	return 0;
}

size_t STRING_NAME(strlen)(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0') {
		length++;
		__asm__ volatile("" : "+r"(length));
	}
	return length;
}
