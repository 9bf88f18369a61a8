/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual processors without a machine, for host tests: two partitions, a
 * clock that a test sets, and physical lines that only remember. Posting and
 * requesting do what core/vp.h promises.
 */
#ifndef FAKE_VP_H
#define FAKE_VP_H

#include "core/partition.h"
#include "core/vp.h"

/* Partition 0 is shown x2APIC and TSC deadline, and has two clusters. */
#define FAKE_BIG 0u
#define FAKE_BIG_VPS 20u
#define FAKE_BIG_GPA_BITS 40u
/* Partition 1 is shown neither. */
#define FAKE_SMALL 1u
#define FAKE_SMALL_VPS 2u

extern uint64_t fake_host_tsc;
extern uint64_t fake_tsc_hz;

/* Line n drives pin n of FAKE_BIG for n below this; no others exist. */
#define FAKE_LINES 16u
extern unsigned fake_unmasked[FAKE_LINES];	/* calls of line_unmask */
/* Was an IOAPIC lock held in one of them? */
extern bool fake_unmasked_under_lock;

/* All state zero, all VPs as they are after a partition's start. */
void fake_vp_reset(void);

#endif
