/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change of a spec grants or takes away, from the report.json of two
 * builds, for a reviewer; and from bulkhead.spdx.json, where both have one,
 * whether hypervisor and image are the same. A line begins with
 *   +  a partition has more than before
 *   -  it has less
 *   ~  something is otherwise
 */
#ifndef PARTC_DIFF_H
#define PARTC_DIFF_H

#include "diff/json.h"

/* Paths of report.json or its directory. 0: same; 1: other; 2: unreadable. */
int diff_main(const char *a_path, const char *b_path);

/* A line of the report. who: a partition, or null for the machine. */
void diff_say(char sign, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A field of two objects, if it is not the same. */
void diff_text(const char *who, const char *what, const char *key,
	       const struct json *a, const struct json *b);
void diff_number(const char *who, const char *what, const char *key,
		 const struct json *a, const struct json *b);
void diff_address(const char *who, const char *what, const char *key,
		  const struct json *a, const struct json *b);
/* Of bytes, of which more is more. */
void diff_size(const char *who, const char *what, const char *key,
	       const struct json *a, const struct json *b);

/* machine.c: of two machines; of two SPDX documents, which may be null. */
void diff_machine(const struct json *a, const struct json *b);
void diff_images(const struct json *a, const struct json *b);
/* channels.c: of two reports. */
void diff_channels(const struct json *a, const struct json *b);

/* rows.c: a or b may be null, for a partition that comes or goes. */
void diff_ports(const char *who, const struct json *a, const struct json *b);
void diff_msrs(const char *who, const struct json *a, const struct json *b);
void diff_cpuid(const char *who, const struct json *a, const struct json *b);

#endif
