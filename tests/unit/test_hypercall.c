/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/hypercall.c hv/guest/hypercall_list.c hv/guest/hypercall_regs.c hv/guest/hypercall_vps.c hv/guest/start.c hv/guest/cr.c hv/guest/cpuid_synth.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c */
/* Hypercalls: who may call, control word, blocks, statuses, their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/hypercall.h"
#include "abi/msr.h"
#include "fake_tlfs.h"
#include "guest/guest.h"
#include "guest/hypercall.h"

#define SPIN HV_CALL_NOTIFY_LONG_SPIN_WAIT
#define QUERY HV_CALL_EXT_QUERY_CAPABILITIES
#define SPACE_END (1ull << FAKE_GPA_BITS)

static struct vp *vp;

static void enable(struct vp *of)
{
	partition_table[of->partition].synth.hypercall = 0x3001;
}

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	enable(vp);
	return 0;
}

/* A call from 64-bit code; only RAX may change. */
static uint64_t call_of(struct vp *of, uint64_t control, uint64_t input,
			uint64_t output)
{
	uint64_t before[GPR_COUNT];

	for (unsigned i = 0; i < GPR_COUNT; i++) {
		of->vcpu.gpr[i] = 0x1111111111111111ull * i;
	}
	of->vcpu.gpr[GPR_RCX] = control;
	of->vcpu.gpr[GPR_RDX] = input;
	of->vcpu.gpr[GPR_R8] = output;
	memcpy(before, of->vcpu.gpr, sizeof(before));
	assert_int_equal(hypercall_handle(of), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
	before[GPR_RAX] = of->vcpu.gpr[GPR_RAX];
	assert_memory_equal(before, of->vcpu.gpr, sizeof(before));
	return of->vcpu.gpr[GPR_RAX];
}

static uint64_t call(uint64_t control, uint64_t input, uint64_t output)
{
	return call_of(vp, control, input, output);
}

static bool is_undefined(struct vp *of)
{
	enum outcome outcome;

	of->vcpu.gpr[GPR_RCX] = SPIN;
	of->vcpu.gpr[GPR_RAX] = 0xabcdef;
	outcome = hypercall_handle(of);
	return fake_take_exception(of) == VECTOR_UD &&
	       outcome == OUTCOME_INJECT &&
	       of->vcpu.gpr[GPR_RAX] == 0xabcdef;
}

/* ---- who may call ------------------------------------------------------ */

static void test_callers(void **state)
{
	static const enum fake_mode modes[] = {
		FAKE_PROTECTED_16, FAKE_PROTECTED_32, FAKE_PAE,
		FAKE_COMPATIBILITY, FAKE_LONG,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(modes); i++) {
		fake_vcpu_set_mode(&vp->vcpu, modes[i], 0);
		assert_false(is_undefined(vp));
		for (uint8_t cpl = 1; cpl <= 3; cpl++) {
			fake_vcpu_set_mode(&vp->vcpu, modes[i], cpl);
			assert_true(is_undefined(vp));
		}
	}
	fake_vcpu_set_mode(&vp->vcpu, FAKE_REAL, 0);
	assert_true(is_undefined(vp));
	/* Virtual 8086 mode is CPL 3. */
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PROTECTED_32, 0);
	vp->vcpu.rflags |= 0x20000;
	assert_true(is_undefined(vp));
}

static void test_page_is_off(void **state)
{
	(void)state;
	assert_false(is_undefined(vp));
	partition_table[PARTITION_FULL].synth.hypercall = 0x3000;
	assert_true(is_undefined(vp));
	assert_true(is_undefined(&vp_table[3]));
}

/* ---- codes and privileges ---------------------------------------------- */

/* What each call answers to a control word without rep count, no flags. */
static uint64_t status_of_code(uint16_t code)
{
	switch (code) {
	case SPIN:
	case QUERY:
		return HV_STATUS_SUCCESS;
	case HV_CALL_POST_MESSAGE:
	case HV_CALL_SIGNAL_EVENT:
		return HV_STATUS_INVALID_CONNECTION_ID;
	case HV_CALL_FLUSH_SPACE:
	case HV_CALL_FLUSH_SPACE_EX:
		return HV_STATUS_SUCCESS;
	case HV_CALL_SEND_IPI:
	case HV_CALL_SEND_IPI_EX:
		return HV_STATUS_INVALID_PARAMETER;
	case HV_CALL_FLUSH_LIST:
	case HV_CALL_FLUSH_LIST_EX:
	case HV_CALL_GET_REGISTERS:
	case HV_CALL_SET_REGISTERS:
	case HV_CALL_VP_OF_APIC_ID:
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	case HV_CALL_START_VP:
		return HV_STATUS_INVALID_PARTITION_ID;
	}
	return HV_STATUS_INVALID_HYPERCALL_CODE;
}

static void test_codes(void **state)
{
	(void)state;
	fake_partition_configs[PARTITION_FULL].flags |=
		PARTITION_FLUSH_CALLS | PARTITION_IPI_CALLS;
	for (uint32_t code = 0; code < 0x10000; code++) {
		assert_int_equal(call(code, 0x1000, 0x2000),
				 status_of_code((uint16_t)code));
	}
	/* An unknown code is told before anything is looked at. */
	assert_int_equal(call(~0ull, ~0ull, ~0ull),
			 HV_STATUS_INVALID_HYPERCALL_CODE);
}

static void test_privilege(void **state)
{
	struct vp *none = &vp_table[2];

	(void)state;
	enable(none);
	assert_int_equal(call_of(none, SPIN | HV_CALL_FAST, 1, 0),
			 HV_STATUS_SUCCESS);
	assert_int_equal(call_of(none, QUERY, 0, 0x2000),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(call_of(none, HV_CALL_POST_MESSAGE, 0x1000, 0),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(call_of(none, HV_CALL_SIGNAL_EVENT | HV_CALL_FAST,
				 0x10, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(call_of(none, HV_CALL_START_VP, 0x1000, 0),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(call_of(none, HV_CALL_GET_REGISTERS, 0x1000, 0x2000),
			 HV_STATUS_ACCESS_DENIED);
	/* Before the control word and the addresses are judged. */
	assert_int_equal(call_of(none, QUERY | 1ull << 63, 0, 0x2001),
			 HV_STATUS_ACCESS_DENIED);
}

/* ---- control word ------------------------------------------------------ */

static void test_control_simple(void **state)
{
	(void)state;
	assert_int_equal(call(SPIN | HV_CALL_FAST, 5, 0), 0);
	for (unsigned bit = 17; bit < 64; bit++) {
		uint64_t control = SPIN | HV_CALL_FAST | 1ull << bit;

		assert_int_equal(call(control, 5, 0),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
		/* Before the address, too. */
		assert_int_equal(call(SPIN | 1ull << bit, 5, 0),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
	/* Fast output is not offered. */
	assert_int_equal(call(QUERY | HV_CALL_FAST, 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void test_control_rep(void **state)
{
	const struct hypercall_config rep = {
		.code = 1, .kind = HYPERCALL_REP, .input_size = 8
	};
	const struct hypercall_config large = {
		.code = 1, .kind = HYPERCALL_SIMPLE, .input_size = 120
	};
	const struct hypercall_config list = {
		.code = 1, .kind = HYPERCALL_REP, .input_size = 24,
		.element_in = 8
	};
	const struct hypercall_config answer = {
		.code = 1, .kind = HYPERCALL_REP, .input_size = 16,
		.element_out = 4
	};
	uint64_t count = 1ull << HV_CALL_REP_COUNT_SHIFT;
	uint64_t start = 1ull << HV_CALL_REP_START_SHIFT;

	(void)state;
	assert_int_equal(hypercall_check_control(&rep, 1 + count), 0);
	assert_int_equal(hypercall_check_control(&rep, 1 + 4095 * count +
						 4094 * start), 0);
	assert_int_equal(hypercall_check_control(&rep, 1),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall_check_control(&rep, 1 + count + start),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall_check_control(&rep, 1 + 2 * count +
						 3 * start),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* XMM registers hold what is beyond RDX and R8: 112 bytes. */
	assert_int_equal(hypercall_check_control(&rep, 1 + count +
						 HV_CALL_FAST), 0);
	assert_int_equal(hypercall_check_control(&list, 1 + 11 * count +
						 HV_CALL_FAST), 0);
	assert_int_equal(hypercall_check_control(&list, 1 + 12 * count +
						 HV_CALL_FAST),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall_check_control(&answer, 1 + count), 0);
	assert_int_equal(hypercall_check_control(&answer, 1 + count +
						 HV_CALL_FAST),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall_check_control(&large, 1), 0);
	assert_int_equal(hypercall_check_control(&large, 1 + HV_CALL_FAST),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void test_control_set(void **state)
{
	const struct hypercall_config list = {
		.code = 1, .kind = HYPERCALL_REP, .input_size = 24,
		.element_in = 8
	};
	const struct hypercall_config set = {
		.code = 1, .kind = HYPERCALL_VARIABLE, .input_size = 32
	};
	uint64_t count = 1ull << HV_CALL_REP_COUNT_SHIFT;

	(void)state;
	/* Banks: 64 at most; none where there is no set. */
	assert_int_equal(hypercall_check_control(&set, 1 + (64 << 17)), 0);
	assert_int_equal(hypercall_check_control(&set, 1 + (65 << 17)),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall_check_control(&set, 1 + (10 << 17) +
						 HV_CALL_FAST), 0);
	assert_int_equal(hypercall_check_control(&set, 1 + (11 << 17) +
						 HV_CALL_FAST),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall_check_control(&list, 1 + count +
						 (1 << 17)),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

/* ---- blocks ------------------------------------------------------------ */

static void test_input_block(void **state)
{
	(void)state;
	assert_int_equal(call(SPIN, 0x1000, 0), HV_STATUS_SUCCESS);
	assert_int_equal(call(SPIN, 0x1ff8, 0), HV_STATUS_SUCCESS);
	for (unsigned i = 1; i < 8; i++) {
		assert_int_equal(call(SPIN, 0x1000 + i, 0),
				 HV_STATUS_INVALID_ALIGNMENT);
	}
	assert_int_equal(call(SPIN, SPACE_END, 0),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(SPIN, ~7ull, 0), HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(SPIN, FAKE_NO_RAM, 0),
			 HV_STATUS_INVALID_PARAMETER);
	/* A call without output does not look at R8. */
	assert_int_equal(call(SPIN, 0x1000, ~0ull), HV_STATUS_SUCCESS);
	/* Fast: the registers are no addresses. */
	assert_int_equal(call(SPIN | HV_CALL_FAST, 3, 3), HV_STATUS_SUCCESS);
}

static void test_output_block(void **state)
{
	uint8_t *ram = fake_ram[PARTITION_FULL];

	(void)state;
	memset(ram, 0xaa, FAKE_RAM_SIZE);
	assert_int_equal(call(QUERY, ~0ull, 0x2008), HV_STATUS_SUCCESS);
	for (unsigned i = 0; i < 0x3000; i++) {
		bool inside = i >= 0x2008 && i < 0x2010;

		assert_int_equal(ram[i], inside ? 0 : 0xaa);
	}
	assert_int_equal(call(QUERY, 0, 0x2004), HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(QUERY, 0, SPACE_END),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(QUERY, 0, FAKE_NO_RAM),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(call(QUERY, 0, FAKE_READ_ONLY),
			 HV_STATUS_INVALID_PARAMETER);
}

/* Input and output must not overlap; blocks that are empty are nowhere. */
static void test_overlap(void **state)
{
	static const struct hypercall_config both = {
		.code = 1, .input_size = 32, .output_size = 16
	};
	static const struct hypercall_config in = {
		.code = 1, .input_size = 32
	};
	static const struct hypercall_config out = {
		.code = 1, .output_size = 16
	};

	(void)state;
	for (uint64_t at = 0x1f00; at < 0x2100; at += 8) {
		struct hypercall_input input = {
			.input = 0x2000, .output = at
		};
		bool apart = at + 16 <= 0x2000 || at >= 0x2020;
		/* Straddles a page */
		bool split = at == 0x1ff8;

		assert_int_equal(hypercall_check_blocks(0, &both, &input),
				 apart && !split ? HV_STATUS_SUCCESS :
				 HV_STATUS_INVALID_ALIGNMENT);
		assert_int_equal(hypercall_check_blocks(0, &in, &input), 0);
		assert_int_equal(hypercall_check_blocks(0, &out, &input),
				 split ? HV_STATUS_INVALID_ALIGNMENT :
				 HV_STATUS_SUCCESS);
	}
}

/* ---- 32-bit callers ---------------------------------------------------- */

/* EDX:EAX control, EBX:ECX input, EDI:ESI output; EDX:EAX result. */
static uint64_t call_narrow(uint64_t control, uint64_t input, uint64_t output)
{
	uint64_t *gpr = vp->vcpu.gpr;
	uint64_t junk = 0xdeadbeef00000000;

	gpr[GPR_RDX] = junk | control >> 32;
	gpr[GPR_RAX] = junk | (uint32_t)control;
	gpr[GPR_RBX] = junk | input >> 32;
	gpr[GPR_RCX] = junk | (uint32_t)input;
	gpr[GPR_RDI] = junk | output >> 32;
	gpr[GPR_RSI] = junk | (uint32_t)output;
	gpr[GPR_R8] = 3;
	assert_int_equal(hypercall_handle(vp), OUTCOME_NEXT);
	assert_int_equal((gpr[GPR_RAX] | gpr[GPR_RDX]) >> 32, 0);
	return gpr[GPR_RDX] << 32 | gpr[GPR_RAX];
}

static void test_narrow(void **state)
{
	static const enum fake_mode modes[] = {
		FAKE_PROTECTED_16, FAKE_PROTECTED_32, FAKE_PAE,
		FAKE_COMPATIBILITY,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(modes); i++) {
		uint64_t value = ~0ull;

		fake_vcpu_set_mode(&vp->vcpu, modes[i], 0);
		assert_int_equal(call_narrow(SPIN, 0x1000, 0), 0);
		assert_int_equal(call_narrow(SPIN, 0x1004, 0),
				 HV_STATUS_INVALID_ALIGNMENT);
		assert_int_equal(call_narrow(SPIN, SPACE_END | 0x1000, 0),
				 HV_STATUS_INVALID_ALIGNMENT);
		assert_int_equal(call_narrow(SPIN | 1ull << 60, 0x1000, 0),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
		memcpy(&fake_ram[PARTITION_FULL][0x2000], &value, 8);
		assert_int_equal(call_narrow(QUERY, 0, 0x2000), 0);
		memcpy(&value, &fake_ram[PARTITION_FULL][0x2000], 8);
		assert_int_equal(value, 0);
		assert_int_equal(call_narrow(QUERY, 0, SPACE_END | 0x2000),
				 HV_STATUS_INVALID_ALIGNMENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_callers, setup),
		cmocka_unit_test_setup(test_page_is_off, setup),
		cmocka_unit_test_setup(test_codes, setup),
		cmocka_unit_test_setup(test_privilege, setup),
		cmocka_unit_test_setup(test_control_simple, setup),
		cmocka_unit_test_setup(test_control_rep, setup),
		cmocka_unit_test_setup(test_control_set, setup),
		cmocka_unit_test_setup(test_input_block, setup),
		cmocka_unit_test_setup(test_output_block, setup),
		cmocka_unit_test_setup(test_overlap, setup),
		cmocka_unit_test_setup(test_narrow, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
