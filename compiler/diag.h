/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of a spec, and warnings. They are collected, put in the order of the
 * table of checks, freed of what only follows from another one, and printed
 * at the end of a stage:
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
/* The same, but the spec is not refused. */
struct diag *diag_warning(const char *id, struct loc at,
			  const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_note(struct diag *diag, struct loc at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_fix(struct diag *diag, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Before util_free_all(). */
void diag_forget(void);
/* Errors, without warnings. */
unsigned diag_count(void);
/* Is there an error for this place already? */
bool diag_has_error_at(struct loc at);
/*
 * Puts them in the order of rank(), roots first, and drops each that says
 * what another one says, or whose place (its own or a note's) is a place of
 * one that it follows from.
 */
void diag_settle(unsigned (*rank)(const char *id),
		 bool (*follows)(const char *id, const char *cause));
void diag_print_all(FILE *out);

#endif
