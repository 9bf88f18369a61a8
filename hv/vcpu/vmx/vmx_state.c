/* SPDX-License-Identifier: Apache-2.0 */
/* A VP's state: how it starts, and how it goes onto and off an LP. */
#include "abi/msr.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "cpu/trap.h"
#include "lib/string.h"
#include "vcpu/vmx/vmx.h"

#define FRESH_INIT 1
#define FRESH_CONFIG 2

/*
 * What is 0 in a new VMCS, and written all the same: a page of zeros is none
 * to a processor that keeps its fields in a form of its own (SDM3 24.2).
 */
static const uint16_t vmx_zeros[] = {
	VMCS_HOST_ES, VMCS_HOST_DS, VMCS_HOST_FS, VMCS_HOST_GS,
	VMCS_HOST_SYSENTER_CS, VMCS_HOST_SYSENTER_ESP, VMCS_HOST_SYSENTER_EIP,
	VMCS_HOST_FS_BASE, VMCS_FAULT_MASK, VMCS_FAULT_MATCH,
	VMCS_CR3_TARGET_COUNT, VMCS_EXIT_STORE_COUNT, VMCS_EXIT_LOAD_COUNT,
	VMCS_ENTRY_LOAD_COUNT, VMCS_ENTRY_EVENT, VMCS_ENTRY_ERROR,
	VMCS_ENTRY_LENGTH, VMCS_TPR_THRESHOLD, VMCS_DEBUGCTL, VMCS_SHADOW,
	VMCS_ACTIVITY, VMCS_PENDING_DEBUG, VMCS_SYSENTER_CS,
	VMCS_SYSENTER_ESP, VMCS_SYSENTER_EIP, VMCS_CR3, VMCS_GDTR_BASE,
	VMCS_IDTR_BASE
};

/* What the processor comes back to: this LP's, the same for each exit. */
static void vmx_make_host(void)
{
	const struct lp *lp = lp_self();

	vmx_write(VMCS_HOST_CR0, regs_read_cr0());
	vmx_write(VMCS_HOST_CR3, regs_read_cr3());
	vmx_write(VMCS_HOST_CR4, regs_read_cr4());
	vmx_write(VMCS_HOST_EFER, regs_read_msr(MSR_EFER));
	vmx_write(VMCS_HOST_PAT, regs_read_msr(MSR_PAT));
	vmx_write(VMCS_HOST_CS, TRAP_SELECTOR_CODE);
	vmx_write(VMCS_HOST_SS, TRAP_SELECTOR_DATA);
	vmx_write(VMCS_HOST_TR, TRAP_SELECTOR_TSS);
	vmx_write(VMCS_HOST_GS_BASE, (uint64_t)lp);
	vmx_write(VMCS_HOST_TR_BASE, (uint64_t)lp_tables[lp->index].tss);
	vmx_write(VMCS_HOST_GDTR_BASE, (uint64_t)lp_tables[lp->index].gdt);
	vmx_write(VMCS_HOST_IDTR_BASE, trap_table_base());
	vmx_write(VMCS_HOST_RIP, (uint64_t)vmx_enter_left);
}

static void vmx_make_control(const struct vcpu *vcpu)
{
	const struct partition_config *p = &partition_configs[vcpu->partition];
	const uint32_t *control = vcpu_features.control;

	vmx_write(VMCS_PIN, control[VMX_PIN]);
	vmx_write(VMCS_PROC, control[VMX_PROC]);
	vmx_write(VMCS_PROC2, control[VMX_PROC2]);
	vmx_write(VMCS_EXIT, control[VMX_EXIT]);
	vmx_write(VMCS_EXCEPTIONS, VCPU_EXCEPTIONS);
	/* 12 KiB of AMD's form begin with Intel's two bitmaps. */
	vmx_write(VMCS_IO_BITMAP_A, (uint64_t)p->iopm);
	vmx_write(VMCS_IO_BITMAP_B, (uint64_t)p->iopm + PAGE_SIZE);
	vmx_write(VMCS_MSR_BITMAP, (uint64_t)p->msr_bitmap);
	vmx_write(VMCS_EPT_POINTER, nested_root(vcpu->partition).v |
				    VMX_EPT_POINTER);
	/* The LP's; the loaded VP's while that is in its guest. */
	vmx_write(VMCS_VIRTUAL_APIC, lp_self()->host_state);
	vmx_write(VMCS_LINK, ~0ull);
}

static void vmx_make_registers(const struct vcpu *vcpu,
			       const struct vp_state_config *state)
{
	const struct segment_config *segments =
		state != NULL ? state->segment : vcpu_segments_reset;

	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		vmx_set_segment(vcpu, (enum segment_name)i, &segments[i]);
	}
	vmx_write(VMCS_GDTR_LIMIT, 0xffff);
	vmx_write(VMCS_IDTR_LIMIT, 0xffff);
	vmx_write(VMCS_PAT, PAT_RESET);
	vmx_write(VMCS_DR7, DR7_RESET);
	if (state == NULL) {
		vmx_set_cr(CR0_ET, 0);
		vmx_set_efer(0);
		return;
	}
	vmx_set_cr(state->cr0 | CR0_ET, state->cr4);
	vmx_set_efer(state->efer);
	vmx_write(VMCS_CR3, state->cr3);
	vmx_write(VMCS_GDTR_BASE, state->gdtr_base);
	vmx_write(VMCS_GDTR_LIMIT, state->gdtr_limit);
	vmx_write(VMCS_IDTR_BASE, state->idtr_base);
	vmx_write(VMCS_IDTR_LIMIT, state->idtr_limit);
}

/*
 * A new VMCS in the old one's place. The first VMCLEAR takes out of the
 * processor what it may have of the old one, the second begins the new one.
 */
static void vmx_make(struct vcpu *vcpu, uint8_t page[PAGE_SIZE],
		     const struct vp_state_config *state)
{
	vmx_clear(page);
	memset(page, 0, PAGE_SIZE);
	memcpy(page, &vcpu_features.revision, sizeof(vcpu_features.revision));
	vmx_clear(page);
	vmx_make_current(page);
	for (unsigned i = 0; i < ARRAY_COUNT(vmx_zeros); i++) {
		vmx_write(vmx_zeros[i], 0);
	}
	vmx_make_host();
	vmx_make_control(vcpu);
	vmx_make_registers(vcpu, state);
	vcpu->fresh = 0;
}

/* Only notes it: another LP's VMCS is not to be touched. */
void vmx_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	vcpu->fresh = state == NULL ? FRESH_INIT : FRESH_CONFIG;
	vcpu->dr6 = DR6_RESET;
}

/* Now: nobody keeps the state. */
void vmx_start_context(struct vcpu *vcpu, const struct vp_state_config *state)
{
	vmx_make(vcpu, vcpu_pages[vcpu->index].control, state);
	if (vmx_load_pdptes(vcpu, state->cr3) != HV_OK) {
		/* None is there: its first fetch ends the partition. */
		for (uint32_t i = 0; i < 4; i++) {
			vmx_write(VMCS_PDPTE0 + 2 * i, 0);
		}
	}
}

void vmx_load(struct vcpu *vcpu)
{
	uint8_t *page = vcpu_pages[vcpu->index].control;

	if (vcpu_features.flush_l1d) {
		regs_write_msr(MSR_FLUSH_CMD, 1);
	}
	if (vcpu_features.clear_buffers) {
		const uint16_t selector = TRAP_SELECTOR_DATA;

		__asm__ volatile("verw %0" : : "m"(selector) : "cc");
	}
	if (vcpu->fresh != 0) {
		vmx_make(vcpu, page, vcpu->fresh == FRESH_CONFIG ?
				     vp_configs[vcpu->index].state : NULL);
	} else {
		vmx_make_current(page);
	}
	vmx_set_cr8(vcpu);
	vmx_write_cr2(vcpu->cr2);
	vmx_write_dr6(vcpu->dr6);
	for (unsigned i = 0; i < VCPU_MSR_COUNT; i++) {
		regs_write_msr(vmx_msrs[i], vcpu->msrs[i]);
	}
}

void vmx_save(struct vcpu *vcpu)
{
	vcpu->cr2 = vmx_read_cr2();
	vcpu->dr6 = vmx_read_dr6();
	for (unsigned i = 0; i < VCPU_MSR_COUNT; i++) {
		vcpu->msrs[i] = regs_read_msr(vmx_msrs[i]);
	}
}
