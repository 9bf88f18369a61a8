/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of one LP: what came in is drained, requests of other LPs are
 * done, the present VP runs until its next exit. Everything that an exit
 * leaves behind passes here once: that is the common epilogue.
 */
#include "core/line.h"
#include "cpu/apic_regs.h"
#include "cpu/log.h"
#include "cpu/regs.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/ioapic.h"
#include "guest/synic.h"
#include "lib/bits.h"
#include "run/run.h"

/* How soon to look whether an NMI's handler has ended without an exit. */
#define NMI_LOOK_US 100u
/* The log is fed by who is idle for so long yet. */
#define PUMP_US 20u
/* The longest time in a guest, or asleep, without a look around. */
#define SLICE_MAX_US 1000000u

/* ---- what came in ------------------------------------------------------ */

static void loop_line(const struct lp *lp, uint32_t line)
{
	const struct line_config *l = &line_configs[line];
	const struct vp *current = schedule_current(lp);

	if (l->level != 0) {
		line_mask(line);
	}
	if (current == NULL || current->partition != l->partition) {
		line_defer(line);
	}
	lapic_eoi();
	ioapic_raise(l->partition, l->pin, l->level != 0);
}

static void loop_vector(struct lp *lp, uint8_t vector)
{
	uint32_t line = line_of_vector(vector);

	if (vector == LP_VECTOR_SPURIOUS) {
		return;
	}
	if (line != CONFIG_NONE) {
		loop_line(lp, line);
		return;
	}
	if (vector == LP_VECTOR_TIMER) {
		lp->timer_armed = 0;
	} else if (vector != LP_VECTOR_KICK && vector != LP_VECTOR_POST) {
		log_line("interrupt 0x%x that nobody owns", vector);
	}
	lapic_eoi();
}

static void loop_nmi(struct lp *lp)
{
	lp->nmi = 0;
	for (uint32_t i = 0; i < partition_count; i++) {
		if ((partition_config(i)->flags & PARTITION_NMI) != 0) {
			vp_request(vp_of(i, 0), VP_REQUEST_NMI);
			return;
		}
	}
	log_line("NMI that no partition owns");
}

static void loop_machine_check(struct lp *lp)
{
	struct vp *vp = schedule_current(lp);

	lp->mce_count = 0;
	if (vp != NULL) {
		partition_fail(vp, "machine check", lp->mce_status, 0, 0);
	} else {
		log_line("machine check while lp %u was idle", lp->index);
	}
}

static void loop_drain(struct lp *lp)
{
	int vector;

	/* First: what comes in from here on is for the next time. */
	lp->attention = 0;
	while ((vector = lp_take_vector(lp)) >= 0) {
		loop_vector(lp, (uint8_t)vector);
	}
	if (lp->nmi != 0) {
		loop_nmi(lp);
	}
	if (lp->mce_count != 0) {
		loop_machine_check(lp);
	}
}

/* ---- requests of other LPs --------------------------------------------- */

static void loop_init(struct vp *vp)
{
	if (vp->number == 0) {
		/* A PC would go to its firmware; there is none here. */
		partition_request_end(vp, END_RESET);
		return;
	}
	vcpu_reset(&vp->vcpu, NULL);
	vcpu_load(&vp->vcpu);
	apic_init(vp);
	vp->nmi_pending = false;
	vp->state = VP_WAIT_SIPI;
}

static void loop_requests(struct vp *vp)
{
	uint32_t requests;

	/* Before: what is asked of a VP that is ready is not lost. */
	lifecycle_take_up(vp);
	requests = vp_take_requests(vp);
	if ((requests & VP_REQUEST_STOP) != 0) {
		lifecycle_stop_vp(vp);
	}
	if (vp->state == VP_STOPPED) {
		return;
	}
	if ((requests & VP_REQUEST_TLB) != 0) {
		vcpu_flush(&vp->vcpu);
	}
	if ((requests & VP_REQUEST_SYNIC) != 0) {
		synic_deliver(vp);
	}
	if ((requests & VP_REQUEST_INTERRUPT) != 0) {
		apic_take_posted(vp);
	}
	if ((requests & VP_REQUEST_INIT) != 0) {
		loop_init(vp);
	}
	if ((requests & VP_REQUEST_SIPI) != 0 && vp->state == VP_WAIT_SIPI) {
		vcpu_start_sipi(&vp->vcpu, (uint8_t)vp->sipi_vector);
		vp->state = VP_RUNNING;
	}
	if ((requests & VP_REQUEST_START) != 0) {
		start_take_up(vp);
	}
	if ((requests & VP_REQUEST_NMI) != 0 && vp->state != VP_WAIT_SIPI) {
		vp->nmi_pending = true;
	}
}

/* ---- the present VP ---------------------------------------------------- */

/* The next event for the guest, or a window for it. */
static void loop_deliver(struct vp *vp)
{
	struct vcpu *vcpu = &vp->vcpu;
	int vector;

	if (vp->nmi_pending && vcpu_can_nmi(vcpu)) {
		vp->nmi_pending = false;
		vcpu_inject_nmi(vcpu);
		vp->state = VP_RUNNING;
		return;
	}
	vector = apic_pending_vector(vp);
	if (apic_is_giveable(vp)) {
		/* It takes interrupts itself, but has to be awake. */
		if (vector >= 0 && vcpu_can_interrupt(vcpu)) {
			vp->state = VP_RUNNING;
		}
		return;
	}
	if (vector >= 0) {
		if (vcpu_can_interrupt(vcpu)) {
			apic_accept(vp, (uint8_t)vector);
			vcpu_inject_interrupt(vcpu, (uint8_t)vector);
			vp->state = VP_RUNNING;
		} else {
			vcpu_request_window(vcpu, (uint8_t)vector);
		}
		return;
	}
	/* Only the guest's TPR holds it back: know when that is lowered. */
	vector = apic_requested_vector(vp);
	if (vector >= 0 && vector >> 4 <= vp->apic.tpr >> 4) {
		vcpu_request_window(vcpu, (uint8_t)vector);
	}
}

static void loop_idle(struct lp *lp, uint64_t now, uint64_t deadline)
{
	const struct vp *vp = schedule_current(lp);

	/* Nothing else lets them in while no guest runs. */
	regs_take_interrupts();
	if (!log_is_shown() && now < deadline &&
	    deadline - now > tsc_from_us(PUMP_US)) {
		log_pump();
		return;
	}
	if (!lp_arm_timer(deadline)) {
		return;
	}
	__atomic_store_n(&lp->interruptible, LP_IDLE, __ATOMIC_SEQ_CST);
	if (vp == NULL || vp->requests == 0) {
		lp_wait(&lp->attention);
	}
	lp->interruptible = LP_IN_HYPERVISOR;
}

/* The end of the slot or slice, or the first of the VP's timers. */
static inline uint64_t loop_deadline(const struct vp *vp, uint64_t end)
{
	return vp->deadline < end ? vp->deadline : end;
}

/*
 * A timer has expired, or something waits to be delivered. Answers the
 * deadline: soon where an NMI waits for something that makes no exit.
 */
static __attribute__((noinline)) uint64_t
loop_settle(struct vp *vp, uint64_t now, uint64_t end)
{
	uint64_t deadline, look;

	if (now >= vp->deadline) {
		apic_poll_timer(vp, now);
		stimer_poll(vp, now);
	}
	if (vp->apic.irr_top != 0 || vp->nmi_pending) {
		loop_deliver(vp);
	}
	deadline = loop_deadline(vp, end);
	if (vp->nmi_pending) {
		look = now + tsc_from_us(NMI_LOOK_US);
		deadline = look < deadline ? look : deadline;
	}
	return deadline;
}

static inline bool loop_must_settle(const struct vp *vp, uint64_t now)
{
	return now >= vp->deadline || vp->apic.irr_top != 0 ||
	       vp->nmi_pending;
}

static inline void loop_handle_exit(struct vp *vp,
				    const struct vcpu_exit *exit)
{
	enum outcome outcome;

	vp->exits[exit->kind]++;
	outcome = exit_decide(vp, exit);
	if (outcome == OUTCOME_NEXT) {
		vcpu_advance(&vp->vcpu, exit->length);
	} else if (outcome == OUTCOME_HALT) {
		vcpu_advance(&vp->vcpu, exit->length);
		/* A single step's #DB comes at once, and ends the halt. */
		if (!vp->vcpu.event.valid) {
			vp->state = VP_HALTED;
		}
	}
}

static inline void loop_run_vp(struct vp *vp, uint64_t now, uint64_t end)
{
	struct vcpu_exit exit;
	uint64_t deadline;

	deadline = loop_must_settle(vp, now) ? loop_settle(vp, now, end)
					     : loop_deadline(vp, end);
	apic_give(vp);
	vcpu_run(&vp->vcpu, deadline, &vp->requests, &exit);
	if (vp->vcpu.cr8 != vp->apic.tpr >> 4) {
		apic_set_cr8(vp, vp->vcpu.cr8);
	}
	apic_take(vp);
	loop_handle_exit(vp, &exit);
}

/* No VP, or one that does not run. */
static __attribute__((noinline)) void
loop_rest(struct lp *lp, struct vp *vp, uint64_t now, uint64_t end)
{
	struct partition *p;
	uint64_t deadline;

	if (vp == NULL) {
		loop_idle(lp, now, end);
		return;
	}
	if (vp->state == VP_HALTED) {
		deadline = loop_settle(vp, now, end);
		if (vp->state == VP_HALTED) {
			loop_idle(lp, now, deadline);
		}
		return;
	}
	p = &partition_table[vp->partition];
	if (vp->state == VP_READY) {
		lifecycle_take_up(vp);
	} else if (vp->number == 0 && lifecycle_has_work(p) &&
		   lp_has_time(lp, now)) {
		regs_take_interrupts();
		lifecycle_work(p);
	} else {
		loop_idle(lp, now, end);
	}
}

/* The end of the slot or slice that begins now. */
static __attribute__((noinline)) uint64_t loop_next(struct lp *lp,
						    uint64_t now)
{
	uint64_t end = now + tsc_from_us(SLICE_MAX_US);

	if (now >= lp->slot_end) {
		schedule_next(lp, now);
	}
	return lp->slot_end < end ? lp->slot_end : end;
}

_Noreturn void loop_run(void)
{
	struct lp *lp = lp_self();
	struct vp *vp;
	uint64_t now, end = 0;	/* of the slot or slice */

	schedule_start(lp);
	vp = schedule_current(lp);
	for (;;) {
		now = tsc_read();
		if (now >= end) {
			end = loop_next(lp, now);
			vp = schedule_current(lp);
		}
		if (lp->attention != 0) {
			loop_drain(lp);
		}
		if (!log_is_shown() && vp != NULL) {
			log_pay(vp->partition);
		}
		if (vp != NULL && vp->requests != 0) {
			loop_requests(vp);
		}
		if (vp != NULL && vp->state == VP_RUNNING) {
			loop_run_vp(vp, now, end);
		} else {
			loop_rest(lp, vp, now, end);
		}
	}
}
