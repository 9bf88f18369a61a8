/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one header of the bare-metal test guests: console, ports, MSRs, traps
 * that a test can expect, page tables, local APIC, other VPs, hypercalls and
 * the bookkeeping of PASS and FAIL lines. All C code of a guest is 64-bit
 * code, whatever mode its payload is entered in: lib/start*.S get there.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096ull
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define GUEST_VPS_MAX 8

/* ---- console (console.c) ---------------------------------------------- */

#define PORT_CONSOLE 0xe9

void putc(char c);
/* For who prints what may have come in the middle of a print(). */
void console_take_over(void);
/* %s %c %d %u %x, l for 64 bits, a width, 0. One call's text stays whole. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- results (console.c) ---------------------------------------------- */

void pass(const char *name);
/* "FAIL name: text". */
void fail(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* PASS name if ok, else FAIL name: text. Returns ok. */
bool check(bool ok, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "DONE n passed, n failed", then done_halt(). */
_Noreturn void done(void);
/* HLT for ever, interrupts on: others run on, nothing is reported. */
_Noreturn void done_halt(void);

extern unsigned passed_count;
extern unsigned failed_count;

/* ---- the processor ---------------------------------------------------- */

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

/* Whose processor is it: VMCALL is Intel's, VMMCALL AMD's. */
static inline int is_intel(void)
{
	return cpuid(0, 0).ebx == 0x756e6547;	/* "Genu" */
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 : : "c"(msr), "a"((uint32_t)value),
			     "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

#define DEFINE_REGISTER_ACCESS(name)					\
static inline uint64_t read_##name(void)				\
{									\
	uint64_t v;							\
	__asm__ volatile("mov %%" #name ", %0" : "=r"(v) : : "memory");	\
	return v;							\
}									\
static inline void write_##name(uint64_t v)				\
{									\
	__asm__ volatile("mov %0, %%" #name : : "r"(v) : "memory");	\
}

DEFINE_REGISTER_ACCESS(cr0)
DEFINE_REGISTER_ACCESS(cr2)
DEFINE_REGISTER_ACCESS(cr3)
DEFINE_REGISTER_ACCESS(cr4)
DEFINE_REGISTER_ACCESS(cr8)
DEFINE_REGISTER_ACCESS(dr0)
DEFINE_REGISTER_ACCESS(dr1)
DEFINE_REGISTER_ACCESS(dr2)
DEFINE_REGISTER_ACCESS(dr3)
DEFINE_REGISTER_ACCESS(dr6)
DEFINE_REGISTER_ACCESS(dr7)

static inline void invlpg(uint64_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void interrupts_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void interrupts_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* STI's shadow covers the HLT: no interrupt is lost between them. */
static inline void wait_interrupt(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

#define MSR_APIC_BASE 0x1bu
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_PAT 0x277u
#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_CSTAR 0xc0000083u
#define MSR_SFMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX 0xc0000103u

#define MSR_HV_GUEST_OS_ID 0x40000000u
#define MSR_HV_HYPERCALL 0x40000001u
#define MSR_HV_VP_INDEX 0x40000002u
#define MSR_HV_RESET 0x40000003u
#define MSR_HV_TIME_REF_COUNT 0x40000020u
#define MSR_HV_REFERENCE_TSC 0x40000021u
#define MSR_HV_TSC_FREQUENCY 0x40000022u
#define MSR_HV_APIC_FREQUENCY 0x40000023u
#define MSR_HV_VP_ASSIST_PAGE 0x40000073u
#define MSR_HV_CRASH_P0 0x40000100u
#define MSR_HV_CRASH_CTL 0x40000105u

/* ---- traps (trap.c, start64.S) ---------------------------------------- */

/* Order in which the stubs push; index of gpr[] as in ModRM. */
struct trap_frame {
	uint64_t gpr[16];	/* [4], RSP, is not meaningful: see rsp */
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define VECTOR_DE 0
#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MC 18
#define VECTOR_NONE 0xffff

typedef void (*irq_handler_t)(struct trap_frame *frame);
/* Interrupts and, if set, exceptions outside try_run(). */
extern irq_handler_t irq_handlers[256];

/*
 * Calls code with the given registers and comes back at its RET or at the
 * first exception. gpr[] in and out; gpr[4] is ignored.
 */
struct try {
	uint64_t gpr[16];
	uint64_t code;
	uint64_t vector;	/* VECTOR_NONE: it returned */
	uint64_t error;
	uint64_t rip;		/* of the exception */
	uint64_t cr2;
	uint64_t rflags;
};

void try_run(struct try *t);
/* The same at CPL 3; the code ends with UD2. VP 0 only. */
void try_run_user(struct try *t);
/* For an interrupt handler: the interrupt ends this VP's try_run(). */
bool trap_end_try(struct trap_frame *frame);
/* Sees every trap first; true: it was meant for it. */
extern bool (*trap_hook)(struct trap_frame *frame);

#define RAX 0
#define RCX 1
#define RDX 2
#define RBX 3
#define RSP 4
#define RBP 5
#define RSI 6
#define RDI 7

/* The vector, VECTOR_NONE if none came. */
unsigned try_rdmsr(uint32_t msr, uint64_t *value);
unsigned try_wrmsr(uint32_t msr, uint64_t value);
unsigned try_write_cr0(uint64_t value);
unsigned try_write_cr3(uint64_t value);
unsigned try_write_cr4(uint64_t value);
unsigned try_xsetbv(uint32_t index, uint64_t value);
unsigned try_read8(uint64_t address, uint8_t *value);
unsigned try_read64(uint64_t address, uint64_t *value);
unsigned try_write64(uint64_t address, uint64_t value);
/* Calls code that wants nothing and returns. */
unsigned try_code(const void *code);

/* What a VP keeps for itself, at GS:0. Offsets are used by start64.S. */
struct vp_local {
	struct vp_local *self;		/* 0 */
	struct try *try;		/* 8 */
	uint64_t try_rsp;		/* 16 */
	uint64_t try_code;		/* 24 */
	uint64_t scratch;		/* 32 */
	uint32_t number;		/* 40: index here, order of start */
	uint32_t apic_id;		/* 44 */
};

static inline struct vp_local *vp_local(void)
{
	struct vp_local *p;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(p));
	return p;
}

void trap_init_vp(void);

/* ---- page tables (paging.c) ------------------------------------------- */

/* Identity over 4 GiB; the first 2 MiB by pages of 4 KiB. */
void paging_init(void);
extern uint64_t paging_root[512];
extern uint64_t paging_pd[4][512];
/* Entries of the first 2 MiB, one per page: a test may change them. */
extern uint64_t paging_low[512];

#define PTE_PRESENT 1ull
#define PTE_WRITE 2ull
#define PTE_USER 4ull
#define PTE_LARGE 0x80ull
#define PTE_NX (1ull << 63)

/* CPL 3 may use all of the identity map (then SMEP and SMAP must be off). */
void paging_allow_user(void);
/* Maps 4 KiB at a GPA in one of 16 windows; the address to use. */
volatile void *paging_window(unsigned slot, uint64_t gpa);
/* The same with the bits of the entry as given; a user's page, too. */
volatile void *paging_window_with(unsigned slot, uint64_t gpa, uint64_t bits);
/* Remaps a page of the first 2 MiB: entry bits; flushes on this VP. */
void paging_set_low(uint64_t address, uint64_t entry);

/* ---- local APIC (apic.c) ---------------------------------------------- */

#define APIC_ID 0x020u
#define APIC_VERSION 0x030u
#define APIC_TPR 0x080u
#define APIC_PPR 0x0a0u
#define APIC_EOI 0x0b0u
#define APIC_LDR 0x0d0u
#define APIC_DFR 0x0e0u
#define APIC_SVR 0x0f0u
#define APIC_ISR 0x100u
#define APIC_IRR 0x200u
#define APIC_ESR 0x280u
#define APIC_ICR 0x300u
#define APIC_ICR_HIGH 0x310u
#define APIC_LVT_TIMER 0x320u
#define APIC_LVT_LINT0 0x350u
#define APIC_LVT_ERROR 0x370u
#define APIC_TIMER_INITIAL 0x380u
#define APIC_TIMER_CURRENT 0x390u
#define APIC_TIMER_DIVIDE 0x3e0u

#define APIC_LVT_MASKED 0x10000u
#define APIC_TIMER_ONESHOT 0u
#define APIC_TIMER_PERIODIC 0x20000u
#define APIC_TIMER_DEADLINE 0x40000u

#define ICR_FIXED 0u
#define ICR_NMI 0x400u
#define ICR_INIT 0x500u
#define ICR_SIPI 0x600u
#define ICR_LOGICAL 0x800u
#define ICR_ASSERT 0x4000u
#define ICR_SELF 0x40000u
#define ICR_ALL 0x80000u
#define ICR_OTHERS 0xc0000u

/* Software-enables this VP's APIC; x2APIC if want_x2 and offered. */
void apic_enable(bool want_x2);
bool apic_is_x2(void);
uint32_t apic_read(uint32_t offset);
void apic_write(uint32_t offset, uint32_t value);
uint32_t apic_id(void);
void apic_icr(uint32_t destination, uint32_t low);
static inline void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}
bool apic_has_deadline(void);
/* Undivided input clock of the timer, in Hz; measured if not told. */
uint64_t apic_hz(void);

/* ---- time (time.c) ---------------------------------------------------- */

/* By MSR where there is one, else what lib/multiboot.S's machine has. */
uint64_t tsc_hz(void);
bool hv_present(void);
/* TSC of the first instruction of this guest's VP 0. */
extern uint64_t start_tsc;
static inline uint64_t tsc_from_us(uint64_t us)
{
	return tsc_hz() / 1000 * us / 1000;
}
void delay_us(uint64_t us);
/* Interrupt of the given vector at an absolute TSC, by the best timer. */
void timer_arm_tsc(uint8_t vector, uint64_t deadline);

/* ---- other VPs (smp.c) ------------------------------------------------ */

/* Starts all others by INIT and SIPI; the number that runs, this one too. */
unsigned smp_start_all(unsigned expected);
/* INIT and SIPI for a VP that runs; it is known by the same number again. */
bool smp_restart(unsigned number);
/* Runs fn(arg) on VP number; returns at once. */
void smp_call(unsigned number, void (*fn)(void *), void *arg);
/* Waits until that call has ended; false after a long time. */
bool smp_wait(unsigned number);
extern struct vp_local smp_locals[GUEST_VPS_MAX];
extern volatile unsigned smp_count;

/* ---- hypercalls (hypercall.c) ----------------------------------------- */

/* Sets GUEST_OS_ID and lays the hypercall page over a page of the guest. */
bool hypercall_enable(void);
uint64_t hypercall(uint64_t control, uint64_t input, uint64_t output);
extern uint8_t hypercall_page[4096];

/* ---- bytes (console.c) ------------------------------------------------ */

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *s);

/* The guest itself. */
void guest_main(void);
extern const char guest_name[];

#endif
