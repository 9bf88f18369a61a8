/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consuming flush tokens. An LP flushes on its way into the guest, when it
 * sees that the generation has grown; so it is enough that each LP which is
 * in the guest with an older one leaves it. An LP in the hypervisor is never
 * waited for: two that flush at once cannot block one another.
 */
#include "core/flush.h"
#include "core/vp.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"

static bool flush_is_due(const struct vp *vp, uint64_t generation)
{
	const struct lp *lp = &lps[vp->lp];

	return __atomic_load_n(&lp->interruptible, __ATOMIC_SEQ_CST) ==
		       LP_IN_GUEST &&
	       __atomic_load_n(&lp->current_vp, __ATOMIC_SEQ_CST) ==
		       vp->index &&
	       __atomic_load_n(&vp->vcpu.flush_seen, __ATOMIC_SEQ_CST) <
		       generation;
}

void flush_consume(struct flush_token token)
{
	const struct partition_config *p;
	uint32_t self = lp_self()->index;

	if (token.generation == 0) {
		return;
	}
	p = &partition_configs[token.partition];
	regs_fence();
	for (uint32_t i = 0; i < p->vp_count; i++) {
		struct vp *vp = &vp_table[p->vp_first + i];

		if (vp->lp != self && flush_is_due(vp, token.generation)) {
			vp_request(vp, VP_REQUEST_FLUSH);
		}
	}
	for (uint32_t i = 0; i < p->vp_count; i++) {
		const struct vp *vp = &vp_table[p->vp_first + i];

		while (vp->lp != self && flush_is_due(vp, token.generation)) {
			regs_pause();
		}
	}
	nested_flush_done(token);
}

/*
 * Is it in its guest, and was not asked before that? A VP that is not looks
 * at its requests before it enters; so the bit is clear, or seen, by then.
 */
static bool flush_is_awaited(const struct vp *vp)
{
	const struct lp *lp = &lps[vp->lp];

	return lp != lp_self() &&
	       (__atomic_load_n(&vp->requests, __ATOMIC_SEQ_CST) &
		VP_REQUEST_TLB) != 0 &&
	       __atomic_load_n(&lp->interruptible, __ATOMIC_SEQ_CST) ==
		       LP_IN_GUEST &&
	       __atomic_load_n(&lp->current_vp, __ATOMIC_SEQ_CST) == vp->index;
}

void flush_guests(struct vp *vp, uint64_t mask)
{
	uint32_t count = partition_configs[vp->partition].vp_count;
	uint64_t left;

	mask &= UINT64_MAX >> (64 - count);
	for (left = mask; left != 0; left &= left - 1) {
		struct vp *to = vp_of(vp->partition, bits_lowest(left));

		/* No kick for who sleeps: he looks when he wakes up. */
		__atomic_fetch_or(&to->requests, VP_REQUEST_TLB,
				  __ATOMIC_SEQ_CST);
		if (flush_is_awaited(to)) {
			lp_kick(to->lp);
		}
	}
	for (left = mask; left != 0; left &= left - 1) {
		const struct vp *to = vp_of(vp->partition, bits_lowest(left));

		while (flush_is_awaited(to)) {
			regs_pause();
		}
	}
}
