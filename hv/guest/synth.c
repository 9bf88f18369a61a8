/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The synthetic MSRs: identity, hypercall page, time, VP assist page, crash,
 * reset; the SynIC and its timers have files of their own. An MSR whose
 * privilege the partition lacks, or that is not here, answers #GP(0). Low bits
 * of page MSRs are preserved as written, as the TLFS wants of reserved bits.
 */
#include "abi/msr.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/msr.h"
#include "guest/synic.h"
#include "guest/synth.h"
#include "lib/string.h"

void synth_reset_partition(uint32_t partition)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;

	synth->busy = 0;
	synth->guest_os_id = 0;
	synth->hypercall = 0;
	synth->reference_tsc = 0;
	synth->tsc_invariant = 0;
	for (unsigned i = 0; i < CRASH_PARAMETER_COUNT; i++) {
		synth->crash[i] = 0;
	}
	time_reset_page(partition);
}

void synth_reset_vp(struct vp *vp)
{
	memset(&vp->synth, 0, sizeof(vp->synth));
	synic_reset(vp);
	memset(overlay_pages_vp[vp->index], 0, sizeof(overlay_pages_vp[0]));
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
	case HV_MSR_VP_RUNTIME:
		return HV_PRIVILEGE_VP_RUNTIME_BIT;
	case HV_MSR_TSC_INVARIANT:
		return HV_PRIVILEGE_TSC_INVARIANT_BIT;
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

	if (need == SYNTH_FREE) {
		return synth_is_shown(partition);
	}
	return need != SYNTH_ABSENT && synth_has_privilege(partition, need);
}

/* Apart, with one comparison in the way of the others. */
static bool synth_is_synic(uint32_t msr)
{
	return msr - HV_MSR_SCONTROL < HV_MSR_SYNIC_RANGE;
}

static __attribute__((noinline)) bool
synth_read_synic(const struct vp *vp, uint32_t msr, uint64_t *value)
{
	if (synic_claims(msr) &&
	    synth_has_privilege(vp->partition, HV_PRIVILEGE_SYNIC_BIT)) {
		*value = synic_read_msr(vp, msr);
		return true;
	}
	if (stimer_claims(msr) &&
	    synth_has_privilege(vp->partition,
				HV_PRIVILEGE_SYNTHETIC_TIMER_BIT)) {
		*value = stimer_read_msr(vp, msr);
		return true;
	}
	return false;
}

static __attribute__((noinline)) bool
synth_write_synic(struct vp *vp, uint32_t msr, uint64_t value,
		  enum outcome *outcome)
{
	if (synic_claims(msr)) {
		return synth_has_privilege(vp->partition,
					   HV_PRIVILEGE_SYNIC_BIT) &&
		       synic_write_msr(vp, msr, value, outcome);
	}
	return stimer_claims(msr) &&
	       synth_has_privilege(vp->partition,
				   HV_PRIVILEGE_SYNTHETIC_TIMER_BIT) &&
	       stimer_write_msr(vp, msr, value);
}

bool synth_read_msr(struct vp *vp, uint32_t msr, uint64_t *value)
{
	struct partition_synth_state *synth =
		&partition_table[vp->partition].synth;

	if (synth_is_synic(msr)) {
		return synth_read_synic(vp, msr, value);
	}
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
	case HV_MSR_VP_RUNTIME:
		*value = synth_vp_runtime(vp);
		return true;
	case HV_MSR_TSC_INVARIANT:
		*value = __atomic_load_n(&synth->tsc_invariant,
					 __ATOMIC_RELAXED);
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

/*
 * The page MSRs of a partition are changed by one VP at a time, and while
 * there is time in the slot for it. False: not now; the VP is to execute its
 * WRMSR again.
 */
static bool synth_take_pages(struct partition_synth_state *synth,
			     enum outcome *outcome)
{
	if (!lp_has_time(lp_self(), tsc_read()) ||
	    __atomic_exchange_n(&synth->busy, 1, __ATOMIC_ACQUIRE) != 0) {
		*outcome = OUTCOME_SAME;
		return false;
	}
	return true;
}

static void synth_give_pages(struct partition_synth_state *synth)
{
	__atomic_store_n(&synth->busy, 0, __ATOMIC_RELEASE);
}

/*
 * A page MSR changes: overlay, then the value that reads show. Enable is
 * clear in it if the page cannot be had.
 */
static bool synth_change_page(uint32_t partition, uint32_t id, spa_t page,
			      uint32_t rights, uint64_t *msr, uint64_t value)
{
	enum hv_err err = overlay_move(partition, id, page, rights, *msr,
				       value);

	if (err != HV_OK) {
		value &= ~(uint64_t)HV_MSR_PAGE_ENABLE;
	}
	__atomic_store_n(msr, value, __ATOMIC_RELAXED);
	return err == HV_OK;
}

/* While the guest has not said who it is, the page stays off. */
static bool synth_change_hypercall(uint32_t partition, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;

	if (synth->guest_os_id == 0) {
		value &= ~(uint64_t)HV_MSR_PAGE_ENABLE;
	}
	return synth_change_page(partition, OVERLAY_HYPERCALL,
				 overlay_hypercall_page(),
				 NESTED_READ | NESTED_EXECUTE,
				 &synth->hypercall, value);
}

/* The hypercall page leaves if the guest gives up its identity. */
static bool synth_write_os_id(uint32_t partition, uint64_t value,
			      enum outcome *outcome)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	bool done = true;

	if (!synth_take_pages(synth, outcome)) {
		return true;
	}
	__atomic_store_n(&synth->guest_os_id, value, __ATOMIC_RELAXED);
	if (value == 0) {
		done = synth_change_hypercall(partition, synth->hypercall);
	}
	synth_give_pages(synth);
	return done;
}

static bool synth_write_hypercall(uint32_t partition, uint64_t value,
				  enum outcome *outcome)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	bool done;

	if (!partition_has_address(partition, value)) {
		return false;
	}
	if (!synth_take_pages(synth, outcome)) {
		return true;
	}
	done = synth_change_hypercall(partition, value);
	synth_give_pages(synth);
	return done;
}

/* A page beyond the GPA space is simply not to be seen (TLFS 12.7.2). */
static bool synth_write_reference_tsc(uint32_t partition, uint64_t value,
				      enum outcome *outcome)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	spa_t page = spa((uintptr_t)&overlay_pages_partition[partition]);
	bool done;

	if (!synth_take_pages(synth, outcome)) {
		return true;
	}
	done = synth_change_page(partition, OVERLAY_REFERENCE_TSC, page,
				 NESTED_READ, &synth->reference_tsc, value);
	synth_give_pages(synth);
	return done;
}

/* A VP's own page. */
bool synth_write_vp_page(struct vp *vp, uint32_t kind, uint64_t *msr,
			 uint64_t value, enum outcome *outcome)
{
	struct partition_synth_state *synth =
		&partition_table[vp->partition].synth;
	spa_t page = spa((uintptr_t)&overlay_pages_vp[vp->index][kind]);
	bool done;

	if (!synth_take_pages(synth, outcome)) {
		return true;
	}
	done = synth_change_page(vp->partition,
				 overlay_vp_id(vp->number, kind), page,
				 NESTED_READ | NESTED_WRITE, msr, value);
	synth_give_pages(synth);
	return done;
}

static bool synth_write_crash(uint32_t partition, uint32_t msr, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[partition].synth;
	uint32_t i = msr - HV_MSR_CRASH_P0;

	if (i >= CRASH_PARAMETER_COUNT) {
		return false;
	}
	__atomic_store_n(&synth->crash[index_mask(i, CRASH_PARAMETER_COUNT)],
			 value, __ATOMIC_RELAXED);
	return true;
}

bool synth_write_msr(struct vp *vp, uint32_t msr, uint64_t value,
		     enum outcome *outcome)
{
	if (synth_is_synic(msr)) {
		return synth_write_synic(vp, msr, value, outcome);
	}
	if (!synth_may_access(vp->partition, msr)) {
		return false;
	}
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		return synth_write_os_id(vp->partition, value, outcome);
	case HV_MSR_HYPERCALL:
		return synth_write_hypercall(vp->partition, value, outcome);
	case HV_MSR_REFERENCE_TSC:
		return synth_write_reference_tsc(vp->partition, value,
						 outcome);
	case HV_MSR_VP_ASSIST_PAGE:
		return synth_write_vp_page(vp, OVERLAY_VP_ASSIST,
					   &vp->synth.vp_assist, value,
					   outcome);
	case HV_MSR_RESET:
		if ((value & HV_MSR_RESET_NOW) != 0) {
			partition_request_end(vp, END_RESET);
			*outcome = OUTCOME_STOP;
		}
		return true;
	case HV_MSR_CRASH_CTL:
		*outcome = crash_write_control(vp, value);
		return true;
	}
	if (msr == HV_MSR_TSC_INVARIANT && value <= 1) {
		__atomic_store_n(
			&partition_table[vp->partition].synth.tsc_invariant,
			value, __ATOMIC_RELAXED);
		return true;
	}
	/* HV_MSR_CRASH_P0 to P4 and those that can only be read are left. */
	return synth_write_crash(vp->partition, msr, value);
}
