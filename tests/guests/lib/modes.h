/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs bytes of code in any mode of the processor and tells how they ended.
 * The code lies below 64 KiB; it ends at its INT3, at an exception or at an
 * interrupt. Assembly may include this.
 *
 * Memory below 64 KiB while modes are used:
 *	0x0000 interrupt vectors of real mode	0x1000 switching code
 *	0x5000 stack, downwards from 0x5ff0	0x6000 struct mode_record
 *	0x7000 trampoline (smp.c)		0x8000 the test's: code, data
 */
#ifndef MODES_H
#define MODES_H

#define MODE_BLOB 0x1000
#define MODE_STACK 0x5ff0
#define MODE_RECORD 0x6000

/* Code segments of the legacy and compatibility modes have this base. */
#define MODE_CODE_BASE 0x1000

#define SEL_CODE64 0x08
#define SEL_DATA 0x10
#define SEL_CODE32 0x18
#define SEL_REAL_CODE 0x28
#define SEL_REAL_DATA 0x30
#define SEL_TEST_DATA 0x38	/* DS, ES: base and limit as asked */
#define SEL_TEST_FS 0x40
#define SEL_TEST_CODE16 0x48
#define SEL_TEST_CODE32 0x50

/* Offsets in struct mode_record */
#define REC_GPR 0
#define REC_EIP 32
#define REC_CS 36
#define REC_FLAGS 40
#define REC_VECTOR 44
#define REC_ERROR 48
#define REC_CR2 52
#define REC_DS 56
#define REC_FS 60
#define REC_CR0 64
#define REC_CR3 68
#define REC_CR4 72
#define REC_REAL 76
#define REC_HOST_RSP 80
#define REC_HOST_CR3 88
#define REC_HOST_CR4 96
#define REC_HOST_CR0 100
#define REC_HOST_IDT 104

#ifndef __ASSEMBLER__
#include "guest.h"

enum mode {
	MODE_REAL,
	MODE_PROT16,		/* 16-bit code, no paging */
	MODE_PROT32,		/* 32-bit code, no paging */
	MODE_PAGE16,		/* 16-bit code, two-level paging */
	MODE_PAGE32,		/* 32-bit code, two-level paging */
	MODE_PAE32,
	MODE_COMPAT16,
	MODE_COMPAT32,
	MODE_LONG64,
	MODE_COUNT
};

extern const char *const mode_names[MODE_COUNT];
static inline bool mode_is_16(enum mode m)
{
	return m == MODE_REAL || m == MODE_PROT16 || m == MODE_PAGE16
		|| m == MODE_COMPAT16;
}
static inline bool mode_has_paging(enum mode m)
{
	return m >= MODE_PAGE16;
}
/* Bits of the instruction-fetch flag in #PF error codes: NXE is on. */
uint32_t mode_fetch_error(enum mode m);

struct mode_run {
	enum mode mode;
	uint64_t gpr[16];	/* in and out; RSP ignored */
	uint32_t code;		/* linear address */
	uint32_t data_base;	/* of DS and ES, not in 64-bit mode */
	uint32_t data_limit;	/* last byte; 0: 0xffff or 4 GiB */
	uint32_t fs_base;
	/* out */
	uint32_t vector;
	uint32_t error;
	uint64_t rip;		/* linear address */
	uint64_t cr2;
	uint64_t flags;
};

void mode_init(void);
void mode_run(struct mode_run *run);
/* A page below 2 MiB in the tables of every mode with paging. */
void mode_set_page(uint32_t address, bool present, bool writable);
#endif
#endif
