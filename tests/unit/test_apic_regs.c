/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/apic.c hv/guest/apic_ipi.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/ioapic.c tests/unit/fake_vp.c */
/* The local APIC: registers by page and by MSR, its modes. */
#include "apic_access.h"

/* ---- the page ---------------------------------------------------------- */

static void test_page_after_reset(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 7);

	(void)state;
	assert_int_equal(page_read(vp, 0x20), 7u << 24);
	assert_int_equal(page_read(vp, 0x30), 0x50014);
	assert_int_equal(page_read(vp, 0x80), 0);
	assert_int_equal(page_read(vp, 0xd0), 0);
	assert_int_equal(page_read(vp, 0xe0), 0xffffffff);
	assert_int_equal(page_read(vp, 0xf0), 0xff);
	assert_int_equal(page_read(vp, 0x280), 0);
	assert_int_equal(page_read(vp, 0x300), 0);
	assert_int_equal(page_read(vp, 0x310), 0);
	for (uint32_t offset = 0x320; offset <= 0x370; offset += 0x10) {
		assert_int_equal(page_read(vp, offset), 0x10000);
	}
	assert_int_equal(page_read(vp, 0x380), 0);
	assert_int_equal(page_read(vp, 0x390), 0);
	assert_int_equal(page_read(vp, 0x3e0), 0);
	for (uint32_t offset = 0x100; offset <= 0x270; offset += 0x10) {
		assert_int_equal(page_read(vp, offset), 0);
	}
	assert_true(apic_deadline(vp) == UINT64_MAX);
}

static void test_page_masks(void **state)
{
	static const struct {
		uint32_t offset, value;
	} rows[] = {
		{ 0x20, 2u << 24 }, { 0x30, 0x50014 }, { 0x80, 0xff },
		{ 0xc0, 0 }, { 0xd0, 0xff000000 }, { 0xe0, 0xffffffff },
		{ 0xf0, 0x3ff }, { 0x310, 0xff000000 }, { 0x320, 0x700ff },
		{ 0x330, 0x107ff }, { 0x340, 0x107ff }, { 0x350, 0x1a7ff },
		{ 0x360, 0x1a7ff }, { 0x370, 0x100ff }, { 0x390, 0 },
		{ 0x3e0, 0xb }, { 0x100, 0 }, { 0x180, 0 }, { 0x200, 0 },
	};
	struct vp *vp = start_xapic(FAKE_BIG, 2);

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		page_write(vp, rows[i].offset, 0xffffffff);
		assert_int_equal(page_read(vp, rows[i].offset),
				 rows[i].value);
	}
	page_write(vp, 0xe0, 0);
	assert_int_equal(page_read(vp, 0xe0), 0x0fffffff);
	/* Delivery status never sticks; mode 7 reaches nobody. */
	page_write(vp, 0x300, 0xfff3ffff);
	assert_int_equal(page_read(vp, 0x300), 0xccfff & ~0xc0000u);
	/* None of these was an error. */
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0);
}

/* Each write changes what it is to change, and nothing else. */
static void test_page_writes_apart(void **state)
{
	static const struct {
		uint32_t offset, value, also[3];
	} rows[] = {
		{ 0x80, 0x31, { 0x90, 0xa0 } }, { 0xd0, 0x2000000, { 0 } },
		{ 0xe0, 0x0fffffff, { 0 } }, { 0xf0, 0x1aa, { 0 } },
		{ 0x280, 0, { 0 } }, { 0x300, 0x200, { 0 } },
		{ 0x310, 0x44000000, { 0 } }, { 0x330, 0x111, { 0 } },
		{ 0x340, 0x122, { 0 } }, { 0x350, 0x133, { 0 } },
		{ 0x360, 0x144, { 0 } }, { 0x370, 0x10055, { 0 } },
		{ 0x380, 777, { 0x390 } }, { 0x3e0, 9, { 0x390 } },
		{ 0xb0, 0, { 0x90, 0xa0, 0x120 } },
	};
	struct vp *vp = start_xapic(FAKE_BIG, 2);

	(void)state;
	page_write(vp, 0x80, 0x10);
	page_write(vp, 0x310, 0x77000000);
	page_write(vp, 0x380, 1000);
	self_ipi(vp, 0x40);
	take(vp, 0x40);
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		uint32_t before[0x40];

		for (uint32_t n = 2; n < 0x3f; n++) {
			before[n] = page_read(vp, n << 4);
		}
		page_write(vp, 0x280, 0);
		page_write(vp, rows[i].offset, rows[i].value);
		for (uint32_t n = 2; n < 0x3f; n++) {
			if (n << 4 != rows[i].offset && n << 4 != 0x280 &&
			    n << 4 != rows[i].also[0] &&
			    n << 4 != rows[i].also[1] &&
			    n << 4 != rows[i].also[2]) {
				assert_int_equal(page_read(vp, n << 4),
						 before[n]);
			}
		}
		assert_int_equal(page_read(vp, rows[i].offset),
				 rows[i].value);
	}
}

static void test_page_wrong_access(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 2);
	static const unsigned sizes[] = { 1, 2, 8 };
	uint64_t value;

	(void)state;
	page_write(vp, 0x80, 0x33);
	for (unsigned i = 0; i < ARRAY_COUNT(sizes); i++) {
		value = 1;
		assert_int_equal(apic_read_page(vp, 0x80, sizes[i], &value),
				 OUTCOME_NEXT);
		assert_true(value == 0);
		assert_int_equal(apic_write_page(vp, 0x80, sizes[i], 0x44),
				 OUTCOME_NEXT);
	}
	assert_int_equal(page_read(vp, 0x84), 0);
	page_write(vp, 0x84, 0x55);
	page_write(vp, 0x81, 0x55);
	assert_int_equal(page_read(vp, 0x80), 0x33);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0);
}

static void test_page_illegal_address(void **state)
{
	static const uint32_t offsets[] = { 0, 0x10, 0x40, 0x70, 0x290, 0x2f0,
					    0x3a0, 0x3f0, 0x400, 0xff0 };
	struct vp *vp = start_xapic(FAKE_BIG, 2);

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_COUNT(offsets); i++) {
		if (i & 1) {
			page_write(vp, offsets[i / 2], 0xffffffff);
		} else {
			assert_int_equal(page_read(vp, offsets[i / 2]), 0);
		}
		page_write(vp, 0x280, 0);
		assert_int_equal(page_read(vp, 0x280), 0x80);
	}
	assert_int_equal(pending(vp), -1);
}

static void test_claims(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);

	(void)state;
	assert_true(apic_claims(vp, gpa(0xfee00000)));
	assert_true(apic_claims(vp, gpa(0xfee00fff)));
	assert_false(apic_claims(vp, gpa(0xfee01000)));
	assert_false(apic_claims(vp, gpa(0xfedfffff)));
	/* Moved. */
	msr_write(vp, MSR_APIC_BASE, 0x1234567800ull | 0x800);
	assert_true(msr_read(vp, MSR_APIC_BASE) == 0x1234567900);
	assert_true(apic_claims(vp, gpa(0x1234567abc)));
	assert_false(apic_claims(vp, gpa(0xfee00000)));
	/* Off: nowhere. */
	msr_write(vp, MSR_APIC_BASE, 0x1234567000ull);
	assert_false(apic_claims(vp, gpa(0x1234567abc)));
	/* x2APIC: nowhere. */
	vp = start_x2apic(FAKE_BIG, 1);
	assert_false(apic_claims(vp, gpa(0xfee00000)));
}

/* ---- modes ------------------------------------------------------------- */

static void test_base_after_reset(void **state)
{
	(void)state;
	assert_true(msr_read(vp_of(FAKE_BIG, 0), MSR_APIC_BASE) ==
		    0xfee00900);
	assert_true(msr_read(vp_of(FAKE_BIG, 1), MSR_APIC_BASE) ==
		    0xfee00800);
	assert_true(msr_read(vp_of(FAKE_SMALL, 0), MSR_APIC_BASE) ==
		    0xfee00900);
}

static void test_base_reserved_bits(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		bool bad = bit < 8 || bit == 9 || bit >= FAKE_BIG_GPA_BITS;
		uint64_t value = BASE_XAPIC | 1ull << bit;

		assert_int_equal(msr_write_faults(vp, MSR_APIC_BASE, value),
				 bad);
		if (bit == 10) {
			msr_write(vp, MSR_APIC_BASE, APIC_PAGE);
		}
		msr_write(vp, MSR_APIC_BASE, BASE_XAPIC);
		assert_true(msr_read(vp, MSR_APIC_BASE) == 0xfee00900);
	}
	/* Nor does another VP become the BSP. */
	vp = vp_of(FAKE_BIG, 1);
	msr_write(vp, MSR_APIC_BASE, BASE_XAPIC | 0x100);
	assert_true(msr_read(vp, MSR_APIC_BASE) == BASE_XAPIC);
}

static void test_mode_transitions(void **state)
{
	/* [from][to], as EN << 1 | EXTD */
	static const bool legal[4][4] = {
		[0] = { true, false, true, false },
		[2] = { true, false, true, true },
		[3] = { true, false, false, true },
	};
	struct vp *vp = vp_of(FAKE_BIG, 1);

	(void)state;
	for (uint64_t from = 0; from < 4; from++) {
		for (uint64_t to = 0; to < 4; to++) {
			if (from == 1) {
				continue;
			}
			apic_reset(vp);
			if (from != 2) {
				msr_write(vp, MSR_APIC_BASE,
					  APIC_PAGE | from << 10);
			}
			assert_int_equal(!legal[from][to], msr_write_faults(
				vp, MSR_APIC_BASE, APIC_PAGE | to << 10));
			assert_true(msr_read(vp, MSR_APIC_BASE) ==
				    (APIC_PAGE |
				     (legal[from][to] ? to : from) << 10));
		}
	}
}

static void test_disable_loses_state(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	page_write(vp, 0x80, 0x20);
	page_write(vp, 0xd0, 0x5000000);
	page_write(vp, 0x380, 1000);
	self_ipi(vp, 0x40);
	take(vp, 0x40);
	self_ipi(vp, 0x60);
	msr_write(vp, MSR_APIC_BASE, APIC_PAGE);
	/* Or the next exit would bring the old TPR back. */
	assert_int_equal(vp->vcpu.cr8, 0);
	assert_int_equal(pending(vp), -1);
	msr_write(vp, MSR_APIC_BASE, BASE_XAPIC);
	assert_int_equal(page_read(vp, 0x80), 0);
	assert_int_equal(page_read(vp, 0xd0), 0);
	assert_int_equal(page_read(vp, 0xf0), 0xff);
	assert_int_equal(page_read(vp, 0x120), 0);
	assert_int_equal(page_read(vp, 0x380), 0);
	assert_true(msr_read(vp, MSR_APIC_BASE) == 0xfee00900);
}

static void test_x2apic_keeps_state(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 17);

	(void)state;
	page_write(vp, 0x80, 0x20);
	page_write(vp, 0x310, 0x12000000);
	page_write(vp, 0xd0, 0xff000000);
	self_ipi(vp, 0x40);
	take(vp, 0x40);
	self_ipi(vp, 0x60);
	msr_write(vp, MSR_APIC_BASE, BASE_X2APIC);
	assert_int_equal(pending(vp), 0x60);
	assert_true(msr_read(vp, 0x802) == 17);
	assert_true(msr_read(vp, 0x80d) == 0x10002);
	assert_true(msr_read(vp, 0x808) == 0x20);
	assert_true(msr_read(vp, 0x80f) == 0x1ff);
	assert_true(msr_read(vp, 0x812) == 1);
	assert_true(msr_read(vp, 0x823) == 1);
	assert_true(msr_read(vp, 0x830) == 0x44060);
	/* What names no change changes nothing. */
	msr_write(vp, 0x830, 0x9900000030);
	msr_write(vp, MSR_APIC_BASE, BASE_X2APIC);
	assert_true(msr_read(vp, 0x830) == 0x9900000030);
}

static void test_init(void **state)
{
	struct vp *vp = start_x2apic(FAKE_BIG, 5);

	(void)state;
	msr_write(vp, 0x808, 0x20);
	msr_write(vp, 0x83f, 0x70);
	vp_post_interrupt(vp, 0x90, true);
	apic_init(vp);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(vp->posted[i], 0);
		assert_int_equal(vp->posted_level[i], 0);
	}
	assert_true(msr_read(vp, MSR_APIC_BASE) == BASE_X2APIC);
	assert_true(msr_read(vp, 0x802) == 5);
	assert_true(msr_read(vp, 0x808) == 0);
	assert_true(msr_read(vp, 0x80f) == 0xff);
	assert_int_equal(pending(vp), -1);
	msr_write(vp, 0x80f, 0x1ff);
	assert_int_equal(pending(vp), -1);
	/* Power-on leaves x2APIC mode too. */
	apic_reset(vp);
	assert_true(msr_read(vp, MSR_APIC_BASE) == BASE_XAPIC);
}

static void test_hidden_features(void **state)
{
	struct vp *vp = start_xapic(FAKE_SMALL, 0);

	(void)state;
	assert_true(msr_write_faults(vp, MSR_APIC_BASE, BASE_X2APIC));
	assert_true(msr_read_faults(vp, 0x6e0));
	assert_true(msr_write_faults(vp, 0x6e0, 5));
	page_write(vp, 0x320, 0x40055);
	assert_int_equal(page_read(vp, 0x320), 0x55);
	assert_true(msr_write_faults(vp, 0x6e0, 5));
}

/* ---- x2APIC MSRs ------------------------------------------------------- */

/* What each MSR of the range allows: bits that it keeps, and rights. */
static void get_rule(uint32_t msr, uint32_t *keep, bool *read, bool *write)
{
	static const struct {
		uint32_t first, last, keep;
		bool read, write;
	} rules[] = {
		{ 0x802, 0x803, 0, true, false },
		{ 0x808, 0x808, 0xff, true, true },
		{ 0x80a, 0x80a, 0, true, false },
		{ 0x80b, 0x80b, 0, false, true },
		{ 0x80d, 0x80d, 0, true, false },
		{ 0x80f, 0x80f, 0x3ff, true, true },
		{ 0x810, 0x827, 0, true, false },
		{ 0x828, 0x828, 0, true, true },
		{ 0x832, 0x832, 0x710ff, true, true },
		{ 0x833, 0x834, 0x117ff, true, true },
		{ 0x835, 0x836, 0x1f7ff, true, true },
		{ 0x837, 0x837, 0x110ff, true, true },
		{ 0x838, 0x838, 0xffffffff, true, true },
		{ 0x839, 0x839, 0, true, false },
		{ 0x83e, 0x83e, 0xb, true, true },
		{ 0x83f, 0x83f, 0xff, false, true },
	};

	*keep = 0;
	*read = *write = false;
	for (unsigned i = 0; i < ARRAY_COUNT(rules); i++) {
		if (msr >= rules[i].first && msr <= rules[i].last) {
			*keep = rules[i].keep;
			*read = rules[i].read;
			*write = rules[i].write;
		}
	}
}

static void test_x2apic_rights(void **state)
{
	struct vp *vp = start_x2apic(FAKE_BIG, 0);

	(void)state;
	for (uint32_t msr = 0x800; msr <= 0x8ff; msr++) {
		uint32_t keep;
		bool read, write;

		if (msr == 0x830) {
			continue;
		}
		get_rule(msr, &keep, &read, &write);
		assert_int_equal(msr_read_faults(vp, msr), !read);
		assert_int_equal(msr_write_faults(vp, msr, 0), !write);
		for (unsigned bit = 0; bit < 64; bit++) {
			bool ok = write && bit < 32 && (keep >> bit & 1);

			assert_int_equal(msr_write_faults(vp, msr,
							  1ull << bit), !ok);
		}
	}
}

static void test_x2apic_off(void **state)
{
	struct vp *vp = start_xapic(FAKE_BIG, 0);

	(void)state;
	for (uint32_t msr = 0x800; msr <= 0x8ff; msr++) {
		assert_true(msr_read_faults(vp, msr));
		assert_true(msr_write_faults(vp, msr, 0));
	}
	assert_true(msr_read_faults(vp, 0x7ff));
	assert_true(msr_read_faults(vp, 0x900));
	assert_true(msr_write_faults(vp, 0x900, 0));
	assert_true(msr_read_faults(vp, 0x1c));
}

static void test_x2apic_registers(void **state)
{
	struct vp *vp = start_x2apic(FAKE_BIG, 18);

	(void)state;
	assert_true(msr_read(vp, 0x803) == 0x50014);
	/* Status bits may be written, and are not kept. */
	msr_write(vp, 0x835, 0x1f7ff);
	assert_true(msr_read(vp, 0x835) == 0x1a7ff);
	msr_write(vp, 0x837, 0x11050);
	assert_true(msr_read(vp, 0x837) == 0x10050);
	msr_write(vp, 0x808, 0x4f);
	assert_true(msr_read(vp, 0x80a) == 0x4f);
	/* SELF IPI and EOI. */
	msr_write(vp, 0x83f, 0x81);
	take(vp, 0x81);
	assert_true(msr_read(vp, 0x814) == 2);
	assert_true(msr_write_faults(vp, 0x80b, 1));
	assert_true(msr_read(vp, 0x814) == 2);
	msr_write(vp, 0x80b, 0);
	assert_true(msr_read(vp, 0x814) == 0);
	msr_write(vp, 0x83f, 0x0e);
	assert_true(msr_write_faults(vp, 0x828, 1));
	msr_write(vp, 0x828, 0);
	assert_true(msr_read(vp, 0x828) == 0x20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_page_after_reset, setup),
		cmocka_unit_test_setup(test_page_masks, setup),
		cmocka_unit_test_setup(test_page_writes_apart, setup),
		cmocka_unit_test_setup(test_page_wrong_access, setup),
		cmocka_unit_test_setup(test_page_illegal_address, setup),
		cmocka_unit_test_setup(test_claims, setup),
		cmocka_unit_test_setup(test_base_after_reset, setup),
		cmocka_unit_test_setup(test_base_reserved_bits, setup),
		cmocka_unit_test_setup(test_mode_transitions, setup),
		cmocka_unit_test_setup(test_disable_loses_state, setup),
		cmocka_unit_test_setup(test_x2apic_keeps_state, setup),
		cmocka_unit_test_setup(test_init, setup),
		cmocka_unit_test_setup(test_hidden_features, setup),
		cmocka_unit_test_setup(test_x2apic_rights, setup),
		cmocka_unit_test_setup(test_x2apic_off, setup),
		cmocka_unit_test_setup(test_x2apic_registers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
