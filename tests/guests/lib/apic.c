/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's use of its local APIC: by page or by MSRs, as each VP chose. */
#include "guest.h"

#define APIC_PAGE 0xfee00000ull
#define APIC_BASE_ENABLE 0x800ull
#define APIC_BASE_X2 0x400ull

bool apic_is_x2(void)
{
	return (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2) != 0;
}

uint32_t apic_read(uint32_t offset)
{
	if (apic_is_x2()) {
		return (uint32_t)rdmsr(0x800 + (offset >> 4));
	}
	return *(volatile uint32_t *)(APIC_PAGE + offset);
}

void apic_write(uint32_t offset, uint32_t value)
{
	if (apic_is_x2()) {
		wrmsr(0x800 + (offset >> 4), value);
	} else {
		*(volatile uint32_t *)(APIC_PAGE + offset) = value;
	}
}

uint32_t apic_id(void)
{
	uint32_t id = apic_read(APIC_ID);

	return apic_is_x2() ? id : id >> 24;
}

void apic_icr(uint32_t destination, uint32_t low)
{
	if (apic_is_x2()) {
		wrmsr(0x830, (uint64_t)destination << 32 | low);
		return;
	}
	apic_write(APIC_ICR_HIGH, destination << 24);
	apic_write(APIC_ICR, low);
	while ((apic_read(APIC_ICR) & 0x1000) != 0) {
		cpu_pause();
	}
}

static void spurious(struct trap_frame *f)
{
	(void)f;
}

void apic_enable(bool want_x2)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	irq_handlers[0xff] = spurious;
	if (want_x2 && (cpuid(1, 0).ecx >> 21 & 1) != 0) {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2);
	} else if ((base & APIC_BASE_ENABLE) == 0) {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	}
	apic_write(APIC_SVR, 0x1ff);
	apic_write(APIC_TPR, 0);
	vp_local()->apic_id = apic_id();
	(void)apic_hz();		/* measuring uses the timer: now */
}

bool apic_has_deadline(void)
{
	return (cpuid(1, 0).ecx >> 24 & 1) != 0;
}
