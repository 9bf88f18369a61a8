/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/alu.c */
/* Arithmetic and flags, against the processor that runs this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/alu.h"

#define FLAGS (ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)

/* left := op(left, right) with flags, by the instruction itself. */
#define TWO(name, type, letter)						\
static void name##_##letter(uint64_t *left, uint64_t right,		\
			    uint64_t *flags)				\
{									\
	type a = (type)*left;						\
	type b = (type)right;						\
									\
	__asm__("pushq %2\n\tpopfq\n\t" #name #letter " %3, %0\n\t"	\
		"pushfq\n\tpopq %1"					\
		: "+r"(a), "=&r"(*flags) : "r"(*flags), "r"(b) : "cc");	\
	*left = a;							\
}

#define ONE(name, type, letter)						\
static void name##_##letter(uint64_t *left, uint64_t right,		\
			    uint64_t *flags)				\
{									\
	type a = (type)*left;						\
									\
	(void)right;							\
	__asm__("pushq %2\n\tpopfq\n\t" #name #letter " %0\n\t"		\
		"pushfq\n\tpopq %1"					\
		: "+r"(a), "=&r"(*flags) : "r"(*flags) : "cc");		\
	*left = a;							\
}

#define SIZES(form, name) form(name, uint8_t, b) form(name, uint16_t, w) \
	form(name, uint32_t, l) form(name, uint64_t, q)

SIZES(TWO, add) SIZES(TWO, or) SIZES(TWO, adc) SIZES(TWO, sbb)
SIZES(TWO, and) SIZES(TWO, sub) SIZES(TWO, xor) SIZES(TWO, cmp)
SIZES(TWO, test) SIZES(TWO, xchg)
SIZES(ONE, not) SIZES(ONE, neg) SIZES(ONE, inc) SIZES(ONE, dec)

#define ROW(name) { name##_b, name##_w, name##_l, name##_q }

/* By enum insn_op. */
static void (*const processor[][4])(uint64_t *, uint64_t, uint64_t *) = {
	ROW(add), ROW(or), ROW(adc), ROW(sbb), ROW(and), ROW(sub), ROW(xor),
	ROW(cmp), ROW(test), ROW(xchg), ROW(not), ROW(neg), ROW(inc), ROW(dec)
};

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* AF is undefined after these. */
static uint64_t defined(enum insn_op op)
{
	return op == INSN_OP_OR || op == INSN_OP_AND || op == INSN_OP_XOR ||
	       op == INSN_OP_TEST ? FLAGS & ~ALU_AF : FLAGS;
}

static void check(enum insn_op op, unsigned size, uint64_t left,
		  uint64_t right, uint64_t flags)
{
	unsigned log = size == 8 ? 3 : size == 4 ? 2 : size - 1;
	uint64_t mask = ~0ull >> (64 - size * 8);
	uint64_t want = left, want_flags = flags, is_flags = flags, is;

	processor[op][log](&want, right, &want_flags);
	if (op == INSN_OP_XCHG) {
		want = right;
	}
	is = alu_compute(op, size, left, right, &is_flags);
	if (is != (want & mask) ||
	    ((is_flags ^ want_flags) & defined(op)) != 0) {
		fail_msg("op %d size %u %lx %lx %lx: %lx %lx, not %lx %lx", op,
			 size, left, right, flags, is, is_flags, want & mask,
			 want_flags);
	}
	/* nothing but those flags changes */
	assert_int_equal((is_flags ^ flags) & ~FLAGS, 0);
}

static void test_processor(void **state)
{
	static const uint64_t edges[] = { 0, 1, 2, 0xf, 0x10, 0x7f, 0x80, 0xff,
		0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
		0x7fffffffffffffff, 0x8000000000000000, ~0ull };
	/* IF and bit 1 as they are; the arithmetic flags at random */
	static const uint64_t flags[] = { 0x202, 0x203, 0xad7, 0xad6 };

	(void)state;
	for (unsigned op = 0; op <= INSN_OP_DEC; op++) {
		for (unsigned size = 1; size <= 8; size *= 2) {
			for (unsigned i = 0; i < ARRAY_COUNT(edges); i++) {
				for (unsigned j = 0; j < ARRAY_COUNT(edges);
				     j++) {
					check((enum insn_op)op, size,
					      edges[i], edges[j], flags[0]);
					check((enum insn_op)op, size,
					      edges[i], edges[j], flags[1]);
				}
			}
			for (unsigned i = 0; i < 400; i++) {
				check((enum insn_op)op, size, random_next(),
				      random_next(), flags[i & 3]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
