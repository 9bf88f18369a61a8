/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug registers: breakpoints of each kind, single steps, what is refused;
 * and that two VPs on one LP each keep their own. Part of the guest cpu.
 */
#include "cpu.h"

#define DR6_INIT 0xffff0ff0ull
#define DR6_BD (1ull << 13)
#define DR6_BS (1ull << 14)
#define DR7_INIT 0x400ull
#define DR7_GD (1ull << 13)
#define DR7_LOCAL(n) (1ull << 2 * (n))
#define DR7_WRITE(n) (1ull << (16 + 4 * (n)))
#define DR7_LEN4(n) (3ull << (18 + 4 * (n)))
#define CR4_DE (1ull << 3)
#define FLAG_TF 0x100ull
#define FLAG_RF 0x10000ull

struct seen {
	volatile uint32_t count;
	uint64_t dr6, rip[16];
};

static struct seen seen[2];
static volatile uint32_t watched;

static void on_debug(struct trap_frame *f)
{
	struct seen *s = &seen[vp_local()->number];

	s->dr6 = read_dr6();
	s->rip[s->count & 15] = f->rip;
	s->count++;
	write_dr6(DR6_INIT);
	f->rflags |= FLAG_RF;
}

static void forget(void)
{
	seen[0].count = 0;
	seen[1].count = 0;
}

extern uint8_t debug_here[], debug_store[], debug_after[], debug_cpuid[];
void debug_code(volatile uint32_t *at);
void debug_steps(void);
__asm__("debug_code:\n"
	"nop\n"
	"debug_here: nop\n"
	"debug_store: movl $1, (%rdi)\n"
	"debug_after: ret\n"
	/* TF on behind the POPF's next instruction; CPUID makes an exit. */
	"debug_steps: push %rbx\n"
	"pushf\n"
	"orl $0x100, (%rsp)\n"
	"popf\n"
	"xor %eax, %eax\n"
	"cpuid\n"
	"debug_cpuid: nop\n"
	"pushf\n"
	"andl $~0x100, (%rsp)\n"
	"popf\n"
	"pop %rbx\n"
	"ret\n");

static void test_breakpoints(void)
{
	forget();
	write_dr0((uint64_t)debug_here);
	write_dr7(DR7_INIT | DR7_LOCAL(0));
	debug_code(&watched);
	check(seen[0].count == 1 && seen[0].rip[0] == (uint64_t)debug_here &&
	      (seen[0].dr6 & 0xf) == 1, "breakpoint-fetch", "%u %lx",
	      seen[0].count, seen[0].dr6);
	forget();
	write_dr2((uint64_t)&watched);
	write_dr7(DR7_INIT | DR7_LOCAL(2) | DR7_WRITE(2) | DR7_LEN4(2));
	debug_code(&watched);
	check(seen[0].count == 1 && seen[0].rip[0] == (uint64_t)debug_after &&
	      (seen[0].dr6 & 0xf) == 4, "breakpoint-write", "%u %lx",
	      seen[0].count, seen[0].dr6);
	forget();
	write_dr7(DR7_INIT);
	debug_code(&watched);
	check(seen[0].count == 0, "breakpoints-off", "%u", seen[0].count);
}

static void test_steps(void)
{
	bool cpuid_seen = false, bs = true;

	forget();
	debug_steps();
	for (unsigned i = 0; i < seen[0].count && i < 16; i++) {
		cpuid_seen = cpuid_seen ||
			     seen[0].rip[i] == (uint64_t)debug_cpuid;
	}
	bs = (seen[0].dr6 & DR6_BS) != 0;
	/* xor, cpuid, nop, pushf, and, popf */
	check(seen[0].count == 6 && cpuid_seen && bs, "single-steps",
	      "%u, %lx", seen[0].count, seen[0].dr6);
}

static const uint8_t read_dr4[] = { 0x0f, 0x21, 0xe0, 0xc3 };
static const uint8_t set_dr7[] = { 0x0f, 0x23, 0xfa, 0xc3 };	/* RDX */
static const uint8_t set_dr6[] = { 0x0f, 0x23, 0xf2, 0xc3 };

static void test_refused(void)
{
	struct fault f;

	write_cr4(read_cr4() | CR4_DE);
	f = run_at(put_code(read_dr4, sizeof(read_dr4)), 0, 0);
	check(f.vector == VECTOR_UD, "dr4-with-de-ud", "%u", f.vector);
	write_cr4(read_cr4() & ~CR4_DE);
	f = run_at(put_code(read_dr4, sizeof(read_dr4)), 0, 0);
	check(f.vector == VECTOR_NONE, "dr4-is-dr6", "%u", f.vector);
	f = run_at(put_code(set_dr7, sizeof(set_dr7)), 0, 1ull << 32);
	check(f.vector == VECTOR_GP && read_dr7() == DR7_INIT,
	      "dr7-high-half", "%u %lx", f.vector, read_dr7());
	f = run_at(put_code(set_dr6, sizeof(set_dr6)), 0, 1ull << 32);
	check(f.vector == VECTOR_GP, "dr6-high-half", "%u", f.vector);
	/* Guarded: the access itself is the exception, and ends the guard.
	 * QEMU has no guard (docs/limits.md). */
	if (!is_intel()) {
		return;
	}
	write_dr7(DR7_INIT | DR7_GD);
	f = run_at(put_code(set_dr7, sizeof(set_dr7)), 0, DR7_INIT);
	check(f.vector == VECTOR_DB && (read_dr6() & DR6_BD) != 0 &&
	      (read_dr7() & DR7_GD) == 0, "general-detect", "%u %lx",
	      f.vector, read_dr6());
	write_dr6(DR6_INIT);
	write_dr7(DR7_INIT);
}

/* ---- both VPs ----------------------------------------------------------- */

static volatile uint32_t rounds[2], bad[2];
static volatile bool stop;
static volatile uint32_t others;

/*
 * Each with addresses of its own. VP 0 watches what both write; VP 1's
 * breakpoint is on an instruction, where the emulator can (docs/limits.md).
 */
static void watch(void *arg)
{
	unsigned me = vp_local()->number;
	uint64_t dr7 = DR7_INIT;

	(void)arg;
	write_dr0((uint64_t)debug_here);
	write_dr1(0x111000 + me);
	write_dr2((uint64_t)&watched);
	write_dr3(0x333000 + me);
	if (me == 0) {
		dr7 |= DR7_LOCAL(2) | DR7_WRITE(2) | DR7_LEN4(2);
	} else if (is_intel()) {
		dr7 |= DR7_LOCAL(0);
	}
	write_dr7(dr7);
	while (!stop) {
		uint64_t end = rdtsc() + tsc_from_us(300);
		uint32_t before = seen[me].count;

		while (rdtsc() < end) {
		}
		debug_code(me == 0 ? &watched : &others);
		if (me == 1) {
			watched = 1;	/* VP 0's affair alone */
		}
		bad[me] += read_dr1() != 0x111000 + me ||
			   read_dr3() != 0x333000 + me ||
			   (read_dr7() & 0xffff00ff) != (dr7 & 0xffff00ff) ||
			   read_dr6() != DR6_INIT;
		bad[me] += seen[me].count - before != (dr7 != DR7_INIT);
		rounds[me]++;
		if (me == 0 && rounds[0] >= 50 && rounds[1] >= 50) {
			stop = true;
		}
	}
	write_dr7(DR7_INIT);
}

static void test_both(void)
{
	forget();
	stop = false;
	smp_call(1, watch, 0);
	watch(0);
	check(smp_wait(1) && bad[0] == 0 && bad[1] == 0,
	      "breakpoints-of-each-vp", "%u %u of %u %u, seen %u %u", bad[0],
	      bad[1], rounds[0], rounds[1], seen[0].count, seen[1].count);
}

void test_debug(void)
{
	irq_handlers[VECTOR_DB] = on_debug;
	write_dr6(DR6_INIT);
	test_breakpoints();
	test_steps();
	test_refused();
	test_both();
}
