/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instruction at CS:RIP, for exits whose instruction the processor does
 * not describe: fetched in the guest's present mode and paging, decoded, and
 * held against what made the exit. Another VP may have changed the bytes
 * meanwhile; then the guest simply resumes.
 */
#ifndef VCPU_FETCH_H
#define VCPU_FETCH_H

#include "lib/bits.h"
#include "lib/insn.h"
#include "vcpu/vcpu.h"

#define FETCH_KIND(kind) (1u << (kind))

/*
 * kinds: FETCH_KIND() of those that are expected. Whatever is not HV_OK: the
 * instruction that made the exit is not there now; resume at the same RIP
 * (EXIT_NONE). HV_ERR_UNSUPPORTED: something else is there, or nothing that
 * the decoder knows; HV_ERR_FAULT: the fetch itself faults.
 */
enum hv_err fetch_insn(const struct vcpu *vcpu, uint32_t kinds,
		       struct insn *insn) must_use;
/*
 * As above, where only the length is wanted: the hot path, which remembers
 * how it found the instruction (fetch_memo.h).
 */
enum hv_err fetch_length(struct vcpu *vcpu, uint32_t kinds,
			 uint32_t *length) must_use;
/* As the first, mode in hand. */
enum hv_err fetch_insn_in(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, uint32_t kinds,
			  struct insn *insn) must_use;

#endif
