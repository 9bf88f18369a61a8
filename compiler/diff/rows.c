/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of ports, MSRs and CPUID, compared by what they do, not by how they
 * are cut or named: each port, MSR and bit has an effect before and after.
 */
#include <stdlib.h>
#include <string.h>

#include "diff/diff.h"
#include "util.h"

/* What happens to one port or MSR. */
struct effect {
	const char *text;
	bool grants;		/* something of the machine, or an answer */
};

static const struct json *row_at(const struct json *rows, uint64_t at)
{
	uint32_t i;

	for (i = 0; i < json_count(rows); i++) {
		if (json_number(&rows->items[i], "first") <= at &&
		    at <= json_number(&rows->items[i], "last")) {
			return &rows->items[i];
		}
	}
	return NULL;
}

static struct effect port_effect(const struct json *p, uint64_t at)
{
	const struct json *row = row_at(json_get(p, "ports"), at);
	const char *action = row == NULL ? json_text(p, "port_default") :
			     json_text(row, "action");
	struct effect effect = { action, false };

	if (p == NULL) {
		effect.text = "not there";
	} else if (strcmp(action, "remap") == 0) {
		effect.text = util_format("remap to %#llx",
			(unsigned long long)(json_number(row, "target") + at -
					     json_number(row, "first")));
	} else if (strcmp(action, "value") == 0) {
		effect.text = util_format("value %#llx", (unsigned long long)
					  json_number(row, "target"));
	}
	effect.grants = strcmp(action, "pass") == 0 ||
			strcmp(action, "remap") == 0 ||
			strcmp(action, "boot-ok") == 0 ||
			strcmp(action, "launch") == 0;
	return effect;
}

static bool msr_grants(const char *action)
{
	return *action != '\0' && strcmp(action, "deny") != 0 &&
	       strcmp(action, "strict") != 0;
}

static struct effect msr_effect(const struct json *p, uint64_t at)
{
	const struct json *row = row_at(json_get(p, "msrs"), at);
	const char *read = row == NULL ? "deny" : json_text(row, "read");
	const char *write = row == NULL ? "deny" : json_text(row, "write");
	struct effect effect;

	if (strcmp(read, "value") == 0) {
		read = util_format("value %#llx", (unsigned long long)
				   json_number(row, "value"));
	}
	effect.text = p == NULL ? "not there" :
		      util_format("read %s, write %s", read, write);
	effect.grants = row != NULL && (msr_grants(read) || msr_grants(write));
	return effect;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Where a row begins or ends, of both. */
static uint64_t *find_cuts(const struct json *a, const struct json *b,
			   uint32_t *count)
{
	uint64_t *cuts = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < json_count(a) + json_count(b); i++) {
		const struct json *row = i < json_count(a) ? &a->items[i] :
					 &b->items[i - json_count(a)];

		cuts = util_grow(cuts, n, sizeof(*cuts));
		cuts[n++] = json_number(row, "first");
		cuts = util_grow(cuts, n, sizeof(*cuts));
		cuts[n++] = json_number(row, "last") + 1;
	}
	if (n != 0) {
		qsort(cuts, n, sizeof(*cuts), compare);
	}
	*count = n;
	return cuts;
}

/* "port 0x80", "ports 0x80-0x87" */
static const char *range_name(const char *what, uint64_t first, uint64_t last)
{
	return first == last ?
	       util_format("%s %#llx", what, (unsigned long long)first) :
	       util_format("%ss %#llx-%#llx", what, (unsigned long long)first,
			   (unsigned long long)last);
}

static void compare_rows(const char *who, const char *what,
			 const struct json *a, const struct json *b,
			 const char *key,
			 struct effect (*effect)(const struct json *p,
						 uint64_t at))
{
	uint32_t count, i;
	uint64_t *cuts = find_cuts(json_get(a, key), json_get(b, key), &count);

	for (i = 0; i + 1 < count; i++) {
		struct effect x, y;

		if (cuts[i] == cuts[i + 1]) {
			continue;
		}
		x = effect(a, cuts[i]);
		y = effect(b, cuts[i]);
		if (strcmp(x.text, y.text) == 0 ||
		    (row_at(json_get(a, key), cuts[i]) == NULL &&
		     row_at(json_get(b, key), cuts[i]) == NULL)) {
			continue;
		}
		diff_say(x.grants == y.grants ? '~' : y.grants ? '+' : '-',
			 who, "%s: %s (was %s)",
			 range_name(what, cuts[i], cuts[i + 1] - 1), y.text,
			 x.text);
	}
}

void diff_ports(const char *who, const struct json *a, const struct json *b)
{
	const char *was = json_text(a, "port_default");
	const char *is = json_text(b, "port_default");

	if (a != NULL && b != NULL && strcmp(was, is) != 0) {
		diff_say(strcmp(is, "strict") == 0 ? '-' : '+', who,
			 "ports without a row: %s (was %s)", is, was);
	}
	compare_rows(who, "port", a, b, "ports", port_effect);
}

void diff_msrs(const char *who, const struct json *a, const struct json *b)
{
	compare_rows(who, "MSR", a, b, "msrs", msr_effect);
}

/* The row of the other one for the same leaf; null: none. */
static const struct json *same_leaf(const struct json *rows,
				    const struct json *row)
{
	const struct json *subleaf = json_get(row, "subleaf");
	uint32_t i;

	for (i = 0; i < json_count(rows); i++) {
		const struct json *other = &rows->items[i];
		const struct json *s = json_get(other, "subleaf");

		if (json_number(other, "leaf") == json_number(row, "leaf") &&
		    s->type == subleaf->type && s->number == subleaf->number &&
		    strcmp(json_text(other, "vendor"),
			   json_text(row, "vendor")) == 0) {
			return other;
		}
	}
	return NULL;
}

static uint32_t cell(const struct json *row, const char *key, unsigned i)
{
	const struct json *list = json_get(row, key);

	return i < json_count(list) ? (uint32_t)list->items[i].number : 0;
}

static const char *leaf_name(const struct json *row)
{
	const struct json *subleaf = json_get(row, "subleaf");
	const char *vendor = json_text(row, "vendor");

	return util_format("%#llx%s%s%s%s", (unsigned long long)
			   json_number(row, "leaf"),
			   subleaf->type == JSON_NULL ? "" :
			   util_format(".%llu",
				       (unsigned long long)subleaf->number),
			   strcmp(vendor, "any") == 0 ? "" : " (",
			   strcmp(vendor, "any") == 0 ? "" : vendor,
			   strcmp(vendor, "any") == 0 ? "" : ")");
}

static void compare_register(const char *who, const char *leaf, unsigned i,
			     const struct json *a, const struct json *b)
{
	static const char *const names[] = { "EAX", "EBX", "ECX", "EDX" };
	uint32_t was = cell(a, "allow", i) | cell(a, "force", i);
	uint32_t is = cell(b, "allow", i) | cell(b, "force", i);

	if ((is & ~was) != 0) {
		diff_say('+', who, "CPUID %s %s: bits %#x are shown", leaf,
			 names[i], is & ~was);
	}
	if ((was & ~is) != 0) {
		diff_say('-', who, "CPUID %s %s: bits %#x are hidden", leaf,
			 names[i], was & ~is);
	}
	if (was == is && cell(a, "force", i) != cell(b, "force", i)) {
		diff_say('~', who, "CPUID %s %s: %#x is forced (was %#x)",
			 leaf, names[i], cell(b, "force", i),
			 cell(a, "force", i));
	}
}

static const char *join(const struct json *list)
{
	const char *text = "";
	uint32_t i;

	for (i = 0; i < json_count(list); i++) {
		text = util_format("%s%s%s", text, i == 0 ? "" : ", ",
				   list->items[i].text);
	}
	return *text == '\0' ? "nothing" : text;
}

static void compare_leaf(const char *who, const struct json *a,
			 const struct json *b)
{
	const char *leaf = leaf_name(a != NULL ? a : b);
	const char *was = join(json_get(a, "dynamic"));
	const char *is = join(json_get(b, "dynamic"));
	unsigned i;

	for (i = 0; i < 4; i++) {
		compare_register(who, leaf, i, a, b);
	}
	if (strcmp(was, is) != 0) {
		diff_say('~', who, "CPUID %s: %s is filled in (was %s)", leaf,
			 is, was);
	}
}

void diff_cpuid(const char *who, const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "cpuid");
	const struct json *y = json_get(b, "cpuid");
	uint32_t i;

	for (i = 0; i < json_count(x); i++) {
		compare_leaf(who, &x->items[i], same_leaf(y, &x->items[i]));
	}
	for (i = 0; i < json_count(y); i++) {
		if (same_leaf(x, &y->items[i]) == NULL) {
			compare_leaf(who, NULL, &y->items[i]);
		}
	}
}
