/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exit: the back end has decoded it, a function of guest/ decides, and
 * the loop carries the outcome out. A kind that nobody handles stops the
 * partition; nothing is skipped, nothing falls through to success.
 */
#include "cpu/log.h"
#include "cpu/mce.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "run/run.h"

/* These are apart, so that exit_decide() itself needs no stack. */
static __attribute__((noinline)) enum outcome
exit_machine_check(struct vp *vp)
{
	uint64_t status = mce_status();

	if (!mce_is_survivable()) {
		panic("machine check in a guest", status, vp->vcpu.rip);
	}
	mce_clear();
	partition_fail(vp, "machine check", status, 0, 0);
	return OUTCOME_STOP;
}

static __attribute__((noinline)) enum outcome
exit_reflect(struct vp *vp, const struct vcpu_exit *exit)
{
	vcpu_inject_exception(&vp->vcpu, exit->exception.vector,
			      exit->exception.has_error,
			      exit->exception.error);
	return OUTCOME_INJECT;
}

static __attribute__((noinline)) enum outcome
exit_fail(struct vp *vp, const char *reason, uint64_t info)
{
	partition_fail(vp, reason, info, 0, 0);
	return OUTCOME_STOP;
}

enum outcome exit_decide(struct vp *vp, const struct vcpu_exit *exit)
{
	/* These are the shortest, so that their way is, too. */
	if (exit->kind == EXIT_IO) {
		return io_handle(vp, exit);
	}
	if (exit->kind == EXIT_MSR) {
		return msr_handle(vp, exit);
	}
	if (exit->kind == EXIT_CPUID) {
		return cpuid_handle(vp);
	}
	if (exit->kind == EXIT_HYPERCALL) {
		return hypercall_handle(vp);
	}
	switch (exit->kind) {
	case EXIT_NONE:
	case EXIT_INTERRUPT:
	case EXIT_WINDOW:
	case EXIT_NMI:
	case EXIT_INIT:
		/* The machine's, not the guest's; the loop drains them. */
		return OUTCOME_SAME;
	case EXIT_IO:
	case EXIT_MSR:
	case EXIT_CPUID:
	case EXIT_HYPERCALL:
		break;		/* above */
	case EXIT_HALT:
		return OUTCOME_HALT;
	case EXIT_MEMORY:
		return memory_handle(vp, exit);
	case EXIT_CR:
		return cr_handle(vp, exit);
	case EXIT_XSETBV:
		return xsetbv_handle(vp);
	case EXIT_CACHE:
		/* Ours is write-back; a neighbour's is not its to empty. */
		return OUTCOME_NEXT;
	case EXIT_UNDEFINED:
		return guest_inject_ud(vp);
	case EXIT_PRIVILEGED:
		return guest_inject_gp(vp);
	case EXIT_EXCEPTION:
		return exit_reflect(vp, exit);
#ifdef CONFIG_VMX_APICV
	case EXIT_APIC:
		return apic_finish_write(vp, exit);
#endif
	case EXIT_MACHINE_CHECK:
		return exit_machine_check(vp);
	case EXIT_TRIPLE_FAULT:
		return exit_fail(vp, "triple fault", 0);
	case EXIT_INVALID_STATE:
		return exit_fail(vp, "invalid VP state", exit->info);
	case EXIT_UNKNOWN:
		return exit_fail(vp, "exit that nobody handles", exit->info);
	}
	return exit_fail(vp, "exit of no kind", (uint64_t)exit->kind);
}
