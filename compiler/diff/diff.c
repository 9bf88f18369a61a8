/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions, lines, plans and the machine of two builds. */
#include "diff/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static unsigned said;

void diff_say(char sign, const char *who, const char *format, ...)
{
	va_list list;

	printf("%c %s: ", sign, who == NULL ? "machine" : who);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf("\n");
	said++;
}

/* What lies beside a report; null: it is not there. */
static struct json *open_beside(const char *path, const char *name)
{
	struct json *found = json_read(util_format("%s/%s", path, name));

	return found != NULL ? found :
	       json_read(util_format("%s%s", util_directory(path), name));
}

/* A report, or the one of a directory. */
static struct json *open_report(const char *path)
{
	struct json *report = json_read(path);

	if (report == NULL) {
		report = json_read(util_format("%s/report.json", path));
	}
	if (report == NULL || json_get(report, "partitions") == NULL) {
		fprintf(stderr, "partc: %s: no report.json\n", path);
		return NULL;
	}
	return report;
}

/* The name of an LP of a report. */
static const char *lp_name(const struct json *report, uint64_t lp)
{
	const struct json *lps = json_get(json_get(report, "machine"), "lps");

	return lp < json_count(lps) ? json_text(&lps->items[lp], "name") : "?";
}

void diff_text(const char *who, const char *what, const char *key,
	       const struct json *a, const struct json *b)
{
	const char *was = json_text(a, key);
	const char *is = json_text(b, key);

	if (strcmp(was, is) != 0) {
		diff_say('~', who, "%s: \"%s\" (was \"%s\")", what, is, was);
	}
}

/* A number of which more is more. */
void diff_size(const char *who, const char *what, const char *key,
	       const struct json *a, const struct json *b)
{
	uint64_t was = json_number(a, key);
	uint64_t is = json_number(b, key);

	if (was != is) {
		diff_say(is > was ? '+' : '-', who, "%s: %s (was %s)", what,
			 is == 0 ? "none" : util_size(is),
			 was == 0 ? "none" : util_size(was));
	}
}

void diff_address(const char *who, const char *what, const char *key,
		  const struct json *a, const struct json *b)
{
	uint64_t was = json_number(a, key);
	uint64_t is = json_number(b, key);

	if (was != is) {
		diff_say('~', who, "%s: %#llx (was %#llx)", what,
			 (unsigned long long)is, (unsigned long long)was);
	}
}

void diff_number(const char *who, const char *what, const char *key,
		 const struct json *a, const struct json *b)
{
	uint64_t was = json_number(a, key);
	uint64_t is = json_number(b, key);

	if (was != is) {
		diff_say('~', who, "%s: %llu (was %llu)", what,
			 (unsigned long long)is, (unsigned long long)was);
	}
}

/* Bits of a register that a guest may set. */
static void compare_bits(const char *who, const char *what, const char *key,
			 const struct json *a, const struct json *b)
{
	uint64_t was = json_number(a, key);
	uint64_t is = json_number(b, key);

	if ((is & ~was) != 0) {
		diff_say('+', who, "%s: bits %#llx may be set", what,
			 (unsigned long long)(is & ~was));
	}
	if ((was & ~is) != 0) {
		diff_say('-', who, "%s: bits %#llx may not be set any more",
			 what, (unsigned long long)(was & ~is));
	}
}

static bool has_text(const struct json *list, const char *text)
{
	uint32_t i;

	for (i = 0; i < json_count(list); i++) {
		if (strcmp(list->items[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

/* Words that a partition has or has not. */
static void compare_words(const char *who, const char *what, const char *key,
			  const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, key);
	const struct json *y = json_get(b, key);
	uint32_t i;

	for (i = 0; i < json_count(y); i++) {
		if (!has_text(x, y->items[i].text)) {
			diff_say('+', who, "%s %s", what, y->items[i].text);
		}
	}
	for (i = 0; i < json_count(x); i++) {
		if (!has_text(y, x->items[i].text)) {
			diff_say('-', who, "%s %s", what, x->items[i].text);
		}
	}
}

struct report_pair {
	const struct json *a;
	const struct json *b;
};

static void compare_vps(const char *who, const struct report_pair *reports,
			const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "vps");
	const struct json *y = json_get(b, "vps");
	uint32_t i;

	for (i = 0; i < json_count(x) || i < json_count(y); i++) {
		const char *was = i >= json_count(x) ? NULL : lp_name
			(reports->a, json_number(&x->items[i], "lp"));
		const char *is = i >= json_count(y) ? NULL : lp_name
			(reports->b, json_number(&y->items[i], "lp"));

		if (was == NULL) {
			diff_say('+', who, "VP %u on %s", i, is);
		} else if (is == NULL) {
			diff_say('-', who, "VP %u on %s", i, was);
		} else if (strcmp(was, is) != 0) {
			diff_say('~', who, "VP %u on %s (was %s)", i, is, was);
		}
	}
}

/* As much of a hash as a person compares. */
static const char *short_hash(const struct json *file)
{
	return util_format("%.16s...", json_text(file, "sha384"));
}

static void compare_payloads(const char *who, const struct json *a,
			     const struct json *b)
{
	const struct json *x = json_get(a, "payloads");
	const struct json *y = json_get(b, "payloads");
	uint32_t i;

	for (i = 0; i < json_count(y); i++) {
		const struct json *file = &y->items[i];
		const char *role = json_text(file, "role");
		const struct json *old = json_find(x, "role", role);

		if (old == NULL) {
			diff_say('~', who, "%s %s, SHA-384 %s, is new", role,
				 json_text(file, "name"), short_hash(file));
			continue;
		}
		if (strcmp(json_text(old, "sha384"),
			   json_text(file, "sha384")) != 0) {
			diff_say('~', who, "%s %s has other bytes: SHA-384 %s "
				 "(was %s)", role, json_text(file, "name"),
				 short_hash(file), short_hash(old));
		}
		diff_text(who, role, "name", old, file);
		diff_text(who, util_format("text of %s", role), "text", old,
			     file);
		if (json_number(old, "as_module") !=
		    json_number(file, "as_module")) {
			diff_say('~', who, "%s is %s", role,
				 json_number(file, "as_module") != 0 ?
				 "left to the boot loader" : "in the image");
		}
	}
	for (i = 0; i < json_count(x); i++) {
		const char *role = json_text(&x->items[i], "role");

		if (json_find(y, "role", role) == NULL) {
			diff_say('~', who, "%s %s is gone", role,
				 json_text(&x->items[i], "name"));
		}
	}
}

static void compare_failure(const char *who, const struct json *a,
			    const struct json *b)
{
	const struct json *was = json_get(a, "restart_max");
	const struct json *is = json_get(b, "restart_max");

	diff_text(who, "on failure", "on_failure", a, b);
	if (was != NULL && is != NULL &&
	    (was->type != is->type || was->number != is->number)) {
		diff_say('~', who, "restarts: %s (was %s)",
			 is->type == JSON_NULL ? "no bound" : util_format
			 ("%llu", (unsigned long long)is->number),
			 was->type == JSON_NULL ? "no bound" : util_format
			 ("%llu", (unsigned long long)was->number));
	}
}

static void compare_flags(const char *who, const struct json *a,
			  const struct json *b)
{
	static const struct {
		const char *key, *what;
	} flags[] = {
		{ "nmi", "physical NMIs" },
		{ "launch", "checks the others before they start, and sees "
			    "their memory" },
		{ "launch_all", "if one of the others is bad, none starts" },
		{ "launch_tpm", "owns the TPM" },
		{ "launch_stays", "stays after its verdict" },
	};
	size_t i;

	for (i = 0; i < COUNT(flags); i++) {
		uint64_t has = json_number(b, flags[i].key);

		if (json_number(a, flags[i].key) != has) {
			diff_say(has != 0 ? '+' : '-', who, "%s",
				 flags[i].what);
		}
	}
}

/* a or b is null for one that comes or goes: all it has, or had, is said. */
static void compare_partition(const struct report_pair *reports,
			      const char *who, const struct json *a,
			      const struct json *b)
{
	diff_size(who, "memory", "memory_bytes", a, b);
	compare_vps(who, reports, a, b);
	compare_words(who, "TLFS privilege", "tlfs", a, b);
	compare_words(who, "TLFS hint", "tlfs_hints", a, b);
	diff_ports(who, a, b);
	diff_msrs(who, a, b);
	diff_cpuid(who, a, b);
	compare_bits(who, "CR4", "cr4_allow", a, b);
	compare_bits(who, "EFER", "efer_allow", a, b);
	compare_bits(who, "XCR0", "xcr0_allow", a, b);
	compare_payloads(who, a, b);
	if (a != NULL && b != NULL) {
		diff_address(who, "place", "spa", a, b);
		diff_text(who, "boot protocol", "boot", a, b);
		diff_address(who, "entry", "entry", a, b);
		diff_text(who, "command line", "command_line", a, b);
		diff_text(who, "console", "console", a, b);
		diff_number(who, "address width", "gpa_bits", a, b);
		compare_failure(who, a, b);
		compare_flags(who, a, b);
	}
}

static void compare_partitions(const struct report_pair *reports)
{
	const struct json *x = json_get(reports->a, "partitions");
	const struct json *y = json_get(reports->b, "partitions");
	uint32_t i;

	for (i = 0; i < json_count(x); i++) {
		const char *who = json_text(&x->items[i], "name");
		const struct json *b = json_find(y, "name", who);

		if (b == NULL) {
			diff_say('-', who, "the partition is gone");
		}
		compare_partition(reports, who, &x->items[i], b);
	}
	for (i = 0; i < json_count(y); i++) {
		const char *who = json_text(&y->items[i], "name");

		if (json_find(x, "name", who) == NULL) {
			diff_say('+', who, "the partition is new");
			compare_partition(reports, who, NULL, &y->items[i]);
		}
	}
}

/* The line's owner; null: nobody. */
static const struct json *line_of(const struct json *report, uint64_t gsi)
{
	const struct json *lines = json_get(report, "lines");
	uint32_t i;

	for (i = 0; i < json_count(lines); i++) {
		if (json_number(&lines->items[i], "gsi") == gsi) {
			return &lines->items[i];
		}
	}
	return NULL;
}

static void compare_lines(const struct report_pair *reports)
{
	uint64_t gsi;

	for (gsi = 0; gsi < 256; gsi++) {
		const struct json *a = line_of(reports->a, gsi);
		const struct json *b = line_of(reports->b, gsi);
		const char *was = json_text(a, "partition");
		const char *is = json_text(b, "partition");

		if (b != NULL && strcmp(was, is) != 0) {
			diff_say('+', is, "interrupt line %llu",
				 (unsigned long long)gsi);
		}
		if (a != NULL && strcmp(was, is) != 0) {
			diff_say('-', was, "interrupt line %llu",
				 (unsigned long long)gsi);
		}
		if (a != NULL && b != NULL && strcmp(was, is) == 0 &&
		    json_number(a, "pin") != json_number(b, "pin")) {
			diff_say('~', is, "interrupt line %llu comes at pin "
				 "%llu (was %llu)", (unsigned long long)gsi,
				 (unsigned long long)json_number(b, "pin"),
				 (unsigned long long)json_number(a, "pin"));
		}
	}
}

static const struct json *plan_of(const struct json *report, const char *lp)
{
	const struct json *plans = json_get(report, "plan");
	uint32_t i;

	for (i = 0; i < json_count(plans); i++) {
		if (strcmp(lp_name(report, json_number(&plans->items[i],
						       "lp")), lp) == 0) {
			return &plans->items[i];
		}
	}
	return NULL;
}

/* "linux.0 800 us, idle 200 us" */
static const char *plan_text(const struct json *plan)
{
	const struct json *slots = json_get(plan, "slots");
	const char *text = "";
	uint32_t i;

	for (i = 0; i < json_count(slots); i++) {
		const struct json *slot = &slots->items[i];
		const char *name = json_text(slot, "partition");

		text = util_format("%s%s%s %llu us", text, i == 0 ? "" : ", ",
				   *name == '\0' ? "idle" : util_format
				   ("%s VP %llu", name, (unsigned long long)
				    json_number(slot, "vp")),
				   (unsigned long long)json_number(slot,
								   "us"));
	}
	return *text == '\0' ? "none" : text;
}

static void compare_plans(const struct report_pair *reports)
{
	const struct json *x = json_get(json_get(reports->a, "machine"),
					"lps");
	const struct json *y = json_get(json_get(reports->b, "machine"),
					"lps");
	uint32_t i;

	for (i = 0; i < json_count(x) + json_count(y); i++) {
		const char *lp = json_text(i < json_count(x) ? &x->items[i] :
					   &y->items[i - json_count(x)],
					   "name");
		const char *was = plan_text(plan_of(reports->a, lp));
		const char *is = plan_text(plan_of(reports->b, lp));

		if (i >= json_count(x) && json_find(x, "name", lp) != NULL) {
			continue;
		}
		if (strcmp(was, is) != 0) {
			diff_say('~', NULL, "plan of %s: %s (was %s)", lp, is,
				 was);
		}
	}
}

int diff_main(const char *a_path, const char *b_path)
{
	struct report_pair reports;

	reports.a = open_report(a_path);
	reports.b = open_report(b_path);
	if (reports.a == NULL || reports.b == NULL) {
		return 2;
	}
	diff_images(open_beside(a_path, "bulkhead.spdx.json"),
		    open_beside(b_path, "bulkhead.spdx.json"));
	diff_machine(json_get(reports.a, "machine"),
		     json_get(reports.b, "machine"));
	compare_partitions(&reports);
	diff_channels(reports.a, reports.b);
	compare_lines(&reports);
	compare_plans(&reports);
	return said != 0;
}
