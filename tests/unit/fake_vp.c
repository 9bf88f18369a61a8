/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual processors without a machine: see fake_vp.h. */
#include "fake_vp.h"

#include <assert.h>
#include <string.h>

#include "core/line.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/ioapic.h"

static const struct cpuid_config big_cpuids[] = {
	{ .leaf = 0 },
	/* Deadline forced, x2APIC allowed */
	{ .leaf = 1, .allow = { 0, 0, 1u << 21, 0 },
	  .force = { 0, 0, 1u << 24, 0 } },
	{ .leaf = 7 },
};

static const struct cpuid_config small_cpuids[] = {
	{ .leaf = 0, .allow = { 0, 0, 0xffffffff, 0 } },
	{ .leaf = 1, .allow = { 0xffffffff, 0xffffffff,
				~(1u << 21 | 1u << 24), 0xffffffff } },
};

const struct partition_config partition_configs[] = {
	{ .name = "big", .vp_first = 0, .vp_count = FAKE_BIG_VPS,
	  .gpa_bits = FAKE_BIG_GPA_BITS, .cpuids = big_cpuids,
	  .cpuid_count = ARRAY_COUNT(big_cpuids) },
	{ .name = "small", .vp_first = FAKE_BIG_VPS,
	  .vp_count = FAKE_SMALL_VPS, .gpa_bits = 48,
	  .cpuids = small_cpuids, .cpuid_count = ARRAY_COUNT(small_cpuids) },
};
const uint32_t partition_count = 2;

struct partition partition_table[2];
struct vp vp_table[FAKE_BIG_VPS + FAKE_SMALL_VPS];
uint64_t fake_host_tsc;
uint64_t fake_tsc_hz;
unsigned fake_unmasked[FAKE_LINES];
bool fake_unmasked_under_lock;

/* Where no back end is linked, not even the fake one. */
__attribute__((weak)) void vcpu_set_cr8(struct vcpu *vcpu, uint8_t cr8)
{
	vcpu->cr8 = cr8;
}

void fake_vp_reset(void)
{
	uint32_t index = 0;

	memset(partition_table, 0, sizeof(partition_table));
	memset(vp_table, 0, sizeof(vp_table));
	memset(fake_unmasked, 0, sizeof(fake_unmasked));
	fake_unmasked_under_lock = false;
	fake_host_tsc = 1000000;
	fake_tsc_hz = 2000000000;
	for (uint32_t p = 0; p < partition_count; p++) {
		partition_table[p].index = p;
		ioapic_reset(p);
		for (uint32_t n = 0; n < partition_configs[p].vp_count; n++) {
			struct vp *vp = &vp_table[index];

			vp->index = index++;
			vp->partition = p;
			vp->number = n;
			vp->synth.synic.timer_host = UINT64_MAX;
			apic_reset(vp);
		}
	}
}

void vp_request(struct vp *vp, uint32_t bits)
{
	vp->requests |= bits;
}

void vp_post_interrupt(struct vp *vp, uint8_t vector, bool level)
{
	uint64_t bit = 1ull << (vector & 63);

#ifdef CONFIG_VMX_APICV
	if (level) {
		vp->posted_level[vector >> 6] |= bit;
	} else {
		vp->posted[vector >> 6] |= bit;
	}
#else
	if (level) {
		vp->posted_level[vector >> 6] |= bit;
	} else {
		vp->posted_level[vector >> 6] &= ~bit;
	}
	vp->posted[vector >> 6] |= bit;
#endif
	vp_request(vp, VP_REQUEST_INTERRUPT);
}

struct vp *vp_of(uint32_t partition, uint32_t number)
{
	assert(number < partition_configs[partition].vp_count);
	return &vp_table[partition_configs[partition].vp_first + number];
}

uint64_t vp_guest_tsc(const struct vp *vp)
{
	return fake_host_tsc + vp->vcpu.tsc_offset;
}

uint64_t vp_host_tsc(const struct vp *vp, uint64_t guest_tsc)
{
	return guest_tsc - vp->vcpu.tsc_offset;
}

uint64_t tsc_hz(void)
{
	return fake_tsc_hz;
}

uint32_t line_of_pin(uint32_t partition, uint32_t pin)
{
	return partition == FAKE_BIG && pin < FAKE_LINES ? pin : CONFIG_NONE;
}

void line_unmask(uint32_t line)
{
	assert(line < FAKE_LINES);
	fake_unmasked[line]++;
	for (uint32_t p = 0; p < partition_count; p++) {
		fake_unmasked_under_lock |=
			spinlock_is_taken(&partition_table[p].ioapic.lock);
	}
}
