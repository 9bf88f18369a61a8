/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/gva_guest.c tests/unit/fake_tables.c tests/unit/fake_hvmap.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/hash.c hv/mem/window.c hv/lib/sha384.c hv/mem/nested.c hv/mem/nested_overlay.c hv/vcpu/fetch.c hv/lib/insn.c */
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
	struct gva_memo memo;
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
					&memo, &fault), HV_ERR_FAULT);
	assert_int_equal(fault.vector, VECTOR_GP);
}

/* fetch_length() in the mode that vcpu_get_mode() tells. */
static void set_long_mode(void)
{
	set_long();
	fake_of(&vcpu)->cr0 = mode.cr0;
	fake_of(&vcpu)->cr3 = mode.cr3;
	fake_of(&vcpu)->cr4 = mode.cr4;
	fake_of(&vcpu)->efer = mode.efer;
	for (unsigned level = 0; level < 4; level++) {
		put64(entry_at[level], get64(entry_at[level]) | A);
	}
	put_code(0x10, "\x0f\xa2", 2);
	vcpu.rip = VA + 0x10;
}

/*
 * What a walk of four levels would find is not what PAE finds; and a RIP that
 * is not canonical finds nothing.
 */
static void test_fetch_other_walk(void **state)
{
	struct insn insn;
	uint32_t length;

	(void)state;
	set_pae();
	set_segment(SEGMENT_CS, 0, 0xffffffff, 0xc09b);
	vcpu.rip = VA32 + 0x10;
	*(uint32_t *)at(DATA + 0x10) = 0x90a20f;
	put64(PDPT & ~0xfffull, LEVEL2 | P | A);
	put64(LEVEL2 + 8 * (VA32 >> 30), 0x6000 | P | A);
	put64(0x6000 + 8 * ((VA32 >> 21) & 511), 0x7000 | P | A);
	put64(0x7000 + 8 * ((VA32 >> 12) & 511), 0x9000 | P | A);
	*(uint32_t *)at(0x9010) = 0xa20f66;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
	assert_int_equal(insn.length, 2);
	set_long_mode();
	vcpu.rip = (VA | 1ull << 47) + 0x10;
	put64(ROOT + 8 * 511, get64(ENTRY3));
	put64(ENTRY3 + 8 * 256, get64(ENTRY3));
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	vcpu.rip = (VA | 1ull << 48) + 0x10;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	assert_int_equal(fetch_length(&vcpu, CPUID_KIND, &length),
			 HV_ERR_FAULT);
	/* a large page whose address has bits where there are none */
	vcpu.rip = VA + 0x10;
	memcpy(at(0x200000 + (vcpu.rip & 0x1fffff)), "\x0f\xa2", 2);
	put64(ENTRY1, 0x200000 | P | W | U | A | PS);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_OK);
	put64(ENTRY1, 0x202000 | P | W | U | A | PS);
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_FAULT);
	/* no RAM behind the last bytes of a page */
	put64(ENTRY1, LEVEL0 | P | W | U | A);
	put64(ENTRY0, FAKE_MMIO_4K | P | W | U | A);
	vcpu.rip = VA + 0xffc;
	assert_int_equal(fetch(CPUID_KIND, &insn), HV_ERR_MMIO);
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
	{
		uint8_t bytes[15];
		uint32_t count;

		set_segment(SEGMENT_CS, 0x7f00, 0x10f, 0x93);
		assert_int_equal(gva_fetch(&vcpu, &mode, bytes, &count,
					   &fault), HV_ERR_FAULT);
		assert_int_equal(count, 0);
		assert_int_equal(fault.vector, VECTOR_GP);
	}
	/* with the mode of the back end */
	set_segment(SEGMENT_CS, 0x7f00, 0xffff, 0x93);
	*(uint16_t *)at(0x8010) = 0xa20f;
	scribble();
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

/* ---- what is remembered ------------------------------------------------ */

static enum hv_err length_of(uint32_t kinds, uint32_t *length)
{
	*length = 77;
	return fetch_length(&vcpu, kinds, length);
}

static void assert_length(uint32_t want)
{
	uint32_t length;

	assert_int_equal(length_of(CPUID_KIND, &length), HV_OK);
	assert_int_equal(length, want);
}

static void assert_no_length(void)
{
	uint32_t length;

	assert_int_not_equal(length_of(CPUID_KIND, &length), HV_OK);
}

/* A second fetch reads each word again, and nothing else. */
static void test_memo_hit(void **state)
{
	uint64_t root;
	uint32_t length;

	(void)state;
	set_long_mode();
	assert_length(2);
	fake_hvmap_opened = 0;
	/* no walk of the nested tables: there are none to find */
	root = partition_configs[0].nested_pool[0][0];
	partition_configs[0].nested_pool[0][0] = 0;
	assert_length(2);
	partition_configs[0].nested_pool[0][0] = root;
	assert_int_equal(fake_hvmap_opened, 5);
	/* a large page has one word less */
	put64(ENTRY1, 0x200000 | P | W | U | A | PS);
	memcpy(at(0x200000 + (vcpu.rip & 0x1fffff)), "\x66\x0f\xa2", 3);
	assert_length(3);
	fake_hvmap_opened = 0;
	assert_length(3);
	assert_int_equal(fake_hvmap_opened, 4);
	/* it is CPUID, and answers for nothing else */
	assert_int_equal(length_of(FETCH_KIND(INSN_RDMSR), &length),
			 HV_ERR_UNSUPPORTED);
}

/* Whatever the fetch depends on changes: the answer is the new one. */
static void test_memo_code(void **state)
{
	(void)state;
	set_long_mode();
	assert_length(2);
	put_code(0x10, "\x66\x0f\xa2", 3);
	assert_length(3);
	assert_length(3);
	/* more than the word that is remembered */
	put_code(0x10, "\x66\x66\x66\x66\x66\x66\x66\x0f\xa2", 9);
	assert_length(9);
	put_code(0x18, "\x90\x0f\xa2", 3);
	assert_no_length();
	put_code(0x10, "\x90\x90", 2);
	assert_no_length();
	assert_no_length();
	put_code(0x10, "\x0f\xa2", 2);
	assert_length(2);
}

static void test_memo_entries(void **state)
{
	(void)state;
	for (unsigned level = 0; level < 4; level++) {
		uint64_t entry;

		set_long_mode();
		entry = get64(entry_at[level]);
		assert_length(2);
		put64(entry_at[level], entry & ~P);
		assert_no_length();
		put64(entry_at[level], entry);
		assert_length(2);
		put64(entry_at[level], entry | NX);
		assert_no_length();
		put64(entry_at[level], entry | 1ull << 50);
		assert_no_length();
		put64(entry_at[level], entry);
		assert_length(2);
	}
	/* another frame, with other bytes */
	put_code(0x1010, "\x2e\x0f\xa2", 3);
	put64(ENTRY0, DATA_NEXT | P | W | U | A);
	assert_length(3);
}

static void test_memo_mode(void **state)
{
	struct fake_vcpu *fake = fake_of(&vcpu);

	(void)state;
	set_long_mode();
	assert_length(2);
	/* other tables, in which it is not there */
	fake->cr3 = 0x6000;
	assert_no_length();
	fake->cr3 = ROOT;
	assert_length(2);
	/* CPL 3 on a supervisor's page; SMEP on a user's */
	put64(ENTRY0, DATA | P | A);
	assert_length(2);
	fake->segment[SEGMENT_SS].attributes |= 0x60;
	assert_no_length();
	fake->segment[SEGMENT_SS].attributes &= (uint16_t)~0x60;
	put64(ENTRY0, DATA | P | A | U);
	assert_length(2);
	fake->cr4 |= CR4_SMEP;
	assert_no_length();
	fake->cr4 &= ~CR4_SMEP;
	/* what CPL 3 may fetch, SMEP keeps from CPL 0 */
	fake->cr4 |= CR4_SMEP;
	fake->segment[SEGMENT_SS].attributes |= 0x60;
	assert_length(2);
	fake->segment[SEGMENT_SS].attributes &= (uint16_t)~0x60;
	assert_no_length();
	fake->cr4 &= ~CR4_SMEP;
	/* without NXE the bit is reserved */
	assert_length(2);
	put64(ENTRY0, DATA | P | A | NX);
	fake->efer &= ~NXE;
	assert_no_length();
	put64(ENTRY0, DATA | P | A);
	assert_length(2);
	/* code that is not 64-bit any more: 48 is no prefix there */
	put_code(0x10, "\x48\x0f\xa2", 3);
	assert_length(3);
	fake->segment[SEGMENT_CS] = (struct segment_config){
		VA, 0xffffffff, 8, 0xc09b };
	assert_no_length();
}

/* The nested map changes under it: what lies there now counts. */
static void test_memo_nested(void **state)
{
	struct flush_token token;

	(void)state;
	set_long_mode();
	assert_length(2);
	memset((void *)(uintptr_t)fake_overlay_page(0).v, 0x90, PAGE_SIZE);
	memcpy((void *)(uintptr_t)(fake_overlay_page(0).v + 0x10),
	       "\x66\x66\x0f\xa2", 4);
	assert_int_equal(nested_map_overlay(0, 0, gpa(DATA),
					    fake_overlay_page(0),
					    NESTED_READ | NESTED_EXECUTE,
					    &token), HV_OK);
	nested_flush_done(token);
	assert_length(4);
	assert_length(4);
	nested_flush_done(nested_unmap_overlay(0, 0));
	assert_length(2);
}

/* Instructions that share a place, and pages' ends. */
static void test_memo_places(void **state)
{
	(void)state;
	set_long_mode();
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 64; i++) {
			unsigned length = 2 + i % 3;

			put_code(0xfc0 + i, length == 4 ?
				 "\x66\x66\x0f\xa2" : length == 3 ?
				 "\x66\x0f\xa2" : "\x0f\xa2", length);
			vcpu.rip = VA + 0xfc0 + i;
			assert_length(length);
			assert_length(length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_fetch_places),
		GUEST_TEST(test_fetch_end),
		GUEST_TEST(test_fetch_other),
		GUEST_TEST(test_fetch_segment),
		GUEST_TEST(test_fetch_other_walk),
		GUEST_TEST(test_memo_hit),
		GUEST_TEST(test_memo_code),
		GUEST_TEST(test_memo_entries),
		GUEST_TEST(test_memo_mode),
		GUEST_TEST(test_memo_nested),
		GUEST_TEST(test_memo_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
