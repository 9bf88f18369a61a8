/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/apic.c hv/guest/apic_ipi.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/ioapic.c tests/unit/fake_vp.c */
/* FLAGS: -DCONFIG_VMX_APICV=1 */
/*
 * A local APIC that the processor plays, held against one that software
 * plays: two VPs of one kind have the same asked of them, and never differ.
 * The processor is as SDM3 29.1 and 29.2 say, each step of it written out
 * anew. And one that gives back what it could not have found.
 */
#include <stdlib.h>
#include <string.h>

#include "apic_access.h"
#include "lib/bits.h"

#define MSR_EOI 0x80b
#define MSR_TPR 0x808
#define MSR_SELF_IPI 0x83f

/* ---- the processor ------------------------------------------------------ */

static struct {
	bool can;		/* what vcpu_has_apic() says */
	bool given;
	bool forges;
	uint8_t irr[256], isr[256], exits[256];
} cpu;

static void spread(const uint64_t from[4], uint8_t to[256])
{
	for (unsigned v = 0; v < 256; v++) {
		to[v] = from[v >> 6] >> (v & 63) & 1;
	}
}

static void gather(const uint8_t from[256], uint64_t to[4])
{
	memset(to, 0, 4 * sizeof(*to));
	for (unsigned v = 0; v < 256; v++) {
		to[v >> 6] |= (uint64_t)from[v] << (v & 63);
	}
}

static unsigned highest(const uint8_t bits[256])
{
	unsigned v = 255;

	while (v > 0 && bits[v] == 0) {
		v--;
	}
	return v;
}

bool vcpu_has_apic(const struct vcpu *vcpu)
{
	return cpu.can && vcpu->index == 0;
}

void vcpu_give_apic(struct vcpu *vcpu, const struct vcpu_apic *apic)
{
	if (vcpu->index != 0) {
		return;
	}
	cpu.given = apic != NULL;
	if (apic != NULL) {
		spread(apic->requested, cpu.irr);
		spread(apic->service, cpu.isr);
		spread(apic->exits, cpu.exits);
	}
}

bool vcpu_take_apic(struct vcpu *vcpu, struct vcpu_apic *apic)
{
	if (!cpu.given || vcpu->index != 0) {
		return false;
	}
	if (cpu.forges) {
		for (unsigned v = 0; v < 256; v++) {
			cpu.irr[v] = rand() & 1;
			cpu.isr[v] = rand() & 1;
		}
	}
	gather(cpu.irr, apic->requested);
	gather(cpu.isr, apic->service);
	return true;
}

/* The vector that it takes now, TPR being what it is; -1: none. */
static int cpu_deliver(uint8_t tpr)
{
	unsigned vector = highest(cpu.irr), service = highest(cpu.isr);
	unsigned ppr = tpr >> 4 >= service >> 4 ? tpr : service & 0xf0;

	if (vector >> 4 <= ppr >> 4) {
		return -1;
	}
	cpu.irr[vector] = 0;
	cpu.isr[vector] = 1;
	return (int)vector;
}

static void cpu_end(struct vp *vp)
{
	unsigned vector = highest(cpu.isr);
	struct vcpu_exit exit = { .kind = EXIT_APIC };

	cpu.isr[vector] = 0;
	if (cpu.exits[vector] != 0) {
		exit.apic.eoi = true;
		exit.apic.vector = (uint8_t)vector;
		apic_take(vp);
		assert_int_equal(apic_finish_write(vp, &exit), OUTCOME_SAME);
		apic_give(vp);
	}
}

static void cpu_self_ipi(struct vp *vp, uint8_t vector)
{
	struct vcpu_exit exit = { .kind = EXIT_APIC };

	if (vector >= 16) {
		cpu.irr[vector] = 1;
		return;
	}
	exit.apic.vector = vector;
	apic_take(vp);
	assert_int_equal(apic_finish_write(vp, &exit), OUTCOME_SAME);
	apic_give(vp);
}

/* ---- both --------------------------------------------------------------- */

static struct vp *one, *two;	/* the processor's, software's */

static void set_index(void)
{
	for (uint32_t i = 0; i < FAKE_BIG_VPS + FAKE_SMALL_VPS; i++) {
		vp_table[i].vcpu.index = i;
	}
}

static int setup_both(void **state)
{
	setup(state);
	set_index();
	memset(&cpu, 0, sizeof(cpu));
	cpu.can = true;
	one = start_x2apic(FAKE_BIG, 0);
	two = start_x2apic(FAKE_BIG, 1);
	return 0;
}

static void check_same(void)
{
	const struct apic_state *a = &one->apic, *b = &two->apic;

	assert_memory_equal(a->irr, b->irr, sizeof(a->irr));
	assert_memory_equal(a->isr, b->isr, sizeof(a->isr));
	assert_int_equal(a->irr_top, b->irr_top);
	assert_int_equal(a->isr_top, b->isr_top);
	assert_int_equal(a->irr_words, b->irr_words);
	assert_int_equal(a->isr_words, b->isr_words);
	assert_int_equal(a->ppr, b->ppr);
	assert_int_equal(a->esr_pending, b->esr_pending);
	assert_int_equal(one->requests & VP_REQUEST_SYNIC,
			 two->requests & VP_REQUEST_SYNIC);
	assert_int_equal(apic_pending_vector(one), apic_pending_vector(two));
}

/* What makes no exit where the processor plays. */
static void step_guest(void)
{
	uint8_t vector = (uint8_t)(rand() % 8 * 0x21);
	int taken, wanted;

	switch (rand() % 4) {
	case 0:
		cpu_self_ipi(one, vector);
		msr_write(two, MSR_SELF_IPI, vector);
		return;
	case 1:
		cpu_end(one);
		msr_write(two, MSR_EOI, 0);
		return;
	default:
		taken = cpu_deliver(one->apic.tpr);
		wanted = apic_pending_vector(two);
		assert_int_equal(taken, wanted);
		if (wanted >= 0) {
			apic_accept(two, (uint8_t)wanted);
		}
		return;
	}
}

/* Between two runs: by exits of the guest, and from others. */
static void step_outside(void)
{
	uint8_t vector = (uint8_t)(16 + rand() % 240);
	bool level = (rand() & 1) != 0;
	uint8_t tpr = (uint8_t)rand();

	switch (rand() % 8) {
	case 0:
		vp_post_interrupt(one, vector, level);
		vp_post_interrupt(two, vector, level);
		break;
	case 1:
		msr_write(one, MSR_TPR, tpr);
		msr_write(two, MSR_TPR, tpr);
		break;
	case 2:
		msr_write(one, MSR_EOI, 0);
		msr_write(two, MSR_EOI, 0);
		break;
	case 3:
		one->synth.synic.waiting = level;
		two->synth.synic.waiting = level;
		one->requests = two->requests = 0;
		break;
	case 4:
		apic_set_requested(one, vector);
		apic_set_requested(two, vector);
		break;
	default:
		break;
	}
	apic_take_posted(one);
	apic_take_posted(two);
}

static void test_never_differ(void **state)
{
	(void)state;
	srand(3);
	for (unsigned i = 0; i < 100000; i++) {
		step_outside();
		check_same();
		assert_true(apic_is_giveable(one));
		assert_false(apic_is_giveable(two));
		apic_give(one);
		assert_true(cpu.given);
		for (unsigned n = (unsigned)rand() % 4; n > 0; n--) {
			step_guest();
		}
		apic_take(one);
		check_same();
		if (rand() % 64 == 0) {
			setup_both(state);
		}
	}
}

/* Level once, then an edge that the processor took: its EOI makes no exit. */
static void test_edge_after_level(void **state)
{
	(void)state;
	vp_post_interrupt(one, 0x52, true);
	apic_take_posted(one);
	apic_accept(one, 0x52);
	msr_write(one, MSR_EOI, 0);
	assert_int_not_equal(one->apic.tmr[1] & 1ull << 0x12, 0);
	apic_give(one);
	assert_int_equal(cpu.exits[0x52], 1);
	cpu_self_ipi(one, 0x52);
	apic_take(one);
	assert_int_equal(one->apic.tmr[1] & 1ull << 0x12, 0);
	apic_give(one);
	assert_int_equal(cpu.exits[0x52], 0);
	assert_int_equal(cpu_deliver(0), 0x52);
	apic_take(one);
	/* Requested and taken within one run. */
	msr_write(one, MSR_EOI, 0);
	vp_post_interrupt(one, 0x52, true);
	apic_take_posted(one);
	apic_accept(one, 0x52);
	msr_write(one, MSR_EOI, 0);
	apic_give(one);
	cpu_self_ipi(one, 0x52);
	assert_int_equal(cpu_deliver(0), 0x52);
	apic_take(one);
	assert_int_equal(one->apic.tmr[1] & 1ull << 0x12, 0);
	/* A level that is taken stays one. */
	msr_write(one, MSR_EOI, 0);
	vp_post_interrupt(one, 0x52, true);
	apic_take_posted(one);
	apic_give(one);
	assert_int_equal(cpu_deliver(0), 0x52);
	apic_take(one);
	assert_int_not_equal(one->apic.tmr[1] & 1ull << 0x12, 0);
}

/* ---- when not ----------------------------------------------------------- */

static void test_giveable(void **state)
{
	(void)state;
	cpu.can = false;
	assert_false(apic_is_giveable(one));
	apic_give(one);
	assert_false(cpu.given);
	cpu.can = true;
	assert_true(apic_is_giveable(one));
	/* It would accept what a disabled APIC does not. */
	msr_write(one, 0x80f, 0xff);
	assert_false(apic_is_giveable(one));
	msr_write(one, 0x80f, 0x1ff);
	assert_true(apic_is_giveable(one));
	/* A vector that is never in service, of a SINT with AutoEOI. */
	one->synth.synic.auto_eoi[2] = 1;
	assert_false(apic_is_giveable(one));
	one->synth.synic.auto_eoi[2] = 0;
	/* Off, and in xAPIC mode: no MSRs, so no bitmap that passes them. */
	msr_write(one, MSR_APIC_BASE, APIC_PAGE | 0x100);
	assert_false(apic_is_giveable(one));
	msr_write(one, MSR_APIC_BASE, BASE_XAPIC | 0x100);
	page_write(one, 0xf0, 0x1ff);
	assert_false(apic_is_giveable(one));
	apic_give(one);
	assert_false(cpu.given);
}

/* Of level lines; of all while a message waits. */
static void test_exits(void **state)
{
	(void)state;
	vp_post_interrupt(one, 0x61, true);
	vp_post_interrupt(one, 0x62, false);
	apic_take_posted(one);
	apic_give(one);
	assert_int_equal(cpu.exits[0x61], 1);
	assert_int_equal(cpu.exits[0x62], 0);
	one->synth.synic.waiting = true;
	apic_give(one);
	assert_int_equal(cpu.exits[0x62], 1);
	assert_int_equal(cpu.exits[0], 1);
	/* The same vector as an edge. */
	one->synth.synic.waiting = false;
	vp_post_interrupt(one, 0x61, false);
	apic_take_posted(one);
	apic_give(one);
	assert_int_equal(cpu.exits[0x61], 0);
}

/* A level line's EOI reaches the IOAPIC, and the line behind it. */
static void test_line(void **state)
{
	(void)state;
	assert_int_equal(ioapic_write_page(one, 0, 4, 0x10), OUTCOME_NEXT);
	assert_int_equal(ioapic_write_page(one, 0x10, 4, 0x8061),
			 OUTCOME_NEXT);
	ioapic_raise(FAKE_BIG, 0, true);
	apic_take_posted(one);
	apic_give(one);
	assert_int_equal(cpu_deliver(0), 0x61);
	assert_int_equal(fake_unmasked[0], 0);
	cpu_end(one);
	apic_take(one);
	assert_int_equal(fake_unmasked[0], 1);
	assert_int_equal(apic_pending_vector(one), -1);
}

/* Whatever comes back, what the other functions rely on is true. */
static void test_forged(void **state)
{
	struct apic_state *apic = &one->apic;

	(void)state;
	cpu.forges = true;
	srand(5);
	for (unsigned i = 0; i < 2000; i++) {
		apic_give(one);
		apic_take(one);
		assert_int_equal((apic->irr[0] | apic->isr[0]) & 0xffff, 0);
		for (unsigned j = 0; j < 4; j++) {
			assert_int_equal(apic->irr_words >> j & 1,
					 apic->irr[j] != 0);
			assert_int_equal(apic->isr_words >> j & 1,
					 apic->isr[j] != 0);
		}
		assert_true(apic->ppr >> 4 >= apic->isr_top >> 4);
		while (apic->isr_top != 0) {
			apic_end_of_interrupt(one);
		}
		assert_int_equal(apic->isr[0] | apic->isr[1] | apic->isr[2] |
				 apic->isr[3], 0);
		while (apic_pending_vector(one) >= 0) {
			apic_accept(one, (uint8_t)apic_pending_vector(one));
			apic_end_of_interrupt(one);
		}
		assert_int_equal(apic->irr_top, 0);
	}
	assert_int_equal(apic->esr_pending, 0x40);
}

#define TEST(name) cmocka_unit_test_setup(name, setup_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_never_differ), TEST(test_edge_after_level),
		TEST(test_giveable),
		TEST(test_exits), TEST(test_line), TEST(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
