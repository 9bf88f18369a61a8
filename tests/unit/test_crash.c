/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c */
/* The crash MSRs: parameters, the report, its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "abi/msr.h"
#include "abi/tlfs.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "fake_tlfs.h"
#include "guest/apic.h"
#include "guest/guest.h"


#define SPACE_END (1ull << FAKE_GPA_BITS)

static struct vp *vp;		/* VP 0 of the partition with all rights */

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	return 0;
}

static uint64_t rdmsr_of(struct vp *of, uint32_t msr)
{
	uint64_t value;

	assert_int_equal(fake_rdmsr(of, msr, &value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
	return value;
}

static uint64_t rdmsr(uint32_t msr)
{
	return rdmsr_of(vp, msr);
}

static void wrmsr_of(struct vp *of, uint32_t msr, uint64_t value)
{
	assert_int_equal(fake_wrmsr(of, msr, value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	wrmsr_of(vp, msr, value);
}

static void test_crash_registers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		wrmsr(HV_MSR_CRASH_P0 + i, ~0ull - i);
	}
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(rdmsr(HV_MSR_CRASH_P0 + i), ~0ull - i);
	}
	assert_int_equal(rdmsr(HV_MSR_CRASH_CTL), 3ull << 62);
	wrmsr(HV_MSR_CRASH_CTL, 1ull << 62);	/* no notification */
	assert_int_equal(fake_end.fail_count, 0);
	assert_string_equal(fake_log, "");
}

static void test_crash_notify(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		wrmsr(HV_MSR_CRASH_P0 + i, 0x100 + i);
	}
	assert_int_equal(fake_wrmsr(vp, HV_MSR_CRASH_CTL, 1ull << 63),
			 OUTCOME_STOP);
	assert_int_equal(fake_end.fail_count, 1);
	assert_string_equal(fake_end.reason, "crash reported");
	assert_int_equal(fake_end.info[0], 0x100);
	assert_int_equal(fake_end.info[1], 0x101);
	assert_int_equal(fake_end.info[2], 0x102);
	assert_string_equal(fake_log,
			    "partition full: VP 0 reports a crash: 100 101 "
			    "102 103 104\n");
}

/* Executes the WRMSR until it is done; how often? */
static unsigned report(uint64_t at, uint64_t length)
{
	unsigned count = 0;
	enum outcome outcome;

	wrmsr(HV_MSR_CRASH_P3, at);
	wrmsr(HV_MSR_CRASH_P4, length);
	do {
		outcome = fake_wrmsr(vp, HV_MSR_CRASH_CTL, 3ull << 62);
		count++;
		assert_true(count < 1000);
	} while (outcome == OUTCOME_SAME);
	assert_int_equal(outcome, OUTCOME_STOP);
	assert_int_equal(fake_end.fail_count, 1);
	return count;
}

static void test_crash_text(void **state)
{
	static const char text[] =
		"line one\nline two has \x1b[31m, \x7f and \xff\tin it";
	const char *at;

	(void)state;
	memcpy(&fake_ram[PARTITION_FULL][0x1ff0], text, sizeof(text));
	assert_true(report(0x1ff0, sizeof(text)) > 1);
	at = strchr(fake_log, '\n') + 1;
	assert_string_equal(at, "line one\nline two has \\x1b[31m, \\x7f and "
			    "\\xff\tin it\\x00\n");
}

/* A text that ends its line gets no empty one; a part of a line gets an end. */
static void test_crash_text_end(void **state)
{
	(void)state;
	memcpy(&fake_ram[PARTITION_FULL][0x2000], "ab\n", 3);
	report(0x2000, 3);
	assert_string_equal(strchr(fake_log, '\n') + 1, "ab\n");
	setup(state);
	memset(fake_ram[PARTITION_FULL], 'x', FAKE_RAM_SIZE);
	report(FAKE_RAM_SIZE - 32, 64);
	assert_int_equal(fake_log[strlen(fake_log) - 1], '\n');
	assert_int_equal(fake_log[strlen(fake_log) - 2], '\n');
}

/* 4096 characters at most, a bounded piece of them at a time. */
static void test_crash_text_is_bounded(void **state)
{
	const char *at;
	unsigned count;

	(void)state;
	memset(fake_ram[PARTITION_FULL], 'x', FAKE_RAM_SIZE);
	count = report(0x1000, ~0ull);
	assert_true(count >= 4096 / 64);
	at = strchr(fake_log, '\n') + 1;
	assert_int_equal(strspn(at, "x"), 4096);
	assert_string_equal(at + 4096, "\n");
}

static void test_crash_text_elsewhere(void **state)
{
	static const uint64_t bad[] = {
		FAKE_NO_RAM, SPACE_END, SPACE_END | 0x1000, ~0ull, ~0ull - 31,
		1ull << 63,
	};

	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		setup(state);
		assert_int_equal(report(bad[i], 64), 1);
		assert_non_null(strstr(fake_log, "cannot be read"));
	}
	/* It ends where the RAM does. */
	setup(state);
	memset(fake_ram[PARTITION_FULL], 'x', FAKE_RAM_SIZE);
	report(FAKE_RAM_SIZE - 64, 4096);
	assert_non_null(strstr(fake_log, "xxxx"));
	assert_non_null(strstr(fake_log, "cannot be read"));
}

/* The parameters may change between two pieces: it still ends. */
static void test_crash_text_changes(void **state)
{
	(void)state;
	memset(fake_ram[PARTITION_FULL], 'x', FAKE_RAM_SIZE);
	wrmsr(HV_MSR_CRASH_P4, 4096);
	assert_int_equal(fake_wrmsr(vp, HV_MSR_CRASH_CTL, 3ull << 62),
			 OUTCOME_SAME);
	wrmsr_of(&vp_table[1], HV_MSR_CRASH_P4, 1);
	assert_int_equal(fake_wrmsr(vp, HV_MSR_CRASH_CTL, 3ull << 62),
			 OUTCOME_STOP);
	assert_int_equal(fake_end.fail_count, 1);
	assert_int_equal(strspn(strchr(fake_log, '\n') + 1, "x"), 32);
	assert_int_equal(fake_log[strlen(fake_log) - 1], '\n');
}

/* At the end of a slot nothing of it is done. */
static void test_crash_has_time(void **state)
{
	(void)state;
	fake_lp.long_end = fake_tsc;
	assert_int_equal(fake_wrmsr(vp, HV_MSR_CRASH_CTL, 3ull << 62),
			 OUTCOME_SAME);
	assert_int_equal(fake_end.fail_count, 0);
	assert_string_equal(fake_log, "");
	fake_lp.long_end = fake_tsc + 1;
	assert_int_equal(fake_wrmsr(vp, HV_MSR_CRASH_CTL, 3ull << 62),
			 OUTCOME_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_crash_registers, setup),
		cmocka_unit_test_setup(test_crash_notify, setup),
		cmocka_unit_test_setup(test_crash_text, setup),
		cmocka_unit_test_setup(test_crash_text_end, setup),
		cmocka_unit_test_setup(test_crash_text_is_bounded, setup),
		cmocka_unit_test_setup(test_crash_text_elsewhere, setup),
		cmocka_unit_test_setup(test_crash_text_changes, setup),
		cmocka_unit_test_setup(test_crash_has_time, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
