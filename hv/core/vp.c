/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching a VP from anywhere, and its time. */
#include "core/vp.h"
#include "core/partition.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "lib/bits.h"

void vp_request(struct vp *vp, uint32_t bits)
{
	const struct lp *lp = &lps[vp->lp];

	__atomic_fetch_or(&vp->requests, bits, __ATOMIC_SEQ_CST);
	/*
	 * Its LP says that it can be interrupted before it looks at requests
	 * for the last time: either it sees the bits, or we see it here.
	 */
	if (lp != lp_self() &&
	    __atomic_load_n(&lp->interruptible, __ATOMIC_SEQ_CST) !=
		    LP_IN_HYPERVISOR &&
	    lp->current_vp == vp->index) {
		lp_kick(vp->lp);
	}
}

#ifdef CONFIG_VMX_APICV
/* As vp_request(); where the processor looks itself, its guest goes on. */
static void vp_request_posted(struct vp *vp)
{
	const struct lp *lp = &lps[vp->lp];

	if (lp == lp_self() || lp->takes_posted == 0) {
		vp_request(vp, VP_REQUEST_INTERRUPT);
		return;
	}
	__atomic_fetch_or(&vp->requests, VP_REQUEST_INTERRUPT,
			  __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&lp->interruptible, __ATOMIC_SEQ_CST) !=
		    LP_IN_HYPERVISOR &&
	    lp->current_vp == vp->index) {
		lp_post(vp->lp);
	}
}

void vp_post_interrupt(struct vp *vp, uint8_t vector, bool level)
{
	uint64_t bit = BIT(vector & 63);
	unsigned word = vector >> 6;

	/* One below 16 is an error, which only software sees: vector 0 would
	 * stay in the LP's page, for the next VP. */
	if (level || vector < 16) {
		__atomic_fetch_or(&vp->posted_level[word], bit,
				  __ATOMIC_SEQ_CST);
		vp_request(vp, VP_REQUEST_INTERRUPT);
	} else {
		__atomic_fetch_or(&vp->posted[word], bit, __ATOMIC_SEQ_CST);
		vp_request_posted(vp);
	}
}
#else
void vp_post_interrupt(struct vp *vp, uint8_t vector, bool level)
{
	uint64_t bit = BIT(vector & 63);
	unsigned word = vector >> 6;

	if (level) {
		__atomic_fetch_or(&vp->posted_level[word], bit,
				  __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(&vp->posted_level[word], ~bit,
				   __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_or(&vp->posted[word], bit, __ATOMIC_SEQ_CST);
	vp_request(vp, VP_REQUEST_INTERRUPT);
}
#endif

uint32_t vp_take_requests(struct vp *vp)
{
	return __atomic_exchange_n(&vp->requests, 0, __ATOMIC_SEQ_CST);
}

struct vp *vp_of(uint32_t partition, uint32_t number)
{
	const struct partition_config *p = partition_config(partition);

	return &vp_table[p->vp_first + index_mask(number, p->vp_count)];
}

uint64_t vp_guest_tsc(const struct vp *vp)
{
	return tsc_read() + vp->vcpu.tsc_offset;
}

uint64_t vp_host_tsc(const struct vp *vp, uint64_t guest_tsc)
{
	return guest_tsc - vp->vcpu.tsc_offset;
}
