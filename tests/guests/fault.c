/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests that end, each in its own way (FAULT_* by the Makefile), after they
 * dirtied all of their memory: 4 MiB. At each start they print what they find
 * in it: the same each time, or a restart left something behind.
 */
#include "lib/guest.h"

#define MEMORY 0x400000ull
#define IMAGE 0x100000ull
#define PORT_OFF 0x600
#define PORT_RESET 0x602

extern uint8_t guest_end[];
extern uint8_t bss_begin[];

/* FNV-1a by words over what is not this guest's own; counts dirty pages. */
static uint64_t hash_range(uint64_t from, uint64_t to, uint64_t hash,
			   unsigned *dirty)
{
	for (uint64_t page = from; page < to; page += PAGE) {
		const volatile uint64_t *p = (volatile uint64_t *)page;
		uint64_t any = 0;

		__asm__("" : "+r"(p));
		for (unsigned i = 0; i < 512; i++) {
			any |= p[i];
			hash = (hash ^ p[i]) * 0x100000001b3ull;
		}
		*dirty += any != 0 ? 1 : 0;
	}
	return hash;
}

static void dirty_range(uint64_t from, uint64_t to)
{
	for (uint64_t at = from; at < to; at += 8) {
		volatile uint64_t *p = (volatile uint64_t *)at;

		__asm__("" : "+r"(p));
		*p = 0xd1d1d1d1d1d1d1d1ull ^ at;
	}
}

static void inspect(void)
{
	uint64_t end = ((uint64_t)guest_end + PAGE - 1) & ~(PAGE - 1);
	unsigned dirty = 0;
	uint64_t hash = 0xcbf29ce484222325ull;

	hash = hash_range(0, IMAGE, hash, &dirty);
	hash = hash_range(end, MEMORY, hash, &dirty);
	print("start: %u pages not zero, hash %lx, tsc below 1 s: %u\n",
	      dirty, hash, start_tsc < tsc_hz() ? 1 : 0);
	dirty_range(0, IMAGE);
	dirty_range(end, MEMORY);
}

#if defined(FAULT_crash)
static const char message[] = "guest gives up: \x01 the disk is on fire\n";

static void end_it(void)
{
	for (uint32_t i = 0; i < 3; i++) {
		wrmsr(MSR_HV_CRASH_P0 + i, 0xc0de0000 + i);
	}
	wrmsr(MSR_HV_CRASH_P0 + 3, (uint64_t)message);
	wrmsr(MSR_HV_CRASH_P0 + 4, sizeof(message) - 1);
	wrmsr(MSR_HV_CRASH_CTL, 3ull << 62);
}
#elif defined(FAULT_triple)
static void end_it(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} none = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}
#elif defined(FAULT_halt)
static void end_it(void)
{
	__asm__ volatile("cli; hlt");
}
#elif defined(FAULT_reset)
static void end_it(void)
{
	outb(PORT_RESET, 0);	/* not that value */
	outb(PORT_RESET, 1);
}
#elif defined(FAULT_resetmsr)
static void end_it(void)
{
	wrmsr(MSR_HV_RESET, 1);
}
#elif defined(FAULT_off)
static void end_it(void)
{
	outb(PORT_OFF, 0x1c);	/* without SLP_EN: nothing */
	outb(PORT_OFF, 0x34);
}
#elif defined(FAULT_fetch)
/* Runs code where there is no RAM. */
static void end_it(void)
{
	((void (*)(void))0x40000000ull)();
}
#elif defined(FAULT_tables)
/* Page tables where there is no RAM. */
static void end_it(void)
{
	write_cr3(0x40000000ull);
}
#elif defined(FAULT_cr3)
/* An address that no page table can have: #GP, or QEMU refuses to go on. */
static void end_it(void)
{
	unsigned vector = try_write_cr3(read_cr3() | 1ull << 51);

	print("cr3: vector %u\n", vector);
}
#elif defined(FAULT_wide)
/* One bit more than its addresses have, one less than the processor's. */
static void end_it(void)
{
	uint32_t bits = cpuid(0x80000008, 0).eax & 0xff;

	*(volatile uint8_t *)paging_window(0, 1ull << bits) = 1;
}
#elif defined(FAULT_strict)
/* For a partition whose port-default is "strict". */
static void end_it(void)
{
	(void)inb(0x80);
}
#endif

void guest_main(void)
{
	inspect();
	print("ending\n");
	delay_us(5000);
	end_it();
	print("still here\n");
}
