/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feature that CPUID shows promises its MSRs: a guest that believes it and
 * gets #GP(0) dies at once (SDM2 CPUID, APM2 appendix A).
 */
#include "check/check.h"
#include "check/shown.h"

struct promise {
	const char *id;
	struct shown_bit bit;
	uint32_t first;
	uint32_t last;
	bool write;		/* and not only reads */
};

static void refuse(const struct promise *promise, const char *who,
		   struct loc who_at, const struct msr_row *row,
		   uint32_t msr, bool write)
{
	const char *how = write ? "written" : "read";
	struct diag *diag;

	if (row == NULL) {
		diag = diag_error(promise->id, who_at, "%s, but MSR %#x has "
				  "no row", who, msr);
	} else {
		diag = diag_error(promise->id, write ? row->write_at :
				  row->read_at, "%s, but MSR %#x cannot be %s",
				  who, msr, how);
		diag_note(diag, who_at, "that is said here");
	}
	if (promise->bit.name == NULL) {
		diag_fix(diag, "let MSRs %#x to %#x be read and written",
			 promise->first, promise->last);
	} else if (promise->first == promise->last) {
		diag_fix(diag, "let MSR %#x be %s, or hide %s",
			 promise->first, how, promise->bit.name);
	} else {
		diag_fix(diag, "let MSRs %#x to %#x be %s, or hide %s",
			 promise->first, promise->last, how,
			 promise->bit.name);
	}
}

/* Says so of the first MSR that does not answer. */
static void check_range(const struct model_partition *p,
			const struct promise *promise, const char *who,
			struct loc who_at)
{
	uint32_t msr;

	for (msr = promise->first; msr <= promise->last; msr++) {
		const struct msr_row *row = shown_msr(p, msr);

		if (!shown_msr_answers(row, false)) {
			refuse(promise, who, who_at, row, msr, false);
			return;
		}
		if (promise->write && !shown_msr_answers(row, true)) {
			refuse(promise, who, who_at, row, msr, true);
			return;
		}
	}
}

static void check_promise(const struct model *model,
			  const struct promise *promise)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row;

		if (!shown_has(model, p, &promise->bit)) {
			continue;
		}
		row = shown_row(model, p, promise->bit.leaf, 0);
		check_range(p, promise, util_format("\"%s\" shows %s",
						    row->name,
						    promise->bit.name),
			    row->at);
	}
}

void check_msr_tsc(const struct model *model)
{
	static const struct promise promise = {
		"msr-tsc", SHOWN_BIT(1, EDX, 4, "TSC"), 0x10, 0x10, false
	};

	check_promise(model, &promise);
}

void check_msr_apic_base(const struct model *model)
{
	static const struct promise promise = {
		"msr-apic-base", SHOWN_BIT(1, EDX, 9, "APIC"), 0x1b, 0x1b, true
	};

	check_promise(model, &promise);
}

void check_msr_sysenter(const struct model *model)
{
	static const struct promise promise = {
		"msr-sysenter", SHOWN_BIT(1, EDX, 11, "SEP"), 0x174, 0x176,
		true
	};

	check_promise(model, &promise);
}

void check_msr_mtrr(const struct model *model)
{
	static const struct promise cap = {
		"msr-mtrr", SHOWN_BIT(1, EDX, 12, "MTRR"), 0xfe, 0xfe, false
	};
	static const struct promise type = {
		"msr-mtrr", SHOWN_BIT(1, EDX, 12, "MTRR"), 0x2ff, 0x2ff, true
	};

	check_promise(model, &cap);
	check_promise(model, &type);
}

void check_msr_pat(const struct model *model)
{
	static const struct promise promise = {
		"msr-pat", SHOWN_BIT(1, EDX, 16, "PAT"), 0x277, 0x277, true
	};

	check_promise(model, &promise);
}

void check_msr_x2apic(const struct model *model)
{
	static const struct promise promise = {
		"msr-x2apic", SHOWN_BIT(1, ECX, 21, "X2APIC"), 0x802, 0x83f,
		true
	};

	check_promise(model, &promise);
}

void check_msr_tsc_deadline(const struct model *model)
{
	static const struct promise promise = {
		"msr-tsc-deadline", SHOWN_BIT(1, ECX, 24, "TSC_DEADLINE"),
		0x6e0, 0x6e0, true
	};

	check_promise(model, &promise);
}

void check_msr_syscall(const struct model *model)
{
	static const struct promise promise = {
		"msr-syscall", SHOWN_BIT(0x80000001, EDX, 11, "SYSCALL"),
		0xc0000081, 0xc0000084, true
	};

	check_promise(model, &promise);
}

void check_msr_efer(const struct model *model)
{
	static const struct promise promise = {
		"msr-efer", SHOWN_BIT(0x80000001, EDX, 20, "NX"),
		0xc0000080, 0xc0000080, true
	};

	check_promise(model, &promise);
}

void check_msr_tsc_aux(const struct model *model)
{
	static const struct promise promise = {
		"msr-tsc-aux", SHOWN_BIT(0x80000001, EDX, 27, "RDTSCP"),
		0xc0000103, 0xc0000103, true
	};

	check_promise(model, &promise);
}

/* FS and GS: the kernel's per-CPU data are behind GS from its start on. */
void check_linux_msrs(const struct model *model)
{
	static const struct promise promise = {
		"linux-msrs", { 0, SHOWN_EAX, 0, NULL },
		0xc0000100, 0xc0000102, true
	};
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		if (p->boot == BOOT_LINUX && p->long_mode &&
		    p->profile != MODEL_NONE) {
			check_range(p, &promise,
				    util_format("%s starts a 64-bit Linux",
						p->name), p->boot_text.at);
		}
	}
}

/* MSRs that hv/guest answers itself: msr.c, msr_arch.c, msr_mtrr.c. */
static bool is_emulated(uint32_t first, uint32_t last)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} known[] = {
		{ 0x10, 0x10 }, { 0x1b, 0x1b }, { 0x3b, 0x3b },
		{ 0xfe, 0xfe }, { 0x174, 0x176 }, { 0x179, 0x17a },
		{ 0x1a0, 0x1a0 }, { 0x1d9, 0x1d9 }, { 0x200, 0x20f },
		{ 0x250, 0x250 }, { 0x258, 0x259 }, { 0x268, 0x26f },
		{ 0x277, 0x277 }, { 0x2ff, 0x2ff }, { 0x6e0, 0x6e0 },
		{ 0x800, 0x8ff }, { 0xda0, 0xda0 },
		{ 0x40000000, 0x400001ff }, { 0xc0000080, 0xc0000084 },
		{ 0xc0000102, 0xc0000103 },
	};
	size_t i;

	for (i = 0; i < COUNT(known); i++) {
		if (first <= known[i].last && known[i].first <= last) {
			return true;
		}
	}
	return false;
}

void check_msr_emulate(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->msr_count; j++) {
			const struct msr_row *row = &policy->msrs[j];
			bool read = row->read == MSR_EMULATE;
			struct diag *diag;

			if ((!read && row->write != MSR_EMULATE) ||
			    row->last < row->first ||
			    is_emulated(row->first, row->last)) {
				continue;
			}
			diag = diag_error("msr-emulate", read ? row->read_at :
					  row->write_at, "the hypervisor has "
					  "no MSR %#x of its own to show as "
					  "\"%s\"", row->first, row->name);
			diag_fix(diag, "use \"value\", or \"deny\": the guest "
				 "would get #GP(0) all the same");
		}
	}
}
