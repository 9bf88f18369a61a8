/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch partition checks the others before they start (abi/launch.h).
 * Each is cleared and loaded, then waits for its verdict; without one it does
 * not start. A restart of one that was found good must load the same bytes.
 * The launch partition sees the others' memory through links of its own nested
 * tables to theirs, read-only; it runs once, and never again after its verdict.
 */
#ifndef GUEST_LAUNCH_H
#define GUEST_LAUNCH_H

#include "core/partition.h"
#include "core/vp.h"

enum launch_step {
	LAUNCH_STEP_MORE,	/* call again */
	LAUNCH_STEP_GO,		/* may start */
	LAUNCH_STEP_REFUSED	/* is to be halted; the log says why */
};

#ifdef CONFIG_LAUNCH

static inline bool launch_is_launcher(const struct partition *p)
{
	return p->index == machine_config.launch_partition;
}

/* Its memory is loaded, its tables are as emitted. */
void launch_begin(struct partition *p);
/* True: nothing to do for p until the verdict, or too long without one. */
bool launch_is_waiting(const struct partition *p) must_use;
/* One piece (20 us at most) of what is to be done before it starts. */
enum launch_step launch_step(struct partition *p) must_use;
/* A partition is halted: if it was the launch partition, who still waits
 * waits no longer. */
void launch_end(const struct partition *p);

/* Its port: how many are not loaded yet; the verdict's GPA / 4096. */
uint32_t launch_read(void) must_use;
enum outcome launch_write(struct vp *vp, uint32_t value) must_use;

#else

/* partc refuses a spec that has a launch partition. */
static inline bool launch_is_launcher(const struct partition *p)
{
	(void)p;
	return false;
}

static inline void launch_begin(struct partition *p)
{
	(void)p;
}

static inline bool launch_is_waiting(const struct partition *p)
{
	(void)p;
	return false;
}

static inline enum launch_step launch_step(struct partition *p)
{
	(void)p;
	return LAUNCH_STEP_GO;
}

static inline void launch_end(const struct partition *p)
{
	(void)p;
}

static inline uint32_t launch_read(void)
{
	return 0xffffffff;
}

static inline enum outcome launch_write(struct vp *vp, uint32_t value)
{
	(void)vp;
	(void)value;
	return OUTCOME_NEXT;
}

#endif

#endif
