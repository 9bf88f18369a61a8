/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files apic*.c share: VPs that serve interrupts and do jobs, counts
 * of what each has taken, and a fence, so that "nobody else got it" needs no
 * time to be waited for.
 */
#ifndef GUESTS_APIC_H
#define GUESTS_APIC_H

#include "lib/guest.h"

#define VECTOR_FENCE 0x22	/* lower than all that is tested with */
#define VECTOR_A 0x41
#define VECTOR_B 0x52
#define VECTOR_C 0x63
#define VECTOR_HIGH 0xa4
#define VECTOR_TIMER 0x74
#define VECTOR_ERROR 0x85
#define VECTOR_SPURIOUS 0xff

#define ICR_LOWEST 0x100u
#define ICR_SMI 0x200u
#define ICR_LEVEL 0x8000u

#define APIC_APR 0x090u
#define APIC_TMR 0x180u
#define APIC_LVT_THERMAL 0x330u
#define APIC_LVT_PERFORMANCE 0x340u
#define APIC_LVT_LINT1 0x360u
#define APIC_SELF_IPI 0x3f0u	/* an MSR only */
#define APIC_SVR_ON 0x100u

/* For a machine that stands still: nobody waits for so long. */
#define PATIENCE_S 30

#define APIC_BASE_BSP 0x100ull
#define APIC_BASE_X2 0x400ull
#define APIC_BASE_EN 0x800ull

/* What each VP has taken, by vector; NMIs apart. */
extern volatile uint32_t hits[GUEST_VPS_MAX][256];
extern volatile uint32_t nmis[GUEST_VPS_MAX];
extern unsigned vps;
extern uint32_t all;		/* a bit for each VP */
extern uint32_t listening;	/* those whose APICs take interrupts */

/* What handles interrupts, and NMIs. */
void count(struct trap_frame *f);
void count_nmi(struct trap_frame *f);
void clear_counts(void);
/* An interrupt that is pending must come now. */
void open_window(void);
/* False after a long time. */
bool wait_count(volatile uint32_t *counter, uint32_t wanted);
/*
 * Everything that was sent before to the VPs of the mask has been taken by
 * them, as far as they take it: a vector below all others has come through.
 */
void fence(uint32_t mask);
/*
 * The VPs that took vector once; bit 16 + n: VP n more than once. Fences
 * those that listen, and counts from 0 again.
 */
uint32_t reached(unsigned vector);
/* The same of NMIs, of which those of the mask are waited for. */
uint32_t reached_by_nmi(uint32_t mask);
/* "name", and the VPs that should have taken it and have. */
bool check_mask(uint32_t found, uint32_t wanted, const char *name);

/* VPs as a logical destination, a bit for each (LDRs by number if xAPIC). */
uint32_t logical_of(uint32_t mask);

/* What all but VP 0 do. */
void serve(void *arg);
/* apic_enable(); its argument is where a bool is. */
void do_enable(void *arg);
void enable_all(bool x2);
/* Runs fn(arg) on a VP, its interrupts off, and waits for its end. */
void on_vp(unsigned n, void (*fn)(void *), void *arg);
/* The ICR as written by VP n. */
void icr_by(unsigned n, uint32_t destination, uint32_t low);
/* VP n writes an APIC register. */
void write_by(unsigned n, uint32_t offset, uint32_t value);
uint32_t read_by(unsigned n, uint32_t offset);

/* A bit of ISR, TMR or IRR of this VP. */
static inline bool apic_bit(uint32_t array, unsigned vector)
{
	return (apic_read(array + (vector >> 5) * 16) >> (vector & 31) & 1)
	       != 0;
}
/* What the ESR has to say, which empties it. */
static inline uint32_t take_esr(void)
{
	apic_write(APIC_ESR, 0);
	return apic_read(APIC_ESR);
}

/* apic_local.c, apic_modes.c, apic_line.c */
void test_local(void);
void test_transitions(void);
void test_page_moves(void);
void test_msr_rights(void);
void test_line(void);

#endif
