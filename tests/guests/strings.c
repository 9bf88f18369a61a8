/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String I/O in every mode: denied ports (reads are all ones, writes go
 * nowhere), repetition, direction, address sizes and their wraps, segments
 * and limits, page faults in the middle. Also built into the guest `insn`.
 */
#include "lib/modes.h"
#include "strings.h"

#define CODE 0x8100u
#define BUFFER 0xa000u		/* two pages; the second one is at EDGE */
#define EDGE 0xb000u
#define PORT_DENIED 0x5554u	/* no policy grants it, no machine has it */
#define FILL 0x5a

static bool in_mode(enum mode m, const char *what, struct mode_run *r,
		    const uint8_t *code, unsigned count)
{
	(void)what;
	memset((void *)(uint64_t)CODE, 0xcc, 64);
	memcpy((void *)(uint64_t)CODE, code, count);
	r->mode = m;
	r->code = CODE;
	r->gpr[RDX] = PORT_DENIED;
	mode_run(r);
	return r->vector == VECTOR_BP && r->rip == CODE + count + 1;
}

static void fill_buffer(void)
{
	memset((void *)(uint64_t)BUFFER, FILL, 0x2000);
}

/* Are exactly the bytes [from, to) of the buffers all ones? */
static bool ones_only(uint32_t from, uint32_t to)
{
	const uint8_t *p = (const uint8_t *)(uint64_t)BUFFER;

	for (uint32_t i = 0; i < 0x2000; i++) {
		bool inside = BUFFER + i >= from && BUFFER + i < to;

		if (p[i] != (inside ? 0xff : FILL)) {
			return false;
		}
	}
	return true;
}

static void verdict(bool ok, enum mode m, const char *what,
		    const struct mode_run *r)
{
	char name[48] = "str-";
	size_t n = strlen(mode_names[m]);

	memcpy(name + 4, mode_names[m], n);
	name[4 + n] = '-';
	memcpy(name + 5 + n, what, strlen(what));
	check(ok, name, "vector %u error %x rip %lx cr2 %lx rcx %lx rsi %lx "
	      "rdi %lx", r->vector, r->error, r->rip, r->cr2, r->gpr[RCX],
	      r->gpr[RSI], r->gpr[RDI]);
}

/* Bytes of "std?, prefix 66?, rep?, op", with the operand size wanted. */
static unsigned encode(enum mode m, uint8_t *code, bool down, bool rep,
		       uint8_t op, unsigned size)
{
	unsigned n = 0;

	if (down) {
		code[n++] = 0xfd;
	}
	if (size != 1 && (size == 2) != mode_is_16(m)) {
		code[n++] = 0x66;
	}
	if (rep) {
		code[n++] = 0xf3;
	}
	code[n++] = (uint8_t)(op + (size > 1 ? 1 : 0));
	if (down) {
		code[n++] = 0xfc;	/* CLD: the next run starts clean */
	}
	return n;
}

/* INS and OUTS of each size, up and down, single and repeated. */
static void test_plain(enum mode m)
{
	uint8_t code[16];
	struct mode_run r;
	bool ok = true;

	for (unsigned bits = 0; bits < 12; bits++) {
		bool down = (bits & 1) != 0;
		bool rep = (bits & 2) != 0;
		unsigned size = 1u << (bits >> 2);
		unsigned items = rep ? 5 : 1;
		unsigned n = encode(m, code, down, rep, 0x6c, size);
		uint32_t at = BUFFER + 0x100;
		uint32_t bytes = items * size;
		uint32_t end = down ? at - bytes : at + bytes;

		fill_buffer();
		r = (struct mode_run){ .gpr = { [RCX] = 5, [RDI] = at } };
		ok = in_mode(m, "ins", &r, code, n)
			&& r.gpr[RDI] == end && r.gpr[RCX] == (rep ? 0 : 5)
			&& (down ? ones_only(at - bytes + size, at + size)
			    : ones_only(at, at + bytes));
		if (!ok) {
			break;
		}
		n = encode(m, code, down, rep, 0x6e, size);
		r = (struct mode_run){ .gpr = { [RCX] = 5, [RSI] = at } };
		ok = in_mode(m, "outs", &r, code, n)
			&& r.gpr[RSI] == end && r.gpr[RCX] == (rep ? 0 : 5);
		if (!ok) {
			break;
		}
	}
	verdict(ok, m, "plain", &r);
}

/* REP with a count of 0 does nothing, not even a fault. */
static void test_zero(enum mode m)
{
	static const uint8_t code[] = { 0xf3, 0x6c, 0xf3, 0x6e };
	struct mode_run r = { .gpr = { [RCX] = 0, [RDI] = 0xc123,
		[RSI] = 0xc123 } };
	bool ok = in_mode(m, "zero", &r, code, sizeof(code));

	verdict(ok && r.gpr[RDI] == 0xc123 && r.gpr[RSI] == 0xc123
		&& r.gpr[RCX] == 0, m, "zero", &r);
}

/* The text of this must stand in the console. */
static void test_text(enum mode m)
{
	static const uint8_t code[] = { 0xf3, 0x6e };
	char *text = (char *)(uint64_t)BUFFER;
	struct mode_run r = { .gpr = { [RSI] = BUFFER } };
	size_t n = strlen(mode_names[m]);

	memcpy(text, "outs text ", 10);
	memcpy(text + 10, mode_names[m], n);
	text[10 + n] = '\n';
	r.gpr[RCX] = 11 + n;
	memset((void *)(uint64_t)CODE, 0xcc, 64);
	memcpy((void *)(uint64_t)CODE, code, sizeof(code));
	r.mode = m;
	r.code = CODE;
	r.gpr[RDX] = PORT_CONSOLE;
	mode_run(&r);
	verdict(r.vector == VECTOR_BP && r.rip == CODE + 3
		&& r.gpr[RCX] == 0, m, "text", &r);
}

/* A page fault in the middle: what came before it is done, and no more. */
static void test_fault(enum mode m)
{
	uint8_t code[8];
	struct mode_run r = { .gpr = { [RCX] = 16, [RDI] = EDGE - 6 } };
	unsigned n = encode(m, code, false, true, 0x6c, 2);
	uint32_t at = CODE;
	bool ok;

	fill_buffer();
	mode_set_page(EDGE, false, true);
	in_mode(m, "ins", &r, code, n);
	mode_set_page(EDGE, true, true);
	ok = r.vector == VECTOR_PF && r.cr2 == EDGE && r.error == 2
		&& r.rip == at && r.gpr[RCX] == 13 && r.gpr[RDI] == EDGE
		&& ones_only(EDGE - 6, EDGE);
	verdict(ok, m, "ins-absent", &r);

	fill_buffer();
	mode_set_page(EDGE, true, false);
	r = (struct mode_run){ .gpr = { [RCX] = 16, [RDI] = EDGE - 5 } };
	in_mode(m, "ins", &r, code, n);
	mode_set_page(EDGE, true, true);
	ok = r.vector == VECTOR_PF && r.cr2 == EDGE && r.error == 3
		&& r.rip == at && r.gpr[RCX] == 14 && r.gpr[RDI] == EDGE - 1
		&& ones_only(EDGE - 5, EDGE - 1);
	verdict(ok, m, "ins-readonly-straddle", &r);

	n = encode(m, code, false, true, 0x6e, 4);
	mode_set_page(EDGE, false, true);
	r = (struct mode_run){ .gpr = { [RCX] = 16, [RSI] = EDGE - 10 } };
	in_mode(m, "outs", &r, code, n);
	mode_set_page(EDGE, true, true);
	ok = r.vector == VECTOR_PF && r.cr2 == EDGE && r.error == 0
		&& r.rip == at && r.gpr[RCX] == 14 && r.gpr[RSI] == EDGE - 2;
	verdict(ok, m, "outs-absent", &r);
}

/* Segment bases: DS for OUTS or an override's, ES for INS whatever it is. */
static void test_segments(enum mode m)
{
	static const uint8_t override[] = { 0x64, 0xf3, 0x6c };
	static const uint8_t outs_fs[] = { 0x64, 0xf3, 0x6e };
	struct mode_run r = {
		.data_base = 0x2000, .fs_base = 0x3000,
		.gpr = { [RCX] = 3, [RDI] = BUFFER + 0x20 - 0x2000 }
	};
	char *text = (char *)(uint64_t)BUFFER;
	bool ok;

	fill_buffer();
	ok = in_mode(m, "ins fs", &r, override, sizeof(override))
		&& ones_only(BUFFER + 0x20, BUFFER + 0x23);
	verdict(ok, m, "ins-es", &r);

	memcpy(text + 0x40, "outs fs text\n", 13);
	r = (struct mode_run){
		.data_base = 0x2000, .fs_base = 0x3000, .mode = m,
		.code = CODE,
		.gpr = { [RCX] = 13, [RSI] = BUFFER + 0x40 - 0x3000,
			[RDX] = PORT_CONSOLE }
	};
	memset((void *)(uint64_t)CODE, 0xcc, 64);
	memcpy((void *)(uint64_t)CODE, outs_fs, sizeof(outs_fs));
	mode_run(&r);
	verdict(r.vector == VECTOR_BP && r.gpr[RCX] == 0, m, "outs-fs", &r);
}

/* The limit stops it in the middle: #GP(0) at the element beyond. */
static void test_limit(enum mode m)
{
	static const uint8_t ins[] = { 0xf3, 0x6c };
	static const uint8_t outs[] = { 0xf3, 0x6e };
	struct mode_run r = {
		.data_limit = BUFFER + 0x1f,
		.gpr = { [RCX] = 16, [RDI] = BUFFER + 0x18 }
	};
	bool ok;

	fill_buffer();
	in_mode(m, "ins", &r, ins, sizeof(ins));
	ok = r.vector == VECTOR_GP && r.error == 0 && r.rip == CODE
		&& r.gpr[RCX] == 8 && r.gpr[RDI] == BUFFER + 0x20
		&& ones_only(BUFFER + 0x18, BUFFER + 0x20);
	verdict(ok, m, "ins-limit", &r);
	r = (struct mode_run){
		.data_limit = BUFFER + 0x1f,
		.gpr = { [RCX] = 16, [RSI] = BUFFER + 0x18 }
	};
	in_mode(m, "outs", &r, outs, sizeof(outs));
	ok = r.vector == VECTOR_GP && r.error == 0 && r.rip == CODE
		&& r.gpr[RCX] == 8 && r.gpr[RSI] == BUFFER + 0x20;
	verdict(ok, m, "outs-limit", &r);
}

/* 16-bit addresses wrap at 64 KiB and leave the upper halves alone. */
static void test_wrap(enum mode m)
{
	uint8_t code[4];
	unsigned n = 0;
	struct mode_run r = {
		.gpr = { [RCX] = 0x77770004, [RSI] = 0x7777fffe }
	};
	bool ok;

	if (!mode_is_16(m)) {
		code[n++] = 0x67;
	}
	code[n++] = 0xf3;
	code[n++] = 0x6e;
	ok = in_mode(m, "outs", &r, code, n);
	verdict(ok && r.gpr[RSI] == 0x77770002 && r.gpr[RCX] == 0x77770000,
		m, "wrap16", &r);
}

/* 64-bit: address size 32 clears the upper half of what it changes. */
static void test_address32(void)
{
	static const uint8_t code[] = { 0x67, 0xf3, 0x6c };
	struct mode_run r = {
		.gpr = { [RCX] = 0x5500000003ull,
			[RDI] = 0x6600000000ull + BUFFER + 8 }
	};
	bool ok;

	fill_buffer();
	ok = in_mode(MODE_LONG64, "ins", &r, code, sizeof(code))
		&& r.gpr[RCX] == 0 && r.gpr[RDI] == BUFFER + 11
		&& ones_only(BUFFER + 8, BUFFER + 11);
	verdict(ok, MODE_LONG64, "address32", &r);
}

/* 64-bit: an address that is not canonical is #GP, nothing is done. */
static void test_canonical(void)
{
	static const uint8_t ins[] = { 0xf3, 0x6c };
	static const uint8_t outs[] = { 0xf3, 0x6e };
	struct mode_run r = {
		.gpr = { [RCX] = 2, [RDI] = 0x0000800000000000ull }
	};
	bool ok;

	in_mode(MODE_LONG64, "ins", &r, ins, sizeof(ins));
	ok = r.vector == VECTOR_GP && r.gpr[RCX] == 2;
	verdict(ok, MODE_LONG64, "ins-canonical", &r);
	r = (struct mode_run){
		.gpr = { [RCX] = 2, [RSI] = 0x8000000000000000ull }
	};
	in_mode(MODE_LONG64, "outs", &r, outs, sizeof(outs));
	ok = r.vector == VECTOR_GP && r.gpr[RCX] == 2;
	verdict(ok, MODE_LONG64, "outs-canonical", &r);
}

void test_strings(void)
{
	for (enum mode m = 0; m < MODE_COUNT; m++) {
		test_plain(m);
		test_zero(m);
		test_text(m);
		if (mode_has_paging(m)) {
			test_fault(m);
		}
		if (m != MODE_LONG64) {
			test_segments(m);
			test_wrap(m);
		}
		/* TCG alone has no segment limits: the hypervisor must. */
		if (m != MODE_LONG64 && m != MODE_REAL && hv_present()) {
			test_limit(m);
		}
	}
	test_address32();
	test_canonical();
}
