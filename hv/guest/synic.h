/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The synthetic interrupt controller of a VP (TLFS chapter 11): SINTs, message
 * slots, event flags; its four timers (TLFS 12.3); messages and events from
 * other partitions.
 */
#ifndef GUEST_SYNIC_H
#define GUEST_SYNIC_H

#include "abi/msr.h"
#include "abi/tlfs.h"
#include "core/vp.h"

/* ---- synic.c ----------------------------------------------------------- */

static inline bool synic_claims(uint32_t msr)
{
	return msr - HV_MSR_SCONTROL <= HV_MSR_EOM - HV_MSR_SCONTROL ||
	       msr - HV_MSR_SINT0 < SINT_COUNT;
}

/* As after power-on. When it returns, no LP sends to the VP any more. */
void synic_reset(struct vp *vp);
uint64_t synic_read_msr(const struct vp *vp, uint32_t msr) must_use;
/* False: #GP(0). *outcome: as of synth_write_msr(). */
bool synic_write_msr(struct vp *vp, uint32_t msr, uint64_t value,
		     enum outcome *outcome) must_use;

/* On the VP's own LP: whatever waits for a slot that is free. */
void synic_deliver(struct vp *vp);
/*
 * Puts a message into its SINT's slot, on the VP's own LP. False: the slot is
 * taken, and says that another message waits.
 */
bool synic_try_slot(struct vp *vp, uint32_t sint,
		    const struct hv_message *message) must_use;

/* From any LP. Does the VP take messages? */
bool synic_takes_messages(const struct vp *vp) must_use;
/* From any LP: sets an event flag. False: the VP takes no events there. */
bool synic_set_flag(struct vp *vp, uint32_t sint, uint32_t flag) must_use;

/* ---- stimer.c ---------------------------------------------------------- */

static inline bool stimer_claims(uint32_t msr)
{
	return msr - HV_MSR_STIMER0_CONFIG < 2 * STIMER_COUNT;
}

void stimer_reset(struct vp *vp);
uint64_t stimer_read_msr(const struct vp *vp, uint32_t msr) must_use;
bool stimer_write_msr(struct vp *vp, uint32_t msr, uint64_t value) must_use;
/* Timers that are due by the host's TSC expire. On the VP's own LP. */
void stimer_poll(struct vp *vp, uint64_t host_tsc);
/* Messages of timers that wait, *left at most. True: some still do. */
bool stimer_send(struct vp *vp, unsigned *left) must_use;

/* ---- message.c --------------------------------------------------------- */

/* HvPostMessage, HvSignalEvent: HV_STATUS_*. input is a copy. */
uint16_t message_post(const struct vp *vp,
		      const struct hv_post_message *input) must_use;
uint16_t message_signal(const struct vp *vp,
			const struct hv_signal_event *input) must_use;
/* The next message of a channel, on its receiver's LP; then one less is
 * *left. True: more wait. */
bool message_deliver(struct vp *vp, uint32_t channel, unsigned *left)
	must_use;
/* What is under way to the VP is dropped; no sender is still at it. */
void message_reset(const struct vp *vp);

#endif
