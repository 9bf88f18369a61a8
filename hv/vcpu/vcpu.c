/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract's functions: what is the same for all back ends is done here,
 * the rest is one call to the processor's own, chosen by a branch.
 */
#include "vcpu/vcpu.h"

#include "abi/msr.h"
#include "abi/registers.h"
#include "cpu/id.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/string.h"
#include "vcpu/svm/svm.h"
#include "vcpu/vmx/vmx.h"

/* LPs come one after another: the first one's features are all's. */
static bool vcpu_is_same(const struct vcpu_features *f)
{
	static bool known;

	if (!known) {
		known = true;
		memcpy(&vcpu_features, f, sizeof(*f));
	}
	return memcmp(&vcpu_features, f, sizeof(*f)) == 0;
}

enum hv_err vcpu_start_lp(const char **why)
{
	struct vcpu_features f;
	enum hv_err err;

	memset(&f, 0, sizeof(f));
	vcpu_state_start(&f);
	err = cpu_id_is_intel() ? vmx_start_lp(&f, why)
				: svm_start_lp(&f, why);
	if (err == HV_OK && !vcpu_is_same(&f)) {
		*why = "its features are not those of the first one";
		err = HV_ERR_UNSUPPORTED;
	}
	return err;
}

void vcpu_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	vcpu_state_reset(vcpu, state);
	if (cpu_id_is_intel()) {
		vmx_reset(vcpu, state);
	} else {
		svm_reset(vcpu, state);
	}
}

void vcpu_start_sipi(struct vcpu *vcpu, uint8_t vector)
{
	const struct segment_config code = {
		.base = (uint64_t)vector << 12, .limit = 0xffff,
		.selector = (uint16_t)(vector << 8), .attributes = 0x9b
	};

	if (cpu_id_is_intel()) {
		vmx_set_segment(vcpu, SEGMENT_CS, &code);
	} else {
		svm_set_segment(vcpu, SEGMENT_CS, &code);
	}
	vcpu->rip = 0;
}

void vcpu_load(struct vcpu *vcpu)
{
	vcpu_state_load(vcpu);
	if (cpu_id_is_intel()) {
		vmx_load(vcpu);
	}
}

void vcpu_start_context(struct vcpu *vcpu, const struct vp_state_config *state)
{
	vcpu_reset(vcpu, state);
	if (cpu_id_is_intel()) {
		vmx_start_context(vcpu, state);
	}
	vcpu_load(vcpu);
}

void vcpu_save(struct vcpu *vcpu)
{
	vcpu_state_save(vcpu);
	if (cpu_id_is_intel()) {
		vmx_save(vcpu);
	}
}

bool vcpu_is_loaded(const struct vcpu *vcpu)
{
	return lp_self()->current_vp == vcpu->index;
}

void vcpu_run(struct vcpu *vcpu, uint64_t deadline,
	      const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	if (cpu_id_is_intel()) {
		vmx_run(vcpu, deadline, requests, exit);
	} else {
		svm_run(vcpu, deadline, requests, exit);
	}
}

static void vcpu_end_shadow(struct vcpu *vcpu)
{
	if (cpu_id_is_intel()) {
		vmx_end_shadow(vcpu);
	} else {
		svm_end_shadow(vcpu);
	}
}

/* Outside 64-bit code RIP wraps at its width (APM2 2.1.2). */
static __attribute__((noinline)) void vcpu_wrap_rip(struct vcpu *vcpu)
{
	struct vcpu_mode mode;

	vcpu_get_mode(vcpu, &mode);
	if (mode.code_bits == 32) {
		vcpu->rip = (uint32_t)vcpu->rip;
	} else if (mode.code_bits == 16) {
		vcpu->rip = (uint16_t)vcpu->rip;
	}
}

static __attribute__((noinline)) void vcpu_advance_flags(struct vcpu *vcpu)
{
	if ((vcpu->rflags & RFLAGS_TF) != 0) {
		if (cpu_id_is_intel()) {
			vmx_note_step(vcpu);
		} else {
			svm_note_step(vcpu);
		}
		vcpu_inject_exception(vcpu, VECTOR_DB, false, 0);
	}
	vcpu->rflags &= ~RFLAGS_RF;
}

/* No carry into bit 16: nothing to wrap in any mode. */
void vcpu_advance(struct vcpu *vcpu, uint32_t length)
{
	uint64_t from = vcpu->rip;

	vcpu->rip = from + length;
	vcpu_end_shadow(vcpu);
	if ((from ^ vcpu->rip) >> 16 != 0) {
		vcpu_wrap_rip(vcpu);
	}
	if ((vcpu->rflags & (RFLAGS_TF | RFLAGS_RF)) != 0) {
		vcpu_advance_flags(vcpu);
	}
}

static bool vcpu_is_shadowed(const struct vcpu *vcpu)
{
	return cpu_id_is_intel() ? vmx_is_shadowed(vcpu)
				 : svm_is_shadowed(vcpu);
}

bool vcpu_can_interrupt(const struct vcpu *vcpu)
{
	return (vcpu->rflags & RFLAGS_IF) != 0 && !vcpu->event.valid &&
	       !vcpu_is_shadowed(vcpu);
}

bool vcpu_can_nmi(const struct vcpu *vcpu)
{
	bool masked = cpu_id_is_intel() ? vmx_is_nmi_masked(vcpu)
					: svm_is_nmi_masked(vcpu);

	return !masked && !vcpu->event.valid && !vcpu_is_shadowed(vcpu);
}

void vcpu_request_window(struct vcpu *vcpu, uint8_t vector)
{
	if (cpu_id_is_intel()) {
		vmx_request_window(vcpu, vector);
	} else {
		svm_request_window(vcpu, vector);
	}
}

void vcpu_cancel_window(struct vcpu *vcpu)
{
	if (cpu_id_is_intel()) {
		vmx_cancel_window(vcpu);
	} else {
		svm_cancel_window(vcpu);
	}
}

void vcpu_set_cr8(struct vcpu *vcpu, uint8_t cr8)
{
	vcpu->cr8 = cr8 & 0xf;
	if (cpu_id_is_intel()) {
		vmx_set_cr8(vcpu);
	} else {
		svm_set_cr8(vcpu);
	}
}

#ifdef CONFIG_VMX_APICV
bool vcpu_has_apic(const struct vcpu *vcpu)
{
	return cpu_id_is_intel() && vmx_has_apic(vcpu);
}

void vcpu_give_apic(struct vcpu *vcpu, const struct vcpu_apic *apic)
{
	if (cpu_id_is_intel()) {
		vmx_give_apic(vcpu, apic);
	}
}

bool vcpu_take_apic(struct vcpu *vcpu, struct vcpu_apic *apic)
{
	return cpu_id_is_intel() && vmx_take_apic(vcpu, apic);
}
#endif

void vcpu_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode)
{
	if (cpu_id_is_intel()) {
		vmx_get_mode(vcpu, mode);
	} else {
		svm_get_mode(vcpu, mode);
	}
}

bool vcpu_is_wide_kernel(const struct vcpu *vcpu)
{
	return cpu_id_is_intel() ? vmx_is_wide_kernel(vcpu)
				 : svm_is_wide_kernel(vcpu);
}

uint64_t vcpu_get_cr4(const struct vcpu *vcpu)
{
	return cpu_id_is_intel() ? vmx_get_cr4(vcpu) : svm_get_cr4(vcpu);
}

void vcpu_get_segment(const struct vcpu *vcpu, enum segment_name name,
		      struct segment_config *segment)
{
	if (cpu_id_is_intel()) {
		vmx_get_segment(vcpu, name, segment);
	} else {
		svm_get_segment(vcpu, name, segment);
	}
}

/* Registers that lie in struct vcpu, whatever the processor. */
static uint64_t *vcpu_field(struct vcpu *vcpu, uint32_t name)
{
	if (name >= HV_REGISTER_RAX && name <= HV_REGISTER_R15) {
		return &vcpu->gpr[name - HV_REGISTER_RAX];
	}
	if (name >= HV_REGISTER_DR0 && name < HV_REGISTER_DR0 + 4) {
		return &vcpu->dr[name - HV_REGISTER_DR0];
	}
	switch (name) {
	case HV_REGISTER_RIP:
		return &vcpu->rip;
	case HV_REGISTER_RFLAGS:
		return &vcpu->rflags;
	case HV_REGISTER_XCR0:
		return &vcpu->xcr0;
	case HV_REGISTER_TSC_AUX:
		return &vcpu->tsc_aux;
	default:
		return NULL;
	}
}

enum hv_err vcpu_get_register(const struct vcpu *vcpu, uint32_t name,
			      uint64_t *value)
{
	const uint64_t *field = vcpu_field((struct vcpu *)vcpu, name);

	if (field == NULL && name != HV_REGISTER_CR8) {
		return cpu_id_is_intel() ?
		       vmx_get_register(vcpu, name, value) :
		       svm_get_register(vcpu, name, value);
	}
	*value = field == NULL ? vcpu->cr8 : *field;
	if (name == HV_REGISTER_XCR0 && vcpu_is_loaded(vcpu) &&
	    vcpu_features.xsave) {
		*value = regs_read_xcr0();
	}
	return HV_OK;
}

enum hv_err vcpu_set_register(struct vcpu *vcpu, uint32_t name, uint64_t value)
{
	uint64_t *field = vcpu_field(vcpu, name);

	if (name == HV_REGISTER_CR8) {
		vcpu_set_cr8(vcpu, (uint8_t)value);
		return HV_OK;
	}
	if (field == NULL) {
		return cpu_id_is_intel() ?
		       vmx_set_register(vcpu, name, value) :
		       svm_set_register(vcpu, name, value);
	}
	if (name == HV_REGISTER_XCR0 &&
	    ((value & ~vcpu_features.xcr0) != 0 || (value & 1) == 0)) {
		return HV_ERR_UNSUPPORTED;
	}
	*field = name == HV_REGISTER_RFLAGS ? value | RFLAGS_FIXED : value;
	if (name == HV_REGISTER_XCR0 && vcpu_is_loaded(vcpu)) {
		regs_write_xcr0(value);
	} else if (name == HV_REGISTER_TSC_AUX && vcpu_is_loaded(vcpu) &&
		   vcpu_features.tsc_aux) {
		regs_write_msr(MSR_TSC_AUX, value);
	}
	return HV_OK;
}

/* Contributory exceptions (APM2 8.2.9): two of them make a double fault. */
static bool vcpu_is_contributory(uint8_t vector)
{
	return vector == 0 || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

void vcpu_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error,
			   uint32_t error)
{
	const struct vcpu_event *e = &vcpu->event;

	if (e->valid && e->type == EVENT_EXCEPTION) {
		bool first_page = e->vector == VECTOR_PF;

		if ((vcpu_is_contributory(e->vector) &&
		     vcpu_is_contributory(vector)) ||
		    (first_page && (vector == VECTOR_PF ||
				    vcpu_is_contributory(vector))) ||
		    e->vector == VECTOR_DF) {
			vector = VECTOR_DF;
			has_error = true;
			error = 0;
		}
	}
	vcpu->event = (struct vcpu_event){
		.valid = true, .type = EVENT_EXCEPTION, .vector = vector,
		.has_error = has_error, .error = error
	};
}

void vcpu_inject_page_fault(struct vcpu *vcpu, gva_t address, uint32_t error)
{
	enum hv_err err = vcpu_set_register(vcpu, HV_REGISTER_CR2, address.v);

	CHECK(err == HV_OK);
	vcpu_inject_exception(vcpu, VECTOR_PF, true, error);
}

void vcpu_inject_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	vcpu->event = (struct vcpu_event){
		.valid = true, .type = EVENT_INTERRUPT, .vector = vector
	};
}

void vcpu_inject_nmi(struct vcpu *vcpu)
{
	vcpu->event = (struct vcpu_event){
		.valid = true, .type = EVENT_NMI, .vector = 2
	};
	if (!cpu_id_is_intel()) {
		svm_mask_nmi(vcpu, true);
	}
}

void vcpu_get_xmm(const struct vcpu *vcpu, uint64_t words[12])
{
	(void)vcpu;
	__asm__ volatile("movups %%xmm0, (%0)\n\t"
			 "movups %%xmm1, 16(%0)\n\t"
			 "movups %%xmm2, 32(%0)\n\t"
			 "movups %%xmm3, 48(%0)\n\t"
			 "movups %%xmm4, 64(%0)\n\t"
			 "movups %%xmm5, 80(%0)"
			 : : "r"(words) : "memory");
}
