/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VP's state that is switched alike on every processor: extended state,
 * debug addresses, TSC_AUX, what branch predictors have learnt.
 */
#include "vcpu/vcpu_state.h"

#include "abi/msr.h"
#include "cpu/id.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/string.h"

#define XSTATE_X87_SSE 3ull
/* x87, SSE, AVX, AVX-512, PKRU: what fits the page and guests may have. */
#define XSTATE_KNOWN 0x2e7ull
#define XSAVE_MXCSR 24
#define MXCSR_RESET 0x1f80u

struct vcpu_features vcpu_features;

#define DATA_RESET { .limit = 0xffff, .attributes = 0x93 }

const struct segment_config vcpu_segments_reset[SEGMENT_COUNT] = {
	[SEGMENT_ES] = DATA_RESET, [SEGMENT_SS] = DATA_RESET,
	[SEGMENT_DS] = DATA_RESET, [SEGMENT_FS] = DATA_RESET,
	[SEGMENT_GS] = DATA_RESET,
	[SEGMENT_CS] = { .base = 0xffff0000, .limit = 0xffff,
			 .selector = 0xf000, .attributes = 0x9b },
	[SEGMENT_LDTR] = { .limit = 0xffff, .attributes = 0x82 },
	[SEGMENT_TR] = { .limit = 0xffff, .attributes = 0x8b }
};

void vcpu_state_start(struct vcpu_features *f)
{
	uint32_t id[4];

	cpu_id_read(0x80000001, 0, id);
	f->tsc_aux = (id[3] & BIT(27)) != 0;
	regs_write_cr0((regs_read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP);
	regs_write_cr4(regs_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	cpu_id_read(1, 0, id);
	if ((id[2] & BIT(26)) == 0) {
		return;
	}
	regs_write_cr4(regs_read_cr4() | CR4_OSXSAVE);
	cpu_id_read(0xd, 0, id);
	f->machine_xcr0 = (uint64_t)id[3] << 32 | id[0];
	f->xcr0 = f->machine_xcr0 & XSTATE_KNOWN;
	regs_write_xcr0(f->xcr0);
	cpu_id_read(0xd, 0, id);
	if (id[1] > sizeof(vcpu_pages[0].xsave)) {
		/* Larger than its page: then only what every CPU has. */
		f->xcr0 = XSTATE_X87_SSE;
		regs_write_xcr0(f->xcr0);
	}
	f->xsave = true;
}

void vcpu_state_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	struct vcpu_pages *pages = &vcpu_pages[vcpu->index];
	uint32_t index = vcpu->index;
	uint32_t partition = vcpu->partition;
	uint64_t tsc_offset = vcpu->tsc_offset;
	const uint32_t mxcsr = MXCSR_RESET;

	memset(vcpu, 0, sizeof(*vcpu));
	memset(pages, 0, sizeof(*pages));
	vcpu->index = index;
	vcpu->partition = partition;
	vcpu->tsc_offset = tsc_offset;
	vcpu->rip = 0xfff0;
	vcpu->rflags = RFLAGS_FIXED;
	vcpu->xcr0 = 1;
	memcpy(pages->xsave + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	if (state != NULL) {
		memcpy(vcpu->gpr, state->gpr, sizeof(vcpu->gpr));
		vcpu->rip = state->rip;
		vcpu->rflags = state->rflags | RFLAGS_FIXED;
	}
}

/* The area is in the standard format; all components at once. */
static void vcpu_load_extended(struct vcpu *vcpu)
{
	uint8_t *area = vcpu_pages[vcpu->index].xsave;

	/* Some processors restore the x87's last instruction and operand
	 * addresses only with an exception pending (APM2 11.4.4): the VP
	 * before must not be seen in them. */
	__asm__ volatile("fninit");
	if (vcpu_features.xsave) {
		regs_write_xcr0(vcpu_features.xcr0);
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u),
				 "d"(~0u) : "memory");
		regs_write_xcr0(vcpu->xcr0);
	} else {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
	}
}

static void vcpu_save_extended(struct vcpu *vcpu)
{
	uint8_t *area = vcpu_pages[vcpu->index].xsave;

	if (vcpu_features.xsave) {
		vcpu->xcr0 = regs_read_xcr0();
		regs_write_xcr0(vcpu_features.xcr0);
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0u),
				 "d"(~0u) : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
	}
}

/* Overwrites the return stack: a guest's predictions end here. */
static void vcpu_fill_return_stack(void)
{
	__asm__ volatile(".rept 32\n\t"
			 "call 1f\n\t"
			 "int3\n"
			 "1:\n\t"
			 ".endr\n\t"
			 "add $(32 * 8), %%rsp" : : : "memory", "cc");
}

void vcpu_state_load(struct vcpu *vcpu)
{
	/* Another partition's predictions must not steer this one's. */
	if (vcpu_features.barrier) {
		regs_write_msr(MSR_PRED_CMD, 1);
	}
	vcpu_fill_return_stack();
	vcpu_load_extended(vcpu);
	__asm__ volatile("mov %0, %%dr0\n\t"
			 "mov %1, %%dr1\n\t"
			 "mov %2, %%dr2\n\t"
			 "mov %3, %%dr3"
			 : : "r"(vcpu->dr[0]), "r"(vcpu->dr[1]),
			   "r"(vcpu->dr[2]), "r"(vcpu->dr[3]));
	if (vcpu_features.tsc_aux) {
		regs_write_msr(MSR_TSC_AUX, vcpu->tsc_aux);
	}
}

void vcpu_state_save(struct vcpu *vcpu)
{
	vcpu_save_extended(vcpu);
	__asm__ volatile("mov %%dr0, %0\n\t"
			 "mov %%dr1, %1\n\t"
			 "mov %%dr2, %2\n\t"
			 "mov %%dr3, %3"
			 : "=r"(vcpu->dr[0]), "=r"(vcpu->dr[1]),
			   "=r"(vcpu->dr[2]), "=r"(vcpu->dr[3]));
}
