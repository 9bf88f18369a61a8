/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/io.c hv/guest/io_string.c hv/guest/operand.c hv/vcpu/fetch.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/insn.c tests/unit/emulate_guest.c tests/unit/fake_vcpu.c */
/*
 * INS and OUTS: modes, segments, address sizes, directions, wraps; faults in
 * the middle, after which the guest must be between two elements and the port
 * must not have been touched for the one that faulted.
 */
#include "emulate_guest.h"

#define RCX (vp.vcpu.gpr[GPR_RCX])
#define RSI (vp.vcpu.gpr[GPR_RSI])
#define RDI (vp.vcpu.gpr[GPR_RDI])
#define BATCH 16

static void set_port(enum port_action action)
{
	ports[0] = (struct port_config){ 0x100, 0x107, 0x200,
					 (uint8_t)action, 0 };
	partition_configs_writable.port_count = 1;
}

/* Puts the instruction there and makes its exit, as the processor would. */
static enum outcome run(const char *code, unsigned count, uint8_t size,
			bool in, bool rep)
{
	put_code(code, count);
	exit_now = (struct vcpu_exit){
		.kind = EXIT_IO, .length = count,
		.io = { .port = 0x100, .size = size,
			.flags = (uint8_t)(EXIT_IO_STRING |
					   (in ? EXIT_IO_IN : 0) |
					   (rep ? EXIT_IO_REP : 0)) }
	};
	return io_handle(&vp, &exit_now);
}

static void assert_out(unsigned n, uint8_t size, uint32_t value)
{
	assert_true(n < port_count);
	assert_int_equal(port_traces[n].port, 0x200);
	assert_int_equal(port_traces[n].size, size);
	assert_true(port_traces[n].out);
	assert_int_equal(port_traces[n].value, value);
}

static void assert_exception(uint8_t vector, bool has_error, uint32_t error)
{
	assert_true(vp.vcpu.event.valid);
	assert_int_equal(vp.vcpu.event.type, EVENT_EXCEPTION);
	assert_int_equal(vp.vcpu.event.vector, vector);
	assert_int_equal(vp.vcpu.event.has_error, has_error);
	if (has_error) {
		assert_int_equal(vp.vcpu.event.error, error);
	}
}

static void test_out_real(void **state)
{
	(void)state;
	start_real();
	set_port(PORT_REMAP);
	set_segment(SEGMENT_DS, 0x2000, 0xffff, 0x93);
	set_segment(SEGMENT_ES, 0x4000, 0xffff, 0x93);
	memcpy(ram + 0x2010, "\x11\x22\x33\x44\x55", 5);
	memcpy(ram + 0x4010, "\xaa\xbb", 2);
	RSI = 0x7700000010;
	RCX = 0x12345;
	assert_int_equal(run("\x6e", 1, 1, false, false), OUTCOME_NEXT);
	assert_out(0, 1, 0x11);
	assert_int_equal(RSI, 0x7700000011);
	assert_int_equal(RCX, 0x12345);
	assert_int_equal(run("\x6f", 1, 2, false, false), OUTCOME_NEXT);
	assert_out(1, 2, 0x3322);
	assert_int_equal(RSI, 0x7700000013);
	RSI = 0x10;
	assert_int_equal(run("\x26\x6f", 2, 2, false, false), OUTCOME_NEXT);
	assert_out(2, 2, 0xbbaa);
	/* with 66 and 67: a double word, from ESI */
	RSI = 0x10;
	assert_int_equal(run("\x66\x67\x6f", 3, 4, false, false),
			 OUTCOME_NEXT);
	assert_out(3, 4, 0x44332211);
	assert_int_equal(fail_count, 0);
	assert_int_equal(vp.vcpu.rip, 0x100);
}

static void test_in_real(void **state)
{
	(void)state;
	start_real();
	set_port(PORT_REMAP);
	/* INS takes ES, whatever the prefix says */
	set_segment(SEGMENT_DS, 0x2000, 0xffff, 0x93);
	set_segment(SEGMENT_ES, 0x4000, 0xffff, 0x93);
	RDI = 0x20;
	RSI = 0x30;
	assert_int_equal(run("\x3e\x6d", 2, 2, true, false), OUTCOME_NEXT);
	assert_int_equal(ram[0x4020], 0xd4);
	assert_int_equal(ram[0x4021], 0xc3);
	assert_int_equal(ram[0x4022], 0);
	assert_int_equal(RDI, 0x22);
	assert_int_equal(RSI, 0x30);
	vp.vcpu.rflags |= RFLAGS_DF;
	assert_int_equal(run("\x6c", 1, 1, true, false), OUTCOME_NEXT);
	assert_int_equal(ram[0x4022], 0xd5);
	assert_int_equal(RDI, 0x21);
}

/* SI, DI and CX wrap at the address size; the rest of them stays. */
static void test_wraps(void **state)
{
	(void)state;
	start_real();
	set_port(PORT_REMAP);
	set_segment(SEGMENT_DS, 0, 0xffff, 0x93);
	RSI = 0xabcdffff;
	RCX = 0xffff0002;
	ram[0xffff] = 0x77;
	ram[0] = 0x88;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_out(0, 1, 0x77);
	assert_out(1, 1, 0x88);
	assert_int_equal(RSI, 0xabcd0001);
	assert_int_equal(RCX, 0xffff0000);
	/* down through zero */
	vp.vcpu.rflags |= RFLAGS_DF;
	RSI = 0x55550000;
	RCX = 1;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_int_equal(RSI, 0x5555ffff);
	vp.vcpu.rflags &= ~RFLAGS_DF;
	/* 32 bits in 64-bit mode: upper halves become zero */
	start_long(0);
	RSI = 0xffffffff00003000;
	RCX = 0xffffffff00000001;
	assert_int_equal(run("\xf3\x67\x6e", 3, 1, false, true),
			 OUTCOME_NEXT);
	assert_int_equal(RSI, 0x3001);
	assert_int_equal(RCX, 0);
	/* 64 bits: CX of 2^32 is not zero */
	RSI = 0x3000;
	RCX = 0x100000000;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_SAME);
	assert_int_equal(RCX, 0x100000000 - BATCH);
}

static void test_repeat(void **state)
{
	(void)state;
	start_long(0);
	set_port(PORT_REMAP);
	for (unsigned i = 0; i < 64; i++) {
		ram[0x3000 + i] = (uint8_t)(i + 1);
	}
	RSI = 0x3000;
	RCX = BATCH + 3;
	fake_of(&vp.vcpu)->shadow = true;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_SAME);
	assert_int_equal(port_count, BATCH);
	assert_int_equal(RCX, 3);
	assert_int_equal(RSI, 0x3000 + BATCH);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
	/* an element was done: no shadow any more, no breakpoint twice */
	assert_false(fake_of(&vp.vcpu)->shadow);
	assert_true(vp.vcpu.rflags & RFLAGS_RF);
	assert_false(vp.vcpu.event.valid);
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_int_equal(port_count, BATCH + 3);
	for (unsigned i = 0; i < BATCH + 3; i++) {
		assert_out(i, 1, i + 1);
	}
	assert_int_equal(RCX, 0);
	/* nothing to do */
	port_count = 0;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_int_equal(port_count, 0);
	assert_int_equal(RSI, 0x3000 + BATCH + 3);
	/* REPNE is REP here */
	RCX = 2;
	assert_int_equal(run("\xf2\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_int_equal(port_count, 2);
}

/* With TF there is a trap after each element. */
static void test_single_step(void **state)
{
	(void)state;
	start_long(0);
	set_port(PORT_REMAP);
	RSI = 0x3000;
	RCX = 2;
	vp.vcpu.rflags |= RFLAGS_TF;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_SAME);
	assert_int_equal(port_count, 1);
	assert_int_equal(RCX, 1);
	assert_exception(VECTOR_DB, false, 0);
	vp.vcpu.event.valid = false;
	/* the last: the trap is the loop's to raise */
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_false(vp.vcpu.event.valid);
}

static void test_out_page_fault(void **state)
{
	(void)state;
	start_long(3);
	set_port(PORT_REMAP);
	*page_entry(0x4000) &= ~1ull;
	RSI = 0x4000 - 6;
	RCX = 4;
	assert_int_equal(run("\xf3\x66\x6f", 3, 2, false, true),
			 OUTCOME_INJECT);
	assert_int_equal(port_count, 3);
	assert_int_equal(RCX, 1);
	assert_int_equal(RSI, 0x4000);
	assert_exception(VECTOR_PF, true, 4);
	assert_int_equal(vp.vcpu.cr2, 0x4000);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
	/* the second half of an element */
	vp.vcpu.event.valid = false;
	RSI = 0x4000 - 1;
	RCX = 1;
	assert_int_equal(run("\xf3\x66\x6f", 3, 2, false, true),
			 OUTCOME_INJECT);
	assert_int_equal(port_count, 3);
	assert_int_equal(RCX, 1);
	assert_int_equal(vp.vcpu.cr2, 0x4000);
	/* repaired, it goes on */
	vp.vcpu.event.valid = false;
	*page_entry(0x4000) |= 1;
	assert_int_equal(run("\xf3\x66\x6f", 3, 2, false, true),
			 OUTCOME_NEXT);
	assert_int_equal(port_count, 4);
}

/* The device is not read for an element that cannot be stored. */
static void test_in_page_fault(void **state)
{
	(void)state;
	start_pae(3);
	set_port(PORT_REMAP);
	*page_entry(0x4000) &= ~2ull;
	RDI = 0x4000 - 2;
	RCX = 9;
	assert_int_equal(run("\xf3\x6c", 2, 1, true, true), OUTCOME_INJECT);
	assert_int_equal(port_count, 2);
	assert_int_equal(RCX, 7);
	assert_int_equal(RDI, 0x4000);
	assert_exception(VECTOR_PF, true, 7);
	assert_int_equal(vp.vcpu.cr2, 0x4000);
	vp.vcpu.event.valid = false;
	RDI = 0x4000 - 2;
	assert_int_equal(run("\x6d", 1, 4, true, false), OUTCOME_INJECT);
	assert_int_equal(port_count, 2);
	assert_int_equal(ram[0x3ffe], 0xd4);	/* from the first two */
	assert_int_equal(RDI, 0x4000 - 2);
}

static void test_segment_faults(void **state)
{
	(void)state;
	start_protected();
	set_port(PORT_REMAP);
	set_segment(SEGMENT_DS, 0, 0xfff, 0x4093);
	set_segment(SEGMENT_SS, 0, 0xfff, 0x4093);
	set_segment(SEGMENT_ES, 0, 0xffffffff, 0xc091);
	RSI = 0xfff;
	assert_int_equal(run("\x66\x6f", 2, 2, false, false),
			 OUTCOME_INJECT);
	assert_exception(VECTOR_GP, true, 0);
	vp.vcpu.event.valid = false;
	assert_int_equal(run("\x36\x66\x6f", 3, 2, false, false),
			 OUTCOME_INJECT);
	assert_exception(VECTOR_SS, true, 0);
	vp.vcpu.event.valid = false;
	/* ES may be read, not written */
	RSI = RDI = 0x3000;
	assert_int_equal(run("\x6d", 1, 4, true, false), OUTCOME_INJECT);
	assert_exception(VECTOR_GP, true, 0);
	assert_int_equal(port_count, 0);
	vp.vcpu.event.valid = false;
	assert_int_equal(run("\x26\x6f", 2, 4, false, false), OUTCOME_NEXT);
	/* real mode: no error code */
	start_real();
	set_segment(SEGMENT_DS, 0, 0xffff, 0x93);
	RSI = 0xffff;
	assert_int_equal(run("\x6f", 1, 2, false, false), OUTCOME_INJECT);
	assert_exception(VECTOR_GP, false, 0);
	vp.vcpu.event.valid = false;
	/* 64-bit: not canonical */
	start_long(0);
	RSI = 1ull << 47;
	assert_int_equal(run("\x6e", 1, 1, false, false), OUTCOME_INJECT);
	assert_exception(VECTOR_GP, true, 0);
}

static void test_alignment(void **state)
{
	(void)state;
	start_long(3);
	set_port(PORT_REMAP);
	fake_of(&vp.vcpu)->cr0 |= CR0_AM;
	vp.vcpu.rflags |= RFLAGS_AC;
	RSI = 0x3002;
	assert_int_equal(run("\x6f", 1, 4, false, false), OUTCOME_INJECT);
	assert_exception(VECTOR_AC, true, 0);
	vp.vcpu.event.valid = false;
	assert_int_equal(run("\x66\x6f", 2, 2, false, false), OUTCOME_NEXT);
	RSI = 0x3002;
	fake_of(&vp.vcpu)->cr0 &= ~CR0_AM;
	assert_int_equal(run("\x6f", 1, 4, false, false), OUTCOME_NEXT);
}

/* Memory that is mapped by the guest's tables and is no RAM. */
static void test_no_ram(void **state)
{
	static const uint32_t strange[] = { MMIO_PAGE, READ_ONLY_PAGE,
		OVERLAY_PAGE, 0x100000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(strange); i++) {
		start_long(0);
		set_port(PORT_REMAP);
		fail_count = 0;
		RDI = strange[i] + 0x10;
		assert_int_equal(run("\x6d", 1, 4, true, false),
				 OUTCOME_STOP);
		assert_int_equal(fail_count, 1);
		/* the second half of it */
		RDI = strange[i] - 1;
		assert_int_equal(run("\x6d", 1, 4, true, false),
				 OUTCOME_STOP);
		assert_int_equal(port_count, 0);
	}
	RSI = MMIO_PAGE;
	assert_int_equal(run("\x6f", 1, 4, false, false), OUTCOME_STOP);
	assert_int_equal(port_count, 0);
	/* reading what cannot be written is no matter */
	RSI = OVERLAY_PAGE;
	assert_int_equal(run("\x6f", 1, 4, false, false), OUTCOME_NEXT);
}

/* Page tables where there is no RAM, or that never stand still. */
static void test_strange_tables(void **state)
{
	(void)state;
	start_long(0);
	set_port(PORT_REMAP);
	/* the second 2 MiB */
	memcpy(ram + 0x12008, "\x67\xd0\x01\0\0\0\0\0", 8);
	RSI = 0x200000;
	assert_int_equal(run("\x6e", 1, 1, false, false), OUTCOME_STOP);
	assert_int_equal(fail_count, 1);
	assert_int_equal(fail_info[0], 0x100);
	assert_int_equal(fail_info[1], 0x200000);
	*page_entry(0x5000) &= ~0x20ull;
	exchange_fails = true;
	RSI = 0x5000;
	assert_int_equal(run("\x6e", 1, 1, false, false), OUTCOME_SAME);
	assert_int_equal(RSI, 0x5000);
	assert_int_equal(fail_count, 1);
	assert_false(vp.vcpu.event.valid);
	exchange_fails = false;
	assert_int_equal(run("\x6e", 1, 1, false, false), OUTCOME_NEXT);
	assert_int_equal(port_count, 1);
}

/* Another VP changed the code: the guest tries again itself. */
static void test_other_code(void **state)
{
	static const struct {
		const char *code;
		unsigned count;
	} codes[] = { { "\x6c", 1 }, { "\x6f", 1 }, { "\xf3\x6e", 2 },
		{ "\x2e\x6e", 2 }, { "\x90", 1 }, { "\xee", 1 } };

	(void)state;
	start_long(0);
	set_port(PORT_REMAP);
	RSI = RDI = 0x3000;
	for (unsigned i = 0; i < ARRAY_COUNT(codes); i++) {
		put_code(codes[i].code, codes[i].count);
		exit_now = (struct vcpu_exit){
			.kind = EXIT_IO, .length = 1,
			.io = { .port = 0x100, .size = 1,
				.flags = EXIT_IO_STRING }
		};
		assert_int_equal(io_handle(&vp, &exit_now), OUTCOME_SAME);
	}
	*page_entry(CODE) = 0;
	put_code("\x6e", 1);
	assert_int_equal(io_handle(&vp, &exit_now), OUTCOME_SAME);
	assert_int_equal(port_count, 0);
	assert_int_equal(RSI, 0x3000);
	assert_int_equal(RDI, 0x3000);
	assert_false(vp.vcpu.event.valid);
	assert_int_equal(fail_count, 0);
}

/* The table's actions hold for strings too. */
static void test_actions(void **state)
{
	(void)state;
	start_long(0);
	set_port(PORT_DENY);
	RDI = 0x3000;
	RCX = 2;
	assert_int_equal(run("\xf3\x6d", 2, 4, true, true), OUTCOME_NEXT);
	assert_memory_equal(ram + 0x3000, "\xff\xff\xff\xff\xff\xff\xff\xff",
			    8);
	assert_int_equal(ram[0x3008], 0);
	assert_int_equal(vp.denied_count, 2);
	set_port(PORT_LOG);
	memcpy(ram + 0x3000, "hello", 5);
	RSI = 0x3000;
	RCX = 5;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_NEXT);
	assert_int_equal(log_count, 5);
	assert_memory_equal(log_text, "hello", 5);
	set_port(PORT_STRICT);
	RCX = 2;
	assert_int_equal(run("\xf3\x6e", 2, 1, false, true), OUTCOME_STOP);
	assert_int_equal(fail_count, 1);
	assert_int_equal(RCX, 2);
	RDI = 0x3000;
	assert_int_equal(run("\xf3\x6c", 2, 1, true, true), OUTCOME_STOP);
	assert_int_equal(ram[0x3000], 'h');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EMULATE_TEST(test_out_real),
		EMULATE_TEST(test_in_real),
		EMULATE_TEST(test_wraps),
		EMULATE_TEST(test_repeat),
		EMULATE_TEST(test_single_step),
		EMULATE_TEST(test_out_page_fault),
		EMULATE_TEST(test_in_page_fault),
		EMULATE_TEST(test_segment_faults),
		EMULATE_TEST(test_alignment),
		EMULATE_TEST(test_no_ram),
		EMULATE_TEST(test_strange_tables),
		EMULATE_TEST(test_other_code),
		EMULATE_TEST(test_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
