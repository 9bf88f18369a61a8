/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/vcpu/svm/svm_run.c hv/vcpu/svm/svm_event.c hv/vcpu/svm/svm_exit.c hv/vcpu/svm/svm_regs.c hv/vcpu/vcpu.c hv/vcpu/vcpu_state.c tests/unit/no_vmx.c tests/unit/fake_panic.c */
/*
 * Exits as they are decoded, each with its length, and the step over an
 * instruction.
 */
#include "svm_machine.h"

static void find(enum insn_kind kind, uint8_t length)
{
	fetched = (struct insn){ .kind = kind, .length = length };
	fetch_result = HV_OK;
}

static void test_instructions(void **state)
{
	static const struct {
		uint64_t code;
		enum insn_kind insn;
		enum exit_kind kind;
	} cases[] = {
		{ SVM_EXIT_CPUID, INSN_CPUID, EXIT_CPUID },
		{ SVM_EXIT_HLT, INSN_HLT, EXIT_HALT },
		{ SVM_EXIT_VMMCALL, INSN_VMMCALL, EXIT_HYPERCALL },
		{ SVM_EXIT_WBINVD, INSN_WBINVD, EXIT_CACHE },
		{ SVM_EXIT_WBINVD, INSN_INVD, EXIT_CACHE },
		{ SVM_EXIT_INVD, INSN_INVD, EXIT_CACHE },
		{ SVM_EXIT_XSETBV, INSN_XSETBV, EXIT_XSETBV },
		{ SVM_EXIT_MSR, INSN_RDMSR, EXIT_MSR },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		find(cases[i].insn, 5);
		run_exit(cases[i].code);
		assert_int_equal(seen.kind, cases[i].kind);
		assert_int_equal(seen.length, 5);
		/* Another VP has put something else there: resume. */
		find(INSN_VMCALL, 3);
		run_exit(cases[i].code);
		assert_int_equal(seen.kind, EXIT_NONE);
		assert_int_equal(seen.length, 0);
		fetch_result = HV_ERR_FAULT;
		run_exit(cases[i].code);
		assert_int_equal(seen.kind, EXIT_NONE);
	}
}

/* Where the processor says the next RIP nothing is fetched. */
static void test_next_rip(void **state)
{
	(void)state;
	vcpu_features.next_rip = true;
	guest.next_rip = 0x100f;
	run_exit(SVM_EXIT_CPUID);
	assert_int_equal(seen.length, 15);
	assert_int_equal(fetches, 0);
	/* RIP has wrapped, or nothing was said */
	find(INSN_CPUID, 2);
	guest.next_rip = 0x1010;
	run_exit(SVM_EXIT_CPUID);
	assert_int_equal(seen.length, 2);
	guest.next_rip = 0x1000;
	run_exit(SVM_EXIT_CPUID);
	assert_int_equal(seen.length, 2);
	guest.next_rip = 0;
	run_exit(SVM_EXIT_CPUID);
	assert_int_equal(seen.length, 2);
	assert_int_equal(fetches, 3);
}

static void test_without_length(void **state)
{
	static const struct {
		uint64_t code;
		enum exit_kind kind;
	} cases[] = {
		{ SVM_EXIT_RDPMC, EXIT_PRIVILEGED },
		{ SVM_EXIT_SHUTDOWN, EXIT_TRIPLE_FAULT },
		{ SVM_EXIT_NMI, EXIT_NMI },
		{ SVM_EXIT_INIT, EXIT_INIT },
		{ SVM_EXIT_INVLPGA, EXIT_UNDEFINED },
		{ SVM_EXIT_VMRUN, EXIT_UNDEFINED },
		{ 0x82, EXIT_UNDEFINED }, { 0x83, EXIT_UNDEFINED },
		{ 0x84, EXIT_UNDEFINED }, { 0x85, EXIT_UNDEFINED },
		{ SVM_EXIT_SKINIT, EXIT_UNDEFINED },
		{ SVM_EXIT_RDPRU, EXIT_UNDEFINED },
		{ SVM_EXIT_MONITOR, EXIT_UNDEFINED },
		{ SVM_EXIT_MWAIT, EXIT_UNDEFINED },
		{ SVM_EXIT_MWAIT_ARMED, EXIT_UNDEFINED },
		{ SVM_EXIT_EXCEPTION0 + VECTOR_MC, EXIT_MACHINE_CHECK },
		{ 0xffffffff, EXIT_INVALID_STATE },
		{ 0xffffffffffffffff, EXIT_INVALID_STATE },
		{ 0x87, EXIT_UNKNOWN }, { 0x6e, EXIT_UNKNOWN },
		{ 0x401, EXIT_UNKNOWN }, { 0x12345, EXIT_UNKNOWN },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		run_exit(cases[i].code);
		assert_int_equal(seen.kind, cases[i].kind);
		assert_int_equal(seen.length, 0);
		if (seen.kind == EXIT_UNKNOWN) {
			assert_int_equal(seen.info, cases[i].code);
		}
	}
}

static void test_exceptions(void **state)
{
	(void)state;
	run_exit(SVM_EXIT_EXCEPTION0 + VECTOR_DB);
	assert_int_equal(seen.kind, EXIT_EXCEPTION);
	assert_int_equal(seen.exception.vector, VECTOR_DB);
	assert_false(seen.exception.has_error);
	guest.info1 = 0x11;
	run_exit(SVM_EXIT_EXCEPTION0 + VECTOR_AC);
	assert_int_equal(seen.exception.vector, VECTOR_AC);
	assert_true(seen.exception.has_error);
	assert_int_equal(seen.exception.error, 0x11);
	/* x87 with CR0.NE off */
	run_exit(SVM_EXIT_FERR);
	assert_int_equal(seen.kind, EXIT_EXCEPTION);
	assert_int_equal(seen.exception.vector, VECTOR_MF);
	assert_false(seen.exception.has_error);
}

static void test_io(void **state)
{
	(void)state;
	guest.info1 = 0x3f8ull << 16 | 1 << 4 | SVM_IO_IN;
	guest.info2 = 0x1002;
	run_exit(SVM_EXIT_IOIO);
	assert_int_equal(seen.kind, EXIT_IO);
	assert_int_equal(seen.io.port, 0x3f8);
	assert_int_equal(seen.io.size, 1);
	assert_int_equal(seen.io.flags, EXIT_IO_IN);
	assert_int_equal(seen.length, 2);
	guest.info1 = 0xffffull << 16 | 4 << 4 | SVM_IO_STRING | SVM_IO_REP;
	run_exit(SVM_EXIT_IOIO);
	assert_int_equal(seen.io.port, 0xffff);
	assert_int_equal(seen.io.size, 4);
	assert_int_equal(seen.io.flags, EXIT_IO_STRING | EXIT_IO_REP);
	/* 16-bit code at the end of its segment */
	guest.rip = 0xffff;
	guest.info2 = 0x0001;
	run_exit(SVM_EXIT_IOIO);
	assert_int_equal(seen.length, 2);
}

static void test_msr(void **state)
{
	(void)state;
	vcpu->gpr[GPR_RCX] = 0xffffffffc0000080;
	find(INSN_WRMSR, 2);
	guest.info1 = 1;
	run_exit(SVM_EXIT_MSR);
	assert_int_equal(seen.msr.index, 0xc0000080);
	assert_true(seen.msr.write);
	guest.info1 = 0;
	run_exit(SVM_EXIT_MSR);
	assert_int_equal(seen.kind, EXIT_NONE);
	find(INSN_RDMSR, 2);
	run_exit(SVM_EXIT_MSR);
	assert_false(seen.msr.write);
}

static void test_memory(void **state)
{
	(void)state;
	guest.info2 = 0xfee00080;
	guest.info1 = 1ull << 32 | 6;
	run_exit(SVM_EXIT_NPF);
	assert_int_equal(seen.kind, EXIT_MEMORY);
	assert_int_equal(seen.memory.gpa.v, 0xfee00080);
	assert_int_equal(seen.memory.access, ACCESS_WRITE);
	assert_false(seen.memory.walk);
	guest.info1 = SVM_NPF_WALK | 0x15;
	run_exit(SVM_EXIT_NPF);
	assert_int_equal(seen.memory.access, ACCESS_EXECUTE);
	assert_true(seen.memory.walk);
}

static void test_cr4(void **state)
{
	(void)state;
	vcpu->gpr[GPR_RSI] = 0xabcdef0000000020;
	find(INSN_MOV_TO_CR, 3);
	fetched.reg = 4;
	fetched.base = GPR_RSI;
	run_exit(SVM_EXIT_CR4_WRITE);
	assert_int_equal(seen.kind, EXIT_CR);
	assert_int_equal(seen.cr.value, 0xabcdef0000000020);
	/* 32-bit code does not move what 64-bit code has left */
	set_code(CODE_32, EFER_LMA | EFER_LME);
	run_exit(SVM_EXIT_CR4_WRITE);
	assert_int_equal(seen.cr.value, 0x20);
	/* not what made the exit */
	fetched.reg = 3;
	run_exit(SVM_EXIT_CR4_WRITE);
	assert_int_equal(seen.kind, EXIT_NONE);
}

/* A HLT that an interrupt came before, in the shadow of STI. */
static void test_halt_in_the_shadow(void **state)
{
	(void)state;
	find(INSN_HLT, 1);
	guest.shadow = 1;
	run_exit(SVM_EXIT_INTR);
	assert_int_equal(seen.kind, EXIT_HALT);
	assert_int_equal(seen.length, 1);
	/* for the kernel only */
	vmcb->cpl = 3;
	run_exit(SVM_EXIT_INTR);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	assert_int_equal(seen.length, 0);
	vmcb->cpl = 0;
	find(INSN_CPUID, 2);
	run_exit(SVM_EXIT_INTR);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
	guest.shadow = 0;
	find(INSN_HLT, 1);
	run_exit(SVM_EXIT_INTR);
	assert_int_equal(seen.kind, EXIT_INTERRUPT);
}

/* ---- the step ---------------------------------------------------------- */

static uint64_t step(uint64_t rip, uint32_t length)
{
	vcpu->rip = rip;
	vcpu_advance(vcpu, length);
	return vcpu->rip;
}

static void test_step(void **state)
{
	(void)state;
	assert_int_equal(step(0x1000, 2), 0x1002);
	assert_int_equal(step(0xffff, 2), 0x10001);
	assert_int_equal(step(0xffffffff, 2), 0x100000001);
	assert_int_equal(step(0xffffffffffffffff, 2), 1);
	set_code(CODE_32, EFER_LMA | EFER_LME);
	assert_int_equal(step(0xffff, 2), 0x10001);
	assert_int_equal(step(0xffffffff, 2), 1);
	set_code(CODE_16, 0);
	assert_int_equal(step(0xfffe, 1), 0xffff);
	assert_int_equal(step(0xffff, 2), 1);
	/* the bit means nothing without long mode */
	set_code(CODE_64, 0);
	assert_int_equal(step(0xffff, 2), 1);
}

static void test_step_ends_the_shadow(void **state)
{
	(void)state;
	vmcb->shadow = 1;
	vcpu->rflags |= RFLAGS_RF;
	step(0x1000, 2);
	assert_int_equal(vmcb->shadow, 0);
	assert_int_equal(vcpu->rflags & RFLAGS_RF, 0);
	assert_false(vcpu->event.valid);
}

static void test_single_step(void **state)
{
	(void)state;
	vcpu->rflags |= RFLAGS_TF;
	step(0x1000, 2);
	assert_true(vcpu->event.valid);
	assert_int_equal(vcpu->event.vector, VECTOR_DB);
	assert_int_equal(vcpu->event.type, EVENT_EXCEPTION);
	assert_false(vcpu->event.has_error);
	assert_int_equal(vmcb->dr6 & 1 << 14, 1 << 14);
}

/* APM2 8.2.9: two that make a double fault, and two that do not. */
static void test_second_exception(void **state)
{
	static const struct { uint8_t first, second, both; } cases[] = {
		{ VECTOR_GP, VECTOR_GP, VECTOR_DF },
		{ VECTOR_NP, VECTOR_SS, VECTOR_DF },
		{ 0, VECTOR_TS, VECTOR_DF },
		{ VECTOR_GP, VECTOR_PF, VECTOR_PF },
		{ VECTOR_PF, VECTOR_PF, VECTOR_DF },
		{ VECTOR_PF, VECTOR_GP, VECTOR_DF },
		{ VECTOR_PF, VECTOR_DB, VECTOR_DB },
		{ VECTOR_UD, VECTOR_GP, VECTOR_GP },
		{ VECTOR_DB, VECTOR_DB, VECTOR_DB },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		vcpu->event.valid = false;
		vcpu_inject_exception(vcpu, cases[i].first, true, 0x10);
		vcpu_inject_exception(vcpu, cases[i].second, true, 0x20);
		assert_int_equal(vcpu->event.vector, cases[i].both);
		assert_int_equal(vcpu->event.error,
				 cases[i].both == VECTOR_DF ? 0 : 0x20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_instructions, setup),
		cmocka_unit_test_setup(test_next_rip, setup),
		cmocka_unit_test_setup(test_without_length, setup),
		cmocka_unit_test_setup(test_exceptions, setup),
		cmocka_unit_test_setup(test_io, setup),
		cmocka_unit_test_setup(test_msr, setup),
		cmocka_unit_test_setup(test_memory, setup),
		cmocka_unit_test_setup(test_cr4, setup),
		cmocka_unit_test_setup(test_halt_in_the_shadow, setup),
		cmocka_unit_test_setup(test_step, setup),
		cmocka_unit_test_setup(test_step_ends_the_shadow, setup),
		cmocka_unit_test_setup(test_single_step, setup),
		cmocka_unit_test_setup(test_second_exception, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
