/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical processors: what each keeps for itself, and how one gets another's
 * attention. A struct lp is written by its own LP, but for the fields that
 * say otherwise.
 */
#ifndef CPU_LP_H
#define CPU_LP_H

#include "config/config.h"
#include "lib/types.h"

#define LP_STACK_SIZE 8192
#define LP_IST_SIZE 4096

/* Physical vectors that are not a line's. */
#define LP_VECTOR_TIMER 0xf0
#define LP_VECTOR_KICK 0xf1
#ifdef CONFIG_VMX_APICV
#define LP_VECTOR_POST 0xf2	/* taken in the guest */
#else
#define LP_VECTOR_POST LP_VECTOR_KICK
#endif
#define LP_VECTOR_SPURIOUS 0xff

/* What lp->interruptible says: would a kick make a difference? */
#define LP_IN_HYPERVISOR 0u
#define LP_IN_GUEST 1u
#define LP_IDLE 2u

struct lp {
	struct lp *self;		/* at gs:0 */
	uint32_t index;			/* in lp_configs[] */
	uint32_t apic_id;

	/* Windows of this LP: their table, and where the first is seen. */
	uint64_t *windows;
	uint8_t *window_base;

	volatile uint32_t attention;	/* something below is to be drained */
	volatile uint64_t pending[4];	/* vectors taken, not yet drained */
	volatile uint32_t nmi;		/* NMIs taken, not yet drained */
	volatile uint32_t online;	/* from its start until it is stopped */

	/* Other LPs read: worth a kick (LP_IN_*), and for whom. */
	volatile uint32_t interruptible;
	volatile uint32_t current_vp;	/* in vp_configs[]; CONFIG_NONE */

#ifdef CONFIG_VMX_APICV
	/* Others read: what is posted to its VP needs no exit, but
	 * LP_VECTOR_POST. Only a hint: that vector is an exit elsewhere. */
	volatile uint32_t takes_posted;
#endif

	/* Host TSC; UINT64_MAX: off; 0: it has fired. */
	uint64_t timer_armed;

	/* ASIDs (VPIDs) given out in this generation. */
	uint32_t asid_next;
	uint32_t asid_count;
	uint64_t asid_generation;
	uint64_t host_state;		/* of lp_pages[], for the back end */

	/* The plan: slot that runs; its end, in us since all began, and as
	 * host TSC, computed from that: no rounding adds up. */
	uint32_t slot;
	uint64_t slot_end_us;
	uint64_t slot_end;
	uint64_t long_end;		/* nothing long begins after that */
	/* Machine checks in the hypervisor, not yet drained; the last one. */
	uint64_t mce_count;
	uint64_t mce_status;
};

/*
 * Stacks of one LP. The page under each is not mapped: an overflow is a
 * double fault on a stack of its own, not a neighbour's data.
 */
struct lp_stacks {
	uint8_t guard0[4096];
	uint8_t main[LP_STACK_SIZE];
	uint8_t guard1[4096];
	uint8_t nmi[LP_IST_SIZE];
	uint8_t guard2[4096];
	uint8_t fault[LP_IST_SIZE];	/* #DF and #MC */
} aligned_page;

/* Descriptor tables of one LP. */
struct lp_tables {
	uint64_t gdt[8];
	uint8_t tss[104];
	uint8_t pad[24];
} __attribute__((aligned(64)));

/* Pages that the back end needs for each LP. */
struct lp_pages {
	uint8_t host_save[4096];	/* AMD: hsave area; Intel: VMXON */
	uint8_t host_state[4096];	/* AMD: VMCB for VMLOAD of the host;
					   Intel: virtual-APIC page */
	uint64_t windows[512];		/* table of this LP's windows */
} aligned_page;

extern struct lp lps[];
extern struct lp_stacks lp_stacks[];
extern struct lp_tables lp_tables[];
extern struct lp_pages lp_pages[];

#ifdef HOST_TEST
struct lp *lp_self(void);
#else
static inline struct lp *lp_self(void)
{
	struct lp *lp;

	__asm__("mov %%gs:0, %0" : "=r"(lp));
	return lp;
}
#endif

/* Descriptors, traps, local APIC of the LP that calls. */
void lp_start_self(uint32_t index);
/* It can do all that an LP has to: who starts it need not wait any longer. */
void lp_set_online(void);
/* Starts every other LP of the spec; returns the first that did not come,
 * or CONFIG_NONE. trampoline: a free page below 0xa0000. */
uint32_t lp_start_others(spa_t trampoline) must_use;

/* Makes that LP leave its guest or its HLT soon. */
void lp_kick(uint32_t index);
#ifdef CONFIG_VMX_APICV
/* Makes it look at what is posted to its VP, without leaving the guest. */
void lp_post(uint32_t index);
#endif

/* A panic: all other LPs halt for good, by NMI. Returns when they have, or
 * when one does not answer. lp_stop_self(): such an NMI's answer. */
void lp_stop_others(void);
bool lp_is_stopping(void) must_use;
_Noreturn void lp_stop_self(void);

/* Arms this LP's timer for a host TSC; UINT64_MAX: disarms. Returns false
 * if that time is already past (nothing is armed then). */
bool lp_arm_timer(uint64_t deadline) must_use;

/*
 * HLT until something is to be drained; returns at once if something is.
 * Interrupts, NMIs, machine checks: none is lost before the HLT.
 */
void lp_wait(const volatile uint32_t *attention);
extern const uint8_t lp_wait_begin[], lp_wait_end[];

/*
 * May something begin that takes long (up to 20 us)? What may not waits
 * for the next slot of its VP, so that no other slot begins late.
 */
static inline must_use bool lp_has_time(const struct lp *lp, uint64_t now)
{
	return now < lp->long_end;
}

/* Takes one pending vector, -1 if none. The caller ends it. */
int lp_take_vector(struct lp *lp) must_use;

#endif
