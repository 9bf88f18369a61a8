/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual processors: the state that common code keeps for each, and how
 * another LP reaches one. Fields are written only by the LP that runs the
 * VP; other LPs use vp_request() and vp_post_interrupt().
 */
#ifndef CORE_VP_H
#define CORE_VP_H

#include "abi/tlfs.h"
#include "config/config.h"
#include "core/apic_state.h"
#include "core/synth_state.h"
#include "vcpu/vcpu.h"

/*
 * In the first three its registers are in its LP's processor, or saved by
 * that LP. In the last two any LP may make it anew: its own LP leaves it
 * alone but for the step from READY to what it starts as.
 */
enum vp_state {
	VP_WAIT_SIPI,		/* had INIT; runs nothing */
	VP_RUNNING,
	VP_HALTED,		/* HLT: until an interrupt, NMI or INIT */
	VP_STOPPED,		/* its partition ended or restarts */
	VP_READY		/* made; its LP is to take it up */
};

static inline bool vp_state_is_alive(enum vp_state state)
{
	return state != VP_STOPPED && state != VP_READY;
}

/* Bits of vp->requests, set by any LP. */
#define VP_REQUEST_INTERRUPT 1u	/* posted[] has something */
#define VP_REQUEST_NMI 2u
#define VP_REQUEST_INIT 4u
#define VP_REQUEST_SIPI 8u	/* vector in sipi_vector */
#define VP_REQUEST_STOP 16u	/* its partition leaves the running state */
#define VP_REQUEST_LINE 32u	/* virtual IOAPIC has work for this VP */
#define VP_REQUEST_FLUSH 64u	/* nested tables changed */
#define VP_REQUEST_SYNIC 128u	/* a message may have a slot */
#define VP_REQUEST_TLB 256u	/* the guest's own translations are stale */
#define VP_REQUEST_START 512u	/* as vp->start says */

/* What a handler of guest/ says is to happen after an exit. */
enum outcome {
	OUTCOME_NEXT,		/* instruction done: RIP past it, resume */
	OUTCOME_SAME,		/* resume at the same RIP (RIP set, or rep) */
	OUTCOME_INJECT,		/* vcpu->event holds an exception; resume */
	OUTCOME_HALT,		/* instruction done; wait for an event */
	OUTCOME_STOP		/* partition_fail() or _reset() was called */
};

/*
 * Rows of its partition's tables that the last exits found: no state, they
 * only save the search. row is an index + 1; 0: empty; CONFIG_NONE: no row.
 */
#define ROW_MEMO_COUNT 4u

struct row_memo {
	uint32_t key;			/* MSR, or leaf ... */
	uint32_t subkey;		/* ... and subleaf */
	uint32_t row;
};

struct vp {
	struct vcpu vcpu;
	uint32_t index;			/* in vp_table and vp_configs */
	uint32_t partition;		/* in partition_table */
	uint32_t number;		/* VP index in its partition */
	uint32_t lp;
	enum vp_state state;
	bool nmi_pending;

	/* Written by other LPs, atomically. */
	volatile uint32_t requests;
	volatile uint32_t sipi_vector;
#ifdef CONFIG_VMX_APICV
	/*
	 * With what follows it, a posted-interrupt descriptor (SDM3 29.6). The
	 * processor may move it to the IRR and nobody hears of it: of edges.
	 */
	volatile uint64_t posted[4] __attribute__((aligned(64)));
	volatile uint64_t posted_control[4];
	volatile uint64_t posted_level[4];	/* level ones; not in posted */
#else
	volatile uint64_t posted[4];	/* vectors on their way to the IRR */
	volatile uint64_t posted_level[4];	/* which of them are level */
#endif
	/* Of a VP that waits for SIPI: where another VP starts it. Written
	 * by who got start_busy from 0 to 1; back to 0 by its own LP. */
	uint32_t start_busy;
	struct hv_start_context start;

	struct apic_state apic;
	struct vp_synth_state synth;
	/* Host TSC units of its slots since its start, but for the present
	 * one; when that began. */
	uint64_t run_ticks;
	uint64_t run_since;
	uint64_t deadline;	/* host TSC of the first timer, of either */

	struct row_memo msr_memos[ROW_MEMO_COUNT];
	struct row_memo cpuid_memos[ROW_MEMO_COUNT];

	uint64_t exits[EXIT_KIND_COUNT];
	uint64_t denied_count;		/* ports, MSRs, GPAs refused */
};

extern struct vp vp_table[];

/* After a change of apic.timer_host or synth.synic.timer_host. */
static inline void vp_update_deadline(struct vp *vp)
{
	uint64_t synic = vp->synth.synic.timer_host;

	vp->deadline = vp->apic.timer_host < synic ? vp->apic.timer_host
						   : synic;
}

/* Sets request bits; if the VP's LP is another and in it, kicks that LP. */
void vp_request(struct vp *vp, uint32_t bits);
/* Posts a fixed interrupt to the VP's local APIC, from any LP. */
void vp_post_interrupt(struct vp *vp, uint8_t vector, bool level);
/* Takes (and clears) the request bits. */
uint32_t vp_take_requests(struct vp *vp) must_use;

/* VP number of a partition; number must be < vp_count. */
struct vp *vp_of(uint32_t partition, uint32_t number) must_use;

/* The guest's TSC now, and the host TSC at which a guest TSC is reached. */
uint64_t vp_guest_tsc(const struct vp *vp) must_use;
uint64_t vp_host_tsc(const struct vp *vp, uint64_t guest_tsc) must_use;

#endif
