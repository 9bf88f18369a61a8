/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of an LP and its parts. */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "core/partition.h"
#include "core/vp.h"
#include "cpu/lp.h"

/* loop.c: an LP's life from boot on. */
_Noreturn void loop_run(void);

/* exit.c: one exit, from decoded to done. */
void exit_dispatch(struct vp *vp, const struct vcpu_exit *exit);

/* account.c: what a VP's exits were, one line in the log. */
void account_log(const struct vp *vp);

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
/* One bounded piece of zeroing, copying, hashing; the last one starts it. */
void lifecycle_clear(struct partition *p);

#endif
