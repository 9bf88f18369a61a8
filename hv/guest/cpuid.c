/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID: register = (the machine's & allow) | force, then what depends on the
 * VP's own state. A leaf without a row reads as zeros; the hypervisor's own
 * leaves are in cpuid_synth.c.
 */
#include "abi/cpuid.h"
#include "abi/registers.h"
#include "cpu/id.h"
#include "guest/guest.h"
#include "guest/synth.h"
#include "lib/bits.h"

enum { REG_EAX, REG_EBX, REG_ECX, REG_EDX };

#define CR4_OSXSAVE BIT(18)
#define CR4_PKE BIT(22)

#define APIC_BASE_ENABLE BIT(11)

#define XSAVE_LEGACY_SIZE 576u	/* legacy area and header (SDM1 13.4) */
#define XSAVE_FIRST_EXTENDED 2u
#define XSAVE_FEATURE_COUNT 63u
#define XSAVE_ALIGNED 2u	/* leaf 0xD.n ECX: on 64 bytes if compacted */
#define XSAVE_COMPACTS 0xau	/* leaf 0xD.1 EAX: XSAVEC or XSAVES */

/* Is it the row of (leaf, subleaf) on this machine? */
static inline bool cpuid_row_fits(const struct cpuid_config *row,
				  uint32_t leaf, uint32_t subleaf)
{
	return row->leaf == leaf &&
	       (row->subleaf == subleaf ||
		row->subleaf == CPUID_ANY_SUBLEAF) &&
	       (row->vendor == VENDOR_ANY ||
		row->vendor == cpu_id_vendor);
}

/*
 * The row of (leaf, subleaf) on this machine, or null. The search for the
 * first row of the leaf goes on to one row whatever it meets, and never
 * leaves the table, even mispredicted.
 */
static __attribute__((noinline)) const struct cpuid_config *
cpuid_search_row(const struct partition_config *config, uint32_t leaf,
		 uint32_t subleaf)
{
	const struct cpuid_config *middle, *row = config->cpuids;
	const struct cpuid_config *end = row + config->cpuid_count;
	uint32_t count = config->cpuid_count;

	while (count > 1) {
		middle = row + count / 2;
		if (middle[-1].leaf < leaf) {
			row = middle;
		}
		count -= count / 2;
	}
	for (; row < end && row->leaf <= leaf; row++) {
		if (cpuid_row_fits(row, leaf, subleaf)) {
			return row;
		}
	}
	return NULL;
}

static inline const struct cpuid_config *
cpuid_find_row(struct vp *vp, uint32_t leaf, uint32_t subleaf)
{
	const struct partition_config *config =
		partition_config(vp->partition);
	struct row_memo *memo = &vp->cpuid_memos[leaf % ROW_MEMO_COUNT];
	const struct cpuid_config *row;

	if (memo->key != leaf || memo->subkey != subleaf || memo->row == 0) {
		row = cpuid_search_row(config, leaf, subleaf);
		memo->key = leaf;
		memo->subkey = subleaf;
		memo->row = row == NULL ? CONFIG_NONE :
			    (uint32_t)(row - config->cpuids) + 1;
	}
	return memo->row == CONFIG_NONE ? NULL
					: &config->cpuids[memo->row - 1];
}

/* Bytes that XSAVE (or XSAVEC, compacted) needs for these features. */
static uint32_t cpuid_xsave_size(uint64_t features, bool compacted)
{
	uint32_t size = XSAVE_LEGACY_SIZE;

	for (uint32_t i = XSAVE_FIRST_EXTENDED;
	     i < XSAVE_FEATURE_COUNT && features >> i != 0; i++) {
		uint32_t regs[4];

		if ((features & BIT(i)) == 0) {
			continue;
		}
		cpu_id_read(CPUID_LEAF_XSTATE, i, regs);
		if (compacted) {
			if ((regs[REG_ECX] & XSAVE_ALIGNED) != 0) {
				size = (uint32_t)align_up(size, 64);
			}
			size += regs[REG_EAX];
		} else if (regs[REG_EBX] + regs[REG_EAX] > size) {
			size = regs[REG_EBX] + regs[REG_EAX];
		}
	}
	return size;
}

/* Leaves 0xD.0 and 0xD.1: sizes for what the guest has on and may have. */
static __attribute__((noinline)) void
cpuid_fill_xstate(const struct vp *vp, uint32_t subleaf, uint32_t regs[4])
{
	uint64_t live;

	/* By name: where XSETBV is no exit, the processor has the latest. */
	if (vcpu_get_register(&vp->vcpu, HV_REGISTER_XCR0, &live) != HV_OK) {
		live = vp->vcpu.xcr0;
	}
	if (subleaf == 0) {
		uint64_t most = ((uint64_t)regs[REG_EDX] << 32) |
				regs[REG_EAX];

		most &= partition_config(vp->partition)->xcr0_allow;
		regs[REG_EAX] = (uint32_t)most;
		regs[REG_EDX] = (uint32_t)(most >> 32);
		regs[REG_EBX] = cpuid_xsave_size(live, false);
		regs[REG_ECX] = cpuid_xsave_size(most, false);
	} else if (subleaf == 1) {
		regs[REG_EBX] = 0;
		if ((regs[REG_EAX] & XSAVE_COMPACTS) != 0) {
			regs[REG_EBX] = cpuid_xsave_size(live | vp->vcpu.xss,
							 true);
		}
	}
}

/* regs[at] gets bits from CR4 while the guest has cr4_bit on. */
static void cpuid_copy_cr4(const struct vp *vp, uint64_t cr4_bit,
			   uint32_t bits, uint32_t *reg)
{
	*reg &= ~bits;
	if ((vcpu_get_cr4(&vp->vcpu) & cr4_bit) != 0) {
		*reg |= bits;
	}
}

static void cpuid_fill_dynamic(const struct vp *vp,
			       const struct cpuid_config *row,
			       uint32_t subleaf, uint32_t regs[4])
{
	const struct partition_config *config =
		partition_config(vp->partition);

	if ((row->dynamic & CPUID_DYN_LEAF1) != 0) {
		regs[REG_EBX] = (regs[REG_EBX] & 0xffff) |
				(config->vp_count & 0xff) << 16 |
				(vp->number & 0xff) << 24;
		cpuid_copy_cr4(vp, CR4_OSXSAVE, CPUID_1_ECX_OSXSAVE,
			       &regs[REG_ECX]);
		/* A local APIC that is switched off is not there. */
		if ((vp->apic.base & APIC_BASE_ENABLE) == 0) {
			regs[REG_EDX] &= ~CPUID_1_EDX_APIC;
		}
	}
	if ((row->dynamic & ~CPUID_DYN_LEAF1) == 0) {
		return;
	}
	if ((row->dynamic & CPUID_DYN_X2APIC_ID) != 0) {
		regs[REG_ECX] = (regs[REG_ECX] & ~0xffu) | (subleaf & 0xff);
		regs[REG_EDX] = vp->number;
	}
	if ((row->dynamic & CPUID_DYN_XSTATE) != 0) {
		cpuid_fill_xstate(vp, subleaf, regs);
	}
	if ((row->dynamic & CPUID_DYN_AMD_ID) != 0) {
		regs[REG_EAX] = vp->number;
		regs[REG_EBX] = (regs[REG_EBX] & ~0xffu) |
				(vp->number & 0xff);
	}
	if ((row->dynamic & CPUID_DYN_OSPKE) != 0) {
		cpuid_copy_cr4(vp, CR4_PKE, CPUID_7_ECX_OSPKE,
			       &regs[REG_ECX]);
	}
	if ((row->dynamic & CPUID_DYN_TSC_INVARIANT) != 0 &&
	    partition_table[vp->partition].synth.tsc_invariant == 0) {
		regs[REG_EDX] &= ~CPUID_TSC_INVARIANT;
	}
}

static inline void cpuid_read_row(struct vp *vp, uint32_t leaf,
				  uint32_t subleaf, uint32_t regs[4])
{
	const struct cpuid_config *row = cpuid_find_row(vp, leaf, subleaf);

	if (row == NULL) {
		for (unsigned i = 0; i < 4; i++) {
			regs[i] = 0;
		}
		return;
	}
	cpu_id_read(leaf, subleaf, regs);
	regs[0] = (regs[0] & row->allow[0]) | row->force[0];
	regs[1] = (regs[1] & row->allow[1]) | row->force[1];
	regs[2] = (regs[2] & row->allow[2]) | row->force[2];
	regs[3] = (regs[3] & row->allow[3]) | row->force[3];
	if (row->dynamic != 0) {
		cpuid_fill_dynamic(vp, row, subleaf, regs);
	}
}

enum outcome cpuid_handle(struct vp *vp)
{
	uint32_t leaf = (uint32_t)vp->vcpu.gpr[GPR_RAX];
	uint32_t subleaf = (uint32_t)vp->vcpu.gpr[GPR_RCX];
	uint32_t regs[4];

	if (leaf >= HV_CPUID_FIRST && leaf <= HV_CPUID_LAST) {
		cpuid_read_synth(vp, leaf, regs);
	} else {
		cpuid_read_row(vp, leaf, subleaf, regs);
	}
	vp->vcpu.gpr[GPR_RAX] = regs[REG_EAX];
	vp->vcpu.gpr[GPR_RBX] = regs[REG_EBX];
	vp->vcpu.gpr[GPR_RCX] = regs[REG_ECX];
	vp->vcpu.gpr[GPR_RDX] = regs[REG_EDX];
	return OUTCOME_NEXT;
}
