/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Intel back end's functions, which vcpu.c calls. Same names and order in
 * every back end.
 *
 * A VMCS belongs to its VP's LP for good, and is that LP's current one while
 * the VP is loaded; whatever reads or writes one is called only then. Another
 * LP, which makes a VP anew, leaves a note (vcpu->fresh) for the next load.
 */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include "abi/msr.h"
#include "cpu/log.h"
#include "vcpu/vcpu_state.h"
#include "vcpu/vmx/vmcs.h"

_Static_assert(offsetof(struct vcpu, gpr) == 0, "vmx_enter.S");

/* Registers of the processor that hold the loaded VP's value. */
#ifdef HOST_TEST
uint64_t vmx_read(uint32_t field);
void vmx_write(uint32_t field, uint64_t value);
uint64_t vmx_read_dr6(void);
void vmx_write_dr6(uint64_t value);
uint64_t vmx_read_cr2(void);
void vmx_write_cr2(uint64_t value);
void vmx_take_nmi(void);
bool vmx_switch_on(const void *page) must_use;
void vmx_clear(const void *page);
void vmx_make_current(const void *page);
#else
static inline uint64_t vmx_read(uint32_t field)
{
	uint64_t value;

	__asm__ volatile("vmread %1, %0" : "=r"(value) : "r"((uint64_t)field)
			 : "cc");
	return value;
}

static inline void vmx_write(uint32_t field, uint64_t value)
{
	__asm__ volatile("vmwrite %1, %0" : : "r"((uint64_t)field), "r"(value)
			 : "cc");
}

static inline uint64_t vmx_read_dr6(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr6, %0" : "=r"(value));
	return value;
}

static inline void vmx_write_dr6(uint64_t value)
{
	__asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

static inline uint64_t vmx_read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline void vmx_write_cr2(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr2" : : "r"(value));
}

/* The exit has taken it, and holds the next ones off: its handler runs now,
 * whose IRET lets them in again (SDM3 27.5.1, 6.7.1). */
static inline void vmx_take_nmi(void)
{
	__asm__ volatile("int $2" : : : "memory");
}

/* VMXON; false: the processor refuses. */
static inline must_use bool vmx_switch_on(const void *page)
{
	uint64_t at = (uint64_t)page;
	bool failed;

	__asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(at) : "memory");
	return !failed;
}

static inline void vmx_clear(const void *page)
{
	uint64_t at = (uint64_t)page;
	bool failed;

	__asm__ volatile("vmclear %1" : "=@ccbe"(failed) : "m"(at) : "memory");
	CHECK(!failed);
}

static inline void vmx_make_current(const void *page)
{
	uint64_t at = (uint64_t)page;
	bool failed;

	__asm__ volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(at)
			 : "memory");
	CHECK(!failed);
}
#endif

/* The guest's TPR as the processor knows it, where there is a TPR shadow. */
static inline uint32_t *vmx_tpr(const struct lp *lp)
{
	return (uint32_t *)(lp->host_state + VMX_APIC_TPR);
}

/* vmx_start.c */
enum hv_err vmx_start_lp(struct vcpu_features *f,
			 const char **why) must_use;

/* vmx_state.c */
void vmx_reset(struct vcpu *vcpu, const struct vp_state_config *state);
void vmx_start_context(struct vcpu *vcpu, const struct vp_state_config *state);
void vmx_load(struct vcpu *vcpu);
void vmx_save(struct vcpu *vcpu);

/* vmx_run.c */
void vmx_run(struct vcpu *vcpu, uint64_t deadline,
	     const volatile uint32_t *requests, struct vcpu_exit *exit);
void vmx_leave(struct vcpu *vcpu, struct vcpu_exit *exit);
void vmx_stay(struct vcpu *vcpu, struct vcpu_exit *exit, bool refused);

/* vmx_exit.c */
void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit, uint32_t reason);

/* vmx_event.c */
static inline void vmx_end_shadow(const struct vcpu *vcpu)
{
	uint64_t shadow = vmx_read(VMCS_SHADOW);

	(void)vcpu;
	if ((shadow & VMX_SHADOW_INSN) != 0) {
		vmx_write(VMCS_SHADOW, shadow & ~(uint64_t)VMX_SHADOW_INSN);
	}
}
/* DR6.BS: a single step was done. */
static inline void vmx_note_step(const struct vcpu *vcpu)
{
	(void)vcpu;
	vmx_write_dr6(vmx_read_dr6() | BIT(14));
}
bool vmx_is_shadowed(const struct vcpu *vcpu) must_use;
void vmx_request_window(struct vcpu *vcpu, uint8_t vector);
void vmx_cancel_window(struct vcpu *vcpu);
void vmx_set_cr8(const struct vcpu *vcpu);
#ifdef CONFIG_VMX_APICV
bool vmx_has_apic(const struct vcpu *vcpu) must_use;
void vmx_give_apic(struct vcpu *vcpu, const struct vcpu_apic *apic);
bool vmx_take_apic(struct vcpu *vcpu, struct vcpu_apic *apic) must_use;
#endif
void vmx_mask_nmi(const struct vcpu *vcpu, bool mask);
bool vmx_is_nmi_masked(const struct vcpu *vcpu) must_use;

/* vmx_regs.c */
extern const uint32_t vmx_msrs[VCPU_MSR_COUNT];
void vmx_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode);
static inline bool vmx_is_wide_kernel(const struct vcpu *vcpu)
{
	(void)vcpu;
	return (vmx_read(VMCS_RIGHTS + 2 * SEGMENT_CS) & VMX_RIGHTS_LONG) !=
	       0 && (vmx_read(VMCS_EFER) & EFER_LMA) != 0 &&
	       (vmx_read(VMCS_RIGHTS + 2 * SEGMENT_SS) >> 5 & 3) == 0;
}
static inline uint64_t vmx_get_cr4(const struct vcpu *vcpu)
{
	(void)vcpu;
	return vmx_read(VMCS_CR4_SEEN);
}
void vmx_set_cr(uint64_t cr0, uint64_t cr4);
void vmx_set_efer(uint64_t efer);
void vmx_get_segment(const struct vcpu *vcpu, enum segment_name name,
		     struct segment_config *segment);
void vmx_set_segment(const struct vcpu *vcpu, enum segment_name name,
		     const struct segment_config *segment);
enum hv_err vmx_load_pdptes(const struct vcpu *vcpu, uint64_t cr3) must_use;
enum hv_err vmx_get_register(const struct vcpu *vcpu, uint32_t name,
			     uint64_t *value) must_use;
enum hv_err vmx_set_register(struct vcpu *vcpu, uint32_t name,
			     uint64_t value) must_use;

/*
 * vmx_enter.S: the world switch. Interrupts are off. Goes on to vmx_leave();
 * to vmx_stay() if *requests or *attention is not 0, of which none, set before
 * or by an NMI, is missed, or if the processor has refused.
 */
void vmx_enter(struct vcpu *vcpu, struct vcpu_exit *exit,
	       const volatile uint32_t *requests,
	       const volatile uint32_t *attention, bool launched);
extern const uint8_t vmx_enter_begin[], vmx_enter_end[], vmx_enter_not[],
	vmx_enter_left[];

#endif
