/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/apic.c hv/guest/apic_ipi.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/ioapic.c tests/unit/fake_vp.c */
/* Interprocessor interrupts: who is reached, by what. */
#include "apic_access.h"

#define ALL_BIG ((1u << FAKE_BIG_VPS) - 1)

/* VPs of the big partition that have this vector requested; cleared. */
static uint32_t reached(uint8_t vector)
{
	uint32_t mask = 0;

	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		struct vp *vp = vp_of(FAKE_BIG, n);

		apic_take_posted(vp);
		if (apic_requested_vector(vp) == vector) {
			apic_accept(vp, vector);
			apic_end_of_interrupt(vp);
			mask |= 1u << n;
		}
		assert_int_equal(apic_requested_vector(vp), -1);
	}
	return mask;
}

/* VPs of the big partition with exactly this request; cleared. */
static uint32_t requested(uint32_t request)
{
	uint32_t mask = 0;

	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		struct vp *vp = vp_of(FAKE_BIG, n);

		assert_true(vp->requests == 0 || vp->requests == request);
		mask |= vp->requests != 0 ? 1u << n : 0;
		vp->requests = 0;
	}
	/* Other partitions are never reached. */
	for (uint32_t n = 0; n < FAKE_SMALL_VPS; n++) {
		assert_int_equal(vp_of(FAKE_SMALL, n)->requests, 0);
	}
	return mask;
}

static void send_page(uint32_t from, uint32_t destination, uint32_t bits)
{
	struct vp *vp = vp_of(FAKE_BIG, from);

	page_write(vp, 0x310, destination << 24);
	page_write(vp, 0x300, bits);
}

static void send_msr(uint32_t from, uint32_t destination, uint32_t bits)
{
	msr_write(vp_of(FAKE_BIG, from), 0x830,
		  (uint64_t)destination << 32 | bits);
}

static int setup_xapic(void **state)
{
	setup(state);
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		start_xapic(FAKE_BIG, n);
	}
	for (uint32_t n = 0; n < FAKE_SMALL_VPS; n++) {
		start_xapic(FAKE_SMALL, n);
	}
	return 0;
}

static int setup_x2apic(void **state)
{
	setup(state);
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		start_x2apic(FAKE_BIG, n);
	}
	return 0;
}

/* ---- destinations ------------------------------------------------------ */

static void test_physical(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		send_page(3, n, 0x40a0);
		assert_int_equal(requested(VP_REQUEST_INTERRUPT), 1u << n);
		assert_int_equal(reached(0xa0), 1u << n);
	}
	send_page(3, FAKE_BIG_VPS, 0x40a0);
	send_page(3, 0xfe, 0x40a0);
	assert_int_equal(reached(0xa0), 0);
	send_page(3, 0xff, 0x40a0);
	assert_int_equal(reached(0xa0), ALL_BIG);
	/* The partition next door counts its own VPs. */
	page_write(vp_of(FAKE_SMALL, 0), 0x310, 5u << 24);
	page_write(vp_of(FAKE_SMALL, 0), 0x300, 0x40a0);
	page_write(vp_of(FAKE_SMALL, 0), 0x310, 1u << 24);
	page_write(vp_of(FAKE_SMALL, 0), 0x300, 0x40a1);
	assert_int_equal(reached(0xa0), 0);
	assert_int_equal(pending(vp_of(FAKE_SMALL, 1)), 0xa1);
	/* Sent without Assert, or as level: delivered, as edge. */
	send_page(3, 4, 0x00a0);
	assert_int_equal(reached(0xa0), 1u << 4);
	send_page(3, 4, 0xc0a0);
	apic_take_posted(vp_of(FAKE_BIG, 4));
	assert_int_equal(page_read(vp_of(FAKE_BIG, 4), 0x1d0), 0);
	assert_int_equal(reached(0xa0), 1u << 4);
	send_page(3, 0xff, 0xc0a0);
	apic_take_posted(vp_of(FAKE_BIG, 4));
	assert_int_equal(page_read(vp_of(FAKE_BIG, 4), 0x1d0), 0);
}

static void test_logical_flat(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 8; n++) {
		page_write(vp_of(FAKE_BIG, n), 0xd0, 1u << (24 + n));
	}
	send_page(0, 0x04, 0x48a0);
	assert_int_equal(reached(0xa0), 1u << 2);
	send_page(0, 0xa1, 0x48a0);
	assert_int_equal(reached(0xa0), 0xa1);
	send_page(0, 0, 0x48a0);
	assert_int_equal(reached(0xa0), 0);
	send_page(0, 0x7f, 0x48a0);
	assert_int_equal(reached(0xa0), 0x7f);
	/* All ones is everybody, a logical id or not. */
	send_page(0, 0xff, 0x48a0);
	assert_int_equal(reached(0xa0), ALL_BIG);
}

static void test_logical_cluster(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		struct vp *vp = vp_of(FAKE_BIG, n);

		page_write(vp, 0xe0, 0x0fffffff);
		page_write(vp, 0xd0, (n / 4) << 28 | 1u << (24 + n % 4));
	}
	send_page(0, 0x21, 0x48a0);
	assert_int_equal(reached(0xa0), 1u << 8);
	send_page(0, 0x4f, 0x48a0);
	assert_int_equal(reached(0xa0), 0xf0000);
	send_page(0, 0x20, 0x48a0);
	assert_int_equal(reached(0xa0), 0);
	send_page(0, 0x6f, 0x48a0);
	assert_int_equal(reached(0xa0), 0);
	/* Cluster 15: in all clusters. */
	send_page(0, 0xf2, 0x48a0);
	assert_int_equal(reached(0xa0), 0x22222);
	/* Any other model is none. */
	page_write(vp_of(FAKE_BIG, 8), 0xe0, 0x7fffffff);
	send_page(0, 0x21, 0x48a0);
	assert_int_equal(reached(0xa0), 0);
}

static void test_x2apic_physical(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		send_msr(3, n, 0xa0);
		assert_int_equal(reached(0xa0), 1u << n);
	}
	send_msr(3, FAKE_BIG_VPS, 0xa0);
	send_msr(3, 0x100, 0xa0);
	send_msr(3, 0xff, 0xa0);
	send_msr(3, 0x80000003, 0xa0);
	assert_int_equal(reached(0xa0), 0);
	send_msr(3, 0xffffffff, 0xa0);
	assert_int_equal(reached(0xa0), ALL_BIG);
}

static void test_x2apic_cluster(void **state)
{
	(void)state;
	send_msr(19, 0x00008001, 0x8a0);
	assert_int_equal(reached(0xa0), 0x8001);
	send_msr(0, 0x00010005, 0x8a0);
	assert_int_equal(reached(0xa0), 0x50000);
	/* Bits of VPs that do not exist. */
	send_msr(0, 0x0001ffff, 0x8a0);
	assert_int_equal(reached(0xa0), 0xf0000);
	send_msr(0, 0x0001fff0, 0x8a0);
	send_msr(0, 0x0002ffff, 0x8a0);
	send_msr(0, 0xffffffef, 0x8a0);
	send_msr(0, 0x10000001, 0x8a0);
	send_msr(0, 0x00010000, 0x8a0);
	assert_int_equal(reached(0xa0), 0);
	send_msr(0, 0xffffffff, 0x8a0);
	assert_int_equal(reached(0xa0), ALL_BIG);
}

static void test_x2apic_icr_bits(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		bool bad = bit == 13 || bit == 16 || bit == 17 ||
			   (bit >= 20 && bit < 32);

		/* To an id that does not exist. */
		assert_int_equal(msr_write_faults(vp, 0x830, 1ull << bit |
						  0x4000000000000030), bad);
	}
	msr_write(vp, 0x830, 0x12345678000010f1);
	assert_true(msr_read(vp, 0x830) == 0x12345678000000f1);
}

/* ---- shorthands -------------------------------------------------------- */

static void test_shorthands_fixed(void **state)
{
	(void)state;
	send_page(5, 9, 0x440a0);
	assert_int_equal(requested(0), 0);
	assert_int_equal(reached(0xa0), 1u << 5);
	send_page(5, 9, 0x840a0);
	assert_int_equal(reached(0xa0), ALL_BIG);
	send_page(5, 9, 0xc40a0);
	assert_int_equal(reached(0xa0), ALL_BIG & ~(1u << 5));
	/* Logical makes no difference. */
	send_page(5, 9, 0xc48a0);
	assert_int_equal(reached(0xa0), ALL_BIG & ~(1u << 5));
}

static void test_shorthands_others(void **state)
{
	(void)state;
	send_page(5, 0, 0x44400);
	assert_int_equal(requested(VP_REQUEST_NMI), 1u << 5);
	send_page(5, 0, 0x84400);
	assert_int_equal(requested(VP_REQUEST_NMI), ALL_BIG);
	send_page(5, 0, 0xc4400);
	assert_int_equal(requested(VP_REQUEST_NMI), ALL_BIG & ~(1u << 5));
	send_page(0, 0, 0xc4500);
	assert_int_equal(requested(VP_REQUEST_INIT), ALL_BIG & ~1u);
	send_page(0, 0, 0xc4699);
	assert_int_equal(requested(VP_REQUEST_SIPI), ALL_BIG & ~1u);
	assert_int_equal(vp_of(FAKE_BIG, 1)->sipi_vector, 0x99);
	assert_int_equal(vp_of(FAKE_BIG, 19)->sipi_vector, 0x99);
	/* Not to oneself. */
	send_page(0, 0, 0x44500);
	send_page(0, 0, 0x84500);
	send_page(0, 0, 0x44699);
	send_page(0, 0, 0x84699);
	send_page(0, 0, 0x441a0);
	assert_int_equal(requested(0), 0);
}

/* ---- modes of delivery ------------------------------------------------- */

static void test_nmi_init_sipi(void **state)
{
	(void)state;
	send_page(0, 7, 0x4400);
	assert_int_equal(requested(VP_REQUEST_NMI), 1u << 7);
	/* INIT as a pulse, as a level. */
	send_page(0, 7, 0x4500);
	assert_int_equal(requested(VP_REQUEST_INIT), 1u << 7);
	send_page(0, 7, 0xc500);
	assert_int_equal(requested(VP_REQUEST_INIT), 1u << 7);
	/* Its end does nothing. */
	send_page(0, 7, 0x8500);
	send_page(0, 0, 0x88500);
	assert_int_equal(requested(0), 0);
	/* Vectors below 16 are good here. */
	send_page(0, 7, 0x4608);
	assert_int_equal(requested(VP_REQUEST_SIPI), 1u << 7);
	assert_int_equal(vp_of(FAKE_BIG, 7)->sipi_vector, 8);
	/* SMI, and what is reserved: nobody. */
	send_page(0, 7, 0x42a0);
	send_page(0, 7, 0x43a0);
	send_page(0, 7, 0x47a0);
	assert_int_equal(requested(0), 0);
	page_write(vp_of(FAKE_BIG, 0), 0x280, 0);
	assert_int_equal(page_read(vp_of(FAKE_BIG, 0), 0x280), 0);
}

static void test_illegal_vector(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);

	(void)state;
	for (uint32_t vector = 0; vector <= 16; vector++) {
		send_page(0, 2, 0x4000 | vector);
		page_write(vp, 0x280, 0);
		assert_int_equal(page_read(vp, 0x280),
				 vector < 16 ? 0x20 : 0);
	}
	assert_int_equal(reached(16), 1u << 2);
	send_page(0, 2, 0x4105);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0x20);
	assert_int_equal(requested(VP_REQUEST_INTERRUPT), 1u << 2);
}

static void test_switched_off_targets(void **state)
{
	(void)state;
	/* By software: no interrupts, but NMI, INIT, SIPI; and it sends. */
	page_write(vp_of(FAKE_BIG, 2), 0xf0, 0xff);
	send_page(0, 2, 0x40a0);
	send_page(0, 0, 0xc40a0);
	assert_int_equal(reached(0xa0), ALL_BIG & ~5u);
	requested(VP_REQUEST_INTERRUPT);
	send_page(0, 2, 0x4400);
	assert_int_equal(requested(VP_REQUEST_NMI), 1u << 2);
	send_page(0, 2, 0x4500);
	assert_int_equal(requested(VP_REQUEST_INIT), 1u << 2);
	send_page(0, 2, 0x4612);
	assert_int_equal(requested(VP_REQUEST_SIPI), 1u << 2);
	send_page(2, 1, 0x40a0);
	assert_int_equal(reached(0xa0), 1u << 1);
	requested(VP_REQUEST_INTERRUPT);
	/* Wholly: nothing. */
	msr_write(vp_of(FAKE_BIG, 2), MSR_APIC_BASE, APIC_PAGE);
	send_page(0, 2, 0x4400);
	send_page(0, 2, 0x4500);
	assert_int_equal(requested(0), 0);
	send_page(0, 0, 0xc4400);
	assert_int_equal(requested(VP_REQUEST_NMI), ALL_BIG & ~5u);
}

static void test_lowest_priority(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 8; n++) {
		struct vp *vp = vp_of(FAKE_BIG, n);

		page_write(vp, 0xd0, 1u << (24 + n));
		page_write(vp, 0x80, 0x80 - n * 0x10);
	}
	/* The least of 1, 3, 4 is 4. */
	send_page(0, 0x1a, 0x49a0);
	assert_int_equal(reached(0xa0), 1u << 4);
	/* In service counts. */
	self_ipi(vp_of(FAKE_BIG, 4), 0x90);
	take(vp_of(FAKE_BIG, 4), 0x90);
	send_page(0, 0x1a, 0x49a0);
	assert_int_equal(pending(vp_of(FAKE_BIG, 3)), 0xa0);
	assert_int_equal(reached(0xa0), 1u << 3);
	apic_end_of_interrupt(vp_of(FAKE_BIG, 4));
	/* Equal: the lowest number. Switched off: not asked. */
	for (uint32_t n = 0; n < 8; n++) {
		page_write(vp_of(FAKE_BIG, n), 0x80, 0);
	}
	send_page(0, 0x0e, 0x49a0);
	assert_int_equal(reached(0xa0), 1u << 1);
	page_write(vp_of(FAKE_BIG, 1), 0xf0, 0xff);
	send_page(0, 0x0e, 0x49a0);
	assert_int_equal(reached(0xa0), 1u << 2);
	/* To all but the sender, physically, to nobody. */
	send_page(0, 0, 0xc41a0);
	assert_int_equal(reached(0xa0), 1u << 2);
	send_page(0, 6, 0x41a0);
	assert_int_equal(reached(0xa0), 1u << 6);
	send_page(0, 0xee, 0x41a0);
	assert_int_equal(reached(0xa0), 0);
}

/* ---- both modes at once ------------------------------------------------ */

static void test_mixed_modes(void **state)
{
	(void)state;
	/* An xAPIC sender names x2APIC targets of cluster 0 only. */
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		msr_write(vp_of(FAKE_BIG, n), MSR_APIC_BASE, n == 1 ?
			  BASE_XAPIC : BASE_X2APIC);
	}
	send_page(1, 0x05, 0x48a0);
	assert_int_equal(reached(0xa0), 5);
	send_page(1, 0xff, 0x40a0);
	assert_int_equal(reached(0xa0), ALL_BIG);
	send_page(1, 19, 0x40a0);
	assert_int_equal(reached(0xa0), 1u << 19);
	/* An x2APIC sender finds an xAPIC target by its 8-bit logical id. */
	page_write(vp_of(FAKE_BIG, 1), 0xd0, 0x10000000);
	send_msr(0, 0x10, 0x8a0);
	assert_int_equal(reached(0xa0), 1u << 1 | 1u << 4);
	send_msr(0, 0x10010, 0x8a0);
	assert_int_equal(reached(0xa0), 0);
	send_msr(0, 0x110, 0x8a0);
	assert_int_equal(reached(0xa0), 1u << 4 | 1u << 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_physical, setup_xapic),
		cmocka_unit_test_setup(test_logical_flat, setup_xapic),
		cmocka_unit_test_setup(test_logical_cluster, setup_xapic),
		cmocka_unit_test_setup(test_x2apic_physical, setup_x2apic),
		cmocka_unit_test_setup(test_x2apic_cluster, setup_x2apic),
		cmocka_unit_test_setup(test_x2apic_icr_bits, setup_x2apic),
		cmocka_unit_test_setup(test_shorthands_fixed, setup_xapic),
		cmocka_unit_test_setup(test_shorthands_others, setup_xapic),
		cmocka_unit_test_setup(test_nmi_init_sipi, setup_xapic),
		cmocka_unit_test_setup(test_illegal_vector, setup_xapic),
		cmocka_unit_test_setup(test_switched_off_targets, setup_xapic),
		cmocka_unit_test_setup(test_lowest_priority, setup_xapic),
		cmocka_unit_test_setup(test_mixed_modes, setup_xapic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
