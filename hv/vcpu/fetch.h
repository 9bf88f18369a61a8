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
/*
 * What is remembered of the instruction at RIP if it was one of kinds, and
 * fetched in the same mode; else null. In 64-bit code only, so that what its
 * bytes mean is the same. Where window_is_same() says so of all that the
 * fetch read, tables and code, that is what a fetch would find now.
 */
static inline must_use const struct fetch_memo *
fetch_find(const struct vcpu *vcpu, uint32_t kinds, uint64_t cr3,
	   uint64_t cr4, uint8_t cpl)
{
	const struct fetch_memo *memo =
		&vcpu->fetch_memos[fetch_memo_index(vcpu->rip)];

	/* One pointer, not an index that is scaled at each use. */
	__asm__("" : "+r"(memo));
	return memo->rip == vcpu->rip && (memo->kinds & kinds) != 0 &&
	       memo->cr3 == cr3 && memo->cr4 == cr4 && memo->cpl == cpl
	       ? memo : NULL;
}
/* As the first, mode in hand. */
enum hv_err fetch_insn_in(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, uint32_t kinds,
			  struct insn *insn) must_use;

#endif
