/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic with flags. Pure. */
#include "lib/alu.h"

#define ALU_ALL (ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)

struct alu {
	uint64_t mask;		/* of the operand's size */
	uint64_t flags;		/* the new ones */
	unsigned sign;		/* number of the highest bit */
};

/* Flag if the operand's highest bit is set in value. */
static uint64_t sign_flag(const struct alu *alu, uint64_t value, uint64_t flag)
{
	return ((value >> alu->sign) & 1) != 0 ? flag : 0;
}

static uint64_t finish(struct alu *alu, uint64_t result)
{
	result &= alu->mask;
	alu->flags |= sign_flag(alu, result, ALU_SF);
	if (result == 0) {
		alu->flags |= ALU_ZF;
	}
	if (!__builtin_parity((unsigned)(result & 0xff))) {
		alu->flags |= ALU_PF;
	}
	return result;
}

static uint64_t add(struct alu *alu, uint64_t a, uint64_t b, uint64_t carry)
{
	uint64_t r = a + b + carry;

	alu->flags |= sign_flag(alu, (a & b) | ((a | b) & ~r), ALU_CF);
	alu->flags |= sign_flag(alu, (a ^ r) & (b ^ r), ALU_OF);
	alu->flags |= (a ^ b ^ r) & ALU_AF;
	return finish(alu, r);
}

static uint64_t subtract(struct alu *alu, uint64_t a, uint64_t b,
			 uint64_t borrow)
{
	uint64_t r = a - b - borrow;

	alu->flags |= sign_flag(alu, (~a & b) | ((~a | b) & r), ALU_CF);
	alu->flags |= sign_flag(alu, (a ^ b) & (a ^ r), ALU_OF);
	alu->flags |= (a ^ b ^ r) & ALU_AF;
	return finish(alu, r);
}

uint64_t alu_compute(enum insn_op op, unsigned size, uint64_t left,
		     uint64_t right, uint64_t *flags)
{
	struct alu alu = { .mask = ~0ull >> (64 - size * 8),
			   .sign = size * 8 - 1 };
	uint64_t carry = *flags & ALU_CF;
	uint64_t changed = ALU_ALL;
	uint64_t result = left & alu.mask;

	right &= alu.mask;
	switch (op) {
	case INSN_OP_ADD:
		result = add(&alu, left, right, 0);
		break;
	case INSN_OP_ADC:
		result = add(&alu, left, right, carry);
		break;
	case INSN_OP_SUB:
		result = subtract(&alu, left, right, 0);
		break;
	case INSN_OP_SBB:
		result = subtract(&alu, left, right, carry);
		break;
	case INSN_OP_CMP:
		(void)subtract(&alu, left, right, 0);
		break;
	case INSN_OP_OR:
		result = finish(&alu, left | right);
		break;
	case INSN_OP_AND:
		result = finish(&alu, left & right);
		break;
	case INSN_OP_XOR:
		result = finish(&alu, left ^ right);
		break;
	case INSN_OP_TEST:
		(void)finish(&alu, left & right);
		break;
	case INSN_OP_NEG:
		result = subtract(&alu, 0, left, 0);
		break;
	case INSN_OP_INC:
		result = add(&alu, left, 1, 0);
		changed &= ~ALU_CF;
		break;
	case INSN_OP_DEC:
		result = subtract(&alu, left, 1, 0);
		changed &= ~ALU_CF;
		break;
	case INSN_OP_NOT:
		result = ~left & alu.mask;
		changed = 0;
		break;
	case INSN_OP_XCHG:
		result = right;
		changed = 0;
		break;
	}
	*flags = (*flags & ~changed) | (alu.flags & changed);
	return result;
}
