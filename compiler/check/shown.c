/* SPDX-License-Identifier: Apache-2.0 */
/* Finds rows as the hypervisor does: of the sorted ones the first that fits. */
#include "check/shown.h"

#include "schema.h"

/* Does a row for that vendor hold on the machine? */
bool shown_holds(const struct model *model, uint32_t vendor)
{
	const char *name = model->machine.vendor.s;

	return vendor == VENDOR_ANY || name == NULL ||
	       schema_word(schema_vendor_words, name) == (int)vendor;
}

const struct cpuid_row *shown_row(const struct model *model,
				  const struct model_partition *p,
				  uint32_t leaf, uint32_t subleaf)
{
	uint32_t i;

	for (i = 0; i < p->policy.cpuid_count; i++) {
		const struct cpuid_row *row = &p->policy.cpuids[i];

		if (row->leaf == leaf &&
		    (row->subleaf == subleaf ||
		     row->subleaf == CPUID_ANY_SUBLEAF) &&
		    shown_holds(model, row->vendor)) {
			return row;
		}
	}
	return NULL;
}

bool shown_has(const struct model *model, const struct model_partition *p,
	       const struct shown_bit *bit)
{
	const struct cpuid_row *row = shown_row(model, p, bit->leaf, 0);

	return row != NULL && ((row->allow[bit->reg] | row->force[bit->reg]) &
			       bit->mask) == bit->mask;
}

const struct msr_row *shown_msr(const struct model_partition *p, uint32_t msr)
{
	uint32_t i;

	for (i = 0; i < p->policy.msr_count; i++) {
		const struct msr_row *row = &p->policy.msrs[i];

		if (row->first <= msr && msr <= row->last) {
			return row;
		}
	}
	return NULL;
}

bool shown_msr_answers(const struct msr_row *row, bool write)
{
	enum msr_action action;

	if (row == NULL) {
		return false;
	}
	action = write ? row->write : row->read;
	return action != MSR_DENY && action != MSR_STRICT;
}
