/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer of the local APIC (SDM3 11.5.4). Counts run on a clock of
 * APIC_BUS_HZ that is derived from the guest's TSC, the deadline on the TSC
 * itself. It keeps true: an expiry is never early; a periodic timer's n-th
 * expiry is computed from its start, so that nothing drifts; periods that
 * were missed make one interrupt. Nothing loops over a guest's number.
 */
#include "cpu/tsc.h"
#include "guest/apic_private.h"

/*
 * A period below this many bus ticks (20 us) is served at most that often:
 * the guest asked for more than an exit can give, and must itself advance.
 */
#define PERIOD_MIN (APIC_BUS_HZ / 50000)

/* floor(value * by / to), UINT64_MAX if that is more than 64 bits. */
static inline uint64_t apic_timer_scale(uint64_t value, uint64_t by,
					uint64_t to, uint64_t *remainder)
{
	unsigned __int128 product = (unsigned __int128)value * by;
	uint64_t high = (uint64_t)(product >> 64);
	uint64_t low = (uint64_t)product;

	if (high >= to) {
		*remainder = 0;
		return UINT64_MAX;
	}
	__asm__("divq %2" : "+a"(low), "+d"(high) : "r"(to) : "cc");
	*remainder = high;
	return low;
}

/* Bus ticks that have passed wholly; TSC ticks until they have. */
static uint64_t apic_timer_get_ticks(uint64_t tsc)
{
	uint64_t rest;

	return apic_timer_scale(tsc, APIC_BUS_HZ, tsc_hz(), &rest);
}

static uint64_t apic_timer_get_tsc(uint64_t ticks)
{
	uint64_t rest;
	uint64_t tsc = apic_timer_scale(ticks, tsc_hz(), APIC_BUS_HZ, &rest);

	return tsc + (rest != 0);
}

static inline uint32_t apic_timer_get_mode(const struct apic_state *apic)
{
	return apic->lvt[APIC_LVT_TIMER] & APIC_LVT_MODE;
}

static inline bool apic_timer_is_counting(const struct apic_state *apic)
{
	return apic_timer_get_mode(apic) == APIC_TIMER_ONE_SHOT ||
	       apic_timer_get_mode(apic) == APIC_TIMER_PERIODIC;
}

/* Divide register: bits 3, 1, 0; 7 is by 1, n is by 2^(n+1). */
static inline unsigned apic_timer_get_shift(const struct apic_state *apic)
{
	uint32_t code = (apic->timer_divide & 3) |
			(apic->timer_divide >> 1 & 4);

	return (code + 1) & 7;
}

static inline uint64_t apic_timer_get_period(const struct apic_state *apic)
{
	return (uint64_t)apic->timer_initial << apic_timer_get_shift(apic);
}

static void apic_timer_set_host(struct vp *vp, uint64_t host)
{
	vp->apic.timer_host = host;
	vp_update_deadline(vp);
}

static inline void apic_timer_stop(struct vp *vp)
{
	vp->apic.timer_running = false;
	apic_timer_set_host(vp, UINT64_MAX);
}

/* After an expiry: the first multiple of the period that is still to come. */
static void apic_timer_advance(struct apic_state *apic, uint64_t elapsed)
{
	uint64_t period = apic_timer_get_period(apic);
	uint64_t ticks = apic_timer_get_ticks(elapsed);

	if (period < PERIOD_MIN) {
		ticks += PERIOD_MIN;
	}
	apic->timer_length = apic_timer_get_tsc((ticks / period + 1) * period);
}

/* Says when to look again. A masked timer runs, but wakes nobody. */
static void apic_timer_arm(struct vp *vp, uint64_t now)
{
	struct apic_state *apic = &vp->apic;
	uint64_t elapsed = now - apic->timer_start;
	uint64_t host = vp_host_tsc(vp, now);

	if (!apic->timer_running ||
	    (apic->lvt[APIC_LVT_TIMER] & APIC_LVT_MASKED) != 0) {
		apic_timer_set_host(vp, UINT64_MAX);
		return;
	}
	if (elapsed < apic->timer_length &&
	    __builtin_add_overflow(host, apic->timer_length - elapsed,
				   &host)) {
		host = UINT64_MAX;
	}
	apic_timer_set_host(vp, host);
}

static __attribute__((noinline)) void apic_timer_expire(struct vp *vp,
							uint64_t now)
{
	struct apic_state *apic = &vp->apic;
	uint32_t lvt = apic->lvt[APIC_LVT_TIMER];

	if ((lvt & APIC_LVT_MASKED) == 0) {
		apic_set_requested(vp, (uint8_t)lvt);
	}
	if (apic_timer_get_mode(apic) == APIC_TIMER_PERIODIC) {
		apic_timer_advance(apic, now - apic->timer_start);
		apic_timer_arm(vp, now);
	} else {
		apic_timer_stop(vp);
	}
}

/* Makes happen what is due by guest time now. */
static inline void apic_timer_settle(struct vp *vp, uint64_t now)
{
	if (vp->apic.timer_running &&
	    now - vp->apic.timer_start >= vp->apic.timer_length) {
		apic_timer_expire(vp, now);
	}
}

/* After apic_timer_settle(): never 0 while the timer runs. */
static uint32_t apic_timer_get_count(const struct apic_state *apic,
				     uint64_t now)
{
	uint64_t period = apic_timer_get_period(apic);
	uint64_t ticks = apic_timer_get_ticks(now - apic->timer_start);
	unsigned shift = apic_timer_get_shift(apic);

	if (!apic->timer_running || !apic_timer_is_counting(apic)) {
		return 0;
	}
	ticks = period - ticks % period;
	return (uint32_t)((ticks + BIT(shift) - 1) >> shift);
}

/*
 * Goes on with count left, as if it had always run at the present rate: the
 * start is moved, rounded so that the expiry is not early.
 */
static void apic_timer_continue_with(struct apic_state *apic, uint32_t count,
				     uint64_t now)
{
	uint64_t gone = (uint64_t)(apic->timer_initial - count)
			<< apic_timer_get_shift(apic);
	uint64_t rest;

	apic->timer_start = now - apic_timer_scale(gone, tsc_hz(),
						   APIC_BUS_HZ, &rest);
	apic->timer_length = apic_timer_get_tsc(apic_timer_get_period(apic));
}

uint64_t apic_deadline(const struct vp *vp)
{
	return vp->apic.timer_host;
}

void apic_poll_timer(struct vp *vp, uint64_t host_tsc)
{
	if (host_tsc >= vp->apic.timer_host) {
		apic_timer_settle(vp, vp_guest_tsc(vp));
	}
}

void apic_adjust_tsc(struct vp *vp, uint64_t delta)
{
	uint64_t now = vp_guest_tsc(vp);

	if (apic_timer_is_counting(&vp->apic)) {
		vp->apic.timer_start += delta;
	}
	apic_timer_settle(vp, now);
	apic_timer_arm(vp, now);
}

uint32_t apic_timer_read_current(struct vp *vp)
{
	uint64_t now = vp_guest_tsc(vp);

	apic_timer_settle(vp, now);
	return apic_timer_get_count(&vp->apic, now);
}

uint64_t apic_timer_read_deadline(struct vp *vp)
{
	apic_timer_settle(vp, vp_guest_tsc(vp));
	return vp->apic.timer_running && apic_timer_is_deadline(vp) ?
	       vp->apic.timer_length : 0;
}

/* A change between the counting modes goes on counting, any other stops. */
void apic_timer_write_lvt(struct vp *vp, uint32_t lvt)
{
	struct apic_state *apic = &vp->apic;
	uint64_t now = vp_guest_tsc(vp);
	uint32_t mode = apic_timer_get_mode(apic);
	bool counting = apic_timer_is_counting(apic);

	apic_timer_settle(vp, now);
	apic->lvt[APIC_LVT_TIMER] = lvt;
	if (apic_timer_get_mode(apic) != mode &&
	    !(counting && apic_timer_is_counting(apic))) {
		apic->timer_initial = 0;
		apic_timer_stop(vp);
	}
	apic_timer_arm(vp, now);
}

void apic_timer_write_initial(struct vp *vp, uint32_t count)
{
	struct apic_state *apic = &vp->apic;
	uint64_t now = vp_guest_tsc(vp);

	if (!apic_timer_is_counting(apic)) {
		return;
	}
	apic_timer_settle(vp, now);
	apic->timer_initial = count;
	if (count == 0) {
		apic_timer_stop(vp);
		return;
	}
	apic->timer_running = true;
	apic->timer_start = now;
	apic->timer_length = apic_timer_get_tsc(apic_timer_get_period(apic));
	apic_timer_arm(vp, now);
}

void apic_timer_write_divide(struct vp *vp, uint32_t divide)
{
	struct apic_state *apic = &vp->apic;
	uint64_t now = vp_guest_tsc(vp);
	uint32_t count;

	apic_timer_settle(vp, now);
	count = apic_timer_get_count(apic, now);
	apic->timer_divide = divide;
	if (apic->timer_running && apic_timer_is_counting(apic)) {
		apic_timer_continue_with(apic, count, now);
	}
	apic_timer_arm(vp, now);
}

/* Ignored in the other modes (SDM3 11.5.4.1); 0 disarms. */
void apic_timer_write_deadline(struct vp *vp, uint64_t deadline)
{
	struct apic_state *apic = &vp->apic;
	uint64_t now;

	if (!apic_timer_is_deadline(vp)) {
		return;
	}
	now = vp_guest_tsc(vp);
	apic_timer_settle(vp, now);
	if (deadline == 0) {
		apic_timer_stop(vp);
		return;
	}
	apic->timer_running = true;
	apic->timer_start = 0;
	apic->timer_length = deadline;
	apic_timer_arm(vp, now);
}
