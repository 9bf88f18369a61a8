/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hiding a bit is not enforcing it: the control-register bits that a guest
 * may set are those whose feature its CPUID rows show, and no others.
 */
#include "place/place.h"

/* A bit of a control register and the CPUID bit that it belongs to. */
struct control {
	unsigned bit;
	uint32_t leaf;
	unsigned reg;		/* 0 EAX .. 3 EDX */
	unsigned cpuid_bit;
};

/* CR4 (APM2 3.1.3, SDM3 2.5). VMXE, SMXE, LA57, PCIDE, CET, PKS, PCE: none. */
static const struct control cr4_controls[] = {
	{ 0, 1, 3, 1 },		/* VME */
	{ 1, 1, 3, 1 },		/* PVI */
	{ 2, 1, 3, 4 },		/* TSD */
	{ 3, 1, 3, 2 },		/* DE */
	{ 4, 1, 3, 3 },		/* PSE */
	{ 5, 1, 3, 6 },		/* PAE */
	{ 6, 1, 3, 7 },		/* MCE */
	{ 7, 1, 3, 13 },	/* PGE */
	{ 9, 1, 3, 24 },	/* OSFXSR */
	{ 10, 1, 3, 25 },	/* OSXMMEXCPT */
	{ 11, 7, 2, 2 },	/* UMIP */
	{ 16, 7, 1, 0 },	/* FSGSBASE */
	{ 18, 1, 2, 26 },	/* OSXSAVE */
	{ 20, 7, 1, 7 },	/* SMEP */
	{ 21, 7, 1, 20 },	/* SMAP */
};

/* EFER (APM2 3.1.7). SVME, LMSLE, FFXSR, TCE: none. */
static const struct control efer_controls[] = {
	{ 0, 0x80000001, 3, 11 },	/* SCE */
	{ 8, 0x80000001, 3, 29 },	/* LME */
	{ 10, 0x80000001, 3, 29 },	/* LMA */
	{ 11, 0x80000001, 3, 20 },	/* NXE */
};

#define XCR0_MAX 7u	/* x87, SSE, AVX: what vcpu_pages.xsave is for */

static uint32_t shown(const struct policy *policy, uint32_t leaf,
		      unsigned reg)
{
	uint32_t bits = 0;
	uint32_t i;

	for (i = 0; i < policy->cpuid_count; i++) {
		const struct cpuid_row *row = &policy->cpuids[i];

		if (row->leaf == leaf &&
		    (row->subleaf == 0 || row->subleaf == CPUID_ANY_SUBLEAF)) {
			bits |= row->allow[reg] | row->force[reg];
		}
	}
	return bits;
}

static uint64_t collect(const struct policy *policy,
			const struct control *controls, size_t count)
{
	uint64_t bits = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct control *c = &controls[i];

		if ((shown(policy, c->leaf, c->reg) >> c->cpuid_bit & 1) != 0) {
			bits |= 1ull << c->bit;
		}
	}
	return bits;
}

void place_controls(struct model_partition *p)
{
	const struct policy *policy = &p->policy;

	p->cr4_allow = collect(policy, cr4_controls, COUNT(cr4_controls));
	p->efer_allow = collect(policy, efer_controls, COUNT(efer_controls));
	/* x87 is always on; the rest needs XSAVE. */
	p->xcr0_allow = 1;
	if ((p->cr4_allow & 1u << 18) != 0) {
		p->xcr0_allow |= shown(policy, 0xd, 0) & XCR0_MAX;
	}
}
