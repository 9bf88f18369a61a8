/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory functions that a freestanding compiler may call, and strlen.
 * Host tests use libc's; there, ours are called string_*, to be tested.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stddef.h>

#ifdef HOST_TEST
#include <string.h>
#define STRING_NAME(name) string_##name
#else
#define STRING_NAME(name) name
#endif

void *STRING_NAME(memcpy)(void *restrict to, const void *restrict from,
			  size_t count);
void *STRING_NAME(memmove)(void *to, const void *from, size_t count);
void *STRING_NAME(memset)(void *to, int value, size_t count);
int STRING_NAME(memcmp)(const void *a, const void *b, size_t count);
size_t STRING_NAME(strlen)(const char *text);

#endif
