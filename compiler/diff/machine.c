/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of two builds, and the images themselves as far as
 * bulkhead.spdx.json tells of them.
 */
#include <string.h>

#include "diff/diff.h"
#include "util.h"

static void compare_lps(const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "lps");
	const struct json *y = json_get(b, "lps");
	uint32_t i;

	if (json_count(x) != json_count(y)) {
		diff_say('~', NULL, "LPs: %u (were %u)", json_count(y),
			 json_count(x));
	}
	for (i = 0; i < json_count(x); i++) {
		const char *name = json_text(&x->items[i], "name");
		const struct json *other = json_find(y, "name", name);

		if (other != NULL) {
			diff_number(NULL, util_format("APIC id of %s", name),
				    "apic_id", &x->items[i], other);
		}
	}
}

/* Ranges whose ends are "base" and "bytes", or "first" and "last". */
static const char *range_text(const struct json *range)
{
	uint64_t first = json_number(range, "first");
	uint64_t last = json_number(range, "last");

	if (json_get(range, "base") != NULL) {
		first = json_number(range, "base");
		last = first + json_number(range, "bytes") - 1;
	}
	return util_format("%#llx-%#llx", (unsigned long long)first,
			   (unsigned long long)last);
}

/* Has a list a range with those ends? Names do not matter. */
static bool has_range(const struct json *list, const char *text)
{
	uint32_t i;

	for (i = 0; i < json_count(list); i++) {
		if (strcmp(range_text(&list->items[i]), text) == 0) {
			return true;
		}
	}
	return false;
}

static void compare_ranges(const char *what, const struct json *x,
			   const struct json *y)
{
	uint32_t i;

	for (i = 0; i < json_count(x); i++) {
		const char *text = range_text(&x->items[i]);

		if (!has_range(y, text)) {
			diff_say('~', NULL, "%s %s (%s): not any more", what,
				 text, json_text(&x->items[i], "name"));
		}
	}
	for (i = 0; i < json_count(y); i++) {
		const char *text = range_text(&y->items[i]);

		if (!has_range(x, text)) {
			diff_say('~', NULL, "%s %s (%s): new", what, text,
				 json_text(&y->items[i], "name"));
		}
	}
}

static const char *boot_ok_text(const struct json *machine)
{
	const struct json *place = json_get(machine, "boot_ok");

	return json_count(place) == 0 ? "none" :
	       util_format("CMOS %#llx, bit %llu", (unsigned long long)
			   json_number(place, "cmos"), (unsigned long long)
			   json_number(place, "bit"));
}

void diff_machine(const struct json *a, const struct json *b)
{
	const char *was = boot_ok_text(a);
	const char *is = boot_ok_text(b);

	diff_text(NULL, "board", "board", a, b);
	diff_text(NULL, "processor", "vendor", a, b);
	diff_size(NULL, "RAM", "ram_bytes", a, b);
	diff_number(NULL, "TSC, in Hz", "tsc_hz", a, b);
	diff_number(NULL, "local APIC timer, in Hz", "apic_hz", a, b);
	diff_address(NULL, "IOAPIC", "ioapic", a, b);
	if (strcmp(was, is) != 0) {
		diff_say('~', NULL, "report of a good boot: %s (was %s)", is,
			 was);
	}
	compare_lps(a, b);
	compare_ranges("RAM", json_get(a, "ram"), json_get(b, "ram"));
	compare_ranges("reserved memory", json_get(a, "reserved"),
		       json_get(b, "reserved"));
	compare_ranges("reserved ports", json_get(a, "reserved_ports"),
		       json_get(b, "reserved_ports"));
}

/* The element of an SPDX document with that id; null: none. */
static const struct json *find_package(const struct json *document,
				       const char *id)
{
	return json_find(json_get(document, "packages"), "SPDXID", id);
}

static const char *image_hash(const struct json *document)
{
	const struct json *image = find_package(document, "SPDXRef-Image");

	return json_text(json_find(json_get(image, "checksums"), "algorithm",
				   "SHA256"), "checksumValue");
}

/* Of builds that have no such document nothing is said. */
void diff_images(const struct json *a, const struct json *b)
{
	if (*image_hash(a) == '\0' || *image_hash(b) == '\0') {
		return;
	}
	diff_text(NULL, "hypervisor", "versionInfo",
		  find_package(a, "SPDXRef-Hypervisor"),
		  find_package(b, "SPDXRef-Hypervisor"));
	if (strcmp(image_hash(a), image_hash(b)) != 0) {
		diff_say('~', NULL, "image has other bytes: SHA-256 %.16s... "
			 "(was %.16s...)", image_hash(b), image_hash(a));
	}
}
