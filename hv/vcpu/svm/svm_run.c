/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a guest. From CLGI on nothing comes in but through the guest,
 * where it is an exit: so a request that is seen to be absent after CLGI
 * cannot be missed.
 */
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "vcpu/svm/svm.h"

static void svm_renew_asid(struct lp *lp, struct vcpu *vcpu,
			   struct vmcb *vmcb)
{
	vmcb->tlb_control = SVM_TLB_NONE;
	if (vcpu_renew_asid(lp, vcpu)) {
		vmcb->tlb_control = SVM_TLB_ALL;
	}
	vmcb->asid = vcpu->asid;
}

/*
 * After interruptible is seen: whoever changes the nested tables now kicks
 * this LP; whoever did before is noticed here.
 */
static inline void svm_check_flush(struct lp *lp, struct vcpu *vcpu,
				  struct vmcb *vmcb)
{
	uint64_t generation = __atomic_load_n(
		&nested_states[vcpu->partition].generation, __ATOMIC_ACQUIRE);

	if (generation != vcpu->flush_seen ||
	    vcpu->asid_generation != lp->asid_generation) {
		svm_renew_asid(lp, vcpu, vmcb);
		__atomic_store_n(&vcpu->flush_seen, generation,
				 __ATOMIC_RELEASE);
	}
}

static void svm_put_event(struct vcpu_event *e, struct vmcb *vmcb)
{
	if (e->type > EVENT_SOFT_INTERRUPT) {
		e->type = EVENT_EXCEPTION;
	}
	vmcb->event = vcpu_event_word(e) | (uint64_t)e->error << 32;
	e->valid = false;
}

static __attribute__((noinline)) void
svm_leave_event(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit)
{
	vcpu_keep_event(vcpu, vmcb->exit_event,
			(uint32_t)(vmcb->exit_event >> 32));
	svm_decode(vcpu, vmcb, exit);
}

/* What svm_enter() goes on to; what svm_go() had to do, the other way. */
void svm_leave(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit)
{
	lp_self()->interruptible = LP_IN_HYPERVISOR;
	vmcb->tlb_control = SVM_TLB_NONE;
	vcpu->gpr[GPR_RAX] = vmcb->rax;
	vcpu->gpr[GPR_RSP] = vmcb->rsp;
	vcpu->rip = vmcb->rip;
	vcpu->rflags = vmcb->rflags;
	vcpu->cr8 = (uint8_t)vmcb->interrupt & 0xf;
	if ((vmcb->exit_event & SVM_EVENT_VALID) != 0) {
		svm_leave_event(vcpu, vmcb, exit);
	} else {
		svm_decode(vcpu, vmcb, exit);
	}
}

/* The timer is armed. No call but the last: no register is to be kept. */
static __attribute__((noinline)) void svm_go(struct vcpu *vcpu,
					     const volatile uint32_t *requests,
					     struct vcpu_exit *exit)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);
	struct lp *lp = lp_self();

	regs_gif_off();
	__atomic_store_n(&lp->interruptible, LP_IN_GUEST, __ATOMIC_SEQ_CST);
	/* Attention: an NMI that came before CLGI. */
	if ((*requests | lp->attention) != 0) {
		lp->interruptible = LP_IN_HYPERVISOR;
		regs_gif_on();
		return;
	}
	svm_check_flush(lp, vcpu, vmcb);
	vmcb->rax = vcpu->gpr[GPR_RAX];
	vmcb->rsp = vcpu->gpr[GPR_RSP];
	vmcb->rip = vcpu->rip;
	vmcb->rflags = vcpu->rflags;
	vmcb->tsc_offset = vcpu->tsc_offset;
	vmcb->event = 0;
	if (vcpu->event.valid) {
		svm_put_event(&vcpu->event, vmcb);
	}
	svm_enter(vcpu, vmcb, exit, lp->host_state);
}

static __attribute__((noinline)) void
svm_arm(struct vcpu *vcpu, uint64_t deadline,
	const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	if (lp_arm_timer(deadline)) {
		svm_go(vcpu, requests, exit);
	} else {
		exit->kind = EXIT_INTERRUPT;
	}
}

void svm_run(struct vcpu *vcpu, uint64_t deadline,
	     const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	exit->kind = EXIT_NONE;
	exit->length = 0;
	if (deadline == lp_self()->timer_armed) {
		svm_go(vcpu, requests, exit);
	} else {
		svm_arm(vcpu, deadline, requests, exit);
	}
}
