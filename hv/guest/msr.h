/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model-specific registers of the architecture that guests have: what
 * guest/msr.c asks for when a row says MSR_EMULATE. False: #GP(0).
 */
#ifndef GUEST_MSR_H
#define GUEST_MSR_H

#include "core/vp.h"

/* Power-on values, of what is not 0; the TSC starts with the partition. */
void msr_reset(struct vp *vp);

/* Would an access go to what is emulated here? (Its row may deny it.) */
bool msr_is_emulated(struct vp *vp, uint32_t msr, bool write) must_use;
bool msr_pat_is_valid(uint64_t value) must_use;

bool msr_arch_read(struct vp *vp, uint32_t msr, uint64_t *value) must_use;
bool msr_arch_write(struct vp *vp, uint32_t msr, uint64_t value) must_use;

/* Memory-type range registers: stored, without any effect. */
bool msr_is_mtrr(uint32_t msr) must_use;
void msr_mtrr_reset(struct vp *vp);
bool msr_mtrr_read(const struct vp *vp, uint32_t msr, uint64_t *value)
	must_use;
bool msr_mtrr_write(struct vp *vp, uint32_t msr, uint64_t value) must_use;

#endif
