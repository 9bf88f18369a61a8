/* SPDX-License-Identifier: Apache-2.0 */
/* Reads "#define CONFIG_X value" lines. */
#include "kconfig.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static const char *text = "";

bool kconfig_read(const char *path)
{
	struct bytes bytes;

	if (!util_read_file(path, &bytes)) {
		return false;
	}
	text = (const char *)bytes.data;
	return true;
}

/* What follows the symbol's name; null if it is not defined. */
static const char *find(const char *symbol)
{
	const char *key = util_format("#define CONFIG_%s ", symbol);
	const char *found = strstr(text, key);

	return found == NULL ? NULL : found + strlen(key);
}

bool kconfig_has(const char *symbol)
{
	return find(symbol) != NULL;
}

uint64_t kconfig_number(const char *symbol, uint64_t other)
{
	const char *value = find(symbol);

	return value == NULL ? other : strtoull(value, NULL, 0);
}

bool kconfig_has_vendor(const char *machine, const char *vendor)
{
	return (strcmp(machine, "any") == 0 || strcmp(machine, vendor) == 0) &&
	       kconfig_has(strcmp(vendor, "amd") == 0 ? "SVM" : "VMX");
}
