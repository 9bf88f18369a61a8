/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one small instruction decoder. It knows the instructions that make an
 * exit (for their length where the processor does not give it), string I/O,
 * and the moves by which guests access device pages. Pure: bytes in, meaning
 * out. Whatever it does not know, it refuses.
 */
#ifndef LIB_INSN_H
#define LIB_INSN_H

#include "lib/types.h"

enum insn_kind {
	INSN_CPUID, INSN_RDMSR, INSN_WRMSR, INSN_VMMCALL, INSN_VMCALL,
	INSN_HLT, INSN_INVD, INSN_WBINVD, INSN_XSETBV, INSN_RDPMC,
	INSN_MOV_TO_CR, INSN_LMSW, INSN_CLTS,
	INSN_IN, INSN_OUT, INSN_INS, INSN_OUTS,
	INSN_READ,	/* memory to register, MOV MOVZX MOVSX, A0/A1 */
	INSN_WRITE,	/* register or immediate to memory, A2/A3 */
	INSN_MODIFY,	/* AND OR XOR ADD SUB to memory; XCHG; INC DEC.. */
	INSN_COMBINE,	/* as MODIFY, but register op= memory */
	INSN_TEST	/* CMP TEST with memory: read, flags only */
};

struct insn {
	uint8_t kind;		/* enum insn_kind */
	uint8_t length;		/* with prefixes; 1..15 */
	uint8_t operand_size;	/* bytes moved: 1, 2, 4, 8 */
	uint8_t address_size;	/* 2, 4, 8 */
	uint8_t reg;		/* register operand, CR number for MOV CR */
	uint8_t reg_size;	/* bytes of reg that take part */
	uint8_t segment;	/* enum segment_name of the memory operand */
	bool reg_high;		/* reg is AH, CH, DH or BH */
	bool sign_extend;	/* MOVSX */
	bool has_immediate;
	bool rep;		/* F2 or F3 before string I/O */
	bool reg_first;		/* reg is the left operand: CMP, COMBINE */
	uint8_t op;		/* MODIFY, TEST: enum insn_op */
	uint64_t immediate;	/* sign-extended to operand_size, then zeros */
	/*
	 * Memory operand: base + index * scale + displacement. MOV to CR has
	 * its source in base; LMSW has it in reg or in memory.
	 */
	bool has_memory;
	uint8_t base;		/* GPR, INSN_NO_REG, INSN_RIP */
	uint8_t index;		/* GPR or INSN_NO_REG */
	uint8_t scale;
	int64_t displacement;
};

#define INSN_NO_REG 0xff
#define INSN_RIP 0xfe

enum insn_op { INSN_OP_ADD, INSN_OP_OR, INSN_OP_ADC, INSN_OP_SBB, INSN_OP_AND,
	INSN_OP_SUB, INSN_OP_XOR, INSN_OP_CMP, INSN_OP_TEST, INSN_OP_XCHG,
	INSN_OP_NOT, INSN_OP_NEG, INSN_OP_INC, INSN_OP_DEC };

/*
 * Decodes count (1..15) bytes as code of code_bits (16, 32, 64).
 * HV_ERR_RANGE: bytes end inside the instruction, or it is over 15 bytes.
 * HV_ERR_UNSUPPORTED: none of those above.
 */
enum hv_err insn_decode(const uint8_t *bytes, unsigned count,
			unsigned code_bits, struct insn *insn) must_use;

#endif
