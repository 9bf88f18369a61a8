/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/insn.c */
/*
 * Any bytes into the decoder (libFuzzer): no byte beyond count is read, what
 * is accepted is whole and depends on its own bytes only, and every field is
 * within what its users take for granted.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "lib/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition) {
		abort();
	}
}

/* In a block of exactly count bytes, so that a read beyond is seen. */
static enum hv_err decode(const uint8_t *bytes, unsigned count, unsigned bits,
			  struct insn *insn)
{
	uint8_t *copy = malloc(count == 0 ? 1 : count);
	enum hv_err err;

	demand(copy != NULL);
	memcpy(copy, bytes, count);
	err = insn_decode(copy, count, bits, insn);
	free(copy);
	return err;
}

static bool is_size(unsigned size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static void check_memory(const struct insn *insn)
{
	demand(insn->address_size >= 2 && is_size(insn->address_size));
	demand(insn->base < GPR_COUNT || insn->base == INSN_NO_REG ||
	       insn->base == INSN_RIP);
	demand(insn->index < GPR_COUNT || insn->index == INSN_NO_REG);
	demand(is_size(insn->scale));
	demand(insn->segment <= SEGMENT_GS);
	demand(is_size(insn->operand_size));
}

static void check_fields(const struct insn *insn)
{
	demand(insn->kind <= INSN_TEST);
	demand(insn->op <= INSN_OP_DEC);
	demand(insn->reg < GPR_COUNT);
	if (insn->has_memory) {
		check_memory(insn);
	}
	if (insn->kind >= INSN_READ) {
		demand(insn->has_memory);
		demand(insn->reg_size == 0 || is_size(insn->reg_size));
		demand(insn->kind != INSN_READ || insn->reg_size != 0);
	}
	if (insn->kind >= INSN_IN && insn->kind <= INSN_OUTS) {
		demand(is_size(insn->operand_size) && insn->operand_size < 8);
	}
	if (insn->has_immediate && insn->operand_size < 8) {
		demand(insn->immediate >> (insn->operand_size * 8) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned modes[] = { 16, 32, 64 };
	uint8_t bytes[15];
	struct insn insn, again;
	unsigned bits, count, i;

	if (size < 2) {
		return 0;
	}
	bits = modes[data[0] % 3];
	count = size - 1 > sizeof(bytes) ? sizeof(bytes) :
		(unsigned)size - 1;
	memcpy(bytes, data + 1, count);
	memset(&insn, 0, sizeof(insn));
	if (decode(bytes, count, bits, &insn) != HV_OK) {
		return 0;
	}
	demand(insn.length >= 1 && insn.length <= count);
	check_fields(&insn);
	/* What follows does not matter; each of its own bytes is needed. */
	memset(&again, 0, sizeof(again));
	for (i = insn.length; i < count; i++) {
		bytes[i] ^= 0xff;
	}
	demand(decode(bytes, count, bits, &again) == HV_OK);
	demand(again.length == insn.length && again.kind == insn.kind);
	demand(decode(bytes, insn.length, bits, &again) == HV_OK);
	demand(again.length == insn.length &&
	       again.displacement == insn.displacement &&
	       again.immediate == insn.immediate);
	for (i = 0; i < insn.length; i++) {
		demand(decode(bytes, i, bits, &again) == HV_ERR_RANGE);
	}
	return 0;
}
