/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/gva_guest.c tests/unit/fake_tables.c tests/unit/fake_hvmap.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/hash.c hv/mem/window.c hv/lib/sha384.c hv/mem/nested.c hv/mem/nested_overlay.c */
/* Segments: limits, types, real and virtual-8086 mode, 64-bit mode. */
#include "gva_guest.h"

/* ---- segments ---------------------------------------------------------- */

static enum hv_err linear(enum segment_name name, uint64_t offset,
			  uint32_t size, uint32_t access, uint64_t *to)
{
	gva_t address = gva(~0ull);
	enum hv_err err = gva_from_segment(&vcpu, &mode, name, offset, size,
					   access, &address, &fault);

	*to = address.v;
	return err;
}

static void assert_linear(enum segment_name name, uint64_t offset,
			  uint32_t size, uint32_t access, uint64_t want)
{
	uint64_t to;

	assert_int_equal(linear(name, offset, size, access, &to), HV_OK);
	assert_int_equal(to, want);
}

static void assert_refused(enum segment_name name, uint64_t offset,
			   uint32_t size, uint32_t access, uint8_t vector)
{
	uint64_t to;

	assert_int_equal(linear(name, offset, size, access, &to),
			 HV_ERR_FAULT);
	assert_int_equal(fault.vector, vector);
	assert_int_equal(fault.error, 0);
	assert_int_equal(fault.address.v, 0);
}

static void test_segment_limit(void **state)
{
	(void)state;
	fake_vcpu_set_mode(&vcpu, FAKE_PROTECTED_32, 0);
	vcpu_get_mode(&vcpu, &mode);
	set_segment(SEGMENT_DS, 0x10000, 0xfff, 0x4093);
	assert_linear(SEGMENT_DS, 0, 1, 0, 0x10000);
	assert_linear(SEGMENT_DS, 0xffc, 4, 0, 0x10ffc);
	assert_refused(SEGMENT_DS, 0xffd, 4, 0, VECTOR_GP);
	assert_refused(SEGMENT_DS, 0x1000, 1, 0, VECTOR_GP);
	set_segment(SEGMENT_SS, 0x10000, 0xfff, 0x4093);
	assert_refused(SEGMENT_SS, 0xffd, 4, 0, VECTOR_SS);
	/* a wrap of the offset is beyond any limit; of the sum is not */
	set_segment(SEGMENT_DS, 0x80000000, 0xffffffff, 0xc093);
	assert_refused(SEGMENT_DS, 0xfffffffe, 4, 0, VECTOR_GP);
	assert_linear(SEGMENT_DS, 0xfffffffc, 4, 0, 0x7ffffffc);
	/* an offset is 32 bits wide */
	assert_linear(SEGMENT_DS, 0x700000010, 4, 0, 0x80000010);
	/* expand-down: what is above the limit, to 64 KiB or 4 GiB */
	set_segment(SEGMENT_DS, 0, 0xfff, 0x4097);
	assert_refused(SEGMENT_DS, 0xfff, 1, 0, VECTOR_GP);
	assert_linear(SEGMENT_DS, 0x1000, 4, 0, 0x1000);
	assert_linear(SEGMENT_DS, 0xfffffffc, 4, 0, 0xfffffffc);
	assert_refused(SEGMENT_DS, 0xfffffffd, 4, 0, VECTOR_GP);
	set_segment(SEGMENT_DS, 0, 0xfff, 0x0097);
	assert_linear(SEGMENT_DS, 0xfffc, 4, 0, 0xfffc);
	assert_refused(SEGMENT_DS, 0xfffd, 4, 0, VECTOR_GP);
	/* bit 2 of a code segment is "conforming", not "expand-down" */
	set_segment(SEGMENT_DS, 0, 0xfff, 0x409f);
	assert_linear(SEGMENT_DS, 0xfff, 1, 0, 0xfff);
}

static void test_segment_type(void **state)
{
	static const struct {
		uint16_t attributes;
		bool read, write;
	} types[] = {
		{ 0x4091, true, false },	/* data, read-only */
		{ 0x4093, true, true },
		{ 0x4099, false, false },	/* code, execute-only */
		{ 0x409b, true, false },
		{ 0x4013, false, false },	/* not present: null */
		{ 0x4083, false, false },	/* a system segment */
	};
	uint64_t to;

	(void)state;
	fake_vcpu_set_mode(&vcpu, FAKE_PROTECTED_32, 0);
	vcpu_get_mode(&vcpu, &mode);
	set_segment(SEGMENT_CS, 0, 0xffffffff, 0xc099);
	for (unsigned i = 0; i < ARRAY_COUNT(types); i++) {
		set_segment(SEGMENT_ES, 0, 0xffffffff, types[i].attributes);
		assert_int_equal(linear(SEGMENT_ES, 0x1000, 4, 0, &to) ==
				 HV_OK, types[i].read);
		assert_int_equal(linear(SEGMENT_ES, 0x1000, 4, ACCESS_WRITE,
					&to) == HV_OK, types[i].write);
		assert_linear(SEGMENT_CS, 0x1000, 1, ACCESS_EXECUTE, 0x1000);
		if (!types[i].write) {
			assert_refused(SEGMENT_ES, 0x1000, 4, ACCESS_WRITE,
				       VECTOR_GP);
		}
	}
	/* Real mode and virtual-8086 mode look at the limit only. */
	fake_vcpu_set_mode(&vcpu, FAKE_REAL, 0);
	vcpu_get_mode(&vcpu, &mode);
	set_segment(SEGMENT_ES, 0x12340, 0xffff, 0);
	assert_linear(SEGMENT_ES, 0xfffe, 2, ACCESS_WRITE, 0x2233e);
	assert_refused(SEGMENT_ES, 0xffff, 2, ACCESS_WRITE, VECTOR_GP);
	fake_vcpu_set_mode(&vcpu, FAKE_PROTECTED_16, 3);
	vcpu_get_mode(&vcpu, &mode);
	assert_refused(SEGMENT_ES, 0, 2, ACCESS_WRITE, VECTOR_GP);
	vcpu.rflags |= RFLAGS_VM;
	assert_linear(SEGMENT_ES, 0, 2, ACCESS_WRITE, 0x12340);
	vcpu.rflags &= ~RFLAGS_VM;
}

static void test_segment_flat(void **state)
{
	(void)state;
	set_long();
	set_segment(SEGMENT_DS, 0x1000, 0, 0);
	set_segment(SEGMENT_FS, 0xffff800000000000ull, 0, 0);
	set_segment(SEGMENT_GS, 0x1000, 0, 0);
	assert_linear(SEGMENT_DS, 0x123456789abc, 8, ACCESS_WRITE,
		      0x123456789abc);
	assert_linear(SEGMENT_FS, 0x1234, 8, 0, 0xffff800000001234ull);
	assert_linear(SEGMENT_GS, 0x234, 8, 0, 0x1234);
	assert_linear(SEGMENT_GS, ~0xfffull, 8, 0, 0);
	assert_refused(SEGMENT_DS, 1ull << 47, 1, 0, VECTOR_GP);
	assert_refused(SEGMENT_SS, 1ull << 47, 1, 0, VECTOR_SS);
	assert_linear(SEGMENT_DS, (1ull << 47) - 8, 8, 0, (1ull << 47) - 8);
	assert_refused(SEGMENT_DS, (1ull << 47) - 7, 8, 0, VECTOR_GP);
	/* FS makes it non-canonical */
	assert_refused(SEGMENT_FS, 0xffff800000000000ull, 1, 0, VECTOR_GP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_segment_limit),
		GUEST_TEST(test_segment_type),
		GUEST_TEST(test_segment_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
