/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls of VP 0 of PARTITION_FULL, as a guest executes them. */
#ifndef HYPERCALL_CALLER_H
#define HYPERCALL_CALLER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/hypercall.h"
#include "abi/msr.h"
#include "abi/registers.h"
#include "abi/tlfs.h"
#include "cpu/lp.h"
#include "fake_tlfs.h"
#include "guest/guest.h"
#include "guest/hypercall.h"

#define IN 0x1000u
#define OUT 0x2000u
#define SELF HV_PARTITION_SELF
#define COUNT(n) ((uint64_t)(n) << HV_CALL_REP_COUNT_SHIFT)
#define START(n) ((uint64_t)(n) << HV_CALL_REP_START_SHIFT)
#define BANKS(n) ((uint64_t)(n) << HV_CALL_VARIABLE_SHIFT)
#define REPS(n) ((uint64_t)(n) << HV_RESULT_REPS_SHIFT)

static struct vp *vp;		/* the caller */
static struct vp *other;	/* the other VP of its partition */
static unsigned goes;	/* of the last call */

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	other = &vp_table[1];
	partition_table[PARTITION_FULL].synth.hypercall = 0x3001;
	fake_partition_configs[PARTITION_FULL].flags |=
		PARTITION_FLUSH_CALLS | PARTITION_IPI_CALLS;
	return 0;
}

static inline void put(uint32_t at, const void *from, size_t size)
{
	memcpy(&fake_ram[PARTITION_FULL][at], from, size);
}

static inline void put64(uint32_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static inline uint64_t get64(uint32_t at)
{
	uint64_t value;

	memcpy(&value, &fake_ram[PARTITION_FULL][at], sizeof(value));
	return value;
}

/* As a guest does: the same instruction until it is past it. */
static inline uint64_t call(uint64_t control, uint64_t input, uint64_t output)
{
	enum outcome outcome;

	vp->vcpu.gpr[GPR_RCX] = control;
	vp->vcpu.gpr[GPR_RDX] = input;
	vp->vcpu.gpr[GPR_R8] = output;
	vp->vcpu.gpr[GPR_RAX] = 0xabc;
	goes = 0;
	do {
		uint32_t start = hypercall_start(vp->vcpu.gpr[GPR_RCX]);

		outcome = hypercall_handle(vp);
		goes++;
		if (outcome == OUTCOME_SAME) {
			/* Only the control word moves, and by its start. */
			assert_int_equal(vp->vcpu.gpr[GPR_RAX], 0xabc);
			assert_in_range(
				hypercall_start(vp->vcpu.gpr[GPR_RCX]),
				start + 1, hypercall_count(control) - 1);
			assert_int_equal((vp->vcpu.gpr[GPR_RCX] ^ control) &
					 ~START(HV_CALL_REP_MASK), 0);
		}
	} while (outcome == OUTCOME_SAME);
	assert_int_equal(outcome, OUTCOME_NEXT);
	assert_int_equal(vp->vcpu.gpr[GPR_RDX], input);
	return vp->vcpu.gpr[GPR_RAX];
}

#endif
