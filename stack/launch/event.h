/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts that are extended into PCR 12 (docs/launch.md): a name, a number,
 * a SHA-384 in hexadecimal. The launch partition measures them, and the
 * host's tool says what they must be.
 */
#ifndef LAUNCH_EVENT_H
#define LAUNCH_EVENT_H

#include <stddef.h>

#include "abi/launch.h"

#define EVENT_TEXT_MAX 256u
#define EVENT_NAME_MAX (sizeof("partition ") + LAUNCH_NAME_SIZE)

/* No NUL at its end; its size. */
size_t event_text(char text[EVENT_TEXT_MAX], const char *name,
		  const uint8_t sha384[LAUNCH_SHA384_SIZE], uint64_t number);
/* Of a partition's event; its name lies in LAUNCH_NAME_SIZE bytes. */
void event_name(char name[EVENT_NAME_MAX], const char *partition);

#endif
