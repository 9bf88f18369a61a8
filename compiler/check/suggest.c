/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the known name that is nearest to what was written. */
#include "check/suggest.h"

#include <string.h>

#define NAME_MAX_DISTANCE 2u
#define NAME_LENGTH 64u

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits that make one name of another; names are short. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_LENGTH];
	unsigned size = (unsigned)strlen(b);
	unsigned i, j;

	if (size >= NAME_LENGTH) {
		return size;
	}
	for (j = 0; j <= size; j++) {
		row[j] = j;
	}
	for (i = 0; a[i] != '\0'; i++) {
		unsigned corner = row[0];

		row[0] = i + 1;
		for (j = 1; j <= size; j++) {
			unsigned change = corner + (a[i] != b[j - 1]);

			corner = row[j];
			row[j] = least(change,
				       least(row[j], row[j - 1]) + 1);
		}
	}
	return row[size];
}

const char *suggest_nearer(const char *name, const char *known,
			   const char *best)
{
	unsigned d = distance(name, known);
	unsigned limit = NAME_MAX_DISTANCE;

	/* Of a short name two edits leave nothing. */
	if (strlen(name) < 4) {
		limit = 1;
	}
	return d <= limit && (best == NULL || d < distance(name, best)) ?
	       known : best;
}
