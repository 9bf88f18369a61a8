/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest with page tables in partition 0 of fake_tables.h, for the tests of
 * its virtual memory: one VP, one page (and the next) at VA, the same at VA32
 * in 32-bit modes.
 */
#ifndef GVA_GUEST_H
#define GVA_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/regs.h"
#include "fake_hvmap.h"
#include "fake_tables.h"
#include "fake_vcpu.h"
#include "mem/window.h"
#include "vcpu/gva.h"

#define NXE 0x800ull

#define P 1ull
#define W 2ull
#define U 4ull
#define A 0x20ull
#define D 0x40ull
#define PS 0x80ull
#define NX (1ull << 63)

/* The guest's tables. */
#define ROOT 0x1000ull
#define LEVEL2 0x2000ull
#define LEVEL1 0x3000ull
#define LEVEL0 0x4000ull
#define DATA 0x8000ull
#define DATA_NEXT 0x5000ull

extern struct vcpu vcpu;
extern struct vcpu_mode mode;
extern struct gva_fault fault;

/* 64-bit mode; VA 0x7f40_2010_0000 and the page after it are mapped. */
#define VA 0x7f4020100000ull
#define INDEX(level) ((VA >> (12 + 9 * (level))) & 511)
#define ENTRY3 (ROOT + 8 * INDEX(3))
#define ENTRY2 (LEVEL2 + 8 * INDEX(2))
#define ENTRY1 (LEVEL1 + 8 * INDEX(1))
#define ENTRY0 (LEVEL0 + 8 * INDEX(0))
/* ENTRY0 .. ENTRY3 */
extern const uint64_t entry_at[4];

/* 32-bit modes. */
#define VA32 0xc0605000ull
#define PDPT 0x1020ull			/* 32-byte aligned, not a page */
#define PAE2 (PDPT + 8 * 3)
#define PAE1 (LEVEL1 + 8 * ((VA32 >> 21) & 511))
#define PAE0 (LEVEL0 + 8 * ((VA32 >> 12) & 511))
#define PD (ROOT + 4 * (VA32 >> 22))
#define PT (LEVEL0 + 4 * ((VA32 >> 12) & 1023))

/* Memory by guest-physical address. */
void *at(uint64_t address);
void put64(uint64_t address, uint64_t value);
uint64_t get64(uint64_t address);
void put32(uint64_t address, uint32_t value);
uint32_t get32(uint64_t address);

/* Around each test: empty memory; afterwards no window and no lock is left. */
int guest_setup(void **state);
int guest_teardown(void **state);
#define GUEST_TEST(test) \
	cmocka_unit_test_setup_teardown(test, guest_setup, guest_teardown)

/* Modes and their tables, all rights given. */
void set_long(void);
void set_pae(void);
void set_legacy(void);
void set_segment(enum segment_name name, uint64_t base, uint32_t limit,
		 uint16_t attributes);

/* Overwrites what earlier calls left on the stack. */
void scribble(void);
enum hv_err translate(uint64_t address, uint32_t access, uint64_t *to);
void assert_to(uint64_t address, uint32_t access, uint64_t want);
void assert_fault(uint64_t address, uint32_t access, uint32_t error);

#endif
