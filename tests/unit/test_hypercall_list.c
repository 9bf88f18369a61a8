/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/hypercall.c hv/guest/hypercall_list.c hv/guest/hypercall_regs.c hv/guest/hypercall_vps.c hv/guest/start.c hv/guest/cr.c hv/guest/cpuid_synth.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c */
/*
 * Calls with lists, which are done in several goes: registers, VPs of APIC
 * ids; input in XMM registers.
 */
#include "hypercall_caller.h"

/* What is beyond RDX and R8 comes from XMM0 on. */
static void test_xmm(void **state)
{
	uint64_t *xmm = fake_of(&vp->vcpu)->xmm;
	uint64_t fast = HV_CALL_FAST;

	(void)state;
	xmm[0] = 2;
	assert_int_equal(call(HV_CALL_FLUSH_SPACE | fast, 0x1000, 0), 0);
	assert_int_equal(fake_flushed_vps, 2);
	/* A set of ten banks, the last in XMM5's upper half. */
	xmm[0] = HV_VP_SET_SPARSE;
	xmm[1] = 0x3ff;
	xmm[2] = 1;
	assert_int_equal(call(HV_CALL_FLUSH_SPACE_EX | fast | BANKS(10), 0, 0),
			 0);
	assert_int_equal(fake_flushed_vps, 1);
	assert_int_equal(call(HV_CALL_FLUSH_SPACE_EX | fast | BANKS(11), 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* Registers: header, then three elements of 32 bytes. */
	memset(xmm, 0, 12 * sizeof(*xmm));
	for (unsigned i = 0; i < 3; i++) {
		xmm[4 * i] = HV_REGISTER_GUEST_CRASH_P0 + i;
		xmm[4 * i + 2] = 0x77000 + i;
	}
	assert_int_equal(call(HV_CALL_SET_REGISTERS | fast | COUNT(3), SELF,
			      HV_VP_SELF), REPS(3));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(partition_table[0].synth.crash[i],
				 0x77000 + i);
	}
	assert_int_equal(call(HV_CALL_SET_REGISTERS | fast | COUNT(4), SELF,
			      HV_VP_SELF), HV_STATUS_INVALID_HYPERCALL_INPUT);
}

/* ---- lists ------------------------------------------------------------- */

static void put_names(const uint32_t *names, unsigned count)
{
	struct hv_vp_header header = { .partition = SELF, .vp = HV_VP_SELF };

	put(IN, &header, sizeof(header));
	put(IN + 16, names, 4 * count);
}

static void test_get_registers(void **state)
{
	static const uint32_t names[] = {
		HV_REGISTER_RBX, HV_REGISTER_CR3, HV_REGISTER_VP_INDEX,
		HV_REGISTER_CS, HV_REGISTER_FEATURES, HV_REGISTER_SCONTROL + 1
	};

	(void)state;
	vp->vcpu.gpr[GPR_RBX] = 0xb0b;
	fake_of(&vp->vcpu)->cr3 = 0x7000;
	put_names(names, 6);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(6), IN, OUT),
			 REPS(6));
	assert_int_equal(get64(OUT), 0xb0b);
	assert_int_equal(get64(OUT + 8), 0);
	assert_int_equal(get64(OUT + 16), 0x7000);
	assert_int_equal(get64(OUT + 32), 0);
	assert_int_equal(get64(OUT + 56) >> 48,
			 fake_of(&vp->vcpu)->segment[SEGMENT_CS].attributes);
	assert_int_equal((uint32_t)get64(OUT + 64) & 0x20, 0x20);
	assert_int_equal(get64(OUT + 80), HV_SVERSION);
}

/* 70 elements: five goes, each of 16 at most; then an unknown one. */
static void test_list_in_goes(void **state)
{
	uint32_t names[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		names[i] = HV_REGISTER_RAX + i % 16;
	}
	vp->vcpu.gpr[GPR_R15] = 15;
	put_names(names, 100);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(70), IN, OUT),
			 REPS(70));
	assert_int_equal(goes, 5);
	assert_int_equal(get64(OUT + 63 * 16), 15);
	/* From the middle: what is before is left alone. */
	memset(&fake_ram[PARTITION_FULL][OUT], 0xee, 0x1000);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(32) | START(31),
			      IN, OUT), REPS(32));
	assert_int_equal(get64(OUT + 31 * 16), 15);
	assert_int_equal(get64(OUT + 30 * 16), 0xeeeeeeeeeeeeeeee);
	names[40] = 0x12345;
	put_names(names, 100);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(70), IN, OUT),
			 HV_STATUS_UNKNOWN_REGISTER_NAME | REPS(40));
	assert_int_equal(goes, 3);
	/* Output beyond its page, read-only, absent. */
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(70), IN, OUT + 8),
			 0x87 | REPS(40));
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(257), IN, OUT),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(1), IN,
			      FAKE_READ_ONLY), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(1), IN,
			      FAKE_NO_RAM), HV_STATUS_INVALID_PARAMETER);
	/* In and out overlap; fast output. */
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(4), IN, IN + 24),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(1) | HV_CALL_FAST,
			      SELF, HV_VP_SELF),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void test_registers_of_others(void **state)
{
	static const uint32_t name = HV_REGISTER_RIP;
	static const struct {
		uint64_t partition, vp;
		uint16_t status;
	} headers[] = {
		{ SELF, HV_VP_SELF, 0 }, { SELF, 0, 0 },
		{ SELF, 1, HV_STATUS_INVALID_VP_STATE },
		{ SELF, 2, HV_STATUS_INVALID_VP_INDEX },
		{ SELF, 0xffffffff, HV_STATUS_INVALID_VP_INDEX },
		{ SELF, 1ull << 32, HV_STATUS_INVALID_PARAMETER },
		{ SELF, 1ull << 63, HV_STATUS_INVALID_PARAMETER },
		{ 1, 0, HV_STATUS_INVALID_PARTITION_ID },
	};

	(void)state;
	put_names(&name, 1);
	for (unsigned i = 0; i < ARRAY_COUNT(headers); i++) {
		uint64_t status;

		put64(IN, headers[i].partition);
		put64(IN + 8, headers[i].vp);
		status = call(HV_CALL_GET_REGISTERS | COUNT(1), IN, OUT);
		assert_int_equal((uint16_t)status, headers[i].status);
	}
}

static uint64_t set_register(uint32_t name, uint64_t low, uint64_t high)
{
	struct hv_register_value element = {
		.name = name, .value = { low, high }
	};

	put_names(&name, 0);
	put(IN + 16, &element, sizeof(element));
	return call(HV_CALL_SET_REGISTERS | COUNT(1), IN, 0);
}

static void test_set_registers(void **state)
{
	struct hv_register_value element = { .name = HV_REGISTER_RBX };

	(void)state;
	assert_int_equal(set_register(HV_REGISTER_RBX, 0x1234, 0), REPS(1));
	assert_int_equal(vp->vcpu.gpr[GPR_RBX], 0x1234);
	assert_int_equal(set_register(HV_REGISTER_SINT0 + 2, 0x10000 | 0x30,
				      0), REPS(1));
	assert_int_equal(vp->synth.synic.sint[2], 0x10030);
	/* By the rules of the MSR. */
	assert_int_equal(set_register(HV_REGISTER_SINT0 + 2, 3, 0),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(set_register(HV_REGISTER_VP_INDEX, 3, 0),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	/* Not by this way; not at all. */
	assert_int_equal(set_register(HV_REGISTER_CR3, 0, 0),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(set_register(HV_REGISTER_EFER, 0, 0),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(set_register(0x7fffffff, 0, 0),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(set_register(HV_REGISTER_RBX, 1, 1),
			 HV_STATUS_INVALID_PARAMETER);
	element.reserved[1] = 1;
	put(IN + 16, &element, sizeof(element));
	assert_int_equal(call(HV_CALL_SET_REGISTERS | COUNT(1), IN, 0),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp->vcpu.gpr[GPR_RBX], 0x1234);
}

/* A page MSR that some other VP changes now: the call comes again. */
static void test_set_register_is_busy(void **state)
{
	struct hv_register_value element = {
		.name = HV_REGISTER_VP_ASSIST_PAGE, .value = { 0x4001 }
	};

	(void)state;
	put_names(&element.name, 0);
	put(IN + 16, &element, sizeof(element));
	partition_table[PARTITION_FULL].synth.busy = 1;
	vp->vcpu.gpr[GPR_RCX] = HV_CALL_SET_REGISTERS | COUNT(1);
	vp->vcpu.gpr[GPR_RDX] = IN;
	assert_int_equal(hypercall_handle(vp), OUTCOME_SAME);
	assert_int_equal(vp->vcpu.gpr[GPR_RCX],
			 HV_CALL_SET_REGISTERS | COUNT(1));
	partition_table[PARTITION_FULL].synth.busy = 0;
	assert_int_equal(hypercall_handle(vp), OUTCOME_NEXT);
	assert_int_equal(vp->vcpu.gpr[GPR_RAX], REPS(1));
	assert_int_equal(vp->synth.vp_assist, 0x4001);
}

/* A row of the spec that takes the MSR away takes the register away. */
static void test_register_without_its_row(void **state)
{
	static const struct msr_config rows[] = {
		{ .first = HV_MSR_CRASH_P0, .last = HV_MSR_CRASH_P0,
		  .read = MSR_DENY, .write = MSR_DENY },
	};
	static const uint32_t name = HV_REGISTER_GUEST_CRASH_P0;

	(void)state;
	fake_partition_configs[PARTITION_FULL].msrs = rows;
	fake_partition_configs[PARTITION_FULL].msr_count = 1;
	memset(vp->msr_memos, 0, sizeof(vp->msr_memos));
	put_names(&name, 1);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(1), IN, OUT),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(set_register(name, 1, 0), HV_STATUS_ACCESS_DENIED);
}

static void test_vp_of_apic_id(void **state)
{
	uint32_t ids[40];

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		ids[i] = i & 1;
	}
	put_names(ids, 40);
	put64(IN + 8, 0);
	assert_int_equal(call(HV_CALL_VP_OF_APIC_ID | COUNT(40), IN, OUT),
			 REPS(40));
	assert_int_equal(goes, 3);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(get64(OUT + 8 * i), 1ull << 32);
	}
	ids[17] = 2;
	put(IN + 16, ids, sizeof(ids));
	assert_int_equal(call(HV_CALL_VP_OF_APIC_ID | COUNT(40), IN, OUT),
			 HV_STATUS_INVALID_PARAMETER | REPS(17));
	put64(IN + 8, 1);	/* VTL */
	assert_int_equal(call(HV_CALL_VP_OF_APIC_ID | COUNT(40), IN, OUT),
			 HV_STATUS_INVALID_PARAMETER);
}

/*
 * Whatever may take longer than 2,000 instructions waits for a slot with time
 * in it: its guest executes it again, and until then nothing has happened.
 */
static void test_at_the_end_of_a_slot(void **state)
{
	static const uint64_t calls[] = {
		HV_CALL_GET_REGISTERS | COUNT(3),
		HV_CALL_GET_REGISTERS | COUNT(3) | START(1),
		HV_CALL_VP_OF_APIC_ID | COUNT(3),
		HV_CALL_SET_REGISTERS | COUNT(1),
		HV_CALL_FLUSH_SPACE, HV_CALL_FLUSH_SPACE_EX | BANKS(1),
		HV_CALL_FLUSH_LIST | COUNT(2),
		HV_CALL_FLUSH_LIST_EX | BANKS(1) | COUNT(2),
		HV_CALL_SEND_IPI, HV_CALL_SEND_IPI | HV_CALL_FAST,
		HV_CALL_SEND_IPI_EX | BANKS(1)
	};
	struct hv_register_value page = {
		.name = HV_REGISTER_VP_ASSIST_PAGE, .value = { 0x4001 }
	};
	static uint8_t none[0x1000];

	(void)state;
	put_names(&page.name, 0);
	put(IN + 16, &page, sizeof(page));
	fake_lp.long_end = fake_tsc;
	for (unsigned i = 0; i < ARRAY_COUNT(calls); i++) {
		vp->vcpu.gpr[GPR_RCX] = calls[i];
		vp->vcpu.gpr[GPR_RDX] = IN;
		vp->vcpu.gpr[GPR_R8] = OUT;
		assert_int_equal(hypercall_handle(vp), OUTCOME_SAME);
		assert_int_equal(vp->vcpu.gpr[GPR_RCX], calls[i]);
	}
	assert_memory_equal(&fake_ram[PARTITION_FULL][OUT], none,
			    sizeof(none));
	assert_int_equal(vp->synth.vp_assist, 0);
	assert_int_equal(fake_flush_guests_count, 0);
	/* What is short is done, also at the end. */
	assert_int_equal(call(HV_CALL_NOTIFY_LONG_SPIN_WAIT | HV_CALL_FAST, 0,
			      0), 0);
	assert_int_equal(set_register(HV_REGISTER_RBX, 0x1234, 0), REPS(1));
	fake_lp.long_end = fake_tsc + 1;
	put_names((uint32_t[]){ HV_REGISTER_RBX }, 1);
	assert_int_equal(call(HV_CALL_GET_REGISTERS | COUNT(1), IN, OUT),
			 REPS(1));
	assert_int_equal(get64(OUT), 0x1234);
	assert_int_equal(call(HV_CALL_SEND_IPI | HV_CALL_FAST, 0x41, 1), 0);
	assert_true(fake_take_vector(fake_posted, vp, 0x41));
}

/* EDX:EAX is the control word of a 32-bit caller, and goes on in it. */
static void test_narrow_list(void **state)
{
	uint64_t *gpr = vp->vcpu.gpr;
	uint32_t names[20];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		names[i] = HV_REGISTER_RBP;
	}
	put_names(names, 20);
	fake_vcpu_set_mode(&vp->vcpu, FAKE_PROTECTED_32, 0);
	gpr[GPR_RDX] = 20;
	gpr[GPR_RAX] = HV_CALL_GET_REGISTERS;
	gpr[GPR_RBX] = gpr[GPR_RDI] = 0;
	gpr[GPR_RCX] = IN;
	gpr[GPR_RSI] = OUT;
	gpr[GPR_RBP] = 0xbbb;
	assert_int_equal(hypercall_handle(vp), OUTCOME_SAME);
	assert_int_equal(gpr[GPR_RDX], 20 | 16 << 16);
	assert_int_equal(gpr[GPR_RAX], HV_CALL_GET_REGISTERS);
	assert_int_equal(hypercall_handle(vp), OUTCOME_NEXT);
	assert_int_equal(gpr[GPR_RDX], 20);
	assert_int_equal(gpr[GPR_RAX], 0);
	assert_int_equal(get64(OUT + 19 * 16), 0xbbb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_xmm, setup),
		cmocka_unit_test_setup(test_get_registers, setup),
		cmocka_unit_test_setup(test_list_in_goes, setup),
		cmocka_unit_test_setup(test_registers_of_others, setup),
		cmocka_unit_test_setup(test_set_registers, setup),
		cmocka_unit_test_setup(test_set_register_is_busy, setup),
		cmocka_unit_test_setup(test_register_without_its_row, setup),
		cmocka_unit_test_setup(test_vp_of_apic_id, setup),
		cmocka_unit_test_setup(test_at_the_end_of_a_slot, setup),
		cmocka_unit_test_setup(test_narrow_list, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
