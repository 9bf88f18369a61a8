/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/gva_guest.c tests/unit/fake_tables.c tests/unit/fake_hvmap.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/hash.c hv/mem/window.c hv/mem/nested.c hv/mem/nested_overlay.c hv/vcpu/fetch.c hv/lib/insn.c */
/* The fetch of an instruction: at every place of a page, in every mode, and
 * what is not the expected one. */
#include "gva_guest.h"
#include "vcpu/fetch.h"

/* ---- fetch ------------------------------------------------------------- */

static void put_code(uint64_t address, const char *bytes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t offset = address + i;

		*(uint8_t *)(offset < 0x1000 ? at(DATA + offset) :
			     at(DATA_NEXT + offset - 0x1000)) =
			(uint8_t)bytes[i];
	}
}

#define CPUID_KIND FETCH_KIND(INSN_CPUID)

static enum hv_err fetch(uint32_t kinds, struct insn *insn)
{
	return fetch_insn_in(&vcpu, &mode, kinds, insn);
}

/* At every place of a page, over its end too, with and without prefixes. */
static void test_fetch_places(void **state)
{
	static const char *const codes[] = { "\x0f\xa2", "\x66\x0f\xa2",
		"\x2e\x3e\x26\x64\x65\x36\x66\x67\x48\x0f\xa2" };
	static const unsigned lengths[] = { 2, 3, 11 };
	struct insn insn;

	(void)state;
	set_long();
	for (unsigned i = 0; i < 3; i++) {
		for (uint64_t offset = 0xfd0; offset < 0x1008; offset++) {
			memset(at(DATA + 0xf00), 0x90, 0x100);
			memset(at(DATA_NEXT), 0x90, 0x100);
			put_code(offset, codes[i], lengths[i]);
			vcpu.rip = VA + offset;
			assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
			assert_int_equal(insn.kind, INSN_CPUID);
			assert_int_equal(insn.length, lengths[i]);
		}
	}
}

static void test_fetch_end(void **state)
{
	uint8_t bytes[15];
	struct insn insn;
	uint32_t count;

	(void)state;
	set_long();
	put64(ENTRY0 + 8, 0);
	for (unsigned left = 1; left <= 20; left++) {
		vcpu.rip = VA + 0x1000 - left;
		assert_int_equal(gva_fetch(&vcpu, &mode, bytes, &count,
					   &fault), HV_OK);
		assert_int_equal(count, left < 15 ? left : 15);
	}
	vcpu.rip = VA + 0x1000;
	assert_int_equal(gva_fetch(&vcpu, &mode, bytes, &count, &fault),
			 HV_ERR_FAULT);
	assert_int_equal(count, 0);
	assert_int_equal(fault.error, 0x10);
	/* an instruction whose second half is not there */
	put_code(0xfff, "\x0f", 1);
	vcpu.rip = VA + 0xfff;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	/* whole, at the very end */
	put_code(0xffe, "\x0f\xa2", 2);
	vcpu.rip = VA + 0xffe;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
}

static void test_fetch_other(void **state)
{
	struct insn insn;
	uint64_t word;

	(void)state;
	set_long();
	vcpu.rip = VA;
	put_code(0, "\x0f\x32", 2);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_UNSUPPORTED);
	assert_int_equal(fetch(CPUID_KIND | FETCH_KIND(INSN_RDMSR), &insn),
			 HV_OK);
	put_code(0, "\x90\x90", 2);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_UNSUPPORTED);
	/* 15 prefixes: more than an instruction may have */
	memset(at(DATA), 0x66, 16);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_UNSUPPORTED);
	/* the rights of a fetch */
	put_code(0, "\x0f\xa2", 2);
	put64(ENTRY0, DATA | P | W | U | NX);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	put64(ENTRY0, DATA | P | U);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
	assert_int_equal(get64(ENTRY0) & (A | D), A);
	mode.cr4 |= CR4_SMEP;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	mode.cpl = 3;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
	put64(ENTRY0, DATA | P);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	/* code where there is no RAM */
	put64(ENTRY0, FAKE_MMIO_4K | P | U);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_MMIO);
	assert_int_equal(gva_fetch_word(&vcpu, &mode, gva(1ull << 47), &word,
					&fault), HV_ERR_FAULT);
	assert_int_equal(fault.vector, VECTOR_GP);
}

static void test_fetch_segment(void **state)
{
	struct insn insn;

	(void)state;
	fake_vcpu_set_mode(&vcpu, FAKE_REAL, 0);
	vcpu_get_mode(&vcpu, &mode);
	set_segment(SEGMENT_CS, 0x7f00, 0xffff, 0x93);
	*(uint16_t *)at(0x8010) = 0xa20f;
	vcpu.rip = 0x110;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
	assert_int_equal(insn.length, 2);
	/* the mode decides what bytes mean: 48 is DEC here */
	*(uint32_t *)at(0x8010) = 0xa20f48;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_UNSUPPORTED);
	/* beyond the limit */
	set_segment(SEGMENT_CS, 0x7f00, 0x10f, 0x93);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	/* with the mode of the back end */
	set_segment(SEGMENT_CS, 0x7f00, 0xffff, 0x93);
	*(uint16_t *)at(0x8010) = 0xa20f;
	assert_int_equal(fetch_insn(&vcpu, CPUID_KIND, &insn), HV_OK);
	/* PAE and 32-bit paging */
	set_pae();
	set_segment(SEGMENT_CS, VA32 - 0x1000, 0xffffffff, 0xc09b);
	vcpu.rip = 0x1010;
	*(uint32_t *)at(DATA + 0x10) = 0xd9010f;
	assert_int_equal(fetch(FETCH_KIND(INSN_VMMCALL), &insn), HV_OK);
	assert_int_equal(insn.length, 3);
	set_legacy();
	assert_int_equal(fetch(FETCH_KIND(INSN_VMMCALL), &insn), HV_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_fetch_places),
		GUEST_TEST(test_fetch_end),
		GUEST_TEST(test_fetch_other),
		GUEST_TEST(test_fetch_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
