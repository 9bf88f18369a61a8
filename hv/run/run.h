/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of an LP and its parts. */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "core/partition.h"
#include "core/vp.h"
#include "cpu/lp.h"

/* loop.c: an LP's life from boot on. */
_Noreturn void loop_run(void);

/* exit.c: what is to happen after this exit. */
enum outcome exit_decide(struct vp *vp, const struct vcpu_exit *exit) must_use;

/* account.c: what a VP's exits were: at most one line in the log for each
 * index below ACCOUNT_COUNT. */
#define ACCOUNT_COUNT (EXIT_KIND_COUNT + 1u)
void account_log(const struct vp *vp, uint32_t index);

/* schedule.c: the plan. */
/* Host TSC at which all plans begin; before any LP runs its loop. */
void schedule_set_start(uint64_t tsc);
void schedule_start(struct lp *lp);
/* The slot is over: on to the one that now belongs to. */
void schedule_next(struct lp *lp, uint64_t now);
/* VP of the present slot, null if it is an idle one. */
struct vp *schedule_current(const struct lp *lp) must_use;

/* lifecycle.c: how partitions start, end and start again. */
void lifecycle_start_all(void);
/* A VP heard VP_REQUEST_STOP on its own LP. */
void lifecycle_stop_vp(struct vp *vp);
/* VP_READY, if it is that, ends: on its own LP. */
void lifecycle_take_up(struct vp *vp);
/* Is there something to do before the partition runs, or is halted? */
bool lifecycle_has_work(const struct partition *p) must_use;
/* One bounded piece of it, on the LP of its VP 0. */
void lifecycle_work(struct partition *p);

#endif
