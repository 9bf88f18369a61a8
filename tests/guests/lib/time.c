/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's time: frequencies, delays, one timer by absolute TSC. */
#include "guest.h"

uint64_t start_tsc;

static uint64_t tsc_hz_known;
static uint64_t apic_hz_known;

bool hv_present(void)
{
	struct cpuid r;

	if ((cpuid(1, 0).ecx >> 31) == 0) {
		return false;
	}
	r = cpuid(0x40000000, 0);
	return r.ebx == 0x7263694d && r.ecx == 0x666f736f
		&& r.edx == 0x76482074;
}

/* Without a hypervisor: against the PIT's channel 2, 20 ms. */
static uint64_t measure_tsc(void)
{
	uint64_t begin;
	const uint32_t count = 1193182 / 50;

	outb(0x61, (uint8_t)((inb(0x61) & ~2u) | 1u));
	outb(0x43, 0xb0);
	outb(0x42, (uint8_t)count);
	outb(0x42, (uint8_t)(count >> 8));
	begin = rdtsc();
	while ((inb(0x61) & 0x20) == 0) {
	}
	return (rdtsc() - begin) * 50;
}

uint64_t tsc_hz(void)
{
	if (tsc_hz_known == 0) {
		tsc_hz_known = hv_present() ? rdmsr(MSR_HV_TSC_FREQUENCY)
			: measure_tsc();
	}
	return tsc_hz_known;
}

static uint64_t measure_apic(void)
{
	uint64_t end = rdtsc() + tsc_hz() / 100;

	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
	while (rdtsc() < end) {
	}
	return (uint64_t)(0xffffffff - apic_read(APIC_TIMER_CURRENT)) * 100;
}

uint64_t apic_hz(void)
{
	if (apic_hz_known == 0) {
		apic_hz_known = hv_present() ? rdmsr(MSR_HV_APIC_FREQUENCY)
			: measure_apic();
	}
	return apic_hz_known;
}

void delay_us(uint64_t us)
{
	uint64_t end = rdtsc() + tsc_from_us(us);

	while (rdtsc() < end) {
		cpu_pause();
	}
}

void timer_arm_tsc(uint8_t vector, uint64_t deadline)
{
	uint64_t now;
	uint64_t hz = apic_hz();
	uint64_t count = 1;

	if (apic_has_deadline()) {
		apic_write(APIC_LVT_TIMER, APIC_TIMER_DEADLINE | vector);
		wrmsr(MSR_TSC_DEADLINE, deadline);
		return;
	}
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | vector);
	now = rdtsc();
	if (deadline > now) {
		count = (deadline - now) / 1000 * (hz / 1000)
			/ (tsc_hz() / 1000) * 1000
			+ (deadline - now) % 1000 * (hz / 1000)
			/ (tsc_hz() / 1000) + 1;
	}
	apic_write(APIC_TIMER_INITIAL,
		   count > 0xffffffff ? 0xffffffff : (uint32_t)count);
}
