/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instruction decoder (APM3 chapter 1 and appendix A, SDM2 chapter 2).
 * Its input is a guest's: no byte is read beyond count, no loop runs longer
 * than the 15 bytes, and an encoding that is not known whole is refused.
 * Lengths count only if the answer is HV_OK.
 */
#include "lib/insn.h"

#include "config/config.h"

#define INSN_LENGTH_MAX 15

#define REX_B 1u
#define REX_X 2u
#define REX_R 4u
#define REX_W 8u

#define PREFIX_NONE 0u
#define PREFIX_REPNE 0xf2u
#define PREFIX_REP 0xf3u

struct decoder {
	const uint8_t *bytes;
	unsigned count;
	unsigned at;
	bool ended;		/* a byte was wanted where there is none */
	uint8_t code_bits;
	uint8_t rex;		/* 0x40-0x4f, or 0 */
	uint8_t repeat;		/* last of F2, F3 */
	bool operand_override;	/* 66 */
	bool address_override;	/* 67 */
	bool lock;
	bool has_segment;
	uint8_t segment;
	uint8_t mod, reg, rm;	/* of ModRM, reg without REX */
	struct insn *insn;
};

static uint8_t take_byte(struct decoder *d)
{
	if (d->at >= d->count) {
		d->ended = true;
		return 0;
	}
	return d->bytes[d->at++];
}

/* size bytes (1, 2, 4, 8), sign-extended to 64. */
static int64_t take_signed(struct decoder *d, unsigned size)
{
	uint64_t value = 0;
	unsigned i, unused = 64 - size * 8;

	for (i = 0; i < size; i++) {
		value |= (uint64_t)take_byte(d) << (i * 8);
	}
	return (int64_t)(value << unused) >> unused;
}

/* ---- prefixes ---------------------------------------------------------- */

static void set_segment(struct decoder *d, enum segment_name segment)
{
	/* Null prefixes in 64-bit mode, but for FS and GS (APM3 1.2.4). */
	if (d->code_bits == 64 && segment != SEGMENT_FS &&
	    segment != SEGMENT_GS) {
		return;
	}
	d->has_segment = true;
	d->segment = (uint8_t)segment;
}

static bool take_legacy_prefix(struct decoder *d, uint8_t byte)
{
	switch (byte) {
	case 0x26:
		set_segment(d, SEGMENT_ES);
		return true;
	case 0x2e:
		set_segment(d, SEGMENT_CS);
		return true;
	case 0x36:
		set_segment(d, SEGMENT_SS);
		return true;
	case 0x3e:
		set_segment(d, SEGMENT_DS);
		return true;
	case 0x64:
		set_segment(d, SEGMENT_FS);
		return true;
	case 0x65:
		set_segment(d, SEGMENT_GS);
		return true;
	case 0x66:
		d->operand_override = true;
		return true;
	case 0x67:
		d->address_override = true;
		return true;
	case 0xf0:
		d->lock = true;
		return true;
	case PREFIX_REPNE:
	case PREFIX_REP:
		d->repeat = byte;
		return true;
	default:
		return false;
	}
}

/* Answers the first opcode byte. A REX counts only right before it. */
static uint8_t take_prefixes(struct decoder *d)
{
	uint8_t byte;

	for (;;) {
		byte = take_byte(d);
		if (d->ended) {
			return 0;
		}
		if (take_legacy_prefix(d, byte)) {
			d->rex = 0;
		} else if (d->code_bits == 64 && (byte & 0xf0) == 0x40) {
			d->rex = byte;
		} else {
			return byte;
		}
	}
}

static uint8_t operand_size(const struct decoder *d)
{
	if (d->rex & REX_W) {
		return 8;
	}
	return (d->code_bits == 16) == d->operand_override ? 4 : 2;
}

static uint8_t address_size(const struct decoder *d)
{
	if (d->code_bits == 64) {
		return d->address_override ? 4 : 8;
	}
	return (d->code_bits == 16) == d->address_override ? 4 : 2;
}

/* ---- operands ---------------------------------------------------------- */

static void memory_segment(struct decoder *d, enum segment_name otherwise)
{
	d->insn->segment = d->has_segment ? d->segment : (uint8_t)otherwise;
}

static uint8_t extend(const struct decoder *d, uint8_t reg, uint8_t bit)
{
	return (uint8_t)(reg | (d->rex & bit ? 8u : 0u));
}

/* Base and index of the eight 16-bit forms (APM3 table A-35). */
static void take_memory16(struct decoder *d)
{
	static const uint8_t base[8] = { GPR_RBX, GPR_RBX, GPR_RBP, GPR_RBP,
		GPR_RSI, GPR_RDI, GPR_RBP, GPR_RBX };
	static const uint8_t index[8] = { GPR_RSI, GPR_RDI, GPR_RSI, GPR_RDI,
		INSN_NO_REG, INSN_NO_REG, INSN_NO_REG, INSN_NO_REG };
	struct insn *insn = d->insn;

	insn->base = base[d->rm & 7];
	insn->index = index[d->rm & 7];
	if (d->mod == 0 && d->rm == 6) {
		insn->base = INSN_NO_REG;
		insn->displacement = take_signed(d, 2);
	} else if (d->mod != 0) {
		insn->displacement = take_signed(d, d->mod);
	}
	memory_segment(d, insn->base == GPR_RBP ? SEGMENT_SS : SEGMENT_DS);
}

static void take_memory32(struct decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t sib, low = d->rm;

	if (d->rm == 4) {
		sib = take_byte(d);
		insn->scale = (uint8_t)(1u << (sib >> 6));
		insn->index = extend(d, (sib >> 3) & 7, REX_X);
		if (insn->index == GPR_RSP) {
			insn->index = INSN_NO_REG;
		}
		low = sib & 7;
	}
	insn->base = extend(d, low, REX_B);
	if (d->mod == 0 && low == 5) {
		/* No base; without SIB in 64-bit mode, relative to RIP. */
		insn->base = d->rm == 5 && d->code_bits == 64 ? INSN_RIP :
			     INSN_NO_REG;
		insn->displacement = take_signed(d, 4);
	} else if (d->mod == 1) {
		insn->displacement = take_signed(d, 1);
	} else if (d->mod == 2) {
		insn->displacement = take_signed(d, 4);
	}
	memory_segment(d, insn->base == GPR_RSP || insn->base == GPR_RBP ?
		       SEGMENT_SS : SEGMENT_DS);
}

static void take_modrm(struct decoder *d)
{
	uint8_t byte = take_byte(d);

	d->mod = byte >> 6;
	d->reg = (byte >> 3) & 7;
	d->rm = byte & 7;
	if (d->mod == 3 || d->ended) {
		return;
	}
	d->insn->has_memory = true;
	d->insn->scale = 1;
	d->insn->index = INSN_NO_REG;
	d->insn->address_size = address_size(d);
	if (d->insn->address_size == 2) {
		take_memory16(d);
	} else {
		take_memory32(d);
	}
}

/* The register operand in ModRM.reg. */
static void set_register(struct decoder *d, uint8_t size)
{
	struct insn *insn = d->insn;

	insn->reg = extend(d, d->reg, REX_R);
	insn->reg_size = size;
	if (size == 1 && d->rex == 0 && insn->reg >= 4) {
		insn->reg = (uint8_t)(insn->reg - 4);
		insn->reg_high = true;
	}
}

/* An immediate of up to 4 bytes, sign-extended, cut to the operand's size. */
static void take_immediate(struct decoder *d, unsigned size)
{
	struct insn *insn = d->insn;
	uint64_t value = (uint64_t)take_signed(d, size > 4 ? 4 : size);

	if (insn->operand_size < 8) {
		value &= (1ull << (insn->operand_size * 8)) - 1;
	}
	insn->immediate = value;
	insn->has_immediate = true;
}

/* ---- instructions ------------------------------------------------------ */

/* Opcodes whose lowest bit says byte (0) or operand size (1). */
static void set_size(struct decoder *d, uint8_t opcode)
{
	d->insn->operand_size = opcode & 1 ? operand_size(d) : 1;
}

static bool finish_memory(struct decoder *d, enum insn_kind kind)
{
	d->insn->kind = (uint8_t)kind;
	return d->insn->has_memory || d->ended;
}

/* 00-3B: ADD OR ADC SBB AND SUB XOR CMP with a register. */
static bool decode_arithmetic(struct decoder *d, uint8_t opcode)
{
	uint8_t op = (opcode >> 3) & 7;
	bool to_register = opcode & 2;

	if (opcode & 4) {
		return false;	/* AL or rAX with an immediate */
	}
	set_size(d, opcode);
	take_modrm(d);
	set_register(d, d->insn->operand_size);
	d->insn->op = op;
	d->insn->reg_first = to_register;
	if (op == INSN_OP_CMP) {
		return finish_memory(d, INSN_TEST);
	}
	return finish_memory(d, to_register ? INSN_COMBINE : INSN_MODIFY);
}

/* 80-83: the same eight with an immediate. */
static bool decode_group1(struct decoder *d, uint8_t opcode)
{
	if (opcode == 0x82 && d->code_bits == 64) {
		return false;
	}
	set_size(d, opcode);
	take_modrm(d);
	d->insn->op = d->reg;
	take_immediate(d, opcode == 0x81 ? d->insn->operand_size : 1);
	return finish_memory(d, d->reg == INSN_OP_CMP ? INSN_TEST :
			     INSN_MODIFY);
}

/* 84-8B: TEST, XCHG, MOV. */
static bool decode_move(struct decoder *d, uint8_t opcode)
{
	set_size(d, opcode);
	take_modrm(d);
	set_register(d, d->insn->operand_size);
	switch (opcode & 0xfe) {
	case 0x84:
		d->insn->op = INSN_OP_TEST;
		return finish_memory(d, INSN_TEST);
	case 0x86:
		d->insn->op = INSN_OP_XCHG;
		return finish_memory(d, INSN_MODIFY);
	case 0x88:
		return finish_memory(d, INSN_WRITE);
	default:
		return finish_memory(d, INSN_READ);
	}
}

/* A0-A3: rAX and an absolute offset of the address size. */
static bool decode_offset_move(struct decoder *d, uint8_t opcode)
{
	struct insn *insn = d->insn;

	set_size(d, opcode);
	insn->has_memory = true;
	insn->scale = 1;
	insn->base = INSN_NO_REG;
	insn->index = INSN_NO_REG;
	insn->address_size = address_size(d);
	insn->displacement = take_signed(d, insn->address_size);
	insn->reg = GPR_RAX;
	insn->reg_size = insn->operand_size;
	memory_segment(d, SEGMENT_DS);
	return finish_memory(d, opcode & 2 ? INSN_WRITE : INSN_READ);
}

/* C6, C7 /0: MOV of an immediate. */
static bool decode_move_immediate(struct decoder *d, uint8_t opcode)
{
	set_size(d, opcode);
	take_modrm(d);
	if (d->reg != 0) {
		return d->ended;
	}
	take_immediate(d, d->insn->operand_size);
	return finish_memory(d, INSN_WRITE);
}

/* F6, F7: TEST NOT NEG; FE, FF: INC DEC. */
static bool decode_unary(struct decoder *d, uint8_t opcode)
{
	set_size(d, opcode);
	take_modrm(d);
	if (opcode >= 0xfe) {
		if (d->reg > 1) {
			return d->ended;
		}
		d->insn->op = d->reg == 0 ? INSN_OP_INC : INSN_OP_DEC;
		return finish_memory(d, INSN_MODIFY);
	}
	if (d->reg <= 1) {
		d->insn->op = INSN_OP_TEST;
		take_immediate(d, d->insn->operand_size);
		return finish_memory(d, INSN_TEST);
	}
	if (d->reg > 3) {
		return d->ended;
	}
	d->insn->op = d->reg == 2 ? INSN_OP_NOT : INSN_OP_NEG;
	return finish_memory(d, INSN_MODIFY);
}

/* 0F B6, B7, BE, BF: a register gets a smaller operand, extended. */
static bool decode_extend(struct decoder *d, uint8_t opcode)
{
	d->insn->operand_size = opcode & 1 ? 2 : 1;
	take_modrm(d);
	d->insn->sign_extend = opcode & 8;
	/* The register is never a byte: no AH. */
	set_register(d, operand_size(d));
	return finish_memory(d, INSN_READ);
}

/* 63 in 64-bit mode: MOVSXD. (Elsewhere it is ARPL.) */
static bool decode_movsxd(struct decoder *d)
{
	uint8_t size = operand_size(d);

	d->insn->operand_size = size == 2 ? 2 : 4;
	take_modrm(d);
	d->insn->sign_extend = true;
	set_register(d, size);
	return finish_memory(d, INSN_READ);
}

/* I/O has no 64-bit operand: REX.W is ignored. */
static void set_port_size(struct decoder *d, uint8_t opcode)
{
	uint8_t size = opcode & 1 ? operand_size(d) : 1;

	d->insn->operand_size = size == 8 ? 4 : size;
}

static bool decode_port(struct decoder *d, uint8_t opcode)
{
	struct insn *insn = d->insn;

	set_port_size(d, opcode);
	insn->kind = opcode & 2 ? INSN_OUT : INSN_IN;
	insn->reg = GPR_RAX;
	insn->reg_size = insn->operand_size;
	if (opcode < 0xe8) {
		insn->immediate = take_byte(d);
		insn->has_immediate = true;
	}
	return true;
}

/* 6C-6F. INS always writes to ES; OUTS reads DS or an override. */
static bool decode_port_string(struct decoder *d, uint8_t opcode)
{
	struct insn *insn = d->insn;
	bool out = opcode & 2;

	set_port_size(d, opcode);
	insn->kind = out ? INSN_OUTS : INSN_INS;
	insn->address_size = address_size(d);
	insn->rep = d->repeat != PREFIX_NONE;
	insn->has_memory = true;
	insn->scale = 1;
	insn->index = INSN_NO_REG;
	insn->base = out ? GPR_RSI : GPR_RDI;
	insn->segment = SEGMENT_ES;
	if (out) {
		memory_segment(d, SEGMENT_DS);
	}
	return true;
}

/* 0F 01: VMCALL VMMCALL XSETBV LMSW. */
static bool decode_group7(struct decoder *d)
{
	struct insn *insn = d->insn;

	take_modrm(d);
	if (d->reg == 6) {
		insn->kind = INSN_LMSW;
		insn->operand_size = 2;
		insn->reg = extend(d, d->rm, REX_B);
		insn->reg_size = 2;
		return true;
	}
	if (d->mod != 3) {
		return d->ended;
	}
	if (d->reg == 0 && d->rm == 1) {
		insn->kind = INSN_VMCALL;
		return true;
	}
	if (d->reg == 3 && d->rm == 1) {
		insn->kind = INSN_VMMCALL;
		return true;
	}
	insn->kind = INSN_XSETBV;
	/* 66, F2 and F3 make another, undefined, instruction of it. */
	return d->reg == 2 && d->rm == 1 && !d->operand_override &&
	       d->repeat == PREFIX_NONE;
}

/* 0F 22. The processor takes any ModRM as one of two registers. */
static bool decode_move_to_cr(struct decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t byte = take_byte(d);

	d->reg = (byte >> 3) & 7;
	insn->kind = INSN_MOV_TO_CR;
	insn->reg = extend(d, d->reg, REX_R);
	insn->base = extend(d, byte & 7, REX_B);
	insn->operand_size = d->code_bits == 64 ? 8 : 4;
	if (d->lock && insn->reg == 0) {
		insn->reg = 8;	/* AMD's CR8 outside 64-bit mode */
		d->lock = false;
	}
	return true;
}

static bool decode_two_byte(struct decoder *d)
{
	uint8_t opcode = take_byte(d);

	switch (opcode) {
	case 0x01:
		return decode_group7(d);
	case 0x06:
		d->insn->kind = INSN_CLTS;
		return true;
	case 0x08:
		d->insn->kind = INSN_INVD;
		return true;
	case 0x09:
		d->insn->kind = INSN_WBINVD;
		return true;
	case 0x22:
		return decode_move_to_cr(d);
	case 0x30:
		d->insn->kind = INSN_WRMSR;
		return true;
	case 0x32:
		d->insn->kind = INSN_RDMSR;
		return true;
	case 0x33:
		d->insn->kind = INSN_RDPMC;
		return true;
	case 0xa2:
		d->insn->kind = INSN_CPUID;
		return true;
	case 0xb6:
	case 0xb7:
	case 0xbe:
	case 0xbf:
		return decode_extend(d, opcode);
	default:
		return d->ended;
	}
}

static bool decode_one_byte(struct decoder *d, uint8_t opcode)
{
	if (opcode == 0x0f) {
		return decode_two_byte(d);
	}
	if (opcode < 0x40) {
		return decode_arithmetic(d, opcode);
	}
	if (opcode == 0x63 && d->code_bits == 64) {
		return decode_movsxd(d);
	}
	if (opcode >= 0x6c && opcode <= 0x6f) {
		return decode_port_string(d, opcode);
	}
	if (opcode >= 0x80 && opcode <= 0x83) {
		return decode_group1(d, opcode);
	}
	if (opcode >= 0x84 && opcode <= 0x8b) {
		return decode_move(d, opcode);
	}
	if (opcode >= 0xa0 && opcode <= 0xa3) {
		return decode_offset_move(d, opcode);
	}
	if (opcode == 0xc6 || opcode == 0xc7) {
		return decode_move_immediate(d, opcode);
	}
	if ((opcode >= 0xe4 && opcode <= 0xe7) ||
	    (opcode >= 0xec && opcode <= 0xef)) {
		return decode_port(d, opcode);
	}
	if (opcode == 0xf4) {
		d->insn->kind = INSN_HLT;
		return true;
	}
	if ((opcode & 0xf6) == 0xf6) {
		return decode_unary(d, opcode);
	}
	return false;
}

enum hv_err insn_decode(const uint8_t *bytes, unsigned count,
			unsigned code_bits, struct insn *insn)
{
	struct decoder d = {
		.bytes = bytes,
		.count = count > INSN_LENGTH_MAX ? INSN_LENGTH_MAX : count,
		.code_bits = (uint8_t)code_bits,
		.insn = insn
	};
	uint8_t opcode;
	bool known;

	*insn = (struct insn){ .kind = 0 };
	opcode = take_prefixes(&d);
	known = d.ended || decode_one_byte(&d, opcode);
	if (d.ended) {
		return HV_ERR_RANGE;
	}
	/* LOCK: only what reads, changes and writes memory (APM3 1.2.5). */
	if (!known || (d.lock && insn->kind != INSN_MODIFY)) {
		return HV_ERR_UNSUPPORTED;
	}
	insn->length = (uint8_t)d.at;
	return HV_OK;
}
