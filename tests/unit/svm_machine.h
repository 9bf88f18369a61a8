/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One LP around hv/vcpu/svm: the world switch plays an exit that the test
 * has prepared, with a TLB that remembers whatever was cached under an ASID
 * until it is flushed as the processor would. Fetches find what the test
 * says.
 */
#ifndef SVM_MACHINE_H
#define SVM_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/registers.h"
#include "cpu/id.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "mem/hvmap.h"
#include "vcpu/fetch.h"
#include "vcpu/svm/svm.h"

#define VCPUS 6u
#define PARTITIONS 2u
#define ASIDS 5u

struct vcpu_pages vcpu_pages[VCPUS];
struct nested_state nested_states[PARTITIONS];

static struct vcpu vcpus[VCPUS];
static struct vcpu *const vcpu = &vcpus[0];
static struct vmcb *const vmcb = (struct vmcb *)vcpu_pages[0].control;
static struct lp lp;
static volatile uint32_t requests;
static struct vcpu_exit seen;

static bool gif, timer_is_late;
static unsigned entries, armed, taken;

/* What the guest does at its next entry. */
static struct {
	uint64_t code, info1, info2, event, next_rip;
	uint64_t rip, rflags;
	uint64_t shadow;
	uint8_t cr8;
	uint64_t injected;		/* EVENTINJ as it was found */
	uint64_t rflags_found;
} guest;

/* What a fetch at RIP finds; not HV_OK: nothing. */
static enum hv_err fetch_result;
static struct insn fetched;
static unsigned fetches;

/* ---- the TLB ----------------------------------------------------------- */

static struct {
	bool used;
	uint32_t vcpu;
	uint64_t generation;		/* of the nested tables */
	uint64_t registers;		/* of the guest: CR0, CR4, EFER */
} tlb[ASIDS];
static uint64_t registers[VCPUS];
static bool tlb_fails;			/* VMRUN refuses before it flushes */

static void tlb_enter(const struct vmcb *control)
{
	uint32_t i = (uint32_t)(control - (struct vmcb *)vcpu_pages) / 2;
	uint32_t asid = control->asid;
	uint64_t generation = nested_states[vcpus[i].partition].generation;

	assert_in_range(asid, 1, ASIDS - 1);
	if (tlb_fails) {
		return;
	}
	if (control->tlb_control != SVM_TLB_NONE) {
		memset(tlb, 0, sizeof(tlb));
	}
	if (tlb[asid].used) {
		assert_int_equal(tlb[asid].vcpu, i);
		assert_int_equal(tlb[asid].generation, generation);
		assert_int_equal(tlb[asid].registers, registers[i]);
	}
	tlb[asid].used = true;
	tlb[asid].vcpu = i;
	tlb[asid].generation = generation;
	tlb[asid].registers = registers[i];
}

/* ---- the processor ----------------------------------------------------- */

void svm_enter(struct vcpu *v, struct vmcb *control, struct vcpu_exit *exit,
	       uint64_t host_state)
{
	assert_false(gif);
	assert_int_equal(lp.interruptible, LP_IN_GUEST);
	assert_int_equal(host_state, lp.host_state);
	entries++;
	tlb_enter(control);
	guest.injected = control->event;
	guest.rflags_found = control->rflags;
	control->exit_code = guest.code;
	control->exit_info1 = guest.info1;
	control->exit_info2 = guest.info2;
	control->exit_event = guest.event;
	control->next_rip = guest.next_rip;
	control->shadow = guest.shadow;
	control->rip = guest.rip;
	control->rflags = guest.rflags;
	control->interrupt = (control->interrupt & ~SVM_V_TPR) | guest.cr8;
	gif = true;
	svm_leave(v, control, exit);
}

void regs_gif_off(void)
{
	assert_true(gif);
	gif = false;
}

void regs_gif_on(void)
{
	assert_false(gif);
	gif = true;
}

void regs_take_interrupts(void)
{
	assert_true(gif);
	taken++;
}

struct lp *lp_self(void)
{
	return &lp;
}

bool lp_arm_timer(uint64_t deadline)
{
	armed++;
	if (!timer_is_late) {
		lp.timer_armed = deadline;
	}
	return !timer_is_late;
}

/* ---- what the back end is linked with ---------------------------------- */

enum hv_err fetch_length(struct vcpu *v, uint32_t kinds, uint32_t *length)
{
	fetches++;
	if (fetch_result == HV_OK && (kinds & FETCH_KIND(fetched.kind)) == 0) {
		return HV_ERR_UNSUPPORTED;
	}
	*length = fetched.length;
	return fetch_result;
}

enum hv_err fetch_insn_in(const struct vcpu *v, const struct vcpu_mode *mode,
			  uint32_t kinds, struct insn *insn)
{
	*insn = fetched;
	return (kinds & FETCH_KIND(fetched.kind)) != 0 ? fetch_result
						       : HV_ERR_UNSUPPORTED;
}

struct hvmap_peek hvmap_peek(unsigned slot)
{
	return (struct hvmap_peek){ 0 };
}

uint64_t hvmap_peek_load64(const struct hvmap_peek *peek,
			   const struct hvmap_spot *spot)
{
	abort();
}

void hvmap_peek_close(const struct hvmap_peek *peek)
{
}

enum hv_err svm_start_lp(struct vcpu_features *f, const char **why)
{
	return HV_OK;
}

void svm_reset(struct vcpu *v, const struct vp_state_config *state)
{
}

void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	abort();
}

/* ---- help -------------------------------------------------------------- */

static void set_code(uint16_t attributes, uint64_t efer)
{
	vmcb->cr0 = CR0_PE;
	vmcb->cs.attributes = attributes;
	vmcb->efer = efer | EFER_SVME;
}

#define CODE_64 SVM_CS_LONG
#define CODE_32 SVM_CS_DEFAULT
#define CODE_16 0

/* VCPU 0 in 64-bit code; the next entry ends with an interrupt. */
static int setup(void **state)
{
	(void)state;
	memset(vcpus, 0, sizeof(vcpus));
	memset(vcpu_pages, 0, sizeof(vcpu_pages));
	memset(nested_states, 0, sizeof(nested_states));
	memset(tlb, 0, sizeof(tlb));
	memset(registers, 0, sizeof(registers));
	memset(&guest, 0, sizeof(guest));
	memset(&vcpu_features, 0, sizeof(vcpu_features));
	memset(&fetched, 0, sizeof(fetched));
	for (uint32_t i = 0; i < VCPUS; i++) {
		vcpus[i].index = i;
		vcpus[i].partition = i % PARTITIONS;
	}
	cpu_id_vendor = VENDOR_AMD;
	lp = (struct lp){
		.asid_count = ASIDS, .asid_next = ASIDS, .asid_generation = 1,
		.timer_armed = 100, .current_vp = 0, .host_state = 0x5000
	};
	set_code(CODE_64, EFER_LMA | EFER_LME);
	guest.code = SVM_EXIT_INTR;
	guest.rip = 0x1000;
	guest.rflags = RFLAGS_FIXED | RFLAGS_IF;
	vcpu->rip = 0x1000;
	vcpu->rflags = guest.rflags;
	gif = true;
	timer_is_late = tlb_fails = false;
	requests = 0;
	entries = armed = taken = fetches = 0;
	fetch_result = HV_ERR_UNSUPPORTED;
	return 0;
}

static void run(void)
{
	vcpu_run(vcpu, 100, &requests, &seen);
	assert_true(gif);
	assert_int_equal(lp.interruptible, LP_IN_HYPERVISOR);
}

static inline void run_exit(uint64_t code)
{
	guest.code = code;
	run();
}

#endif
