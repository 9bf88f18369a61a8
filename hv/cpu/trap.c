/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's descriptor tables and trap handler. Interrupts only leave
 * a bit in the LP's pending vectors; NMIs a count; any fault of the
 * hypervisor is a panic. NMI, double fault and machine check have stacks of
 * their own, so that a bad stack pointer or a guest's state cannot hurt them.
 */
#include "cpu/trap.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/mce.h"
#include "cpu/regs.h"

#define IST_NMI 1
#define IST_FAULT 2
#define TRAP_STUB_SIZE 16
#define TRAP_IRQ 32		/* first vector that is an interrupt's */
#define TRAP_IRQ_STUB_SIZE 8
#define TRAP_NMI 2
#define TRAP_DF 8
#define TRAP_MC 18

struct gate {
	uint16_t offset0;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset1;
	uint32_t offset2;
	uint32_t reserved;
};

_Static_assert(sizeof(struct gate) == 16, "APM2 4.8.4");

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const uint8_t trap_stubs[], trap_irq_stubs[];

static struct gate idt[256] aligned_page;

/* Where the back end enters a guest: all LPs have the same. */
static uint64_t window_begin, window_end, window_otherwise;

uint64_t trap_table_base(void)
{
	return (uint64_t)idt;
}

void trap_set_window(uint64_t begin, uint64_t end, uint64_t otherwise)
{
	window_begin = begin;
	window_end = end;
	window_otherwise = otherwise;
}

static void trap_set_gate(unsigned vector, uint8_t ist)
{
	uint64_t at = (uint64_t)trap_stubs + vector * TRAP_STUB_SIZE;

	if (vector >= TRAP_IRQ) {
		at = (uint64_t)trap_irq_stubs +
		     (vector - TRAP_IRQ) * TRAP_IRQ_STUB_SIZE;
	}
	idt[vector] = (struct gate){
		.offset0 = (uint16_t)at,
		.selector = TRAP_SELECTOR_CODE,
		.ist = ist,
		.type = 0x8e,
		.offset1 = (uint16_t)(at >> 16),
		.offset2 = (uint32_t)(at >> 32),
	};
}

void trap_build_table(void)
{
	for (unsigned i = 0; i < 256; i++) {
		trap_set_gate(i, 0);
	}
	trap_set_gate(TRAP_NMI, IST_NMI);
	trap_set_gate(TRAP_DF, IST_FAULT);
	trap_set_gate(TRAP_MC, IST_FAULT);
}

static void tss_set_word(uint8_t *tss, unsigned offset, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		tss[offset + i] = (uint8_t)(value >> (8 * i));
	}
}

void trap_load_tables(uint32_t lp)
{
	struct lp_tables *t = &lp_tables[lp];
	uint64_t tss = (uint64_t)t->tss;
	struct table_register gdtr = { sizeof(t->gdt) - 1, (uint64_t)t->gdt };
	struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

	t->gdt[1] = 0x00af9b000000ffffull;	/* 64-bit code */
	t->gdt[2] = 0x00cf93000000ffffull;	/* data */
	t->gdt[3] = 0x0000890000000067ull | (tss & 0xffffff) << 16 |
		    (tss >> 24 & 0xff) << 56;
	t->gdt[4] = tss >> 32;
	/* RSP0, IST1, IST2 (APM2 12.2.5), no I/O map */
	tss_set_word(t->tss, 4, (uint64_t)(lp_stacks[lp].main + LP_STACK_SIZE));
	tss_set_word(t->tss, 0x24, (uint64_t)(lp_stacks[lp].nmi + LP_IST_SIZE));
	tss_set_word(t->tss, 0x2c,
		     (uint64_t)(lp_stacks[lp].fault + LP_IST_SIZE));
	t->tss[102] = sizeof(t->tss);
	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "mov %w2, %%ss\n\t"
			 "mov %w3, %%ds\n\t"
			 "mov %w3, %%es\n\t"
			 "mov %w3, %%fs\n\t"
			 "mov %w3, %%gs\n\t"
			 "ltr %w4"
			 : : "m"(gdtr), "m"(idtr), "r"(TRAP_SELECTOR_DATA),
			   "r"(0), "r"(TRAP_SELECTOR_TSS) : "memory");
}

static void trap_panic(const struct trap_frame *frame)
{
	/* The fault may have come while this LP wrote the log. */
	panic_begin();
	log_line("trap %lu error 0x%lx rip 0x%lx rsp 0x%lx cr2 0x%lx",
		 frame->vector, frame->error, frame->rip, frame->rsp,
		 regs_read_cr2());
	panic("trap in the hypervisor", frame->vector, frame->rip);
}

/* What an NMI or a machine check left behind is looked at before a HLT, and
 * before a guest is entered. */
static void trap_note(struct trap_frame *frame)
{
	lp_self()->attention = 1;
	if (frame->rip >= (uint64_t)lp_wait_begin &&
	    frame->rip < (uint64_t)lp_wait_end) {
		frame->rip = (uint64_t)lp_wait_end;
	} else if (frame->rip >= window_begin && frame->rip < window_end) {
		frame->rip = window_otherwise;
	}
}

void trap_handle(struct trap_frame *frame)
{
	struct lp *lp;

	if (frame->vector >= TRAP_IRQ) {
		lp = lp_self();
		/* Interrupts are off: nobody else writes this LP's bits. */
		lp->pending[frame->vector >> 6 & 3] |=
			1ull << (frame->vector & 63);
		lp->attention = 1;
	} else if (frame->vector == TRAP_NMI) {
		if (lp_is_stopping()) {
			lp_stop_self();
		}
		lp_self()->nmi++;
		trap_note(frame);
	} else if (frame->vector == TRAP_MC) {
		if (!mce_is_survivable()) {
			panic("machine check", mce_status(), frame->rip);
		}
		lp_self()->mce_count++;
		lp_self()->mce_status = mce_status();
		mce_clear();
		trap_note(frame);
	} else {
		trap_panic(frame);
	}
}
