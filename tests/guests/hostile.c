/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that tries everything: all ports, all MSRs of the four ranges, the
 * whole GPA space, rubbish in hypercalls and control registers, instructions
 * that guests do not have, interrupts without end, and at last a triple
 * fault. What it finds comes out as tables ("T ..."), which the test compares
 * with the spec. Equal neighbours are folded into one line.
 */
#include "lib/modes.h"
#include "hostile.h"

#define PORT_OFF 0x600
#define PORT_RESET 0x602

/*
 * Each attempt ends with a PAUSE: under icount with several LPs the emulator
 * lets the next one run at a PAUSE, else after 100 ms, and then the loop
 * beside us could not be on time whatever the hypervisor does.
 */

/* ---- ports -------------------------------------------------------------- */

enum port_way { WAY_IN, WAY_OUT, WAY_INS, WAY_OUTS, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {
	"in", "out", "ins", "outs"
};
static uint32_t string_buffer[2];

/* What is written: never what would end this partition. */
static uint32_t value_for(uint32_t port, unsigned size)
{
	if (port == PORT_OFF || port == PORT_RESET) {
		return size == 1 ? 0 : 0xffffffff;
	}
	return port == PORT_CONSOLE ? 0x0a0a0a0a : 0xffffffff;
}

static uint32_t port_in(uint16_t port, unsigned size)
{
	if (size == 1) {
		return inb(port);
	}
	return size == 2 ? inw(port) : inl(port);
}

static void port_out(uint16_t port, unsigned size, uint32_t value)
{
	if (size == 1) {
		outb(port, (uint8_t)value);
	} else if (size == 2) {
		outw(port, (uint16_t)value);
	} else {
		outl(port, value);
	}
}

static uint32_t port_ins(uint16_t port, unsigned size)
{
	void *to = string_buffer;

	string_buffer[0] = 0x5a5a5a5a;
	if (size == 1) {
		__asm__ volatile("insb" : "+D"(to) : "d"(port) : "memory");
		return string_buffer[0] ^ 0x5a5a5a00;
	}
	if (size == 2) {
		__asm__ volatile("insw" : "+D"(to) : "d"(port) : "memory");
		return string_buffer[0] ^ 0x5a5a0000;
	}
	__asm__ volatile("insl" : "+D"(to) : "d"(port) : "memory");
	return string_buffer[0];
}

static void port_outs(uint16_t port, unsigned size, uint32_t value)
{
	const void *from = string_buffer;

	string_buffer[0] = value;
	if (size == 1) {
		__asm__ volatile("outsb" : "+S"(from) : "d"(port) : "memory");
	} else if (size == 2) {
		__asm__ volatile("outsw" : "+S"(from) : "d"(port) : "memory");
	} else {
		__asm__ volatile("outsl" : "+S"(from) : "d"(port) : "memory");
	}
}

static uint32_t touch_port(uint16_t port, enum port_way way, unsigned size)
{
	switch (way) {
	case WAY_IN:
		return port_in(port, size);
	case WAY_INS:
		return port_ins(port, size);
	case WAY_OUT:
		port_out(port, size, value_for(port, size));
		break;
	case WAY_OUTS:
		port_outs(port, size, value_for(port, size));
		break;
	case WAY_COUNT:
		break;
	}
	return 0;
}

static void ports_of(enum port_way way, unsigned size)
{
	uint32_t denied = size == 4 ? 0xffffffff : (1u << (size * 8)) - 1;
	uint32_t denied_count = 0;
	bool reads = way == WAY_IN || way == WAY_INS;

	for (uint32_t port = 0; port < 0x10000; port++) {
		uint32_t v = touch_port((uint16_t)port, way, size);

		cpu_pause();

		if (!reads || v == denied) {
			denied_count++;
		} else {
			print("T port %s %u %x = %x\n", way_names[way], size,
			      port, v);
		}
	}
	print("T ports %s %u: %u %s\n", way_names[way], size, denied_count,
	      reads ? "read ones" : "written");
}

/* ---- MSRs --------------------------------------------------------------- */

static const struct {
	uint32_t first, last;
} msr_ranges[] = {
	{ 0x0, 0x1fff }, { 0x40000000, 0x400001ff },
	{ 0xc0000000, 0xc0001fff }, { 0xc0010000, 0xc0011fff },
};

/* Which values must not be written: they end this guest, not the test. */
static bool may_write(uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_APIC_BASE:		/* off is not left in one step */
		return (value >> 11 & 1) != 0;
	case MSR_HV_RESET:
		return (value & 1) == 0;
	case MSR_HV_CRASH_CTL:
		return value >> 63 == 0;
	case MSR_GS_BASE:		/* this runtime lives there */
		return false;
	case 0x830:			/* ICR: INIT and SIPI to oneself */
		return value != 0;
	}
	return true;
}

static char try_value(uint32_t msr, uint64_t value)
{
	cpu_pause();
	if (!may_write(msr, value)) {
		return '-';
	}
	return try_wrmsr(msr, value) == VECTOR_NONE ? 'w' : 'g';
}

/* Four letters: read, write back, write 0, write ones. */
static uint32_t classify_msr(uint32_t msr)
{
	uint64_t value = 0;
	char c[4] = { 'g', '-', 'g', 'g' };
	unsigned vector = try_rdmsr(msr, &value);

	cpu_pause();

	if (vector == VECTOR_NONE) {
		c[0] = 'r';
		c[1] = try_value(msr, value);
	}
	c[2] = try_value(msr, 0);
	if (c[0] == 'r' && c[2] == 'w') {
		(void)try_value(msr, value);
	}
	c[3] = try_value(msr, ~0ull);
	if (c[0] == 'r' && c[3] == 'w') {
		(void)try_value(msr, value);
	}
	return (uint32_t)c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16
		| (uint32_t)c[3] << 24;
}

static void print_msrs(uint32_t first, uint32_t last, uint32_t class)
{
	print("T msr %x-%x %c%c%c%c\n", first, last, (char)class,
	      (char)(class >> 8), (char)(class >> 16), (char)(class >> 24));
}

static void msrs_of(uint32_t first, uint32_t last)
{
	uint32_t begin = first;
	uint32_t class = classify_msr(first);

	for (uint32_t msr = first + 1; msr <= last; msr++) {
		uint32_t c = classify_msr(msr);

		cpu_pause();
		if (c != class) {
			print_msrs(begin, msr - 1, class);
			begin = msr;
			class = c;
		}
	}
	print_msrs(begin, last, class);
}

/* ---- control registers -------------------------------------------------- */

struct masks {
	uint64_t kept;		/* can be changed */
	uint64_t ignored;	/* no fault, no change */
	uint64_t refused;	/* #GP */
};

static void count_bit(struct masks *m, unsigned bit, unsigned vector,
		      uint64_t before, uint64_t after)
{
	if (vector != VECTOR_NONE) {
		m->refused |= 1ull << bit;
	} else if (((before ^ after) >> bit & 1) != 0) {
		m->kept |= 1ull << bit;
	} else {
		m->ignored |= 1ull << bit;
	}
}

static void print_masks(const char *name, const struct masks *m)
{
	print("T bits %s kept %lx ignored %lx refused %lx\n", name, m->kept,
	      m->ignored, m->refused);
}

static void bits_of_cr0(void)
{
	struct masks m = { 0, 0, 0 };
	uint64_t before = read_cr0();

	for (unsigned i = 0; i < 64; i++) {
		unsigned v;

		if (i == 0 || i == 31) {	/* PE, PG: QEMU obeys */
			continue;
		}
		v = try_write_cr0(before ^ 1ull << i);

		count_bit(&m, i, v, before, read_cr0());
		write_cr0(before);
	}
	print_masks("cr0", &m);
}

static void bits_of_cr4(void)
{
	struct masks m = { 0, 0, 0 };
	uint64_t before = read_cr4();

	for (unsigned i = 0; i < 64; i++) {
		unsigned v = try_write_cr4(before ^ 1ull << i);

		count_bit(&m, i, v, before, read_cr4());
		write_cr4(before);
	}
	print_masks("cr4", &m);
}

static void bits_of_efer(void)
{
	struct masks m = { 0, 0, 0 };
	uint64_t before = rdmsr(MSR_EFER);

	for (unsigned i = 0; i < 64; i++) {
		unsigned v = try_wrmsr(MSR_EFER, before ^ 1ull << i);

		count_bit(&m, i, v, before, rdmsr(MSR_EFER));
		wrmsr(MSR_EFER, before);
	}
	print_masks("efer", &m);
}

static uint64_t read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static void bits_of_xcr0(void)
{
	struct masks m = { 0, 0, 0 };
	uint64_t before;

	if (try_write_cr4(read_cr4() | 0x40000) != VECTOR_NONE) {
		print("T bits xcr0 absent\n");
		return;
	}
	before = read_xcr0();
	for (unsigned i = 0; i < 64; i++) {
		/* AVX goes with SSE; alone each is its own question. */
		uint64_t with = i == 2 ? 2 : 0;
		unsigned v = try_xsetbv(0, (before | with) ^ 1ull << i);

		count_bit(&m, i, v, before, read_xcr0());
		(void)try_xsetbv(0, before);
	}
	print_masks("xcr0", &m);
	for (uint32_t i = 1; i < 32; i++) {
		if (try_xsetbv(i, 1) != VECTOR_GP) {
			print("T xcr %u is there\n", i);
		}
	}
}

/* ---- instructions ------------------------------------------------------- */

#define ODD(name, code) \
	extern uint8_t odd_##name[]; \
	__asm__(".pushsection .text\nodd_" #name ":\n" code "\nret\n" \
		".popsection\n")

ODD(vmrun, "xor %eax, %eax\nvmrun");
ODD(vmload, "xor %eax, %eax\nvmload");
ODD(vmsave, "xor %eax, %eax\nvmsave");
ODD(stgi, "stgi");
ODD(clgi, "clgi");
ODD(skinit, "xor %eax, %eax\nskinit");
ODD(invlpga, "xor %eax, %eax\nxor %ecx, %ecx\ninvlpga");
ODD(monitor, "lea -64(%rsp), %rax\nxor %ecx, %ecx\nxor %edx, %edx\nmonitor");
ODD(mwait, "xor %eax, %eax\nxor %ecx, %ecx\nmwait");
ODD(rdpmc, "xor %ecx, %ecx\nrdpmc");
ODD(rsm, "rsm");
ODD(wbinvd, "wbinvd");
ODD(invd, "invd");
ODD(rdtsc, "rdtsc");
ODD(vmxon, "push $0\nvmxon (%rsp)\npop %rax");
ODD(vmptrst, "push $0\nvmptrst (%rsp)\npop %rax");
ODD(vmclear, "push $0\nvmclear (%rsp)\npop %rax");
ODD(vmptrld, "push $0\nvmptrld (%rsp)\npop %rax");
ODD(vmlaunch, "vmlaunch");
ODD(vmresume, "vmresume");
ODD(vmread, "xor %eax, %eax\nvmread %rax, %rcx");
ODD(vmwrite, "xor %eax, %eax\nvmwrite %rax, %rcx");
ODD(vmxoff, "vmxoff");
ODD(invept, "push $0\npush $0\nmov $2, %eax\ninvept (%rsp), %rax\n"
	"pop %rax\npop %rax");
ODD(invvpid, "push $0\npush $0\nmov $2, %eax\ninvvpid (%rsp), %rax\n"
	"pop %rax\npop %rax");
ODD(vmfunc, "xor %eax, %eax\n.byte 0x0f, 0x01, 0xd4");
ODD(getsec, "xor %eax, %eax\n.byte 0x0f, 0x37");
ODD(invpcid, "push $0\npush $0\nmov $2, %eax\ninvpcid (%rsp), %rax\n"
	"pop %rax\npop %rax");
ODD(xsetbv1, "mov $1, %ecx\nmov $1, %eax\nxor %edx, %edx\nxsetbv");
ODD(icebp, ".byte 0xf1");
ODD(ud2, "ud2");
ODD(pause, "pause");
ODD(sgdt, "sub $16, %rsp\nsgdt (%rsp)\nadd $16, %rsp");
ODD(smsw, "smsw %eax");
ODD(clts, "clts");
ODD(cr8high, "mov $16, %eax\nmov %rax, %cr8");
ODD(dr7high, "mov $1, %rax\nshl $32, %rax\nmov %rax, %dr7");
ODD(cr1, ".byte 0x0f, 0x20, 0xc8");

static const struct {
	const char *name;
	const uint8_t *code;
} odd[] = {
	{ "vmrun", odd_vmrun }, { "vmload", odd_vmload },
	{ "vmsave", odd_vmsave }, { "stgi", odd_stgi }, { "clgi", odd_clgi },
	{ "skinit", odd_skinit }, { "invlpga", odd_invlpga },
	{ "monitor", odd_monitor }, { "mwait", odd_mwait },
	{ "rdpmc", odd_rdpmc }, { "rsm", odd_rsm },
	{ "wbinvd", odd_wbinvd }, { "invd", odd_invd },
	{ "rdtsc", odd_rdtsc }, { "vmxon", odd_vmxon },
	{ "vmptrst", odd_vmptrst }, { "vmclear", odd_vmclear },
	{ "vmptrld", odd_vmptrld }, { "vmlaunch", odd_vmlaunch },
	{ "vmresume", odd_vmresume }, { "vmread", odd_vmread },
	{ "vmwrite", odd_vmwrite }, { "vmxoff", odd_vmxoff },
	{ "invept", odd_invept }, { "invvpid", odd_invvpid },
	{ "vmfunc", odd_vmfunc }, { "getsec", odd_getsec },
	{ "invpcid", odd_invpcid }, { "xsetbv1", odd_xsetbv1 },
	{ "icebp", odd_icebp }, { "ud2", odd_ud2 }, { "pause", odd_pause },
	{ "sgdt", odd_sgdt }, { "smsw", odd_smsw }, { "clts", odd_clts },
	{ "cr8high", odd_cr8high }, { "dr7high", odd_dr7high },
	{ "cr1", odd_cr1 },
};

static void odd_instructions(void)
{
	for (unsigned i = 0; i < ARRAY_COUNT(odd); i++) {
		unsigned vector;

		if (odd[i].code == odd_mwait && !hv_present()) {
			continue;	/* sleeps, on a machine */
		}
		vector = try_code(odd[i].code);
		if (vector == VECTOR_NONE) {
			print("T insn %s runs\n", odd[i].name);
		} else {
			print("T insn %s vector %u\n", odd[i].name, vector);
		}
	}
}

#define VECTOR_TIMER 0x40

static void tick(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

/* Under icount the other LPs come to their start only while this one idles. */
static void let_others_start(void)
{
	uint64_t end = rdtsc() + tsc_from_us(100000);

	irq_handlers[VECTOR_TIMER] = tick;
	while (rdtsc() < end) {
		timer_arm_tsc(VECTOR_TIMER, end);
		wait_interrupt();
	}
}

void guest_main(void)
{
	apic_enable(true);
	let_others_start();
	mode_init();
	if (hv_present()) {
		hypercall_enable();
	}
	/* Bare, this would reset the machine, and so would some MSRs. */
	for (enum port_way w = WAY_IN; w < WAY_COUNT && hv_present(); w++) {
		for (unsigned size = 1; size <= 4; size *= 2) {
			ports_of(w, size);
		}
	}
	pass("ports");
	for (unsigned i = 0; i < ARRAY_COUNT(msr_ranges); i++) {
		if (!hv_present()) {
			break;
		}
		msrs_of(msr_ranges[i].first, msr_ranges[i].last);
	}
	pass("msrs");
	if (hv_present()) {		/* TCG alone does not check them */
		bits_of_cr0();
		bits_of_cr4();
		bits_of_efer();
		bits_of_xcr0();
	}
	pass("control-registers");
	odd_instructions();
	pass("instructions");
	hostile_addresses();
	pass("addresses");
	if (hv_present()) {
		apic_enable(true);
		hypercall_enable();
		hostile_hypercalls();
		pass("hypercalls");
	}
	hostile_modes();
	pass("modes");
	hostile_interrupts();
	pass("interrupts");
	print("DONE %u passed, %u failed\n", passed_count, failed_count);
	delay_us(50000);
	hostile_triple_fault();
}
