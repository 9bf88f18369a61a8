/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One LP around hv/vcpu/vmx: a VMCS for each VP, of which one is current; the
 * entry makes the processor's checks that the back end could fail, and plays
 * an exit that the test has prepared. The TLB remembers what was cached under
 * a VPID, and what by an EPT, until it is flushed as the processor would.
 */
#ifndef VMX_MACHINE_H
#define VMX_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/msr.h"
#include "abi/registers.h"
#include "cpu/id.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "vcpu/vmx/vmx.h"

#define VCPUS 6u
#define PARTITIONS 2u
#define VPIDS 5u
#define NOW 1000u
#define EPT(partition) (((partition) + 1) * 0x1000ull | VMX_EPT_POINTER)

struct vcpu_pages vcpu_pages[VCPUS];
struct nested_state nested_states[PARTITIONS];

extern const struct partition_config fake_configs[PARTITIONS]
	__asm__("partition_configs");
static const uint8_t msr_bitmap[1], msr_bitmap_apic[1];
const struct partition_config fake_configs[PARTITIONS] = {
	{ .gpa_bits = 40, .msr_bitmap = msr_bitmap,
	  .msr_bitmap_apic = msr_bitmap_apic }, { .gpa_bits = 40 }
};

static struct vcpu vcpus[VCPUS];
static struct vcpu *const vcpu = &vcpus[0];
static struct lp lp;
static volatile uint32_t requests;
static struct vcpu_exit seen;

static uint64_t vmcs[VCPUS][0x7000];
static uint32_t current;
static uint64_t now, dr6, cr2;
static unsigned entries, taken, nmis;
static bool refuses;
static uint32_t virtual_apic[1024] aligned_page;

/* What the guest does at its next entry. */
static struct {
	uint32_t reason, vectoring;
	uint64_t rip, rflags, rsp;
	uint64_t shadow;
	bool sets_cr8;
	uint8_t cr8;
	/* as they were found */
	uint64_t injected, error, timer;
} guest;

#ifdef CONFIG_VMX_APICV
static void run_virtual_apic(void);
#else
static void run_virtual_apic(void)
{
}
#endif

static uint64_t guest_memory[4];	/* at GPA 0x5000 */

uint64_t vmx_read(uint32_t field)
{
	assert_in_range(field, 0, 0x6fff);
	return vmcs[current][field];
}

void vmx_write(uint32_t field, uint64_t value)
{
	assert_in_range(field, 0, 0x6fff);
	/* What exits say cannot be written. */
	assert_true(field < 0x4400 || field > 0x440e);
	vmcs[current][field] = value;
}

uint64_t vmx_read_dr6(void)
{
	return dr6;
}

void vmx_write_dr6(uint64_t value)
{
	dr6 = value;
}

uint64_t vmx_read_cr2(void)
{
	return cr2;
}

void vmx_write_cr2(uint64_t value)
{
	cr2 = value;
}

void vmx_take_nmi(void)
{
	nmis++;
}

/* ---- the TLB ----------------------------------------------------------- */

static struct {
	bool used;
	uint32_t vcpu;
	uint64_t registers;		/* of the guest: CR0, CR3, CR4, EFER */
} linear[VPIDS];
static struct {
	bool used;
	uint64_t generation;		/* of the nested tables */
} nested[PARTITIONS];
static uint64_t registers[VCPUS];

void vmx_invalidate_ept(uint64_t pointer)
{
	for (uint32_t i = 0; i < PARTITIONS; i++) {
		if (pointer == EPT(i)) {
			nested[i].used = false;
		}
	}
	for (uint32_t i = 0; i < VPIDS; i++) {
		if (EPT(vcpus[linear[i].vcpu].partition) == pointer) {
			linear[i].used = false;
		}
	}
}

void vmx_invalidate_vpids(void)
{
	memset(linear, 0, sizeof(linear));
}

static void tlb_enter(uint32_t i)
{
	uint64_t vpid = vmx_read(VMCS_VPID);
	uint32_t p = vcpus[i].partition;

	assert_in_range(vpid, 1, VPIDS - 1);
	if (nested[p].used) {
		assert_int_equal(nested[p].generation,
				 nested_states[p].generation);
	}
	if (linear[vpid].used) {
		assert_int_equal(linear[vpid].vcpu, i);
		assert_int_equal(linear[vpid].registers, registers[i]);
	}
	nested[p].used = true;
	nested[p].generation = nested_states[p].generation;
	linear[vpid].used = true;
	linear[vpid].vcpu = i;
	linear[vpid].registers = registers[i];
}

/* ---- the processor ----------------------------------------------------- */

/* Of the checks of an entry, those that its caller decides (SDM3 26.2,
 * 26.3). */
static void check_entry(void)
{
	uint64_t event = vmx_read(VMCS_ENTRY_EVENT);
	uint64_t shadow = vmx_read(VMCS_SHADOW);
	unsigned type = event >> 8 & 7;

	assert_int_equal((vmx_read(VMCS_ENTRY) & VMX_ENTRY_WIDE) != 0,
			 (vmx_read(VMCS_EFER) & EFER_LMA) != 0);
	assert_true((vmx_read(VMCS_CR0) & CR0_NE) != 0);
	assert_true((vmx_read(VMCS_CR4) & CR4_VMXE) != 0);
	/* The TPR's threshold may not be above it. */
	assert_in_range(vmx_read(VMCS_TPR_THRESHOLD), 0,
			virtual_apic[VMX_APIC_TPR / 4] >> 4);
	if ((event & EVENT_WORD_VALID) == 0) {
		return;
	}
	if (type == EVENT_INTERRUPT) {
		assert_true((vmx_read(VMCS_RFLAGS) & RFLAGS_IF) != 0);
		assert_int_equal(shadow & VMX_SHADOW_INSN, 0);
	}
	if (type == EVENT_NMI) {
		assert_int_equal(event & 0xff, 2);
		assert_int_equal(shadow, 0);
	}
	if ((event & EVENT_WORD_ERROR) != 0) {
		assert_int_equal(type, EVENT_EXCEPTION);
		assert_true((vmx_read(VMCS_CR0) & CR0_PE) != 0);
	}
}

void vmx_enter(struct vcpu *v, struct vcpu_exit *exit,
	       const volatile uint32_t *requested,
	       const volatile uint32_t *attention, bool launched)
{
	uint64_t *control = vmcs[current];

	assert_ptr_equal(v, &vcpus[current]);
	assert_int_equal(launched, v->launched);
	assert_int_equal(lp.interruptible, LP_IN_GUEST);
	if ((*requested | *attention) != 0) {
		vmx_stay(v, exit, false);
		return;
	}
	if (refuses) {
		control[VMCS_INSN_ERROR] = 7;
		vmx_stay(v, exit, true);
		return;
	}
	entries++;
	check_entry();
	tlb_enter(current);
	guest.injected = control[VMCS_ENTRY_EVENT];
	guest.error = control[VMCS_ENTRY_ERROR];
	guest.timer = control[VMCS_TIMER];
	control[VMCS_ENTRY_EVENT] &= ~EVENT_WORD_VALID;
	control[VMCS_EXIT_REASON] = guest.reason;
	control[VMCS_VECTORING] = guest.vectoring;
	control[VMCS_RIP] = guest.rip;
	control[VMCS_RSP] = guest.rsp;
	control[VMCS_RFLAGS] = guest.rflags;
	control[VMCS_SHADOW] = guest.shadow;
	if (guest.sets_cr8) {
		virtual_apic[VMX_APIC_TPR / 4] = (uint32_t)guest.cr8 << 4;
	}
	run_virtual_apic();
	if ((guest.injected & EVENT_WORD_VALID) != 0 &&
	    (guest.injected >> 8 & 7) == EVENT_NMI) {
		control[VMCS_SHADOW] |= VMX_SHADOW_NMI;
	}
	vmx_leave(v, exit);
}

void regs_take_interrupts(void)
{
	taken++;
}

struct lp *lp_self(void)
{
	return &lp;
}

uint64_t tsc_read(void)
{
	return now;
}

/* ---- what the back end is linked with ---------------------------------- */

enum hv_err window_read(uint32_t partition, gpa_t from, void *to, size_t size)
{
	if (from.v != 0x5000 || size != sizeof(guest_memory)) {
		return HV_ERR_MMIO;
	}
	memcpy(to, guest_memory, size);
	return HV_OK;
}

enum hv_err vmx_start_lp(struct vcpu_features *f, const char **why)
{
	return HV_OK;
}

void vmx_reset(struct vcpu *v, const struct vp_state_config *state)
{
}

void vmx_start_context(struct vcpu *v, const struct vp_state_config *state)
{
}

void vmx_load(struct vcpu *v)
{
}

void vmx_save(struct vcpu *v)
{
}

void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	abort();
}

/* ---- help -------------------------------------------------------------- */

#define CODE_64 (VMX_RIGHTS_LONG | VMX_RIGHTS_PRESENT)
#define CODE_32 (VMX_RIGHTS_DEFAULT | VMX_RIGHTS_PRESENT)
#define CODE_16 VMX_RIGHTS_PRESENT

static void set_code(uint64_t rights, uint64_t efer)
{
	vmcs[current][VMCS_RIGHTS + 2 * SEGMENT_CS] = rights;
	vmx_set_efer(efer);
}

/* VCPU 0 in 64-bit code; the next entry ends with an interrupt. */
static int setup(void **state)
{
	(void)state;
	memset(vcpus, 0, sizeof(vcpus));
	memset(vmcs, 0, sizeof(vmcs));
	memset(nested_states, 0, sizeof(nested_states));
	memset(linear, 0, sizeof(linear));
	memset(nested, 0, sizeof(nested));
	memset(registers, 0, sizeof(registers));
	memset(&guest, 0, sizeof(guest));
	memset(&vcpu_features, 0, sizeof(vcpu_features));
	cpu_id_vendor = VENDOR_INTEL;
	vcpu_features.cr0_fixed = CR0_NE;
	vcpu_features.cr4_allowed = 0x772fff;
	vcpu_features.masked_max = 50;
	lp = (struct lp){
		.asid_count = VPIDS, .asid_next = VPIDS, .asid_generation = 1,
		.current_vp = 0, .host_state = (uint64_t)virtual_apic
	};
	memset(virtual_apic, 0, sizeof(virtual_apic));
	for (current = VCPUS; current-- > 0;) {
		vcpus[current].index = current;
		vcpus[current].partition = current % PARTITIONS;
		vcpus[current].rflags = RFLAGS_FIXED | RFLAGS_IF;
		vmcs[current][VMCS_EPT_POINTER] =
			EPT(vcpus[current].partition);
		/* No CR4 of this processor is to be looked at here. */
		vmcs[current][VMCS_CR0] = CR0_PE | CR0_NE;
		vmcs[current][VMCS_CR4] = CR4_VMXE;
		/* As after the tables were first restored. */
		vcpus[current].flush_seen = ~0ull;
		if (current == 0) {
			break;
		}
	}
	set_code(CODE_64, EFER_LMA | EFER_LME);
	guest.reason = VMX_EXIT_INTR;
	guest.rip = 0x1000;
	guest.rflags = RFLAGS_FIXED | RFLAGS_IF;
	vcpu->rip = 0x1000;
	now = NOW;
	dr6 = DR6_RESET;
	cr2 = 0;
	refuses = false;
	requests = 0;
	entries = taken = nmis = 0;
	return 0;
}

static void run(void)
{
	vcpu_run(vcpu, NOW + 100, &requests, &seen);
	assert_int_equal(lp.interruptible, LP_IN_HYPERVISOR);
}

static inline void run_exit(uint32_t reason, uint64_t qualification)
{
	guest.reason = reason;
	vmcs[current][VMCS_QUALIFICATION] = qualification;
	vmcs[current][VMCS_LENGTH] = 3;
	run();
}

#endif
