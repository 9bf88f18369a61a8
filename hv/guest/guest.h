/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What run/exit.c calls for each kind of exit: one function a kind. Each
 * decides from the tables and says what is to happen next.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "core/flush.h"
#include "core/partition.h"
#include "core/vp.h"

enum outcome cpuid_handle(struct vp *vp) must_use;
enum outcome msr_handle(struct vp *vp, const struct vcpu_exit *exit) must_use;
enum outcome io_handle(struct vp *vp, const struct vcpu_exit *exit) must_use;
enum outcome memory_handle(struct vp *vp, const struct vcpu_exit *exit)
	must_use;
enum outcome hypercall_handle(struct vp *vp) must_use;
enum outcome cr_handle(struct vp *vp, const struct vcpu_exit *exit) must_use;
enum outcome xsetbv_handle(struct vp *vp) must_use;

/* On the VP's own LP: HvStartVirtualProcessor has filled vp->start. */
void start_take_up(struct vp *vp);
/* Would the processor, and the partition's limits, take these together? */
bool cr_are_valid(const struct vp *vp, uint64_t cr0, uint64_t cr4,
		  uint64_t efer) must_use;

/* #UD, #GP(0): for instructions that guests do not have. */
enum outcome guest_inject_ud(struct vp *vp) must_use;
enum outcome guest_inject_gp(struct vp *vp) must_use;

/* ---- synthetic interface (TLFS) ---------------------------------------- */

/*
 * A start or restart of the partition: MSRs as at power-on. Called after
 * nested_restore(), vcpu_reset() and with partition.tsc_start set: every VP's
 * TSC starts at 0 there. Not called at an INIT, which keeps all of this.
 */
void synth_reset_partition(uint32_t partition);
void synth_reset_vp(struct vp *vp);
/* MSRs 0x40000000-0x400001ff. False: #GP(0). */
bool synth_read_msr(struct vp *vp, uint32_t msr, uint64_t *value) must_use;
/*
 * As above. *outcome is OUTCOME_NEXT on entry, and changed where a write ends
 * the partition, or is to be executed again because it takes long.
 */
bool synth_write_msr(struct vp *vp, uint32_t msr, uint64_t value,
		     enum outcome *outcome) must_use;
/* 100 ns units since the partition's start, by the TSC page's formula. */
uint64_t synth_reference_time(const struct vp *vp) must_use;
/* 100 ns units that this LP's slots have been the VP's, since its start. */
uint64_t synth_vp_runtime(const struct vp *vp) must_use;

/* Consumes a token: every LP that runs the partition has flushed. */
static inline void guest_flush(struct flush_token token)
{
	flush_consume(token);
}

#endif
