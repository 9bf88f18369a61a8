/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder: a table of encodings written from the manuals, and every pair
 * and triple of prefixes around the instructions that make exits.
 */
/* SOURCES: hv/lib/insn.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/config.h"
#include "lib/insn.h"

#define NR INSN_NO_REG

/* ---- encodings by hand ------------------------------------------------- */

struct row {
	unsigned bits;
	const char *hex;
	int kind;		/* enum insn_kind, or -1: refused */
	int operand_size;	/* from here on: -1 is "not looked at" */
	int reg;
	int base, index, scale;
	long displacement;
	int segment;
};

/* length is the hex's, always. */
static const struct row rows[] = {
	/* what makes exits */
	{ 64, "0fa2", INSN_CPUID, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f32", INSN_RDMSR, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f30", INSN_WRMSR, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f33", INSN_RDPMC, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f01d9", INSN_VMMCALL, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f01c1", INSN_VMCALL, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f01d1", INSN_XSETBV, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "f4", INSN_HLT, -1, -1, -1, -1, -1, 0, -1 },
	{ 16, "f4", INSN_HLT, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f08", INSN_INVD, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f09", INSN_WBINVD, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "f30f09", INSN_WBINVD, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f06", INSN_CLTS, -1, -1, -1, -1, -1, 0, -1 },
	{ 64, "0f22c0", INSN_MOV_TO_CR, 8, 0, GPR_RAX, -1, -1, 0, -1 },
	{ 64, "410f22c7", INSN_MOV_TO_CR, 8, 0, GPR_R15, -1, -1, 0, -1 },
	{ 64, "440f22c3", INSN_MOV_TO_CR, 8, 8, GPR_RBX, -1, -1, 0, -1 },
	{ 32, "0f22dd", INSN_MOV_TO_CR, 4, 3, GPR_RBP, -1, -1, 0, -1 },
	{ 32, "0f2220", INSN_MOV_TO_CR, 4, 4, GPR_RAX, -1, -1, 0, -1 },
	{ 32, "f00f22c1", INSN_MOV_TO_CR, 4, 8, GPR_RCX, -1, -1, 0, -1 },
	{ 64, "0f01f1", INSN_LMSW, 2, GPR_RCX, -1, -1, -1, 0, -1 },
	{ 64, "410f01f1", INSN_LMSW, 2, GPR_R9, -1, -1, -1, 0, -1 },
	{ 64, "0f013418", INSN_LMSW, 2, -1, GPR_RAX, GPR_RBX, 1, 0,
	  SEGMENT_DS },
	/* LOCK where there is none */
	{ 64, "f00fa2", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f0f4", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f00f32", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f08803", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f08a03", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f03903", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f00303", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f0ee", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f00f22d8", -1, 0, 0, 0, 0, 0, 0, 0 },
	/* and where there is */
	{ 64, "f00103", INSN_MODIFY, 4, GPR_RAX, GPR_RBX, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "f08703", INSN_MODIFY, 4, GPR_RAX, GPR_RBX, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "f0ff03", INSN_MODIFY, 4, -1, GPR_RBX, NR, 1, 0, SEGMENT_DS },
	/* XSETBV has no form with 66, F2, F3 */
	{ 64, "660f01d1", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f30f01d1", -1, 0, 0, 0, 0, 0, 0, 0 },
	/* ports */
	{ 64, "e460", INSN_IN, 1, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "e560", INSN_IN, 4, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 16, "e560", INSN_IN, 2, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "e680", INSN_OUT, 1, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "66e780", INSN_OUT, 2, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "ec", INSN_IN, 1, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "ed", INSN_IN, 4, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "48ed", INSN_IN, 4, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "66ef", INSN_OUT, 2, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 16, "66ef", INSN_OUT, 4, GPR_RAX, -1, -1, -1, 0, -1 },
	{ 64, "6c", INSN_INS, 1, -1, GPR_RDI, NR, 1, 0, SEGMENT_ES },
	{ 64, "6e", INSN_OUTS, 1, -1, GPR_RSI, NR, 1, 0, SEGMENT_DS },
	{ 64, "646e", INSN_OUTS, 1, -1, GPR_RSI, NR, 1, 0, SEGMENT_FS },
	{ 32, "266e", INSN_OUTS, 1, -1, GPR_RSI, NR, 1, 0, SEGMENT_ES },
	{ 32, "2e6e", INSN_OUTS, 1, -1, GPR_RSI, NR, 1, 0, SEGMENT_CS },
	{ 16, "366e", INSN_OUTS, 1, -1, GPR_RSI, NR, 1, 0, SEGMENT_SS },
	{ 32, "2e6c", INSN_INS, 1, -1, GPR_RDI, NR, 1, 0, SEGMENT_ES },
	{ 64, "266e", INSN_OUTS, 1, -1, GPR_RSI, NR, 1, 0, SEGMENT_DS },
	{ 64, "f3676f", INSN_OUTS, 4, -1, GPR_RSI, NR, 1, 0, SEGMENT_DS },
	{ 16, "f36d", INSN_INS, 2, -1, GPR_RDI, NR, 1, 0, SEGMENT_ES },
	{ 64, "f3486d", INSN_INS, 4, -1, GPR_RDI, NR, 1, 0, SEGMENT_ES },
	/* moves: the sizes */
	{ 64, "8807", INSN_WRITE, 1, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "8907", INSN_WRITE, 4, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "668907", INSN_WRITE, 2, GPR_RAX, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "488907", INSN_WRITE, 8, GPR_RAX, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "66488907", INSN_WRITE, 8, GPR_RAX, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "48668907", INSN_WRITE, 2, GPR_RAX, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "458b2c24", INSN_READ, 4, GPR_R13, GPR_R12, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "8a27", INSN_READ, 1, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "408a27", INSN_READ, 1, GPR_RSP, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	/* moves: the addresses */
	{ 64, "8b0425b000e0fe", INSN_READ, 4, GPR_RAX, NR, NR, 1, -0x11fff50,
	  SEGMENT_DS },
	{ 64, "8b0578563412", INSN_READ, 4, GPR_RAX, INSN_RIP, NR, 1,
	  0x12345678, SEGMENT_DS },
	{ 32, "8b0578563412", INSN_READ, 4, GPR_RAX, NR, NR, 1, 0x12345678,
	  SEGMENT_DS },
	{ 64, "418b0578563412", INSN_READ, 4, GPR_RAX, INSN_RIP, NR, 1,
	  0x12345678, SEGMENT_DS },
	{ 64, "418b4500", INSN_READ, 4, GPR_RAX, GPR_R13, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "8b45f8", INSN_READ, 4, GPR_RAX, GPR_RBP, NR, 1, -8,
	  SEGMENT_SS },
	{ 64, "8b0424", INSN_READ, 4, GPR_RAX, GPR_RSP, NR, 1, 0, SEGMENT_SS },
	{ 64, "8b44e504", INSN_READ, 4, GPR_RAX, GPR_RBP, NR, 8, 4,
	  SEGMENT_SS },
	{ 64, "428b44a504", INSN_READ, 4, GPR_RAX, GPR_RBP, GPR_R12, 4, 4,
	  SEGMENT_SS },
	{ 64, "8b04cd00000080", INSN_READ, 4, GPR_RAX, NR, GPR_RCX, 8,
	  -0x80000000l, SEGMENT_DS },
	{ 64, "65488b8380000000", INSN_READ, 8, GPR_RAX, GPR_RBX, NR, 1, 0x80,
	  SEGMENT_GS },
	{ 64, "653e8b03", INSN_READ, 4, GPR_RAX, GPR_RBX, NR, 1, 0,
	  SEGMENT_GS },
	{ 32, "658b03", INSN_READ, 4, GPR_RAX, GPR_RBX, NR, 1, 0, SEGMENT_GS },
	{ 32, "653e8b03", INSN_READ, 4, GPR_RAX, GPR_RBX, NR, 1, 0,
	  SEGMENT_DS },
	{ 16, "8b00", INSN_READ, 2, GPR_RAX, GPR_RBX, GPR_RSI, 1, 0,
	  SEGMENT_DS },
	{ 16, "8b4304", INSN_READ, 2, GPR_RAX, GPR_RBP, GPR_RDI, 1, 4,
	  SEGMENT_SS },
	{ 16, "8b0e3412", INSN_READ, 2, GPR_RCX, NR, NR, 1, 0x1234,
	  SEGMENT_DS },
	{ 16, "8b8e3482", INSN_READ, 2, GPR_RCX, GPR_RBP, NR, 1, -0x7dcc,
	  SEGMENT_SS },
	{ 16, "678b0424", INSN_READ, 2, GPR_RAX, GPR_RSP, NR, 1, 0,
	  SEGMENT_SS },
	{ 32, "678b07", INSN_READ, 4, GPR_RAX, GPR_RBX, NR, 1, 0, SEGMENT_DS },
	/* absolute */
	{ 64, "a0efcdab8967452301", INSN_READ, 1, GPR_RAX, NR, NR, 1,
	  0x0123456789abcdefl, SEGMENT_DS },
	{ 64, "48a3efcdab8967452301", INSN_WRITE, 8, GPR_RAX, NR, NR, 1,
	  0x0123456789abcdefl, SEGMENT_DS },
	{ 64, "67a1b000e0fe", INSN_READ, 4, GPR_RAX, NR, NR, 1, -0x11fff50,
	  SEGMENT_DS },
	{ 32, "a3b000e0fe", INSN_WRITE, 4, GPR_RAX, NR, NR, 1, -0x11fff50,
	  SEGMENT_DS },
	{ 16, "a13412", INSN_READ, 2, GPR_RAX, NR, NR, 1, 0x1234, SEGMENT_DS },
	/* immediates */
	{ 64, "c60780", INSN_WRITE, 1, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "c70700000080", INSN_WRITE, 4, -1, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "48c70700000080", INSN_WRITE, 8, -1, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "66c7073412", INSN_WRITE, 2, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "c7044800000000", INSN_WRITE, 4, -1, GPR_RAX, GPR_RCX, 2, 0,
	  SEGMENT_DS },
	{ 64, "c70f00000000", -1, 0, 0, 0, 0, 0, 0, 0 },
	/* widening */
	{ 64, "0fb607", INSN_READ, 1, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "0fb627", INSN_READ, 1, GPR_RSP, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "480fbf07", INSN_READ, 2, GPR_RAX, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "486307", INSN_READ, 4, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 32, "6307", -1, 0, 0, 0, 0, 0, 0, 0 },
	/* arithmetic */
	{ 64, "810700000100", INSN_MODIFY, 4, -1, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "8327fe", INSN_MODIFY, 4, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "833f00", INSN_TEST, 4, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "f70700000100", INSN_TEST, 4, -1, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "f70f00000100", INSN_TEST, 4, -1, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 64, "f60701", INSN_TEST, 1, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "f717", INSN_MODIFY, 4, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "8507", INSN_TEST, 4, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "3b07", INSN_TEST, 4, GPR_RAX, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "2307", INSN_COMBINE, 4, GPR_RAX, GPR_RDI, NR, 1, 0,
	  SEGMENT_DS },
	{ 32, "820701", INSN_MODIFY, 1, -1, GPR_RDI, NR, 1, 0, SEGMENT_DS },
	{ 64, "820701", -1, 0, 0, 0, 0, 0, 0, 0 },
	/* neither exits nor moves from or to memory */
	{ 64, "90", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "89c0", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "8bc0", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0f20c0", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0f0b", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "ff10", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "f727", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "a4", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "aa", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "8c07", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0401", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0f0101", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0f0119", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0f01c2", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "0f0110", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "c5f877", -1, 0, 0, 0, 0, 0, 0, 0 },
	{ 64, "62f17c4828c1", -1, 0, 0, 0, 0, 0, 0, 0 },
};

static unsigned from_hex(const char *hex, uint8_t *bytes)
{
	unsigned i, value, count = (unsigned)strlen(hex) / 2;

	for (i = 0; i < count; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
		bytes[i] = (uint8_t)value;
	}
	return count;
}

static void check_field(const struct row *row, const char *name, long want,
			long is)
{
	if (want != is) {
		fail_msg("%u %s: %s is %ld, not %ld", row->bits, row->hex,
			 name, is, want);
	}
}

static void test_rows(void **state)
{
	const struct row *row;
	struct insn insn;
	uint8_t bytes[16];
	unsigned i, length;
	enum hv_err err;

	(void)state;
	for (i = 0; i < ARRAY_COUNT(rows); i++) {
		row = &rows[i];
		memset(bytes, 0x90, sizeof(bytes));
		length = from_hex(row->hex, bytes);
		err = insn_decode(bytes, 15, row->bits, &insn);
		check_field(row, "status", row->kind < 0 ?
			    HV_ERR_UNSUPPORTED : HV_OK, err);
		if (row->kind < 0) {
			continue;
		}
		check_field(row, "kind", row->kind, insn.kind);
		check_field(row, "length", length, insn.length);
		if (row->operand_size >= 0) {
			check_field(row, "size", row->operand_size,
				    insn.operand_size);
		}
		if (row->reg >= 0) {
			check_field(row, "reg", row->reg, insn.reg);
		}
		if (row->base >= 0) {
			check_field(row, "base", row->base, insn.base);
		}
		if (row->index >= 0) {
			check_field(row, "index", row->index, insn.index);
		}
		if (row->scale >= 0) {
			check_field(row, "scale", row->scale, insn.scale);
			check_field(row, "displacement", row->displacement,
				    insn.displacement);
		}
		if (row->segment >= 0) {
			check_field(row, "segment", row->segment,
				    insn.segment);
		}
	}
}

/* Cut anywhere, an instruction is never taken for a whole one. */
static void test_cut(void **state)
{
	struct insn insn;
	uint8_t bytes[16];
	unsigned i, count, length;

	(void)state;
	for (i = 0; i < ARRAY_COUNT(rows); i++) {
		length = from_hex(rows[i].hex, bytes);
		if (rows[i].kind < 0) {
			continue;
		}
		for (count = 0; count < length; count++) {
			/* A copy of exactly count bytes: ASan sees more. */
			uint8_t *cut = malloc(count + 1);

			memcpy(cut + 1, bytes, count);
			assert_int_equal(insn_decode(cut + 1, count,
						     rows[i].bits, &insn),
					 HV_ERR_RANGE);
			free(cut);
		}
		assert_int_equal(insn_decode(bytes, length, rows[i].bits,
					     &insn), HV_OK);
	}
}

static void test_fields(void **state)
{
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode((const uint8_t *)"\x83\x27\xfe", 3, 64,
				     &insn), HV_OK);
	assert_int_equal(insn.op, INSN_OP_AND);
	assert_true(insn.has_immediate);
	assert_int_equal(insn.immediate, 0xfffffffeu);
	assert_int_equal(insn_decode((const uint8_t *)"\x48\x83\x0f\xfe", 4,
				     64, &insn), HV_OK);
	assert_int_equal(insn.op, INSN_OP_OR);
	assert_true(insn.immediate == 0xfffffffffffffffeull);
	assert_int_equal(insn_decode((const uint8_t *)"\xc7\x07\0\0\0\x80", 6,
				     64, &insn), HV_OK);
	assert_true(insn.immediate == 0x80000000ull);
	assert_int_equal(insn_decode((const uint8_t *)"\x48\xc7\x07\0\0\0\x80",
				     7, 64, &insn), HV_OK);
	assert_true(insn.immediate == 0xffffffff80000000ull);
	/* AH and SPL */
	assert_int_equal(insn_decode((const uint8_t *)"\x8a\x27", 2, 64,
				     &insn), HV_OK);
	assert_true(insn.reg_high);
	assert_int_equal(insn_decode((const uint8_t *)"\x40\x8a\x27", 3, 64,
				     &insn), HV_OK);
	assert_false(insn.reg_high);
	/* MOVSX and MOVZX */
	assert_int_equal(insn_decode((const uint8_t *)"\x66\x0f\xbe\x07", 4,
				     64, &insn), HV_OK);
	assert_true(insn.sign_extend);
	assert_int_equal(insn.reg_size, 2);
	assert_int_equal(insn_decode((const uint8_t *)"\x0f\xb6\x07", 3, 64,
				     &insn), HV_OK);
	assert_false(insn.sign_extend);
	assert_int_equal(insn.reg_size, 4);
	/* CMP r, m against CMP m, r */
	assert_int_equal(insn_decode((const uint8_t *)"\x3b\x07", 2, 64,
				     &insn), HV_OK);
	assert_true(insn.reg_first);
	assert_int_equal(insn_decode((const uint8_t *)"\x39\x07", 2, 64,
				     &insn), HV_OK);
	assert_false(insn.reg_first);
	/* REP, address sizes, port */
	assert_int_equal(insn_decode((const uint8_t *)"\xf2\x67\x6e", 3, 64,
				     &insn), HV_OK);
	assert_true(insn.rep);
	assert_int_equal(insn.address_size, 4);
	assert_int_equal(insn_decode((const uint8_t *)"\x6e", 1, 16, &insn),
			 HV_OK);
	assert_false(insn.rep);
	assert_int_equal(insn.address_size, 2);
	assert_int_equal(insn_decode((const uint8_t *)"\xe4\x80", 2, 64,
				     &insn), HV_OK);
	assert_int_equal(insn.immediate, 0x80);
}

/* The operation, and the operand that is not in memory. */
static const struct {
	const char *hex;
	enum insn_kind kind;
	int op;			/* -1: none */
	int reg, reg_size;
	bool first, immediate, sign;
} operations[] = {
#define ARITHMETIC(n, op)						\
{ n "17", (op) == INSN_OP_CMP ? INSN_TEST : INSN_MODIFY, op,	\
  GPR_RDX, 4, false, false, false }
	ARITHMETIC("01", INSN_OP_ADD), ARITHMETIC("09", INSN_OP_OR),
	ARITHMETIC("11", INSN_OP_ADC), ARITHMETIC("19", INSN_OP_SBB),
	ARITHMETIC("21", INSN_OP_AND), ARITHMETIC("29", INSN_OP_SUB),
	ARITHMETIC("31", INSN_OP_XOR), ARITHMETIC("39", INSN_OP_CMP),
	{ "1317", INSN_COMBINE, INSN_OP_ADC, GPR_RDX, 4, true, false,
	  false },
	{ "3b17", INSN_TEST, INSN_OP_CMP, GPR_RDX, 4, true, false,
	  false },
	{ "833705", INSN_MODIFY, INSN_OP_XOR, -1, 0, false, true,
	  false },
	{ "803f05", INSN_TEST, INSN_OP_CMP, -1, 0, false, true,
	  false },
	{ "8517", INSN_TEST, INSN_OP_TEST, GPR_RDX, 4, false, false,
	  false },
	{ "8717", INSN_MODIFY, INSN_OP_XCHG, GPR_RDX, 4, false, false,
	  false },
	{ "f60705", INSN_TEST, INSN_OP_TEST, -1, 0, false, true,
	  false },
	{ "f717", INSN_MODIFY, INSN_OP_NOT, -1, 0, false, false,
	  false },
	{ "f71f", INSN_MODIFY, INSN_OP_NEG, -1, 0, false, false,
	  false },
	{ "ff07", INSN_MODIFY, INSN_OP_INC, -1, 0, false, false,
	  false },
	{ "fe0f", INSN_MODIFY, INSN_OP_DEC, -1, 0, false, false,
	  false },
	{ "448917", INSN_WRITE, -1, GPR_R10, 4, false, false, false },
	{ "48631f", INSN_READ, -1, GPR_RBX, 8, false, false, true },
	{ "480fbe1f", INSN_READ, -1, GPR_RBX, 8, false, false, true },
	{ "a10000000000000000", INSN_READ, -1, GPR_RAX, 4, false,
	  false, false },
	{ "c70705000000", INSN_WRITE, -1, -1, 0, false, true, false },
	{ "e405", INSN_IN, -1, GPR_RAX, 1, false, true, false },
	{ "66ef", INSN_OUT, -1, GPR_RAX, 2, false, false, false },
	{ "0f01f2", INSN_LMSW, -1, GPR_RDX, 2, false, false, false },
};

static void test_operations(void **state)
{
	struct insn insn;
	uint8_t bytes[16];
	unsigned length;

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(operations); i++) {
		/* Left over from something else: every field is written. */
		memset(&insn, 0xff, sizeof(insn));
		length = from_hex(operations[i].hex, bytes);
		assert_int_equal(insn_decode(bytes, length, 64, &insn), HV_OK);
		assert_int_equal(insn.kind, operations[i].kind);
		if (operations[i].op >= 0) {
			assert_int_equal(insn.op, operations[i].op);
		}
		if (operations[i].reg >= 0) {
			assert_int_equal(insn.reg, operations[i].reg);
		}
		assert_int_equal(insn.reg_size, operations[i].reg_size);
		assert_int_equal(insn.reg_first, operations[i].first);
		assert_int_equal(insn.has_immediate, operations[i].immediate);
		assert_int_equal(insn.sign_extend, operations[i].sign);
		if (operations[i].immediate) {
			assert_int_equal(insn.immediate, 5);
		}
		assert_int_equal(insn.has_memory,
				 operations[i].kind >= INSN_READ);
	}
	assert_int_equal(insn_decode((const uint8_t *)"\x6d", 1, 64, &insn),
			 HV_OK);
	assert_true(insn.has_memory);
	assert_int_equal(insn_decode(NULL, 0, 64, &insn), HV_ERR_RANGE);
}

/* ---- prefixes ---------------------------------------------------------- */

static const uint8_t legacy[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66,
	0x67, 0xf2, 0xf3 };

static const struct {
	const char *hex;
	enum insn_kind kind;
} exits[] = {
	{ "0fa2", INSN_CPUID }, { "0f32", INSN_RDMSR }, { "0f30", INSN_WRMSR },
	{ "0f01d9", INSN_VMMCALL }, { "f4", INSN_HLT }
};

static void check_prefixed(const uint8_t *prefixes, unsigned count,
			   unsigned bits)
{
	struct insn insn;
	uint8_t bytes[16];
	unsigned i, length;

	for (i = 0; i < ARRAY_COUNT(exits); i++) {
		memset(bytes, 0xcc, sizeof(bytes));
		memcpy(bytes, prefixes, count);
		length = count + from_hex(exits[i].hex, bytes + count);
		assert_int_equal(insn_decode(bytes, 15, bits, &insn), HV_OK);
		assert_int_equal(insn.kind, exits[i].kind);
		assert_int_equal(insn.length, length);
	}
}

static void test_prefixes(void **state)
{
	static const unsigned modes[] = { 16, 32, 64 };
	uint8_t p[16];
	unsigned m, a, b, c, rex;

	(void)state;
	for (m = 0; m < 3; m++) {
		for (a = 0; a < sizeof(legacy); a++) {
			for (b = 0; b < sizeof(legacy); b++) {
				for (c = 0; c < sizeof(legacy); c++) {
					p[0] = legacy[a];
					p[1] = legacy[b];
					p[2] = legacy[c];
					check_prefixed(p, 1, modes[m]);
					check_prefixed(p, 2, modes[m]);
					check_prefixed(p, 3, modes[m]);
				}
			}
		}
	}
	for (a = 0; a < sizeof(legacy); a++) {
		for (rex = 0x40; rex <= 0x4f; rex++) {
			p[0] = legacy[a];
			p[1] = (uint8_t)rex;
			check_prefixed(p + 1, 1, 64);
			check_prefixed(p, 2, 64);
			/* a REX that is not last */
			p[0] = (uint8_t)rex;
			p[1] = legacy[a];
			check_prefixed(p, 2, 64);
		}
	}
	/* to 15 bytes, not to 16 */
	memset(p, 0x66, sizeof(p));
	check_prefixed(p, 12, 64);
	p[13] = 0x0f;
	p[14] = 0xa2;
	{
		struct insn insn;

		assert_int_equal(insn_decode(p, 15, 64, &insn), HV_OK);
		assert_int_equal(insn.length, 15);
		p[13] = 0x66;
		p[14] = 0x0f;
		p[15] = 0xa2;
		assert_int_equal(insn_decode(p, 15, 64, &insn), HV_ERR_RANGE);
		assert_int_equal(insn_decode(p, 16, 64, &insn), HV_ERR_RANGE);
	}
}

/* Outside 64-bit mode 40-4F are INC and DEC. */
static void test_no_rex(void **state)
{
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode((const uint8_t *)"\x48\x0f\xa2", 3, 32,
				     &insn), HV_ERR_UNSUPPORTED);
	assert_int_equal(insn_decode((const uint8_t *)"\x48\x0f\xa2", 3, 16,
				     &insn), HV_ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_no_rex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
