/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt messages between VPs and from the IOAPIC (SDM3 11.6): who is
 * meant, and what reaches it. The APIC id of a VP is its number, so a
 * physical destination is an index; loops are bounded by the partition's
 * vp_count. It reads other VPs' APIC registers while they may change, as
 * hardware does: each in one load, and only to choose.
 */
#include "guest/apic_private.h"

static inline uint32_t apic_ipi_read_mode(const struct vp *vp)
{
	return (uint32_t)__atomic_load_n(&vp->apic.base, __ATOMIC_RELAXED) &
	       (APIC_BASE_ENABLED | APIC_BASE_EXTENDED);
}

/* Does its APIC take fixed interrupts? (Its own LP decides for good.) */
static inline bool apic_ipi_takes_fixed(const struct vp *vp)
{
	return (apic_ipi_read_mode(vp) & APIC_BASE_ENABLED) != 0 &&
	       (__atomic_load_n(&vp->apic.svr, __ATOMIC_RELAXED) &
		APIC_SVR_ENABLED) != 0;
}

/* SDM3 11.6.2.2; 11.12.10 for x2APIC */
static bool apic_ipi_matches_logical(const struct vp *vp, uint32_t destination)
{
	uint32_t ldr, dfr;

	if ((apic_ipi_read_mode(vp) & APIC_BASE_EXTENDED) != 0) {
		ldr = apic_extended_ldr(vp->number);
		return ldr >> 16 == destination >> 16 &&
		       (ldr & destination & 0xffff) != 0;
	}
	if (destination > 0xff) {
		return false;
	}
	ldr = __atomic_load_n(&vp->apic.ldr, __ATOMIC_RELAXED) >> 24;
	dfr = __atomic_load_n(&vp->apic.dfr, __ATOMIC_RELAXED) >> 28;
	if (dfr == 0xf) {
		return (ldr & destination) != 0;
	}
	if (dfr != 0 || (ldr & destination & 0xf) == 0) {
		return false;
	}
	return destination >> 4 == 0xf || destination >> 4 == ldr >> 4;
}

static bool apic_ipi_matches(const struct vp *vp,
			     const struct apic_message *message)
{
	if ((apic_ipi_read_mode(vp) & APIC_BASE_ENABLED) == 0 ||
	    vp->number == message->except) {
		return false;
	}
	if (message->destination == APIC_BROADCAST) {
		return true;
	}
	if ((message->bits & APIC_ICR_LOGICAL) != 0) {
		return apic_ipi_matches_logical(vp, message->destination);
	}
	return vp->number == message->destination;
}

/*
 * Hands the message to one VP. SMI, and the modes that SDM3 reserves, reach
 * nobody: guests have no SMM.
 */
static bool apic_ipi_deliver(struct vp *vp, const struct apic_message *message)
{
	uint8_t vector = (uint8_t)message->bits;

	switch (message->bits & APIC_ICR_MODE) {
	case APIC_MODE_FIXED:
	case APIC_MODE_LOWEST:
		if (!apic_ipi_takes_fixed(vp)) {
			return false;
		}
		vp_post_interrupt(vp, vector,
				  (message->bits & APIC_ICR_LEVEL) != 0);
		return true;
	case APIC_MODE_NMI:
		vp_request(vp, VP_REQUEST_NMI);
		return true;
	case APIC_MODE_INIT:
		vp_request(vp, VP_REQUEST_INIT);
		return true;
	case APIC_MODE_STARTUP:
		__atomic_store_n(&vp->sipi_vector, vector, __ATOMIC_RELAXED);
		vp_request(vp, VP_REQUEST_SIPI);
		return true;
	}
	return false;
}

/* The VPs among which the destination may lie: [*first, *end). */
static void apic_ipi_find_candidates(const struct apic_message *message,
				     uint32_t count, uint32_t *first,
				     uint32_t *end)
{
	uint32_t base;

	*first = 0;
	*end = count;
	if (message->destination == APIC_BROADCAST) {
		return;
	}
	if ((message->bits & APIC_ICR_LOGICAL) == 0) {
		base = message->destination;
		*first = base < count ? index_mask(base, count) : count;
		*end = base < count ? *first + 1 : count;
	} else if (message->wide) {
		base = message->destination >> 16 << 4;
		*first = base < count ? index_mask(base, count) : count;
		*end = count - *first > 16 ? *first + 16 : count;
	}
}

/* Least busy of those that match; the lowest number of equals. */
static struct vp *apic_ipi_arbitrate(uint32_t partition,
				     const struct apic_message *message,
				     uint32_t first, uint32_t end)
{
	struct vp *best = NULL;
	uint8_t least = 0;

	for (uint32_t n = first; n < end; n++) {
		struct vp *vp = vp_of(partition, n);
		uint8_t ppr = __atomic_load_n(&vp->apic.ppr, __ATOMIC_RELAXED);

		if (apic_ipi_matches(vp, message) && apic_ipi_takes_fixed(vp) &&
		    (best == NULL || ppr < least)) {
			best = vp;
			least = ppr;
		}
	}
	return best;
}

bool apic_send_message(uint32_t partition, const struct apic_message *message)
{
	uint32_t first, end;
	bool taken = false;

	apic_ipi_find_candidates(message, partition_configs[partition].vp_count,
				 &first, &end);
	if ((message->bits & APIC_ICR_MODE) == APIC_MODE_LOWEST) {
		struct vp *vp = apic_ipi_arbitrate(partition, message, first,
						   end);

		return vp != NULL && apic_ipi_deliver(vp, message);
	}
	for (uint32_t n = first; n < end; n++) {
		struct vp *vp = vp_of(partition, n);

		if (apic_ipi_matches(vp, message)) {
			taken |= apic_ipi_deliver(vp, message);
		}
	}
	return taken;
}

/*
 * SDM3 table 11-3 allows the shorthands that include the sender for fixed
 * interrupts only. NMIs work on real machines too; INIT and SIPI do not.
 */
static void apic_ipi_send_shorthand(struct vp *vp, uint32_t bits)
{
	uint32_t mode = bits & APIC_ICR_MODE;
	struct apic_message message = {
		.destination = APIC_BROADCAST,
		.bits = bits,
		.except = CONFIG_NONE,
	};

	switch (bits & APIC_ICR_SHORTHAND) {
	case APIC_ICR_SELF:
		if (mode == APIC_MODE_FIXED) {
			apic_set_requested(vp, (uint8_t)bits);
		} else if (mode == APIC_MODE_NMI) {
			vp_request(vp, VP_REQUEST_NMI);
		}
		return;
	case APIC_ICR_ALL:
		if (mode == APIC_MODE_INIT || mode == APIC_MODE_STARTUP) {
			return;
		}
		break;
	case APIC_ICR_OTHERS:
		message.except = vp->number;
		break;
	}
	apic_send_message(vp->partition, &message);
}

void apic_send_ipi(struct vp *vp, uint32_t bits, uint32_t destination)
{
	uint32_t mode = bits & APIC_ICR_MODE;
	uint32_t count = partition_configs[vp->partition].vp_count;
	struct apic_message message;

	if ((mode == APIC_MODE_FIXED || mode == APIC_MODE_LOWEST) &&
	    (bits & APIC_ICR_VECTOR) < APIC_VECTOR_FIRST) {
		apic_report_error(vp, APIC_ESR_SEND_VECTOR);
		return;
	}
	/* The de-assertion of INIT does nothing since the Pentium 4. */
	if (mode == APIC_MODE_INIT &&
	    (bits & (APIC_ICR_LEVEL | APIC_ICR_ASSERT)) == APIC_ICR_LEVEL) {
		return;
	}
	/* IPIs are edge, whatever they say (SDM3 11.6.1, note on Level). */
	bits &= ~APIC_ICR_LEVEL;
	/* The one that matters: fixed, to one VP. */
	if ((bits & (APIC_ICR_MODE | APIC_ICR_LOGICAL | APIC_ICR_SHORTHAND))
	    == 0 && destination < count) {
		vp_post_interrupt(vp_of(vp->partition,
					index_mask(destination, count)),
				  (uint8_t)bits, false);
		return;
	}
	if ((bits & APIC_ICR_SHORTHAND) != 0) {
		apic_ipi_send_shorthand(vp, bits);
		return;
	}
	message.destination = destination;
	message.bits = bits;
	message.except = CONFIG_NONE;
	message.wide = apic_is_extended(&vp->apic);
	apic_send_message(vp->partition, &message);
}
