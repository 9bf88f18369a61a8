/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other VPs of a test guest: started by INIT and SIPI through the page at
 * 0x7000, then each waits for calls.
 */
#include "guest.h"

#define TRAMPOLINE 0x7000ull
#define PATIENCE_S 20	/* an emulator's processors may rest for long */

extern uint8_t trampoline[], trampoline_end[], trampoline_cr3[];

struct vp_local smp_locals[GUEST_VPS_MAX];
volatile unsigned smp_count = 1;
uint32_t smp_ticket;		/* trampoline: arrivals */
uint8_t smp_stacks[GUEST_VPS_MAX][8192] __attribute__((aligned(16)));
uint64_t start_info;		/* PVH: GPA of its start info */

static struct smp_call {
	void (*volatile fn)(void *);
	void *volatile arg;
	char pad[48];
} calls[GUEST_VPS_MAX];

void ap_main(unsigned number);
void boot_main(void);

static void local_init(unsigned number)
{
	smp_locals[number].self = &smp_locals[number];
	smp_locals[number].number = number;
	wrmsr(MSR_GS_BASE, (uint64_t)&smp_locals[number]);
	trap_init_vp();
}

void boot_main(void)
{
	local_init(0);
	paging_init();
	if (!hv_present()) {		/* a PC's 8259s speak otherwise */
		outb(0x21, 0xff);
		outb(0xa1, 0xff);
	}
	guest_main();
	done();
}

void ap_main(unsigned number)
{
	struct smp_call *call = &calls[number];

	local_init(number);
	smp_locals[number].apic_id = (cpuid(1, 0).ebx >> 24) & 0xff;
	__atomic_add_fetch(&smp_count, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		if (call->fn != 0) {
			call->fn(call->arg);
			__atomic_store_n(&call->fn, 0, __ATOMIC_RELEASE);
		}
		cpu_pause();
	}
}

static void start_others(void)
{
	apic_icr(0, ICR_OTHERS | ICR_INIT | ICR_ASSERT);
	delay_us(1000);
	apic_icr(0, ICR_OTHERS | ICR_SIPI | ICR_ASSERT | TRAMPOLINE >> 12);
}

unsigned smp_start_all(unsigned expected)
{
	uint64_t end;
	uint32_t root = (uint32_t)(uint64_t)paging_root;

	memcpy((void *)TRAMPOLINE, trampoline,
	       (size_t)(trampoline_end - trampoline));
	memcpy((void *)(TRAMPOLINE + (size_t)(trampoline_cr3 - trampoline)),
	       &root, sizeof(root));
	start_others();
	end = rdtsc() + PATIENCE_S * tsc_hz();
	while (smp_count < expected && rdtsc() < end) {
		cpu_pause();
	}
	if (smp_count == 1 && expected > 1) {
		/* docs/limits.md: seen twice, on a machine that had no time.
		 * The line is for whoever sees it again. */
		print("late: no VP started in %u s, INIT and SIPI are sent "
		      "again\n", PATIENCE_S);
		start_others();
		end = rdtsc() + PATIENCE_S * tsc_hz();
		while (smp_count < expected && rdtsc() < end) {
			cpu_pause();
		}
	}
	return smp_count;
}

bool smp_restart(unsigned number)
{
	uint32_t id = smp_locals[number].apic_id;
	unsigned before = smp_count;
	uint64_t end;

	apic_icr(id, ICR_INIT | ICR_ASSERT);
	delay_us(1000);
	calls[number].fn = 0;
	smp_ticket = number - 1;
	apic_icr(id, ICR_SIPI | ICR_ASSERT | TRAMPOLINE >> 12);
	end = rdtsc() + PATIENCE_S * tsc_hz();
	while (smp_count == before && rdtsc() < end) {
		cpu_pause();
	}
	return smp_count == before + 1;
}

void smp_call(unsigned number, void (*fn)(void *), void *arg)
{
	calls[number].arg = arg;
	__atomic_store_n(&calls[number].fn, fn, __ATOMIC_RELEASE);
}

bool smp_wait(unsigned number)
{
	uint64_t end = rdtsc() + PATIENCE_S * tsc_hz();

	while (calls[number].fn != 0) {
		if (rdtsc() > end) {
			return false;
		}
		cpu_pause();
	}
	return true;
}
