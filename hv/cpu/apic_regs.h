/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's local APIC, in whichever mode this LP's firmware left it:
 * x2APIC stays x2APIC (it cannot be left without a reset), xAPIC stays xAPIC.
 */
#ifndef CPU_APIC_REGS_H
#define CPU_APIC_REGS_H

#include "lib/types.h"

#define LAPIC_ID 0x020
#define LAPIC_TPR 0x080
#define LAPIC_EOI 0x0b0
#define LAPIC_SVR 0x0f0
#define LAPIC_ICR 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_THERMAL 0x330
#define LAPIC_LVT_PERFORMANCE 0x340
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0

#define LAPIC_MASKED 0x10000u

/* Where every LP's local APIC is; the hypervisor never moves it. */
#define LAPIC_BASE 0xfee00000ull

/* Turns this LP's APIC on: NMI on LINT1, timer one-shot, all else masked. */
void lapic_start(void);
uint32_t lapic_read(uint32_t reg) must_use;
void lapic_write(uint32_t reg, uint32_t value);
/* Interprocessor interrupt: ICR low word as in the manuals. */
void lapic_send(uint32_t apic_id, uint32_t icr_low);
uint32_t lapic_id(void) must_use;

#define LAPIC_ICR_FIXED 0x00004000u	/* | vector */
#define LAPIC_ICR_NMI 0x00004400u
#define LAPIC_ICR_INIT 0x00004500u
#define LAPIC_ICR_STARTUP 0x00004600u	/* | page number */

static inline void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

#endif
