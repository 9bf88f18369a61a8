/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of single CPUID rows: the leaf that they are for, and what in it. */
#include "check/check.h"
#include "check/shown.h"

#define SYNTH_FIRST 0x40000000u		/* answered by the hypervisor */
#define SYNTH_LAST 0x400000ffu
#define XCR0_SWITCHED 7u	/* x87, SSE, AVX */
/* Leaf 1 EDX: FPU to APIC, SEP to PSE36, CLFSH, MMX to SSE2. */
#define BASE_EDX 0x078bfbffu

/* Each row of each partition; then null. */
static const struct cpuid_row *next_row(const struct model *model,
					uint32_t *partition, uint32_t *row)
{
	while (*partition < model->partition_count) {
		const struct policy *policy =
			&model->partitions[*partition].policy;

		if (*row < policy->cpuid_count) {
			return &policy->cpuids[(*row)++];
		}
		*row = 0;
		(*partition)++;
	}
	return NULL;
}

static bool has_subleaves(uint32_t leaf)
{
	static const uint32_t leaves[] = {
		0x4, 0x7, 0xb, 0xd, 0xf, 0x10, 0x12, 0x14, 0x17, 0x18, 0x1a,
		0x1b, 0x1d, 0x1e, 0x1f, 0x20, 0x23, 0x24, 0x8000001d,
		0x80000020, 0x80000026,
	};
	size_t i;

	for (i = 0; i < COUNT(leaves); i++) {
		if (leaves[i] == leaf) {
			return true;
		}
	}
	return false;
}

void check_cpuid_subleaf(const struct model *model)
{
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0;
	struct diag *diag;

	while ((row = next_row(model, &i, &j)) != NULL) {
		if (row->subleaf == CPUID_ANY_SUBLEAF ||
		    has_subleaves(row->leaf)) {
			continue;
		}
		diag = diag_error("cpuid-subleaf", row->at,
				  "\"%s\" holds for subleaf %u only of leaf "
				  "%#x, which has none", row->name,
				  row->subleaf, row->leaf);
		diag_fix(diag, "remove \"subleaf\": a guest may ask with "
			 "anything in ECX, and would read zeros");
	}
}

void check_cpuid_every_subleaf(const struct model *model)
{
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0;
	struct diag *diag;

	while ((row = next_row(model, &i, &j)) != NULL) {
		if (row->subleaf != CPUID_ANY_SUBLEAF ||
		    !has_subleaves(row->leaf)) {
			continue;
		}
		diag = diag_error("cpuid-every-subleaf", row->at,
				  "\"%s\" holds for every subleaf of leaf "
				  "%#x", row->name, row->leaf);
		diag_fix(diag, "add \"subleaf\", and a row for each one: "
			 "guests count on until one is empty");
	}
}

/* The leaf that a word of "dynamic" is for. */
static bool dynamic_fits(uint32_t bit, uint32_t leaf)
{
	switch (bit) {
	case CPUID_DYN_LEAF1:
		return leaf == 1;
	case CPUID_DYN_X2APIC_ID:
		return leaf == 0xb || leaf == 0x1f;
	case CPUID_DYN_XSTATE:
		return leaf == 0xd;
	case CPUID_DYN_AMD_ID:
		return leaf == 0x8000001e;
	case CPUID_DYN_OSPKE:
		return leaf == 7;
	}
	return false;
}

void check_cpuid_dynamic(const struct model *model)
{
	static const char *const words[] = {
		"leaf1", "x2apic-id", "xstate", "amd-id", "ospke"
	};
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0, bit;
	struct diag *diag;

	while ((row = next_row(model, &i, &j)) != NULL) {
		for (bit = 0; bit < COUNT(words); bit++) {
			if ((row->dynamic & 1u << bit) == 0 ||
			    dynamic_fits(1u << bit, row->leaf)) {
				continue;
			}
			diag = diag_error("cpuid-dynamic", row->at,
					  "\"%s\" would have \"%s\" filled "
					  "into leaf %#x", row->name,
					  words[bit], row->leaf);
			diag_fix(diag, "remove the word, or correct the leaf: "
				 "leaf1 is for 1, x2apic-id for 0xb, xstate "
				 "for 0xd, amd-id for 0x8000001e, ospke for 7");
		}
	}
}

void check_cpuid_topology(const struct model *model)
{
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0;
	struct diag *diag;

	while ((row = next_row(model, &i, &j)) != NULL) {
		if (!row->topology || row->leaf == 1 || row->leaf == 4 ||
		    row->leaf == 0xb || row->leaf == 0x80000001 ||
		    row->leaf == 0x80000008 || row->leaf == 0x8000001e) {
			continue;
		}
		diag = diag_error("cpuid-topology", row->at,
				  "leaf %#x of \"%s\" has no topology that "
				  "could be filled in", row->leaf, row->name);
		diag_fix(diag, "remove \"topology\": it is for leaves 1, 4, "
			 "0xb, 0x80000001, 0x80000008 and 0x8000001e");
	}
}

void check_cpuid_hypervisor(const struct model *model)
{
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0;
	struct diag *diag;

	while ((row = next_row(model, &i, &j)) != NULL) {
		if (row->leaf < SYNTH_FIRST || row->leaf > SYNTH_LAST) {
			continue;
		}
		diag = diag_error("cpuid-hypervisor", row->at,
				  "nobody would see \"%s\": leaf %#x is the "
				  "hypervisor's own", row->name, row->leaf);
		diag_fix(diag, "remove it; what a guest is shown there "
			 "follows from \"tlfs\"");
	}
}

void check_cpuid_xcr0(const struct model *model)
{
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0, bits;
	struct diag *diag;

	while ((row = next_row(model, &i, &j)) != NULL) {
		bits = row->allow[0] | row->force[0];
		if (row->leaf != 0xd || row->subleaf != 0 ||
		    ((bits & ~XCR0_SWITCHED) == 0 && (bits & 1) != 0 &&
		     (row->allow[3] | row->force[3]) == 0)) {
			continue;
		}
		diag = diag_error("cpuid-xcr0", row->at,
				  "\"%s\" shows states (%#x) that are not "
				  "those of x87, SSE and AVX", row->name,
				  bits);
		diag_fix(diag, "let the first cell be 1, 3 or 7 and the last "
			 "one 0: no other state is switched with a VP");
	}
}

/*
 * Forced bits that need no processor: what the hypervisor emulates, and what
 * each one has that runs 64-bit guests.
 */
static const struct shown_bit forceable[] = {
	{ 1, SHOWN_ECX, 1u << 21 | 1u << 24 | 1u << 31, "" },
	{ 1, SHOWN_EDX, BASE_EDX | 1u << 28, "" },
	{ 7, SHOWN_EBX, 0, "" }, { 7, SHOWN_ECX, 0, "" },
	{ 7, SHOWN_EDX, 0, "" }, { 0xd, SHOWN_EAX, 3, "" },
	{ 0x80000001, SHOWN_ECX, 1u << 1, "" },
	/* And NX, LM. */
	{ 0x80000001, SHOWN_EDX, BASE_EDX | 1u << 20 | 1u << 29, "" },
};

void check_cpuid_force(const struct model *model)
{
	const struct cpuid_row *row;
	uint32_t i = 0, j = 0, wrong;
	struct diag *diag;
	size_t k;

	while ((row = next_row(model, &i, &j)) != NULL) {
		for (k = 0; k < COUNT(forceable); k++) {
			const struct shown_bit *f = &forceable[k];

			wrong = row->force[f->reg] & ~f->mask;
			if (row->leaf != f->leaf || wrong == 0) {
				continue;
			}
			diag = diag_error("cpuid-force", row->at,
					  "\"%s\" forces bits %#x of leaf %#x "
					  "%s, which the processor may not "
					  "have", row->name, wrong, row->leaf,
					  f->reg == SHOWN_EAX ? "EAX" :
					  f->reg == SHOWN_EBX ? "EBX" :
					  f->reg == SHOWN_ECX ? "ECX" : "EDX");
			diag_fix(diag, "move them to \"allow\": then they are "
				 "shown where the processor has them");
		}
	}
}
