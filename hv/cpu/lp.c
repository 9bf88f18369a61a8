/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting LPs, kicking them, their timer. Each LP runs the hypervisor with
 * interrupts off, so a struct lp needs no lock.
 */
#include "cpu/lp.h"
#include "abi/msr.h"
#include "cpu/apic_regs.h"
#include "cpu/log.h"
#include "cpu/mce.h"
#include "cpu/regs.h"
#include "cpu/trap.h"
#include "cpu/tsc.h"
#include "lib/bits.h"
#include "lib/string.h"

/* The APIC's count register is 32 bits; wake up in time to write it again. */
#define TIMER_TICKS_MAX 0xf0000000ull

/* An LP leaves its guest within microseconds. */
#define STOP_TRIES (1u << 20)

static volatile uint32_t lp_stopping;

extern uint32_t boot_ap_stack, boot_ap_index, boot_ap_tables;
extern const uint8_t boot_trampoline[], boot_trampoline_end[];

void lp_start_self(uint32_t index)
{
	struct lp *lp = &lps[index];

	trap_load_tables(index);
	regs_write_msr(MSR_GS_BASE, (uint64_t)lp);
	lp->self = lp;
	lp->index = index;
	lp->current_vp = CONFIG_NONE;
	lp->timer_armed = UINT64_MAX;
	lapic_start();
	lp->apic_id = lapic_id();
	mce_start();
}

void lp_set_online(void)
{
	__atomic_store_n(&lp_self()->online, 1, __ATOMIC_RELEASE);
}

/* 10 ms after INIT, 100 ms for the LP to show up (SDM3 9.4.4.1). */
static bool lp_start_one(uint32_t index, spa_t trampoline)
{
	uint32_t apic_id = lp_configs[index].apic_id;
	uint64_t end;

	boot_ap_stack = (uint32_t)(uint64_t)(lp_stacks[index].main +
					     LP_STACK_SIZE);
	boot_ap_index = index;
	boot_ap_tables = (uint32_t)regs_read_cr3();
	lapic_send(apic_id, LAPIC_ICR_INIT);
	end = tsc_read() + tsc_from_us(10000);
	while (tsc_read() < end) {
		regs_pause();
	}
	lapic_send(apic_id, LAPIC_ICR_STARTUP |
			    (uint32_t)(trampoline.v >> PAGE_SHIFT));
	end = tsc_read() + tsc_from_us(500000);
	while (__atomic_load_n(&lps[index].online, __ATOMIC_ACQUIRE) == 0) {
		if (tsc_read() >= end) {
			return false;
		}
		regs_pause();
	}
	return true;
}

uint32_t lp_start_others(spa_t trampoline)
{
	uint32_t self = lp_self()->index;

	for (uint32_t i = 0; i < lp_count; i++) {
		if (i != self && !lp_start_one(i, trampoline)) {
			return i;
		}
	}
	return CONFIG_NONE;
}

void lp_kick(uint32_t index)
{
	lapic_send(lps[index].apic_id, LAPIC_ICR_FIXED | LP_VECTOR_KICK);
}

#ifdef CONFIG_VMX_APICV
void lp_post(uint32_t index)
{
	lapic_send(lps[index].apic_id, LAPIC_ICR_FIXED | LP_VECTOR_POST);
}
#endif

void lp_stop_others(void)
{
	uint32_t self = lapic_id();
	uint32_t tries = STOP_TRIES;

	__atomic_store_n(&lp_stopping, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < lp_count; i++) {
		if (lps[i].online != 0 && lps[i].apic_id != self) {
			lapic_send(lps[i].apic_id, LAPIC_ICR_NMI);
		}
	}
	for (uint32_t i = 0; i < lp_count; i++) {
		while (lps[i].online != 0 && lps[i].apic_id != self &&
		       tries > 0) {
			regs_pause();
			tries--;
		}
	}
}

bool lp_is_stopping(void)
{
	return lp_stopping != 0;
}

_Noreturn void lp_stop_self(void)
{
	lp_self()->online = 0;
	regs_halt();
}

bool lp_arm_timer(uint64_t deadline)
{
	struct lp *lp = lp_self();
	uint64_t now;
	uint64_t ticks;

	if (deadline == lp->timer_armed) {
		return true;
	}
	if (deadline == UINT64_MAX) {
		lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
		lp->timer_armed = deadline;
		return true;
	}
	now = tsc_read();
	if (deadline <= now) {
		return false;
	}
	ticks = tsc_to_timer(deadline - now);
	if (ticks > TIMER_TICKS_MAX) {
		ticks = TIMER_TICKS_MAX;
	}
	if (lp->timer_armed == UINT64_MAX) {
		lapic_write(LAPIC_LVT_TIMER, LP_VECTOR_TIMER);
	}
	lapic_write(LAPIC_TIMER_INITIAL, (uint32_t)ticks);
	lp->timer_armed = deadline;
	return true;
}

int lp_take_vector(struct lp *lp)
{
	for (unsigned i = 0; i < 4; i++) {
		if (lp->pending[i] != 0) {
			unsigned bit = bits_lowest(lp->pending[i]);

			lp->pending[i] &= ~BIT(bit);
			return (int)(i * 64 + bit);
		}
	}
	return -1;
}
