/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps true: a text has no more than EVENT_TEXT_MAX characters. */
#include "event.h"

#include <string.h>

static size_t event_add_text(char *text, size_t at, const char *more)
{
	while (*more != '\0' && at < EVENT_TEXT_MAX) {
		text[at++] = *more++;
	}
	return at;
}

static size_t event_add_hex(char *text, size_t at, uint8_t byte)
{
	char digits[3] = { "0123456789abcdef"[byte >> 4],
			   "0123456789abcdef"[byte & 15], '\0' };

	return event_add_text(text, at, digits);
}

static size_t event_add_number(char *text, size_t at, uint64_t number)
{
	char digits[21];
	unsigned first = sizeof(digits) - 1;

	digits[first] = '\0';
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	return event_add_text(text, at, digits + first);
}

size_t event_text(char text[EVENT_TEXT_MAX], const char *name,
			   const uint8_t sha384[LAUNCH_SHA384_SIZE],
			   uint64_t number)
{
	size_t at = event_add_text(text, 0, name);
	uint32_t i;

	at = event_add_text(text, at, " ");
	at = event_add_number(text, at, number);
	at = event_add_text(text, at, " ");
	for (i = 0; i < LAUNCH_SHA384_SIZE; i++) {
		at = event_add_hex(text, at, sha384[i]);
	}
	return at;
}

void event_name(char name[EVENT_NAME_MAX], const char *partition)
{
	static const char prefix[] = "partition ";

	memcpy(name, prefix, sizeof(prefix) - 1);
	memcpy(name + sizeof(prefix) - 1, partition, LAUNCH_NAME_SIZE);
	name[EVENT_NAME_MAX - 1] = '\0';
}
