/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: tests/unit/gva_guest.c tests/unit/fake_tables.c tests/unit/fake_hvmap.c tests/unit/fake_vcpu.c tests/unit/fake_panic.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/hash.c hv/mem/window.c hv/lib/sha384.c hv/mem/nested.c hv/mem/nested_overlay.c */
/*
 * The page walk of every mode: rights against a second formulation of the
 * rules, reserved bits, accessed and dirty bits, tables that change under the
 * walk or lie where there is no RAM; and copies.
 */
#include <sys/mman.h>

#include "gva_guest.h"

/* ---- long mode --------------------------------------------------------- */

static void test_long_4k(void **state)
{
	(void)state;
	set_long();
	assert_to(VA + 0x123, 0, DATA + 0x123);
	for (unsigned level = 0; level < 4; level++) {
		assert_int_equal(get64(entry_at[level]) & (A | D), A);
	}
	assert_to(VA + 0xfff, ACCESS_WRITE, DATA + 0xfff);
	for (unsigned level = 0; level < 4; level++) {
		assert_int_equal(get64(entry_at[level]) & (A | D),
				 level == 0 ? A | D : A);
	}
	assert_to(VA + 0x1000, 0, DATA_NEXT);
	/* CR3's low bits and its bit 63 (PCID) are no address. */
	mode.cr3 = ROOT | 0xfff | NX;
	assert_to(VA, 0, DATA);
	/* bits that the processor ignores */
	put64(ENTRY0, DATA | P | W | U | 0xf00 | 0x7ff0000000000000ull);
	assert_to(VA, 0, DATA);
}

static void test_long_large(void **state)
{
	(void)state;
	set_long();
	put64(ENTRY1, 0x200000ull | P | W | U | PS);
	assert_to(VA + 0x1234, ACCESS_WRITE,
		  0x200000 + ((VA + 0x1234) & 0x1fffff));
	assert_int_equal(get64(ENTRY1) & (A | D), A | D);
	assert_int_equal(get64(ENTRY2) & (A | D), A);
	put64(ENTRY2, 0x40000000ull | P | W | U | PS);
	assert_to(VA + 0x1234, ACCESS_WRITE,
		  0x40000000 + ((VA + 0x1234) & 0x3fffffff));
	assert_int_equal(get64(ENTRY2) & (A | D), A | D);
	assert_int_equal(get64(ENTRY3) & (A | D), A);
}

static void test_long_absent(void **state)
{
	uint64_t entry;

	(void)state;
	for (unsigned level = 0; level < 4; level++) {
		set_long();
		entry = get64(entry_at[level]);
		/* nothing else in it counts */
		put64(entry_at[level], ~P);
		assert_fault(VA, 0, 0);
		assert_fault(VA + 5, ACCESS_WRITE, 2);
		assert_fault(VA, ACCESS_EXECUTE, 0x10);
		mode.cpl = 3;
		assert_fault(VA, ACCESS_WRITE, 6);
		assert_fault(VA, ACCESS_WRITE | GVA_IMPLICIT, 2);
		mode.efer &= ~NXE;
		assert_fault(VA, ACCESS_EXECUTE, 4);
		mode.cr4 |= CR4_SMEP;
		assert_fault(VA, ACCESS_EXECUTE, 0x14);
		put64(entry_at[level], entry);
	}
}

static void test_long_reserved(void **state)
{
	(void)state;
	for (unsigned level = 0; level < 4; level++) {
		set_long();
		/* partition 0 has 48 bits of address */
		for (unsigned bit = 48; bit < 52; bit++) {
			put64(entry_at[level], get64(entry_at[level]) |
			      1ull << bit);
			assert_fault(VA, ACCESS_WRITE, 0xb);
			set_long();
		}
		put64(entry_at[level], get64(entry_at[level]) | NX);
		assert_to(VA, 0, DATA);
		mode.efer &= ~NXE;
		assert_fault(VA, 0, 9);
	}
	set_long();
	put64(ENTRY3, get64(ENTRY3) | PS);
	assert_fault(VA, 0, 9);
	for (unsigned bit = 13; bit < 21; bit++) {
		set_long();
		put64(ENTRY1, 0x200000ull | P | PS | 1ull << bit);
		assert_fault(VA, 0, 9);
	}
	for (unsigned bit = 13; bit < 30; bit++) {
		set_long();
		put64(ENTRY2, 0x40000000ull | P | PS | 1ull << bit);
		assert_fault(VA, 0, 9);
	}
	/* bit 12 of a large leaf is PAT */
	set_long();
	put64(ENTRY1, 0x200000ull | P | PS | 0x1000);
	assert_to(VA, 0, 0x200000 + (VA & 0x1fffff));
}

static void test_width(void **state)
{
	uint64_t to;

	(void)state;
	set_long();
	vcpu.partition = 1;	/* 40 bits; memory of its own, same places */
	put64(ENTRY0, DATA | P | 1ull << 40);
	assert_int_equal(translate(VA, 0, &to), HV_ERR_FAULT);
	assert_int_equal(fault.error, 9);
	put64(ENTRY0, DATA | P | 1ull << 39);
	assert_int_equal(translate(VA, 0, &to), HV_OK);
	assert_int_equal(to, DATA | 1ull << 39);
	/* The walk itself must not leave what exists: no RAM up there. */
	put64(ENTRY3, 1ull << 39 | P);
	assert_int_equal(translate(VA, 0, &to), HV_ERR_MMIO);
}

static void test_canonical(void **state)
{
	uint64_t to;

	(void)state;
	set_long();
	assert_int_equal(translate(VA | 1ull << 47, 0, &to), HV_ERR_FAULT);
	assert_int_equal(fault.vector, VECTOR_GP);
	assert_int_equal(fault.error, 0);
	assert_int_equal(translate(VA | 1ull << 63, 0, &to), HV_ERR_FAULT);
	assert_int_equal(fault.vector, VECTOR_GP);
}

/*
 * The rules once more, from the point of view of SDM3 4.6.1: which accesses
 * are allowed to which kind of address.
 */
static bool allowed(bool user_page, bool writable, bool nx, bool user,
		    uint32_t access, bool ac)
{
	bool smap_stops = (mode.cr4 & CR4_SMAP) != 0 && user_page &&
			  ((access & GVA_IMPLICIT) != 0 || !ac);

	if ((access & ACCESS_EXECUTE) != 0) {
		if (user) {
			return user_page && !nx;
		}
		return !nx && !(user_page && (mode.cr4 & CR4_SMEP) != 0);
	}
	if (user) {
		return user_page &&
		       ((access & ACCESS_WRITE) == 0 || writable);
	}
	if (smap_stops) {
		return false;
	}
	return (access & ACCESS_WRITE) == 0 || writable ||
	       (mode.cr0 & CR0_WP) == 0;
}

static void check_combination(unsigned bits, uint32_t access)
{
	bool user = (bits & 1) != 0 && (access & GVA_IMPLICIT) == 0;
	bool ac = (bits & 2) != 0;
	uint64_t clear[4] = { 0 }, set[4] = { 0 };
	unsigned level = (bits >> 6) & 3;	/* that lacks the right */
	bool user_page = (bits & 256) == 0, writable = (bits & 512) == 0;
	bool nx = (bits & 1024) != 0, ok;
	uint64_t to;
	uint32_t error;

	set_long();
	mode.cpl = (bits & 1) != 0 ? 3 : 0;
	vcpu.rflags = ac ? RFLAGS_AC : 0;
	if ((bits & 4) != 0) {
		mode.cr0 &= ~CR0_WP;
	}
	mode.cr4 |= (bits & 8) != 0 ? CR4_SMEP : 0;
	mode.cr4 |= (bits & 16) != 0 ? CR4_SMAP : 0;
	/* Each right is lacking at another level than its neighbour. */
	clear[level] |= user_page ? 0 : U;
	clear[(level + 1) & 3] |= writable ? 0 : W;
	set[(level + 2) & 3] |= nx ? NX : 0;
	for (unsigned i = 0; i < 4; i++) {
		put64(entry_at[i], (get64(entry_at[i]) & ~clear[i]) | set[i]);
	}
	ok = translate(VA, access, &to) == HV_OK;
	assert_int_equal(ok, allowed(user_page, writable, nx, user, access,
				     ac));
	if (!ok) {
		error = 1 | (access & ACCESS_WRITE) |
			(access & ACCESS_EXECUTE) | (user ? 4 : 0);
		assert_int_equal(fault.vector, VECTOR_PF);
		assert_int_equal(fault.error, error);
		/* A refused access leaves no dirty bit. */
		assert_int_equal(get64(ENTRY0) & D, 0);
	}
}

static void test_rights(void **state)
{
	static const uint32_t accesses[] = { 0, ACCESS_WRITE, ACCESS_EXECUTE,
		GVA_IMPLICIT, GVA_IMPLICIT | ACCESS_WRITE };

	(void)state;
	for (unsigned bits = 0; bits < 2048; bits++) {
		for (unsigned i = 0; i < ARRAY_COUNT(accesses); i++) {
			check_combination(bits, accesses[i]);
		}
	}
}

/* CPL 1 and 2 are supervisors. */
static void test_middle_rings(void **state)
{
	(void)state;
	set_long();
	put64(ENTRY0, DATA | P | W);
	mode.cpl = 2;
	assert_to(VA, 0, DATA);
	mode.cpl = 3;
	assert_fault(VA, 0, 5);
}

/* ---- PAE --------------------------------------------------------------- */

static void test_pae(void **state)
{
	(void)state;
	set_pae();
	assert_to(VA32 + 7, ACCESS_WRITE, DATA + 7);
	/* the four at the top have no rights and no accessed bit */
	assert_int_equal(get64(PAE2), LEVEL1 | P);
	assert_int_equal(get64(PAE1) & (A | D), A);
	assert_int_equal(get64(PAE0) & (A | D), A | D);
	mode.cpl = 3;
	assert_to(VA32, ACCESS_WRITE, DATA);
	put64(PAE0, DATA | P | W | U | NX);
	assert_fault(VA32, ACCESS_EXECUTE, 0x15);
	put64(PAE1, 0x200000ull | P | W | PS);
	assert_fault(VA32, 0, 5);
	mode.cpl = 0;
	assert_to(VA32, 0, 0x200000 + (VA32 & 0x1fffff));
	put64(PAE2, 0);
	assert_fault(VA32, 0, 0);
}

static void test_pae_reserved(void **state)
{
	static const uint64_t top[] = { 2, 4, 0x40, 0x80, 0x100, NX,
		1ull << 52, 1ull << 62, 1ull << 48 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(top); i++) {
		set_pae();
		put64(PAE2, LEVEL1 | P | top[i]);
		assert_fault(VA32, 0, 9);
	}
	for (unsigned bit = 48; bit < 63; bit++) {
		set_pae();
		put64(PAE1, get64(PAE1) | 1ull << bit);
		assert_fault(VA32, 0, 9);
		set_pae();
		put64(PAE0, get64(PAE0) | 1ull << bit);
		assert_fault(VA32, 0, 9);
	}
	set_pae();
	put64(PAE1, 0x200000ull | P | PS | 0x2000);
	assert_fault(VA32, 0, 9);
	set_pae();
	/* 0x20: QEMU sets it */
	put64(PAE2, LEVEL1 | P | 0x18 | 0xe20);
	assert_to(VA32, 0, DATA);
}

/* ---- 32 bits ----------------------------------------------------------- */

static void test_legacy(void **state)
{
	(void)state;
	set_legacy();
	assert_to(VA32 + 0x321, 0, DATA + 0x321);
	assert_int_equal(get32(PD) & (A | D), A);
	assert_int_equal(get32(PT) & (A | D), A);
	assert_to(VA32, ACCESS_WRITE, DATA);
	assert_int_equal(get32(PD) & (A | D), A);
	assert_int_equal(get32(PT) & (A | D), A | D);
	assert_int_equal(get32(PT + 4), 0xffffffff);
	assert_int_equal(get32(PT - 4), 0);
	/* no NX here, whatever EFER says, and no I/D bit in the code */
	mode.efer |= NXE;
	put32(PT, 0);
	assert_fault(VA32, ACCESS_EXECUTE, 0);
	put32(PD, 0);
	assert_fault(VA32, ACCESS_WRITE, 2);
	/* without CR4.PSE bit 7 says nothing */
	set_legacy();
	put32(PD, (uint32_t)(LEVEL0 | P | W | PS));
	assert_to(VA32, 0, DATA);
	mode.cpl = 3;
	assert_fault(VA32, 0, 5);
}

static void test_legacy_large(void **state)
{
	(void)state;
	set_legacy();
	mode.cr4 |= CR4_PSE;
	put32(PD, (uint32_t)(0x00400000 | P | W | PS));
	assert_to(VA32 + 3, ACCESS_WRITE, 0x00400000 + ((VA32 + 3) & 0x3fffff));
	assert_int_equal(get32(PD) & (A | D), A | D);
	/* PSE-36: bits 20:13 are address bits 39:32 */
	put32(PD, (uint32_t)(0x00400000 | P | W | PS | 0xa5 << 13));
	assert_to(VA32 + 3, 0, 0xa500400000 + ((VA32 + 3) & 0x3fffff));
	put32(PD, (uint32_t)(0x00400000 | P | W | PS | 1 << 21));
	assert_fault(VA32, 0, 9);
	/* PAT */
	put32(PD, (uint32_t)(0x00400000 | P | W | PS | 1 << 12));
	assert_to(VA32, 0, 0x00400000 + (VA32 & 0x3fffff));
}

/* A processor with 36 bits: PSE-36 reaches no further. */
static void test_legacy_width(void **state)
{
	volatile uint32_t *width = (volatile uint32_t *)(uintptr_t)
		&partition_configs[0].gpa_bits;
	uintptr_t page = (uintptr_t)width & ~PAGE_MASK;
	uint32_t before = *width;

	(void)state;
	/* The tables are constant, but for this. */
	assert_int_equal(mprotect((void *)page, PAGE_SIZE,
				  PROT_READ | PROT_WRITE), 0);
	set_legacy();
	mode.cr4 |= CR4_PSE;
	*width = 36;
	put32(PD, (uint32_t)(0x00400000 | P | W | PS | 0x0f << 13));
	assert_to(VA32, 0, 0xf00400000 + (VA32 & 0x3fffff));
	put32(PD, (uint32_t)(0x00400000 | P | W | PS | 0x10 << 13));
	assert_fault(VA32, 0, 9);
	*width = before;
}

static void test_no_paging(void **state)
{
	(void)state;
	fake_vcpu_set_mode(&vcpu, FAKE_REAL, 0);
	vcpu_get_mode(&vcpu, &mode);
	assert_to(0xfee00123, ACCESS_WRITE, 0xfee00123);
	assert_to(0x1fee00123, 0, 0xfee00123);
}

/* ---- tables that change, or are no RAM --------------------------------- */

static unsigned opens;
static unsigned change_at;	/* the open at which an entry changes */
static uint64_t change_entry, change_to;
static bool change_always;

/*
 * The walk opens four windows to read; the fifth is the update of an entry.
 * Between them another VP maps something else.
 */
static void change_leaf(void)
{
	opens++;
	if (change_always) {
		put64(ENTRY0, (get64(ENTRY0) & ~0xe00ull) |
		      (opens & 7) << 9);
	} else if (opens == change_at) {
		put64(change_entry, change_to);
	}
}

static void test_race(void **state)
{
	uint64_t to;

	(void)state;
	set_long();
	for (unsigned level = 1; level < 4; level++) {
		put64(entry_at[level], get64(entry_at[level]) | A);
	}
	opens = 0;
	change_at = 5;
	change_entry = ENTRY0;
	change_to = DATA_NEXT | P | W | U | A;
	change_always = false;
	fake_hvmap_on_open = change_leaf;
	assert_int_equal(translate(VA, ACCESS_WRITE, &to), HV_OK);
	fake_hvmap_on_open = NULL;
	assert_int_equal(to, DATA_NEXT);
	assert_int_equal(get64(ENTRY0), DATA_NEXT | P | W | U | A | D);
	/* An upper entry, between its check and its accessed bit: the page
	 * that it led to must not be the answer. */
	set_long();
	put64(ENTRY3, get64(ENTRY3) | A);
	memcpy(at(0x6000), at(LEVEL1), PAGE_SIZE);
	memcpy(at(0x7000), at(LEVEL0), PAGE_SIZE);
	put64(0x6000 + 8 * INDEX(1), 0x7000 | P | W | U);
	put64(0x7000 + 8 * INDEX(0), DATA_NEXT | P | W | U);
	opens = 0;
	change_entry = ENTRY2;
	change_to = 0x6000 | P | W | U;
	fake_hvmap_on_open = change_leaf;
	assert_int_equal(translate(VA, 0, &to), HV_OK);
	fake_hvmap_on_open = NULL;
	assert_int_equal(to, DATA_NEXT);
	/* one that never stops is given up */
	set_long();
	opens = 0;
	change_always = true;
	fake_hvmap_on_open = change_leaf;
	assert_int_equal(translate(VA, ACCESS_WRITE, &to), HV_ERR_STATE);
	fake_hvmap_on_open = NULL;
	assert_true(opens < 100);
	assert_int_equal(get64(ENTRY0) & D, 0);
}

static void test_strange_tables(void **state)
{
	static const uint64_t missing[] = { FAKE_HOLE_4K, FAKE_MMIO_4K,
		FAKE_MMIO_2M, 0xffffffff000ull };
	uint64_t to;

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(missing); i++) {
		set_long();
		mode.cr3 = missing[i];
		assert_int_equal(translate(VA, 0, &to), HV_ERR_MMIO);
		set_long();
		put64(ENTRY1, missing[i] | P | W | U);
		assert_int_equal(translate(VA, 0, &to), HV_ERR_MMIO);
	}
	/* A table in read-only memory works while nothing is to be set. */
	set_long();
	put64(FAKE_READ_ONLY + 8 * INDEX(0), DATA | P | W | U | A);
	put64(ENTRY1, FAKE_READ_ONLY | P | W | U);
	assert_to(VA, 0, DATA);
	assert_int_equal(translate(VA, ACCESS_WRITE, &to), HV_ERR_ACCESS);
}

/* ---- spans and copies -------------------------------------------------- */

static void test_copy(void **state)
{
	uint8_t bytes[64], back[64];

	(void)state;
	set_long();
	for (unsigned i = 0; i < 64; i++) {
		bytes[i] = (uint8_t)(i + 1);
	}
	/* crosses: the two pages are far apart, in the wrong order */
	for (unsigned size = 1; size <= 64; size++) {
		for (uint64_t start = 0xfe0; start < 0x1010; start++) {
			memset(at(DATA + 0xf00), 0, 0x100);
			memset(at(DATA_NEXT), 0, 0x100);
			assert_int_equal(gva_write(&vcpu, &mode,
						   gva(VA + start), bytes,
						   size, &fault), HV_OK);
			memset(back, 0, sizeof(back));
			assert_int_equal(gva_read(&vcpu, &mode,
						  gva(VA + start), back, size,
						  &fault), HV_OK);
			assert_memory_equal(back, bytes, size);
			for (unsigned i = 0; i < size; i++) {
				uint64_t offset = start + i;
				uint8_t *byte = offset < 0x1000 ?
					at(DATA + offset) :
					at(DATA_NEXT + offset - 0x1000);

				assert_int_equal(*byte, bytes[i]);
			}
		}
	}
}

static void test_copy_fault(void **state)
{
	uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)state;
	set_long();
	put64(ENTRY0 + 8, 0);
	assert_int_equal(gva_write(&vcpu, &mode, gva(VA + 0xffc), bytes, 8,
				   &fault), HV_ERR_FAULT);
	assert_int_equal(fault.address.v, VA + 0x1000);
	assert_int_equal(fault.error, 2);
	assert_int_equal(get64(DATA + 0xff8), 0);
	assert_int_equal(gva_read(&vcpu, &mode, gva(VA + 0xffc), bytes, 8,
				  &fault), HV_ERR_FAULT);
	assert_int_equal(fault.address.v, VA + 0x1000);
	assert_int_equal(bytes[0], 1);
	/* as far as the last byte there is no fault */
	assert_int_equal(gva_write(&vcpu, &mode, gva(VA + 0xff8), bytes, 8,
				   &fault), HV_OK);
	/* a page that can be read, not written */
	put64(ENTRY0 + 8, DATA_NEXT | P | U);
	assert_int_equal(gva_write(&vcpu, &mode, gva(VA + 0xffc), bytes, 8,
				   &fault), HV_ERR_FAULT);
	assert_int_equal(fault.error, 3);
	/* no RAM, no right of the partition */
	put64(ENTRY0, FAKE_MMIO_4K | P | W | U);
	assert_int_equal(gva_read(&vcpu, &mode, gva(VA), bytes, 8, &fault),
			 HV_ERR_MMIO);
	put64(ENTRY0, FAKE_READ_ONLY | P | W | U);
	assert_int_equal(gva_write(&vcpu, &mode, gva(VA), bytes, 8, &fault),
			 HV_ERR_ACCESS);
}

/* Linear addresses outside 64-bit mode wrap at 4 GiB. */
static void test_wrap(void **state)
{
	uint8_t bytes[4] = { 1, 2, 3, 4 };

	(void)state;
	set_legacy();
	put32(ROOT + 4 * 1023, (uint32_t)(LEVEL0 | P | W | U));
	put32(LEVEL0 + 4 * 1023, (uint32_t)(DATA | P | W | U));
	put32(ROOT, (uint32_t)(LEVEL0 | P | W | U));
	put32(LEVEL0, (uint32_t)(DATA_NEXT | P | W | U));
	assert_int_equal(gva_write(&vcpu, &mode, gva(0xfffffffe), bytes, 4,
				   &fault), HV_OK);
	assert_int_equal(get32(DATA + 0xffc), 0x02010000);
	assert_int_equal(get32(DATA_NEXT), 0x00000403);
	/* with PAE: the entry behind the four is none */
	set_pae();
	put64(PDPT, LEVEL2 | P);
	put64(LEVEL2, LEVEL0 | P | W | U);
	put64(LEVEL0, DATA_NEXT | P | W | U);
	put64(LEVEL1 + 8 * 511, 0x6000 | P | W | U);
	put64(0x6000 + 8 * 511, DATA | P | W | U);
	put64(PDPT + 8 * 4, LEVEL1 | P);
	put64(LEVEL1, 0x7000 | P | W | U);
	put64(0x7000, 0x9000 | P | W | U);
	put32(DATA_NEXT, 0);
	assert_int_equal(gva_write(&vcpu, &mode, gva(0xfffffffe), bytes, 4,
				   &fault), HV_OK);
	assert_int_equal(get32(DATA_NEXT), 0x00000403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_long_4k),
		GUEST_TEST(test_long_large),
		GUEST_TEST(test_long_absent),
		GUEST_TEST(test_long_reserved),
		GUEST_TEST(test_width),
		GUEST_TEST(test_canonical),
		GUEST_TEST(test_rights),
		GUEST_TEST(test_middle_rings),
		GUEST_TEST(test_pae),
		GUEST_TEST(test_pae_reserved),
		GUEST_TEST(test_legacy),
		GUEST_TEST(test_legacy_large),
		GUEST_TEST(test_legacy_width),
		GUEST_TEST(test_no_paging),
		GUEST_TEST(test_race),
		GUEST_TEST(test_strange_tables),
		GUEST_TEST(test_copy),
		GUEST_TEST(test_copy_fault),
		GUEST_TEST(test_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
