/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SynIC of a VP (TLFS chapter 11). Message slots are written by the VP's
 * own LP only; event flags by any. Both pages belong to the hypervisor, but
 * the guest may write them: nothing in them is believed but "this slot is
 * empty", and each pass over them is bounded, whatever the guest does to them
 * meanwhile.
 */
#include "guest/synic.h"
#include "guest/apic.h"
#include "guest/synth.h"
#include "lib/string.h"

#define PASS_MAX 4u		/* messages that one exit may copy */

static uint64_t synic_load(const uint64_t *msr)
{
	return __atomic_load_n(msr, __ATOMIC_RELAXED);
}

static bool synic_has_page(const struct vp *vp, const uint64_t *msr)
{
	return (synic_load(&vp->synth.synic.control) & synic_load(msr) &
		HV_SCONTROL_ENABLE) != 0;
}

bool synic_takes_messages(const struct vp *vp)
{
	return synic_has_page(vp, &vp->synth.synic.simp);
}

void synic_reset(struct vp *vp)
{
	struct synic_state *synic = &vp->synth.synic;

	__atomic_store_n(&synic->control, 0, __ATOMIC_RELAXED);
	synic->simp = 0;
	synic->siefp = 0;
	synic->waiting = false;
	for (uint32_t i = 0; i < SINT_COUNT; i++) {
		synic->sint[i] = HV_SINT_MASKED;
	}
	memset(synic->auto_eoi, 0, sizeof(synic->auto_eoi));
	stimer_reset(vp);
	message_reset(vp);
}

/* ---- messages ---------------------------------------------------------- */

static struct hv_message *synic_slot(const struct vp *vp, uint32_t sint)
{
	struct overlay_page *page =
		&overlay_pages_vp[vp->index][OVERLAY_VP_SIM];

	return (struct hv_message *)(void *)page->byte + sint;
}

bool synic_try_slot(struct vp *vp, uint32_t sint,
		    const struct hv_message *message)
{
	struct hv_message *slot = synic_slot(vp, sint);
	uint64_t value = vp->synth.synic.sint[sint];

	if (__atomic_load_n(&slot->type, __ATOMIC_ACQUIRE) != 0) {
		/*
		 * Then look once more: the guest may have emptied it before
		 * it could see the flag (TLFS 11.8.4).
		 */
		__atomic_fetch_or(&slot->flags, HV_MESSAGE_PENDING,
				  __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&slot->type, __ATOMIC_SEQ_CST) != 0) {
			return false;
		}
	}
	memcpy(slot->payload, message->payload, message->payload_size);
	slot->payload_size = message->payload_size;
	slot->flags = message->flags;
	slot->reserved = 0;
	slot->origination = message->origination;
	__atomic_store_n(&slot->type, message->type, __ATOMIC_RELEASE);
	if ((value & (HV_SINT_MASKED | HV_SINT_POLLING)) == 0) {
		apic_set_requested(vp, (uint8_t)value);
	}
	return true;
}

/*
 * One message of each channel at most; EOM or EOI brings the next. After
 * PASS_MAX of all of them the loop looks at the slot's end first.
 */
void synic_deliver(struct vp *vp)
{
	const struct vp_config *config = &vp_configs[vp->index];
	unsigned left = PASS_MAX;
	bool waiting;

	if (!synic_takes_messages(vp)) {
		return;
	}
	waiting = stimer_send(vp, &left);
	for (uint32_t i = 0; i < SINT_COUNT && left != 0; i++) {
		if (config->sint_channel[i] != CONFIG_NONE) {
			waiting |= message_deliver(vp, config->sint_channel[i],
						   &left);
		}
	}
	if (left == 0) {
		waiting = true;
		vp_request(vp, VP_REQUEST_SYNIC);
	}
	vp->synth.synic.waiting = waiting;
}

/* ---- event flags ------------------------------------------------------- */

bool synic_set_flag(struct vp *vp, uint32_t sint, uint32_t flag)
{
	uint64_t value = synic_load(&vp->synth.synic.sint[sint]);
	uint8_t *flags = &overlay_pages_vp[vp->index][OVERLAY_VP_SIEF]
			 .byte[sint * (HV_EVENT_FLAG_COUNT / 8)];
	uint8_t bit = (uint8_t)(1u << (flag & 7));

	if (!synic_has_page(vp, &vp->synth.synic.siefp) ||
	    (value & HV_SINT_MASKED) != 0) {
		return false;
	}
	if ((__atomic_fetch_or(&flags[flag >> 3], bit, __ATOMIC_SEQ_CST) &
	     bit) == 0 && (value & HV_SINT_POLLING) == 0) {
		vp_post_interrupt(vp, (uint8_t)value, false);
	}
	return true;
}

/* ---- MSRs -------------------------------------------------------------- */

uint64_t synic_read_msr(const struct vp *vp, uint32_t msr)
{
	const struct synic_state *synic = &vp->synth.synic;

	switch (msr) {
	case HV_MSR_SCONTROL:
		return synic->control;
	case HV_MSR_SVERSION:
		return HV_SVERSION;
	case HV_MSR_SIEFP:
		return synic->siefp;
	case HV_MSR_SIMP:
		return synic->simp;
	case HV_MSR_EOM:
		return 0;
	}
	return synic->sint[index_mask(msr - HV_MSR_SINT0, SINT_COUNT)];
}

/* Vectors that an unmasked SINT wants ended as they are taken. */
static void synic_collect_auto_eoi(struct synic_state *synic)
{
	memset(synic->auto_eoi, 0, sizeof(synic->auto_eoi));
	for (uint32_t i = 0; i < SINT_COUNT; i++) {
		uint64_t value = synic->sint[i];

		if ((value & (HV_SINT_MASKED | HV_SINT_AUTO_EOI)) ==
		    HV_SINT_AUTO_EOI) {
			synic->auto_eoi[value >> 6 & 3] |= BIT(value & 63);
		}
	}
}

/* A vector that no interrupt can have is accepted only masked (TLFS 11.8.2). */
static bool synic_write_sint(struct vp *vp, uint32_t sint, uint64_t value)
{
	struct synic_state *synic = &vp->synth.synic;

	if ((value & 0xff) < 16 && (value & HV_SINT_MASKED) == 0) {
		return false;
	}
	__atomic_store_n(&synic->sint[index_mask(sint, SINT_COUNT)], value,
			 __ATOMIC_RELAXED);
	synic_collect_auto_eoi(synic);
	return true;
}

bool synic_write_msr(struct vp *vp, uint32_t msr, uint64_t value,
		     enum outcome *outcome)
{
	struct synic_state *synic = &vp->synth.synic;
	bool done = true;

	switch (msr) {
	case HV_MSR_SVERSION:
		return false;
	case HV_MSR_SCONTROL:
		__atomic_store_n(&synic->control, value, __ATOMIC_RELAXED);
		break;
	case HV_MSR_SIEFP:
		return synth_write_vp_page(vp, OVERLAY_VP_SIEF, &synic->siefp,
					   value, outcome);
	case HV_MSR_SIMP:
		done = synth_write_vp_page(vp, OVERLAY_VP_SIM, &synic->simp,
					   value, outcome);
		break;
	case HV_MSR_EOM:
		break;
	default:
		return synic_write_sint(vp, msr - HV_MSR_SINT0, value);
	}
	synic_deliver(vp);
	return done;
}
