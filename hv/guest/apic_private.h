/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files apic*.c and ioapic.c share: bits of registers (SDM3 chapter
 * 11) and the functions between them. Nobody else includes this.
 */
#ifndef GUEST_APIC_PRIVATE_H
#define GUEST_APIC_PRIVATE_H

#include "guest/apic.h"
#include "lib/bits.h"

/* MSR APIC_BASE (SDM3 11.4.4, 11.12.1) */
#define APIC_BASE_BSP 0x100u
#define APIC_BASE_RESERVED 0x2ffu	/* and what the width leaves */
#define APIC_BASE_EXTENDED 0x400u
#define APIC_BASE_ENABLED 0x800u

/* Registers: offset in the page >> 4, and MSR - 0x800. */
#define APIC_REG_ID 0x02
#define APIC_REG_VERSION 0x03
#define APIC_REG_TPR 0x08
#define APIC_REG_APR 0x09
#define APIC_REG_PPR 0x0a
#define APIC_REG_EOI 0x0b
#define APIC_REG_RRD 0x0c
#define APIC_REG_LDR 0x0d
#define APIC_REG_DFR 0x0e
#define APIC_REG_SVR 0x0f
#define APIC_REG_ISR 0x10
#define APIC_REG_TMR 0x18
#define APIC_REG_IRR 0x20
#define APIC_REG_ESR 0x28
#define APIC_REG_ICR 0x30
#define APIC_REG_ICR_HIGH 0x31
#define APIC_REG_LVT 0x32	/* enum apic_lvt follows */
#define APIC_REG_INITIAL 0x38
#define APIC_REG_CURRENT 0x39
#define APIC_REG_DIVIDE 0x3e
#define APIC_REG_SELF_IPI 0x3f
#define APIC_REG_COUNT 0x40

/* Version 0x14, six LVT entries, no suppression of EOI broadcasts. */
#define APIC_VERSION (((APIC_LVT_COUNT - 1u) << 16) | 0x14u)

#define APIC_SVR_ENABLED 0x100u

#define APIC_LVT_MASKED 0x10000u
#define APIC_LVT_MODE 0x60000u		/* of the timer */
#define APIC_TIMER_ONE_SHOT 0x00000u
#define APIC_TIMER_PERIODIC 0x20000u
#define APIC_TIMER_DEADLINE 0x40000u

#define APIC_ESR_SEND_VECTOR 0x20u
#define APIC_ESR_RECEIVE_VECTOR 0x40u
#define APIC_ESR_ADDRESS 0x80u

/* ICR and redirection entries alike */
#define APIC_ICR_VECTOR 0xffu
#define APIC_ICR_MODE 0x700u
#define APIC_ICR_LOGICAL 0x800u
#define APIC_ICR_ASSERT 0x4000u
#define APIC_ICR_LEVEL 0x8000u
#define APIC_ICR_SHORTHAND 0xc0000u
#define APIC_ICR_SELF 0x40000u
#define APIC_ICR_ALL 0x80000u
#define APIC_ICR_OTHERS 0xc0000u

#define APIC_MODE_FIXED 0x000u
#define APIC_MODE_LOWEST 0x100u
#define APIC_MODE_NMI 0x400u
#define APIC_MODE_INIT 0x500u
#define APIC_MODE_STARTUP 0x600u

#define APIC_VECTOR_FIRST 16u		/* below: illegal */
#define APIC_BROADCAST 0xffffffffu	/* 0xff where ids have 8 bits */

/* CPUID.1:ECX */
#define APIC_FEATURE_X2APIC (1u << 21)
#define APIC_FEATURE_DEADLINE (1u << 24)

static inline bool apic_is_enabled(const struct apic_state *apic)
{
	return (apic->base & APIC_BASE_ENABLED) != 0;
}

static inline bool apic_is_extended(const struct apic_state *apic)
{
	return (apic->base & APIC_BASE_EXTENDED) != 0;
}

/* x2APIC logical id (SDM3 11.12.10.2). */
static inline uint32_t apic_extended_ldr(uint32_t number)
{
	return (number >> 4) << 16 | 1u << (number & 15u);
}

/* ---- apic.c ------------------------------------------------------------ */

void apic_report_error(struct vp *vp, uint32_t esr);
void apic_set_tpr(struct vp *vp, uint8_t tpr);
/* SVR: a switch-off masks all LVT entries. */
void apic_set_spurious(struct vp *vp, uint32_t svr);

/* ---- apic_ipi.c -------------------------------------------------------- */

/* An interrupt message; bits of the ICR or of a redirection entry. */
struct apic_message {
	uint32_t destination;	/* an id, a logical mask, APIC_BROADCAST */
	uint32_t bits;		/* vector, mode, APIC_ICR_LOGICAL, _LEVEL */
	uint32_t except;	/* VP number that is left out, or CONFIG_NONE */
	bool wide;		/* 32-bit destination */
};

/* To all that it names; false: nobody took it. */
bool apic_send_message(uint32_t partition, const struct apic_message *message);
/* A write of the ICR by vp. destination as above. */
void apic_send_ipi(struct vp *vp, uint32_t bits, uint32_t destination);

/* ---- apic_timer.c ------------------------------------------------------ */

static inline bool apic_timer_is_deadline(const struct vp *vp)
{
	return (vp->apic.lvt[APIC_LVT_TIMER] & APIC_LVT_MODE) ==
	       APIC_TIMER_DEADLINE;
}

uint32_t apic_timer_read_current(struct vp *vp) must_use;
uint64_t apic_timer_read_deadline(struct vp *vp) must_use;
void apic_timer_write_lvt(struct vp *vp, uint32_t lvt);
void apic_timer_write_initial(struct vp *vp, uint32_t count);
void apic_timer_write_divide(struct vp *vp, uint32_t divide);
void apic_timer_write_deadline(struct vp *vp, uint64_t deadline);

#endif
