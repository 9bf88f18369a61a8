/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of MSR and CPUID rows. */
#include "check/check.h"
#include "kconfig.h"

void check_msr_range(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->msr_count; j++) {
			const struct msr_row *row = &policy->msrs[j];
			struct diag *diag;

			if (row->first <= row->last ||
			    diag_has_error_at(row->range_at)) {
				continue;
			}
			diag = diag_error("msr-range", row->range_at,
					  "%#x to %#x is no range of MSRs",
					  row->first, row->last);
			diag_fix(diag, "write <first last>, both included");
		}
	}
}

void check_msr_overlap(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		/* Rows are sorted by their first MSR. */
		for (j = 1; j < policy->msr_count; j++) {
			const struct msr_row *a = &policy->msrs[j - 1];
			const struct msr_row *b = &policy->msrs[j];
			struct diag *diag;

			if (a->last < b->first || a->first > a->last ||
			    b->first > b->last) {
				continue;
			}
			if (a->own && !b->own) {
				b = a;
				a = &policy->msrs[j];
			}
			diag = diag_error("msr-overlap", b->range_at,
					  "%s: MSRs of \"%s\" (%#x to %#x) "
					  "overlap those of \"%s\"",
					  model->partitions[i].name, b->name,
					  b->first, b->last, a->name);
			diag_note(diag, a->range_at, "\"%s\" has %#x to %#x",
				  a->name, a->first, a->last);
			diag_fix(diag, "make them disjoint, or give the row "
				 "the name of the one that it replaces");
		}
	}
}

/*
 * MSRs that VMRUN, #VMEXIT, VMLOAD and VMSAVE exchange (APM2 15.5.1, 15.5.2;
 * PAT: 15.25.4), and reads of the TSC, which has its offset. Passing any
 * other one would give a guest the machine's.
 */
static bool may_pass(uint32_t msr, bool write)
{
	if (msr == 0x10) {
		return !write;
	}
	return (msr >= 0x174 && msr <= 0x176) || msr == 0x277 ||
	       (msr >= 0xc0000081 && msr <= 0xc0000084) ||
	       (msr >= 0xc0000100 && msr <= 0xc0000102);
}

static void check_pass(const struct msr_row *row, bool write)
{
	uint64_t msr;

	/* Partitions of one profile have the row, and its error, in common. */
	if ((write ? row->write : row->read) != MSR_PASS ||
	    diag_has_error_at(write ? row->write_at : row->read_at)) {
		return;
	}
	for (msr = row->first; msr <= row->last; msr++) {
		struct diag *diag;

		if (may_pass((uint32_t)msr, write)) {
			continue;
		}
		diag = diag_error("msr-pass",
				  write ? row->write_at : row->read_at,
				  "MSR %#llx of \"%s\" is the machine's: "
				  "%s cannot pass", (unsigned long long)msr,
				  row->name, write ? "writes" : "reads");
		diag_fix(diag, "use \"emulate\", \"value\" or \"deny\"");
		return;
	}
}

void check_msr_pass(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->msr_count; j++) {
			check_pass(&policy->msrs[j], false);
			check_pass(&policy->msrs[j], true);
		}
	}
}

void check_msr_value(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->msr_count; j++) {
			const struct msr_row *row = &policy->msrs[j];
			bool reads = row->read == MSR_VALUE;
			struct diag *diag;

			if (reads == row->value.set ||
			    diag_has_error_at(row->at)) {
				continue;
			}
			diag = diag_error("msr-value", row->at, reads ?
					  "\"%s\" reads a value but has none" :
					  "\"%s\" has a value that nobody "
					  "reads", row->name);
			diag_fix(diag, reads ? "add \"value\": <CELLS(0)>" :
				 "remove \"value\", or make read \"value\"");
		}
	}
}

static bool same_cpuid(const struct cpuid_row *a, const struct cpuid_row *b)
{
	return a->leaf == b->leaf && a->subleaf == b->subleaf &&
	       (a->vendor == b->vendor || a->vendor == VENDOR_ANY ||
		b->vendor == VENDOR_ANY);
}

void check_cpuid_twice(const struct model *model)
{
	uint32_t i, j, k;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->cpuid_count; j++) {
			const struct cpuid_row *a = &policy->cpuids[j];

			for (k = 0; k < j; k++) {
				const struct cpuid_row *b;
				struct diag *diag;

				b = &policy->cpuids[k];
				if (!same_cpuid(a, b) ||
				    diag_has_error_at(a->at)) {
					continue;
				}
				diag = diag_error("cpuid-twice", a->at,
						  "leaf %#x of %s has two "
						  "rows", a->leaf,
						  model->partitions[i].name);
				diag_note(diag, b->at, "the other is \"%s\"",
					  b->name);
				diag_fix(diag, "give the row the name of the "
					 "one that it replaces");
			}
		}
	}
}

struct feature {
	uint32_t leaf;
	uint32_t subleaf;
	unsigned reg;		/* 0 EAX .. 3 EDX */
	uint32_t bits;
	const char *name;
};

/*
 * What nothing in the hypervisor switches, emulates or confines. Showing one
 * would promise what a guest does not get.
 */
static const struct feature unsafe_features[] = {
	{ 1, 0, 2, 1u << 3, "MONITOR" },
	{ 1, 0, 2, 1u << 5, "VMX" },
	{ 1, 0, 2, 1u << 6, "SMX" },
	{ 1, 0, 2, 1u << 15, "PDCM (performance counters)" },
	{ 1, 0, 2, 1u << 17, "PCID" },
	{ 1, 0, 3, 1u << 7, "MCE" },
	{ 1, 0, 3, 1u << 14, "MCA" },
	{ 1, 0, 3, 1u << 21, "DS" },
	{ 1, 0, 3, 1u << 22, "ACPI thermal control" },
	{ 7, 0, 1, 1u << 10, "INVPCID" },
	{ 7, 0, 1, 1u << 16, "AVX-512" },
	{ 7, 0, 2, 1u << 3, "PKU" },
	{ 7, 0, 2, 1u << 7, "CET" },
	{ 7, 0, 2, 1u << 16, "LA57" },
	{ 0xd, 1, 0, 1u << 3, "XSAVES" },
	{ 0x80000001, 0, 2, 1u << 2, "SVM" },
	{ 0x80000001, 0, 2, 1u << 12, "SKINIT" },
	{ 0x80000001, 0, 2, 1u << 29, "MONITORX" },
	{ 0x80000001, 0, 3, 1u << 7, "MCE" },
	{ 0x80000001, 0, 3, 1u << 14, "MCA" },
};

static void check_features(const struct cpuid_row *row)
{
	size_t i;

	for (i = 0; i < COUNT(unsafe_features); i++) {
		const struct feature *f = &unsafe_features[i];
		struct diag *diag;

		if (row->leaf != f->leaf ||
		    (row->subleaf != f->subleaf &&
		     row->subleaf != CPUID_ANY_SUBLEAF) ||
		    ((row->allow[f->reg] | row->force[f->reg]) & f->bits) ==
		    0 || diag_has_error_at(row->at)) {
			continue;
		}
		diag = diag_error("cpuid-unsafe", row->at,
				  "\"%s\" shows %s, which guests cannot have",
				  row->name, f->name);
		diag_fix(diag, "clear bit %#x of the %s in allow and force",
			 f->bits, f->reg == 0 ? "first cell (EAX)" :
			 f->reg == 1 ? "second cell (EBX)" :
			 f->reg == 2 ? "third cell (ECX)" :
			 "fourth cell (EDX)");
	}
}

void check_cpuid_unsafe(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->cpuid_count; j++) {
			check_features(&policy->cpuids[j]);
		}
	}
}

void check_tlfs_config(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->policy.privileges.set || kconfig_has("TLFS") ||
		    diag_has_error_at(p->policy.privileges.at)) {
			continue;
		}
		diag = diag_error("tlfs-config", p->policy.privileges.at,
				  "%s is to see the TLFS, which is not in "
				  "this build", p->name);
		diag_fix(diag, "set CONFIG_TLFS (make menuconfig), or use a "
			 "profile without \"tlfs\"");
	}
}
