/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_vcpu.h. Keeps the contract of vcpu.h as far as tests can see. */
#include "fake_vcpu.h"

#include <string.h>

#include "abi/registers.h"

#define CR0_PE 1ull
#define CR0_ET 0x10ull
#define CR0_PG 0x80000000ull
#define CR4_PAE 0x20ull
#define EFER_LME 0x100ull
#define EFER_LMA 0x400ull
#define RFLAGS_TF 0x100ull
#define RFLAGS_IF 0x200ull
#define RFLAGS_VM 0x20000ull

#define ATTR_CODE 0x009bu
#define ATTR_DATA 0x0093u
#define ATTR_LONG 0x2000u
#define ATTR_BIG 0x4000u
#define ATTR_DPL(n) ((unsigned)(n) << 5)

struct fake_vcpu fake_vcpus[FAKE_VCPU_COUNT];
struct vcpu_pages vcpu_pages[FAKE_VCPU_COUNT];
void (*fake_vcpu_on_run)(struct vcpu *vcpu);

/* ---- for tests --------------------------------------------------------- */

void fake_vcpu_start(struct vcpu *vcpu, uint32_t index, uint32_t partition)
{
	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->index = index;
	vcpu->partition = partition;
	memset(fake_of(vcpu), 0, sizeof(struct fake_vcpu));
	vcpu_reset(vcpu, NULL);
	fake_vcpu_set_mode(vcpu, FAKE_LONG, 0);
}

void fake_vcpu_set_mode(struct vcpu *vcpu, enum fake_mode mode, uint8_t cpl)
{
	struct fake_vcpu *fake = fake_of(vcpu);
	unsigned big = 0;

	fake->cr0 = CR0_ET;
	fake->cr4 = 0;
	fake->efer = 0;
	switch (mode) {
	case FAKE_REAL:
		break;
	case FAKE_PROTECTED_16:
		fake->cr0 |= CR0_PE;
		break;
	case FAKE_PROTECTED_32:
		fake->cr0 |= CR0_PE;
		big = ATTR_BIG;
		break;
	case FAKE_PAE:
		fake->cr0 |= CR0_PE | CR0_PG;
		fake->cr4 = CR4_PAE;
		big = ATTR_BIG;
		break;
	case FAKE_COMPATIBILITY:
	case FAKE_LONG:
		fake->cr0 |= CR0_PE | CR0_PG;
		fake->cr4 = CR4_PAE;
		fake->efer = EFER_LME | EFER_LMA;
		big = mode == FAKE_LONG ? ATTR_LONG : ATTR_BIG;
		break;
	}
	fake->segment[SEGMENT_CS].attributes =
		(uint16_t)(ATTR_CODE | big | ATTR_DPL(cpl));
	fake->segment[SEGMENT_SS].attributes =
		(uint16_t)(ATTR_DATA | (big & ATTR_BIG) | ATTR_DPL(cpl));
}

void fake_vcpu_play(struct vcpu *vcpu, const struct vcpu_exit *exits,
		    unsigned count)
{
	struct fake_vcpu *fake = fake_of(vcpu);

	fake->exits = exits;
	fake->exit_count = count;
	fake->exit_next = 0;
}

/* ---- vcpu.h: life ------------------------------------------------------ */

enum hv_err vcpu_start_lp(const char **why)
{
	*why = NULL;
	return HV_OK;
}

static void fake_reset_segments(struct fake_vcpu *fake)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		fake->segment[i] = (struct segment_config){
			.limit = 0xffff, .attributes = ATTR_DATA
		};
	}
	fake->segment[SEGMENT_CS].selector = 0xf000;
	fake->segment[SEGMENT_CS].base = 0xffff0000;
	fake->segment[SEGMENT_CS].attributes = ATTR_CODE;
	fake->segment[SEGMENT_LDTR].attributes = 0x82;
	fake->segment[SEGMENT_TR].attributes = 0x8b;
}

void vcpu_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	struct fake_vcpu *fake = fake_of(vcpu);

	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	vcpu->rip = 0xfff0;
	vcpu->rflags = 2;
	vcpu->event = (struct vcpu_event){ 0 };
	vcpu->cr2 = 0;
	vcpu->xcr0 = fake->xcr0 = 1;
	vcpu->xss = 0;
	vcpu->nmi_masked = false;
	fake->cr0 = 0x60000010;
	fake->cr3 = fake->cr4 = fake->cr8 = fake->efer = 0;
	fake->pat = 0x0007040600070406;
	fake->shadow = fake->window = fake->triple_fault = false;
	fake_reset_segments(fake);
	if (state != NULL) {
		memcpy(vcpu->gpr, state->gpr, sizeof(vcpu->gpr));
		vcpu->rip = state->rip;
		vcpu->rflags = state->rflags;
		fake->cr0 = state->cr0;
		fake->cr3 = state->cr3;
		fake->cr4 = state->cr4;
		fake->efer = state->efer;
		memcpy(fake->segment, state->segment, sizeof(fake->segment));
		fake->table_base[0] = state->idtr_base;
		fake->table_base[1] = state->gdtr_base;
	}
}

void vcpu_start_sipi(struct vcpu *vcpu, uint8_t vector)
{
	struct fake_vcpu *fake = fake_of(vcpu);

	fake->segment[SEGMENT_CS].selector = (uint16_t)(vector << 8);
	fake->segment[SEGMENT_CS].base = (uint64_t)vector << 12;
	vcpu->rip = 0;
}

void vcpu_load(struct vcpu *vcpu)
{
	fake_of(vcpu)->loaded = true;
	fake_of(vcpu)->xcr0 = vcpu->xcr0;
}

void vcpu_start_context(struct vcpu *vcpu, const struct vp_state_config *state)
{
	vcpu_reset(vcpu, state);
	vcpu_load(vcpu);
}

void vcpu_save(struct vcpu *vcpu)
{
	fake_of(vcpu)->loaded = false;
	vcpu->xcr0 = fake_of(vcpu)->xcr0;
}

void vcpu_run(struct vcpu *vcpu, uint64_t deadline,
	      const volatile uint32_t *requests, struct vcpu_exit *exit)
{
	struct fake_vcpu *fake = fake_of(vcpu);

	*exit = (struct vcpu_exit){ .kind = EXIT_NONE };
	fake->last_deadline = deadline;
	if (*requests != 0) {
		return;
	}
	fake->run_count++;
	if (fake_vcpu_on_run != NULL) {
		fake_vcpu_on_run(vcpu);
	}
	if (vcpu->event.valid) {
		if (fake->delivered_count < FAKE_DELIVERED_MAX) {
			fake->delivered[fake->delivered_count++] = vcpu->event;
		}
		vcpu->event = (struct vcpu_event){ 0 };
	}
	/* One that the TPR holds back opens when that is lowered. */
	if (fake->window && vcpu_can_interrupt(vcpu) &&
	    fake->window_vector >> 4 > fake->cr8) {
		fake->window = false;
		exit->kind = EXIT_WINDOW;
		return;
	}
	if (fake->exit_next < fake->exit_count) {
		*exit = fake->exits[fake->exit_next++];
		return;
	}
	exit->kind = EXIT_INTERRUPT;
}

/* ---- vcpu.h: between runs ---------------------------------------------- */

void vcpu_advance(struct vcpu *vcpu, uint32_t length)
{
	struct fake_vcpu *fake = fake_of(vcpu);
	struct vcpu_mode mode;

	vcpu_get_mode(vcpu, &mode);
	vcpu->rip += length;
	if (mode.code_bits != 64) {
		vcpu->rip &= 0xffffffff;
	}
	fake->shadow = false;
	if ((vcpu->rflags & RFLAGS_TF) != 0) {
		fake->dr6 |= 0x4000;
		vcpu_inject_exception(vcpu, VECTOR_DB, false, 0);
	}
}

bool vcpu_can_interrupt(const struct vcpu *vcpu)
{
	return (vcpu->rflags & RFLAGS_IF) != 0 && !fake_of(vcpu)->shadow &&
	       !vcpu->event.valid;
}

bool vcpu_can_nmi(const struct vcpu *vcpu)
{
	return !vcpu->nmi_masked && !fake_of(vcpu)->shadow &&
	       !vcpu->event.valid;
}

void vcpu_request_window(struct vcpu *vcpu, uint8_t vector)
{
	fake_of(vcpu)->window = true;
	fake_of(vcpu)->window_vector = vector;
}

void vcpu_cancel_window(struct vcpu *vcpu)
{
	fake_of(vcpu)->window = false;
}

void vcpu_set_cr8(struct vcpu *vcpu, uint8_t cr8)
{
	vcpu->cr8 = cr8;
	fake_of(vcpu)->cr8 = cr8;
}

uint64_t vcpu_get_cr4(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->cr4;
}

void vcpu_get_mode(const struct vcpu *vcpu, struct vcpu_mode *mode)
{
	const struct fake_vcpu *fake = fake_of(vcpu);
	unsigned cs = fake->segment[SEGMENT_CS].attributes;
	unsigned ss = fake->segment[SEGMENT_SS].attributes;

	*mode = (struct vcpu_mode){
		.cr0 = fake->cr0, .cr3 = fake->cr3, .cr4 = fake->cr4,
		.efer = fake->efer,
		.paging = (fake->cr0 & CR0_PG) != 0,
		.code_bits = (cs & ATTR_BIG) != 0 ? 32 : 16,
		.stack_bits = (ss & ATTR_BIG) != 0 ? 32 : 16,
	};
	if ((fake->efer & EFER_LMA) != 0 && (cs & ATTR_LONG) != 0) {
		mode->code_bits = mode->stack_bits = 64;
	}
	if ((fake->cr0 & CR0_PE) != 0) {
		mode->cpl = (vcpu->rflags & RFLAGS_VM) != 0 ? 3 :
			    (uint8_t)(ss >> 5 & 3);
	}
}

bool vcpu_is_wide_kernel(const struct vcpu *vcpu)
{
	struct vcpu_mode mode;

	vcpu_get_mode(vcpu, &mode);
	return mode.code_bits == 64 && mode.cpl == 0;
}

void vcpu_get_segment(const struct vcpu *vcpu, enum segment_name name,
		      struct segment_config *segment)
{
	*segment = fake_of(vcpu)->segment[name];
}

void vcpu_get_xmm(const struct vcpu *vcpu, uint64_t words[12])
{
	memcpy(words, fake_of(vcpu)->xmm, sizeof(fake_of(vcpu)->xmm));
}

/* Where a register is kept, or null. */
static uint64_t *fake_register(struct vcpu *vcpu, uint32_t name)
{
	struct fake_vcpu *fake = fake_of(vcpu);

	if (name >= HV_REGISTER_RAX && name <= HV_REGISTER_R15) {
		return &vcpu->gpr[name - HV_REGISTER_RAX];
	}
	if (name >= HV_REGISTER_DR0 && name <= HV_REGISTER_DR3) {
		return &vcpu->dr[name - HV_REGISTER_DR0];
	}
	switch (name) {
	case HV_REGISTER_RIP: return &vcpu->rip;
	case HV_REGISTER_RFLAGS: return &vcpu->rflags;
	case HV_REGISTER_CR0: return &fake->cr0;
	case HV_REGISTER_CR2: return &vcpu->cr2;
	case HV_REGISTER_CR3: return &fake->cr3;
	case HV_REGISTER_CR4: return &fake->cr4;
	case HV_REGISTER_CR8: return &fake->cr8;
	case HV_REGISTER_XCR0: return &fake->xcr0;
	case HV_REGISTER_XSS: return &vcpu->xss;
	case HV_REGISTER_DR6: return &fake->dr6;
	case HV_REGISTER_DR7: return &fake->dr7;
	case HV_REGISTER_EFER: return &fake->efer;
	case HV_REGISTER_PAT: return &fake->pat;
	case HV_REGISTER_STAR: return &fake->star;
	case HV_REGISTER_LSTAR: return &fake->lstar;
	case HV_REGISTER_CSTAR: return &fake->cstar;
	case HV_REGISTER_SFMASK: return &fake->sfmask;
	case HV_REGISTER_KERNEL_GS_BASE: return &fake->kernel_gs_base;
	case HV_REGISTER_SYSENTER_CS: return &fake->sysenter_cs;
	case HV_REGISTER_SYSENTER_ESP: return &fake->sysenter_esp;
	case HV_REGISTER_SYSENTER_EIP: return &fake->sysenter_eip;
	case HV_REGISTER_TSC_AUX: return &vcpu->tsc_aux;
	case HV_REGISTER_DEBUGCTL: return &fake->debugctl;
	case HV_REGISTER_IDTR: return &fake->table_base[0];
	case HV_REGISTER_GDTR: return &fake->table_base[1];
	}
	return NULL;
}

enum hv_err vcpu_get_register(const struct vcpu *vcpu, uint32_t name,
			      uint64_t *value)
{
	const uint64_t *at = fake_register((struct vcpu *)(uintptr_t)vcpu,
					   name);

	if (at == NULL) {
		return HV_ERR_RANGE;
	}
	*value = *at;
	return HV_OK;
}

enum hv_err vcpu_set_register(struct vcpu *vcpu, uint32_t name, uint64_t value)
{
	uint64_t *at = fake_register(vcpu, name);

	if (at == NULL) {
		return HV_ERR_RANGE;
	}
	*at = value;
	return HV_OK;
}

/* ---- vcpu.h: events ---------------------------------------------------- */

/* Contributory, for merging (APM2 8.2.9). */
static bool fake_is_contributory(uint8_t vector)
{
	return vector == 0 || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

void vcpu_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error,
			   uint32_t error)
{
	struct vcpu_event *event = &vcpu->event;

	if (event->valid && event->type == EVENT_EXCEPTION) {
		bool twice = fake_is_contributory(vector);
		bool pf = vector == VECTOR_PF;

		if (event->vector == VECTOR_DF && (twice || pf)) {
			fake_of(vcpu)->triple_fault = true;
			return;
		}
		if ((fake_is_contributory(event->vector) && twice) ||
		    (event->vector == VECTOR_PF && (twice || pf))) {
			vector = VECTOR_DF;
			has_error = true;
			error = 0;
		}
	}
	*event = (struct vcpu_event){
		.valid = true, .has_error = has_error, .vector = vector,
		.type = EVENT_EXCEPTION, .error = error
	};
}

void vcpu_inject_page_fault(struct vcpu *vcpu, gva_t address, uint32_t error)
{
	vcpu->cr2 = address.v;
	vcpu_inject_exception(vcpu, VECTOR_PF, true, error);
}

void vcpu_inject_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	vcpu->event = (struct vcpu_event){
		.valid = true, .vector = vector, .type = EVENT_INTERRUPT
	};
}

void vcpu_inject_nmi(struct vcpu *vcpu)
{
	vcpu->nmi_masked = true;
	vcpu->event = (struct vcpu_event){
		.valid = true, .vector = 2, .type = EVENT_NMI
	};
}
