/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls on VPs, right and wrong: flushes, interrupts, starts, registers,
 * sets of VPs, lists, input in XMM registers; run time and invariant TSC.
 * Wants three VPs, the last two on one LP, and all privileges and hints.
 */
#include "lib/guest.h"

#define FLUSH_SPACE 0x2ull
#define FLUSH_LIST 0x3ull
#define SEND_IPI 0xbull
#define FLUSH_SPACE_EX 0x13ull
#define FLUSH_LIST_EX 0x14ull
#define SEND_IPI_EX 0x15ull
#define GET_REGISTERS 0x50ull
#define SET_REGISTERS 0x51ull
#define START_VP 0x99ull
#define VP_OF_APIC_ID 0x9aull
#define FAST 0x10000ull
#define COUNT(n) ((uint64_t)(n) << 32)
#define START(n) ((uint64_t)(n) << 48)
#define BANKS(n) ((uint64_t)(n) << 17)
#define REPS(n) ((uint64_t)(n) << 32)
#define SELF (~0ull)
#define VP_SELF 0xfffffffeull

#define REG_RIP 0x20010u
#define REG_RBX 0x20003u
#define REG_CR3 0x40002u
#define REG_DR0 0x50000u
#define REG_VP_INDEX 0x90003u
#define REG_CRASH_P0 0x210u

#define VECTOR_CALL 0x55u
#define PATIENCE_S 20	/* an emulator's processors may rest for long */

static uint64_t in[512] __attribute__((aligned(4096)));
static uint64_t out[512] __attribute__((aligned(4096)));

static void expect(const char *name, uint64_t control, uint64_t want)
{
	uint64_t result = hypercall(control, (uint64_t)in, (uint64_t)out);

	check(result == want, name, "control %lx: result %lx", control,
	      result);
}

static void expect_fast(const char *name, uint64_t control, uint64_t a,
			uint64_t b, uint64_t want)
{
	uint64_t result = hypercall(control | FAST, a, b);

	check(result == want, name, "%lx %lx: result %lx", a, b, result);
}

static void fill(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	in[0] = a;
	in[1] = b;
	in[2] = c;
	in[3] = d;
	in[4] = e;
}

/* RDX, R8, then words in XMM0 to XMM5. */
static uint64_t hypercall_xmm(uint64_t control, const uint64_t *words)
{
	register uint64_t r8 __asm__("r8") = words[1];
	uint64_t rdx = words[0];
	uint64_t result;

	__asm__ volatile("movups 16(%[w]), %%xmm0\n\t"
			 "movups 32(%[w]), %%xmm1\n\t"
			 "movups 48(%[w]), %%xmm2\n\t"
			 "movups 64(%[w]), %%xmm3\n\t"
			 "movups 80(%[w]), %%xmm4\n\t"
			 "movups 96(%[w]), %%xmm5\n\t"
			 "call *%[page]"
			 : "=a"(result), "+c"(control), "+d"(rdx), "+r"(r8)
			 : [w] "S"(words),
			   [page] "D"((uint64_t)hypercall_page)
			 : "memory", "cc");
	return result;
}

/* ---- flushes ----------------------------------------------------------- */

static volatile uint64_t page_a[512] __attribute__((aligned(4096)));
static volatile uint64_t page_b[512] __attribute__((aligned(4096)));
static volatile uint64_t page_seen[512] __attribute__((aligned(4096)));
static volatile uint64_t seen[3], rounds[3];
static volatile uint32_t reading;

/* Without an exit: whoever wants it to see a change has it kicked. */
static void read_page(void *arg)
{
	uint64_t vp = (uint64_t)arg;

	while (reading) {
		seen[vp] = page_seen[0];
		rounds[vp]++;
	}
}

static bool sees(unsigned vp, uint64_t value)
{
	uint64_t end = rdtsc() + PATIENCE_S * tsc_hz();
	uint64_t from = rounds[vp];

	while (rounds[vp] < from + 2) {
		if (rdtsc() > end) {
			return false;
		}
	}
	return seen[vp] == value;
}

/* Nobody executes INVLPG; one of the four calls each time. */
static uint64_t flush(unsigned kind, uint64_t mask)
{
	fill(read_cr3(), 0, mask, (uint64_t)page_seen, 0);
	if (kind == 0) {
		return hypercall(FLUSH_SPACE, (uint64_t)in, 0);
	}
	if (kind == 1) {
		return hypercall(FLUSH_LIST | COUNT(1), (uint64_t)in, 0);
	}
	fill(read_cr3(), 0, 0, 1, mask);
	in[5] = (uint64_t)page_seen;
	if (kind == 2) {
		return hypercall(FLUSH_SPACE_EX | BANKS(1), (uint64_t)in, 0);
	}
	return hypercall(FLUSH_LIST_EX | BANKS(1) | COUNT(1), (uint64_t)in, 0);
}

static void test_flush_reaches(void)
{
	static const char *const names[] = {
		"flush-reaches", "flush-list", "flush-ex", "flush-list-ex"
	};
	uint64_t *entry = &paging_low[(uint64_t)page_seen / PAGE];
	unsigned bad[4] = { 0 };

	page_a[0] = 0xa;
	page_b[0] = 0xb;
	reading = 1;
	smp_call(1, read_page, (void *)1);
	smp_call(2, read_page, (void *)2);
	for (unsigned i = 0; i < 400; i++) {
		uint64_t to = i % 2 ? (uint64_t)page_a : (uint64_t)page_b;
		uint64_t result;

		*(volatile uint64_t *)entry = to | PTE_PRESENT | PTE_WRITE;
		result = flush(i / 2 % 4, i % 3 ? 7 : ~0ull);
		if ((uint32_t)result != 0 || page_seen[0] != (i % 2 ? 10 : 11)
		    || !sees(1, i % 2 ? 10 : 11)
		    || !sees(2, i % 2 ? 10 : 11)) {
			bad[i / 2 % 4]++;
		}
	}
	reading = 0;
	smp_wait(1);
	smp_wait(2);
	paging_set_low((uint64_t)page_seen, (uint64_t)page_seen | PTE_PRESENT
		       | PTE_WRITE);
	for (unsigned i = 0; i < 4; i++) {
		check(bad[i] == 0, names[i], "%u of 100", bad[i]);
	}
}

static void test_flush_wrong(void)
{
	fill(0, 7, 0, 0, 0);
	expect("flush-all", FLUSH_SPACE, 0);
	for (unsigned bit = 3; bit < 64; bit += 13) {
		fill(0, 1ull << bit, 0, 0, 0);
		expect("flush-flags", FLUSH_SPACE, 5);
	}
	fill(0, 4, 1, 0, 0);
	expect("flush-flags", FLUSH_LIST | COUNT(1), 5);
	fill(0, 0, ~0ull, ~0ull, ~0ull);
	expect("flush-list-junk", FLUSH_LIST | COUNT(300), REPS(300));
	expect("rep-start-in-list", FLUSH_LIST | COUNT(9) | START(8), REPS(9));
	expect("rep-start-at-count", FLUSH_LIST | COUNT(9) | START(9), 3);
	expect("rep-start-beyond", FLUSH_LIST | COUNT(9) | START(4095), 3);
	expect("rep-count-0", FLUSH_LIST, 3);
	expect("list-beyond-page", FLUSH_LIST | COUNT(510), 4);
	expect("list-beyond-page", FLUSH_LIST | COUNT(4095), 4);
	expect("rep-on-simple", FLUSH_SPACE | COUNT(1), 3);
	expect("banks-on-simple", FLUSH_SPACE | BANKS(1), 3);
	fill(0, 0, 0, 3, 1);
	expect("set-banks", FLUSH_SPACE_EX | BANKS(1), 3);
	expect("set-banks", FLUSH_SPACE_EX | BANKS(65), 3);
	expect("set-2-banks", FLUSH_SPACE_EX | BANKS(2), 0);
	fill(0, 0, 0, 1ull << 63, ~0ull);
	expect("set-last-bank", FLUSH_SPACE_EX | BANKS(1), 0);
	fill(0, 0, 2, 1, 1);
	expect("set-format", FLUSH_SPACE_EX | BANKS(1), 5);
	fill(0, 0, 1, ~0ull, ~0ull);
	expect("set-all", FLUSH_SPACE_EX | BANKS(3), 0);
}

/* ---- interrupts -------------------------------------------------------- */

static volatile uint32_t calls[3];

static void on_call(struct trap_frame *f)
{
	uint64_t vp = rdmsr(MSR_HV_VP_INDEX);

	(void)f;
	calls[vp % 3]++;
	apic_eoi();
}

static void take_calls(void *arg)
{
	(void)arg;
	apic_enable(true);
	interrupts_on();
	__atomic_add_fetch(&reading, 1, __ATOMIC_SEQ_CST);
	while (reading) {
		cpu_pause();
	}
	interrupts_off();
}

static bool calls_are(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t end = rdtsc() + PATIENCE_S * tsc_hz();

	while ((calls[0] < a || calls[1] < b || calls[2] < c)
	       && rdtsc() < end) {
		cpu_pause();
	}
	delay_us(3000);
	return calls[0] == a && calls[1] == b && calls[2] == c;
}

static void test_ipi(void)
{
	irq_handlers[VECTOR_CALL] = on_call;
	reading = 1;
	smp_call(1, take_calls, 0);
	smp_call(2, take_calls, 0);
	while (reading < 3) {
		cpu_pause();
	}
	interrupts_on();
	expect_fast("ipi-each", SEND_IPI, VECTOR_CALL, 7, 0);
	check(calls_are(1, 1, 1), "ipi-each", "%u %u %u", calls[0], calls[1],
	      calls[2]);
	fill(VECTOR_CALL, 6, 0, 0, 0);
	expect("ipi-others", SEND_IPI, 0);
	check(calls_are(1, 2, 2), "ipi-others", "%u %u %u", calls[0],
	      calls[1], calls[2]);
	fill(VECTOR_CALL, 0, 1, 2, 0);
	expect("ipi-ex", SEND_IPI_EX | BANKS(1), 0);
	check(calls_are(1, 3, 2), "ipi-ex", "%u %u %u", calls[0], calls[1],
	      calls[2]);
	expect_fast("ipi-nobody", SEND_IPI, VECTOR_CALL, ~7ull, 0);
	for (unsigned vector = 0; vector < 16; vector++) {
		expect_fast("ipi-vector", SEND_IPI, vector, 7, 5);
	}
	expect_fast("ipi-vector", SEND_IPI, 0x100 | VECTOR_CALL, 7, 5);
	expect_fast("ipi-vtl", SEND_IPI, VECTOR_CALL | 1ull << 32, 7, 5);
	expect_fast("ipi-reserved", SEND_IPI, VECTOR_CALL | 1ull << 63, 7, 5);
	check(calls_are(1, 3, 2), "ipi-refused", "%u %u %u", calls[0],
	      calls[1], calls[2]);
	interrupts_off();
	reading = 0;
	smp_wait(1);
	smp_wait(2);
}

/* ---- registers --------------------------------------------------------- */

static void names(const uint32_t *list, unsigned count)
{
	fill(SELF, VP_SELF, 0, 0, 0);
	memcpy(&in[2], list, 4 * count);
}

static void test_registers(void)
{
	static const uint32_t some[] = { REG_CR3, REG_VP_INDEX, 0x60001 };
	uint32_t many[200];

	names(some, 3);
	expect("get-registers", GET_REGISTERS | COUNT(3), REPS(3));
	check(out[0] == read_cr3() && out[1] == 0 && out[2] == 0
	      && (out[5] >> 48 & 0x2000) != 0, "get-registers", "%lx %lx %lx",
	      out[0], out[2], out[5]);
	for (unsigned i = 0; i < 200; i++) {
		many[i] = REG_CR3;
	}
	names(many, 200);
	memset(out, 0, sizeof(out));
	expect("long-list", GET_REGISTERS | COUNT(200), REPS(200));
	check(out[398] == read_cr3() && out[400] == 0, "long-list", "%lx %lx",
	      out[398], out[400]);
	many[100] = REG_DR0;
	names(many, 200);
	expect("unknown-register", GET_REGISTERS | COUNT(200),
	       REPS(100) | 0x87);
	expect("long-list-output-beyond-page", GET_REGISTERS | COUNT(257), 4);
	expect_fast("get-fast", GET_REGISTERS | COUNT(1), SELF, VP_SELF, 3);
	names(some, 1);
	in[1] = 1;
	expect("registers-of-others", GET_REGISTERS | COUNT(1), 0x15);
	in[1] = 3;
	expect("registers-of-others", GET_REGISTERS | COUNT(1), 0xe);
	in[1] = VP_SELF | 1ull << 32;
	expect("registers-vtl", GET_REGISTERS | COUNT(1), 5);
	in[0] = 1;
	expect("registers-of-others", GET_REGISTERS | COUNT(1), 0xd);
}

static void put_register(uint32_t name, uint64_t value)
{
	fill(SELF, VP_SELF, name, 0, value);
	in[5] = 0;
}

static void test_set_registers(void)
{
	put_register(REG_CRASH_P0, 0x1122);
	expect("set-registers", SET_REGISTERS | COUNT(1), REPS(1));
	check(rdmsr(MSR_HV_CRASH_P0) == 0x1122, "set-registers", "%lx",
	      rdmsr(MSR_HV_CRASH_P0));
	put_register(REG_CR3, 0);
	expect("set-cr3", SET_REGISTERS | COUNT(1), 6);
	put_register(REG_RIP, 0);
	expect("set-rip", SET_REGISTERS | COUNT(1), 6);
	put_register(REG_VP_INDEX, 0);
	expect("set-vp-index", SET_REGISTERS | COUNT(1), 0x50);
	put_register(REG_CRASH_P0, 1);
	in[5] = 1;
	expect("set-128-bits", SET_REGISTERS | COUNT(1), 5);
	/* A page MSR through a register, moved about: overlays behind it. */
	put_register(0x90013, (uint64_t)out | 1);
	expect("set-assist-page", SET_REGISTERS | COUNT(1), REPS(1));
	put_register(0x90013, 0);
	expect("set-assist-page", SET_REGISTERS | COUNT(1), REPS(1));
}

static void test_apic_ids(void)
{
	uint32_t ids[3] = { 2, 0, 1 };

	fill(SELF, 0, 0, 0, 0);
	memcpy(&in[2], ids, sizeof(ids));
	expect("vp-of-apic-id", VP_OF_APIC_ID | COUNT(3), REPS(3));
	check(memcmp(out, ids, sizeof(ids)) == 0, "vp-of-apic-id", "%lx %lx",
	      out[0], out[1]);
	ids[1] = 3;
	memcpy(&in[2], ids, sizeof(ids));
	expect("vp-of-no-apic-id", VP_OF_APIC_ID | COUNT(3), REPS(1) | 5);
}

/* ---- XMM --------------------------------------------------------------- */

static void test_xmm(void)
{
	uint64_t words[14] = { 0, 0, 7 };

	write_cr4(read_cr4() | 0x600);
	check(hypercall_xmm(FLUSH_SPACE | FAST, words) == 0, "xmm-flush", "-");
	words[1] = 1ull << 3;
	check(hypercall_xmm(FLUSH_SPACE | FAST, words) == 5, "xmm-flush", "-");
	memset(words, 0, sizeof(words));
	words[0] = SELF;
	words[1] = VP_SELF;
	for (unsigned i = 0; i < 3; i++) {
		words[2 + 4 * i] = REG_CRASH_P0 + i;
		words[4 + 4 * i] = 0x9900 + i;
	}
	check(hypercall_xmm(SET_REGISTERS | FAST | COUNT(3), words) == REPS(3)
	      && rdmsr(MSR_HV_CRASH_P0) == 0x9900
	      && rdmsr(MSR_HV_CRASH_P0 + 1) == 0x9901
	      && rdmsr(MSR_HV_CRASH_P0 + 2) == 0x9902, "xmm-set", "%lx",
	      rdmsr(MSR_HV_CRASH_P0 + 2));
	check(hypercall_xmm(SET_REGISTERS | FAST | COUNT(4), words) == 3,
	      "xmm-too-much", "-");
}

/* ---- starts ------------------------------------------------------------ */

extern uint8_t started[];
volatile uint64_t started_rsp, started_count;
__asm__("started: mov %rsp, started_rsp(%rip)\n"
	"	lock incq started_count(%rip)\n"
	"1:	pause\n"
	"	jmp 1b\n");

struct segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector, attributes;
};

static struct {
	uint64_t partition, vp;
	uint64_t rip, rsp, rflags;
	struct segment cs, ds, es, fs, gs, ss, tr, ldtr;
	uint64_t idtr[2], gdtr[2];
	uint64_t efer, cr0, cr3, cr4, pat;
} context;

static void make_context(uint64_t vp)
{
	const struct segment data = { 0, ~0u, 0x10, 0xc093 };

	memset(&context, 0, sizeof(context));
	context.partition = SELF;
	context.vp = vp;
	context.rip = (uint64_t)started;
	context.rsp = 0x1234560;
	context.rflags = 2;
	context.cs = (struct segment){ 0, ~0u, 8, 0xa09b };
	context.ds = context.es = context.fs = data;
	context.gs = context.ss = data;
	context.tr = (struct segment){ 0, 0x67, 0x18, 0x8b };
	context.ldtr = (struct segment){ 0, 0, 0, 0x82 };
	context.efer = rdmsr(MSR_EFER);
	context.cr0 = read_cr0();
	context.cr3 = read_cr3();
	context.cr4 = 0x20;
	context.pat = 0x0007040600070406ull;
}

static void start(const char *name, uint64_t status)
{
	memcpy(in, &context, sizeof(context));
	expect(name, START_VP, status);
}

/* The VP's own LP takes the INIT up when it comes to it. */
static void start_when_waiting(uint64_t end)
{
	uint64_t status;

	memcpy(in, &context, sizeof(context));
	do {
		status = hypercall(START_VP, (uint64_t)in, 0);
	} while (status == 0x15 && rdtsc() < end);
	check(status == 0, "start-vp", "status %lx", status);
}

/* VP 2 is stopped by INIT, and started without SIPI, again and again. */
static void test_start_vp(void)
{
	make_context(1);
	start("start-again", 0x15);
	make_context(0);
	start("start-self", 0x15);
	make_context(3);
	start("start-no-vp", 0xe);
	for (unsigned i = 1; i <= 3; i++) {
		uint64_t end = rdtsc() + PATIENCE_S * tsc_hz();

		apic_icr(2, ICR_INIT | ICR_ASSERT);
		make_context(2);
		context.efer |= 0x1000;
		start("start-svme", 0x50);
		make_context(2);
		context.cr4 |= 1ull << 13;
		start("start-vmxe", 0x50);
		make_context(2);
		context.cr3 = 1ull << 52;
		start("start-cr3", 0x50);
		make_context(2);
		start_when_waiting(end);
		while (started_count < i && rdtsc() < end) {
			cpu_pause();
		}
		check(started_count == i && started_rsp == 0x1234560,
		      "start-vp", "%lu %lx", started_count, started_rsp);
		start("start-again", 0x15);
	}
	context.partition = 2;
	start("start-elsewhere", 0xd);
}

/* ---- time -------------------------------------------------------------- */

static volatile uint64_t run_time[3];

static void read_run_time(void *arg)
{
	run_time[(uint64_t)arg] = rdmsr(0x40000010);
}

/* VPs 1 and 2 share an LP: both get on, together no more than time does. */
static void test_run_time(void)
{
	uint64_t before[3], sum = 0;
	uint64_t all = rdmsr(MSR_HV_TIME_REF_COUNT);

	for (uint64_t i = 1; i < 3; i++) {
		smp_call((unsigned)i, read_run_time, (void *)i);
		smp_wait((unsigned)i);
		before[i] = run_time[i];
	}
	delay_us(300000);
	for (uint64_t i = 1; i < 3; i++) {
		smp_call((unsigned)i, read_run_time, (void *)i);
		smp_wait((unsigned)i);
	}
	all = rdmsr(MSR_HV_TIME_REF_COUNT) - all;
	for (unsigned i = 1; i < 3; i++) {
		uint64_t ran = run_time[i] - before[i];

		sum += ran;
		check(ran > all / 100, "run-time", "VP %u: %lu of %lu", i,
		      ran, all);
	}
	check(sum <= all, "run-time-of-both", "%lu of %lu", sum, all);
	check(try_wrmsr(0x40000010, 0) == VECTOR_GP, "run-time-read-only",
	      "-");
}

static void test_tsc_invariant(void)
{
	uint64_t v = 1;

	check(try_rdmsr(0x40000118, &v) == VECTOR_NONE && v == 0,
	      "tsc-invariant", "%lx", v);
	check(try_wrmsr(0x40000118, 1) == VECTOR_NONE
	      && rdmsr(0x40000118) == 1, "tsc-invariant", "-");
	check(try_wrmsr(0x40000118, 3) == VECTOR_GP, "tsc-invariant-reserved",
	      "-");
}

void guest_main(void)
{
	apic_enable(true);
	check(smp_start_all(3) == 3, "vps", "%u", smp_count);
	if (!check(hypercall_enable(), "hypercall-page", "off")) {
		return;
	}
	test_flush_reaches();
	test_flush_wrong();
	test_ipi();
	test_registers();
	test_set_registers();
	test_apic_ids();
	test_xmm();
	test_run_time();
	test_tsc_invariant();
	test_start_vp();
}
