/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory-type range registers (SDM3 12.11, APM2 7.7). A guest's memory types
 * are those of its nested tables and its PAT, whatever it writes here; the
 * registers keep their values and refuse what the processor would refuse.
 */
#include "abi/msr.h"
#include "guest/msr.h"
#include "core/partition.h"
#include "lib/bits.h"

/* MTRRcap: count of variable ranges, fixed ranges, write-combining. */
#define MTRR_CAP_VALUE (MTRR_VARIABLE_COUNT | BIT(8) | BIT(10))

#define MTRR_TYPE_WRITE_BACK 6u
#define MTRR_FIXED_ENABLE BIT(10)
#define MTRR_ENABLE BIT(11)
#define MTRR_MASK_VALID BIT(11)

#define MSR_MTRR_VARIABLE_LAST \
	(MSR_MTRR_PHYS_BASE0 + 2 * MTRR_VARIABLE_COUNT - 1)

bool msr_is_mtrr(uint32_t msr)
{
	return msr == MSR_MTRR_CAP || msr == MSR_MTRR_DEF_TYPE ||
	       (msr >= MSR_MTRR_PHYS_BASE0 && msr <= MSR_MTRR_VARIABLE_LAST) ||
	       msr == MSR_MTRR_FIX64K_00000 ||
	       msr == MSR_MTRR_FIX16K_80000 || msr == MSR_MTRR_FIX16K_A0000 ||
	       (msr >= MSR_MTRR_FIX4K_C0000 && msr <= MSR_MTRR_FIX4K_F8000);
}

/* As firmware leaves them: on, all memory write-back. */
void msr_mtrr_reset(struct vp *vp)
{
	vp->synth.msr.mtrr_default = MTRR_ENABLE | MTRR_TYPE_WRITE_BACK;
}

static bool mtrr_type_is_valid(uint8_t type)
{
	return type < 7 && type != 2 && type != 3;
}

static bool mtrr_types_are_valid(uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		if (!mtrr_type_is_valid((uint8_t)(value >> (8 * i)))) {
			return false;
		}
	}
	return true;
}

/* Index in mtrr_fixed[] of a fixed-range MSR, by its address. */
static uint32_t mtrr_fixed_index(uint32_t msr)
{
	uint32_t index;

	if (msr == MSR_MTRR_FIX64K_00000) {
		index = 0;
	} else if (msr < MSR_MTRR_FIX4K_C0000) {
		index = 1 + msr - MSR_MTRR_FIX16K_80000;
	} else {
		index = 3 + msr - MSR_MTRR_FIX4K_C0000;
	}
	return index_mask(index, MTRR_FIXED_COUNT);
}

static uint32_t mtrr_variable_index(uint32_t msr)
{
	return index_mask((msr - MSR_MTRR_PHYS_BASE0) / 2,
			  MTRR_VARIABLE_COUNT);
}

bool msr_mtrr_read(const struct vp *vp, uint32_t msr, uint64_t *value)
{
	const struct vp_msr_state *state = &vp->synth.msr;

	if (msr == MSR_MTRR_CAP) {
		*value = MTRR_CAP_VALUE;
	} else if (msr == MSR_MTRR_DEF_TYPE) {
		*value = state->mtrr_default;
	} else if (msr > MSR_MTRR_VARIABLE_LAST) {
		*value = state->mtrr_fixed[mtrr_fixed_index(msr)];
	} else if ((msr & 1) == 0) {
		*value = state->mtrr_base[mtrr_variable_index(msr)];
	} else {
		*value = state->mtrr_mask[mtrr_variable_index(msr)];
	}
	return true;
}

static bool mtrr_write_variable(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct vp_msr_state *state = &vp->synth.msr;
	uint32_t i = mtrr_variable_index(msr);

	if (!partition_has_address(vp->partition, value)) {
		return false;
	}
	if ((msr & 1) != 0) {
		if ((value & PAGE_MASK & ~MTRR_MASK_VALID) != 0) {
			return false;
		}
		state->mtrr_mask[i] = value;
		return true;
	}
	if ((value & 0xf00) != 0 || !mtrr_type_is_valid((uint8_t)value)) {
		return false;
	}
	state->mtrr_base[i] = value;
	return true;
}

bool msr_mtrr_write(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct vp_msr_state *state = &vp->synth.msr;

	if (msr == MSR_MTRR_CAP) {
		return false;
	}
	if (msr == MSR_MTRR_DEF_TYPE) {
		uint64_t known = 0xff | MTRR_FIXED_ENABLE | MTRR_ENABLE;

		if ((value & ~known) != 0 ||
		    !mtrr_type_is_valid((uint8_t)value)) {
			return false;
		}
		state->mtrr_default = value;
		return true;
	}
	if (msr > MSR_MTRR_VARIABLE_LAST) {
		if (!mtrr_types_are_valid(value)) {
			return false;
		}
		state->mtrr_fixed[mtrr_fixed_index(msr)] = value;
		return true;
	}
	return mtrr_write_variable(vp, msr, value);
}
