/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers and memory operands of an instruction that is carried out for a
 * guest (io.c, memory.c).
 */
#ifndef GUEST_OPERAND_H
#define GUEST_OPERAND_H

#include "core/vp.h"
#include "lib/insn.h"
#include "vcpu/gva.h"

/* Ones in the low size (1, 2, 4, 8) bytes. */
static inline uint64_t operand_mask(unsigned size)
{
	return ~0ull >> (64 - size * 8);
}

/* The low size bytes of a register; high: of AH, CH, DH, BH. */
uint64_t operand_get_register(const struct vcpu *vcpu, unsigned reg,
			      unsigned size, bool high) must_use;
/* As the processor writes one: 4 bytes clear the upper half, 1 and 2 keep
 * the rest. */
void operand_set_register(struct vcpu *vcpu, unsigned reg, unsigned size,
			  bool high, uint64_t value);

/* Offset of the memory operand in its segment, cut to the address size. */
uint64_t operand_get_offset(const struct vcpu *vcpu,
			    const struct insn *insn) must_use;

/* Gives the guest the fault that its access made. */
enum outcome operand_inject_fault(struct vp *vp, const struct vcpu_mode *mode,
				  const struct gva_fault *fault) must_use;

#endif
