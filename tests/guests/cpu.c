/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor as a guest has it, with two VPs on one LP: here what control
 * registers and EFER take and refuse (what CPUID hides cannot be switched
 * on); in cpu_protect.c who may touch which page; in cpu_xsave.c extended
 * state, in cpu_debug.c breakpoints, both over switches of VPs; in cpu_msr.c
 * memory types. The modes of the processor are in the guest insn.
 */
#include "cpu.h"

#define CR0_PE (1ull << 0)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR4_PAE (1ull << 5)
#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_NXE (1ull << 11)

enum { EAX, EBX, ECX, EDX };

struct control {
	unsigned bit;
	uint32_t leaf;
	unsigned reg, cpuid_bit;
};

/* SDM3 2.5, APM2 3.1.3 */
static const struct control cr4_controls[] = {
	{ 0, 1, EDX, 1 }, { 1, 1, EDX, 1 }, { 2, 1, EDX, 4 },
	{ 3, 1, EDX, 2 }, { 4, 1, EDX, 3 }, { 5, 1, EDX, 6 },
	{ 7, 1, EDX, 13 }, { 9, 1, EDX, 24 }, { 10, 1, EDX, 25 },
	{ 11, 7, ECX, 2 }, { 12, 7, ECX, 16 }, { 13, 1, ECX, 5 },
	{ 14, 1, ECX, 6 }, { 16, 7, EBX, 0 }, { 17, 1, ECX, 17 },
	{ 18, 1, ECX, 26 }, { 20, 7, EBX, 7 }, { 21, 7, EBX, 20 },
	{ 22, 7, ECX, 3 }, { 23, 7, ECX, 7 }, { 24, 7, ECX, 31 },
};

static const struct control efer_controls[] = {
	{ 0, 0x80000001, EDX, 11 }, { 8, 0x80000001, EDX, 29 },
	{ 10, 0x80000001, EDX, 29 }, { 11, 0x80000001, EDX, 20 },
	{ 12, 0x80000001, ECX, 2 }, { 14, 0x80000001, EDX, 25 },
};

static bool is_shown(const struct control *controls, unsigned count,
		     unsigned bit)
{
	for (unsigned i = 0; i < count; i++) {
		struct cpuid r = cpuid(controls[i].leaf, 0);
		const uint32_t regs[] = { r.eax, r.ebx, r.ecx, r.edx };

		if (controls[i].bit == bit) {
			return (regs[controls[i].reg] >>
				controls[i].cpuid_bit & 1) != 0;
		}
	}
	return false;
}

/* ---- control registers -------------------------------------------------- */

static void test_cr4(void)
{
	uint64_t cr4 = read_cr4(), wrong = 0, shown = 0;

	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t value = cr4 | 1ull << bit;
		bool may = is_shown(cr4_controls, ARRAY_COUNT(cr4_controls),
				    bit);
		unsigned vector;

		if (bit == 6) {
			continue;	/* MCE reads as one, whatever is set */
		}
		vector = try_write_cr4(value);
		shown |= may ? 1ull << bit : 0;
		if (vector != (may ? VECTOR_NONE : VECTOR_GP) ||
		    ((read_cr4() ^ (may ? value : cr4)) & ~0x40ull) != 0) {
			wrong |= 1ull << bit;
		}
		write_cr4(cr4);
	}
	check((wrong & shown) == 0, "cr4-shown-bits", "%lx", wrong & shown);
	check((wrong & ~shown) == 0, "cr4-hidden-bits-are-gp", "%lx",
	      wrong & ~shown);
	/* Right and wrong is decided by something that is there. */
	check((shown & 0x350820) == 0x350820 && (shown & 0xc27000) == 0,
	      "cr4-both-kinds", "%lx", shown);
	check(try_write_cr4(cr4 & ~CR4_PAE) == VECTOR_GP && read_cr4() == cr4,
	      "cr4-pae-stays-in-long-mode", "%lx", read_cr4());
}

/* QEMU's processor does not refuse these (docs/limits.md). */
static void test_cr0(void)
{
	uint64_t cr0 = read_cr0();

	if (!is_intel()) {
		return;
	}
	check(try_write_cr0(cr0 & ~CR0_PE) == VECTOR_GP,
	      "cr0-paging-needs-pe", "%lx", read_cr0());
	check(try_write_cr0((cr0 | CR0_NW) & ~CR0_CD) == VECTOR_GP,
	      "cr0-nw-needs-cd", "%lx", read_cr0());
	check(try_write_cr0(cr0 | 1ull << 32) == VECTOR_GP &&
	      read_cr0() == cr0, "cr0-high-half", "%lx", read_cr0());
}

static void test_efer(void)
{
	uint64_t efer = rdmsr(MSR_EFER), wrong = 0, value;
	bool ok;

	for (unsigned bit = 0; bit < 64; bit++) {
		if (!is_shown(efer_controls, ARRAY_COUNT(efer_controls), bit)
		    && (try_wrmsr(MSR_EFER, efer | 1ull << bit) != VECTOR_GP
			|| rdmsr(MSR_EFER) != efer)) {
			wrong |= 1ull << bit;
		}
	}
	check(wrong == 0, "efer-hidden-bits-are-gp", "%lx", wrong);
	check(!is_shown(efer_controls, ARRAY_COUNT(efer_controls), 12),
	      "efer-no-nested-virtualization", "%x",
	      cpuid(0x80000001, 0).ecx);
	value = efer ^ EFER_SCE;
	ok = try_wrmsr(MSR_EFER, value) == VECTOR_NONE &&
	     rdmsr(MSR_EFER) == value;
	value = efer ^ EFER_NXE;
	ok = ok && try_wrmsr(MSR_EFER, value) == VECTOR_NONE &&
	     rdmsr(MSR_EFER) == value;
	wrmsr(MSR_EFER, efer | EFER_NXE);
	check(ok, "efer-shown-bits", "%lx", rdmsr(MSR_EFER));
	efer = rdmsr(MSR_EFER);
	check(try_wrmsr(MSR_EFER, efer & ~EFER_LME) == VECTOR_GP &&
	      rdmsr(MSR_EFER) == efer, "efer-lme-stays-while-paging", "%lx",
	      rdmsr(MSR_EFER));
}

void guest_main(void)
{
	apic_enable(true);
	check(smp_start_all(2) == 2, "vps", "%u", smp_count);
	test_cr0();
	test_cr4();
	test_efer();
	test_protection();
	test_xsave();
	test_debug();
	test_pat();
	test_mtrr();
}
