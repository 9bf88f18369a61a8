/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/apic.c hv/guest/apic_ipi.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/ioapic.c tests/unit/fake_vp.c */
/* The local APIC: priorities, software switch-off, errors. */
#include "apic_access.h"

/* ---- priorities -------------------------------------------------------- */

static void test_nothing_pending(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	assert_int_equal(pending(vp), -1);
	assert_int_equal(apic_requested_vector(vp), -1);
	assert_int_equal(page_read(vp, 0xa0), 0);
	/* An EOI of nothing does nothing. */
	page_write(vp, 0xb0, 0);
	assert_int_equal(pending(vp), -1);
	/* Taking what was not requested neither. */
	apic_accept(vp, 0x50);
	assert_int_equal(page_read(vp, 0xa0), 0);
	assert_int_equal(page_read(vp, 0x120), 0);
}

static void test_highest_first(void **state)
{
	static const uint8_t vectors[] = { 0x10, 0x3f, 0x40, 0x7f, 0x80, 0xbf,
					   0xc0, 0xff };
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(vectors); i++) {
		self_ipi(vp, vectors[i]);
	}
	for (unsigned i = ARRAY_COUNT(vectors); i-- > 0;) {
		assert_int_equal(apic_requested_vector(vp), vectors[i]);
		take(vp, vectors[i]);
		assert_int_equal(pending(vp), -1);
		page_write(vp, 0xb0, 0);
	}
	assert_int_equal(pending(vp), -1);
	assert_int_equal(apic_requested_vector(vp), -1);
}

static void test_lower_does_not_hide_higher(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	self_ipi(vp, 0xc0);
	self_ipi(vp, 0x40);
	assert_int_equal(pending(vp), 0xc0);
	/* The lower one was on its way in when the higher one came. */
	apic_accept(vp, 0x40);
	assert_int_equal(pending(vp), 0xc0);
	apic_accept(vp, 0xc0);
	self_ipi(vp, 0x40);
	apic_accept(vp, 0x40);
	assert_int_equal(page_read(vp, 0xa0), 0xc0);
	page_write(vp, 0xb0, 0);
	assert_int_equal(page_read(vp, 0xa0), 0x40);
}

static void test_nesting(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	self_ipi(vp, 0x52);
	take(vp, 0x52);
	assert_int_equal(page_read(vp, 0xa0), 0x50);
	/* The same class waits, though the number is higher. */
	self_ipi(vp, 0x5f);
	assert_int_equal(pending(vp), -1);
	assert_int_equal(apic_requested_vector(vp), 0x5f);
	/* A higher class interrupts. */
	self_ipi(vp, 0x61);
	take(vp, 0x61);
	assert_int_equal(page_read(vp, 0xa0), 0x60);
	assert_int_equal(page_read(vp, 0x120), 1u << 0x12);
	assert_int_equal(page_read(vp, 0x130), 1u << 0x1 );
	/* The first EOI ends the highest. */
	page_write(vp, 0xb0, 0);
	assert_int_equal(page_read(vp, 0x130), 0);
	assert_int_equal(page_read(vp, 0xa0), 0x50);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0xb0, 0);
	take(vp, 0x5f);
	page_write(vp, 0xb0, 0);
	assert_int_equal(page_read(vp, 0xa0), 0);
}

static void test_one_in_service_one_requested(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	self_ipi(vp, 0x70);
	take(vp, 0x70);
	self_ipi(vp, 0x70);
	self_ipi(vp, 0x70);
	assert_int_equal(page_read(vp, 0x130), 1u << 16);
	assert_int_equal(page_read(vp, 0x230), 1u << 16);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0xb0, 0);
	take(vp, 0x70);
	page_write(vp, 0xb0, 0);
	assert_int_equal(pending(vp), -1);
}

/* A SINT with auto-EOI: taken and done at once (TLFS 11.8.2). */
static void test_auto_eoi(void **state)
{
	struct vp *vp = &vp_table[0];

	(void)state;
	page_write(vp, 0xf0, 0x1ff);
	vp->synth.synic.auto_eoi[1] = 1ull << (0x61 & 63);
	for (unsigned i = 0; i < 3; i++) {
		self_ipi(vp, 0x61);
		assert_int_equal(pending(vp), 0x61);
		apic_accept(vp, 0x61);
		assert_int_equal(vp->apic.isr_top, 0);
		assert_int_equal(vp->apic.ppr, 0);
		assert_int_equal(apic_requested_vector(vp), -1);
	}
	self_ipi(vp, 0x62);
	apic_accept(vp, 0x62);
	assert_int_equal(vp->apic.isr_top, 0x62);
}

/* An EOI looks again for a message that waits, if there is one. */
static void test_eoi_asks_for_messages(void **state)
{
	struct vp *vp = &vp_table[0];

	(void)state;
	page_write(vp, 0xf0, 0x1ff);
	vp->requests = 0;
	page_write(vp, 0xb0, 0);
	assert_int_equal(vp->requests, 0);
	vp->synth.synic.waiting = true;
	page_write(vp, 0xb0, 0);
	assert_int_equal(vp->requests, VP_REQUEST_SYNIC);
}

static void test_tpr(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	self_ipi(vp, 0x45);
	page_write(vp, 0x80, 0x40);
	assert_int_equal(pending(vp), -1);
	assert_int_equal(apic_requested_vector(vp), 0x45);
	page_write(vp, 0x80, 0x3f);
	assert_int_equal(pending(vp), 0x45);
	assert_int_equal(page_read(vp, 0xa0), 0x3f);
	take(vp, 0x45);
	assert_int_equal(page_read(vp, 0xa0), 0x40);
	/* Equal classes: the TPR's low half shows. */
	page_write(vp, 0x80, 0x4a);
	assert_int_equal(page_read(vp, 0xa0), 0x4a);
	page_write(vp, 0x80, 0xff);
	self_ipi(vp, 0xff);
	assert_int_equal(pending(vp), -1);
	/* Only eight bits are kept. */
	page_write(vp, 0x80, 0xffffff12);
	assert_int_equal(page_read(vp, 0x80), 0x12);
	assert_int_equal(pending(vp), 0xff);
}

static void test_arbitration_priority(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	page_write(vp, 0x80, 0x23);
	assert_int_equal(page_read(vp, 0x90), 0x23);
	self_ipi(vp, 0x67);
	assert_int_equal(page_read(vp, 0x90), 0x60);
	assert_int_equal(page_read(vp, 0xc0), 0);
}

static void test_cr8(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	self_ipi(vp, 0x45);
	apic_set_cr8(vp, 4);
	assert_int_equal(page_read(vp, 0x80), 0x40);
	assert_int_equal(vp->vcpu.cr8, 4);
	assert_int_equal(pending(vp), -1);
	apic_set_cr8(vp, 3);
	assert_int_equal(pending(vp), 0x45);
	/* Read back unchanged after a run: the low half survives. */
	page_write(vp, 0x80, 0x57);
	assert_int_equal(vp->vcpu.cr8, 5);
	apic_set_cr8(vp, 5);
	assert_int_equal(page_read(vp, 0x80), 0x57);
	apic_set_cr8(vp, 0xf);
	assert_int_equal(page_read(vp, 0xa0), 0xf0);
}

/* ---- what arrives from elsewhere --------------------------------------- */

static void test_posted(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 3);

	(void)state;
	vp_post_interrupt(vp, 0x31, false);
	vp_post_interrupt(vp, 0x9e, true);
	vp_post_interrupt(vp, 0xff, false);
	assert_int_equal(apic_pending_vector(vp), -1);
	apic_take_posted(vp);
	assert_int_equal(vp->posted[0] | vp->posted[1] | vp->posted[2] |
			 vp->posted[3], 0);
	assert_int_equal(page_read(vp, 0x210), 1u << 0x11);
	assert_int_equal(page_read(vp, 0x240), 1u << 0x1e);
	assert_int_equal(page_read(vp, 0x270), 1u << 0x1f);
	assert_int_equal(page_read(vp, 0x1c0), 1u << 0x1e);
	assert_int_equal(page_read(vp, 0x190), 0);
	assert_int_equal(pending(vp), 0xff);
	/* A lower one does not hide the highest. */
	vp_post_interrupt(vp, 0x40, false);
	assert_int_equal(pending(vp), 0xff);
	/* The next one of the vector is edge: the TMR follows. */
	vp_post_interrupt(vp, 0x9e, false);
	apic_take_posted(vp);
	assert_int_equal(page_read(vp, 0x1c0), 0);
	/* From itself as well. */
	vp_post_interrupt(vp, 0x9e, true);
	apic_take_posted(vp);
	assert_int_equal(page_read(vp, 0x1c0), 1u << 0x1e);
	self_ipi(vp, 0x9e);
	assert_int_equal(page_read(vp, 0x1c0), 0);
	/* A guest that looks sees what is on its way. */
	vp_post_interrupt(vp, 0x31, true);
	assert_int_equal(page_read(vp, 0x190), 1u << 0x11);
}

static void test_posted_illegal(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 3);

	(void)state;
	vp_post_interrupt(vp, 5, false);
	assert_int_equal(pending(vp), -1);
	assert_int_equal(apic_requested_vector(vp), -1);
	page_write(vp, 0x280, 0);
	page_write(vp, 0x370, 0xfe);
	vp_post_interrupt(vp, 15, false);
	vp_post_interrupt(vp, 0, false);
	assert_int_equal(pending(vp), 0xfe);
	assert_int_equal(page_read(vp, 0x200), 0);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0x40);
	vp_post_interrupt(vp, 16, false);
	apic_take_posted(vp);
	assert_int_equal(page_read(vp, 0x200), 0x10000);
}

static void test_posted_while_off(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);

	(void)state;
	/* By software. */
	vp_post_interrupt(vp, 0x80, false);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0xf0, 0x1ff);
	assert_int_equal(pending(vp), -1);
	/* Wholly. */
	msr_write(vp, MSR_APIC_BASE, APIC_PAGE | 0x100);
	vp_post_interrupt(vp, 0x80, false);
	assert_int_equal(pending(vp), -1);
	assert_int_equal(vp->posted[2], 0);
}

/* ---- software switch-off ----------------------------------------------- */

static void test_software_disable(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	page_write(vp, 0x320, 0x20);
	page_write(vp, 0x350, 0x30);
	page_write(vp, 0x370, 0x40);
	/* A new spurious vector is no switch-off. */
	page_write(vp, 0xf0, 0x1ee);
	assert_int_equal(page_read(vp, 0xf0), 0x1ee);
	assert_int_equal(page_read(vp, 0x350), 0x30);
	self_ipi(vp, 0x50);
	take(vp, 0x50);
	self_ipi(vp, 0x60);
	vp_post_interrupt(vp, 0x61, false);
	page_write(vp, 0xf0, 0xff);
	/* All LVT entries masked, and not to be unmasked. */
	assert_int_equal(page_read(vp, 0x320), 0x10020);
	assert_int_equal(page_read(vp, 0x350), 0x10030);
	assert_int_equal(page_read(vp, 0x370), 0x10040);
	page_write(vp, 0x320, 0x21);
	page_write(vp, 0x360, 0x400);
	assert_int_equal(page_read(vp, 0x320), 0x10021);
	assert_int_equal(page_read(vp, 0x360), 0x10400);
	/* Nothing new, not from itself either. */
	self_ipi(vp, 0x70);
	vp_post_interrupt(vp, 0x71, false);
	/* What had arrived before is kept, what was in service too. */
	take(vp, 0x61);
	page_write(vp, 0xb0, 0);
	take(vp, 0x60);
	page_write(vp, 0xb0, 0);
	assert_int_equal(page_read(vp, 0xa0), 0x50);
	page_write(vp, 0xb0, 0);
	assert_int_equal(pending(vp), -1);
	/* Back on: entries stay masked until they are written. */
	page_write(vp, 0xf0, 0x1ff);
	assert_int_equal(page_read(vp, 0x320), 0x10021);
	self_ipi(vp, 0x70);
	take(vp, 0x70);
}

/* ---- errors ------------------------------------------------------------ */

static void test_esr_write_then_read(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	self_ipi(vp, 0x0f);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0xf0, 0x1ff);
	assert_int_equal(page_read(vp, 0x280), 0);
	page_write(vp, 0x280, 0xffffffff);
	assert_int_equal(page_read(vp, 0x280), 0x20);
	assert_int_equal(page_read(vp, 0x280), 0x20);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0);
	/* Errors collect until the write. */
	self_ipi(vp, 0);
	page_read(vp, 0x400);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0xa0);
}

static void test_error_interrupt(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	/* Masked: none. */
	self_ipi(vp, 1);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0x280, 0);
	page_write(vp, 0x370, 0xe0);
	self_ipi(vp, 1);
	take(vp, 0xe0);
	page_write(vp, 0xb0, 0);
	/* Once, until the ESR is written. */
	self_ipi(vp, 1);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0x280, 0);
	self_ipi(vp, 1);
	take(vp, 0xe0);
	page_write(vp, 0xb0, 0);
	page_write(vp, 0x280, 0);
	/* Its own vector may be illegal too. */
	page_write(vp, 0x370, 0x02);
	self_ipi(vp, 1);
	assert_int_equal(apic_requested_vector(vp), -1);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0x60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_pending, setup),
		cmocka_unit_test_setup(test_highest_first, setup),
		cmocka_unit_test_setup(test_lower_does_not_hide_higher, setup),
		cmocka_unit_test_setup(test_nesting, setup),
		cmocka_unit_test_setup(test_one_in_service_one_requested,
				       setup),
		cmocka_unit_test_setup(test_auto_eoi, setup),
		cmocka_unit_test_setup(test_eoi_asks_for_messages, setup),
		cmocka_unit_test_setup(test_tpr, setup),
		cmocka_unit_test_setup(test_arbitration_priority, setup),
		cmocka_unit_test_setup(test_cr8, setup),
		cmocka_unit_test_setup(test_posted, setup),
		cmocka_unit_test_setup(test_posted_illegal, setup),
		cmocka_unit_test_setup(test_posted_while_off, setup),
		cmocka_unit_test_setup(test_software_disable, setup),
		cmocka_unit_test_setup(test_esr_write_then_read, setup),
		cmocka_unit_test_setup(test_error_interrupt, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
