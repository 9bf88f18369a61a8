/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's formatter: %s %c %d %u %x %%, l and z before d, u, x, a width
 * (at most FMT_WIDTH_MAX) and a leading 0 for numbers. Anything else is
 * printed as it stands, so that a wrong format is seen and reads no argument.
 */
#ifndef LIB_FMT_H
#define LIB_FMT_H

#include <stdarg.h>
#include <stddef.h>

#define FMT_WIDTH_MAX 64

/*
 * Writes at most size - 1 characters and a 0. Returns how many it wrote,
 * without the 0; what did not fit is lost. size 0: writes nothing.
 */
size_t fmt_print(char *out, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
