/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permission bitmaps: I/O (APM2 15.10: 12 KiB, a bit a port; Intel's two
 * maps of 4 KiB, SDM3 24.6.4, are its beginning), AMD's of MSRs (APM2 15.11: 8
 * KiB, a bit each for read and write), Intel's (SDM3 24.6.9: 4 KiB, reads of
 * both ranges before writes). A set bit intercepts; everything starts
 * intercepted. Equal bitmaps are emitted once.
 */
#include "emit/emit.h"

#include <string.h>

#include "kconfig.h"

#define IOPM_SIZE 12288u
#define MSRPM_SIZE 8192u
#define MSRPM_RANGE_SIZE 0x800u
#define MSR_BITMAP_SIZE 4096u
#define MSR_BITMAP_RANGE_SIZE 0x400u
#define MSR_RANGE_MSRS 0x2000u
#define MSR_X2APIC_EOI 0x80bu
#define MSR_X2APIC_SELF_IPI 0x83fu

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

/* Bits of an MSR's read and write permission. False: there are none. */
typedef bool find_msr(uint32_t msr, uint64_t *read, uint64_t *write);

static bool find_msr_amd(uint32_t msr, uint64_t *read, uint64_t *write)
{
	static const uint32_t first[] = { 0, 0xc0000000, 0xc0010000 };
	unsigned i;

	for (i = 0; i < COUNT(first); i++) {
		if (msr >= first[i] && msr - first[i] < MSR_RANGE_MSRS) {
			*read = (uint64_t)i * MSRPM_RANGE_SIZE * 8 +
				2 * (uint64_t)(msr - first[i]);
			*write = *read + 1;
			return true;
		}
	}
	return false;
}

static bool find_msr_intel(uint32_t msr, uint64_t *read, uint64_t *write)
{
	bool high = msr >= 0xc0000000;
	uint32_t index = high ? msr - 0xc0000000 : msr;

	*read = (high ? MSR_BITMAP_RANGE_SIZE * 8 : 0) + (uint64_t)index;
	*write = *read + 2 * MSR_BITMAP_RANGE_SIZE * 8;
	return index < MSR_RANGE_MSRS;
}

static uint8_t *make_msr_map(const struct policy *policy, uint32_t size,
			     find_msr *find)
{
	uint8_t *map = util_alloc(size);
	uint64_t msr, read, write;
	uint32_t i;

	memset(map, 0xff, size);
	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		if (row->read != MSR_PASS && row->write != MSR_PASS) {
			continue;
		}
		for (msr = row->first; msr <= row->last; msr++) {
			if (!find((uint32_t)msr, &read, &write)) {
				continue;
			}
			if (row->read == MSR_PASS) {
				clear_bit(map, read);
			}
			if (row->write == MSR_PASS) {
				clear_bit(map, write);
			}
		}
	}
	return map;
}

/* Are writes of the x2APIC register the hypervisor's to carry out? */
static bool is_emulated(const struct policy *policy, uint32_t msr)
{
	uint32_t i;

	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		if (row->first <= msr && msr <= row->last) {
			return row->write == MSR_EMULATE;
		}
	}
	return false;
}

/*
 * Intel's map for a VP whose EOIs and IPIs to itself the processor carries
 * out, on a virtual-APIC page (SDM3 29.5). Null: the policy has it otherwise.
 */
static uint8_t *make_apic_map(const struct policy *policy)
{
	static const uint32_t msrs[] = { MSR_X2APIC_EOI, MSR_X2APIC_SELF_IPI };
	uint64_t read, write;
	uint8_t *map;
	unsigned i;

	for (i = 0; i < COUNT(msrs); i++) {
		if (!is_emulated(policy, msrs[i])) {
			return NULL;
		}
	}
	map = make_msr_map(policy, MSR_BITMAP_SIZE, find_msr_intel);
	for (i = 0; i < COUNT(msrs); i++) {
		if (find_msr_intel(msrs[i], &read, &write)) {
			clear_bit(map, write);
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

/* The maps of one kind that have been emitted. */
struct maps {
	const char *name;
	uint32_t size;
	uint8_t **map;
	uint32_t count;
};

/* Emits the map if it is a new one; its number. */
static uint32_t add_map(FILE *out, struct maps *maps, uint8_t *map)
{
	uint32_t number = find_map(maps->map, maps->count, map, maps->size);

	if (number == maps->count) {
		maps->map = util_grow(maps->map, maps->count,
				      sizeof(*maps->map));
		maps->map[maps->count++] = map;
		emit_map(out, maps->name, number, map, maps->size);
	}
	return number;
}

void emit_bitmaps(FILE *out, struct model *model)
{
	struct maps iopms = { "iopm", IOPM_SIZE, NULL, 0 };
	struct maps msrpms = { "msrpm", MSRPM_SIZE, NULL, 0 };
	struct maps msrs = { "msr_bitmap", MSR_BITMAP_SIZE, NULL, 0 };
	const char *vendor = model->machine.vendor.s;
	uint8_t *map;
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		struct model_partition *p = &model->partitions[i];

		p->iopm = add_map(out, &iopms, make_iopm(&p->policy));
		if (kconfig_has_vendor(vendor, "amd")) {
			p->msrpm = add_map(out, &msrpms, make_msr_map(
				&p->policy, MSRPM_SIZE, find_msr_amd));
		}
		if (kconfig_has_vendor(vendor, "intel")) {
			p->msr_bitmap = add_map(out, &msrs, make_msr_map(
				&p->policy, MSR_BITMAP_SIZE, find_msr_intel));
			map = kconfig_has("VMX_APICV") ?
			      make_apic_map(&p->policy) : NULL;
			p->has_apic_bitmap = map != NULL;
			if (map != NULL) {
				p->msr_bitmap_apic = add_map(out, &msrs, map);
			}
		}
	}
	fputc('\n', out);
}
