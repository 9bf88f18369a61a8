/* SPDX-License-Identifier: Apache-2.0 */
/* Access to the machine's local APIC (APM2 16.3 xAPIC, 16.9 x2APIC). */
#include "cpu/apic_regs.h"
#include "abi/msr.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"

#define APIC_BASE_X2 BIT(10)
#define APIC_BASE_ON BIT(11)
#define SVR_ON 0x100u
#define ICR_BUSY 0x1000u

/* All LPs are found in one mode: read once, on the first. */
static bool lapic_x2;

uint32_t lapic_read(uint32_t reg)
{
	if (lapic_x2) {
		return (uint32_t)regs_read_msr(MSR_X2APIC_FIRST + (reg >> 4));
	}
	return *(volatile uint32_t *)(LAPIC_BASE + reg);
}

void lapic_write(uint32_t reg, uint32_t value)
{
	if (lapic_x2) {
		regs_write_msr(MSR_X2APIC_FIRST + (reg >> 4), value);
	} else {
		*(volatile uint32_t *)(LAPIC_BASE + reg) = value;
	}
}

uint32_t lapic_id(void)
{
	uint32_t id = lapic_read(LAPIC_ID);

	return lapic_x2 ? id : id >> 24;
}

void lapic_send(uint32_t apic_id, uint32_t icr_low)
{
	if (lapic_x2) {
		/* WRMSR to the APIC does not order earlier stores. */
		regs_fence();
		regs_write_msr(MSR_X2APIC_FIRST + (LAPIC_ICR >> 4),
			       (uint64_t)apic_id << 32 | icr_low);
		return;
	}
	while ((lapic_read(LAPIC_ICR) & ICR_BUSY) != 0) {
		regs_pause();
	}
	lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	lapic_write(LAPIC_ICR, icr_low);
}

void lapic_start(void)
{
	uint64_t base = regs_read_msr(MSR_APIC_BASE);

	lapic_x2 = (base & APIC_BASE_X2) != 0;
	if (!lapic_x2) {
		base = (base & 0xfff) | LAPIC_BASE | APIC_BASE_ON;
		regs_write_msr(MSR_APIC_BASE, base);
	}
	lapic_write(LAPIC_SVR, SVR_ON | LP_VECTOR_SPURIOUS);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_LINT0, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_LINT1, 0x400);	/* NMI */
	lapic_write(LAPIC_LVT_ERROR, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_TIMER_DIVIDE, 0xb);	/* by 1 */
	/* Firmware may have left an interrupt in service. */
	for (unsigned i = 0; i < 8; i++) {
		lapic_eoi();
	}
}
