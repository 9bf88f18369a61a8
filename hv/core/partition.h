/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions: run-time state, and the ways in which one ends. A partition is
 * restarted or halted by the loop (run/lifecycle.c); handlers only say why.
 */
#ifndef CORE_PARTITION_H
#define CORE_PARTITION_H

#include "config/config.h"
#include "core/ioapic_state.h"
#include "core/synth_state.h"
#include "lib/sha384.h"
#include "lib/types.h"

enum partition_state {
	PARTITION_STOPPED,	/* all VPs are off their LPs; accounts told */
	PARTITION_CLEARING,	/* memory is being zeroed, then loaded */
	PARTITION_RUNNING,
	PARTITION_SCRUBBING,	/* memory is being zeroed, for good */
	PARTITION_HALTED	/* for good */
};

/* Why a partition leaves the running state. */
enum partition_end {
	END_NONE,
	END_RESET,		/* it asked for a restart: not a failure */
	END_OFF,		/* it asked to end */
	END_FAILURE		/* failure policy decides */
};

/* A record of the last failure, kept over restarts. */
struct partition_record {
	const char *reason;	/* constant text; null: none yet */
	uint32_t vp;		/* number in its partition */
	uint64_t info[3];	/* meaning by reason */
	uint64_t rip;
};

struct partition {
	uint32_t index;
	volatile uint32_t state;	/* enum partition_state */
	volatile uint32_t end;		/* enum partition_end, first wins */
	uint32_t start_count;
	uint32_t failure_count;
	uint64_t tsc_start;		/* host TSC of the last start */
	volatile uint32_t stopped_count;	/* VPs off their LPs */
	/* How far STOPPED or CLEARING has come (run/lifecycle.c). */
	uint32_t step;
	uint32_t step_index;
	uint64_t step_offset;
	uint64_t hash;			/* of memory, of VPs at the start */
	uint64_t vp_hash;
	volatile uint32_t reported;	/* a good boot; restarts keep it */
	/* What the launch partition said: guest/launch.h. */
	volatile uint32_t launch;
	volatile uint32_t loaded;	/* waits for its verdict */
	uint8_t launch_sha384[SHA384_SIZE];	/* of its loads */
	struct sha384_state sha384;	/* of what is being hashed */
	struct partition_record record;
	struct ioapic_state ioapic;
	struct partition_synth_state synth;
};

extern struct partition partition_table[];

static inline const struct partition_config *
partition_config(uint32_t partition)
{
	const struct partition_config *config = &partition_configs[partition];

	/* One pointer, not an index that is scaled at each use. */
	__asm__("" : "+r"(config));
	return config;
}

/* Is it as wide as the partition's physical addresses are, or less? */
static inline bool partition_has_address(uint32_t partition, uint64_t address)
{
	return address >> partition_config(partition)->gpa_bits == 0;
}

struct vp;

/*
 * Ends the partition by its failure policy, with a record in the log:
 * reason must be a constant text; info is printed in hex. The caller returns
 * OUTCOME_STOP. Others run on.
 */
void partition_fail(struct vp *vp, const char *reason, uint64_t info0,
		    uint64_t info1, uint64_t info2);
/* The guest asked for it: END_RESET or END_OFF. */
void partition_request_end(struct vp *vp, enum partition_end end);
/* The guest reports a good boot; the last to do so tells the boot loader. */
void partition_report_boot(const struct vp *vp);

#endif
