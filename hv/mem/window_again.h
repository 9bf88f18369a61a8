/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What window_is_same() does, inline for the one caller that most exits
 * pass. The leaves are those that were checked when the memos were made: the
 * generation says so, and the lock keeps it so.
 */
#ifndef MEM_WINDOW_AGAIN_H
#define MEM_WINDOW_AGAIN_H

#include "mem/hvmap.h"
#include "mem/nested.h"
#include "mem/window.h"

static inline bool window_word_is_same(const struct hvmap_peek *peek,
				       const struct window_memo *memo)
{
	struct hvmap_spot spot = { memo->entry, memo->offset };

	return hvmap_peek_load64(peek, &spot) == memo->value;
}

static inline bool window_look_again(uint32_t partition, uint64_t generation,
				     const struct window_memo *memos,
				     uint64_t count)
{
	struct nested_state *state = &nested_states[partition];
	bool same = false;

	/* One pointer, not an index that is scaled at each use. */
	__asm__("" : "+r"(state));
	spinlock_take(&state->lock);
	if (state->generation == generation) {
		struct hvmap_peek peek = hvmap_peek(HVMAP_SLOT_GUEST);

		same = window_word_is_same(&peek, &memos[0]) &&
		       window_word_is_same(&peek, &memos[1]) &&
		       window_word_is_same(&peek, &memos[2]) &&
		       window_word_is_same(&peek, &memos[3]) &&
		       (count == WINDOW_MEMO_MIN ||
			window_word_is_same(&peek, &memos[4]));
		hvmap_peek_close(&peek);
	}
	spinlock_give(&state->lock);
	return same;
}

#endif
