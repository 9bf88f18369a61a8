/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine of two LPs around hv/run/loop.c, which is included: scheduling,
 * lines and local APICs are the real ones; the processor is not. turn() is
 * one turn of LP 0's loop.
 */
#ifndef LOOP_MACHINE_H
#define LOOP_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run/loop.c"

#include "core/line_state.h"
#include "cpu/ioapic_regs.h"
#include "fake_vcpu.h"

#define HZ 1000000000ull
#define EPOCH 5000000ull
#define LEVEL_LINE 0u
#define EDGE_LINE 1u
#define LINE_GSI(line) (4 + (line))

/*
 * LP 0, which is under test: 100 us for VP 0 of "a", 50 us idle, 100 us for
 * VP 2 of "b". LP 1: VP 1 of "a".
 */
static const struct slot_config slots_0[] = {
	{ .vp = 0, .length_us = 100 }, { .vp = CONFIG_NONE, .length_us = 50 },
	{ .vp = 2, .length_us = 100 },
};
static const struct slot_config slots_1[] = { { .vp = 1 } };
const struct lp_config lp_configs[] = {
	{ .apic_id = 0, .slot_count = 3, .slots = slots_0 },
	{ .apic_id = 1, .slot_count = 1, .slots = slots_1 },
};
const uint32_t lp_count = 2;
struct partition_config configs[2] = {
	{ .name = "a", .vp_first = 0, .vp_count = 2, .gpa_bits = 40 },
	{ .name = "b", .vp_first = 2, .vp_count = 1, .gpa_bits = 40 },
};
/* The compiler must not know that the constants are these. */
__asm__(".globl partition_configs\n\t.set partition_configs, configs");
const uint32_t partition_count = 2;
const struct vp_config vp_configs[] = {
	{ .partition = 0, .number = 0, .lp = 0 },
	{ .partition = 0, .number = 1, .lp = 1 },
	{ .partition = 1, .number = 0, .lp = 0 },
};
const struct line_config line_configs[] = {
	{ .gsi = LINE_GSI(0), .partition = 0, .pin = 4, .lp = 0, .level = 1,
	  .vector = LINE_VECTOR_FIRST },
	{ .gsi = LINE_GSI(1), .partition = 0, .pin = 5, .lp = 0,
	  .vector = LINE_VECTOR_FIRST + 1 },
};
const uint32_t line_count = 2;

struct partition partition_table[2];
struct vp vp_table[3];
struct lp lps[2];
struct line_state line_states[2];
volatile uint32_t log_waiting;

static struct lp *const lp0 = &lps[0];
static struct vp *const vp0 = &vp_table[0];
static struct vp *const vp1 = &vp_table[1];
static struct vp *const vp2 = &vp_table[2];

static uint64_t now;
static unsigned eois, logs, pumped, waits, worked, taken_up, took_interrupts;
static unsigned paid[2];
static uint64_t armed;
static bool arm_fails;
static bool masked[24];
static enum outcome outcome_next;
static char last_log[128];

uint64_t tsc_read(void)
{
	return now;
}

uint64_t tsc_hz(void)
{
	return HZ;
}

/* Time from the partition's start, which is that of the TSC. */
uint64_t synth_reference_time(const struct vp *vp)
{
	return now / 100;
}

uint64_t tsc_reference_scale(void)
{
	return (uint64_t)(((unsigned __int128)10000000 << 64) / HZ);
}

static unsigned synic_delivered, starts;

void start_take_up(struct vp *vp)
{
	(void)vp;
	starts++;
}

void synic_deliver(struct vp *vp)
{
	synic_delivered++;
	apic_set_requested(vp, 0x61);
}

bool synic_try_slot(struct vp *vp, uint32_t sint,
		    const struct hv_message *message)
{
	return true;
}

uint64_t tsc_from_us(uint64_t us)
{
	return us * (HZ / 1000000);
}

/* Who executes what is tested: LP 0, but for what LP 1 does meanwhile. */
static struct lp *self = &lps[0];
static bool left;		/* LP 0 was in a guest, and was kicked */

struct lp *lp_self(void)
{
	return self;
}

void lp_kick(uint32_t index)
{
	if (self == &lps[0]) {
		assert_int_equal(index, 1);
		return;
	}
	assert_int_equal(index, 0);
	lps[0].interruptible = LP_IN_HYPERVISOR;
	left = true;
}

/* What comes in during the wait is drained in the next turn. */
void lp_wait(const volatile uint32_t *attention)
{
	assert_ptr_equal(attention, &lp0->attention);
	assert_int_equal(lp0->interruptible, LP_IDLE);
	waits++;
}

bool lp_arm_timer(uint64_t deadline)
{
	armed = deadline;
	return !arm_fails;
}

int lp_take_vector(struct lp *lp)
{
	for (int vector = 0; vector < 256; vector++) {
		uint64_t bit = 1ull << (vector & 63);

		if ((lp->pending[vector >> 6] & bit) != 0) {
			lp->pending[vector >> 6] &= ~bit;
			return vector;
		}
	}
	return -1;
}

void lapic_write(uint32_t reg, uint32_t value)
{
	assert_int_equal(reg, LAPIC_EOI);
	assert_int_equal(value, 0);
	eois++;
}

void regs_take_interrupts(void)
{
	took_interrupts++;
}

void log_line(const char *format, ...)
{
	strncpy(last_log, format, sizeof(last_log) - 1);
	logs++;
}

void log_pump(void)
{
	pumped++;
}

void log_pay(uint32_t partition)
{
	paid[partition]++;
}

void ioapic_regs_start(void)
{
}

void ioapic_regs_route(uint32_t pin, uint8_t vector, uint32_t apic_id,
		       bool level, bool active_low)
{
	masked[pin] = true;
}

void ioapic_regs_set_mask(uint32_t pin, bool mask)
{
	/* A level line must not fire again between EOI and mask. */
	assert_true(!mask || eois == 0);
	masked[pin] = mask;
}

enum outcome exit_decide(struct vp *vp, const struct vcpu_exit *exit)
{
	if (exit->kind == EXIT_CR) {
		apic_set_cr8(vp, (uint8_t)exit->cr.value);
	} else if (exit->kind == EXIT_MEMORY) {
		assert_int_equal(apic_write_page(vp, 0x80, 4, 0x35),
				 OUTCOME_NEXT);
	}
	return outcome_next;
}

void lifecycle_stop_vp(struct vp *vp)
{
	vp->state = VP_STOPPED;
}

void lifecycle_take_up(struct vp *vp)
{
	taken_up++;
	if (vp->state == VP_READY) {
		vp->state = vp->number == 0 ? VP_RUNNING : VP_WAIT_SIPI;
	}
}

bool lifecycle_has_work(const struct partition *p)
{
	return p->state == PARTITION_CLEARING;
}

void lifecycle_work(struct partition *p)
{
	/* Slots are never left late for it. */
	assert_true(lp0->slot_end - now > tsc_from_us(20));
	worked++;
}

/* ---- help -------------------------------------------------------------- */

static void set_up_vps(void)
{
	for (uint32_t i = 0; i < ARRAY_COUNT(vp_table); i++) {
		struct vp *vp = &vp_table[i];

		vp->index = i;
		vp->partition = vp_configs[i].partition;
		vp->number = vp_configs[i].number;
		vp->lp = vp_configs[i].lp;
		fake_vcpu_start(&vp->vcpu, i, vp->partition);
		vp->vcpu.rflags |= RFLAGS_IF;
		stimer_reset(vp);
		apic_reset(vp);
		vp->apic.svr |= 0x100;
		vp->state = VP_RUNNING;
	}
}

static int setup(void **state)
{
	(void)state;
	memset(lps, 0, sizeof(lps));
	memset(vp_table, 0, sizeof(vp_table));
	memset(partition_table, 0, sizeof(partition_table));
	memset(line_states, 0, sizeof(line_states));
	eois = logs = pumped = waits = worked = taken_up = 0;
	took_interrupts = 0;
	memset(paid, 0, sizeof(paid));
	synic_delivered = starts = 0;
	self = lp0;
	log_waiting = 0;
	arm_fails = false;
	armed = 0;
	configs[0].flags = configs[1].flags = 0;
	now = EPOCH;
	outcome_next = OUTCOME_SAME;
	set_up_vps();
	for (uint32_t i = 0; i < partition_count; i++) {
		partition_table[i].index = i;
		partition_table[i].state = PARTITION_RUNNING;
		ioapic_reset(i);
	}
	line_start_all();
	line_unmask(0);
	line_unmask(1);
	lp0->current_vp = CONFIG_NONE;
	lps[1].index = 1;
	lps[1].current_vp = 1;
	schedule_set_start(EPOCH);
	schedule_start(lp0);
	return 0;
}

/* What loop_run() does in one turn. */
static void turn(void)
{
	struct vp *vp;
	uint64_t end = loop_next(lp0, now);

	vp = schedule_current(lp0);
	if (lp0->attention != 0) {
		loop_drain(lp0);
	}
	if (vp != NULL && vp->requests != 0) {
		loop_requests(vp);
	}
	if (vp != NULL && vp->state == VP_RUNNING) {
		loop_run_vp(vp, now, end);
	} else {
		loop_rest(lp0, vp, now, end);
	}
}

static inline void turn_at(uint64_t us)
{
	now = EPOCH + tsc_from_us(us);
	turn();
}

static inline void fire(uint8_t vector)
{
	lp0->pending[vector >> 6] |= 1ull << (vector & 63);
	lp0->attention = 1;
	eois = 0;
}

/* Fires only if the machine's IOAPIC lets it. */
static inline bool fire_line(uint32_t line)
{
	if (masked[LINE_GSI(line)]) {
		return false;
	}
	fire((uint8_t)(LINE_VECTOR_FIRST + line));
	return true;
}

static inline void write_ioapic(uint32_t reg, uint32_t value)
{
	assert_int_equal(ioapic_write_page(vp0, 0, 4, reg), OUTCOME_NEXT);
	assert_int_equal(ioapic_write_page(vp0, 0x10, 4, value), OUTCOME_NEXT);
}

/* The partition programs a pin of its IOAPIC; destination: a VP. */
static inline void program_pin(uint32_t pin, uint32_t entry,
			       uint32_t destination)
{
	write_ioapic(0x11 + 2 * pin, destination << 24);
	write_ioapic(0x10 + 2 * pin, entry);
}

static inline uint8_t delivered_vector(struct vp *vp)
{
	struct fake_vcpu *fake = fake_of(&vp->vcpu);

	assert_true(fake->delivered_count > 0);
	return fake->delivered[fake->delivered_count - 1].vector;
}

static inline void post(struct vp *vp, uint8_t vector)
{
	vp_post_interrupt(vp, vector, false);
}

#endif
