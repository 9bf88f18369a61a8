/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition is shown by CPUID on the machine's processor, and which of
 * its MSRs answer.
 */
#ifndef PARTC_CHECK_SHOWN_H
#define PARTC_CHECK_SHOWN_H

#include "model.h"

enum shown_reg { SHOWN_EAX, SHOWN_EBX, SHOWN_ECX, SHOWN_EDX };

/* A feature, or several that go together. */
struct shown_bit {
	uint32_t leaf;
	enum shown_reg reg;
	uint32_t mask;
	const char *name;
};

/* Bits of the leaf's (or its subleaf 0's) register. */
#define SHOWN_BIT(leaf, reg, n, name) { leaf, SHOWN_##reg, 1u << (n), name }

/* The row that the hypervisor would find; null: none. */
const struct cpuid_row *shown_row(const struct model *model,
				  const struct model_partition *p,
				  uint32_t leaf, uint32_t subleaf);
/* Is all of it shown, if the processor has it? */
bool shown_has(const struct model *model, const struct model_partition *p,
	       const struct shown_bit *bit);
bool shown_holds(const struct model *model, uint32_t vendor);

/* The row of an MSR; null: none, so denied. */
const struct msr_row *shown_msr(const struct model_partition *p, uint32_t msr);
bool shown_msr_answers(const struct msr_row *row, bool write);

#endif
