/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/vcpu/vmx/vmx_run.c hv/vcpu/vmx/vmx_event.c hv/vcpu/vmx/vmx_exit.c hv/vcpu/vmx/vmx_regs.c hv/vcpu/vcpu.c hv/vcpu/vcpu_state.c tests/unit/no_svm.c tests/unit/fake_panic.c */
/*
 * Exits as they are decoded; the step over an instruction; control registers
 * as the guest sees them and as the processor gets them.
 */
#include "vmx_machine.h"

static void test_instructions(void **state)
{
	static const struct {
		uint32_t reason;
		enum exit_kind kind;
	} cases[] = {
		{ VMX_EXIT_CPUID, EXIT_CPUID }, { VMX_EXIT_HLT, EXIT_HALT },
		{ VMX_EXIT_VMCALL, EXIT_HYPERCALL },
		{ VMX_EXIT_WBINVD, EXIT_CACHE }, { VMX_EXIT_INVD, EXIT_CACHE },
		{ VMX_EXIT_XSETBV, EXIT_XSETBV }, { VMX_EXIT_RDMSR, EXIT_MSR },
		{ VMX_EXIT_WRMSR, EXIT_MSR },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		vcpu->gpr[GPR_RCX] = 0xffffffff00000010;
		run_exit(cases[i].reason, 0);
		assert_int_equal(seen.kind, cases[i].kind);
		assert_int_equal(seen.length, 3);
		if (seen.kind == EXIT_MSR) {
			assert_int_equal(seen.msr.index, 0x10);
			assert_int_equal(seen.msr.write,
					 cases[i].reason == VMX_EXIT_WRMSR);
		}
	}
}

static void test_without_length(void **state)
{
	static const struct {
		uint32_t reason;
		enum exit_kind kind;
	} cases[] = {
		{ VMX_EXIT_TRIPLE_FAULT, EXIT_TRIPLE_FAULT },
		{ VMX_EXIT_INIT, EXIT_INIT },
		{ VMX_EXIT_RDPMC, EXIT_PRIVILEGED },
		{ VMX_EXIT_GETSEC, EXIT_UNDEFINED },
		{ VMX_EXIT_VMCLEAR, EXIT_UNDEFINED },
		{ VMX_EXIT_VMXON, EXIT_UNDEFINED },
		{ VMX_EXIT_MWAIT, EXIT_UNDEFINED },
		{ VMX_EXIT_MONITOR, EXIT_UNDEFINED },
		{ VMX_EXIT_INVEPT, EXIT_UNDEFINED },
		{ VMX_EXIT_INVVPID, EXIT_UNDEFINED },
		{ VMX_EXIT_MACHINE_CHECK, EXIT_MACHINE_CHECK },
		{ 9, EXIT_UNKNOWN },		/* a task switch */
		{ 49, EXIT_UNKNOWN },		/* EPT misconfiguration */
		{ 0xffff, EXIT_UNKNOWN },
		{ 33 | VMX_EXIT_FAILED, EXIT_INVALID_STATE },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		run_exit(cases[i].reason, 0);
		assert_int_equal(seen.kind, cases[i].kind);
		assert_int_equal(seen.length, 0);
	}
}

static void test_exceptions(void **state)
{
	(void)state;
	vmcs[0][VMCS_EXIT_EVENT] = EVENT_WORD_VALID | EVENT_WORD_ERROR |
				   EVENT_EXCEPTION << 8 | VECTOR_AC;
	vmcs[0][VMCS_EXIT_ERROR] = 0;
	run_exit(VMX_EXIT_EXCEPTION, 0);
	assert_int_equal(seen.kind, EXIT_EXCEPTION);
	assert_int_equal(seen.exception.vector, VECTOR_AC);
	assert_true(seen.exception.has_error);
	vmcs[0][VMCS_EXIT_EVENT] = EVENT_WORD_VALID | EVENT_EXCEPTION << 8 |
				   VECTOR_MC;
	run_exit(VMX_EXIT_EXCEPTION, 0);
	assert_int_equal(seen.kind, EXIT_MACHINE_CHECK);
	/* #DB: what the processor would have put into DR6 and DR7. */
	vmcs[0][VMCS_EXIT_EVENT] = EVENT_WORD_VALID | EVENT_EXCEPTION << 8 |
				   VECTOR_DB;
	vmcs[0][VMCS_DR7] = 0x2400;
	dr6 = DR6_RESET | 8;
	run_exit(VMX_EXIT_EXCEPTION, 0x6001);
	assert_int_equal(seen.exception.vector, VECTOR_DB);
	assert_false(seen.exception.has_error);
	assert_int_equal(dr6, DR6_RESET | 0x6001);
	assert_int_equal(vmcs[0][VMCS_DR7], 0x400);
}

static void test_io(void **state)
{
	(void)state;
	run_exit(VMX_EXIT_IO, 0x03f80000);
	assert_int_equal(seen.kind, EXIT_IO);
	assert_int_equal(seen.io.port, 0x3f8);
	assert_int_equal(seen.io.size, 1);
	assert_int_equal(seen.io.flags, 0);
	assert_int_equal(seen.length, 3);
	run_exit(VMX_EXIT_IO, 0x0cfc0000 | 3 | 8 | 16 | 32);
	assert_int_equal(seen.io.port, 0xcfc);
	assert_int_equal(seen.io.size, 4);
	assert_int_equal(seen.io.flags,
			 EXIT_IO_IN | EXIT_IO_STRING | EXIT_IO_REP);
	run_exit(VMX_EXIT_IO, 0xffff0000 | 1 | 16);
	assert_int_equal(seen.io.port, 0xffff);
	assert_int_equal(seen.io.size, 2);
	assert_int_equal(seen.io.flags, EXIT_IO_STRING);
}

static void test_memory(void **state)
{
	(void)state;
	vmcs[0][VMCS_GUEST_PHYSICAL] = 0xfee00300;
	run_exit(VMX_EXIT_EPT_VIOLATION, 0x181);
	assert_int_equal(seen.kind, EXIT_MEMORY);
	assert_int_equal(seen.memory.gpa.v, 0xfee00300);
	assert_int_equal(seen.memory.access, ACCESS_READ);
	assert_false(seen.memory.walk);
	run_exit(VMX_EXIT_EPT_VIOLATION, 0x182);
	assert_int_equal(seen.memory.access, ACCESS_WRITE);
	run_exit(VMX_EXIT_EPT_VIOLATION, 0x184);
	assert_int_equal(seen.memory.access, ACCESS_EXECUTE);
	/* by the guest's page walk, which sets an accessed bit */
	run_exit(VMX_EXIT_EPT_VIOLATION, 0x83);
	assert_int_equal(seen.memory.access, ACCESS_WRITE);
	assert_true(seen.memory.walk);
}

static void test_cr(void **state)
{
	(void)state;
	vcpu->gpr[GPR_RBX] = 0x1234567890;
	run_exit(VMX_EXIT_CR, 0x304);
	assert_int_equal(seen.kind, EXIT_CR);
	assert_int_equal(seen.cr.cr, 4);
	assert_int_equal(seen.cr.value, 0x1234567890);
	assert_int_equal(seen.length, 3);
	set_code(CODE_32, EFER_LMA | EFER_LME);
	run_exit(VMX_EXIT_CR, 0x300);
	assert_int_equal(seen.cr.cr, 0);
	assert_int_equal(seen.cr.value, 0x34567890);
	/* MOV from CR8 is done here. */
	set_code(CODE_64, EFER_LMA | EFER_LME);
	vcpu_set_cr8(vcpu, 9);
	run_exit(VMX_EXIT_CR, 0x318);
	assert_int_equal(seen.kind, EXIT_NONE);
	assert_int_equal(vcpu->gpr[GPR_RBX], 9);
	assert_int_equal(vcpu->rip, 0x1003);
	/* CLTS and LMSW are none of ours: they make no exit. */
	run_exit(VMX_EXIT_CR, 0x20);
	assert_int_equal(seen.kind, EXIT_UNKNOWN);
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
	assert_int_equal(step(0xffff, 2), 0x10001);
	assert_int_equal(step(0xffffffff, 2), 0x100000001);
	set_code(CODE_32, EFER_LMA | EFER_LME);
	assert_int_equal(step(0xffff, 2), 0x10001);
	assert_int_equal(step(0xffffffff, 2), 1);
	set_code(CODE_16, 0);
	assert_int_equal(step(0xffff, 2), 1);
	/* the bit means nothing without long mode */
	set_code(CODE_64, 0);
	assert_int_equal(step(0xffff, 2), 1);
}

static void test_single_step(void **state)
{
	(void)state;
	vcpu->rflags |= RFLAGS_TF | RFLAGS_RF;
	vcpu_advance(vcpu, 2);
	assert_int_equal(vcpu->rflags & RFLAGS_RF, 0);
	assert_true(vcpu->event.valid);
	assert_int_equal(vcpu->event.vector, VECTOR_DB);
	assert_int_equal(dr6, DR6_RESET | BIT(14));
}

/* ---- registers --------------------------------------------------------- */

static uint64_t get(uint32_t name)
{
	uint64_t value = 0;

	assert_int_equal(vcpu_get_register(vcpu, name, &value), HV_OK);
	return value;
}

static void test_cr0_is_the_guests(void **state)
{
	(void)state;
	vmx_write(VMCS_CR0_SEEN, CR0_PE | CR0_CD | CR0_NW);
	assert_int_equal(get(HV_REGISTER_CR0), CR0_PE | CR0_CD | CR0_NW);
	vmx_write(VMCS_CR0, CR0_PE | CR0_NE | CR0_TS);
	assert_int_equal(get(HV_REGISTER_CR0),
			 CR0_PE | CR0_CD | CR0_NW | CR0_TS);
}

static void test_segment(void **state)
{
	static const struct segment_config null = { .selector = 3 };
	static const struct segment_config data = {
		.base = 0x1000, .limit = 0xfffff, .selector = 0x10,
		.attributes = 0xc093
	};
	struct segment_config found;

	(void)state;
	vmx_set_segment(vcpu, SEGMENT_FS, &data);
	vcpu_get_segment(vcpu, SEGMENT_FS, &found);
	assert_memory_equal(&found, &data, sizeof(data));
	vmx_set_segment(vcpu, SEGMENT_GS, &null);
	assert_true((vmx_read(VMCS_RIGHTS + 2 * SEGMENT_GS) &
		     VMX_RIGHTS_UNUSABLE) != 0);
	/* Made unusable by the processor, which leaves the rest as it was. */
	vmx_write(VMCS_RIGHTS + 2 * SEGMENT_FS, 0xc093 | VMX_RIGHTS_UNUSABLE);
	vcpu_get_segment(vcpu, SEGMENT_FS, &found);
	assert_int_equal(found.attributes & 0x80, 0);
}

static void test_mode(void **state)
{
	struct vcpu_mode mode;

	(void)state;
	vmx_write(VMCS_CR0, CR0_PE | CR0_PG | CR0_NE);
	vmx_write(VMCS_RIGHTS + 2 * SEGMENT_SS, 0xe0);
	vcpu_get_mode(vcpu, &mode);
	assert_int_equal(mode.code_bits, 64);
	assert_int_equal(mode.cpl, 3);
	assert_true(mode.paging);
	assert_int_equal(mode.efer, EFER_LMA | EFER_LME);
	set_code(CODE_32, 0);
	vcpu_get_mode(vcpu, &mode);
	assert_int_equal(mode.code_bits, 32);
	vmx_write(VMCS_CR0, CR0_NE);
	vcpu_get_mode(vcpu, &mode);
	assert_int_equal(mode.code_bits, 16);
	assert_false(mode.paging);
}

/* A write of CR3 under PAE paging reads the four entries, or fails. */
static void test_pdptes(void **state)
{
	(void)state;
	set_code(CODE_32, 0);
	vmx_write(VMCS_CR0, CR0_PE | CR0_PG | CR0_NE);
	vmx_write(VMCS_CR4_SEEN, CR4_PAE);
	guest_memory[0] = 0x6001;
	guest_memory[1] = 0;
	guest_memory[2] = 0xfffffffffffffffe;	/* not present */
	guest_memory[3] = 0x7001;
	assert_int_equal(vmx_load_pdptes(vcpu, 0x501f), HV_OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(vmx_read(VMCS_PDPTE0 + 2 * i),
				 guest_memory[i]);
	}
	guest_memory[0] = 0x6003;		/* reserved */
	guest_memory[3] = 0;
	assert_int_equal(vmx_load_pdptes(vcpu, 0x5000), HV_ERR_FAULT);
	guest_memory[0] = 1ull << 40 | 1;	/* beyond the width */
	assert_int_equal(vmx_load_pdptes(vcpu, 0x5000), HV_ERR_FAULT);
	assert_int_equal(vmx_read(VMCS_PDPTE0 + 6), 0x7001);
	assert_int_equal(vmx_load_pdptes(vcpu, 0x4000), HV_ERR_MMIO);
	/* In long mode nothing of the kind. */
	set_code(CODE_64, EFER_LMA | EFER_LME);
	assert_int_equal(vmx_load_pdptes(vcpu, 0x4000), HV_OK);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_instructions), TEST(test_without_length),
		TEST(test_exceptions), TEST(test_io), TEST(test_memory),
		TEST(test_cr), TEST(test_step), TEST(test_single_step),
		TEST(test_cr0_is_the_guests), TEST(test_segment),
		TEST(test_mode), TEST(test_pdptes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
