/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O and MSR permission maps against the rows they were made from, and
 * the rows against what no partition may ever be granted. A set bit
 * intercepts; a clear one is a grant, so each needs its row.
 */
#include "verify.h"

#include <string.h>

struct port_range {
	uint32_t first;
	uint32_t last;
	const char *what;
};

/*
 * What the hypervisor itself needs, or what lets a guest stop or reset the
 * machine, or run code in system management mode.
 */
static const struct port_range port_forbidden[] = {
	{ 0x20, 0x21, "interrupt controller (PIC)" },
	{ 0x40, 0x43, "timer (PIT)" },
	{ 0x60, 0x60, "keyboard controller" },
	{ 0x61, 0x61, "timer gate and NMI status" },
	{ 0x64, 0x64, "keyboard controller, resets the machine" },
	{ 0x70, 0x77, "CMOS, with its aliases, and NMI mask" },
	{ 0x92, 0x92, "fast A20 and reset" },
	{ 0xa0, 0xa1, "interrupt controller (PIC)" },
	{ 0xb2, 0xb3, "system management interrupt" },
	{ 0x4d0, 0x4d1, "interrupt edge or level control" },
	{ 0xcf8, 0xcff, "PCI configuration and reset control" },
};

struct msr_range {
	uint32_t first;
	uint32_t last;
	bool write;		/* may be passed for writing too */
};

/*
 * What the back end switches with the VP (APM2 15.5.2 VMLOAD/VMSAVE, and
 * G_PAT), thus what a guest may own. The TSC is read with its offset.
 */
static const struct msr_range msr_allowed[] = {
	{ 0x00000010, 0x00000010, false },	/* TSC */
	{ 0x00000174, 0x00000176, true },	/* SYSENTER_CS, ESP, EIP */
	{ 0x00000277, 0x00000277, true },	/* PAT */
	{ 0xc0000081, 0xc0000084, true },	/* STAR, LSTAR, CSTAR, SFMASK */
	{ 0xc0000100, 0xc0000102, true },	/* FS, GS, KERNEL_GS base */
};

/*
 * AMD's map: pairs of bits, read and write. Part k of it covers 0x2000 MSRs
 * from here (APM2 15.11).
 */
static const uint32_t msrpm_base[] = { 0, 0xc0000000u, 0xc0010000u };

#define MSRPM_PART 2048u

/* Intel's: reads of 0 .. 0x1fff, of 0xc0000000 .. 0xc0001fff, then writes of
 * both (SDM3 24.6.9). */
#define MSR_BITMAP_PART 1024u

static void bitmap_clear(uint8_t *map, uint32_t bit)
{
	map[bit / 8] = (uint8_t)(map[bit / 8] & ~(1u << (bit % 8)));
}

static uint32_t bitmap_first_difference(const uint8_t *a, const uint8_t *b,
					uint32_t size)
{
	uint32_t i;
	unsigned bit = 0;

	for (i = 0; i < size && a[i] == b[i]; i++) {
	}
	while (i < size && !((a[i] ^ b[i]) >> bit & 1)) {
		bit++;
	}
	return i * 8 + bit;
}

static void bitmap_check_iopm(const struct partition_tables *p,
			      struct report *report)
{
	uint8_t expected[IOPM_SIZE];
	uint32_t i;
	uint32_t port;

	memset(expected, 0xff, sizeof(expected));
	for (i = 0; i < p->config.port_count; i++) {
		const struct port_config *row = &p->ports[i];

		if (row->action != PORT_PASS) {
			continue;
		}
		for (port = row->first; port <= row->last; port++) {
			bitmap_clear(expected, port);
		}
	}
	if (!memcmp(p->iopm, expected, sizeof(expected))) {
		return;
	}
	port = bitmap_first_difference(p->iopm, expected, IOPM_SIZE);
	report_error(report, p->where, "partition %s: I/O permission map: "
		     "port 0x%x is %s", p->name, port,
		     p->iopm[port / 8] >> (port % 8) & 1 ?
		     "intercepted, but a row passes it" :
		     "not intercepted, but no row passes it");
}

/* Bit for an MSR's reads or writes, or UINT32_MAX: the map has none. */
static uint32_t bitmap_amd_bit(uint32_t msr, uint32_t write)
{
	uint32_t part;

	for (part = 0; part < ARRAY_COUNT(msrpm_base); part++) {
		if (msr - msrpm_base[part] < 0x2000) {
			return part * MSRPM_PART * 8 +
			       (msr - msrpm_base[part]) * 2 + write;
		}
	}
	return UINT32_MAX;
}

static uint32_t bitmap_intel_bit(uint32_t msr, uint32_t write)
{
	uint32_t part = write * 2 + (msr >> 31);

	if ((msr & 0x3fffffff) >= 0x2000 || (msr >> 30 & 1) != msr >> 31) {
		return UINT32_MAX;
	}
	return part * MSR_BITMAP_PART * 8 + (msr & 0x1fff);
}

static bool bitmap_msr_allowed(uint32_t msr, bool write)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(msr_allowed); i++) {
		if (msr >= msr_allowed[i].first &&
		    msr <= msr_allowed[i].last) {
			return !write || msr_allowed[i].write;
		}
	}
	return false;
}

/* False: not to be passed; the row is reported once. */
static bool bitmap_check_msr_pass(const struct partition_tables *p,
				  uint32_t msr, bool write,
				  struct report *report)
{
	if (bitmap_msr_allowed(msr, write)) {
		return true;
	}
	report_error(report, p->where, "partition %s: MSR 0x%x is passed for "
		     "%s, but the hypervisor does not switch it", p->name,
		     msr, write ? "writing" : "reading");
	return false;
}

static void bitmap_grant_row(const struct partition_tables *p,
			     const struct msr_config *row, uint8_t *amd,
			     uint8_t *intel, struct report *report)
{
	uint64_t msr;
	uint32_t write;

	for (write = 0; write < 2; write++) {
		if ((write ? row->write : row->read) != MSR_PASS) {
			continue;
		}
		for (msr = row->first; msr <= row->last; msr++) {
			if (!bitmap_check_msr_pass(p, (uint32_t)msr,
						   write != 0, report)) {
				break;
			}
			/* What may be passed is in both maps' ranges. */
			bitmap_clear(amd, bitmap_amd_bit((uint32_t)msr, write));
			bitmap_clear(intel,
				     bitmap_intel_bit((uint32_t)msr, write));
		}
	}
}

static void bitmap_report_msr(const struct partition_tables *p,
			      const char *map, uint32_t msr, bool write,
			      bool set, struct report *report)
{
	report_error(report, p->where, "partition %s: %s: %s of MSR 0x%x is "
		     "%s", p->name, map, write ? "write" : "read", msr,
		     set ? "intercepted, but a row passes it" :
		     "not intercepted, but no row passes it");
}

static void bitmap_check_amd(const struct partition_tables *p,
			     const uint8_t *expected, struct report *report)
{
	uint32_t bit;
	uint32_t part;

	if (!p->msrpm || !memcmp(p->msrpm, expected, MSRPM_SIZE)) {
		return;
	}
	bit = bitmap_first_difference(p->msrpm, expected, MSRPM_SIZE);
	part = bit / (MSRPM_PART * 8);
	if (part >= ARRAY_COUNT(msrpm_base)) {
		report_error(report, p->where, "partition %s: MSR permission "
			     "map: reserved bit %u is clear", p->name, bit);
		return;
	}
	bitmap_report_msr(p, "MSR permission map", msrpm_base[part] +
			  bit % (MSRPM_PART * 8) / 2, bit & 1,
			  p->msrpm[bit / 8] >> (bit % 8) & 1, report);
}

static void bitmap_check_intel(const struct partition_tables *p,
			       const char *what, const uint8_t *map,
			       const uint8_t *expected, struct report *report)
{
	uint32_t bit;
	uint32_t part;

	if (!map || !memcmp(map, expected, MSR_BITMAP_SIZE)) {
		return;
	}
	bit = bitmap_first_difference(map, expected, MSR_BITMAP_SIZE);
	part = bit / (MSR_BITMAP_PART * 8);
	bitmap_report_msr(p, what, (part & 1 ? 0xc0000000u : 0) +
			  bit % (MSR_BITMAP_PART * 8), part > 1,
			  map[bit / 8] >> (bit % 8) & 1, report);
}

/*
 * The map of who runs on a virtual-APIC page passes what the other one does,
 * and writes of these, which the processor then carries out on that page
 * (SDM3 29.5). Of any other x2APIC register it would reach the machine's own.
 */
static void bitmap_check_apic(const struct partition_tables *p,
			      uint8_t *expected, struct report *report)
{
	static const uint32_t virtual_msrs[] = { 0x80b, 0x83f };
	uint32_t emulated = 0;
	uint32_t i;
	size_t j;

	if (!p->msr_bitmap_apic) {
		return;
	}
	for (j = 0; j < ARRAY_COUNT(virtual_msrs); j++) {
		bitmap_clear(expected, bitmap_intel_bit(virtual_msrs[j], 1));
		for (i = 0; i < p->config.msr_count; i++) {
			emulated += p->msrs[i].first <= virtual_msrs[j] &&
				    virtual_msrs[j] <= p->msrs[i].last &&
				    p->msrs[i].write == MSR_EMULATE;
		}
	}
	if (emulated != ARRAY_COUNT(virtual_msrs)) {
		report_error(report, p->where, "partition %s has an MSR "
			     "bitmap of the x2APIC, but its rows do not "
			     "emulate EOI and SELF IPI", p->name);
	}
	bitmap_check_intel(p, "MSR bitmap of the x2APIC", p->msr_bitmap_apic,
			   expected, report);
}

static void bitmap_check_msrs(const struct partition_tables *p,
			      struct report *report)
{
	uint8_t amd[MSRPM_SIZE];
	uint8_t intel[MSR_BITMAP_SIZE];
	uint32_t i;

	memset(amd, 0xff, sizeof(amd));
	memset(intel, 0xff, sizeof(intel));
	for (i = 0; i < p->config.msr_count; i++) {
		bitmap_grant_row(p, &p->msrs[i], amd, intel, report);
	}
	bitmap_check_amd(p, amd, report);
	bitmap_check_intel(p, "MSR bitmap", p->msr_bitmap, intel, report);
	bitmap_check_apic(p, intel, report);
}

/* Physical ports of a row that reach the machine: false if none do. */
static bool bitmap_physical(const struct port_config *row, uint32_t *first,
			    uint32_t *last)
{
	if (row->action == PORT_PASS) {
		*first = row->first;
	} else if (row->action == PORT_REMAP) {
		*first = row->target;
	} else {
		return false;
	}
	*last = *first + (uint32_t)(row->last - row->first);
	return true;
}

static void bitmap_check_machine_ports(const struct partition_tables *p,
				       const struct port_config *row,
				       struct report *report)
{
	uint32_t first;
	uint32_t last;
	size_t i;

	if (!bitmap_physical(row, &first, &last)) {
		return;
	}
	if (last > 0xffff) {
		report_error(report, p->where, "partition %s: ports 0x%x to "
			     "0x%x are remapped beyond port 0xffff", p->name,
			     row->first, row->last);
	}
	for (i = 0; i < ARRAY_COUNT(port_forbidden); i++) {
		if (first <= port_forbidden[i].last &&
		    last >= port_forbidden[i].first) {
			report_error(report, p->where, "partition %s is "
				     "granted ports 0x%x to 0x%x: they hold "
				     "the hypervisor's %s", p->name, first,
				     last, port_forbidden[i].what);
		}
	}
}

static void bitmap_check_rows(const struct partition_tables *p,
			      struct report *report)
{
	uint32_t i;

	if (p->config.port_default != PORT_DENY &&
	    p->config.port_default != PORT_STRICT) {
		report_error(report, p->where, "partition %s: default of "
			     "ports is action %u", p->name,
			     p->config.port_default);
	}
	for (i = 0; i < p->config.port_count; i++) {
		const struct port_config *row = &p->ports[i];

		if (row->last < row->first || row->action > PORT_LAUNCH ||
		    row->reserved || (i && row->first <= row[-1].last) ||
		    (row->action != PORT_REMAP &&
		     row->action != PORT_VALUE && row->target)) {
			report_error(report, p->where, "partition %s: port "
				     "row %u (0x%x to 0x%x, action %u) is "
				     "not sorted or not valid", p->name, i,
				     row->first, row->last, row->action);
		}
		bitmap_check_machine_ports(p, row, report);
	}
	for (i = 0; i < p->config.msr_count; i++) {
		const struct msr_config *row = &p->msrs[i];

		if (row->last < row->first || row->read > MSR_VALUE ||
		    row->write > MSR_VALUE ||
		    (i && row->first <= row[-1].last) ||
		    (row->read != MSR_VALUE && row->write != MSR_VALUE &&
		     row->value) ||
		    memcmp(row->reserved, "\0\0\0\0\0",
			   sizeof(row->reserved))) {
			report_error(report, p->where, "partition %s: MSR "
				     "row %u (0x%x to 0x%x) is not sorted or "
				     "not valid", p->name, i, row->first,
				     row->last);
		}
	}
}

static void bitmap_check_rival(const struct partition_tables *a,
			       const struct partition_tables *b,
			       struct report *report)
{
	uint32_t first[2];
	uint32_t last[2];
	uint32_t i;
	uint32_t j;

	for (i = 0; i < a->config.port_count; i++) {
		if (!bitmap_physical(&a->ports[i], &first[0], &last[0])) {
			continue;
		}
		for (j = 0; j < b->config.port_count; j++) {
			if (bitmap_physical(&b->ports[j], &first[1],
					    &last[1]) &&
			    first[0] <= last[1] && first[1] <= last[0]) {
				report_error(report, b->where, "partitions "
					     "%s and %s are both granted "
					     "port 0x%x", a->name, b->name,
					     first[0] > first[1] ?
					     first[0] : first[1]);
			}
		}
	}
}

void bitmap_check(const struct tables *tables, struct report *report)
{
	uint32_t i;
	uint32_t j;

	for (i = 0; i < tables->partition_count; i++) {
		const struct partition_tables *p = &tables->partitions[i];

		bitmap_check_rows(p, report);
		bitmap_check_iopm(p, report);
		bitmap_check_msrs(p, report);
		for (j = 0; j < i; j++) {
			bitmap_check_rival(&tables->partitions[j], p, report);
		}
	}
}
