/* SPDX-License-Identifier: Apache-2.0 */
/* Registers and memory operands. Register numbers come from the decoder. */
#include "guest/operand.h"

#include "cpu/regs.h"
#include "lib/bits.h"

uint64_t operand_get_register(const struct vcpu *vcpu, unsigned reg,
			      unsigned size, bool high)
{
	uint64_t value = vcpu->gpr[reg & (GPR_COUNT - 1)];

	return (high ? value >> 8 : value) & operand_mask(size);
}

void operand_set_register(struct vcpu *vcpu, unsigned reg, unsigned size,
			  bool high, uint64_t value)
{
	uint64_t *to = &vcpu->gpr[reg & (GPR_COUNT - 1)];
	uint64_t mask = operand_mask(size);

	if (high) {
		*to = (*to & ~0xff00ull) | (value & 0xff) << 8;
	} else if (size >= 4) {
		*to = value & mask;
	} else {
		*to = (*to & ~mask) | (value & mask);
	}
}

uint64_t operand_get_offset(const struct vcpu *vcpu, const struct insn *insn)
{
	uint64_t offset = (uint64_t)insn->displacement;

	if (insn->base == INSN_RIP) {
		offset += vcpu->rip + insn->length;
	} else if (insn->base != INSN_NO_REG) {
		offset += vcpu->gpr[insn->base & (GPR_COUNT - 1)];
	}
	if (insn->index != INSN_NO_REG) {
		offset += vcpu->gpr[insn->index & (GPR_COUNT - 1)] *
			  insn->scale;
	}
	return offset & operand_mask(insn->address_size);
}

enum outcome operand_inject_fault(struct vp *vp, const struct vcpu_mode *mode,
				  const struct gva_fault *fault)
{
	if (fault->vector == VECTOR_PF) {
		vcpu_inject_page_fault(&vp->vcpu, fault->address,
				       fault->error);
	} else {
		/* Real mode has no error codes (APM2 8.4). */
		vcpu_inject_exception(&vp->vcpu, fault->vector,
				      (mode->cr0 & CR0_PE) != 0,
				      fault->error);
	}
	return OUTCOME_INJECT;
}
