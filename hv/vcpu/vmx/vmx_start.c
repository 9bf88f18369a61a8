/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning VMX on, once per LP. What the hypervisor needs is checked here;
 * what it can do without is noted in *f.
 */
#include "abi/msr.h"
#include "cpu/id.h"
#include "cpu/lp.h"
#include "cpu/regs.h"
#include "cpu/trap.h"
#include "cpu/tsc.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vcpu/vmx/vmx.h"

#define FEATURE_LOCK BIT(0)
#define FEATURE_VMX BIT(2)
#define BASIC_TRUE_CONTROLS BIT(55)
#define BASIC_TYPE(basic) ((basic) >> 50 & 15)
#define TYPE_WRITE_BACK 6
/*
 * Bochs 2.7 makes no exit of an interrupt in a guest that was entered with IF
 * off, until the guest changes IF: so it is looked at so often.
 */
#define MASKED_MAX_US 100u
#define SPEC_CTRL_IBRS 1ull
#define ARCH_CAP_IBRS_ALL BIT(1)
#define ARCH_CAP_NO_L1D_FLUSH BIT(3)	/* SKIP_L1DFL_VMENTRY */
#define ARCH_CAP_NO_MDS BIT(5)

static const struct {
	uint32_t msr;		/* 31:0 what must be 1, 63:32 what may be */
	uint32_t wanted;
	uint32_t optional;
	uint32_t instead;	/* of the optional ones, where they lack */
	const char *why;
} vmx_controls[VMX_CONTROL_COUNT] = {
	[VMX_PIN] = { MSR_VMX_TRUE_PIN, VMX_PIN_WANTED, 0, 0,
		      "VT-x lacks a control of interrupts or its timer" },
	[VMX_PROC] = { MSR_VMX_TRUE_PROC, VMX_PROC_WANTED,
		       VMX_PROC_TPR_SHADOW, VMX_PROC_CR8,
		       "VT-x lacks a control of instructions" },
	[VMX_PROC2] = { MSR_VMX_PROC2, VMX_PROC2_WANTED, VMX_PROC2_RDTSCP, 0,
			"VT-x lacks VPIDs or the WBINVD control" },
	[VMX_EXIT] = { MSR_VMX_TRUE_EXIT, VMX_EXIT_WANTED, 0, 0,
		       "VT-x lacks a control of exits" },
	[VMX_ENTRY] = { MSR_VMX_TRUE_ENTRY, VMX_ENTRY_WANTED, 0, 0,
			"VT-x lacks a control of entries" }
};

/* Firmware may have locked it; if not, this locks it, with VT-x on. */
static bool vmx_lock(void)
{
	uint64_t control = regs_read_msr(MSR_FEATURE_CONTROL);

	if ((control & FEATURE_LOCK) == 0) {
		control |= FEATURE_LOCK | FEATURE_VMX;
		regs_write_msr(MSR_FEATURE_CONTROL, control);
	}
	return (control & FEATURE_VMX) != 0;
}

static const char *vmx_check_nested(void)
{
	uint32_t first = (uint32_t)(regs_read_msr(MSR_VMX_TRUE_PROC) >> 32);
	uint32_t allowed = 0;

	/* Without them there is no such MSR. */
	if ((first & VMX_PROC_SECONDARY) != 0) {
		allowed = (uint32_t)(regs_read_msr(MSR_VMX_PROC2) >> 32);
	}
	if ((allowed & VMX_PROC2_EPT) == 0) {
		return "the processor has no nested paging (EPT)";
	}
	if ((allowed & VMX_PROC2_UNRESTRICTED) == 0) {
		return "the processor has no unrestricted guests";
	}
	if ((regs_read_msr(MSR_VMX_EPT_VPID_CAP) & VMX_CAP_NEEDED) !=
	    VMX_CAP_NEEDED) {
		return "the processor's EPT lacks a page size or a flush";
	}
	return NULL;
}

/* What the processor insists on, what is needed, what helps. */
static bool vmx_choose(unsigned i, uint32_t *control)
{
	uint64_t range = regs_read_msr(vmx_controls[i].msr);
	uint32_t allowed = (uint32_t)(range >> 32);
	uint32_t optional = vmx_controls[i].optional;

	*control = (uint32_t)range | vmx_controls[i].wanted |
		   (allowed & optional);
	if ((allowed & optional) != optional) {
		*control |= vmx_controls[i].instead;
	}
	return (*control & ~allowed) == 0;
}

#ifdef CONFIG_VMX_APICV
static bool vmx_allows(uint32_t msr, uint32_t bits)
{
	return (regs_read_msr(msr) >> 32 & bits) == bits;
}

/*
 * Virtual interrupts need the TPR shadow, posted ones that the exit takes the
 * vector: else the processor could not compare it (SDM3 26.2.1.1).
 */
static void vmx_check_apic(struct vcpu_features *f)
{
	f->delivers = vmx_allows(MSR_VMX_TRUE_PROC, VMX_PROC_TPR_SHADOW) &&
		      vmx_allows(MSR_VMX_PROC2, VMX_PROC2_APIC);
	f->posts = f->delivers &&
		   vmx_allows(MSR_VMX_TRUE_PIN, VMX_PIN_POSTED) &&
		   vmx_allows(MSR_VMX_TRUE_EXIT, VMX_EXIT_ACKNOWLEDGE);
	if (f->posts) {
		f->control[VMX_EXIT] |= VMX_EXIT_ACKNOWLEDGE;
	}
}
#endif

static const char *vmx_check(struct vcpu_features *f)
{
	uint64_t basic;
	uint32_t id[4];

	cpu_id_read(1, 0, id);
	if ((id[2] & BIT(5)) == 0) {
		return "the processor has no VT-x (CPUID 1 ECX 5)";
	}
	if (!vmx_lock()) {
		return "firmware has switched VT-x off (FEATURE_CONTROL)";
	}
	basic = regs_read_msr(MSR_VMX_BASIC);
	if ((basic & BASIC_TRUE_CONTROLS) == 0 ||
	    BASIC_TYPE(basic) != TYPE_WRITE_BACK) {
		return "the processor's VT-x is too old";
	}
	f->revision = (uint32_t)basic & 0x7fffffff;
	if (vmx_check_nested() != NULL) {
		return vmx_check_nested();
	}
	for (unsigned i = 0; i < VMX_CONTROL_COUNT; i++) {
		if (!vmx_choose(i, &f->control[i])) {
			return vmx_controls[i].why;
		}
	}
#ifdef CONFIG_VMX_APICV
	vmx_check_apic(f);
#endif
	f->cr0_fixed = regs_read_msr(MSR_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG);
	f->cr4_allowed = regs_read_msr(MSR_VMX_CR4_FIXED1);
	f->timer_shift = regs_read_msr(MSR_VMX_MISC) & 31;
	f->masked_max = (uint32_t)(tsc_from_us(MASKED_MAX_US) >>
				   f->timer_shift);
	return NULL;
}

/*
 * With enhanced IBRS indirect branches of the hypervisor do not follow what
 * a guest has trained. What stays in buffers and the L1 cache is emptied at
 * a switch, where the processor leaks it.
 */
static void vmx_start_barriers(struct vcpu_features *f)
{
	uint64_t capabilities = 0;
	uint32_t id[4];

	cpu_id_read(0, 0, id);
	if (id[0] < 7) {
		return;
	}
	cpu_id_read(7, 0, id);
	f->barrier = (id[3] & BIT(26)) != 0;
	if ((id[3] & BIT(29)) != 0) {
		capabilities = regs_read_msr(MSR_ARCH_CAPABILITIES);
	}
	if ((capabilities & ARCH_CAP_IBRS_ALL) != 0) {
		regs_write_msr(MSR_SPEC_CTRL, SPEC_CTRL_IBRS);
	}
	f->flush_l1d = (id[3] & BIT(28)) != 0 &&
		       (capabilities & ARCH_CAP_NO_L1D_FLUSH) == 0;
	f->clear_buffers = (id[3] & BIT(10)) != 0 &&
			   (capabilities & ARCH_CAP_NO_MDS) == 0;
}

enum hv_err vmx_start_lp(struct vcpu_features *f, const char **why)
{
	struct lp *lp = lp_self();
	uint8_t *page = lp_pages[lp->index].host_save;

	*why = vmx_check(f);
	if (*why != NULL) {
		return HV_ERR_UNSUPPORTED;
	}
	vmx_start_barriers(f);
	regs_write_cr4(regs_read_cr4() | CR4_VMXE);
	memcpy(page, &f->revision, sizeof(f->revision));
	if (!vmx_switch_on(page)) {
		*why = "VMXON fails";
		return HV_ERR_UNSUPPORTED;
	}
	trap_set_window((uint64_t)vmx_enter_begin, (uint64_t)vmx_enter_end,
			(uint64_t)vmx_enter_not);
	/* The first entry of each VP takes a new VPID and flushes its EPT; the
	 * very first one flushes what there may be. */
	lp->asid_count = 1u << 16;
	lp->asid_generation = 1;
	lp->asid_next = lp->asid_count;
	lp->host_state = (uint64_t)lp_pages[lp->index].host_state;
	return HV_OK;
}
