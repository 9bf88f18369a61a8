/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps of a test guest. An exception inside try_run() ends that call and is
 * reported to it; anywhere else it is printed and the guest stops.
 */
#include "guest.h"

struct idt_entry {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_mid;
	uint32_t offset_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct idt_entry) == 16, "SDM3 6.14.1");
_Static_assert(offsetof(struct try, code) == 128, "start64.S");
_Static_assert(offsetof(struct try, vector) == 136, "start64.S");
_Static_assert(offsetof(struct try, rflags) == 168, "start64.S");
_Static_assert(offsetof(struct vp_local, scratch) == 32, "start64.S");

struct __attribute__((packed)) idt_pointer {
	uint16_t limit;
	uint64_t base;
};

irq_handler_t irq_handlers[256];
static struct idt_entry idt[256];

/* SDM3 8.7: what 64-bit mode has of a task state segment. */
static struct __attribute__((packed)) {
	uint32_t reserved;
	uint64_t rsp[3];
	uint64_t reserved2;
	uint64_t ist[7];
	uint64_t reserved3;
	uint16_t reserved4;
	uint16_t io_map;
} tss = { .io_map = 104 };
static uint8_t tss_stack[8192] __attribute__((aligned(16)));

extern uint64_t gdt_tss[2];
void user_enter(struct try *t);
extern uint8_t trap_stubs[];
extern uint8_t try_return[];
extern uint8_t try_code_rdmsr[], try_code_wrmsr[], try_code_cr0[],
	try_code_cr3[], try_code_cr4[], try_code_xsetbv[], try_code_read8[],
	try_code_read64[], try_code_write64[];
void trap_handle(struct trap_frame *f);

bool (*trap_hook)(struct trap_frame *f);

bool trap_end_try(struct trap_frame *f)
{
	struct vp_local *local = vp_local();
	struct try *t = local->try;

	if (t == 0) {
		return false;
	}

	memcpy(t->gpr, f->gpr, sizeof(t->gpr));
	t->gpr[RSP] = f->rsp;
	t->vector = f->vector;
	t->error = f->error;
	t->rip = f->rip;
	t->cr2 = read_cr2();
	t->rflags = f->rflags;
	local->try = 0;
	f->rip = (uint64_t)try_return;
	f->cs = 0x08;
	f->ss = 0x10;
	f->rsp = local->try_rsp;
	f->rflags &= ~0x600ull;		/* DF, IF */
	return true;
}

static void trap_report(const struct trap_frame *f)
{
	console_take_over();
	print("TRAP vector %lu error %lx rip %lx cr2 %lx rflags %lx rsp %lx\n",
	      f->vector, f->error, f->rip, read_cr2(), f->rflags, f->rsp);
	print("TRAP rax %lx rcx %lx rdx %lx rbx %lx rsi %lx rdi %lx\n",
	      f->gpr[RAX], f->gpr[RCX], f->gpr[RDX], f->gpr[RBX],
	      f->gpr[RSI], f->gpr[RDI]);
	print("FAIL trap: unexpected vector %lu\n", f->vector);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

void trap_handle(struct trap_frame *f)
{
	if (trap_hook != 0 && trap_hook(f)) {
		return;
	}
	if (f->vector < 32 && f->vector != VECTOR_NMI && trap_end_try(f)) {
		return;
	}
	if (irq_handlers[f->vector & 255] != 0) {
		irq_handlers[f->vector & 255](f);
	} else {
		trap_report(f);
	}
}

/* Loads the IDT; GS is set already. */
void trap_init_vp(void)
{
	struct idt_pointer pointer = {
		.limit = sizeof(idt) - 1, .base = (uint64_t)idt
	};

	for (unsigned i = 0; i < 256 && idt[255].selector == 0; i++) {
		uint64_t stub = (uint64_t)trap_stubs + i * 16;

		idt[i] = (struct idt_entry){
			.offset_low = (uint16_t)stub,
			.selector = 0x08,
			.type = 0x8e00,
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

/* The code ends by an exception, at the latest by its UD2. VP 0 only. */
void try_run_user(struct try *t)
{
	uint64_t base = (uint64_t)&tss;

	if (tss.rsp[0] == 0) {
		tss.rsp[0] = (uint64_t)tss_stack + sizeof(tss_stack);
		gdt_tss[0] = 103 | (base & 0xffffff) << 16 | 0x89ull << 40
			| (base >> 24 & 0xff) << 56;
		gdt_tss[1] = base >> 32;
		__asm__ volatile("ltr %w0" : : "r"(0x48));
	}
	user_enter(t);
}

unsigned try_rdmsr(uint32_t msr, uint64_t *value)
{
	struct try t = { .code = (uint64_t)try_code_rdmsr };

	t.gpr[RCX] = msr;
	try_run(&t);
	*value = t.gpr[RDX] << 32 | (uint32_t)t.gpr[RAX];
	return (unsigned)t.vector;
}

unsigned try_wrmsr(uint32_t msr, uint64_t value)
{
	struct try t = { .code = (uint64_t)try_code_wrmsr };

	t.gpr[RCX] = msr;
	t.gpr[RAX] = (uint32_t)value;
	t.gpr[RDX] = value >> 32;
	try_run(&t);
	return (unsigned)t.vector;
}

static unsigned try_rax(const uint8_t *code, uint64_t value)
{
	struct try t = { .code = (uint64_t)code };

	t.gpr[RAX] = value;
	try_run(&t);
	return (unsigned)t.vector;
}

unsigned try_write_cr0(uint64_t value)
{
	return try_rax(try_code_cr0, value);
}

unsigned try_write_cr3(uint64_t value)
{
	return try_rax(try_code_cr3, value);
}

unsigned try_write_cr4(uint64_t value)
{
	return try_rax(try_code_cr4, value);
}

unsigned try_xsetbv(uint32_t index, uint64_t value)
{
	struct try t = { .code = (uint64_t)try_code_xsetbv };

	t.gpr[RCX] = index;
	t.gpr[RAX] = (uint32_t)value;
	t.gpr[RDX] = value >> 32;
	try_run(&t);
	return (unsigned)t.vector;
}

unsigned try_read8(uint64_t address, uint8_t *value)
{
	struct try t = { .code = (uint64_t)try_code_read8 };

	t.gpr[RSI] = address;
	try_run(&t);
	*value = (uint8_t)t.gpr[RAX];
	return (unsigned)t.vector;
}

unsigned try_read64(uint64_t address, uint64_t *value)
{
	struct try t = { .code = (uint64_t)try_code_read64 };

	t.gpr[RSI] = address;
	try_run(&t);
	*value = t.gpr[RAX];
	return (unsigned)t.vector;
}

unsigned try_write64(uint64_t address, uint64_t value)
{
	struct try t = { .code = (uint64_t)try_code_write64 };

	t.gpr[RSI] = address;
	t.gpr[RAX] = value;
	try_run(&t);
	return (unsigned)t.vector;
}

unsigned try_code(const void *code)
{
	return try_rax(code, 0);
}
