/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract's functions: what is the same for all back ends is done here,
 * the rest is one call to the one that is built in.
 */
#include "vcpu/vcpu.h"
#include "abi/registers.h"
#include "cpu/log.h"
#include "vcpu/svm/svm.h"

enum hv_err vcpu_start_lp(const char **why)
{
	return svm_start_lp(why);
}

void vcpu_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	svm_reset(vcpu, state);
}

void vcpu_start_sipi(struct vcpu *vcpu, uint8_t vector)
{
	svm_start_sipi(vcpu, vector);
}

void vcpu_load(struct vcpu *vcpu)
{
	svm_load(vcpu);
}

void vcpu_save(struct vcpu *vcpu)
{
	svm_save(vcpu);
}

void vcpu_run(struct vcpu *vcpu, uint64_t deadline,
	      const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	svm_run(vcpu, deadline, requests, exit);
}

void vcpu_advance(struct vcpu *vcpu, uint32_t length)
{
	svm_advance(vcpu, length);
}

bool vcpu_can_interrupt(const struct vcpu *vcpu)
{
	return svm_can_interrupt(vcpu);
}

bool vcpu_can_nmi(const struct vcpu *vcpu)
{
	return svm_can_nmi(vcpu);
}

void vcpu_request_window(struct vcpu *vcpu, uint8_t vector)
{
	svm_request_window(vcpu, vector);
}

void vcpu_cancel_window(struct vcpu *vcpu)
{
	svm_cancel_window(vcpu);
}

void vcpu_set_cr8(struct vcpu *vcpu, uint8_t cr8)
{
	svm_set_cr8(vcpu, cr8);
}

void vcpu_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode)
{
	svm_get_mode(vcpu, mode);
}

uint64_t vcpu_get_cr4(const struct vcpu *vcpu)
{
	return svm_get_cr4(vcpu);
}

void vcpu_get_segment(const struct vcpu *vcpu, enum segment_name name,
		      struct segment_config *segment)
{
	svm_get_segment(vcpu, name, segment);
}

enum hv_err vcpu_get_register(const struct vcpu *vcpu, uint32_t name,
			      uint64_t *value)
{
	return svm_get_register(vcpu, name, value);
}

enum hv_err vcpu_set_register(struct vcpu *vcpu, uint32_t name, uint64_t value)
{
	return svm_set_register(vcpu, name, value);
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
	svm_inject_nmi(vcpu);
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
