/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emitters: from the placed model to files. Each writes something that a
 * person can open; the same model gives the same bytes.
 */
#ifndef PARTC_EMIT_H
#define PARTC_EMIT_H

#include <stdio.h>

#include "model.h"

/* ACPI tables of every guest that gets them; fills their load. */
void emit_acpi(struct model *model);

/* tables.c */
void emit_tables(struct model *model);
void emit_policy(FILE *out, const struct model *model);
/* I/O and MSR permission bitmaps; numbers them in the partitions. */
void emit_bitmaps(FILE *out, struct model *model);
void emit_nested(FILE *out, const struct model *model);
void emit_state(FILE *out, const struct model *model);
void emit_plan(FILE *out, const struct model *model);
/* A C string literal. */
void emit_string(FILE *out, const char *text);

/* payload.S and the pieces that the compiler made itself (loads/). */
void emit_payload(const struct model *model);
/* modules/: the files that are left to the boot loader. */
void emit_modules(const struct model *model);
/* grub.cfg */
void emit_grub(const struct model *model);
/* report.txt, report.html, report.json */
void emit_report(const struct model *model);
void emit_html(const struct model *model);
void emit_json(const struct model *model);
void emit_json_text(FILE *out, const char *text);
/* Files with their hashes; privileges, ports, MSRs, CPUID. */
void emit_json_payloads(FILE *out, const struct model_partition *p);
void emit_json_policy(FILE *out, const struct model_partition *p);
/* deps.d: targets depend on the payloads' files. */
void emit_deps(const struct model *model, const char *targets);

/* "log", "uart" or "none" */
const char *emit_console_name(const struct model_partition *p);

#endif
