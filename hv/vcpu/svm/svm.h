/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AMD back end's functions, which vcpu.c calls. Same names and order in
 * every back end.
 */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include "abi/msr.h"
#include "vcpu/svm/vmcb.h"
#include "vcpu/vcpu_state.h"

_Static_assert(offsetof(struct vcpu, gpr) == 0, "svm_enter.S");

static inline struct vmcb *svm_vmcb(const struct vcpu *vcpu)
{
	return (struct vmcb *)vcpu_pages[vcpu->index].control;
}

/* In 64-bit code? */
static inline bool svm_is_wide(const struct vmcb *vmcb)
{
	return (vmcb->cs.attributes & SVM_CS_LONG) != 0 &&
	       (vmcb->efer & EFER_LMA) != 0;
}

/* svm_start.c */
enum hv_err svm_start_lp(struct vcpu_features *f,
			const char **why) must_use;

/* svm_state.c */
void svm_reset(struct vcpu *vcpu, const struct vp_state_config *state);

/* svm_run.c */
void svm_run(struct vcpu *vcpu, uint64_t deadline,
	     const volatile uint32_t *requests, struct vcpu_exit *exit);
void svm_leave(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit);

/* svm_exit.c */
void svm_decode(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit);

/* svm_event.c */
static inline void svm_end_shadow(const struct vcpu *vcpu)
{
	svm_vmcb(vcpu)->shadow = 0;
}
/* DR6.BS: a single step was done. */
static inline void svm_note_step(const struct vcpu *vcpu)
{
	svm_vmcb(vcpu)->dr6 |= BIT(14);
}
bool svm_is_shadowed(const struct vcpu *vcpu) must_use;
void svm_request_window(struct vcpu *vcpu, uint8_t vector);
void svm_cancel_window(struct vcpu *vcpu);
void svm_set_cr8(struct vcpu *vcpu);
void svm_mask_nmi(struct vcpu *vcpu, bool mask);
bool svm_is_nmi_masked(const struct vcpu *vcpu) must_use;

/* svm_regs.c */
void svm_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode);
static inline bool svm_is_wide_kernel(const struct vcpu *vcpu)
{
	return svm_is_wide(svm_vmcb(vcpu)) && svm_vmcb(vcpu)->cpl == 0;
}
static inline uint64_t svm_get_cr4(const struct vcpu *vcpu)
{
	return svm_vmcb(vcpu)->cr4;
}
void svm_get_segment(const struct vcpu *vcpu, enum segment_name name,
		     struct segment_config *segment);
void svm_set_segment(const struct vcpu *vcpu, enum segment_name name,
		     const struct segment_config *segment);
enum hv_err svm_get_register(const struct vcpu *vcpu, uint32_t name,
			     uint64_t *value) must_use;
enum hv_err svm_set_register(struct vcpu *vcpu, uint32_t name,
			     uint64_t value) must_use;

/*
 * svm_enter.S: the world switch; interrupts held off (GIF 0) by the caller,
 * on again (but for RFLAGS) when it goes on to svm_leave().
 */
void svm_enter(struct vcpu *vcpu, struct vmcb *vmcb, struct vcpu_exit *exit,
	       uint64_t host_state);

#endif
