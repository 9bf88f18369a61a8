/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All run-time state whose size the spec decides. Included once, at the end
 * of the generated tables.c, which defines the counts.
 */
#ifndef CORE_STATE_ARRAYS_H
#define CORE_STATE_ARRAYS_H

#include "core/channel_state.h"
#include "core/line_state.h"
#include "core/partition.h"
#include "core/synth_state.h"
#include "core/vp.h"
#include "cpu/lp.h"
#include "lib/log_state.h"
#include "mem/nested.h"
#include "vcpu/vcpu.h"

/* An array of no elements is no C. */
#define STATE_COUNT(n) ((n) != 0 ? (n) : 1)

struct lp lps[BULKHEAD_LP_COUNT];
struct lp_stacks lp_stacks[BULKHEAD_LP_COUNT];
struct lp_tables lp_tables[BULKHEAD_LP_COUNT];
struct lp_pages lp_pages[BULKHEAD_LP_COUNT];
struct log_buffer log_buffers[STATE_COUNT(BULKHEAD_PARTITION_COUNT)];
struct partition partition_table[STATE_COUNT(BULKHEAD_PARTITION_COUNT)];
struct nested_state nested_states[STATE_COUNT(BULKHEAD_PARTITION_COUNT)];
struct nested_overlay nested_overlays[
	NESTED_OVERLAY_PER_PARTITION * STATE_COUNT(BULKHEAD_PARTITION_COUNT) +
	NESTED_OVERLAY_PER_VP * STATE_COUNT(BULKHEAD_VP_COUNT)];
struct overlay_page
	overlay_pages_partition[STATE_COUNT(BULKHEAD_PARTITION_COUNT)];
struct vp vp_table[STATE_COUNT(BULKHEAD_VP_COUNT)];
struct vcpu_pages vcpu_pages[STATE_COUNT(BULKHEAD_VP_COUNT)];
struct overlay_page
	overlay_pages_vp[STATE_COUNT(BULKHEAD_VP_COUNT)][OVERLAY_VP_COUNT];
struct channel_state channel_states[STATE_COUNT(BULKHEAD_CHANNEL_COUNT)];
struct line_state line_states[STATE_COUNT(BULKHEAD_LINE_COUNT)];

#endif
