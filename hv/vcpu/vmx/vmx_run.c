/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a guest. Interrupts are off, and from the entry on an exit. What
 * came before, or by an NMI since, is looked at last of all (vmx_enter.S). The
 * deadline is the preemption timer's.
 */
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "cpu/tsc.h"
#include "vcpu/vmx/vmx.h"

#ifdef HOST_TEST
void vmx_invalidate_ept(uint64_t pointer);
void vmx_invalidate_vpids(void);
#else
/* INVEPT 1: what was cached by way of this root, under any VPID. */
static inline void vmx_invalidate_ept(uint64_t pointer)
{
	const uint64_t descriptor[2] = { pointer, 0 };

	__asm__ volatile("invept %0, %1" : : "m"(descriptor), "r"(1ull)
			 : "cc", "memory");
}

/* INVVPID 2: all but the hypervisor's own. */
static inline void vmx_invalidate_vpids(void)
{
	const uint64_t descriptor[2] = { 0, 0 };

	__asm__ volatile("invvpid %0, %1" : : "m"(descriptor), "r"(2ull)
			 : "cc", "memory");
}
#endif

static void vmx_renew_asid(struct lp *lp, struct vcpu *vcpu)
{
	if (vcpu_renew_asid(lp, vcpu)) {
		vmx_invalidate_vpids();
	}
	vmx_write(VMCS_VPID, vcpu->asid);
}

static void vmx_check_flush(struct lp *lp, struct vcpu *vcpu)
{
	uint64_t generation = __atomic_load_n(
		&nested_states[vcpu->partition].generation, __ATOMIC_ACQUIRE);

	if (generation != vcpu->flush_seen) {
		vmx_invalidate_ept(vmx_read(VMCS_EPT_POINTER));
		__atomic_store_n(&vcpu->flush_seen, generation,
				 __ATOMIC_RELEASE);
	}
	if (vcpu->asid_generation != lp->asid_generation) {
		vmx_renew_asid(lp, vcpu);
	}
}

/* In real mode an exception has no error code (SDM3 26.2.1.3). */
static void vmx_put_event(const struct vcpu_event *e)
{
	uint32_t word = vcpu_event_word(e);

	if ((vmx_read(VMCS_CR0) & CR0_PE) == 0) {
		word &= ~(uint32_t)EVENT_WORD_ERROR;
	}
	vmx_write(VMCS_ENTRY_EVENT, word);
	vmx_write(VMCS_ENTRY_ERROR, e->error);
}

static __attribute__((noinline)) void
vmx_leave_event(struct vcpu *vcpu, struct vcpu_exit *exit, uint32_t reason,
		uint64_t word)
{
	vcpu_keep_event(vcpu, word, (uint32_t)vmx_read(VMCS_VECTORING_ERROR));
	if (vcpu->event.valid && vcpu->event.type == EVENT_NMI) {
		vmx_mask_nmi(vcpu, false);
	}
	vmx_decode(vcpu, exit, reason);
}

/* What vmx_enter() goes on to after an exit. */
void vmx_leave(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	uint32_t reason = (uint32_t)vmx_read(VMCS_EXIT_REASON);
	uint64_t vectoring = vmx_read(VMCS_VECTORING);

	lp_self()->interruptible = LP_IN_HYPERVISOR;
	vcpu->launched = true;
	vcpu->event.valid = false;
	vcpu->gpr[GPR_RSP] = vmx_read(VMCS_RSP);
	vcpu->rip = vmx_read(VMCS_RIP);
	vcpu->rflags = vmx_read(VMCS_RFLAGS);
	if ((vectoring & EVENT_WORD_VALID) != 0) {
		vmx_leave_event(vcpu, exit, reason, vectoring);
	} else {
		vmx_decode(vcpu, exit, reason);
	}
}

/* And if there was no entry. vcpu->event has what was to be injected. */
void vmx_stay(struct vcpu *vcpu, struct vcpu_exit *exit, bool refused)
{
	(void)vcpu;
	lp_self()->interruptible = LP_IN_HYPERVISOR;
	vmx_write(VMCS_ENTRY_EVENT, 0);
	if (refused) {
		exit->kind = EXIT_INVALID_STATE;
		exit->info = vmx_read(VMCS_INSN_ERROR);
	}
}

/* No call but the last: no register is to be kept. */
static __attribute__((noinline)) void vmx_go(struct vcpu *vcpu,
					     const volatile uint32_t *requests,
					     struct vcpu_exit *exit)
{
	struct lp *lp = lp_self();

	vmx_write(VMCS_RSP, vcpu->gpr[GPR_RSP]);
	vmx_write(VMCS_RIP, vcpu->rip);
	vmx_write(VMCS_RFLAGS, vcpu->rflags);
	vmx_write(VMCS_TSC_OFFSET, vcpu->tsc_offset);
	vmx_enter(vcpu, exit, requests, &lp->attention, vcpu->launched);
}

/* What most entries have not. */
static __attribute__((noinline)) void
vmx_prepare(struct lp *lp, struct vcpu *vcpu,
	    const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	vmx_check_flush(lp, vcpu);
	if (vcpu->event.valid) {
		vmx_put_event(&vcpu->event);
	}
	vmx_go(vcpu, requests, exit);
}

/*
 * After interruptible is set: whoever changes the nested tables now kicks
 * this LP; whoever did before is noticed here.
 */
static inline bool vmx_is_flushed(const struct lp *lp,
				  const struct vcpu *vcpu)
{
	return __atomic_load_n(&nested_states[vcpu->partition].generation,
			       __ATOMIC_ACQUIRE) == vcpu->flush_seen &&
	       vcpu->asid_generation == lp->asid_generation;
}

void vmx_run(struct vcpu *vcpu, uint64_t deadline,
	     const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	struct lp *lp = lp_self();
	uint64_t now = tsc_read();
	uint64_t ticks = (deadline - now) >> vcpu_features.timer_shift;

	exit->kind = EXIT_NONE;
	exit->length = 0;
	if (deadline <= now) {
		exit->kind = EXIT_INTERRUPT;
		return;
	}
	if ((vcpu->rflags & RFLAGS_IF) == 0 &&
	    ticks > vcpu_features.masked_max) {
		ticks = vcpu_features.masked_max;
	}
	vmx_write(VMCS_TIMER, ticks >> 32 != 0 ? UINT32_MAX : ticks);
	__atomic_store_n(&lp->interruptible, LP_IN_GUEST, __ATOMIC_SEQ_CST);
	if (vmx_is_flushed(lp, vcpu) && !vcpu->event.valid) {
		vmx_go(vcpu, requests, exit);
	} else {
		vmx_prepare(lp, vcpu, requests, exit);
	}
}
