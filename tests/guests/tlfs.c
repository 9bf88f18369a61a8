/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first part of the guest interface of the TLFS: CPUID leaves, synthetic
 * MSRs with right and wrong values, reference time, hypercall statuses. What
 * ends the partition (crash, reset) is in the guest `fault`. Wants two VPs.
 */
#include "lib/guest.h"

#define PRIVILEGE(features, bit) (((features) >> (bit) & 1) != 0)

static uint64_t privileges;

/* ---- CPUID -------------------------------------------------------------- */

static void test_leaves(void)
{
	struct cpuid r = cpuid(0x40000000, 0);
	struct cpuid f = cpuid(0x40000003, 0);
	bool zero = true;

	check(hv_present() && r.eax >= 0x40000005 && r.eax <= 0x400000ff,
	      "leaf-0", "%x %x %x %x", r.eax, r.ebx, r.ecx, r.edx);
	for (uint32_t i = r.eax + 1; i <= 0x40000090; i++) {
		struct cpuid e = cpuid(i, 0);

		zero = zero && (e.eax | e.ebx | e.ecx | e.edx) == 0;
	}
	check(zero, "leaves-above-are-0", "not 0");
	r = cpuid(0x40000001, 0);
	check(r.eax == 0x31237648 && (r.ebx | r.ecx | r.edx) == 0,
	      "leaf-1", "%x", r.eax);
	privileges = f.eax | (uint64_t)f.ebx << 32;
	check(PRIVILEGE(privileges, 5) && PRIVILEGE(privileges, 6),
	      "leaf-3-what-linux-needs", "%lx", privileges);
	/* CreatePartitions, PartitionId, CpuManagement, isolation: never. */
	check((privileges & (1ull << 32 | 1ull << 33 | 1ull << 44
			     | 1ull << 54)) == 0,
	      "leaf-3-what-linux-must-not-see", "%lx", privileges);
	r = cpuid(0x40000004, 0);
	check((r.eax & 0x20) != 0 && (r.eax & (1u << 1 | 1u << 2 | 1u << 10))
	      == 0 && r.ecx == (cpuid(0x80000008, 0).eax & 0x7f),
	      "leaf-4", "%x %x %x", r.eax, r.ebx, r.ecx);
	r = cpuid(0x40000005, 0);
	check(r.eax == 2 && r.ebx >= 1, "leaf-5", "%u %u", r.eax, r.ebx);
	check(cpuid(0x40000081, 0).eax == 0, "no-vs1", "%x",
	      cpuid(0x40000081, 0).eax);
}

static struct cpuid other_leaves[8];

static void read_leaves(void *arg)
{
	struct cpuid *to = arg;

	for (uint32_t i = 0; i < 8; i++) {
		to[i] = cpuid(0x40000000 + i, 0);
	}
}

static void test_same_everywhere(void)
{
	struct cpuid own[8];

	read_leaves(own);
	smp_call(1, read_leaves, other_leaves);
	check(smp_wait(1) && memcmp(own, other_leaves, sizeof(own)) == 0,
	      "leaves-same-on-each-vp", "differ");
}

/* ---- MSRs --------------------------------------------------------------- */

static void test_identity_msrs(void)
{
	uint64_t v;

	check(rdmsr(MSR_HV_GUEST_OS_ID) == 0, "os-id-starts-0", "%lx",
	      rdmsr(MSR_HV_GUEST_OS_ID));
	check(rdmsr(MSR_HV_HYPERCALL) == 0, "hypercall-starts-0", "%lx",
	      rdmsr(MSR_HV_HYPERCALL));
	wrmsr(MSR_HV_GUEST_OS_ID, 0x8100060000000000ull);
	check(rdmsr(MSR_HV_GUEST_OS_ID) == 0x8100060000000000ull,
	      "os-id-stored", "%lx", rdmsr(MSR_HV_GUEST_OS_ID));
	wrmsr(MSR_HV_GUEST_OS_ID, 0);
	check(rdmsr(MSR_HV_VP_INDEX) == 0, "vp-index-0", "%lx",
	      rdmsr(MSR_HV_VP_INDEX));
	check(try_wrmsr(MSR_HV_VP_INDEX, 0) == VECTOR_GP,
	      "vp-index-read-only", "-");
	check(try_rdmsr(MSR_HV_RESET, &v) == VECTOR_NONE && v == 0,
	      "reset-reads-0", "%lx", v);
	check(try_wrmsr(MSR_HV_RESET, 0) == VECTOR_NONE, "reset-of-0", "-");
	check((try_rdmsr(MSR_HV_VP_ASSIST_PAGE, &v) == VECTOR_NONE)
	      && v == 0, "vp-assist-starts-0", "%lx", v);
}

static void test_time_msrs(void)
{
	static const uint32_t read_only[] = {
		MSR_HV_TIME_REF_COUNT, MSR_HV_TSC_FREQUENCY,
		MSR_HV_APIC_FREQUENCY,
	};
	uint64_t v;

	check(rdmsr(MSR_HV_TSC_FREQUENCY) > 1000000, "tsc-frequency", "%lu",
	      rdmsr(MSR_HV_TSC_FREQUENCY));
	check(rdmsr(MSR_HV_APIC_FREQUENCY) > 1000000, "apic-frequency",
	      "%lu", rdmsr(MSR_HV_APIC_FREQUENCY));
	for (unsigned i = 0; i < ARRAY_COUNT(read_only); i++) {
		check(try_wrmsr(read_only[i], 1) == VECTOR_GP,
		      "time-msr-read-only", "%x", read_only[i]);
	}
	check(try_rdmsr(MSR_HV_REFERENCE_TSC, &v) == VECTOR_NONE && v == 0,
	      "reference-tsc-starts-0", "%lx", v);
}

static void test_crash_msrs(void)
{
	bool ok = true;

	for (uint32_t i = 0; i < 5; i++) {
		wrmsr(MSR_HV_CRASH_P0 + i, 0x1111111111111111ull * (i + 1));
	}
	for (uint32_t i = 0; i < 5; i++) {
		ok = ok && rdmsr(MSR_HV_CRASH_P0 + i)
			== 0x1111111111111111ull * (i + 1);
	}
	check(ok, "crash-parameters-stored", "%lx", rdmsr(MSR_HV_CRASH_P0));
	check((rdmsr(MSR_HV_CRASH_CTL) & 3ull << 62) == 3ull << 62,
	      "crash-capabilities", "%lx", rdmsr(MSR_HV_CRASH_CTL));
	check(try_wrmsr(MSR_HV_CRASH_CTL, 0) == VECTOR_NONE, "crash-ctl-0",
	      "-");
}

/* An MSR whose privilege is not offered answers #GP, read and written. */
static void test_not_offered(void)
{
	static const struct {
		uint32_t first, last;
		unsigned bit;
	} groups[] = {
		{ 0x40000010, 0x40000010, 0 }, { 0x40000080, 0x40000084, 2 },
		{ 0x40000090, 0x4000009f, 2 }, { 0x400000b0, 0x400000b7, 3 },
		{ 0x40000070, 0x40000072, 4 }, { 0x400000e0, 0x400000e3, 8 },
		{ 0x400000f0, 0x400000f0, 10 }, { 0x400000f1, 0x400000ff, 12 },
		{ 0x40000106, 0x40000108, 13 }, { 0x40000118, 0x40000118, 15 },
		{ 0x40000030, 0x4000006f, 63 }, { 0x40000120, 0x400001ff, 63 },
	};
	unsigned bad = 0;
	uint64_t v;

	for (unsigned i = 0; i < ARRAY_COUNT(groups); i++) {
		if (PRIVILEGE(privileges, groups[i].bit)) {
			continue;
		}
		for (uint32_t m = groups[i].first; m <= groups[i].last; m++) {
			if (try_rdmsr(m, &v) != VECTOR_GP
			    || try_wrmsr(m, 0) != VECTOR_GP) {
				print("MSR %x is there\n", m);
				bad++;
			}
		}
	}
	check(bad == 0, "not-offered-is-gp", "%u", bad);
}

/* ---- time --------------------------------------------------------------- */

static uint64_t tsc_page[512] __attribute__((aligned(4096)));

static uint64_t page_time(void)
{
	const volatile uint64_t *p = tsc_page;

	return (uint64_t)(((unsigned __int128)rdtsc() * p[1]) >> 64) + p[2];
}

struct time_check {
	unsigned bad_order;	/* page <= MSR <= page */
	unsigned bad_back;	/* went backwards on this VP */
	unsigned rounds;
};

static void compare_times(void *arg)
{
	struct time_check *c = arg;
	uint64_t last = 0;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t a = page_time();
		uint64_t m = rdmsr(MSR_HV_TIME_REF_COUNT);
		uint64_t b = page_time();

		c->bad_order += a > m || m > b ? 1 : 0;
		c->bad_back += a < last ? 1 : 0;
		last = b;
		c->rounds++;
	}
}

static void test_page_and_msr(void)
{
	static struct time_check checks[2];
	uint32_t sequence;

	wrmsr(MSR_HV_REFERENCE_TSC, (uint64_t)tsc_page | 1);
	sequence = *(volatile uint32_t *)tsc_page;
	check(sequence != 0 && sequence != 0xffffffff, "tsc-page-sequence",
	      "%x", sequence);
	smp_call(1, compare_times, &checks[1]);
	compare_times(&checks[0]);
	smp_wait(1);
	for (unsigned i = 0; i < 2; i++) {
		check(checks[i].rounds == 20000 && checks[i].bad_order == 0,
		      "page-msr-page", "VP %u: %u of %u", i,
		      checks[i].bad_order, checks[i].rounds);
		check(checks[i].bad_back == 0, "never-back", "VP %u: %u", i,
		      checks[i].bad_back);
	}
}

/* Strictly: a reading that comes after another is not less, on any VP. */
static volatile uint32_t order_lock;
static volatile uint64_t order_last;
static volatile uint32_t order_bad;

static void order_times(void *arg)
{
	for (unsigned i = 0; i < 5000; i++) {
		uint64_t now;

		while (__atomic_exchange_n(&order_lock, 1, __ATOMIC_ACQUIRE)) {
			cpu_pause();
		}
		now = arg != 0 ? page_time() : rdmsr(MSR_HV_TIME_REF_COUNT);
		if (now < order_last) {
			order_bad = order_bad + 1;
		}
		order_last = now;
		__atomic_store_n(&order_lock, 0, __ATOMIC_RELEASE);
	}
}

static void test_across_vps(void)
{
	smp_call(1, order_times, (void *)1);
	order_times(0);
	check(smp_wait(1) && order_bad == 0, "time-order-across-vps", "%u",
	      order_bad);
}

/* Both clocks at one time: nobody was away between the two readings. */
static void read_both(uint64_t *tsc, uint64_t *ticks)
{
	do {
		*tsc = rdtsc();
		*ticks = rdmsr(MSR_HV_TIME_REF_COUNT);
	} while (rdtsc() - *tsc > tsc_from_us(500));
}

static void test_rate(void)
{
	uint64_t t0, r0, t1, r1, want;

	read_both(&t0, &r0);
	delay_us(50000);
	read_both(&t1, &r1);
	want = (t1 - t0) * 1000 / (tsc_hz() / 10000);
	/* 1 ms of grace for the exits. */
	check(r1 - r0 + 10000 >= want && r1 - r0 <= want + 10000,
	      "time-rate", "%lu ticks, %lu by the TSC", r1 - r0, want);
}

/* ---- hypercalls --------------------------------------------------------- */

#define SPIN_WAIT 0x8ull
#define FAST 0x10000ull

static void expect_status(const char *name, uint64_t control, uint64_t input,
			  uint64_t output, uint64_t status)
{
	uint64_t result = hypercall(control, input, output);

	check(result == status, name, "control %lx: result %lx", control,
	      result);
}

static void test_hypercall_control(void)
{
	uint64_t block = (uint64_t)tsc_page & ~0xfffull;

	expect_status("spin-wait-fast", SPIN_WAIT | FAST, 5, 0, 0);
	expect_status("code-0", 0, 0, 0, 2);
	expect_status("code-unknown", 0x7fff | FAST, 0, 0, 2);
	expect_status("code-vsm", 0x11, 0, 0, 2);
	expect_status("reserved-30-27", SPIN_WAIT | FAST | 1ull << 27, 0, 0,
		      3);
	expect_status("reserved-47-44", SPIN_WAIT | FAST | 1ull << 45, 0, 0,
		      3);
	expect_status("reserved-63-60", SPIN_WAIT | FAST | 1ull << 63, 0, 0,
		      3);
	expect_status("rep-count-on-simple", SPIN_WAIT | FAST | 1ull << 32, 0,
		      0, 3);
	expect_status("rep-start-on-simple", SPIN_WAIT | FAST | 1ull << 48, 0,
		      0, 3);
	expect_status("variable-header", SPIN_WAIT | FAST | 1ull << 17, 0, 0,
		      3);
	(void)block;
}

static void test_hypercall_memory(void)
{
	static uint64_t input[512] __attribute__((aligned(4096)));
	uint64_t at = (uint64_t)input;
	uint64_t beyond = 1ull << (cpuid(0x80000008, 0).eax & 0xff);

	expect_status("memory-form", SPIN_WAIT, at, 0, 0);
	expect_status("memory-last-bytes", SPIN_WAIT, at + 4088, 0, 0);
	expect_status("misaligned", SPIN_WAIT, at + 4, 0, 4);
	expect_status("crosses-page", SPIN_WAIT, at + 4092, 0, 4);
	expect_status("beyond-gpa-space", SPIN_WAIT, beyond, 0, 4);
	expect_status("last-gpa", SPIN_WAIT, ~7ull, 0, 4);
	expect_status("no-ram", SPIN_WAIT, 0x40000000, 0, 5);
}

/* A call that exists but needs what this partition has not. */
static void test_hypercall_access(void)
{
	if (!PRIVILEGE(privileges, 52)) {
		expect_status("extended-denied", 0x8001, 0, 0, 6);
	}
	if (!PRIVILEGE(privileges, 36) && !PRIVILEGE(privileges, 37)) {
		expect_status("messages-denied", 0x5c, 0, 0, 6);
		expect_status("events-denied", 0x5d | FAST, 0x10, 0, 6);
	}
	/* Calls without a hint are not there either. */
	expect_status("flush-denied", 2, 0, 0, 6);
	expect_status("ipi-denied", 0xb | FAST, 0x55, 1, 6);
}

extern uint8_t user_vmmcall[], user_vmcall[], user_rdmsr[], user_in[],
	user_hlt[];
__asm__("user_vmmcall: vmmcall; ud2\n"
	"user_vmcall: vmcall; ud2\n"
	"user_rdmsr: rdmsr; ud2\n"
	"user_in: in (%dx), %al; ud2\n"
	"user_hlt: hlt; ud2\n");

static void test_user(const char *name, const uint8_t *code, unsigned vector)
{
	struct try t = { .code = (uint64_t)code };

	t.gpr[RCX] = SPIN_WAIT | FAST;
	t.gpr[RDX] = 0x5554;
	try_run_user(&t);
	check(t.vector == vector && t.rip == (uint64_t)code, name,
	      "vector %lu at +%lu", t.vector, t.rip - (uint64_t)code);
}

extern uint8_t code_vmmcall[], code_vmcall[];
__asm__("code_vmmcall: vmmcall; ret\n"
	"code_vmcall: vmcall; ret\n");

static void test_hypercall_callers(void)
{
	const uint8_t *code = is_intel() ? code_vmcall : code_vmmcall;
	struct try t = { .code = (uint64_t)code };

	/* Only RAX changes (TLFS 3.7). */
	for (unsigned i = 0; i < 16; i++) {
		t.gpr[i] = 0xaaaa000000000000ull + i;
	}
	t.gpr[RCX] = SPIN_WAIT | FAST;
	try_run(&t);
	check(t.vector == VECTOR_NONE && t.gpr[RAX] == 0, "vmmcall-kernel",
	      "vector %lu", t.vector);
	t.gpr[RCX] ^= (SPIN_WAIT | FAST) ^ (0xaaaa000000000000ull + RCX);
	for (unsigned i = 1; i < 16; i++) {
		if (i != RSP && t.gpr[i] != 0xaaaa000000000000ull + i) {
			fail("only-rax-changes", "register %u", i);
			return;
		}
	}
	pass("only-rax-changes");
	paging_allow_user();
	test_user("vmmcall-user", is_intel() ? user_vmcall : user_vmmcall,
		  VECTOR_UD);
	test_user("rdmsr-user", user_rdmsr, VECTOR_GP);
	test_user("in-user", user_in, VECTOR_GP);
	test_user("hlt-user", user_hlt, VECTOR_GP);
	wrmsr(MSR_HV_HYPERCALL, 0);
	check(try_code(code) == VECTOR_UD, "vmmcall-page-off", "-");
}

static volatile uint64_t other_index;

static void read_index(void *arg)
{
	(void)arg;
	other_index = rdmsr(MSR_HV_VP_INDEX);
}

void guest_main(void)
{
	apic_enable(true);
	check(smp_start_all(2) == 2, "vps", "%u", smp_count);
	test_leaves();
	test_same_everywhere();
	test_identity_msrs();
	smp_call(1, read_index, 0);
	check(smp_wait(1) && other_index == 1, "vp-index-1", "%lu",
	      other_index);
	test_time_msrs();
	test_crash_msrs();
	test_not_offered();
	test_page_and_msr();
	test_across_vps();
	test_rate();
	if (check(hypercall_enable(), "hypercall-page", "off")) {
		test_hypercall_control();
		test_hypercall_memory();
		test_hypercall_access();
		test_hypercall_callers();
	}
}
