/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of a spec. They are collected, sorted by nothing (the order of the
 * checks is the order of the report) and printed at the end of a stage:
 *
 *   file:line:col: error[id]: what is wrong
 *       the source line
 *       ^
 *   note: file:line:col: the other place
 *   fix: what to do
 */
#ifndef PARTC_DIAG_H
#define PARTC_DIAG_H

#include "source.h"
#include "util.h"

struct diag;

/* id: of check/table.c. */
struct diag *diag_error(const char *id, struct loc at,
			const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_note(struct diag *diag, struct loc at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_fix(struct diag *diag, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

unsigned diag_count(void);
/* Is there an error for this place already? */
bool diag_has_error_at(struct loc at);
void diag_print_all(FILE *out);

#endif
