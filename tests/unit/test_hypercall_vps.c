/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/hypercall.c hv/guest/hypercall_list.c hv/guest/hypercall_regs.c hv/guest/hypercall_vps.c hv/guest/start.c hv/guest/cr.c hv/guest/cpuid_synth.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c */
/* Calls on VPs: flushes, interrupts, starts; sets of VPs. */
#include "hypercall_caller.h"

/* ---- flushes ----------------------------------------------------------- */

static uint64_t flush(uint16_t code, uint64_t flags, uint64_t mask,
		      uint64_t more)
{
	put64(IN, 0x1234000);
	put64(IN + 8, flags);
	put64(IN + 16, mask);
	fake_flush_guests_count = 0;
	fake_flushed_vps = 0;
	return call(code | more, IN, 0);
}

static void test_flush(void **state)
{
	uint64_t list = COUNT(5);

	(void)state;
	assert_int_equal(flush(HV_CALL_FLUSH_SPACE, 0, 2, 0), 0);
	assert_int_equal(fake_flushed_vps, 2);
	assert_int_equal(flush(HV_CALL_FLUSH_SPACE, 7, 0, 0), 0);
	assert_int_equal(fake_flushed_vps, ~0ull);
	/* A list is done at once, from wherever it begins. */
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, 2, 1, list), REPS(5));
	assert_int_equal(fake_flushed_vps, 1);
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, 0, 1, list | START(4)),
			 REPS(5));
	assert_int_equal(fake_flush_guests_count, 1);
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, 0, 1, COUNT(509)),
			 REPS(509));
}

static void test_flush_refused(void **state)
{
	(void)state;
	for (unsigned bit = 3; bit < 64; bit++) {
		assert_int_equal(flush(HV_CALL_FLUSH_SPACE, 1ull << bit, 1, 0),
				 HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(flush(HV_CALL_FLUSH_LIST, 1ull << bit, 1,
				       COUNT(1)), HV_STATUS_INVALID_PARAMETER);
	}
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, HV_FLUSH_NON_GLOBAL_ONLY, 1,
			       COUNT(1)), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(flush(HV_CALL_FLUSH_SPACE, 0, 1, COUNT(1)),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, 0, 1, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, 0, 1, COUNT(2) | START(2)),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* The list ends in another page; is not in the GPA space. */
	assert_int_equal(flush(HV_CALL_FLUSH_LIST, 0, 1, COUNT(510)),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(HV_CALL_FLUSH_LIST | COUNT(1), IN + 4, 0),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(HV_CALL_FLUSH_SPACE, FAKE_NO_RAM, 0),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(fake_flush_guests_count, 0);
	/* Without the hint: not at all. */
	fake_partition_configs[PARTITION_FULL].flags &=
		~(PARTITION_FLUSH_CALLS | PARTITION_IPI_CALLS);
	assert_int_equal(flush(HV_CALL_FLUSH_SPACE, 0, 1, 0),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(flush(HV_CALL_FLUSH_LIST_EX, 0, 1, COUNT(1)),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(call(HV_CALL_SEND_IPI | HV_CALL_FAST, 0x40, 1),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(call(HV_CALL_SEND_IPI_EX, IN, 0),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(fake_flush_guests_count, 0);
}

/* What waits for other LPs waits for a slot with time in it first. */
static void test_flush_at_the_end_of_a_slot(void **state)
{
	(void)state;
	fake_lp.long_end = fake_tsc;
	vp->vcpu.gpr[GPR_RCX] = HV_CALL_FLUSH_SPACE;
	vp->vcpu.gpr[GPR_RDX] = IN;
	assert_int_equal(hypercall_handle(vp), OUTCOME_SAME);
	assert_int_equal(vp->vcpu.gpr[GPR_RCX], HV_CALL_FLUSH_SPACE);
	assert_int_equal(fake_flush_guests_count, 0);
	fake_lp.long_end = fake_tsc + 1;
	assert_int_equal(hypercall_handle(vp), OUTCOME_NEXT);
	assert_int_equal(fake_flush_guests_count, 1);
}

/* Sparse sets: banks as many as valid says; only the first has VPs. */
static void test_sets(void **state)
{
	uint64_t set[66] = { HV_VP_SET_SPARSE, 1, 2 };

	(void)state;
	put(IN + 16, set, sizeof(set));
	assert_int_equal(call(HV_CALL_FLUSH_SPACE_EX | BANKS(1), IN, 0), 0);
	assert_int_equal(fake_flushed_vps, 2);
	/* Bank 0 is not there: nobody. */
	set[1] = 1ull << 63 | 1ull << 7;
	put(IN + 16, set, sizeof(set));
	assert_int_equal(call(HV_CALL_FLUSH_SPACE_EX | BANKS(2), IN, 0), 0);
	assert_int_equal(fake_flushed_vps, 0);
	for (unsigned banks = 0; banks <= 64; banks++) {
		uint64_t status = call(HV_CALL_FLUSH_SPACE_EX | BANKS(banks),
				       IN, 0);

		assert_int_equal(status, banks == 2 ? 0 :
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
	set[1] = ~0ull;
	set[2] = 3;
	put(IN + 16, set, sizeof(set));
	assert_int_equal(call(HV_CALL_FLUSH_LIST_EX | BANKS(64) | COUNT(2), IN,
			      0), REPS(2));
	assert_int_equal(fake_flushed_vps, 3);
	assert_int_equal(call(HV_CALL_FLUSH_LIST_EX | BANKS(64) | COUNT(445),
			      IN, 0), HV_STATUS_INVALID_ALIGNMENT);
	set[0] = HV_VP_SET_ALL;
	set[1] = 0;
	put(IN + 16, set, sizeof(set));
	assert_int_equal(call(HV_CALL_FLUSH_SPACE_EX, IN, 0), 0);
	assert_int_equal(fake_flushed_vps, ~0ull);
	for (set[0] = 2; set[0] != 0; set[0] <<= 1) {
		put(IN + 16, set, sizeof(set));
		assert_int_equal(call(HV_CALL_FLUSH_SPACE_EX, IN, 0),
				 HV_STATUS_INVALID_PARAMETER);
	}
}

/* ---- interrupts -------------------------------------------------------- */

static void test_ipi(void **state)
{
	uint64_t ex[5] = { 0x51, HV_VP_SET_SPARSE, 1, 3 };

	(void)state;
	assert_int_equal(call(HV_CALL_SEND_IPI | HV_CALL_FAST, 0x41, ~0ull),
			 0);
	assert_true(fake_take_vector(fake_posted, vp, 0x41));
	assert_true(fake_take_vector(fake_posted, other, 0x41));
	/* Another partition's VPs have other numbers. */
	assert_false(fake_take_vector(fake_posted, &vp_table[2], 0x41));
	put64(IN, 0xff);
	put64(IN + 8, 2);
	assert_int_equal(call(HV_CALL_SEND_IPI, IN, 0), 0);
	assert_false(fake_take_vector(fake_posted, vp, 0xff));
	assert_true(fake_take_vector(fake_posted, other, 0xff));
	put(IN, ex, sizeof(ex));
	assert_int_equal(call(HV_CALL_SEND_IPI_EX | BANKS(1), IN, 0), 0);
	assert_true(fake_take_vector(fake_posted, vp, 0x51));
	assert_true(fake_take_vector(fake_posted, other, 0x51));
	assert_int_equal(call(HV_CALL_SEND_IPI_EX | BANKS(2), IN, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void test_ipi_refused(void **state)
{
	(void)state;
	for (uint64_t vector = 0; vector < 0x400; vector++) {
		uint64_t status = call(HV_CALL_SEND_IPI | HV_CALL_FAST, vector,
				       1);
		bool good = vector >= 16 && vector < 256;

		assert_int_equal(status,
				 good ? 0 : HV_STATUS_INVALID_PARAMETER);
	}
	/* Vector, VTL, reserved bytes. */
	memset(fake_posted, 0, sizeof(fake_posted));
	for (unsigned bit = 8; bit < 64; bit++) {
		assert_int_equal(call(HV_CALL_SEND_IPI | HV_CALL_FAST,
				      0x41 | 1ull << bit, 3),
				 HV_STATUS_INVALID_PARAMETER);
	}
	assert_false(fake_take_vector(fake_posted, vp, 0x41));
}

/* ---- starts ------------------------------------------------------------ */

static struct hv_start_vp start;

static int setup_start(void **state)
{
	setup(state);
	other->state = VP_WAIT_SIPI;
	start = (struct hv_start_vp){
		.header = { .partition = SELF, .vp = 1 },
		.context = {
			.rip = 0x8000, .rsp = 0x9000, .rflags = 2,
			.cs = { .limit = ~0u, .selector = 8,
				.attributes = 0xa09b },
			.tr = { .limit = 0x67, .attributes = 0x8b },
			.gdtr = { .limit = 0x1f, .base = 0x5000 },
			.efer = EFER_LME | EFER_LMA, .cr0 = 0x80000011,
			.cr3 = 0x3000, .cr4 = 0x20,
			.pat = 0x0007040600070406
		}
	};
	return 0;
}

static uint64_t do_start(void)
{
	put(IN, &start, sizeof(start));
	return call(HV_CALL_START_VP, IN, 0);
}

static void test_start(void **state)
{
	struct vcpu_mode mode;

	(void)state;
	assert_int_equal(do_start(), 0);
	assert_int_equal(other->requests, VP_REQUEST_START);
	/* It is on its way: not again. */
	assert_int_equal(do_start(), HV_STATUS_INVALID_VP_STATE);
	start_take_up(other);
	assert_int_equal(other->state, VP_RUNNING);
	assert_int_equal(other->vcpu.rip, 0x8000);
	assert_int_equal(other->vcpu.gpr[GPR_RSP], 0x9000);
	vcpu_get_mode(&other->vcpu, &mode);
	assert_int_equal(mode.code_bits, 64);
	assert_int_equal(mode.cr3, 0x3000);
	assert_true(fake_of(&other->vcpu)->loaded);
	/* It runs. */
	assert_int_equal(do_start(), HV_STATUS_INVALID_VP_STATE);
	/* INIT, then anew. */
	other->state = VP_WAIT_SIPI;
	assert_int_equal(do_start(), 0);
	/* A SIPI comes first: the start is lost, and the way free again. */
	other->state = VP_RUNNING;
	other->vcpu.rip = 0x111;
	start_take_up(other);
	assert_int_equal(other->vcpu.rip, 0x111);
	other->state = VP_WAIT_SIPI;
	assert_int_equal(do_start(), 0);
}

static void test_start_refused(void **state)
{
	static const struct {
		size_t at;
		uint64_t bits;	/* that are flipped */
	} wrong[] = {
		{ offsetof(struct hv_start_context, cr0), 1ull << 32 },
		{ offsetof(struct hv_start_context, cr0), 1 },
		{ offsetof(struct hv_start_context, cr0), 1 << 29 },
		{ offsetof(struct hv_start_context, cr0), 1u << 31 },
		{ offsetof(struct hv_start_context, cr4), 0x20 },
		{ offsetof(struct hv_start_context, cr4), 1 << 13 },
		{ offsetof(struct hv_start_context, cr4), 1ull << 40 },
		{ offsetof(struct hv_start_context, efer), EFER_SVME },
		{ offsetof(struct hv_start_context, efer), EFER_LMA },
		{ offsetof(struct hv_start_context, efer), EFER_LME },
		{ offsetof(struct hv_start_context, cr3), 1ull << 40 },
		{ offsetof(struct hv_start_context, pat), 7 << 8 },
		{ offsetof(struct hv_start_context, rflags), 1 << 17 },
		{ offsetof(struct hv_start_context, rflags), 1 << 22 },
		{ offsetof(struct hv_start_context, cs) + 8, 1ull << 62 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(wrong); i++) {
		struct hv_start_vp good = start;
		uint64_t word;

		memcpy(&word, (char *)&start.context + wrong[i].at, 8);
		word ^= wrong[i].bits;
		memcpy((char *)&start.context + wrong[i].at, &word, 8);
		assert_int_equal(do_start(), HV_STATUS_INVALID_REGISTER_VALUE);
		start = good;
	}
	assert_int_equal(other->requests, 0);
	start.header.vp = 2;	/* which another partition has */
	assert_int_equal(do_start(), HV_STATUS_INVALID_VP_INDEX);
	start.header.vp = HV_VP_SELF;
	assert_int_equal(do_start(), HV_STATUS_INVALID_VP_INDEX);
	start.header.vp = 0;
	assert_int_equal(do_start(), HV_STATUS_INVALID_VP_STATE);
	start.header.vp = 1;
	start.header.vtl = 1;
	assert_int_equal(do_start(), HV_STATUS_INVALID_PARAMETER);
	start.header.vtl = 0;
	start.header.reserved[2] = 1;
	assert_int_equal(do_start(), HV_STATUS_INVALID_PARAMETER);
	start.header.partition = 1;
	assert_int_equal(do_start(), HV_STATUS_INVALID_PARTITION_ID);
	assert_int_equal(call(HV_CALL_START_VP | HV_CALL_FAST, 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_flush, setup),
		cmocka_unit_test_setup(test_flush_refused, setup),
		cmocka_unit_test_setup(test_flush_at_the_end_of_a_slot, setup),
		cmocka_unit_test_setup(test_sets, setup),
		cmocka_unit_test_setup(test_ipi, setup),
		cmocka_unit_test_setup(test_ipi_refused, setup),
		cmocka_unit_test_setup(test_start, setup_start),
		cmocka_unit_test_setup(test_start_refused, setup_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
