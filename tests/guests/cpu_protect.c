/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may touch which page, and which instruction: SMEP, SMAP, UMIP, and what
 * is older. Part of the guest cpu.
 */
#include "cpu.h"

#define CR0_WP (1ull << 16)
#define CR4_UMIP (1ull << 11)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)

#define USER_RW (PTE_PRESENT | PTE_WRITE | PTE_USER)

#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_FETCH 16u

static uint8_t code_page[PAGE] __attribute__((aligned(4096)));
static uint64_t data_page[PAGE / 8] __attribute__((aligned(4096)));
static uint64_t user_code, user_data;	/* both pages, once more */

struct fault run_at(uint64_t code, uint64_t rsi, uint64_t rdx)
{
	struct try t = { .code = code };

	t.gpr[RSI] = rsi;
	t.gpr[RDX] = rdx;
	try_run(&t);
	return (struct fault){
		.vector = (unsigned)t.vector, .error = t.error, .cr2 = t.cr2,
	};
}

uint64_t put_code(const void *bytes, size_t count)
{
	memcpy(code_page, bytes, count);
	return (uint64_t)code_page;
}

static bool is_fault(struct fault f, uint64_t cr2, uint64_t error)
{
	return f.vector == VECTOR_PF && f.cr2 == cr2 && f.error == error;
}

#define CHECK_FAULT(f, at, want, name) \
	check(is_fault(f, at, want), name, "vector %u error %lx cr2 %lx", \
	      (f).vector, (f).error, (f).cr2)

/* mov (%rsi), %rax; mov %rax, (%rsi) */
static const uint8_t load[] = { 0x48, 0x8b, 0x06, 0xc3 };
static const uint8_t store[] = { 0x48, 0x89, 0x06, 0xc3 };
/* stac; mov (%rsi), %rax; mov %rax, (%rsi); clac */
static const uint8_t stac_load[] = {
	0x0f, 0x01, 0xcb, 0x48, 0x8b, 0x06, 0x48, 0x89, 0x06,
	0x0f, 0x01, 0xca, 0xc3,
};
static const uint8_t outsb[] = { 0x6e, 0xc3 };
static const uint8_t stac_outsb[] = {
	0x0f, 0x01, 0xcb, 0x6e, 0x0f, 0x01, 0xca, 0xc3,
};

static void test_smep(void)
{
	static const uint8_t ret[] = { 0xc3 };
	struct fault f;

	put_code(ret, sizeof(ret));
	f = run_at(user_code, 0, 0);
	check(f.vector == VECTOR_NONE, "smep-off-fetches", "%u", f.vector);
	write_cr4(read_cr4() | CR4_SMEP);
	f = run_at(user_code, 0, 0);
	CHECK_FAULT(f, user_code, PF_PRESENT | PF_FETCH, "smep-fault");
	f = run_at(put_code(ret, sizeof(ret)), 0, 0);
	check(f.vector == VECTOR_NONE, "smep-own-page", "%u", f.vector);
	write_cr4(read_cr4() & ~CR4_SMEP);
	f = run_at(user_code, 0, 0);
	check(f.vector == VECTOR_NONE, "smep-off-again", "%u", f.vector);
}

static void test_smap(void)
{
	struct fault f;

	data_page[0] = 0x0a0a0a0a0a0a0a0a;	/* ends of lines */
	f = run_at(put_code(load, sizeof(load)), user_data, 0);
	check(f.vector == VECTOR_NONE, "smap-off-reads", "%u", f.vector);
	write_cr4(read_cr4() | CR4_SMAP);
	f = run_at(put_code(load, sizeof(load)), user_data, 0);
	CHECK_FAULT(f, user_data, PF_PRESENT, "smap-read-fault");
	f = run_at(put_code(store, sizeof(store)), user_data, 0);
	CHECK_FAULT(f, user_data, PF_PRESENT | PF_WRITE, "smap-write-fault");
	f = run_at(put_code(stac_load, sizeof(stac_load)), user_data, 0);
	check(f.vector == VECTOR_NONE, "smap-stac-opens", "%u", f.vector);
	f = run_at(put_code(load, sizeof(load)), user_data, 0);
	CHECK_FAULT(f, user_data, PF_PRESENT, "smap-clac-closes");
	/* The hypervisor reads it for the guest: by the same rule. */
	f = run_at(put_code(outsb, sizeof(outsb)), user_data, PORT_CONSOLE);
	CHECK_FAULT(f, user_data, PF_PRESENT, "smap-outs-fault");
	f = run_at(put_code(stac_outsb, sizeof(stac_outsb)), user_data,
		   PORT_CONSOLE);
	check(f.vector == VECTOR_NONE, "smap-stac-outs", "%u", f.vector);
	write_cr4(read_cr4() & ~CR4_SMAP);
	f = run_at(put_code(load, sizeof(load)), user_data, 0);
	check(f.vector == VECTOR_NONE, "smap-off-again", "%u", f.vector);
}

/* At CPL 3; UD2 ends what is allowed. */
static unsigned run_as_user(const uint8_t *bytes, size_t count)
{
	static const uint8_t ud2[] = { 0x0f, 0x0b };
	struct try t = { .code = user_code };

	memcpy(code_page, bytes, count);
	memcpy(code_page + count, ud2, sizeof(ud2));
	t.gpr[RDI] = user_data;
	try_run_user(&t);
	return t.vector == VECTOR_UD && t.rip != user_code + count
	       ? 0x100 : (unsigned)t.vector;
}

static void test_umip(void)
{
	static const struct {
		uint8_t bytes[4], count;
	} insns[] = {
		{ { 0x0f, 0x01, 0x07 }, 3 },	/* sgdt (%rdi) */
		{ { 0x0f, 0x01, 0x0f }, 3 },	/* sidt (%rdi) */
		{ { 0x0f, 0x00, 0xc0 }, 3 },	/* sldt %eax */
		{ { 0x0f, 0x00, 0xc8 }, 3 },	/* str %eax */
		{ { 0x0f, 0x01, 0xe0 }, 3 },	/* smsw %eax */
	};
	static const uint8_t stac[] = { 0x0f, 0x01, 0xcb };
	static const uint8_t kernel[] = {	/* the five, and ret */
		0x0f, 0x01, 0x06, 0x0f, 0x01, 0x0e, 0x0f, 0x00, 0xc0,
		0x0f, 0x00, 0xc8, 0x0f, 0x01, 0xe0, 0xc3,
	};
	uint32_t off = 0, on = 0;
	struct fault f;

	for (unsigned i = 0; i < ARRAY_COUNT(insns); i++) {
		off |= run_as_user(insns[i].bytes, insns[i].count)
		       != VECTOR_UD ? 1u << i : 0;
		write_cr4(read_cr4() | CR4_UMIP);
		on |= run_as_user(insns[i].bytes, insns[i].count)
		      != VECTOR_GP ? 1u << i : 0;
		write_cr4(read_cr4() & ~CR4_UMIP);
	}
	check(off == 0, "umip-off-user-may", "%x", off);
	check(on == 0, "umip-user-gp", "%x", on);
	write_cr4(read_cr4() | CR4_UMIP);
	f = run_at(put_code(kernel, sizeof(kernel)), (uint64_t)data_page, 0);
	check(f.vector == VECTOR_NONE, "umip-kernel-may", "%u", f.vector);
	write_cr4(read_cr4() & ~CR4_UMIP);
	check(run_as_user(stac, sizeof(stac)) == 0x100, "stac-user-ud", "-");
}

static void test_pages(void)
{
	uint64_t gpa = (uint64_t)data_page, at;
	struct fault f;

	at = (uint64_t)paging_window_with(3, (uint64_t)code_page,
					  PTE_PRESENT | PTE_NX);
	put_code(load, sizeof(load));
	f = run_at(at, gpa, 0);
	CHECK_FAULT(f, at, PF_PRESENT | PF_FETCH, "nx-fault");
	at = (uint64_t)paging_window_with(3, gpa, PTE_PRESENT);
	f = run_at(put_code(store, sizeof(store)), at, 0);
	CHECK_FAULT(f, at, PF_PRESENT | PF_WRITE, "read-only-fault");
	write_cr0(read_cr0() & ~CR0_WP);
	f = run_at(put_code(store, sizeof(store)), at, 0);
	check(f.vector == VECTOR_NONE, "read-only-without-wp", "%u",
	      f.vector);
	write_cr0(read_cr0() | CR0_WP);
	at = (uint64_t)paging_window_with(3, gpa, 0);
	f = run_at(put_code(load, sizeof(load)), at, 0);
	CHECK_FAULT(f, at, 0, "absent-fault");
}

void test_protection(void)
{
	user_code = (uint64_t)paging_window_with(1, (uint64_t)code_page,
						 USER_RW);
	user_data = (uint64_t)paging_window_with(2, (uint64_t)data_page,
						 USER_RW);
	test_smep();
	test_smap();
	test_umip();
	test_pages();
}
