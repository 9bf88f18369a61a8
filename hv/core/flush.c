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
