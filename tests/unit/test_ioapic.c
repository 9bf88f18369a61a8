/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/apic.c hv/guest/apic_ipi.c hv/guest/apic_regs.c hv/guest/apic_timer.c hv/guest/ioapic.c tests/unit/fake_vp.c */
/* The IOAPIC: registers, edge and level pins, masks, EOI. */
#include <string.h>

#include "apic_access.h"

#define LEVEL 0x8000u
#define MASKED 0x10000u
#define REMOTE_IRR 0x4000u
#define VECTOR 0x51

static uint32_t io_read(uint32_t reg)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);
	uint64_t value = 0xdeadbeefdeadbeef;

	assert_int_equal(ioapic_write_page(vp, 0, 4, reg), OUTCOME_NEXT);
	assert_int_equal(ioapic_read_page(vp, 0x10, 4, &value), OUTCOME_NEXT);
	return (uint32_t)value;
}

static void io_write(uint32_t reg, uint32_t value)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);

	assert_int_equal(ioapic_write_page(vp, 0, 4, reg), OUTCOME_NEXT);
	assert_int_equal(ioapic_write_page(vp, 0x10, 4, value), OUTCOME_NEXT);
}

/* Programs a pin to go to one VP by id. */
static void program(uint32_t pin, uint32_t low, uint32_t to)
{
	io_write(0x11 + 2 * pin, to << 24);
	io_write(0x10 + 2 * pin, low);
}

static uint32_t entry(uint32_t pin)
{
	return io_read(0x10 + 2 * pin);
}

static void end_of_interrupt(struct vp *vp)
{
	page_write(vp, 0xb0, 0);
}

static int setup_vps(void **state)
{
	setup(state);
	for (uint32_t n = 0; n < 8; n++) {
		start_xapic(FAKE_BIG, n);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_false(fake_unmasked_under_lock);
	for (uint32_t p = 0; p < 2; p++) {
		assert_false(spinlock_is_taken(
			&partition_table[p].ioapic.lock));
	}
	return 0;
}

/* ---- registers --------------------------------------------------------- */

static void test_claims(void **state)
{
	(void)state;
	assert_true(ioapic_claims(gpa(0xfec00000)));
	assert_true(ioapic_claims(gpa(0xfec00fff)));
	assert_false(ioapic_claims(gpa(0xfec01000)));
	assert_false(ioapic_claims(gpa(0xfebfffff)));
}

static void test_registers_after_reset(void **state)
{
	(void)state;
	assert_int_equal(io_read(0), 0);
	assert_int_equal(io_read(1), 0x170020);
	assert_int_equal(io_read(2), 0);
	for (uint32_t reg = 3; reg < 0x10; reg++) {
		assert_int_equal(io_read(reg), 0);
	}
	for (uint32_t reg = 0x10; reg < 0x40; reg++) {
		assert_int_equal(io_read(reg), reg & 1 ? 0 : MASKED);
	}
	for (uint32_t reg = 0x40; reg < 0x100; reg++) {
		assert_int_equal(io_read(reg), 0);
	}
}

static void test_register_masks(void **state)
{
	struct ioapic_state before;

	(void)state;
	io_write(0, 0xffffffff);
	assert_int_equal(io_read(0), 0x0f000000);
	assert_int_equal(io_read(2), 0x0f000000);
	/* Read-only, and beyond the last. */
	io_write(0, 0xffffffff);
	before = partition_table[0].ioapic;
	for (uint32_t reg = 1; reg < 0x100; reg++) {
		if (reg < 0x10 || reg >= 0x40) {
			io_write(reg, 0xffffffff);
		}
	}
	io_write(0, 0xffffffff);
	before.lock = partition_table[0].ioapic.lock;
	assert_memory_equal(&before, &partition_table[0].ioapic,
			    sizeof(before));
	for (uint32_t reg = 0x10; reg < 0x40; reg++) {
		io_write(reg, 0xffffffff);
		assert_int_equal(io_read(reg),
				 reg & 1 ? 0xff000000 : 0x1afff);
	}
	/* Each half by itself. */
	io_write(0x20, 0);
	assert_int_equal(io_read(0x21), 0xff000000);
	io_write(0x21, 0);
	io_write(0x20, 0x10031);
	assert_int_equal(io_read(0x20), 0x10031);
	assert_int_equal(io_read(0x21), 0);
	/* The neighbour has its own. */
	assert_true(partition_table[1].ioapic.entry[8] == MASKED);
}

static void test_select(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 0);
	uint64_t value;

	(void)state;
	assert_int_equal(ioapic_write_page(vp, 0, 4, 0xffffff01),
			 OUTCOME_NEXT);
	assert_int_equal(ioapic_read_page(vp, 0, 4, &value), OUTCOME_NEXT);
	assert_true(value == 1);
	/* Other sizes, other offsets. */
	assert_int_equal(ioapic_write_page(vp, 0, 1, 5), OUTCOME_NEXT);
	assert_int_equal(ioapic_write_page(vp, 4, 4, 5), OUTCOME_NEXT);
	assert_int_equal(io_read(0x12), MASKED);
	assert_int_equal(ioapic_write_page(vp, 4, 4, 5), OUTCOME_NEXT);
	assert_int_equal(io_read(0x12), MASKED);
	assert_int_equal(io_read(1), 0x170020);
	assert_int_equal(ioapic_read_page(vp, 0, 8, &value), OUTCOME_NEXT);
	assert_true(value == 0);
	assert_int_equal(ioapic_read_page(vp, 0x10, 1, &value), OUTCOME_NEXT);
	assert_true(value == 0);
	assert_int_equal(ioapic_read_page(vp, 0x40, 4, &value), OUTCOME_NEXT);
	assert_true(value == 0);
	assert_int_equal(ioapic_read_page(vp, 0x10, 4, &value), OUTCOME_NEXT);
	assert_true(value == 0x170020);
}

/* ---- edge -------------------------------------------------------------- */

static void test_edge(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 2);

	(void)state;
	program(4, VECTOR, 2);
	ioapic_raise(FAKE_BIG, 4, false);
	assert_int_equal(vp->requests, VP_REQUEST_INTERRUPT);
	take(vp, VECTOR);
	assert_int_equal(entry(4), VECTOR);
	/* A second one before the EOI is kept by the APIC. */
	ioapic_raise(FAKE_BIG, 4, false);
	assert_int_equal(pending(vp), -1);
	end_of_interrupt(vp);
	take(vp, VECTOR);
	end_of_interrupt(vp);
	assert_int_equal(pending(vp), -1);
	assert_int_equal(fake_unmasked[4], 0);
}

static void test_edge_while_masked_is_lost(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 2);

	(void)state;
	ioapic_raise(FAKE_BIG, 4, false);
	program(4, VECTOR | MASKED, 2);
	ioapic_raise(FAKE_BIG, 4, false);
	program(4, VECTOR, 2);
	assert_int_equal(pending(vp), -1);
	ioapic_raise(FAKE_BIG, 4, false);
	assert_int_equal(pending(vp), VECTOR);
}

static void test_no_such_pin(void **state)
{
	struct ioapic_state before = partition_table[0].ioapic;

	(void)state;
	ioapic_raise(FAKE_BIG, 24, true);
	ioapic_raise(FAKE_BIG, 0xffffffff, false);
	assert_memory_equal(&before, &partition_table[0].ioapic,
			    sizeof(before));
}

/* ---- level ------------------------------------------------------------- */

static void test_level(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	assert_int_equal(entry(9), VECTOR | LEVEL | REMOTE_IRR);
	take(vp, VECTOR);
	assert_int_equal(page_read(vp, 0x1a0), 1u << 0x11);
	assert_int_equal(fake_unmasked[9], 0);
	end_of_interrupt(vp);
	assert_int_equal(entry(9), VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
	/* Still asserted: it fires again. */
	ioapic_raise(FAKE_BIG, 9, true);
	take(vp, VECTOR);
	end_of_interrupt(vp);
	assert_int_equal(fake_unmasked[9], 2);
	assert_int_equal(pending(vp), -1);
	/* An EOI of another vector does not end it. */
	ioapic_raise(FAKE_BIG, 9, true);
	ioapic_end_of_interrupt(FAKE_BIG, VECTOR + 1);
	ioapic_end_of_interrupt(FAKE_SMALL, VECTOR);
	assert_int_equal(fake_unmasked[9], 2);
	assert_int_equal(entry(9), VECTOR | LEVEL | REMOTE_IRR);
}

static void test_remote_irr_holds_back(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	take(vp, VECTOR);
	ioapic_raise(FAKE_BIG, 9, true);
	assert_int_equal(pending(vp), -1);
	assert_int_equal(apic_requested_vector(vp), -1);
	/* It cannot be written. */
	io_write(0x10 + 18, VECTOR | LEVEL);
	assert_int_equal(entry(9), VECTOR | LEVEL | REMOTE_IRR);
	assert_int_equal(fake_unmasked[9], 0);
	end_of_interrupt(vp);
	assert_int_equal(fake_unmasked[9], 1);
}

static void test_level_while_masked(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL | MASKED, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	assert_int_equal(pending(vp), -1);
	io_write(0x11 + 18, 4u << 24);
	assert_int_equal(fake_unmasked[9], 0);
	/* Unmasked by the guest: the line shows whether it is still there. */
	io_write(0x10 + 18, VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
	assert_int_equal(pending(vp), -1);
	io_write(0x10 + 18, VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
}

static void test_masked_in_service(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	take(vp, VECTOR);
	io_write(0x10 + 18, VECTOR | LEVEL | MASKED);
	end_of_interrupt(vp);
	assert_int_equal(entry(9), VECTOR | LEVEL | MASKED);
	assert_int_equal(fake_unmasked[9], 0);
	io_write(0x10 + 18, VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
}

static void test_shared_vector(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	program(10, VECTOR | LEVEL, 3);
	program(11, (VECTOR + 1) | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	ioapic_raise(FAKE_BIG, 10, true);
	ioapic_raise(FAKE_BIG, 11, true);
	take(vp, VECTOR + 1);
	end_of_interrupt(vp);
	assert_int_equal(fake_unmasked[11], 1);
	assert_int_equal(fake_unmasked[9] + fake_unmasked[10], 0);
	take(vp, VECTOR);
	end_of_interrupt(vp);
	assert_int_equal(fake_unmasked[9], 1);
	assert_int_equal(fake_unmasked[10], 1);
	assert_int_equal(pending(vp), -1);
}

/* An EOI counts for the IOAPIC only where the interrupt was level. */
static void test_edge_of_same_vector(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	self_ipi(vp_of(FAKE_BIG, 5), VECTOR);
	take(vp_of(FAKE_BIG, 5), VECTOR);
	end_of_interrupt(vp_of(FAKE_BIG, 5));
	assert_int_equal(fake_unmasked[9], 0);
	take(vp, VECTOR);
	end_of_interrupt(vp);
	assert_int_equal(fake_unmasked[9], 1);
}

static void test_eoi_register(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	assert_int_equal(ioapic_write_page(vp, 0x40, 4, VECTOR + 1),
			 OUTCOME_NEXT);
	assert_int_equal(ioapic_write_page(vp, 0x40, 1, VECTOR),
			 OUTCOME_NEXT);
	assert_int_equal(fake_unmasked[9], 0);
	assert_int_equal(ioapic_write_page(vp, 0x40, 4, VECTOR),
			 OUTCOME_NEXT);
	assert_int_equal(entry(9), VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
}

static void test_edge_ends_remote_irr(void **state)
{
	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	io_write(0x10 + 18, VECTOR | MASKED);
	assert_int_equal(entry(9), VECTOR | MASKED);
	assert_int_equal(fake_unmasked[9], 0);
	io_write(0x10 + 18, VECTOR | LEVEL);
	assert_int_equal(entry(9), VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
}

/* The guest calls a level line edge: one interrupt for each programming. */
static void test_level_line_as_edge(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	take(vp, VECTOR);
	end_of_interrupt(vp);
	assert_int_equal(entry(9), VECTOR);
	assert_int_equal(fake_unmasked[9], 0);
	io_write(0x10 + 18, VECTOR);
	assert_int_equal(fake_unmasked[9], 1);
}

/* An edge line as level: it waits for the EOI, there is no line to unmask. */
static void test_edge_line_as_level(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	program(9, VECTOR | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, false);
	take(vp, VECTOR);
	assert_int_equal(entry(9), VECTOR | LEVEL | REMOTE_IRR);
	end_of_interrupt(vp);
	assert_int_equal(entry(9), VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 0);
	ioapic_raise(FAKE_BIG, 9, false);
	take(vp, VECTOR);
}

static void test_nobody_takes_it(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 3);

	(void)state;
	/* To an id that does not exist. */
	program(9, VECTOR | LEVEL, 0x70);
	ioapic_raise(FAKE_BIG, 9, true);
	assert_int_equal(entry(9), VECTOR | LEVEL);
	io_write(0x11 + 18, 3u << 24);
	assert_int_equal(fake_unmasked[9], 1);
	/* To an APIC that is off: tried again when it is on. */
	page_write(vp, 0xf0, 0xff);
	ioapic_raise(FAKE_BIG, 9, true);
	assert_int_equal(entry(9), VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[9], 1);
	page_write(vp, 0xf0, 0x1ff);
	assert_int_equal(fake_unmasked[9], 2);
	/* Not while it is in service. */
	ioapic_raise(FAKE_BIG, 9, true);
	page_write(vp, 0xf0, 0x1ff);
	assert_int_equal(fake_unmasked[9], 2);
}

static void test_reset_gives_lines_back(void **state)
{
	(void)state;
	program(9, VECTOR | LEVEL, 3);
	program(10, (VECTOR + 1) | LEVEL, 3);
	ioapic_raise(FAKE_BIG, 9, true);
	ioapic_raise(FAKE_BIG, 12, true);
	io_write(0, 0x05000000);
	io_read(1);
	ioapic_reset(FAKE_BIG);
	assert_int_equal(partition_table[FAKE_BIG].ioapic.select, 0);
	ioapic_reset(FAKE_BIG);
	assert_int_equal(fake_unmasked[9], 1);
	assert_int_equal(fake_unmasked[10], 0);
	assert_int_equal(fake_unmasked[12], 1);
	test_registers_after_reset(state);
	/* A pin without a line behind it has none to give back. */
	ioapic_raise(FAKE_BIG, 20, true);
	ioapic_reset(FAKE_BIG);
	ioapic_raise(FAKE_SMALL, 3, true);
	ioapic_reset(FAKE_SMALL);
	assert_int_equal(fake_unmasked[3], 0);
}

/* ---- where it goes ----------------------------------------------------- */

static uint32_t reached(void)
{
	uint32_t mask = 0;

	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		struct vp *vp = vp_of(FAKE_BIG, n);

		if (pending(vp) == VECTOR) {
			apic_accept(vp, VECTOR);
			apic_end_of_interrupt(vp);
			mask |= 1u << n;
		}
	}
	return mask;
}

static void test_destinations(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 8; n++) {
		page_write(vp_of(FAKE_BIG, n), 0xd0, 1u << (24 + n));
	}
	program(1, VECTOR, 0xff);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(reached(), 0xff);
	program(1, VECTOR | 0x800, 0x31);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(reached(), 0x31);
	/* Lowest priority: one of them. */
	page_write(vp_of(FAKE_BIG, 0), 0x80, 0x20);
	program(1, VECTOR | 0x900, 0x31);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(reached(), 0x10);
	/* Level to several: the first EOI ends it. */
	program(1, VECTOR | 0x800 | LEVEL, 0x30);
	ioapic_raise(FAKE_BIG, 1, true);
	assert_int_equal(reached(), 0x30);
	assert_int_equal(fake_unmasked[1], 1);
}

static void test_other_modes(void **state)
{
	struct vp *vp = vp_of(FAKE_BIG, 5);

	(void)state;
	program(1, 0x400 | LEVEL, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(vp->requests, VP_REQUEST_NMI);
	assert_int_equal(entry(1), 0x400 | LEVEL);
	vp->requests = 0;
	program(1, 0x500, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(vp->requests, VP_REQUEST_INIT);
	vp->requests = 0;
	/* SMI, reserved, start-up (not an IOAPIC's), ExtINT: nobody. */
	program(1, 0x230, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	program(1, 0x330, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	program(1, 0x630, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	program(1, 0x730, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(vp->requests, 0);
	/* An illegal vector is the receiver's error. */
	program(1, 0x00f, 5);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(pending(vp), -1);
	page_write(vp, 0x280, 0);
	assert_int_equal(page_read(vp, 0x280), 0x40);
}

static void test_to_x2apic(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FAKE_BIG_VPS; n++) {
		start_x2apic(FAKE_BIG, n);
	}
	program(1, VECTOR, 18);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(reached(), 1u << 18);
	program(1, VECTOR, 0xff);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(reached(), (1u << FAKE_BIG_VPS) - 1);
	/* Eight bits of a logical id name VPs of cluster 0. */
	program(1, VECTOR | 0x800, 0x82);
	ioapic_raise(FAKE_BIG, 1, false);
	assert_int_equal(reached(), 0x82);
	/* The EOI by MSR reaches the IOAPIC as well. */
	program(1, VECTOR | LEVEL, 18);
	ioapic_raise(FAKE_BIG, 1, true);
	take(vp_of(FAKE_BIG, 18), VECTOR);
	msr_write(vp_of(FAKE_BIG, 18), 0x80b, 0);
	assert_int_equal(entry(1), VECTOR | LEVEL);
	assert_int_equal(fake_unmasked[1], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_claims,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_registers_after_reset,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_register_masks,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_select,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_edge,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_edge_while_masked_is_lost,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_pin,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_level,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_remote_irr_holds_back,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_level_while_masked,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_masked_in_service,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_shared_vector,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_edge_of_same_vector,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_eoi_register,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_edge_ends_remote_irr,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_level_line_as_edge,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_edge_line_as_level,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_takes_it,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_reset_gives_lines_back,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_destinations,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_other_modes,
						setup_vps, teardown),
		cmocka_unit_test_setup_teardown(test_to_x2apic,
						setup_vps, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
