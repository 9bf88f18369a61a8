/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The synthetic MSRs (TLFS, first part): identity, hypercall page, time,
 * VP assist page, crash, reset. An MSR whose privilege the partition lacks,
 * or that is not here, answers #GP(0). Low bits of page MSRs are preserved
 * as written, as the TLFS wants of reserved bits.
 */
#include "abi/msr.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/msr.h"
#include "guest/synth.h"
#include "lib/string.h"

void synth_reset_partition(uint32_t partition)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;

	/* The lock stays: no VP runs, but other LPs may look at it. */
	synth->guest_os_id = 0;
	synth->hypercall = 0;
	synth->reference_tsc = 0;
	for (unsigned i = 0; i < CRASH_PARAMETER_COUNT; i++) {
		synth->crash[i] = 0;
	}
	time_reset_page(partition);
}

void synth_reset_vp(struct vp *vp)
{
	vp->synth = (struct vp_synth_state){ 0 };
	memset(&overlay_pages_vp[vp->index], 0, PAGE_SIZE);
	msr_reset(vp);
}

/* The privilege that an MSR needs; SYNTH_FREE: none; SYNTH_ABSENT. */
#define SYNTH_FREE 64u
#define SYNTH_ABSENT 65u

static unsigned synth_msr_privilege(uint32_t msr)
{
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
	case HV_MSR_HYPERCALL:
		return HV_PRIVILEGE_HYPERCALL_MSRS_BIT;
	case HV_MSR_VP_INDEX:
		return HV_PRIVILEGE_VP_INDEX_BIT;
	case HV_MSR_RESET:
		return HV_PRIVILEGE_RESET_BIT;
	case HV_MSR_TIME_REF_COUNT:
		return HV_PRIVILEGE_REFERENCE_COUNTER_BIT;
	case HV_MSR_REFERENCE_TSC:
		return HV_PRIVILEGE_REFERENCE_TSC_BIT;
	case HV_MSR_TSC_FREQUENCY:
	case HV_MSR_APIC_FREQUENCY:
		return HV_PRIVILEGE_FREQUENCY_BIT;
	/* Linux writes it whatever the privileges say. */
	case HV_MSR_VP_ASSIST_PAGE:
	case HV_MSR_CRASH_P0:
	case HV_MSR_CRASH_P1:
	case HV_MSR_CRASH_P2:
	case HV_MSR_CRASH_P3:
	case HV_MSR_CRASH_P4:
	case HV_MSR_CRASH_CTL:
		return SYNTH_FREE;
	}
	return SYNTH_ABSENT;
}

static bool synth_may_access(uint32_t partition, uint32_t msr)
{
	unsigned need = synth_msr_privilege(msr);

	if (!synth_is_shown(partition) || need == SYNTH_ABSENT) {
		return false;
	}
	return need == SYNTH_FREE || synth_has_privilege(partition, need);
}

bool synth_read_msr(struct vp *vp, uint32_t msr, uint64_t *value)
{
	struct partition_synth_state *synth =
		&partition_table[vp->partition].synth;

	if (!synth_may_access(vp->partition, msr)) {
		return false;
	}
	switch (msr) {
	case HV_MSR_TIME_REF_COUNT:
		*value = synth_reference_time(vp);
		return true;
	case HV_MSR_GUEST_OS_ID:
		*value = __atomic_load_n(&synth->guest_os_id,
					 __ATOMIC_RELAXED);
		return true;
	case HV_MSR_HYPERCALL:
		*value = __atomic_load_n(&synth->hypercall, __ATOMIC_RELAXED);
		return true;
	case HV_MSR_REFERENCE_TSC:
		*value = __atomic_load_n(&synth->reference_tsc,
					 __ATOMIC_RELAXED);
		return true;
	case HV_MSR_VP_INDEX:
		*value = vp->number;
		return true;
	case HV_MSR_RESET:
		*value = 0;
		return true;
	case HV_MSR_TSC_FREQUENCY:
		*value = tsc_hz();
		return true;
	case HV_MSR_APIC_FREQUENCY:
		*value = APIC_BUS_HZ;
		return true;
	case HV_MSR_VP_ASSIST_PAGE:
		*value = vp->synth.vp_assist;
		return true;
	case HV_MSR_CRASH_CTL:
		*value = crash_capabilities();
		return true;
	}
	/* HV_MSR_CRASH_P0 to P4 are what is left. */
	*value = __atomic_load_n(
		&synth->crash[index_mask(msr - HV_MSR_CRASH_P0,
					 CRASH_PARAMETER_COUNT)],
		__ATOMIC_RELAXED);
	return true;
}

/* Under the lock. The page leaves if the guest gives up its identity. */
static enum hv_err synth_set_hypercall(uint32_t partition, uint64_t value,
				       struct overlay_flush *flush)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	enum hv_err err;

	if (synth->guest_os_id == 0) {
		value &= ~(uint64_t)HV_MSR_PAGE_ENABLE;
	}
	err = overlay_move(partition, OVERLAY_HYPERCALL,
			   overlay_hypercall_page(),
			   NESTED_READ | NESTED_EXECUTE, synth->hypercall,
			   value, flush);
	if (err != HV_OK) {
		value &= ~(uint64_t)HV_MSR_PAGE_ENABLE;
	}
	__atomic_store_n(&synth->hypercall, value, __ATOMIC_RELAXED);
	return err;
}

static void synth_write_os_id(uint32_t partition, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	struct overlay_flush flush = { 0 };

	spinlock_take(&synth->lock);
	__atomic_store_n(&synth->guest_os_id, value, __ATOMIC_RELAXED);
	if (value == 0) {
		/* Only removes the page, which cannot fail. */
		(void)synth_set_hypercall(partition, synth->hypercall,
					  &flush);
	}
	spinlock_give(&synth->lock);
	overlay_finish(&flush);
}

static bool synth_write_hypercall(uint32_t partition, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	struct overlay_flush flush;
	enum hv_err err;

	if (value >> partition_config(partition)->gpa_bits != 0) {
		return false;
	}
	spinlock_take(&synth->lock);
	err = synth_set_hypercall(partition, value, &flush);
	spinlock_give(&synth->lock);
	overlay_finish(&flush);
	return err == HV_OK;
}

/* A page beyond the GPA space is simply not to be seen (TLFS 12.7.2). */
static bool synth_write_reference_tsc(uint32_t partition, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	struct overlay_flush flush;
	enum hv_err err;

	spinlock_take(&synth->lock);
	err = overlay_move(partition, OVERLAY_REFERENCE_TSC,
			   spa((uintptr_t)&overlay_pages_partition[partition]),
			   NESTED_READ, synth->reference_tsc, value, &flush);
	if (err != HV_OK) {
		value &= ~(uint64_t)HV_MSR_PAGE_ENABLE;
	}
	__atomic_store_n(&synth->reference_tsc, value, __ATOMIC_RELAXED);
	spinlock_give(&synth->lock);
	overlay_finish(&flush);
	return err == HV_OK;
}

static bool synth_write_vp_assist(struct vp *vp, uint64_t value)
{
	struct overlay_flush flush;
	enum hv_err err;

	err = overlay_move(vp->partition,
			   overlay_vp_id(vp->number, OVERLAY_VP_ASSIST),
			   spa((uintptr_t)&overlay_pages_vp[vp->index]),
			   NESTED_READ | NESTED_WRITE, vp->synth.vp_assist,
			   value, &flush);
	if (err != HV_OK) {
		value &= ~(uint64_t)HV_MSR_PAGE_ENABLE;
	}
	vp->synth.vp_assist = value;
	overlay_finish(&flush);
	return err == HV_OK;
}

static bool synth_write_crash(uint32_t partition, uint32_t msr, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	uint32_t i = msr - HV_MSR_CRASH_P0;

	if (i >= CRASH_PARAMETER_COUNT) {
		return false;
	}
	spinlock_take(&synth->lock);
	__atomic_store_n(&synth->crash[index_mask(i, CRASH_PARAMETER_COUNT)],
			 value, __ATOMIC_RELAXED);
	spinlock_give(&synth->lock);
	return true;
}

bool synth_write_msr(struct vp *vp, uint32_t msr, uint64_t value,
		     enum outcome *outcome)
{
	if (!synth_may_access(vp->partition, msr)) {
		return false;
	}
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		synth_write_os_id(vp->partition, value);
		return true;
	case HV_MSR_HYPERCALL:
		return synth_write_hypercall(vp->partition, value);
	case HV_MSR_REFERENCE_TSC:
		return synth_write_reference_tsc(vp->partition, value);
	case HV_MSR_VP_ASSIST_PAGE:
		return synth_write_vp_assist(vp, value);
	case HV_MSR_RESET:
		if ((value & HV_MSR_RESET_NOW) != 0) {
			partition_request_end(vp, END_RESET);
			*outcome = OUTCOME_STOP;
		}
		return true;
	case HV_MSR_CRASH_CTL:
		*outcome = crash_write_control(vp, value);
		return true;
	case HV_MSR_VP_INDEX:
	case HV_MSR_TIME_REF_COUNT:
	case HV_MSR_TSC_FREQUENCY:
	case HV_MSR_APIC_FREQUENCY:
		return false;	/* read-only */
	}
	return synth_write_crash(vp->partition, msr, value);
}
