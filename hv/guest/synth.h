/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the synthetic interface share: which privileges exist
 * here, overlay pages, the crash report.
 */
#ifndef GUEST_SYNTH_H
#define GUEST_SYNTH_H

#include "abi/cpuid.h"
#include "core/partition.h"
#include "core/vp.h"
#include "lib/bits.h"

/*
 * Privileges that this hypervisor implements. Whatever else a spec asks for
 * is not shown, and not honoured. Linux takes CREATE_PARTITIONS,
 * PARTITION_ID and CPU_MANAGEMENT for "I am the root partition" and ends in
 * BUG(): they join only with the calls behind them.
 */
#define SYNTH_PRIVILEGES                                                   \
	(BIT(HV_PRIVILEGE_VP_RUNTIME_BIT) |                                \
	 BIT(HV_PRIVILEGE_REFERENCE_COUNTER_BIT) |                         \
	 BIT(HV_PRIVILEGE_SYNIC_BIT) |                                     \
	 BIT(HV_PRIVILEGE_SYNTHETIC_TIMER_BIT) |                           \
	 BIT(HV_PRIVILEGE_POST_MESSAGES_BIT) |                             \
	 BIT(HV_PRIVILEGE_SIGNAL_EVENTS_BIT) |                             \
	 BIT(HV_PRIVILEGE_HYPERCALL_MSRS_BIT) |                            \
	 BIT(HV_PRIVILEGE_VP_INDEX_BIT) | BIT(HV_PRIVILEGE_RESET_BIT) |    \
	 BIT(HV_PRIVILEGE_REFERENCE_TSC_BIT) |                             \
	 BIT(HV_PRIVILEGE_FREQUENCY_BIT) |                                 \
	 BIT(HV_PRIVILEGE_TSC_INVARIANT_BIT) |                             \
	 BIT(HV_PRIVILEGE_VP_REGISTERS_BIT) |                              \
	 BIT(HV_PRIVILEGE_EXTENDED_HYPERCALLS_BIT) |                       \
	 BIT(HV_PRIVILEGE_START_VP_BIT))
_Static_assert((SYNTH_PRIVILEGES & (BIT(HV_PRIVILEGE_CREATE_PARTITIONS_BIT) |
				    BIT(HV_PRIVILEGE_PARTITION_ID_BIT) |
				    BIT(HV_PRIVILEGE_CPU_MANAGEMENT_BIT))) == 0,
	       "no guest is to think that it is the root");

/* Is the partition shown the Hv#1 interface at all? */
static inline bool synth_is_shown(uint32_t partition)
{
	return (partition_config(partition)->flags & PARTITION_TLFS) != 0;
}

/* Privileges of a partition: its spec's, as far as implemented. */
static inline uint64_t synth_privileges(uint32_t partition)
{
	const struct partition_config *config = partition_config(partition);

	return (config->flags & PARTITION_TLFS) != 0 ?
	       config->hv_privileges & SYNTH_PRIVILEGES : 0;
}

static inline bool synth_has_privilege(uint32_t partition, unsigned bit)
{
	return (synth_privileges(partition) & BIT(bit)) != 0;
}

/*
 * A VP's TSC no longer is the partition's time: its TSC page must not be
 * used any more.
 */
void synth_note_tsc_write(uint32_t partition);
/* Scale and offset of the partition's reference TSC page, at its start. */
void time_reset_page(uint32_t partition);

/* CPUID leaves HV_CPUID_FIRST to HV_CPUID_LAST. */
void cpuid_read_synth(const struct vp *vp, uint32_t leaf, uint32_t regs[4]);

/*
 * The MSR of one of the VP's own pages (OVERLAY_VP_*) changes to value. False:
 * the page cannot be had. *outcome: as of synth_write_msr().
 */
bool synth_write_vp_page(struct vp *vp, uint32_t kind, uint64_t *msr,
			 uint64_t value, enum outcome *outcome) must_use;

/* ---- overlay.c --------------------------------------------------------- */

/* Does a page MSR's value (enable in bit 0) show the page anywhere? */
bool overlay_is_visible(uint32_t partition, uint64_t value) must_use;
/*
 * HV_MSR_HYPERCALL and its like change from one value to another. When this
 * returns, no VP of the partition sees the page at its old place. Waits for
 * other LPs: no lock may be held.
 */
enum hv_err overlay_move(uint32_t partition, uint32_t id, spa_t page,
			 uint32_t rights, uint64_t from, uint64_t to) must_use;
/* The hypercall page for this machine's vendor. */
spa_t overlay_hypercall_page(void) must_use;

/* ---- crash.c ----------------------------------------------------------- */

/* What HV_MSR_CRASH_CTL reads as: what can be asked for. */
uint64_t crash_capabilities(void) must_use;
/*
 * A write of HV_MSR_CRASH_CTL. OUTCOME_SAME: a piece of the text was logged,
 * the guest is to write again; OUTCOME_STOP: partition_fail() was called.
 */
enum outcome crash_write_control(struct vp *vp, uint64_t value) must_use;

#endif
