/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything below hv/guest that the tests of CPUID, MSRs, hypercalls and the
 * synthetic interface need: three partitions, their tables, memory, overlays,
 * the log, the clock, the machine's CPUID.
 */
#ifndef FAKE_TLFS_H
#define FAKE_TLFS_H

#include "core/partition.h"
#include "core/vp.h"
#include "cpu/id.h"
#include "fake_vcpu.h"

/* Partitions: FULL has all privileges bits set, NONE has no privilege, BARE
 * is not shown the TLFS at all. FULL has two VPs. */
enum { PARTITION_FULL, PARTITION_NONE, PARTITION_BARE, PARTITION_TEST_COUNT };

#define FAKE_RAM_SIZE 0x10000u		/* GPA 0 up, each partition */
#define FAKE_READ_ONLY 0xe000u		/* this page cannot be written */
#define FAKE_NO_RAM 0x20000u		/* nothing there */
#define FAKE_GPA_BITS 40
#define FAKE_TSC_HZ 2100000000ull
#define FAKE_OVERLAY_MAX 16

struct fake_overlay {
	bool mapped;
	uint64_t gpa;
	uint64_t spa;
	uint32_t rights;
	uint64_t changed;	/* generation of the last change */
};

/*
 * The generated tables are const for the hypervisor; tests change them, so
 * they have a second C name.
 */
extern struct partition_config fake_partition_configs[PARTITION_TEST_COUNT]
	__asm__("partition_configs");
extern struct machine_config fake_machine_config __asm__("machine_config");
/*
 * Channels: 0 and 1, messages and events, from FULL to the VP of NONE; 2,
 * messages, from NONE to VP 1 of FULL; 3, messages, from BARE to the VP of
 * NONE.
 */
#define FAKE_CHANNELS 4
extern struct channel_config fake_channel_configs[FAKE_CHANNELS]
	__asm__("channel_configs");
extern struct vp_config fake_vp_configs[4] __asm__("vp_configs");
extern uint8_t fake_ram[PARTITION_TEST_COUNT][FAKE_RAM_SIZE];
extern struct fake_overlay
	fake_overlays[PARTITION_TEST_COUNT][FAKE_OVERLAY_MAX];
/* Nested generations up to this one are flushed. */
extern uint64_t fake_flushed[PARTITION_TEST_COUNT];
extern enum hv_err fake_map_answer;	/* HV_OK, or what maps fail with */
/* Called within each flush; may be null. */
extern void (*fake_on_flush)(void);
extern unsigned fake_flush_count;
/* What flush_guests() was asked for last, and how often it was asked. */
extern uint64_t fake_flushed_vps;
extern unsigned fake_flush_guests_count;

extern uint64_t fake_tsc;
extern struct lp fake_lp;	/* the slot never ends, at first */
extern uint64_t fake_xcr0;		/* what the machine supports */
extern char fake_log[32768];		/* lines and guest text as they come */

struct fake_end {
	unsigned fail_count;
	const char *reason;
	uint64_t info[3];
	unsigned request_count;
	enum partition_end request;
};
extern struct fake_end fake_end;

/* The APIC: what it was asked. */
struct fake_apic {
	bool answer;
	uint64_t value;
	uint32_t msr;
	unsigned reads, writes;
	uint64_t written;
	int cr8;
	uint64_t tsc_delta;
};
extern struct fake_apic fake_apic;

/* What was raised in a local APIC here, posted to it, requested of a VP. */
extern uint64_t fake_raised[4][4];
extern uint64_t fake_posted[4][4];
extern unsigned fake_raised_count;
/* The vector was raised or posted, which is then forgotten. */
bool fake_take_vector(uint64_t vectors[4][4], const struct vp *vp,
		      uint8_t vector);

/* Before each test: all of it as at power-on, VPs in 64-bit mode. */
int fake_tlfs_setup(void **state);

/* A guest's instruction, through the handler. */
enum outcome fake_rdmsr(struct vp *vp, uint32_t msr, uint64_t *value);
enum outcome fake_wrmsr(struct vp *vp, uint32_t msr, uint64_t value);
/* True: it answered #GP(0), and the value is not touched. */
bool fake_rdmsr_faults(struct vp *vp, uint32_t msr);
bool fake_wrmsr_faults(struct vp *vp, uint32_t msr, uint64_t value);
/* Takes the pending exception: its vector, or -1. */
int fake_take_exception(struct vp *vp);

#endif
