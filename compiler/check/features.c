/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Features that build on one another, and what a partition is shown of its
 * VPs. A guest that trusts a half-shown feature faults on its first use.
 */
#include <string.h>

#include "check/check.h"
#include "check/shown.h"

static const struct shown_bit sse = SHOWN_BIT(1, EDX, 25, "SSE");
static const struct shown_bit xsave = SHOWN_BIT(1, ECX, 26, "XSAVE");
static const struct shown_bit avx = SHOWN_BIT(1, ECX, 28, "AVX");

/* Who is shown a has to be shown b. */
static void need(const struct model *model, const char *id,
		 const struct shown_bit *a, const struct shown_bit *b)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row, *other;
		struct diag *diag;

		if (!shown_has(model, p, a) || shown_has(model, p, b)) {
			continue;
		}
		row = shown_row(model, p, a->leaf, 0);
		other = shown_row(model, p, b->leaf, 0);
		diag = diag_error(id, row->at, "\"%s\" shows %s, but %s is "
				  "hidden", row->name, a->name, b->name);
		if (other != NULL && other != row) {
			diag_note(diag, other->at, "\"%s\" hides it",
				  other->name);
		}
		diag_fix(diag, "hide %s, or show %s too", a->name, b->name);
	}
}

void check_cpuid_avx(const struct model *model)
{
	need(model, "cpuid-avx", &avx, &xsave);
}

void check_cpuid_avx_state(const struct model *model)
{
	static const struct shown_bit state = {
		0xd, SHOWN_EAX, 6, "the state of SSE and AVX (leaf 0xd)"
	};

	need(model, "cpuid-avx-state", &avx, &state);
}

void check_cpuid_avx_users(const struct model *model)
{
	static const struct shown_bit users[] = {
		SHOWN_BIT(1, ECX, 12, "FMA"), SHOWN_BIT(1, ECX, 29, "F16C"),
		SHOWN_BIT(7, EBX, 5, "AVX2"), SHOWN_BIT(7, ECX, 9, "VAES"),
		SHOWN_BIT(7, ECX, 10, "VPCLMULQDQ"),
	};
	size_t i;

	for (i = 0; i < COUNT(users); i++) {
		need(model, "cpuid-avx-users", &users[i], &avx);
	}
}

void check_cpuid_xsave_leaf(const struct model *model)
{
	static const struct shown_bit x87 = SHOWN_BIT(0xd, EAX, 0,
						      "leaf 0xd");

	need(model, "cpuid-xsave-leaf", &xsave, &x87);
}

void check_cpuid_sse(const struct model *model)
{
	static const struct shown_bit chain[][2] = {
		{ SHOWN_BIT(1, EDX, 26, "SSE2"), SHOWN_BIT(1, EDX, 25, "SSE") },
		{ SHOWN_BIT(1, ECX, 0, "SSE3"), SHOWN_BIT(1, EDX, 26, "SSE2") },
		{ SHOWN_BIT(1, ECX, 9, "SSSE3"), SHOWN_BIT(1, ECX, 0, "SSE3") },
		{ SHOWN_BIT(1, ECX, 19, "SSE4.1"),
		  SHOWN_BIT(1, ECX, 9, "SSSE3") },
		{ SHOWN_BIT(1, ECX, 20, "SSE4.2"),
		  SHOWN_BIT(1, ECX, 19, "SSE4.1") },
		{ SHOWN_BIT(1, ECX, 25, "AES"), SHOWN_BIT(1, EDX, 26, "SSE2") },
		{ SHOWN_BIT(1, ECX, 1, "PCLMULQDQ"),
		  SHOWN_BIT(1, EDX, 26, "SSE2") },
		{ SHOWN_BIT(7, EBX, 29, "SHA"), SHOWN_BIT(1, EDX, 26, "SSE2") },
	};
	size_t i;

	for (i = 0; i < COUNT(chain); i++) {
		need(model, "cpuid-sse", &chain[i][0], &chain[i][1]);
	}
}

void check_cpuid_fxsr(const struct model *model)
{
	static const struct shown_bit fxsr = SHOWN_BIT(1, EDX, 24, "FXSR");

	need(model, "cpuid-fxsr", &sse, &fxsr);
}

void check_cpuid_long_mode(const struct model *model)
{
	static const struct shown_bit lm = SHOWN_BIT(0x80000001, EDX, 29,
						     "LM (64-bit mode)");
	static const struct shown_bit pae = SHOWN_BIT(1, EDX, 6, "PAE");

	need(model, "cpuid-long-mode", &lm, &pae);
}

void check_vp_apic(const struct model *model)
{
	static const struct shown_bit apic = SHOWN_BIT(1, EDX, 9, "APIC");
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row = shown_row(model, p, 1, 0);
		struct diag *diag;

		if (p->vp_count < 2 || p->profile == MODEL_NONE ||
		    shown_has(model, p, &apic)) {
			continue;
		}
		diag = diag_error("vp-apic", p->vps_at,
				  "%s cannot start its VP 1: it is shown no "
				  "local APIC", p->name);
		if (row != NULL) {
			diag_note(diag, row->at, "\"%s\" hides it", row->name);
		}
		diag_fix(diag, "force APIC (leaf 1 EDX bit 9), or give it one "
			 "VP");
	}
}

void check_cpuid_leaf1(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row = shown_row(model, p, 1, 0);
		struct diag *diag;

		if (row == NULL || (row->dynamic & CPUID_DYN_LEAF1) != 0 ||
		    (p->vp_count < 2 && !shown_has(model, p, &xsave))) {
			continue;
		}
		diag = diag_error("cpuid-leaf1", row->at,
				  "\"%s\" never shows %s the %s", row->name,
				  p->name, p->vp_count > 1 ?
				  "APIC ids of its VPs" :
				  "OSXSAVE bit that goes with XSAVE");
		diag_fix(diag, "add dynamic = \"leaf1\"");
	}
}

void check_cpuid_x2apic_id(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row = shown_row(model, p, 0xb, 0);
		struct diag *diag;

		if (row == NULL || p->vp_count < 2 ||
		    (row->dynamic & CPUID_DYN_X2APIC_ID) != 0) {
			continue;
		}
		diag = diag_error("cpuid-x2apic-id", row->at,
				  "\"%s\" shows every VP of %s the same APIC "
				  "id", row->name, p->name);
		diag_note(diag, p->vps_at, "it has %u VPs", p->vp_count);
		diag_fix(diag, "add dynamic = \"x2apic-id\"");
	}
}

void check_cpuid_width(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row;
		struct diag *diag;
		uint32_t bits;

		row = shown_row(model, p, 0x80000008, 0);
		/* Without VPs nothing fills in the topology. */
		if (row == NULL || p->vp_count == 0) {
			continue;
		}
		bits = row->allow[0] | row->force[0];
		if ((bits & 0xff) != 0 && (bits & 0xff00) != 0) {
			continue;
		}
		diag = diag_error("cpuid-width", row->at,
				  "\"%s\" shows addresses of no bits",
				  row->name);
		diag_fix(diag, "force 0x3000 (48 linear bits) into the first "
			 "cell, and add \"topology\" for the physical ones");
	}
}

/* The highest leaf of a range that the guest is told of; 0: not known. */
static uint32_t highest(const struct model *model,
			const struct model_partition *p, uint32_t first)
{
	const struct cpuid_row *row = shown_row(model, p, first, 0);

	return row == NULL || row->allow[0] != 0 ? 0 : row->force[0];
}

void check_cpuid_max(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.cpuid_count; j++) {
			const struct cpuid_row *row = &p->policy.cpuids[j];
			uint32_t first = row->leaf & 0xffff0000;
			uint32_t last = highest(model, p, first);
			struct diag *diag;

			if (last == 0 || row->leaf <= last ||
			    !shown_holds(model, row->vendor)) {
				continue;
			}
			diag = diag_error("cpuid-max", row->at,
					  "no guest asks for leaf %#x of "
					  "\"%s\": the highest is %#x",
					  row->leaf, row->name, last);
			diag_note(diag, shown_row(model, p, first, 0)->at,
				  "\"%s\" says that",
				  shown_row(model, p, first, 0)->name);
			diag_fix(diag, "force a higher one there, or remove "
				 "the row");
		}
	}
}

void check_cpuid_tlfs(const struct model *model)
{
	static const struct shown_bit bit = SHOWN_BIT(1, ECX, 31,
						      "HYPERVISOR");
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->policy.privileges.set || p->profile == MODEL_NONE ||
		    shown_has(model, p, &bit)) {
			continue;
		}
		diag = diag_error("cpuid-tlfs", p->policy.privileges.at,
				  "%s will not look for the TLFS: it is not "
				  "told of a hypervisor", p->name);
		if (shown_row(model, p, 1, 0) != NULL) {
			diag_note(diag, shown_row(model, p, 1, 0)->at,
				  "\"%s\" hides it",
				  shown_row(model, p, 1, 0)->name);
		}
		diag_fix(diag, "force HYPERVISOR (leaf 1 ECX bit 31), or "
			 "remove \"tlfs\"");
	}
}

/* What Linux for x86-64 refuses to start without. */
void check_linux_cpuid(const struct model *model)
{
	static const struct shown_bit bits[] = {
		SHOWN_BIT(1, EDX, 0, "FPU"), SHOWN_BIT(1, EDX, 3, "PSE"),
		SHOWN_BIT(1, EDX, 5, "MSR"), SHOWN_BIT(1, EDX, 6, "PAE"),
		SHOWN_BIT(1, EDX, 8, "CX8"), SHOWN_BIT(1, EDX, 13, "PGE"),
		SHOWN_BIT(1, EDX, 15, "CMOV"), SHOWN_BIT(1, EDX, 24, "FXSR"),
		SHOWN_BIT(1, EDX, 25, "SSE"), SHOWN_BIT(1, EDX, 26, "SSE2"),
	};
	uint32_t i;
	size_t j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row = shown_row(model, p, 1, 0);
		const char *list = "";
		struct diag *diag;

		if (p->boot != BOOT_LINUX || !p->long_mode || row == NULL) {
			continue;
		}
		for (j = 0; j < COUNT(bits); j++) {
			if (!shown_has(model, p, &bits[j])) {
				list = util_format("%s%s%s", list,
						   *list == '\0' ? "" : ", ",
						   bits[j].name);
			}
		}
		if (*list == '\0') {
			continue;
		}
		diag = diag_error("linux-cpuid", row->at, "the Linux of %s "
				  "needs what \"%s\" hides: %s", p->name,
				  row->name, list);
		diag_note(diag, p->boot_text.at, "it starts in 64-bit mode");
		diag_fix(diag, "allow them in leaf 1 EDX: C1D_BASE | C1D_SSE "
			 "| C1D_SSE2");
	}
}

void check_gpa_bits_unused(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct cpuid_row *row;
		struct diag *diag;

		row = shown_row(model, p, 0x80000008, 0);
		if (!p->gpa_bits_wanted.set || p->profile == MODEL_NONE ||
		    (row != NULL && row->topology)) {
			continue;
		}
		diag = diag_error("gpa-bits-unused", p->gpa_bits_wanted.at,
				  "%s would never see this width", p->name);
		if (row != NULL) {
			diag_note(diag, row->at, "\"%s\" has no \"topology\"",
				  row->name);
		}
		diag_fix(diag, "add \"topology\" to the row of leaf "
			 "0x80000008, or remove \"gpa-bits\"");
	}
}
