/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hiding a CPUID bit is not enforcing it. For each bit that a guest may set
 * in CR4, EFER or XCR0 there must be a CPUID bit, possibly shown, that says
 * the guest may know of it (APM2 3.1.3, 3.1.7; APM3 appendix E). What is in
 * no row here (VMXE, LA57, PCIDE, PKE, CET, SVME, FFXSR) no guest may set.
 */
#include "verify.h"

enum feature_register { FEATURE_CR4, FEATURE_EFER };

struct feature {
	enum feature_register where;
	uint32_t bit;
	uint32_t leaf;
	uint32_t output;	/* 0 EAX .. 3 EDX */
	uint32_t cpuid_bit;
	const char *name;
};

#define CR4_OSXSAVE (1ull << 18)
#define XCR0_X87 1ull
#define XCR0_KNOWN 7ull		/* x87, SSE, AVX */

#define EBX 1u
#define ECX 2u
#define EDX 3u

static const struct feature features[] = {
	{ FEATURE_CR4, 0, 1, EDX, 1, "VME" },
	{ FEATURE_CR4, 1, 1, EDX, 1, "PVI" },
	{ FEATURE_CR4, 2, 1, EDX, 4, "TSD" },
	{ FEATURE_CR4, 3, 1, EDX, 2, "DE" },
	{ FEATURE_CR4, 4, 1, EDX, 3, "PSE" },
	{ FEATURE_CR4, 5, 1, EDX, 6, "PAE" },
	{ FEATURE_CR4, 6, 1, EDX, 7, "MCE" },
	{ FEATURE_CR4, 7, 1, EDX, 13, "PGE" },
	{ FEATURE_CR4, 9, 1, EDX, 24, "OSFXSR" },
	{ FEATURE_CR4, 10, 1, EDX, 25, "OSXMMEXCPT" },
	{ FEATURE_CR4, 11, 7, ECX, 2, "UMIP" },
	{ FEATURE_CR4, 16, 7, EBX, 0, "FSGSBASE" },
	{ FEATURE_CR4, 18, 1, ECX, 26, "OSXSAVE" },
	{ FEATURE_CR4, 20, 7, EBX, 7, "SMEP" },
	{ FEATURE_CR4, 21, 7, EBX, 20, "SMAP" },
	{ FEATURE_EFER, 0, 0x80000001, EDX, 11, "SCE" },
	{ FEATURE_EFER, 8, 0x80000001, EDX, 29, "LME" },
	{ FEATURE_EFER, 10, 0x80000001, EDX, 29, "LMA" },
	{ FEATURE_EFER, 11, 0x80000001, EDX, 20, "NXE" },
};

/* Any row of the leaf, whatever its vendor, that may show the bit. */
static uint32_t features_shown(const struct partition_tables *p,
			       uint32_t leaf, uint32_t output)
{
	uint32_t shown = 0;
	uint32_t i;

	for (i = 0; i < p->config.cpuid_count; i++) {
		const struct cpuid_config *row = &p->cpuids[i];

		if (row->leaf == leaf && (row->subleaf == 0 ||
		    row->subleaf == CPUID_ANY_SUBLEAF)) {
			shown |= row->allow[output] | row->force[output];
		}
	}
	return shown;
}

static uint64_t features_allowed(const struct partition_tables *p,
				 enum feature_register where)
{
	uint64_t allowed = 0;
	size_t i;

	for (i = 0; i < ARRAY_COUNT(features); i++) {
		const struct feature *feature = &features[i];

		if (feature->where == where &&
		    (features_shown(p, feature->leaf, feature->output) >>
		     feature->cpuid_bit & 1)) {
			allowed |= 1ull << feature->bit;
		}
	}
	return allowed;
}

/* x87 always; SSE and AVX state where the guest can switch XSAVE on. */
static uint64_t features_xcr0(const struct partition_tables *p)
{
	uint64_t allowed = XCR0_X87;

	if (p->config.cr4_allow & CR4_OSXSAVE) {
		allowed |= features_shown(p, 0xd, 0) & XCR0_KNOWN;
	}
	return allowed;
}

static void features_check_register(const struct partition_tables *p,
				    const char *name, uint64_t granted,
				    uint64_t allowed, struct report *report)
{
	if (granted & ~allowed) {
		report_error(report, p->where, "partition %s: may set %s "
			     "bits 0x%llx, which its CPUID rows hide",
			     p->name, name,
			     (unsigned long long)(granted & ~allowed));
	}
	if (allowed & ~granted) {
		report_error(report, p->where, "partition %s: cannot set %s "
			     "bits 0x%llx, which its CPUID rows show",
			     p->name, name,
			     (unsigned long long)(allowed & ~granted));
	}
}

/* Leaf 0x80000008 tells the guest how wide an address may be. */
static void features_check_width(const struct tables *tables,
				 const struct partition_tables *p,
				 struct report *report)
{
	uint32_t bits = tables_cpuid_bits(tables, p);
	uint32_t i;

	for (i = 0; i < p->config.cpuid_count; i++) {
		const struct cpuid_config *row = &p->cpuids[i];

		if (row->leaf == 0x80000008 &&
		    ((row->allow[0] & 0xff) ||
		     (row->force[0] & 0xff) != bits)) {
			report_error(report, p->where, "partition %s: its "
				     "CPUID says that a GPA has %u bits, it "
				     "has %u", p->name, row->force[0] & 0xff,
				     bits);
		}
	}
}

void features_check(const struct tables *tables, struct report *report)
{
	uint32_t i;

	for (i = 0; i < tables->partition_count; i++) {
		const struct partition_tables *p = &tables->partitions[i];

		features_check_register(p, "CR4", p->config.cr4_allow,
					features_allowed(p, FEATURE_CR4),
					report);
		features_check_register(p, "EFER", p->config.efer_allow,
					features_allowed(p, FEATURE_EFER),
					report);
		features_check_register(p, "XCR0", p->config.xcr0_allow,
					features_xcr0(p), report);
		features_check_width(tables, p, report);
	}
}
