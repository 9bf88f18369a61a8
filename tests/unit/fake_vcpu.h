/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back end for unit tests: hv/vcpu/vcpu.h kept by plain variables. Its
 * exits come from a script; its registers can be looked at.
 */
#ifndef FAKE_VCPU_H
#define FAKE_VCPU_H

#include "vcpu/vcpu.h"

#define FAKE_VCPU_COUNT 8

/* The guest's mode, for fake_vcpu_set_mode(). */
enum fake_mode {
	FAKE_REAL,
	FAKE_PROTECTED_16,
	FAKE_PROTECTED_32,
	FAKE_PAE,		/* 32-bit with PAE paging */
	FAKE_COMPATIBILITY,	/* 32-bit code in long mode */
	FAKE_LONG
};

/* What vcpu_run() did with vcpu->event, in order. */
#define FAKE_DELIVERED_MAX 64

struct fake_vcpu {
	uint64_t cr0, cr3, cr4, cr8, efer;
	uint64_t pat, star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t debugctl, dr6, dr7;
	struct segment_config segment[SEGMENT_COUNT];
	uint64_t table_base[2];		/* IDTR, GDTR */
	uint64_t xcr0;			/* live; vcpu.xcr0 is a copy */
	uint64_t xmm[12];		/* XMM0 to XMM5 */
	bool shadow;			/* interrupt shadow */
	bool window;			/* EXIT_WINDOW was asked for */
	uint8_t window_vector;
	bool loaded;
	bool triple_fault;		/* an exception on top of #DF */
	/* The script; after its end each run is EXIT_INTERRUPT. */
	const struct vcpu_exit *exits;
	unsigned exit_count;
	unsigned exit_next;
	unsigned run_count;
	uint64_t last_deadline;
	struct vcpu_event delivered[FAKE_DELIVERED_MAX];
	unsigned delivered_count;
};

extern struct fake_vcpu fake_vcpus[FAKE_VCPU_COUNT];

/* Called at each entry into the guest: a model of the TLB. May be null. */
extern void (*fake_vcpu_on_run)(struct vcpu *vcpu);

/* Power-on state, for a test's start: 64-bit mode, CPL 0, empty script. */
void fake_vcpu_start(struct vcpu *vcpu, uint32_t index, uint32_t partition);
void fake_vcpu_set_mode(struct vcpu *vcpu, enum fake_mode mode, uint8_t cpl);
void fake_vcpu_play(struct vcpu *vcpu, const struct vcpu_exit *exits,
		    unsigned count);

static inline struct fake_vcpu *fake_of(const struct vcpu *vcpu)
{
	return &fake_vcpus[vcpu->index % FAKE_VCPU_COUNT];
}

#endif
