/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of the local APIC: the xAPIC page (SDM3 11.4.1), the x2APIC
 * MSRs (SDM3 11.12) and the two MSRs beside them. One table says of each
 * register which bits a guest may set and by which way it is reached; in the
 * page the rest is ignored, in x2APIC mode it is #GP(0).
 */
#include "abi/msr.h"
#include "guest/apic_private.h"

/* Rights */
#define PAGE_R 1u
#define PAGE_W 2u
#define MSR_R 4u
#define MSR_W 8u
#define BOTH_R (PAGE_R | MSR_R)
#define BOTH_RW (BOTH_R | PAGE_W | MSR_W)

struct apic_register {
	uint32_t keep;		/* bits that a write sets */
	uint16_t status;	/* read-only bits that a write may hold */
	uint16_t rights;
};

#define LVT_SOURCE { 0x107ff, 0x1000, BOTH_RW }
#define LVT_PIN { 0x1a7ff, 0x5000, BOTH_RW }

static const struct apic_register registers[APIC_REG_COUNT] = {
	[APIC_REG_ID] = { 0, 0, BOTH_R | PAGE_W },
	[APIC_REG_VERSION] = { 0, 0, BOTH_R },
	[APIC_REG_TPR] = { 0xff, 0, BOTH_RW },
	[APIC_REG_APR] = { 0, 0, PAGE_R },
	[APIC_REG_PPR] = { 0, 0, BOTH_R },
	[APIC_REG_EOI] = { 0, 0, PAGE_R | PAGE_W | MSR_W },
	[APIC_REG_RRD] = { 0, 0, PAGE_R },
	[APIC_REG_LDR] = { 0xff000000, 0, BOTH_R | PAGE_W },
	[APIC_REG_DFR] = { 0xf0000000, 0, PAGE_R | PAGE_W },
	[APIC_REG_SVR] = { 0x3ff, 0, BOTH_RW },
	[APIC_REG_ISR ... APIC_REG_IRR + 7] = { 0, 0, BOTH_R },
	[APIC_REG_ESR] = { 0, 0, BOTH_RW },
	[APIC_REG_ICR] = { 0xccfff, 0x1000, BOTH_RW },
	[APIC_REG_ICR_HIGH] = { 0xff000000, 0, PAGE_R | PAGE_W },
	[APIC_REG_LVT + APIC_LVT_TIMER] = { 0x700ff, 0x1000, BOTH_RW },
	[APIC_REG_LVT + APIC_LVT_THERMAL] = LVT_SOURCE,
	[APIC_REG_LVT + APIC_LVT_PERFORMANCE] = LVT_SOURCE,
	[APIC_REG_LVT + APIC_LVT_LINT0] = LVT_PIN,
	[APIC_REG_LVT + APIC_LVT_LINT1] = LVT_PIN,
	[APIC_REG_LVT + APIC_LVT_ERROR] = { 0x100ff, 0x1000, BOTH_RW },
	[APIC_REG_INITIAL] = { 0xffffffff, 0, BOTH_RW },
	[APIC_REG_CURRENT] = { 0, 0, BOTH_R },
	[APIC_REG_DIVIDE] = { 0xb, 0, BOTH_RW },
	[APIC_REG_SELF_IPI] = { 0xff, 0, MSR_W },
};

/* Does CPUID.1:ECX show it? What is hidden cannot be switched on. */
static bool apic_regs_has_feature(const struct vp *vp, uint32_t feature)
{
	const struct partition_config *config =
		&partition_configs[vp->partition];

	for (uint32_t i = 0; i < config->cpuid_count; i++) {
		const struct cpuid_config *row = &config->cpuids[i];

		if (row->leaf == 1 &&
		    ((row->allow[2] | row->force[2]) & feature) != 0) {
			return true;
		}
	}
	return false;
}

/* ---- both ways --------------------------------------------------------- */

/* Arbitration priority: as the processor's, pending vectors included. */
static uint32_t apic_regs_read_apr(const struct apic_state *apic)
{
	uint32_t top = apic->irr_top & 0xf0;

	return (apic->ppr & 0xf0) >= top ? apic->ppr : top;
}

static uint32_t apic_regs_read_array(const struct apic_state *apic,
				     uint32_t reg)
{
	unsigned part = reg & 7;
	uint64_t word;

	if (reg < APIC_REG_TMR) {
		word = apic->isr[part >> 1];
	} else if (reg < APIC_REG_IRR) {
		word = apic->tmr[part >> 1];
	} else {
		word = apic->irr[part >> 1];
	}
	return (uint32_t)(word >> (part & 1) * 32);
}

static uint32_t apic_regs_read(struct vp *vp, uint32_t reg)
{
	const struct apic_state *apic = &vp->apic;
	bool extended = apic_is_extended(apic);

	if (reg >= APIC_REG_ISR && reg < APIC_REG_IRR + 8) {
		apic_take_posted(vp);
		return apic_regs_read_array(apic, reg);
	}
	if (reg >= APIC_REG_LVT && reg < APIC_REG_LVT + APIC_LVT_COUNT) {
		return apic->lvt[index_mask(reg - APIC_REG_LVT,
					    APIC_LVT_COUNT)];
	}
	switch (reg) {
	case APIC_REG_ID:
		return extended ? vp->number : vp->number << 24;
	case APIC_REG_VERSION:
		return APIC_VERSION;
	case APIC_REG_TPR:
		return apic->tpr;
	case APIC_REG_APR:
		return apic_regs_read_apr(apic);
	case APIC_REG_PPR:
		return apic->ppr;
	case APIC_REG_LDR:
		return extended ? apic_extended_ldr(vp->number) : apic->ldr;
	case APIC_REG_DFR:
		return apic->dfr;
	case APIC_REG_SVR:
		return apic->svr;
	case APIC_REG_ESR:
		return apic->esr;
	case APIC_REG_ICR:
		return (uint32_t)apic->icr;
	case APIC_REG_ICR_HIGH:
		return (uint32_t)(apic->icr >> 32);
	case APIC_REG_INITIAL:
		return apic->timer_initial;
	case APIC_REG_CURRENT:
		return apic_timer_read_current(vp);
	case APIC_REG_DIVIDE:
		return apic->timer_divide;
	}
	return 0;
}

static void apic_regs_write_lvt(struct vp *vp, uint32_t n, uint32_t value)
{
	if ((vp->apic.svr & APIC_SVR_ENABLED) == 0) {
		value |= APIC_LVT_MASKED;
	}
	if (n == APIC_LVT_TIMER) {
		apic_timer_write_lvt(vp, value);
	} else {
		vp->apic.lvt[index_mask(n, APIC_LVT_COUNT)] = value;
	}
}

static void apic_regs_write_icr(struct vp *vp, uint32_t bits)
{
	struct apic_state *apic = &vp->apic;
	uint32_t destination = (uint32_t)(apic->icr >> 56);

	apic->icr = (apic->icr & ~0xffffffffull) | bits;
	apic_send_ipi(vp, bits,
		      destination == 0xff ? APIC_BROADCAST : destination);
}

/* value holds no bits but those that the register keeps. */
static void apic_regs_write(struct vp *vp, uint32_t reg, uint32_t value)
{
	struct apic_state *apic = &vp->apic;

	if (reg >= APIC_REG_LVT && reg < APIC_REG_LVT + APIC_LVT_COUNT) {
		apic_regs_write_lvt(vp, reg - APIC_REG_LVT, value);
		return;
	}
	switch (reg) {
	case APIC_REG_TPR:
		apic_set_tpr(vp, (uint8_t)value);
		return;
	case APIC_REG_EOI:
		apic_end_of_interrupt(vp);
		return;
	case APIC_REG_LDR:
		apic->ldr = value;
		return;
	case APIC_REG_DFR:
		apic->dfr = value | 0x0fffffff;
		return;
	case APIC_REG_SVR:
		apic_set_spurious(vp, value);
		return;
	case APIC_REG_ESR:
		apic->esr = apic->esr_pending;
		apic->esr_pending = 0;
		return;
	case APIC_REG_ICR:
		apic_regs_write_icr(vp, value);
		return;
	case APIC_REG_ICR_HIGH:
		apic->icr = (uint32_t)apic->icr | (uint64_t)value << 32;
		return;
	case APIC_REG_INITIAL:
		apic_timer_write_initial(vp, value);
		return;
	case APIC_REG_DIVIDE:
		apic_timer_write_divide(vp, value);
		return;
	case APIC_REG_SELF_IPI:
		apic_send_ipi(vp, value | APIC_ICR_SELF, 0);
		return;
	}
}

/* ---- the page ---------------------------------------------------------- */

bool apic_claims(const struct vp *vp, gpa_t address)
{
	uint64_t base = vp->apic.base;

	return (base & (APIC_BASE_ENABLED | APIC_BASE_EXTENDED)) ==
	       APIC_BASE_ENABLED &&
	       address.v >> PAGE_SHIFT == base >> PAGE_SHIFT;
}

/*
 * The register at offset, or APIC_REG_COUNT for an access that reaches none:
 * one of another size, one beside a register's first 4 bytes (undefined by
 * SDM3 11.4.1), or one to a reserved address, which is an error of its own.
 */
static uint32_t apic_regs_find(struct vp *vp, uint32_t offset, unsigned size,
			       unsigned right)
{
	uint32_t reg = offset >> 4;

	if (size != 4 || (offset & 15) != 0) {
		return APIC_REG_COUNT;
	}
	if (reg >= APIC_REG_COUNT ||
	    (registers[index_mask(reg, APIC_REG_COUNT)].rights &
	     (PAGE_R | PAGE_W)) == 0) {
		apic_report_error(vp, APIC_ESR_ADDRESS);
		return APIC_REG_COUNT;
	}
	reg = index_mask(reg, APIC_REG_COUNT);
	return (registers[reg].rights & right) != 0 ? reg : APIC_REG_COUNT;
}

enum outcome apic_read_page(struct vp *vp, uint32_t offset, unsigned size,
			    uint64_t *value)
{
	uint32_t reg = apic_regs_find(vp, offset, size, PAGE_R);

	*value = reg < APIC_REG_COUNT ? apic_regs_read(vp, reg) : 0;
	return OUTCOME_NEXT;
}

enum outcome apic_write_page(struct vp *vp, uint32_t offset, unsigned size,
			     uint64_t value)
{
	uint32_t reg = apic_regs_find(vp, offset, size, PAGE_W);

	if (reg >= APIC_REG_COUNT) {
		return OUTCOME_NEXT;
	}
	value &= registers[reg].keep & ~(uint32_t)registers[reg].status;
	if (reg == APIC_REG_LVT + APIC_LVT_TIMER &&
	    (value & APIC_TIMER_DEADLINE) != 0 &&
	    !apic_regs_has_feature(vp, APIC_FEATURE_DEADLINE)) {
		value &= ~(uint64_t)APIC_TIMER_DEADLINE;
	}
	apic_regs_write(vp, reg, (uint32_t)value);
	return OUTCOME_NEXT;
}

/* ---- MSRs -------------------------------------------------------------- */

/*
 * APIC_BASE: figure 11-27 of SDM3 11.12.5. What leaves the disabled state
 * finds the APIC as after reset; the BSP flag is not the guest's to change.
 */
static bool apic_regs_write_base(struct vp *vp, uint64_t value)
{
	struct apic_state *apic = &vp->apic;
	uint64_t mode_bits = APIC_BASE_ENABLED | APIC_BASE_EXTENDED;
	uint64_t from = apic->base & mode_bits;
	uint64_t to = value & mode_bits;
	uint64_t width = BIT(partition_configs[vp->partition].gpa_bits) - 1;

	if ((value & APIC_BASE_RESERVED) != 0 || (value & ~width) != 0 ||
	    to == APIC_BASE_EXTENDED ||
	    (from == mode_bits && to == APIC_BASE_ENABLED) ||
	    (from == 0 && to == mode_bits)) {
		return false;
	}
	if (to == mode_bits &&
	    !apic_regs_has_feature(vp, APIC_FEATURE_X2APIC)) {
		return false;
	}
	value = (value & ~(uint64_t)APIC_BASE_BSP) |
		(apic->base & APIC_BASE_BSP);
	__atomic_store_n(&apic->base, value, __ATOMIC_RELAXED);
	if (from != 0 && to == 0) {
		apic_init(vp);
		apic_set_tpr(vp, 0);	/* CR8 with it */
	} else if (from != to && to == mode_bits) {
		apic->icr = (uint32_t)apic->icr;
	}
	return true;
}

static bool apic_regs_read_extended(struct vp *vp, uint32_t reg,
				    uint64_t *value)
{
	if (reg >= APIC_REG_COUNT) {
		return false;
	}
	reg = index_mask(reg, APIC_REG_COUNT);
	if ((registers[reg].rights & MSR_R) == 0) {
		return false;
	}
	*value = reg == APIC_REG_ICR ? vp->apic.icr : apic_regs_read(vp, reg);
	return true;
}

static bool apic_regs_write_extended(struct vp *vp, uint32_t reg,
				     uint64_t value)
{
	uint64_t high = value & ~0xffffffffull;
	uint32_t keep, status;

	if (reg >= APIC_REG_COUNT) {
		return false;
	}
	reg = index_mask(reg, APIC_REG_COUNT);
	keep = registers[reg].keep;
	status = registers[reg].status;
	if ((registers[reg].rights & MSR_W) == 0 ||
	    ((uint32_t)value & ~(keep | status)) != 0) {
		return false;
	}
	value = (uint32_t)value & keep & ~status;
	if (reg == APIC_REG_ICR) {
		vp->apic.icr = high | value;
		apic_send_ipi(vp, (uint32_t)value, (uint32_t)(high >> 32));
		return true;
	}
	if (high != 0) {
		return false;
	}
	if (reg == APIC_REG_LVT + APIC_LVT_TIMER &&
	    (value & APIC_TIMER_DEADLINE) != 0 &&
	    !apic_regs_has_feature(vp, APIC_FEATURE_DEADLINE)) {
		return false;
	}
	apic_regs_write(vp, reg, (uint32_t)value);
	return true;
}

bool apic_read_msr(struct vp *vp, uint32_t msr, uint64_t *value)
{
	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
		return apic_is_extended(&vp->apic) &&
		       apic_regs_read_extended(vp, msr - MSR_X2APIC_FIRST,
					       value);
	}
	if (msr == MSR_TSC_DEADLINE &&
	    apic_regs_has_feature(vp, APIC_FEATURE_DEADLINE)) {
		*value = apic_timer_read_deadline(vp);
		return true;
	}
	if (msr == MSR_APIC_BASE) {
		*value = vp->apic.base;
		return true;
	}
	return false;
}

bool apic_write_msr(struct vp *vp, uint32_t msr, uint64_t value)
{
	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
		if (!apic_is_extended(&vp->apic)) {
			return false;
		}
		if (msr == MSR_X2APIC_FIRST + APIC_REG_EOI && value == 0) {
			apic_end_of_interrupt(vp);
			return true;
		}
		return apic_regs_write_extended(vp, msr - MSR_X2APIC_FIRST,
						value);
	}
	if (msr == MSR_TSC_DEADLINE) {
		/* The mode was not to be had without the feature. */
		if (!apic_timer_is_deadline(vp) &&
		    !apic_regs_has_feature(vp, APIC_FEATURE_DEADLINE)) {
			return false;
		}
		apic_timer_write_deadline(vp, value);
		return true;
	}
	return msr == MSR_APIC_BASE && apic_regs_write_base(vp, value);
}
