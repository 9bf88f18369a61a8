/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/hypercall.c hv/guest/hypercall_list.c hv/guest/hypercall_regs.c hv/guest/hypercall_vps.c hv/guest/start.c hv/guest/cr.c hv/guest/cpuid_synth.c hv/guest/synth.c hv/guest/synic.c hv/guest/stimer.c hv/guest/message.c hv/guest/overlay.c hv/guest/time.c hv/guest/crash.c hv/guest/msr.c hv/guest/msr_arch.c hv/guest/msr_mtrr.c hv/guest/inject.c tests/unit/fake_tlfs.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c */
/* SynIC MSRs, message slots, event flags, messages between partitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/hypercall.h"
#include "abi/msr.h"
#include "abi/tlfs.h"
#include "core/channel_state.h"
#include "fake_tlfs.h"
#include "guest/guest.h"
#include "guest/synic.h"

#define SPACE_END (1ull << FAKE_GPA_BITS)
#define INPUT 0x1000
#define TYPE 0x12345678u

static struct vp *vp;		/* of FULL: sends on 0x10, 0x11 */
static struct vp *other;	/* of NONE: receives, and sends on 0x10 */

static int setup(void **state)
{
	fake_tlfs_setup(state);
	vp = &vp_table[0];
	other = &vp_table[2];
	fake_partition_configs[PARTITION_NONE].hv_privileges = ~0ull;
	fake_partition_configs[PARTITION_BARE].flags = PARTITION_TLFS;
	for (unsigned i = 0; i < PARTITION_TEST_COUNT; i++) {
		partition_table[i].synth.hypercall = 0x3001;
	}
	return 0;
}

static void wrmsr_of(struct vp *of, uint32_t msr, uint64_t value)
{
	assert_int_equal(fake_wrmsr(of, msr, value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
}

static uint64_t rdmsr(uint32_t msr)
{
	uint64_t value;

	assert_int_equal(fake_rdmsr(vp, msr, &value), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(vp), -1);
	return value;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	wrmsr_of(vp, msr, value);
}

/* ---- MSRs -------------------------------------------------------------- */

static void test_start(void **state)
{
	(void)state;
	assert_int_equal(rdmsr(HV_MSR_SCONTROL), 0);
	assert_int_equal(rdmsr(HV_MSR_SVERSION), 1);
	assert_int_equal(rdmsr(HV_MSR_SIMP), 0);
	assert_int_equal(rdmsr(HV_MSR_SIEFP), 0);
	assert_int_equal(rdmsr(HV_MSR_EOM), 0);
	for (unsigned i = 0; i < SINT_COUNT; i++) {
		assert_int_equal(rdmsr(HV_MSR_SINT0 + i), 0x10000);
	}
}

static void test_pages(void **state)
{
	static const struct {
		uint32_t msr;
		unsigned kind;
	} list[] = {
		{ HV_MSR_SIMP, OVERLAY_VP_SIM },
		{ HV_MSR_SIEFP, OVERLAY_VP_SIEF },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
		const struct fake_overlay *o = &fake_overlays[PARTITION_FULL]
			[overlay_vp_id(0, list[i].kind)];

		wrmsr(list[i].msr, 0x5ffd);
		assert_int_equal(rdmsr(list[i].msr), 0x5ffd);
		assert_true(o->mapped);
		assert_int_equal(o->gpa, 0x5000);
		assert_int_equal(o->rights, NESTED_READ | NESTED_WRITE);
		assert_int_equal(o->spa, (uintptr_t)
				 &overlay_pages_vp[0][list[i].kind]);
		/* Beyond the space: nowhere to be seen, but as written. */
		wrmsr(list[i].msr, SPACE_END | 1);
		assert_int_equal(rdmsr(list[i].msr), SPACE_END | 1);
		assert_false(o->mapped);
		fake_map_answer = HV_ERR_FULL;
		assert_true(fake_wrmsr_faults(vp, list[i].msr, 0x6001));
		assert_int_equal(rdmsr(list[i].msr), 0x6000);
		fake_map_answer = HV_OK;
	}
}

static void test_sint_values(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 256; vector++) {
		bool bad = vector < 16;

		assert_int_equal(fake_wrmsr_faults(vp, HV_MSR_SINT0 + 3,
						   vector), bad);
		assert_int_equal(fake_wrmsr_faults(vp, HV_MSR_SINT0 + 3,
						   vector | HV_SINT_POLLING),
				 bad);
		wrmsr(HV_MSR_SINT0 + 3, vector | HV_SINT_MASKED);
		assert_int_equal(rdmsr(HV_MSR_SINT0 + 3),
				 vector | HV_SINT_MASKED);
	}
	/* Reserved bits are kept. */
	wrmsr(HV_MSR_SINT15, ~0ull);
	assert_int_equal(rdmsr(HV_MSR_SINT15), ~0ull);
	assert_int_equal(rdmsr(HV_MSR_SINT0 + 14), 0x10000);
}

static bool is_auto(uint8_t vector)
{
	return (vp->synth.synic.auto_eoi[vector >> 6] >> (vector & 63) & 1) !=
	       0;
}

/* What hv/guest/apic.c goes by: unmasked SINTs, together. */
static void test_auto_eoi(void **state)
{
	(void)state;
	wrmsr(HV_MSR_SINT0 + 2, 0x51 | HV_SINT_AUTO_EOI);
	wrmsr(HV_MSR_SINT0 + 3, 0x51);
	wrmsr(HV_MSR_SINT0 + 4, 0xff | HV_SINT_AUTO_EOI);
	wrmsr(HV_MSR_SINT0 + 5, 0x52);
	wrmsr(HV_MSR_SINT0 + 6, 0x53 | HV_SINT_AUTO_EOI | HV_SINT_MASKED);
	assert_true(is_auto(0x51) && is_auto(0xff));
	assert_false(is_auto(0x52) || is_auto(0x53));
	wrmsr(HV_MSR_SINT0 + 2, 0x51);
	assert_false(is_auto(0x51));
	synth_reset_vp(vp);
	assert_false(is_auto(0xff));
}

/* ---- the receiver's side ----------------------------------------------- */

static struct hv_message *slot(const struct vp *of, unsigned sint)
{
	return (struct hv_message *)
		overlay_pages_vp[of->index][OVERLAY_VP_SIM].byte + sint;
}

static void listen(struct vp *of)
{
	wrmsr_of(of, HV_MSR_SIMP, 0x7001);
	wrmsr_of(of, HV_MSR_SIEFP, 0x8001);
	wrmsr_of(of, HV_MSR_SCONTROL, 1);
	for (unsigned i = 1; i < SINT_COUNT; i++) {
		wrmsr_of(of, HV_MSR_SINT0 + i, 0x80 + i);
	}
}

/* What its loop does on a request. */
static bool serve(struct vp *of)
{
	uint32_t requests = of->requests;

	of->requests = 0;
	if ((requests & VP_REQUEST_SYNIC) != 0) {
		synic_deliver(of);
	}
	return (requests & VP_REQUEST_SYNIC) != 0;
}

static bool raised(struct vp *of, unsigned sint)
{
	return fake_take_vector(fake_raised, of, (uint8_t)(0x80 + sint));
}

static void free_slot(struct vp *of, unsigned sint)
{
	slot(of, sint)->type = 0;
	wrmsr_of(of, HV_MSR_EOM, 0);
}

static uint64_t call(struct vp *of, uint64_t control, uint64_t input)
{
	of->vcpu.gpr[GPR_RCX] = control;
	of->vcpu.gpr[GPR_RDX] = input;
	of->vcpu.gpr[GPR_R8] = 0;
	assert_int_equal(hypercall_handle(of), OUTCOME_NEXT);
	assert_int_equal(fake_take_exception(of), -1);
	return of->vcpu.gpr[GPR_RAX];
}

static struct hv_post_message *input_of(const struct vp *of)
{
	return (struct hv_post_message *)(void *)
		&fake_ram[of->partition][INPUT];
}

static uint64_t post(struct vp *of, uint32_t connection, uint64_t word)
{
	*input_of(of) = (struct hv_post_message){
		.connection = connection, .type = TYPE, .payload_size = 8,
		.payload = { word }
	};
	return call(of, HV_CALL_POST_MESSAGE, INPUT);
}

static uint64_t signal_flag(struct vp *of, uint64_t connection, uint64_t flag)
{
	return call(of, HV_CALL_SIGNAL_EVENT | HV_CALL_FAST,
		    connection | flag << 32);
}

/* ---- messages ---------------------------------------------------------- */

static void test_post(void **state)
{
	(void)state;
	listen(other);
	assert_int_equal(post(vp, 0x10, 77), HV_STATUS_SUCCESS);
	/* Not by the sender's LP. */
	assert_int_equal(slot(other, 2)->type, 0);
	assert_true(serve(other));
	assert_true(raised(other, 2));
	assert_int_equal(slot(other, 2)->type, TYPE);
	assert_int_equal(slot(other, 2)->payload_size, 8);
	assert_int_equal(slot(other, 2)->flags, 0);
	assert_int_equal(slot(other, 2)->origination, 0x20);
	assert_int_equal(slot(other, 2)->payload[0], 77);
	assert_int_equal(slot(other, 2)->payload[1], 0);
	free_slot(other, 2);
	assert_int_equal(slot(other, 2)->type, 0);
	assert_false(raised(other, 2));
}

static void test_whole_payload(void **state)
{
	struct hv_post_message *input = input_of(vp);

	(void)state;
	listen(other);
	*input = (struct hv_post_message){
		.connection = 0x10, .type = 1, .payload_size = 240
	};
	for (unsigned i = 0; i < 30; i++) {
		input->payload[i] = i * 0x0101010101010101ull;
	}
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT), 0);
	memset(input, 0xcc, sizeof(*input));
	serve(other);
	assert_int_equal(slot(other, 2)->payload_size, 240);
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(slot(other, 2)->payload[i],
				 i * 0x0101010101010101ull);
	}
	assert_int_equal(slot(other, 3)->type, 0);
	assert_int_equal(slot(other, 3)->payload_size, 0);
}

static void test_post_statuses(void **state)
{
	struct hv_post_message *input = input_of(vp);

	(void)state;
	listen(other);
	assert_int_equal(post(vp, 0x1234, 0), HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(post(vp, 0x1000010, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	/* Another partition's, a port's number, an event's. */
	assert_int_equal(post(vp, 0x20, 0), HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(post(other, 0x11, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(post(vp, 0x11, 0), HV_STATUS_INVALID_PORT_ID);
	post(vp, 0x1234, 0);
	input->connection = 0x10;
	input->payload_size = 241;
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT),
			 HV_STATUS_INVALID_PARAMETER);
	input->payload_size = 8;
	input->type = 0;
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT),
			 HV_STATUS_INVALID_PARAMETER);
	input->type = 0x80000010;
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT),
			 HV_STATUS_INVALID_PARAMETER);
	input->type = 1;
	input->reserved = 1;
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT),
			 HV_STATUS_INVALID_PARAMETER);
	input->reserved = 0;
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE | HV_CALL_FAST, INPUT),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT + 0xf08),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, FAKE_NO_RAM),
			 HV_STATUS_INVALID_PARAMETER);
	assert_false(serve(other));
	assert_int_equal(call(vp, HV_CALL_POST_MESSAGE, INPUT), 0);
}

static void test_receiver_is_not_ready(void **state)
{
	(void)state;
	assert_int_equal(post(vp, 0x10, 0), HV_STATUS_INVALID_SYNIC_STATE);
	assert_int_equal(signal_flag(vp, 0x11, 0),
			 HV_STATUS_INVALID_SYNIC_STATE);
	listen(other);
	wrmsr_of(other, HV_MSR_SCONTROL, 0);
	assert_int_equal(post(vp, 0x10, 0), HV_STATUS_INVALID_SYNIC_STATE);
	wrmsr_of(other, HV_MSR_SCONTROL, 1);
	wrmsr_of(other, HV_MSR_SIMP, 0x7000);
	assert_int_equal(post(vp, 0x10, 0), HV_STATUS_INVALID_SYNIC_STATE);
	listen(other);
	partition_table[PARTITION_NONE].state = PARTITION_CLEARING;
	assert_int_equal(post(vp, 0x10, 0), HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(signal_flag(vp, 0x11, 0), HV_STATUS_INVALID_PORT_ID);
	partition_table[PARTITION_NONE].state = PARTITION_RUNNING;
	assert_int_equal(post(vp, 0x10, 0), HV_STATUS_SUCCESS);
}

/* Taken slot, flag, EOM; order; buffers used up. */
static void test_queue(void **state)
{
	(void)state;
	listen(other);
	for (uint64_t i = 0; i < CHANNEL_DEPTH; i++) {
		assert_int_equal(post(vp, 0x10, i), HV_STATUS_SUCCESS);
	}
	assert_int_equal(post(vp, 0x10, 99), HV_STATUS_INSUFFICIENT_BUFFERS);
	assert_true(serve(other));
	assert_int_equal(slot(other, 2)->flags, HV_MESSAGE_PENDING);
	/* One buffer is free. The receiver is not disturbed again. */
	assert_int_equal(post(vp, 0x10, CHANNEL_DEPTH), HV_STATUS_SUCCESS);
	assert_int_equal(post(vp, 0x10, 99), HV_STATUS_INSUFFICIENT_BUFFERS);
	assert_int_equal(other->requests, 0);
	for (uint64_t i = 0; i <= CHANNEL_DEPTH; i++) {
		assert_true(raised(other, 2));
		assert_int_equal(slot(other, 2)->payload[0], i);
		assert_int_equal(slot(other, 2)->flags,
				 i < CHANNEL_DEPTH ? HV_MESSAGE_PENDING : 0);
		free_slot(other, 2);
	}
	assert_false(raised(other, 2));
	assert_int_equal(slot(other, 2)->type, 0);
}

/* A slot that is taken when the only message comes. */
static void test_busy_slot(void **state)
{
	(void)state;
	listen(other);
	slot(other, 2)->type = 5;
	slot(other, 2)->flags = 0xf0;
	assert_int_equal(post(vp, 0x10, 1), HV_STATUS_SUCCESS);
	assert_true(serve(other));
	assert_false(raised(other, 2));
	assert_int_equal(slot(other, 2)->type, 5);
	assert_int_equal(slot(other, 2)->flags, 0xf1);
	assert_true(other->synth.synic.waiting);
	wrmsr_of(other, HV_MSR_EOM, ~0ull);
	assert_false(raised(other, 2));
	free_slot(other, 2);
	assert_true(raised(other, 2));
	assert_false(other->synth.synic.waiting);
	assert_int_equal(slot(other, 2)->flags, 0);
}

static void test_masked_and_polling(void **state)
{
	(void)state;
	listen(other);
	wrmsr_of(other, HV_MSR_SINT0 + 2, 0x82 | HV_SINT_MASKED);
	assert_int_equal(post(vp, 0x10, 1), HV_STATUS_SUCCESS);
	serve(other);
	assert_int_equal(slot(other, 2)->type, TYPE);
	wrmsr_of(other, HV_MSR_SINT0 + 2, 0x82 | HV_SINT_POLLING);
	free_slot(other, 2);
	assert_int_equal(post(vp, 0x10, 2), HV_STATUS_SUCCESS);
	serve(other);
	assert_int_equal(slot(other, 2)->payload[0], 2);
	assert_int_equal(fake_raised_count, 0);
	/* Events: masked is refused, polling is silent. */
	wrmsr_of(other, HV_MSR_SINT0 + 3, 0x83 | HV_SINT_MASKED);
	assert_int_equal(signal_flag(vp, 0x11, 1),
			 HV_STATUS_INVALID_SYNIC_STATE);
	wrmsr_of(other, HV_MSR_SINT0 + 3, 0x83 | HV_SINT_POLLING);
	assert_int_equal(signal_flag(vp, 0x11, 1), HV_STATUS_SUCCESS);
	assert_false(fake_take_vector(fake_posted, other, 0x83));
}

/* One sender fills its buffers and goes on; the other does not notice. */
static void test_flood(void **state)
{
	struct vp *flooder = &vp_table[3];

	(void)state;
	listen(other);
	for (uint64_t round = 0; round < 100; round++) {
		for (unsigned i = 0; i < 3 * CHANNEL_DEPTH; i++) {
			post(flooder, 0x10, 0xbad);
		}
		assert_int_equal(post(flooder, 0x10, 0xbad),
				 HV_STATUS_INSUFFICIENT_BUFFERS);
		assert_int_equal(post(vp, 0x10, round), HV_STATUS_SUCCESS);
		serve(other);
		assert_int_equal(slot(other, 2)->payload[0], round);
		assert_int_equal(slot(other, 2)->origination, 0x20);
		assert_true(raised(other, 2));
		free_slot(other, 2);
		/* It is the receiver who takes the flood, or not. */
		assert_int_equal(slot(other, 4)->origination, 0x40);
		if (round % 3 == 0) {
			free_slot(other, 4);
		}
	}
}

/* An exit copies four messages at most; the loop comes back for the rest. */
static void test_pass_is_bounded(void **state)
{
	(void)state;
	listen(vp);
	for (unsigned i = 0; i < STIMER_COUNT; i++) {
		wrmsr(HV_MSR_STIMER0_COUNT + 2 * i, 0);
		wrmsr(HV_MSR_STIMER0_CONFIG + 2 * i,
		      HV_STIMER_AUTO_ENABLE |
		      (uint64_t)(8 + i) << HV_STIMER_SINT_SHIFT);
		wrmsr(HV_MSR_STIMER0_COUNT + 2 * i, 1);
	}
	fake_channel_configs[2].vp = 0;
	fake_vp_configs[0].sint_channel[5] = 2;
	assert_int_equal(post(other, 0x10, 7), HV_STATUS_SUCCESS);
	vp->requests = 0;
	fake_tsc += FAKE_TSC_HZ;
	stimer_poll(vp, fake_tsc);
	assert_int_equal(fake_raised_count, 4);
	assert_int_equal(slot(vp, 5)->type, 0);
	assert_true(serve(vp));
	assert_int_equal(fake_raised_count, 5);
	assert_int_equal(slot(vp, 5)->payload[0], 7);
	assert_false(serve(vp));
	fake_vp_configs[0].sint_channel[5] = CONFIG_NONE;
}

/* What was under way does not reach the receiver's next life. */
static void test_receiver_restarts(void **state)
{
	(void)state;
	listen(other);
	post(vp, 0x10, 1);
	post(vp, 0x10, 2);
	signal_flag(vp, 0x11, 2);
	/* nested_restore() was before. */
	memset(fake_overlays[PARTITION_NONE], 0, sizeof(fake_overlays[0]));
	synth_reset_vp(other);
	assert_int_equal(post(vp, 0x10, 3), HV_STATUS_INVALID_SYNIC_STATE);
	listen(other);
	serve(other);
	wrmsr_of(other, HV_MSR_EOM, 0);
	assert_int_equal(slot(other, 2)->type, 0);
	for (unsigned i = 0; i < 4096; i++) {
		assert_int_equal(overlay_pages_vp[2][OVERLAY_VP_SIEF].byte[i],
				 0);
	}
	/* The sender's restart changes nothing. */
	assert_int_equal(post(vp, 0x10, 4), HV_STATUS_SUCCESS);
	synth_reset_vp(vp);
	serve(other);
	assert_int_equal(slot(other, 2)->payload[0], 4);
}

/* ---- events ------------------------------------------------------------ */

static bool flag_is_set(unsigned sint, unsigned flag)
{
	const uint8_t *page = overlay_pages_vp[2][OVERLAY_VP_SIEF].byte;

	return (page[sint * 256 + flag / 8] >> flag % 8 & 1) != 0;
}

static void test_signal(void **state)
{
	(void)state;
	listen(other);
	for (unsigned flag = 0; flag < 4; flag++) {
		assert_int_equal(signal_flag(vp, 0x11, flag),
				 HV_STATUS_SUCCESS);
		assert_true(fake_take_vector(fake_posted, other, 0x83));
		/* Set already: nothing. */
		assert_int_equal(signal_flag(vp, 0x11, flag),
				 HV_STATUS_SUCCESS);
		assert_false(fake_take_vector(fake_posted, other, 0x83));
	}
	for (unsigned i = 0; i < 16 * 2048; i++) {
		assert_int_equal(flag_is_set(i / 2048, i % 2048),
				 i / 2048 == 3 && i % 2048 >= 8 &&
				 i % 2048 < 12);
	}
	overlay_pages_vp[2][OVERLAY_VP_SIEF].byte[3 * 256 + 1] = 0xd;
	assert_int_equal(signal_flag(vp, 0x11, 1), HV_STATUS_SUCCESS);
	assert_true(fake_take_vector(fake_posted, other, 0x83));
	assert_int_equal(other->requests & VP_REQUEST_SYNIC, 0);
}

static void test_signal_statuses(void **state)
{
	uint64_t *input = (void *)&fake_ram[PARTITION_FULL][INPUT];

	(void)state;
	listen(other);
	assert_int_equal(signal_flag(vp, 0x1234, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(signal_flag(vp, 0x10, 0), HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(signal_flag(other, 0x11, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	for (uint64_t flag = 4; flag < 0x10000; flag++) {
		assert_int_equal(signal_flag(vp, 0x11, flag),
				 HV_STATUS_INVALID_PARAMETER);
	}
	for (unsigned bit = 16; bit < 32; bit++) {
		assert_int_equal(signal_flag(vp, 0x11, 1ull << bit),
				 HV_STATUS_INVALID_PARAMETER);
	}
	wrmsr_of(other, HV_MSR_SIEFP, 0x8000);
	assert_int_equal(signal_flag(vp, 0x11, 0),
			 HV_STATUS_INVALID_SYNIC_STATE);
	wrmsr_of(other, HV_MSR_SIEFP, 0x8001);
	/* The memory form. */
	*input = 0x11 | 3ull << 32;
	assert_int_equal(call(vp, HV_CALL_SIGNAL_EVENT, INPUT),
			 HV_STATUS_SUCCESS);
	assert_true(flag_is_set(3, 11));
	assert_int_equal(call(vp, HV_CALL_SIGNAL_EVENT, INPUT + 4),
			 HV_STATUS_INVALID_ALIGNMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_start, setup),
		cmocka_unit_test_setup(test_pages, setup),
		cmocka_unit_test_setup(test_sint_values, setup),
		cmocka_unit_test_setup(test_auto_eoi, setup),
		cmocka_unit_test_setup(test_post, setup),
		cmocka_unit_test_setup(test_whole_payload, setup),
		cmocka_unit_test_setup(test_post_statuses, setup),
		cmocka_unit_test_setup(test_receiver_is_not_ready, setup),
		cmocka_unit_test_setup(test_queue, setup),
		cmocka_unit_test_setup(test_busy_slot, setup),
		cmocka_unit_test_setup(test_masked_and_polling, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_pass_is_bounded, setup),
		cmocka_unit_test_setup(test_receiver_restarts, setup),
		cmocka_unit_test_setup(test_signal, setup),
		cmocka_unit_test_setup(test_signal_statuses, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
