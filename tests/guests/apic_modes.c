/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes of a local APIC: off, xAPIC, x2APIC; every way from one to
 * another, right and wrong (SDM3 11.12.5); its page where the guest moves it;
 * the rights of the x2APIC's MSRs. Part of the guest apic.
 */
#include "apic.h"

#define PAGE_NEAR 0xfee00000ull
#define PAGE_FAR 0xfed00000ull	/* nothing is there */
#define IRR_OF_A (APIC_IRR + (VECTOR_A >> 5) * 16)
#define BIT_OF_A (1u << (VECTOR_A & 31))

static uint32_t page_read(uint64_t page, uint32_t offset)
{
	return *(volatile uint32_t *)(page + offset);
}

static void page_write(uint64_t page, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(page + offset) = value;
}

/* ---- the page moves ----------------------------------------------------- */

/* On any VP, interrupts off: which step was wrong. */
static void do_move(void *arg)
{
	uint32_t *bad = arg;
	uint32_t id = vp_local()->apic_id;
	uint64_t base = rdmsr(MSR_APIC_BASE);

	page_write(PAGE_NEAR, APIC_TPR, 0x33);
	wrmsr(MSR_APIC_BASE, (base & (PAGE - 1)) | PAGE_FAR);
	*bad = page_read(PAGE_FAR, APIC_ID) != id << 24 ? 1u : 0;
	*bad |= page_read(PAGE_FAR, APIC_TPR) != 0x33 ? 2u : 0;
	*bad |= page_read(PAGE_NEAR, APIC_ID) == id << 24 ? 4u : 0;
	page_write(PAGE_NEAR, APIC_TPR, 0x55);
	*bad |= page_read(PAGE_FAR, APIC_TPR) != 0x33 ? 8u : 0;
	page_write(PAGE_FAR, APIC_ICR_HIGH, id << 24);
	page_write(PAGE_FAR, APIC_ICR, VECTOR_A);
	*bad |= (page_read(PAGE_FAR, IRR_OF_A) & BIT_OF_A) == 0 ? 0x10u : 0;
	wrmsr(MSR_APIC_BASE, base);
	*bad |= page_read(PAGE_NEAR, APIC_TPR) != 0x33 ? 0x20u : 0;
	*bad |= page_read(PAGE_FAR, APIC_ID) == id << 24 ? 0x40u : 0;
	page_write(PAGE_NEAR, APIC_TPR, 0);
}

static void do_read_base(void *arg)
{
	*(uint64_t *)arg = rdmsr(MSR_APIC_BASE);
}

static void test_base(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE), other = 0;
	unsigned wrong = 0;

	check(base == (PAGE_NEAR | APIC_BASE_EN | APIC_BASE_BSP), "base",
	      "%lx", base);
	on_vp(6, do_read_base, &other);
	check(other == (PAGE_NEAR | APIC_BASE_EN), "base-not-bsp", "%lx",
	      other);
	for (unsigned bit = 0; bit < 64; bit++) {
		bool reserved = bit < 8 || bit == 9 ||
				bit >= (cpuid(0x80000008, 0).eax & 0xff);

		if (reserved &&
		    try_wrmsr(MSR_APIC_BASE, base | 1ull << bit)
		    != VECTOR_GP) {
			wrong++;
		}
	}
	check(wrong == 0 && rdmsr(MSR_APIC_BASE) == base,
	      "base-reserved-bits", "%u, %lx", wrong, rdmsr(MSR_APIC_BASE));
}

/* Of all x2APIC MSRs none is there. */
static unsigned count_msrs(void)
{
	unsigned there = 0;
	uint64_t value;

	for (uint32_t msr = 0x800; msr < 0x900; msr++) {
		there += try_rdmsr(msr, &value) != VECTOR_GP;
		there += try_wrmsr(msr, 0) != VECTOR_GP;
	}
	return there;
}

void test_page_moves(void)
{
	uint32_t bad = 0xffff;

	test_base();
	do_move(&bad);
	check(bad == 0, "page-moves", "%x", bad);
	check_mask(reached(VECTOR_A), 1, "page-moved-ipi");
	bad = 0xffff;
	on_vp(4, do_move, &bad);
	check(bad == 0, "page-moves", "VP 4: %x", bad);
	check_mask(reached(VECTOR_A), 1u << 4, "page-moved-ipi");
	check(count_msrs() == 0, "xapic-has-no-msrs", "%u", count_msrs());
}

/* ---- from mode to mode -------------------------------------------------- */

#define OFF 0ull
#define WRONG APIC_BASE_X2
#define XAPIC APIC_BASE_EN
#define X2APIC (APIC_BASE_EN | APIC_BASE_X2)

static unsigned go(uint64_t mode)
{
	return try_wrmsr(MSR_APIC_BASE,
			 (rdmsr(MSR_APIC_BASE) & ~X2APIC) | mode);
}

static bool is_in(uint64_t mode)
{
	return (rdmsr(MSR_APIC_BASE) & X2APIC) == mode;
}

static const struct {
	uint64_t from, to;
	bool legal;
} steps[] = {
	{ XAPIC, WRONG, false }, { XAPIC, XAPIC, true },
	{ XAPIC, X2APIC, true }, { X2APIC, X2APIC, true },
	{ X2APIC, XAPIC, false }, { X2APIC, WRONG, false },
	{ X2APIC, OFF, true }, { OFF, OFF, true }, { OFF, X2APIC, false },
	{ OFF, WRONG, false }, { OFF, XAPIC, true }, { XAPIC, OFF, true },
	{ OFF, XAPIC, true },
};

struct walk {
	uint32_t illegal, legal;	/* steps that went wrong */
};

static void do_walk(void *arg)
{
	struct walk *walk = arg;

	for (unsigned i = 0; i < ARRAY_COUNT(steps); i++) {
		bool ok = is_in(steps[i].from);

		if (steps[i].legal) {
			ok = ok && go(steps[i].to) == VECTOR_NONE &&
			     is_in(steps[i].to);
			walk->legal |= ok ? 0 : 1u << i;
		} else {
			ok = ok && go(steps[i].to) == VECTOR_GP &&
			     is_in(steps[i].from);
			walk->illegal |= ok ? 0 : 1u << i;
		}
	}
	apic_enable(false);
}

/* xAPIC to x2APIC keeps what there is; through off all is as at reset. */
static void do_keep(void *arg)
{
	uint32_t *bad = arg;
	uint32_t id = vp_local()->apic_id;

	apic_write(APIC_SVR, APIC_SVR_ON | 0xe3);
	apic_write(APIC_TPR, 0x95);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_DIVIDE, 3);
	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
	apic_icr(id, VECTOR_A);
	*bad = apic_bit(APIC_IRR, VECTOR_A) ? 0 : 1u;
	*bad |= go(X2APIC) != VECTOR_NONE ? 2u : 0;
	*bad |= rdmsr(0x80f) != (APIC_SVR_ON | 0xe3) ? 4u : 0;
	*bad |= rdmsr(0x808) != 0x95 || read_cr8() != 9 ? 8u : 0;
	*bad |= rdmsr(0x837) != VECTOR_ERROR ? 0x10u : 0;
	*bad |= rdmsr(0x83e) != 3 || rdmsr(0x839) == 0 ? 0x20u : 0;
	*bad |= !apic_bit(APIC_IRR, VECTOR_A) ? 0x40u : 0;
	*bad |= rdmsr(0x802) != id ? 0x80u : 0;
	*bad |= rdmsr(0x80d) != (id >> 4 << 16 | 1u << (id & 15)) ? 0x100u : 0;
	*bad |= page_read(PAGE_NEAR, APIC_ID) == id << 24 ? 0x200u : 0;
	(void)go(OFF);
	*bad |= page_read(PAGE_NEAR, APIC_ID) == id << 24 ? 0x400u : 0;
	*bad |= (cpuid(1, 0).edx >> 9 & 1) != 0 ? 0x800u : 0;
	(void)go(XAPIC);
	*bad |= apic_read(APIC_SVR) != 0xff ? 0x1000u : 0;
	*bad |= apic_read(APIC_TPR) != 0 || read_cr8() != 0 ? 0x2000u : 0;
	*bad |= apic_read(APIC_LVT_ERROR) != 0x10000 ? 0x4000u : 0;
	*bad |= apic_bit(APIC_IRR, VECTOR_A) ? 0x8000u : 0;
	*bad |= apic_id() != id ? 0x10000u : 0;
	*bad |= (cpuid(1, 0).edx >> 9 & 1) == 0 ? 0x20000u : 0;
	*bad |= apic_read(APIC_TIMER_CURRENT) != 0 ? 0x40000u : 0;
	apic_enable(false);
}

static void do_off(void *arg)
{
	unsigned *there = arg;

	(void)go(OFF);
	*there = count_msrs();
}

static void do_on(void *arg)
{
	(void)arg;
	(void)go(XAPIC);
	apic_enable(false);
}

/* Off: nothing reaches it, and the others do not notice. */
static void test_off(void)
{
	unsigned there = 1;

	on_vp(4, do_off, &there);
	check(there == 0, "off-has-no-msrs", "%u", there);
	listening = all & ~(1u << 4);
	apic_icr(smp_locals[4].apic_id, VECTOR_A);
	apic_icr(smp_locals[4].apic_id, ICR_NMI | ICR_ASSERT);
	apic_icr(0, ICR_OTHERS | VECTOR_A);
	check_mask(reached(VECTOR_A), all & ~(1u << 4) & ~1u,
		   "off-is-not-reached");
	on_vp(4, do_on, 0);
	listening = all;
	check_mask(reached_by_nmi(0), 0, "off-loses-nmis");
	apic_icr(smp_locals[4].apic_id, VECTOR_A);
	check_mask(reached(VECTOR_A), 1u << 4, "off-and-on-again");
}

void test_transitions(void)
{
	static const unsigned on[] = { 0, 5 };

	for (unsigned i = 0; i < ARRAY_COUNT(on); i++) {
		struct walk walk = { 0, 0 };
		uint32_t bad = 0xffff;

		on_vp(on[i], do_walk, &walk);
		check(walk.legal == 0, "transitions-legal", "VP %u: %x",
		      on[i], walk.legal);
		check(walk.illegal == 0, "transitions-illegal-are-gp",
		      "VP %u: %x", on[i], walk.illegal);
		on_vp(on[i], do_keep, &bad);
		check(bad == 0, "modes-keep-and-lose", "VP %u: %x", on[i],
		      bad);
		check_mask(reached(VECTOR_A), 0, "off-drops-interrupts");
	}
	test_off();
}

/* ---- MSRs of the x2APIC ------------------------------------------------- */

/* SDM3 table 11-6, without CMCI. */
static bool is_readable(uint32_t msr)
{
	return msr == 0x802 || msr == 0x803 || msr == 0x808 || msr == 0x80a ||
	       msr == 0x80d || (msr >= 0x80f && msr <= 0x828) ||
	       msr == 0x830 || (msr >= 0x832 && msr <= 0x839) || msr == 0x83e;
}

static bool is_writable(uint32_t msr)
{
	return msr == 0x808 || msr == 0x80b || msr == 0x80f || msr == 0x828 ||
	       msr == 0x830 || (msr >= 0x832 && msr <= 0x838) ||
	       msr == 0x83e || msr == 0x83f;
}

/* Writes what is there, if anything: nothing may change. */
static unsigned try_write_same(uint32_t msr)
{
	uint64_t value = 0;

	if (msr == 0x83f || msr == 0x830) {
		value = VECTOR_A;	/* not 0, which is illegal */
	} else if (msr != 0x828 && is_readable(msr)) {
		value = rdmsr(msr);
	}
	return try_wrmsr(msr, value);
}

void test_msr_rights(void)
{
	uint32_t read_wrong = 0, write_wrong = 0, high_wrong = 0;
	unsigned wrong = 0;
	uint64_t value;

	for (uint32_t msr = 0x800; msr < 0x900; msr++) {
		bool readable = try_rdmsr(msr, &value) == VECTOR_NONE;
		bool writable = try_write_same(msr) == VECTOR_NONE;

		if (readable != is_readable(msr)) {
			read_wrong = msr;
		}
		if (writable != is_writable(msr)) {
			write_wrong = msr;
		}
		if (msr != 0x830 &&
		    try_wrmsr(msr, 1ull << 32) != VECTOR_GP) {
			high_wrong = msr;
		}
	}
	check(read_wrong == 0, "x2-msrs-read", "%x", read_wrong);
	check(write_wrong == 0, "x2-msrs-write", "%x", write_wrong);
	check(high_wrong == 0, "x2-msrs-high-half", "%x", high_wrong);
	clear_counts();
	open_window();
	(void)reached(VECTOR_A);
	for (unsigned bit = 10; bit < 32; bit++) {
		wrong += try_wrmsr(0x80f, 0x1ffu | 1u << bit) != VECTOR_GP;
		if (bit == 13 || bit == 16 || bit == 17 || bit >= 20) {
			wrong += try_wrmsr(0x830, VECTOR_A | 1ull << bit
					   | 0x7700000000ull) != VECTOR_GP;
		}
	}
	check(wrong == 0 && rdmsr(0x80f) == 0x1ff, "x2-reserved-bits", "%u",
	      wrong);
	wrmsr(0x83f, VECTOR_B);
	check_mask(reached(VECTOR_B), 1, "x2-self-ipi");
	check(try_wrmsr(0x80b, 1) == VECTOR_GP, "x2-eoi-of-0-only", "-");
	wrmsr(0x830, 0x7700000000ull | VECTOR_A);	/* to nobody */
	check(rdmsr(0x830) == (0x7700000000ull | VECTOR_A), "x2-icr-64-bits",
	      "%lx", rdmsr(0x830));
}
