/* SPDX-License-Identifier: Apache-2.0 */
/* Range arithmetic without overflow: see ranges.h. */
#include "lib/ranges.h"

bool range_contains(uint64_t base, uint64_t size, uint64_t part_base,
		    uint64_t part_size)
{
	uint64_t offset = part_base - base;

	if (part_size == 0 || !range_has(base, size, part_base)) {
		return false;
	}
	return part_size <= size - offset;
}

bool range_overlaps(uint64_t a_base, uint64_t a_size, uint64_t b_base,
		    uint64_t b_size)
{
	if (a_size == 0 || b_size == 0) {
		return false;
	}
	return range_has(a_base, a_size, b_base) ||
	       range_has(b_base, b_size, a_base);
}
