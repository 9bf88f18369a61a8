/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/io.c hv/guest/io_string.c hv/guest/operand.c hv/vcpu/fetch.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/insn.c tests/unit/emulate_guest.c tests/unit/fake_vcpu.c */
/* Port I/O but for strings: every action of the table, sizes, edges. */
#include "emulate_guest.h"

#define RAX (vp.vcpu.gpr[GPR_RAX])

static void add_row(uint16_t first, uint16_t last, enum port_action action,
		    uint16_t target)
{
	ports[partition_configs_writable.port_count++] =
		(struct port_config){ first, last, target, (uint8_t)action,
				      0 };
}

static enum outcome do_io(uint16_t port, uint8_t size, bool in)
{
	exit_now = (struct vcpu_exit){
		.kind = EXIT_IO, .length = 2,
		.io = { .port = port, .size = size,
			.flags = in ? EXIT_IO_IN : 0 }
	};
	return io_handle(&vp, &exit_now);
}

static void assert_in(uint16_t port, uint8_t size, uint64_t want)
{
	RAX = 0x1122334455667788;
	assert_int_equal(do_io(port, size, true), OUTCOME_NEXT);
	assert_int_equal(RAX, want);
}

static void test_deny(void **state)
{
	(void)state;
	/* no table, whatever lies there */
	ports[0] = (struct port_config){ 0, 0xffff, 0, PORT_PASS, 0 };
	assert_in(0x80, 1, 0x11223344556677ff);
	assert_in(0x80, 2, 0x112233445566ffff);
	assert_in(0x80, 4, 0x00000000ffffffff);
	assert_int_equal(vp.denied_count, 3);
	assert_int_equal(do_io(0x80, 4, false), OUTCOME_NEXT);
	assert_int_equal(vp.denied_count, 4);
	assert_int_equal(port_count, 0);
	assert_int_equal(fail_count, 0);
}

static void test_strict(void **state)
{
	(void)state;
	add_row(0x60, 0x64, PORT_STRICT, 0);
	RAX = 5;
	assert_int_equal(do_io(0x60, 1, true), OUTCOME_STOP);
	assert_int_equal(fail_count, 1);
	assert_int_equal(fail_info[0], 0x60);
	assert_int_equal(RAX, 5);
	assert_int_equal(do_io(0x64, 1, false), OUTCOME_STOP);
	assert_int_equal(fail_count, 2);
	partition_configs_writable.port_default = PORT_STRICT;
	assert_int_equal(do_io(0x70, 1, false), OUTCOME_STOP);
	assert_int_equal(fail_count, 3);
	assert_int_equal(port_count, 0);
}

static void assert_trace(unsigned n, uint16_t port, uint8_t size, bool out,
			 uint32_t value)
{
	assert_true(n < port_count);
	assert_int_equal(port_traces[n].port, port);
	assert_int_equal(port_traces[n].size, size);
	assert_int_equal(port_traces[n].out, out);
	assert_int_equal(port_traces[n].value, value);
}

static void test_physical(void **state)
{
	(void)state;
	add_row(0x3f8, 0x3ff, PORT_REMAP, 0x2f8);
	add_row(0x1000, 0x1007, PORT_PASS, 0x7777);
	assert_in(0x3f8, 1, 0x11223344556677d4);
	assert_in(0x3fa, 2, 0x112233445566c3d5);
	assert_in(0x3fc, 4, 0x00000000a1b2c3d6);
	assert_trace(0, 0x2f8, 1, false, 0xa1b2c3d4);
	assert_trace(1, 0x2fa, 2, false, 0xa1b2c3d5);
	assert_trace(2, 0x2fc, 4, false, 0xa1b2c3d6);
	RAX = 0x1122334455667788;
	assert_int_equal(do_io(0x3ff, 1, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0x1000, 2, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0x1004, 4, false), OUTCOME_NEXT);
	assert_trace(3, 0x2ff, 1, true, 0x88);
	assert_trace(4, 0x1000, 2, true, 0x7788);
	assert_trace(5, 0x1004, 4, true, 0x55667788);
	assert_int_equal(RAX, 0x1122334455667788);
	assert_int_equal(vp.denied_count, 0);
}

static void test_log(void **state)
{
	(void)state;
	add_row(0xe8, 0xeb, PORT_LOG, 0);
	RAX = 0x4241;
	assert_int_equal(do_io(0xe9, 1, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0xe9, 2, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0xe8, 4, false), OUTCOME_NEXT);
	assert_int_equal(log_count, 3);
	assert_memory_equal(log_text, "AAA", 3);
	assert_in(0xe9, 1, 0x11223344556677e9);
	assert_int_equal(port_count, 0);
}

static void test_reset_and_off(void **state)
{
	(void)state;
	add_row(0x600, 0x600, PORT_RESET, 0);
	add_row(0x604, 0x605, PORT_OFF, 0);
	RAX = 2;
	assert_int_equal(do_io(0x600, 1, false), OUTCOME_NEXT);
	RAX = 0x20;
	assert_int_equal(do_io(0x604, 2, false), OUTCOME_NEXT);
	RAX = 0x80;
	assert_int_equal(do_io(0x605, 1, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0x600, 1, true), OUTCOME_NEXT);
	assert_int_equal(do_io(0x604, 1, true), OUTCOME_NEXT);
	assert_int_equal(end_count, 0);
	RAX = 0xff01;
	assert_int_equal(do_io(0x600, 1, false), OUTCOME_STOP);
	assert_int_equal(end_count, 1);
	assert_int_equal(end_asked, END_RESET);
	RAX = 0x34;
	assert_int_equal(do_io(0x604, 1, false), OUTCOME_STOP);
	assert_int_equal(end_count, 2);
	assert_int_equal(end_asked, END_OFF);
	assert_int_equal(fail_count, 0);
}

/* A doubleword, and nothing else. */
static void test_launch(void **state)
{
	(void)state;
	add_row(0x610, 0x613, PORT_LAUNCH, 0);
	launch_waiting = 0x80000002;
	assert_in(0x610, 4, 0x80000002);
	assert_in(0x610, 2, 0x112233445566ffff);
	assert_in(0x613, 1, 0x11223344556677ff);
	RAX = 0x1122334455667788;
	assert_int_equal(do_io(0x610, 2, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0x610, 1, false), OUTCOME_NEXT);
	assert_int_equal(do_io(0x611, 4, false), OUTCOME_NEXT);
	assert_int_equal(launch_answer, 0);
	assert_int_equal(do_io(0x610, 4, false), OUTCOME_STOP);
	assert_int_equal(launch_answer, 0x55667788);
}

static void test_boot_ok(void **state)
{
	(void)state;
	add_row(0x606, 0x607, PORT_BOOT_OK, 0);
	assert_in(0x606, 1, 0x1122334455667700);
	RAX = 1;
	assert_int_equal(do_io(0x606, 2, false), OUTCOME_NEXT);
	RAX = 0x100;
	assert_int_equal(do_io(0x606, 1, false), OUTCOME_NEXT);
	RAX = 0xff;
	assert_int_equal(do_io(0x606, 1, false), OUTCOME_NEXT);
	assert_int_equal(report_count, 0);
	RAX = 0x201;
	assert_int_equal(do_io(0x606, 1, false), OUTCOME_NEXT);
	assert_int_equal(report_count, 1);
	/* The CMOS is not the guest's to touch. */
	assert_int_equal(port_count, 0);
	assert_int_equal(end_count, 0);
	assert_int_equal(fail_count, 0);
}

static void test_value(void **state)
{
	(void)state;
	add_row(0x70, 0x73, PORT_VALUE, 0x1234);
	assert_in(0x70, 1, 0x1122334455667734);
	assert_in(0x73, 1, 0x1122334455667734);
	assert_in(0x71, 2, 0x1122334455661234);
	assert_in(0x70, 4, 0x1234);
	assert_int_equal(do_io(0x70, 1, false), OUTCOME_NEXT);
	assert_int_equal(port_count, 0);
	assert_int_equal(fail_count, 0);
	assert_int_equal(vp.denied_count, 0);
}

static void test_fail_closed(void **state)
{
	(void)state;
	add_row(0x10, 0x10, PORT_INTERCEPT, 0);
	add_row(0x20, 0x20, (enum port_action)77, 0);
	assert_int_equal(do_io(0x10, 1, true), OUTCOME_STOP);
	assert_int_equal(do_io(0x10, 1, false), OUTCOME_STOP);
	assert_int_equal(do_io(0x20, 1, true), OUTCOME_STOP);
	assert_int_equal(do_io(0x20, 1, false), OUTCOME_STOP);
	assert_int_equal(fail_count, 4);
	assert_int_equal(port_count, 0);
}

/* Each port at each size, against a look at every row. */
static void test_every_port(void **state)
{
	static const uint8_t sizes[] = { 1, 2, 4 };

	(void)state;
	add_row(0x0000, 0x0000, PORT_PASS, 0);
	add_row(0x0010, 0x0013, PORT_PASS, 0);
	add_row(0x0014, 0x0017, PORT_PASS, 0);
	add_row(0x03f8, 0x03ff, PORT_REMAP, 0x2f8);
	add_row(0xcf8, 0xcf8, PORT_PASS, 0);
	add_row(0x8000, 0x8fff, PORT_PASS, 0);
	add_row(0xfffe, 0xffff, PORT_PASS, 0);
	for (uint32_t port = 0; port < 0x10000; port++) {
		for (unsigned s = 0; s < 3; s++) {
			bool granted = false;

			for (unsigned i = 0; i < 7; i++) {
				granted |= ports[i].first <= port &&
					   port + sizes[s] - 1 <=
					   ports[i].last;
			}
			port_count = 0;
			assert_int_equal(do_io((uint16_t)port, sizes[s],
					       false), OUTCOME_NEXT);
			assert_int_equal(port_count, granted);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EMULATE_TEST(test_deny),
		EMULATE_TEST(test_strict),
		EMULATE_TEST(test_physical),
		EMULATE_TEST(test_log),
		EMULATE_TEST(test_reset_and_off),
		EMULATE_TEST(test_launch),
		EMULATE_TEST(test_boot_ok),
		EMULATE_TEST(test_value),
		EMULATE_TEST(test_fail_closed),
		EMULATE_TEST(test_every_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
