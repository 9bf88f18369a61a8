/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heart of the local APIC: which vector is requested, in service, above
 * the priority (SDM3 11.8, 11.9). It keeps true: *_words, *_top and ppr
 * follow from irr[], isr[] and tpr; no vector below 16 is in irr[] or isr[].
 * All of it runs on the VP's own LP. Delivery is atomic (a vector that was
 * offered is taken or stays requested), so the spurious vector never fires.
 */
#include "guest/apic_private.h"
#include "guest/ioapic.h"

/*
 * Clears a bit of words[]; used says which of them are not 0. The highest
 * vector that is left, or 0.
 */
static inline uint8_t apic_clear_vector(uint64_t words[4], uint8_t *used,
					uint8_t vector)
{
	unsigned word = vector >> 6;
	unsigned left = *used;

	words[word] &= ~BIT(vector & 63u);
	if (words[word] == 0) {
		left &= ~(1u << word);
		*used = (uint8_t)left;
	}
	if (left == 0) {
		return 0;
	}
	word = bits_highest(left) & 3u;
	return (uint8_t)(word * 64 + bits_highest(words[word]));
}

/* SDM3 11.8.3.1 */
static inline void apic_update_ppr(struct apic_state *apic)
{
	uint8_t service = apic->isr_top & 0xf0;

	apic->ppr = (apic->tpr & 0xf0) >= service ? apic->tpr : service;
}

static void apic_reset_registers(struct vp *vp, uint64_t base)
{
	vp->apic = (struct apic_state){
		.base = base,
		.svr = 0xff,
		.dfr = 0xffffffff,
		.timer_host = UINT64_MAX,
	};
	vp_update_deadline(vp);
	for (unsigned i = 0; i < APIC_LVT_COUNT; i++) {
		vp->apic.lvt[i] = APIC_LVT_MASKED;
	}
	for (unsigned i = 0; i < 4; i++) {
		__atomic_store_n(&vp->posted[i], 0, __ATOMIC_RELAXED);
		__atomic_store_n(&vp->posted_level[i], 0, __ATOMIC_RELAXED);
	}
}

void apic_reset(struct vp *vp)
{
	apic_reset_registers(vp, APIC_PAGE | APIC_BASE_ENABLED |
			     (vp->number == 0 ? APIC_BASE_BSP : 0u));
}

/* SDM3 11.4.7.3: all but the id and the mode. */
void apic_init(struct vp *vp)
{
	apic_reset_registers(vp, vp->apic.base);
}

static inline void apic_request_vector(struct apic_state *apic, uint8_t vector)
{
	unsigned word = vector >> 6;
	uint64_t bit = BIT(vector & 63u);

	apic->irr[word] |= bit;
	apic->irr_words |= (uint8_t)(1u << word);
	apic->tmr[word] &= ~bit;
	if (vector > apic->irr_top) {
		apic->irr_top = vector;
	}
}

/* The error interrupt comes once until the ESR is written (SDM3 11.5.3). */
void apic_report_error(struct vp *vp, uint32_t esr)
{
	struct apic_state *apic = &vp->apic;
	uint32_t lvt = apic->lvt[APIC_LVT_ERROR];
	uint8_t vector = (uint8_t)lvt;
	bool armed = apic->esr_pending == 0;

	apic->esr_pending |= esr;
	if (!armed || (lvt & APIC_LVT_MASKED) != 0) {
		return;
	}
	if (vector < APIC_VECTOR_FIRST) {
		apic->esr_pending |= APIC_ESR_RECEIVE_VECTOR;
		return;
	}
	apic_request_vector(apic, vector);
}

void apic_set_requested(struct vp *vp, uint8_t vector)
{
	if ((vp->apic.svr & APIC_SVR_ENABLED) == 0) {
		return;
	}
	if (vector < APIC_VECTOR_FIRST) {
		apic_report_error(vp, APIC_ESR_RECEIVE_VECTOR);
		return;
	}
	apic_request_vector(&vp->apic, vector);
}

/* Vectors that have come; those of them that are level. */
static inline uint64_t apic_take_bits(struct vp *vp, unsigned i,
				      uint64_t *level)
{
	uint64_t bits;

	bits = __atomic_exchange_n(&vp->posted[i], 0, __ATOMIC_ACQ_REL);
#ifdef CONFIG_VMX_APICV
	*level = __atomic_exchange_n(&vp->posted_level[i], 0,
				     __ATOMIC_ACQ_REL);
	bits |= *level;
#else
	/*
	 * Only read: the sender of a vector says before each post whether it
	 * is level. Clearing here could lose what a next sender has said.
	 */
	*level = __atomic_load_n(&vp->posted_level[i], __ATOMIC_RELAXED);
#endif
	return bits;
}

static void apic_take_word(struct vp *vp, unsigned i)
{
	struct apic_state *apic = &vp->apic;
	uint64_t level;
	uint64_t bits = apic_take_bits(vp, i, &level);

	if (!apic_is_enabled(apic) || (apic->svr & APIC_SVR_ENABLED) == 0) {
		return;
	}
	if (i == 0 && (bits & 0xffff) != 0) {
		bits &= ~0xffffull;
		apic_report_error(vp, APIC_ESR_RECEIVE_VECTOR);
	}
	if (bits == 0) {
		return;
	}
	apic->irr[i] |= bits;
	apic->irr_words |= (uint8_t)(1u << i);
	apic->tmr[i] = (apic->tmr[i] & ~bits) | (level & bits);
	if (i * 64 + bits_highest(bits) > apic->irr_top) {
		apic->irr_top = (uint8_t)(i * 64 + bits_highest(bits));
	}
}

static inline bool apic_is_posted(const struct vp *vp, unsigned i)
{
	uint64_t bits = __atomic_load_n(&vp->posted[i], __ATOMIC_RELAXED);

#ifdef CONFIG_VMX_APICV
	bits |= __atomic_load_n(&vp->posted_level[i], __ATOMIC_RELAXED);
#endif
	return bits != 0;
}

void apic_take_posted(struct vp *vp)
{
	for (unsigned i = 0; i < 4; i++) {
		if (apic_is_posted(vp, i)) {
			apic_take_word(vp, i);
		}
	}
}

int apic_pending_vector(const struct vp *vp)
{
	const struct apic_state *apic = &vp->apic;

	return (apic->irr_top & 0xf0) > (apic->ppr & 0xf0) ?
	       apic->irr_top : -1;
}

int apic_requested_vector(const struct vp *vp)
{
	return vp->apic.irr_top != 0 ? vp->apic.irr_top : -1;
}

void apic_accept(struct vp *vp, uint8_t vector)
{
	struct apic_state *apic = &vp->apic;
	unsigned word = vector >> 6;
	uint64_t bit = BIT(vector & 63u);

	if ((apic->irr[word] & bit) == 0) {
		return;
	}
	apic->irr_top = apic_clear_vector(apic->irr, &apic->irr_words, vector);
	if ((vp->synth.synic.auto_eoi[word] & bit) != 0) {
		return;		/* of a SINT: in service and done at once */
	}
	apic->isr[word] |= bit;
	apic->isr_words |= (uint8_t)(1u << word);
	if (vector > apic->isr_top) {
		apic->isr_top = vector;
		apic_update_ppr(apic);
	}
}

/* It is no longer in service: who waits for that? */
static inline void apic_tell_end(struct vp *vp, uint8_t vector)
{
	if (vp->synth.synic.waiting) {
		vp_request(vp, VP_REQUEST_SYNIC);
	}
	if ((vp->apic.tmr[vector >> 6] & BIT(vector & 63u)) != 0) {
		ioapic_end_of_interrupt(vp->partition, vector);
	}
}

/* With nothing in service, vector 0 is a bit that is never set. */
void apic_end_of_interrupt(struct vp *vp)
{
	struct apic_state *apic = &vp->apic;
	uint8_t vector = apic->isr_top;

	apic->isr_top = apic_clear_vector(apic->isr, &apic->isr_words, vector);
	apic_update_ppr(apic);
	apic_tell_end(vp, vector);
}

#ifdef CONFIG_VMX_APICV
/*
 * Not where the processor would differ: outside of x2APIC mode, software-
 * disabled (it would accept), with vectors that are never in service.
 */
bool apic_is_giveable(const struct vp *vp)
{
	const uint64_t *never = vp->synth.synic.auto_eoi;

	return apic_is_extended(&vp->apic) &&
	       (vp->apic.svr & APIC_SVR_ENABLED) != 0 &&
	       (never[0] | never[1] | never[2] | never[3]) == 0 &&
	       vcpu_has_apic(&vp->vcpu);
}

/* While a message waits any EOI may bring it (TLFS 11.8.4). */
void apic_give(struct vp *vp)
{
	struct apic_state *apic = &vp->apic;
	struct vcpu_apic given = { .posted = vp->posted };

	if (!apic_is_giveable(vp)) {
		vcpu_give_apic(&vp->vcpu, NULL);
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		given.requested[i] = apic->irr[i];
		given.service[i] = apic->isr[i];
		given.exits[i] = vp->synth.synic.waiting ? UINT64_MAX
							 : apic->tmr[i];
	}
	vcpu_give_apic(&vp->vcpu, &given);
}

/* The highest vector of words[]; which of them are not 0. */
static uint8_t apic_find_top(const uint64_t words[4], uint8_t *used)
{
	uint8_t top = 0;

	*used = 0;
	for (unsigned i = 0; i < 4; i++) {
		if (words[i] != 0) {
			*used |= (uint8_t)(1u << i);
			top = (uint8_t)(i * 64 + bits_highest(words[i]));
		}
	}
	return top;
}

/* No vector below 16 is kept, whoever has set it (apic_take_word()). */
void apic_take(struct vp *vp)
{
	struct apic_state *apic = &vp->apic;
	struct vcpu_apic taken;
	bool illegal;

	if (!vcpu_take_apic(&vp->vcpu, &taken)) {
		return;
	}
	illegal = (taken.requested[0] & 0xffff) != 0;
	taken.requested[0] &= ~0xffffull;
	taken.service[0] &= ~0xffffull;
	for (unsigned i = 0; i < 4; i++) {
		/* What came in the guest was an edge. */
		apic->tmr[i] &= apic->irr[i] | ~(taken.requested[i] |
			(taken.service[i] & ~apic->isr[i]));
		apic->irr[i] = taken.requested[i];
		apic->isr[i] = taken.service[i];
	}
	apic->irr_top = apic_find_top(apic->irr, &apic->irr_words);
	apic->isr_top = apic_find_top(apic->isr, &apic->isr_words);
	apic_update_ppr(apic);
	if (illegal) {
		apic_report_error(vp, APIC_ESR_RECEIVE_VECTOR);
	}
}

enum outcome apic_finish_write(struct vp *vp, const struct vcpu_exit *exit)
{
	if (exit->apic.eoi) {
		apic_tell_end(vp, exit->apic.vector);
	} else {
		apic_send_ipi(vp, APIC_ICR_SELF | exit->apic.vector, 0);
	}
	return OUTCOME_SAME;
}
#endif

void apic_set_tpr(struct vp *vp, uint8_t tpr)
{
	vp->apic.tpr = tpr;
	apic_update_ppr(&vp->apic);
	vcpu_set_cr8(&vp->vcpu, tpr >> 4);
}

/* CR8 shows bits 7:4 only: a TPR whose bits it agrees with keeps the rest. */
void apic_set_cr8(struct vp *vp, uint8_t cr8)
{
	if (vp->apic.tpr >> 4 != (cr8 & 0xf)) {
		apic_set_tpr(vp, (uint8_t)(cr8 << 4));
	}
}

/* SDM3 11.4.7.2: what is requested or in service stays. */
void apic_set_spurious(struct vp *vp, uint32_t svr)
{
	struct apic_state *apic = &vp->apic;

	if ((svr & APIC_SVR_ENABLED) != 0) {
		apic->svr = svr;
		ioapic_retry(vp->partition);
		return;
	}
	/* What was sent before the switch-off had still arrived. */
	apic_take_posted(vp);
	apic->svr = svr;
	apic_timer_write_lvt(vp, apic->lvt[APIC_LVT_TIMER] | APIC_LVT_MASKED);
	for (unsigned i = 0; i < APIC_LVT_COUNT; i++) {
		apic->lvt[i] |= APIC_LVT_MASKED;
	}
}
