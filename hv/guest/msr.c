/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDMSR and WRMSR that made an exit: the partition's row decides, an MSR
 * without a row is denied with #GP(0). The synthetic MSRs need no row where
 * the partition is shown the TLFS interface: its privileges are their list.
 */
#include "abi/msr.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/msr.h"
#include "lib/bits.h"

static bool msr_is_synthetic(uint32_t msr)
{
	return msr >= HV_MSR_FIRST && msr <= HV_MSR_LAST;
}

static bool msr_is_apic(uint32_t msr)
{
	return msr == MSR_APIC_BASE || msr == MSR_TSC_DEADLINE ||
	       (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST);
}

/*
 * The row that holds msr, or null. Rows are sorted and disjoint. The search
 * goes on to one row whatever it meets, and never leaves the table, even
 * mispredicted.
 */
static __attribute__((noinline)) const struct msr_config *
msr_search_row(const struct partition_config *config, uint32_t msr)
{
	const struct msr_config *middle, *row = config->msrs;
	uint32_t count = config->msr_count;

	if (count == 0) {
		return NULL;
	}
	while (count > 1) {
		middle = row + count / 2;
		if (middle[-1].last < msr) {
			row = middle;
		}
		count -= count / 2;
	}
	return row->first <= msr && msr <= row->last ? row : NULL;
}

static inline const struct msr_config *
msr_find_row(struct vp *vp, const struct partition_config *config,
	     uint32_t msr)
{
	struct row_memo *memo = &vp->msr_memos[msr % ROW_MEMO_COUNT];
	const struct msr_config *row;

	if (memo->key != msr || memo->row == 0) {
		row = msr_search_row(config, msr);
		memo->key = msr;
		memo->row = row == NULL ? CONFIG_NONE :
			    (uint32_t)(row - config->msrs) + 1;
	}
	return memo->row == CONFIG_NONE ? NULL : &config->msrs[memo->row - 1];
}

static enum outcome msr_deny(struct vp *vp)
{
	vp->denied_count++;
	return guest_inject_gp(vp);
}

static enum outcome msr_do_read(struct vp *vp, uint32_t msr)
{
	uint64_t value = 0;
	bool done;

	if (msr_is_synthetic(msr)) {
		done = synth_read_msr(vp, msr, &value);
	} else if (msr_is_apic(msr)) {
		done = apic_read_msr(vp, msr, &value);
	} else {
		done = msr_arch_read(vp, msr, &value);
	}
	if (!done) {
		return msr_deny(vp);
	}
	vp->vcpu.gpr[GPR_RAX] = (uint32_t)value;
	vp->vcpu.gpr[GPR_RDX] = value >> 32;
	return OUTCOME_NEXT;
}

static enum outcome msr_do_write(struct vp *vp, uint32_t msr)
{
	enum outcome outcome = OUTCOME_NEXT;
	uint64_t value = (vp->vcpu.gpr[GPR_RDX] << 32) |
			 (uint32_t)vp->vcpu.gpr[GPR_RAX];
	bool done;

	if (msr_is_synthetic(msr)) {
		done = synth_write_msr(vp, msr, value, &outcome);
	} else if (msr_is_apic(msr)) {
		done = apic_write_msr(vp, msr, value);
	} else {
		done = msr_arch_write(vp, msr, value);
	}
	return done ? outcome : msr_deny(vp);
}

static enum outcome msr_give_value(struct vp *vp, const struct msr_config *row,
				   bool write)
{
	if (!write) {
		vp->vcpu.gpr[GPR_RAX] = (uint32_t)row->value;
		vp->vcpu.gpr[GPR_RDX] = row->value >> 32;
	}
	return OUTCOME_NEXT;
}

bool msr_is_emulated(struct vp *vp, uint32_t msr, bool write)
{
	const struct partition_config *config =
		partition_config(vp->partition);
	const struct msr_config *row = msr_find_row(vp, config, msr);

	return row == NULL || (write ? row->write : row->read) == MSR_EMULATE;
}

enum outcome msr_handle(struct vp *vp, const struct vcpu_exit *exit)
{
	uint32_t msr = exit->msr.index;
	bool write = exit->msr.write;
	const struct partition_config *config =
		partition_config(vp->partition);
	const struct msr_config *row = msr_find_row(vp, config, msr);
	uint8_t action;

	if (row != NULL) {
		action = write ? row->write : row->read;
	} else {
		action = msr_is_synthetic(msr) &&
			 (config->flags & PARTITION_TLFS) != 0 ?
			 MSR_EMULATE : MSR_DENY;
	}
	switch ((enum msr_action)action) {
	case MSR_DENY:
		break;
	case MSR_STRICT:
		partition_fail(vp, "MSR not granted", msr,
			       write ? vp->vcpu.gpr[GPR_RDX] : 0,
			       write ? vp->vcpu.gpr[GPR_RAX] : 0);
		return OUTCOME_STOP;
	/* A granted MSR that no permission bitmap can pass. */
	case MSR_PASS:
	case MSR_EMULATE:
		return write ? msr_do_write(vp, msr) : msr_do_read(vp, msr);
	case MSR_VALUE:
		return msr_give_value(vp, row, write);
	}
	return msr_deny(vp);
}
