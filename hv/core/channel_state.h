/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a channel keeps: messages on their way. Each channel has its own
 * buffers and its own lock, so that who fills one slows nobody else. The
 * sender's LP puts messages in, the LP of the receiving VP takes them out and
 * empties it at a restart. Nothing but a VP is locked or asked under the lock.
 */
#ifndef CORE_CHANNEL_STATE_H
#define CORE_CHANNEL_STATE_H

#include "abi/tlfs.h"
#include "lib/spinlock.h"

#define CHANNEL_DEPTH 16u	/* messages; what the TLFS gives a port */

struct channel_state {
	struct spinlock lock;
	uint32_t first;		/* the oldest of messages[] */
	uint32_t count;
	struct hv_message messages[CHANNEL_DEPTH];
} __attribute__((aligned(64)));

/* STATE_ARRAYS: struct channel_state channel_states[BULKHEAD_CHANNEL_COUNT]; */
extern struct channel_state channel_states[];

#endif
