/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four synthetic timers of a VP (TLFS 12.3), in reference time. It keeps
 * true: none expires early; a periodic one stays on the times that follow from
 * its start, however late each expiry is; one that was not served for long
 * skips what it missed. Nothing loops over a guest's number.
 */
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/synic.h"
#include "lib/div.h"
#include "lib/string.h"

/* Two expiries of a timer are at least 20 us apart, as of the APIC's. */
#define STIMER_APART_MIN 200u
/* More periods than these are not caught up with. */
#define STIMER_MISSED_MAX 8u

/* First host TSC at which the partition's reference time is not below time. */
static uint64_t stimer_host_tsc(const struct vp *vp, uint64_t time)
{
	uint64_t scale = tsc_reference_scale();
	uint64_t host = partition_table[vp->partition].tsc_start;

	/* Rounded up. Beyond 64 bits of TSC: never. */
	if (time >= scale ||
	    __builtin_add_overflow(host, div_wide(time, scale - 1, scale),
				   &host)) {
		return UINT64_MAX;
	}
	return host;
}

static void stimer_update_host(struct vp *vp)
{
	struct synic_state *synic = &vp->synth.synic;
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		if (synic->timers[i].host < first) {
			first = synic->timers[i].host;
		}
	}
	synic->timer_host = first;
	vp_update_deadline(vp);
}

void stimer_reset(struct vp *vp)
{
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		vp->synth.synic.timers[i] = (struct stimer_state){
			.host = UINT64_MAX
		};
	}
	stimer_update_host(vp);
}

static uint64_t stimer_later(uint64_t time, uint64_t by)
{
	return time > UINT64_MAX - by ? UINT64_MAX : time + by;
}

/* What was under way is forgotten. */
static void stimer_start(struct vp *vp, struct stimer_state *timer)
{
	timer->waiting = false;
	timer->host = UINT64_MAX;
	if ((timer->config & HV_STIMER_ENABLE) != 0 && timer->count != 0) {
		timer->due = timer->count;
		if ((timer->config & HV_STIMER_PERIODIC) != 0) {
			timer->due = stimer_later(synth_reference_time(vp),
						  timer->count);
		}
		timer->host = stimer_host_tsc(vp, timer->due);
	}
	stimer_update_host(vp);
}

/*
 * The next time of a periodic timer. A late one catches up by periods that
 * are down to half as long; a lazy or very late one leaves out what it missed
 * (TLFS 12.3.1).
 */
static void stimer_advance(struct vp *vp, struct stimer_state *timer,
			   uint64_t now)
{
	uint64_t missed = (now - timer->due) / timer->count;
	uint64_t apart = timer->count / 2;
	uint64_t next;

	if ((timer->config & HV_STIMER_LAZY) != 0 ||
	    missed > STIMER_MISSED_MAX) {
		timer->due += missed * timer->count;
	}
	timer->due = stimer_later(timer->due, timer->count);
	next = stimer_later(now, apart < STIMER_APART_MIN ? STIMER_APART_MIN
							  : apart);
	timer->host = stimer_host_tsc(vp, timer->due > next ? timer->due
							    : next);
}

/* Interrupt or message is away. */
static void stimer_end(struct vp *vp, struct stimer_state *timer, uint64_t now)
{
	timer->waiting = false;
	if ((timer->config & HV_STIMER_PERIODIC) != 0) {
		stimer_advance(vp, timer, now);
	}
}

/* True: its message waits. */
static bool stimer_expire(struct vp *vp, struct stimer_state *timer,
			  uint64_t now)
{
	timer->host = UINT64_MAX;
	if ((timer->config & HV_STIMER_PERIODIC) == 0) {
		timer->config &= ~(uint64_t)HV_STIMER_ENABLE;
	}
	if ((timer->config & HV_STIMER_DIRECT) != 0) {
		apic_set_requested(vp, (uint8_t)(timer->config >>
						 HV_STIMER_VECTOR_SHIFT));
		stimer_end(vp, timer, now);
		return false;
	}
	timer->waiting = true;
	return true;
}

void stimer_poll(struct vp *vp, uint64_t host_tsc)
{
	struct synic_state *synic = &vp->synth.synic;
	bool waiting = false;
	uint64_t now;

	if (host_tsc < synic->timer_host) {
		return;
	}
	now = synth_reference_time(vp);
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		if (host_tsc >= synic->timers[i].host) {
			waiting |= stimer_expire(vp, &synic->timers[i], now);
		}
	}
	stimer_update_host(vp);
	if (waiting) {
		synic_deliver(vp);
	}
}

bool stimer_send(struct vp *vp, unsigned *left)
{
	bool waiting = false;

	for (uint32_t i = 0; i < STIMER_COUNT; i++) {
		struct stimer_state *timer = &vp->synth.synic.timers[i];
		struct hv_timer_payload payload = { .timer = i };
		struct hv_message message = {
			.type = HV_MESSAGE_TIMER_EXPIRED,
			.payload_size = sizeof(payload)
		};

		if (!timer->waiting) {
			continue;
		}
		payload.expiration = timer->due;
		payload.delivery = synth_reference_time(vp);
		memcpy(message.payload, &payload, sizeof(payload));
		if (*left == 0 ||
		    !synic_try_slot(vp, timer->config >> HV_STIMER_SINT_SHIFT &
				    15, &message)) {
			waiting = true;
			continue;
		}
		--*left;
		stimer_end(vp, timer, payload.delivery);
		stimer_update_host(vp);
	}
	return waiting;
}

/* ---- MSRs -------------------------------------------------------------- */

static uint32_t stimer_index(uint32_t msr)
{
	return index_mask((msr - HV_MSR_STIMER0_CONFIG) >> 1, STIMER_COUNT);
}

static bool stimer_is_count(uint32_t msr)
{
	return (msr & 1) == (HV_MSR_STIMER0_COUNT & 1);
}

uint64_t stimer_read_msr(const struct vp *vp, uint32_t msr)
{
	const struct stimer_state *timer =
		&vp->synth.synic.timers[stimer_index(msr)];

	return stimer_is_count(msr) ? timer->count : timer->config;
}

bool stimer_write_msr(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct stimer_state *timer =
		&vp->synth.synic.timers[stimer_index(msr)];

	if (stimer_is_count(msr)) {
		timer->count = value;
		if (value == 0) {
			timer->config &= ~(uint64_t)HV_STIMER_ENABLE;
		} else if ((timer->config & HV_STIMER_AUTO_ENABLE) != 0) {
			timer->config |= HV_STIMER_ENABLE;
		}
	} else {
		if ((value & HV_STIMER_RESERVED) != 0) {
			return false;
		}
		/* SINT 0 is not for timers. */
		if ((value & HV_STIMER_DIRECT) == 0 &&
		    value >> HV_STIMER_SINT_SHIFT == 0) {
			value &= ~(uint64_t)HV_STIMER_ENABLE;
		}
		timer->config = value;
	}
	stimer_start(vp, timer);
	return true;
}
