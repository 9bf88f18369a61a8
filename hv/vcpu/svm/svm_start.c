/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning SVM on, once per LP. What the hypervisor needs is checked here;
 * what it can do without is noted in svm_features.
 */
#include "abi/msr.h"
#include "cpu/id.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"
#include "vcpu/svm/svm.h"

#define XSTATE_X87_SSE 3ull
/* x87, SSE, AVX, AVX-512, PKRU: what fits the page and guests may have. */
#define XSTATE_KNOWN 0x2e7ull

#define SVM_ABSENT "the processor has no SVM: take one that has " \
	"(QEMU: -cpu max, or a model with +svm)"

struct svm_features svm_features;

static void svm_start_extended_state(struct svm_features *f)
{
	uint32_t id[4];

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

/*
 * With automatic IBRS (APM2 3.1.7) neither indirect branches nor, from an
 * exit on, returns of the hypervisor follow what a guest has trained.
 */
static void svm_start_barriers(struct svm_features *f)
{
	uint32_t id[4];

	cpu_id_read(0x80000000, 0, id);
	if (id[0] < 0x80000021) {
		return;
	}
	cpu_id_read(0x80000021, 0, id);
	f->auto_ibrs = (id[0] & BIT(8)) != 0;
	if (f->auto_ibrs) {
		regs_write_msr(MSR_EFER, regs_read_msr(MSR_EFER) |
					 EFER_AIBRSE);
	}
}

/* LPs come one after another: the first one's features are all's. */
static bool svm_is_same(const struct svm_features *f)
{
	static bool known;

	if (!known) {
		known = true;
		svm_features = *f;
	}
	return f->next_rip == svm_features.next_rip &&
	       f->tsc_aux == svm_features.tsc_aux &&
	       f->xsave == svm_features.xsave &&
	       f->barrier == svm_features.barrier &&
	       f->auto_ibrs == svm_features.auto_ibrs &&
	       f->xcr0 == svm_features.xcr0 &&
	       f->machine_xcr0 == svm_features.machine_xcr0;
}

static enum hv_err svm_check(const char **why, struct svm_features *f)
{
	uint32_t id[4];

	cpu_id_read(0x80000000, 0, id);
	if (id[0] < 0x8000000a) {
		*why = SVM_ABSENT;
		return HV_ERR_UNSUPPORTED;
	}
	cpu_id_read(0x80000001, 0, id);
	if ((id[2] & BIT(2)) == 0) {
		*why = SVM_ABSENT;
		return HV_ERR_UNSUPPORTED;
	}
	f->tsc_aux = (id[3] & BIT(27)) != 0;
	if ((regs_read_msr(MSR_AMD_VM_CR) & SVM_VM_CR_DISABLED) != 0) {
		*why = "firmware has switched SVM off (VM_CR.SVMDIS): "
		       "switch it on in its setup";
		return HV_ERR_UNSUPPORTED;
	}
	cpu_id_read(0x80000008, 0, id);
	f->barrier = (id[1] & BIT(12)) != 0;
	cpu_id_read(0x8000000a, 0, id);
	if ((id[3] & SVM_ID_NPT) == 0) {
		*why = "the processor has no nested paging";
		return HV_ERR_UNSUPPORTED;
	}
	if (id[1] < 2) {
		*why = "the processor has no ASIDs";
		return HV_ERR_UNSUPPORTED;
	}
	lp_self()->asid_count = id[1];
	f->next_rip = (id[3] & SVM_ID_NEXT_RIP) != 0;
	return HV_OK;
}

enum hv_err svm_start_lp(const char **why)
{
	struct svm_features f = { 0 };
	struct lp *lp = lp_self();
	struct lp_pages *pages = &lp_pages[lp->index];

	if (svm_check(why, &f) != HV_OK) {
		return HV_ERR_UNSUPPORTED;
	}
	svm_start_extended_state(&f);
	svm_start_barriers(&f);
	if (!svm_is_same(&f)) {
		*why = "its features are not those of the first one";
		return HV_ERR_UNSUPPORTED;
	}
	regs_write_msr(MSR_EFER, regs_read_msr(MSR_EFER) | EFER_SVME);
	regs_write_msr(MSR_AMD_VM_HSAVE, (uint64_t)pages->host_save);
	/* What VMLOAD brings back after each exit. */
	lp->host_state = (uint64_t)pages->host_state;
	__asm__ volatile("vmsave %0" : : "a"(lp->host_state) : "memory");
	/* The first entry of each VP takes a new ASID; the very first one
	 * flushes what there may be. */
	lp->asid_generation = 1;
	lp->asid_next = lp->asid_count;
	return HV_OK;
}
