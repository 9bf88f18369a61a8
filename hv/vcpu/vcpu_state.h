/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the back ends share below vcpu.h: the machine's features, and the
 * part of a VP's state that both switch in the same way.
 */
#ifndef VCPU_VCPU_STATE_H
#define VCPU_VCPU_STATE_H

#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"
#include "vcpu/vcpu.h"

#define PAT_RESET 0x0007040600070406ull
#define DR6_RESET 0xffff0ff0ull
#define DR7_RESET 0x400ull

/* What this machine can: the same on all LPs, or it does not start. */
struct vcpu_features {
	bool tsc_aux;
	bool xsave;
	bool barrier;		/* IBPB */
	uint64_t xcr0;		/* all state components that are switched */
	uint64_t machine_xcr0;	/* all that the processor has */

	/* AMD */
	bool next_rip;
	bool auto_ibrs;		/* EFER.AIBRSE */

	/* Intel */
	bool flush_l1d;		/* needed at a switch, as the next one */
	bool clear_buffers;
	uint8_t timer_shift;	/* TSC ticks of the preemption timer's: log2 */
	uint32_t masked_max;	/* ticks without a look, IF being off */
	uint32_t revision;	/* of the VMCS */
	uint32_t control[5];	/* enum vmx_control */
#ifdef CONFIG_VMX_APICV
	bool delivers;		/* virtual interrupts, x2APIC ... */
	bool posts;		/* ... posted ones too */
#endif
	uint64_t cr0_fixed;	/* bits that are 1, but for PE and PG */
	uint64_t cr4_allowed;
};

extern struct vcpu_features vcpu_features;

/* Registers of the data segments, and of the tables, after INIT. */
extern const struct segment_config vcpu_segments_reset[SEGMENT_COUNT];

/* Extended state of this LP on; what it can, into *f. */
void vcpu_state_start(struct vcpu_features *f);
void vcpu_state_reset(struct vcpu *vcpu, const struct vp_state_config *state);
void vcpu_state_load(struct vcpu *vcpu);
void vcpu_state_save(struct vcpu *vcpu);
bool vcpu_is_loaded(const struct vcpu *vcpu) must_use;

/*
 * Intercepted: #DB and #AC, since a guest could otherwise keep the processor
 * in their delivery for ever, no interrupt taken; #MC, which is ours.
 */
#define VCPU_EXCEPTIONS (BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC))

/*
 * MCE is on in every guest: without it a machine check is no exit, but shuts
 * the processor down. So a guest reads it as one, whatever it writes.
 */
static inline uint64_t vcpu_cr4(uint64_t value)
{
	return value | (regs_read_cr4() & CR4_MCE);
}

/* How wide code and stack are; the rest of *mode is known. */
static inline void vcpu_set_widths(const struct vcpu *vcpu,
				   struct vcpu_mode *mode, bool code_64,
				   bool code_32, bool stack_32)
{
	if (code_64) {
		mode->code_bits = 64;
		mode->stack_bits = 64;
		return;
	}
	mode->code_bits = code_32 ? 32 : 16;
	mode->stack_bits = stack_32 ? 32 : 16;
	if ((mode->cr0 & CR0_PE) == 0 || (vcpu->rflags & RFLAGS_VM) != 0) {
		/* A big real mode's CS.D has no meaning without PE. */
		mode->code_bits = 16;
	}
}

/*
 * A new ASID (VPID) is a flush of what the guest's own tables gave. True:
 * they had been used up, and all of this LP's translations are to be flushed.
 */
static inline must_use bool vcpu_renew_asid(struct lp *lp, struct vcpu *vcpu)
{
	bool used_up = lp->asid_next >= lp->asid_count;

	if (used_up) {
		lp->asid_next = 1;
		lp->asid_generation++;
	}
	vcpu->asid = lp->asid_next++;
	vcpu->asid_generation = lp->asid_generation;
	return used_up;
}

/* Both vendors' word for an event: EVENTINJ, VM-entry interruption. */
#define EVENT_WORD_ERROR BIT(11)
#define EVENT_WORD_VALID BIT(31)

static inline uint32_t vcpu_event_word(const struct vcpu_event *e)
{
	return (uint32_t)(e->vector | (uint32_t)e->type << 8 |
			  EVENT_WORD_VALID |
			  (e->has_error ? EVENT_WORD_ERROR : 0));
}

/*
 * An event whose delivery the exit broke off is delivered again; software
 * ones come again by themselves, when their instruction is run again.
 */
static inline void vcpu_keep_event(struct vcpu *vcpu, uint64_t word,
				   uint32_t error)
{
	uint8_t vector = (uint8_t)word;
	uint8_t type = word >> 8 & 7;

	if (type >= EVENT_SOFT_INTERRUPT ||
	    (type == EVENT_EXCEPTION && (vector == 3 || vector == 4))) {
		return;
	}
	vcpu->event = (struct vcpu_event){
		.valid = true, .type = type, .vector = vector,
		.has_error = (word & EVENT_WORD_ERROR) != 0, .error = error
	};
}

#endif
