/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permission bitmaps of AMD processors: I/O (APM2 15.10: 12 KiB, a bit a
 * port) and MSR (APM2 15.11: 8 KiB, a bit each for read and write). A set bit
 * intercepts; everything starts intercepted. Equal bitmaps are emitted once.
 */
#include "emit/emit.h"

#include <string.h>

#define IOPM_SIZE 12288u
#define MSRPM_SIZE 8192u
#define MSRPM_RANGE_SIZE 0x800u
#define MSRPM_RANGE_MSRS 0x2000u

static void clear_bit(uint8_t *map, uint64_t bit)
{
	map[bit / 8] = (uint8_t)(map[bit / 8] & ~(1u << bit % 8));
}

static uint8_t *make_iopm(const struct policy *policy)
{
	uint8_t *map = util_alloc(IOPM_SIZE);
	uint32_t i, port;

	memset(map, 0xff, IOPM_SIZE);
	for (i = 0; i < policy->port_count; i++) {
		const struct port_row *row = &policy->ports[i];

		if (row->action != PORT_PASS) {
			continue;
		}
		for (port = row->first; port <= row->last; port++) {
			clear_bit(map, port);
		}
	}
	return map;
}

/* Bit of an MSR's read permission; the write bit follows. False: none. */
static bool find_msr(uint32_t msr, uint64_t *bit)
{
	static const uint32_t first[] = { 0, 0xc0000000, 0xc0010000 };
	unsigned i;

	for (i = 0; i < COUNT(first); i++) {
		if (msr >= first[i] && msr - first[i] < MSRPM_RANGE_MSRS) {
			*bit = (uint64_t)i * MSRPM_RANGE_SIZE * 8 +
			       2 * (uint64_t)(msr - first[i]);
			return true;
		}
	}
	return false;
}

static uint8_t *make_msrpm(const struct policy *policy)
{
	uint8_t *map = util_alloc(MSRPM_SIZE);
	uint64_t msr;
	uint64_t bit;
	uint32_t i;

	memset(map, 0xff, MSRPM_SIZE);
	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		if (row->read != MSR_PASS && row->write != MSR_PASS) {
			continue;
		}
		for (msr = row->first; msr <= row->last; msr++) {
			if (!find_msr((uint32_t)msr, &bit)) {
				continue;
			}
			if (row->read == MSR_PASS) {
				clear_bit(map, bit);
			}
			if (row->write == MSR_PASS) {
				clear_bit(map, bit + 1);
			}
		}
	}
	return map;
}

/* Runs of equal bytes as ranges. */
static void emit_map(FILE *out, const char *name, uint32_t number,
		     const uint8_t *map, uint32_t size)
{
	uint32_t start = 0;
	uint32_t i;

	fprintf(out, "static const uint8_t %s_%u[%u] PAGE_ALIGNED = {\n", name,
		number, size);
	for (i = 1; i <= size; i++) {
		if (i < size && map[i] == map[start]) {
			continue;
		}
		if (i - start == 1) {
			fprintf(out, "\t[%u] = 0x%02x,\n", start, map[start]);
		} else {
			fprintf(out, "\t[%u ... %u] = 0x%02x,\n", start, i - 1,
				map[start]);
		}
		start = i;
	}
	fprintf(out, "};\n");
}

/* Number of the equal bitmap among the first count; count if there is none. */
static uint32_t find_map(uint8_t *const *maps, uint32_t count,
			 const uint8_t *map, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (memcmp(maps[i], map, size) == 0) {
			return i;
		}
	}
	return count;
}

void emit_bitmaps(FILE *out, struct model *model)
{
	uint8_t **iopms = util_alloc(model->partition_count * sizeof(*iopms));
	uint8_t **msrpms = util_alloc(model->partition_count *
				      sizeof(*msrpms));
	uint32_t iopm_count = 0;
	uint32_t msrpm_count = 0;
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		iopms[iopm_count] = make_iopm(&p->policy);
		p->iopm = find_map(iopms, iopm_count, iopms[iopm_count],
				   IOPM_SIZE);
		if (p->iopm == iopm_count) {
			emit_map(out, "iopm", iopm_count, iopms[iopm_count],
				 IOPM_SIZE);
			iopm_count++;
		}
		msrpms[msrpm_count] = make_msrpm(&p->policy);
		p->msrpm = find_map(msrpms, msrpm_count, msrpms[msrpm_count],
				    MSRPM_SIZE);
		if (p->msrpm == msrpm_count) {
			emit_map(out, "msrpm", msrpm_count,
				 msrpms[msrpm_count], MSRPM_SIZE);
			msrpm_count++;
		}
	}
	fputc('\n', out);
}
