/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning SVM on, once per LP. What the hypervisor needs is checked here;
 * what it can do without is noted in *f.
 */
#include "abi/msr.h"
#include "cpu/id.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "lib/bits.h"
#include "vcpu/svm/svm.h"

#define SVM_ABSENT "the processor has no SVM: take one that has " \
	"(QEMU: -cpu max, or a model with +svm)"

/* Nothing switches SVM off, or on for itself, until the next reset. */
static void svm_lock(void)
{
	uint32_t id[4];

	cpu_id_read(0x8000000a, 0, id);
	if ((id[3] & SVM_ID_LOCK) != 0) {
		regs_write_msr(MSR_AMD_VM_CR, regs_read_msr(MSR_AMD_VM_CR) |
					      SVM_VM_CR_LOCK);
	}
}

static enum hv_err svm_check(const char **why, struct vcpu_features *f)
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

/*
 * With automatic IBRS (APM2 3.1.7) neither indirect branches nor, from an
 * exit on, returns of the hypervisor follow what a guest has trained.
 */
static void svm_start_barriers(struct vcpu_features *f)
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

enum hv_err svm_start_lp(struct vcpu_features *f, const char **why)
{
	struct lp *lp = lp_self();
	struct lp_pages *pages = &lp_pages[lp->index];

	if (svm_check(why, f) != HV_OK) {
		return HV_ERR_UNSUPPORTED;
	}
	svm_start_barriers(f);
	regs_write_msr(MSR_EFER, regs_read_msr(MSR_EFER) | EFER_SVME);
	svm_lock();
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
