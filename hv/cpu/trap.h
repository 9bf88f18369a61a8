/* SPDX-License-Identifier: Apache-2.0 */
/* Traps of the hypervisor itself: interrupts, NMIs, its own faults. */
#ifndef CPU_TRAP_H
#define CPU_TRAP_H

#include "lib/types.h"

/* What trap_entry.S pushes. */
struct trap_frame {
	uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_SELECTOR_CODE 0x08
#define TRAP_SELECTOR_DATA 0x10
#define TRAP_SELECTOR_TSS 0x18

/* Builds the IDT that all LPs share. Before the first lp_start_self(). */
void trap_build_table(void);
/* GDT, TSS and IDT of this LP. */
void trap_load_tables(uint32_t lp);
uint64_t trap_table_base(void);
/*
 * An NMI or machine check that comes at begin <= RIP < end goes on at
 * otherwise: from there a guest is not entered.
 */
void trap_set_window(uint64_t begin, uint64_t end, uint64_t otherwise);
/* Called by trap_entry.S. */
void trap_handle(struct trap_frame *frame);

#endif
