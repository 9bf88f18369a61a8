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
void emit_channels(FILE *out, const struct model *model);
/* The rest of a VP's row: the channel of each of its SINTs. */
void emit_sints(FILE *out, const struct model *model, uint32_t partition,
		uint32_t vp);
/* A C string literal. */
void emit_string(FILE *out, const char *text);

/* payload.S, of files; loads.S, of what the compiler made itself (loads/). */
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
void emit_json_exits(FILE *out, const struct model *model,
		     const struct model_partition *p);
/* The spec language, as JSON. */
void emit_schema(FILE *out);
/* deps.d: targets depend on the payloads' files. */
void emit_deps(const struct model *model, const char *targets);

/* Has the guest the hint of that word (schema_hint_words)? */
static inline bool emit_has_hint(const struct policy *policy, unsigned word)
{
	return policy->privileges.set &&
	       (policy->hints.v & (uint64_t)PARTITION_FLUSH_CALLS << word) != 0;
}

/* exits.c: what still leaves the guest, the same for each of its VPs. */
struct emit_exit_range {
	uint64_t first;
	uint64_t last;
};

struct emit_exit {
	const char *kind;
	const char *vendor;	/* "any", "amd", "intel" */
	const char *what;
	const char *answer;	/* what becomes of it */
	struct emit_exit_range *ranges;	/* of ports, MSRs, addresses */
	uint32_t range_count;
};

struct emit_exits {
	struct emit_exit *items;
	uint32_t count;
};

void emit_find_exits(const struct model *model,
		     const struct model_partition *p,
		     struct emit_exits *exits);
const char *emit_exit_text(const struct emit_exit *exit);

/* map.c: guest physical memory, lowest first. */
struct emit_area {
	const char *what;
	uint64_t gpa;
	uint64_t size;
	uint64_t spa;		/* EMIT_NO_SPA: emulated */
};
#define EMIT_NO_SPA UINT64_MAX
#define EMIT_AREA_COUNT 5u
void emit_find_areas(const struct model_partition *p,
		     struct emit_area areas[EMIT_AREA_COUNT]);

/* words.c: what all three reports say, in words. */
/* "vp-index, synic", "none" */
const char *emit_privilege_text(const struct policy *policy);
const char *emit_hint_text(const struct policy *policy);
/* "remap to 2f8", "value 5", "pass" */
const char *emit_port_text(const struct port_row *row);
/* "read value 0x5, write pass" */
const char *emit_msr_text(const struct msr_row *row);
/* "leaf 0x7, subleaf 0 (amd)" */
const char *emit_leaf_text(const struct cpuid_row *row);
/* "EAX 0x1 + 0x2 forced", "" for nothing */
const char *emit_register_text(const struct cpuid_row *row, unsigned reg);
/* "leaf1, xstate", "" */
const char *emit_dynamic_text(const struct cpuid_row *row);
/* "messages on connection 0x10 to port 0x10 of b, VP 1, SINT 2" */
const char *emit_channel_text(const struct model *model,
			      const struct model_channel *channel);
const char *emit_hash_text(const uint8_t hash[SHA384_SIZE]);

/* report_policy.c, for report.txt */
void emit_report_policy(FILE *out, const struct model *model,
			const struct model_partition *p);
/* html_policy.c, for report.html */
void emit_html_text(FILE *out, const char *text);
void emit_html_policy(FILE *out, const struct model *model,
		      const struct model_partition *p);

/* "log", "uart" or "none" */
const char *emit_console_name(const struct model_partition *p);

#endif
