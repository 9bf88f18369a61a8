/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/vcpu/vcpu_state.c tests/unit/fake_panic.c */
/*
 * A VMCS: made anew by its own LP alone, every field of it written; a VP's
 * way onto and off an LP.
 */
#include <stdlib.h>

#include "fake_regs.h"

#include "abi/registers.h"
#include "vcpu/vmx/vmx_event.c"
#include "vcpu/vmx/vmx_regs.c"
#include "vcpu/vmx/vmx_state.c"

#define VCPUS 2u
#define REVISION 4u
#define GARBAGE 0x5a5a5a5a5a5a5a5aull
#define ROOT 0x7000ull

struct vcpu_pages vcpu_pages[VCPUS];
struct lp_pages lp_pages[1];
struct lp_tables lp_tables[1];
const uint8_t vmx_enter_left[1];
static uint8_t bitmap[3 * 4096] aligned_page;
static struct lp lp;
static struct vcpu vcpu;

static const struct vp_state_config start_state = {
	.cr0 = CR0_PE | CR0_PG, .cr3 = 0x9000, .cr4 = CR4_PAE,
	.efer = EFER_LME | EFER_LMA, .gdtr_base = 0x5000, .gdtr_limit = 0x1f,
	.idtr_base = 0x6000, .idtr_limit = 0xfff,
	.segment = {
		[SEGMENT_CS] = { .limit = 0xffffffff, .selector = 8,
				 .attributes = 0xa09b },
		[SEGMENT_TR] = { .limit = 0xffff, .attributes = 0x8b },
	}
};
extern const struct vp_config fake_vps[VCPUS] __asm__("vp_configs");
const struct vp_config fake_vps[VCPUS] = {
	{ .state = &start_state }, { .state = NULL }
};
extern const struct partition_config fake_partitions[1]
	__asm__("partition_configs");
const struct partition_config fake_partitions[1] = {
	{ .gpa_bits = 40, .iopm = bitmap, .msr_bitmap = bitmap }
};

/* ---- the processor ----------------------------------------------------- */

enum step { NOTHING, CLEARED, CLEARED_AGAIN, CURRENT };

static enum step step;
static const void *current;
static uint64_t fields[0x7000];
static bool written[0x7000];
static unsigned makes;
static uint64_t cr2, dr6;

uint64_t vmx_read(uint32_t field)
{
	assert_non_null(current);
	return fields[field];
}

void vmx_write(uint32_t field, uint64_t value)
{
	assert_non_null(current);
	assert_in_range(field, 0, 0x6fff);
	fields[field] = value;
	written[field] = true;
}

uint64_t vmx_read_dr6(void)
{
	return dr6;
}

void vmx_write_dr6(uint64_t value)
{
	dr6 = value;
}

uint64_t vmx_read_cr2(void)
{
	return cr2;
}

void vmx_write_cr2(uint64_t value)
{
	cr2 = value;
}

/* SDM3 24.11.3: the revision is there when it is cleared for its first use. */
void vmx_clear(const void *page)
{
	uint32_t revision;

	assert_ptr_equal(page, vcpu_pages[vcpu.index].control);
	memcpy(&revision, page, sizeof(revision));
	current = NULL;
	step = step == CLEARED && revision == REVISION ? CLEARED_AGAIN
						       : CLEARED;
}

void vmx_make_current(const void *page)
{
	assert_ptr_equal(page, vcpu_pages[vcpu.index].control);
	if (step == CLEARED_AGAIN) {
		makes++;
		/* Whatever this processor means by a page of zeros. */
		for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
			fields[i] = GARBAGE;
		}
		memset(written, 0, sizeof(written));
	}
	step = CURRENT;
	current = page;
}

struct lp *lp_self(void)
{
	return &lp;
}

uint64_t trap_table_base(void)
{
	return 0x1234000;
}

spa_t nested_root(uint32_t partition)
{
	assert_int_equal(partition, 0);
	return spa(ROOT);
}

/* Four entries of a PAE guest at 0x9000; elsewhere, nothing. */
enum hv_err window_read(uint32_t partition, gpa_t from, void *to, size_t size)
{
	static const uint64_t entries[4] = { 0xa001, 0xb001, 0, 0xd001 };

	if (from.v != 0x9000) {
		return HV_ERR_MMIO;
	}
	assert_int_equal(size, sizeof(entries));
	memcpy(to, entries, size);
	return HV_OK;
}

void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	abort();
}

/* ---- help -------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	memset(vcpu_pages, 0x5a, sizeof(vcpu_pages));
	memset(&vcpu_features, 0, sizeof(vcpu_features));
	memset(fields, 0, sizeof(fields));
	vcpu_features.revision = REVISION;
	vcpu_features.cr0_fixed = CR0_NE;
	for (uint32_t i = 0; i < VMX_CONTROL_COUNT; i++) {
		vcpu_features.control[i] = 0x100 + i;
	}
	lp = (struct lp){
		.index = 0, .host_state = (uint64_t)lp_pages[0].host_state
	};
	fake_msr_count = 0;
	fake_msr_add(MSR_EFER, EFER_LME | EFER_LMA);
	fake_msr_add(MSR_PAT, 0x70406);
	for (unsigned i = 0; i < VCPU_MSR_COUNT; i++) {
		fake_msr_add(vmx_msrs[i], 100 + i);
	}
	fake_cr0 = 0x80000031;
	fake_cr3 = 0x3000;
	fake_cr4 = CR4_PAE | CR4_VMXE | CR4_MCE;
	step = NOTHING;
	current = NULL;
	makes = 0;
	return 0;
}

static void load_fresh(const struct vp_state_config *from)
{
	vmx_reset(&vcpu, from);
	/* Not yet: this may be another LP's VP. */
	assert_null(current);
	vmx_load(&vcpu);
	assert_int_equal(makes, 1);
}

/* ---- a new one --------------------------------------------------------- */

/*
 * All fields that an entry or exit looks at with the controls that are used
 * (SDM3 24.4 to 24.8), but those that each entry writes: RIP, RSP, RFLAGS, the
 * timer, the offset of the TSC, VPID; and the entry itself, the host's RSP.
 */
static void test_every_field_is_written(void **state)
{
	static const struct {
		uint16_t first, last;
	} ranges[] = {
		{ 0x0800, 0x080e }, { 0x0c00, 0x0c0c }, { 0x2000, 0x2000 },
		{ 0x2002, 0x2004 }, { 0x2012, 0x2012 }, { 0x201a, 0x201a },
		{ 0x2800, 0x2806 }, { 0x2c00, 0x2c02 }, { 0x4000, 0x401e },
		{ 0x4800, 0x4826 }, { 0x482a, 0x482a }, { 0x4c00, 0x4c00 },
		{ 0x6000, 0x6006 }, { 0x6800, 0x681a }, { 0x6822, 0x6826 },
		{ 0x6c00, 0x6c12 }, { 0x6c16, 0x6c16 },
	};

	(void)state;
	for (unsigned init = 0; init < 2; init++) {
		setup(NULL);
		load_fresh(init != 0 ? NULL : &start_state);
		for (unsigned i = 0; i < ARRAY_COUNT(ranges); i++) {
			for (uint32_t field = ranges[i].first;
			     field <= ranges[i].last; field += 2) {
				if (!written[field]) {
					fail_msg("field %#x is left", field);
				}
			}
		}
	}
}

static void test_host(void **state)
{
	(void)state;
	load_fresh(&start_state);
	assert_int_equal(fields[VMCS_HOST_CR0], fake_cr0);
	assert_int_equal(fields[VMCS_HOST_CR3], fake_cr3);
	assert_int_equal(fields[VMCS_HOST_CR4], fake_cr4);
	assert_int_equal(fields[VMCS_HOST_EFER], EFER_LME | EFER_LMA);
	assert_int_equal(fields[VMCS_HOST_GS_BASE], (uint64_t)&lp);
	assert_int_equal(fields[VMCS_HOST_IDTR_BASE], 0x1234000);
	assert_int_equal(fields[VMCS_HOST_RIP], (uint64_t)vmx_enter_left);
	assert_int_equal(fields[VMCS_HOST_FS], 0);
}

static void test_control(void **state)
{
	(void)state;
	load_fresh(&start_state);
	assert_int_equal(fields[VMCS_PIN], 0x100 + VMX_PIN);
	assert_int_equal(fields[VMCS_PROC], 0x100 + VMX_PROC);
	assert_int_equal(fields[VMCS_PROC2], 0x100 + VMX_PROC2);
	assert_int_equal(fields[VMCS_EXIT], 0x100 + VMX_EXIT);
	assert_int_equal(fields[VMCS_IO_BITMAP_B],
			 (uint64_t)bitmap + 4096);
	assert_int_equal(fields[VMCS_MSR_BITMAP], (uint64_t)bitmap);
	assert_int_equal(fields[VMCS_EPT_POINTER], ROOT | VMX_EPT_POINTER);
	assert_int_equal(fields[VMCS_VIRTUAL_APIC], lp.host_state);
	assert_int_equal(fields[VMCS_LINK], ~0ull);
	assert_int_equal(fields[VMCS_EXCEPTIONS], 1 << 1 | 1 << 17 | 1 << 18);
	/* No list of MSRs: their addresses are not even set. */
	assert_int_equal(fields[VMCS_EXIT_STORE_COUNT], 0);
	assert_int_equal(fields[VMCS_EXIT_LOAD_COUNT], 0);
	assert_int_equal(fields[VMCS_ENTRY_LOAD_COUNT], 0);
	assert_int_equal(fields[VMCS_ENTRY_EVENT], 0);
	assert_int_equal(fields[VMCS_TPR_THRESHOLD], 0);
}

static void test_start_of_the_spec(void **state)
{
	(void)state;
	load_fresh(&start_state);
	assert_int_equal(fields[VMCS_CR0], CR0_PE | CR0_PG | CR0_ET | CR0_NE);
	assert_int_equal(fields[VMCS_CR0_SEEN], CR0_PE | CR0_PG | CR0_ET);
	assert_int_equal(fields[VMCS_CR3], 0x9000);
	assert_int_equal(fields[VMCS_CR4], CR4_PAE | CR4_VMXE | CR4_MCE);
	assert_int_equal(fields[VMCS_CR4_SEEN], CR4_PAE | CR4_MCE);
	assert_int_equal(fields[VMCS_ENTRY],
			 (0x100 + VMX_ENTRY) | VMX_ENTRY_WIDE);
	assert_int_equal(fields[VMCS_GDTR_LIMIT], 0x1f);
	assert_int_equal(fields[VMCS_IDTR_BASE], 0x6000);
	assert_int_equal(fields[VMCS_RIGHTS + 2 * SEGMENT_CS], 0xa09b);
	/* No data segment: null selectors (SDM3 26.3.1.2). */
	assert_int_equal(fields[VMCS_RIGHTS + 2 * SEGMENT_DS],
			 VMX_RIGHTS_UNUSABLE);
	assert_int_equal(fields[VMCS_PAT], PAT_RESET);
	assert_int_equal(dr6, DR6_RESET);
}

static void test_init(void **state)
{
	(void)state;
	load_fresh(NULL);
	assert_int_equal(fields[VMCS_CR0], CR0_ET | CR0_NE);
	assert_int_equal(fields[VMCS_CR0_SEEN], CR0_ET);
	assert_int_equal(fields[VMCS_CR4_SEEN], CR4_MCE);
	assert_int_equal(fields[VMCS_EFER], 0);
	assert_int_equal(fields[VMCS_ENTRY], 0x100 + VMX_ENTRY);
	assert_int_equal(fields[VMCS_BASE + 2 * SEGMENT_CS], 0xffff0000);
	assert_int_equal(fields[VMCS_GDTR_BASE], 0);
	assert_int_equal(fields[VMCS_GDTR_LIMIT], 0xffff);
	assert_int_equal(fields[VMCS_SHADOW], 0);
	assert_int_equal(fields[VMCS_ACTIVITY], 0);
}

/* ---- onto an LP and off ------------------------------------------------ */

static void test_load_and_save(void **state)
{
	(void)state;
	load_fresh(&start_state);
	for (unsigned i = 0; i < VCPU_MSR_COUNT; i++) {
		assert_int_equal(*fake_msr(vmx_msrs[i]), 0);
		*fake_msr(vmx_msrs[i]) = 200 + i;
	}
	fields[VMCS_CR3] = 0xa000;
	cr2 = 7;
	dr6 = 8;
	vcpu.cr8 = 9;
	fields[VMCS_TPR_THRESHOLD] = 9;
	vmx_save(&vcpu);
	for (unsigned i = 0; i < VCPU_MSR_COUNT; i++) {
		*fake_msr(vmx_msrs[i]) = 0;
	}
	cr2 = dr6 = 0;
	/* Another VP's, that was here meanwhile. */
	*vmx_tpr(&lp) = 0x30;
	vmx_load(&vcpu);
	assert_int_equal(*vmx_tpr(&lp), 0x90);
	assert_in_range(fields[VMCS_TPR_THRESHOLD], 0, 9);
	/* The same VMCS. */
	assert_int_equal(makes, 1);
	assert_int_equal(fields[VMCS_CR3], 0xa000);
	assert_int_equal(cr2, 7);
	assert_int_equal(dr6, 8);
	for (unsigned i = 0; i < VCPU_MSR_COUNT; i++) {
		assert_int_equal(*fake_msr(vmx_msrs[i]), 200 + i);
	}
}

/* Noted by whoever resets it, done when its own LP loads it. */
static void test_reset(void **state)
{
	(void)state;
	load_fresh(&start_state);
	fields[VMCS_CR3] = 0xa000;
	step = NOTHING;
	vmx_reset(&vcpu, &start_state);
	assert_int_equal(step, NOTHING);
	assert_int_equal(fields[VMCS_CR3], 0xa000);
	vmx_load(&vcpu);
	assert_int_equal(makes, 2);
	assert_int_equal(fields[VMCS_CR3], 0x9000);
	vmx_load(&vcpu);
	assert_int_equal(makes, 2);
}

/* HvStartVirtualProcessor: not as the spec has it, nor as INIT leaves it. */
static void test_start_by_another_vp(void **state)
{
	struct vp_state_config from = start_state;

	(void)state;
	load_fresh(NULL);
	from.cr3 = 0xe000;
	from.idtr_limit = 0x3ff;
	from.segment[SEGMENT_CS].selector = 0x10;
	vmx_reset(&vcpu, &from);
	vmx_start_context(&vcpu, &from);
	vmx_load(&vcpu);
	/* A PAT of its own comes after: it is not made anew again. */
	fields[VMCS_PAT] = 7;
	vmx_load(&vcpu);
	assert_int_equal(makes, 2);
	assert_int_equal(fields[VMCS_CR0_SEEN], CR0_PE | CR0_PG | CR0_ET);
	assert_int_equal(fields[VMCS_CR3], 0xe000);
	assert_int_equal(fields[VMCS_EFER], EFER_LME | EFER_LMA);
	assert_int_equal(fields[VMCS_IDTR_LIMIT], 0x3ff);
	assert_int_equal(fields[VMCS_SELECTOR + 2 * SEGMENT_CS], 0x10);
	assert_int_equal(fields[VMCS_BASE + 2 * SEGMENT_CS], 0);
	assert_int_equal(fields[VMCS_PAT], 7);
	/* PAE: as a write of CR3 would. */
	from.efer = 0;
	from.cr3 = 0x9000;
	vmx_reset(&vcpu, &from);
	vmx_start_context(&vcpu, &from);
	assert_int_equal(fields[VMCS_PDPTE0], 0xa001);
	assert_int_equal(fields[VMCS_PDPTE0 + 6], 0xd001);
	from.cr3 = 0xf000;
	vmx_reset(&vcpu, &from);
	vmx_start_context(&vcpu, &from);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(fields[VMCS_PDPTE0 + 2 * i], 0);
	}
}

static void test_flush_of_the_cache(void **state)
{
	(void)state;
	/* There is no such MSR. */
	load_fresh(&start_state);
	fake_msr_add(MSR_FLUSH_CMD, 0);
	vcpu_features.flush_l1d = true;
	vmx_load(&vcpu);
	assert_int_equal(*fake_msr(MSR_FLUSH_CMD), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_field_is_written), TEST(test_host),
		TEST(test_control), TEST(test_start_of_the_spec),
		TEST(test_init), TEST(test_load_and_save), TEST(test_reset),
		TEST(test_start_by_another_vp), TEST(test_flush_of_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
