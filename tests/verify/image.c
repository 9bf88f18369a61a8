/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole image's tables, written by hand from image.dts: two partitions with
 * 4 KiB, 2 MiB and 1 GiB leaves. Linked with boot/bulkhead.ld, never booted.
 * test_verify.py proves that verify accepts it, then plants faults in its
 * bytes; the FAULT_ macros are faults that are easier to write than to patch.
 */
#include "config/config.h"

#define TABLE 0x27		/* P, W, U, A */
#define PAGE_4K 0x67		/* and D */
#define PAGE_LARGE 0xe7		/* and PS */
#define EPT_TABLE 0x07		/* R, W, X */
#define EPT_4K 0x37		/* and write-back */
#define EPT_LARGE 0xb7		/* and a leaf */
#define PAGE_ALIGNED __attribute__((aligned(4096)))

#define A_SPA 0x2000000ull	/* 2 MiB */
#define A_TAIL 0x2800000ull	/* and four pages, elsewhere */
#define B_SPA 0x40000000ull	/* 1 GiB and 2 MiB */
#define STORE 0x3200000ull	/* three pages: two modules */

void boot_start32(void);
__attribute__((section(".boot.text"))) void boot_start32(void)
{
}

uint8_t live_log[4096] __attribute__((section(".noinit")));
uint8_t boot_stack[64] = { 1 };
static const uint8_t payload[64] __attribute__((section(".payload"))) = {
	0xf4, 0xeb, 0xfd
};
static const uint8_t stack[16] __attribute__((section(".payload"))) = {
	1, 2, 3
};

/* ---- nested tables ---- */

static uint64_t pool_a[6][512]
	__attribute__((aligned(4096), section(".nested_pool,\"aw\",@nobits#")));
static uint64_t pool_b[5][512]
	__attribute__((aligned(4096), section(".nested_pool,\"aw\",@nobits#")));

static const uint64_t PAGE_ALIGNED nested_a[4][512] = {
	[0] = { [0] = (uint64_t)pool_a[1] + TABLE },
	[1] = { [0] = (uint64_t)pool_a[2] + TABLE },
	[2] = { [0] = A_SPA + PAGE_LARGE,
		[1] = (uint64_t)pool_a[3] + TABLE },
	[3] = { [0] = A_TAIL + PAGE_4K,
		[1] = A_TAIL + 0x1000 + PAGE_4K,
		[2] = A_TAIL + 0x2000 + PAGE_4K,
		[3] = A_TAIL + 0x3000 + PAGE_4K },
};

static const uint64_t PAGE_ALIGNED nested_b[3][512] = {
	[0] = { [0] = (uint64_t)pool_b[2] + TABLE },
	[2] = { [0] = B_SPA + PAGE_LARGE,
		[1] = (uint64_t)pool_b[1] + TABLE },
	[1] = { [0] = B_SPA + 0x40000000 + PAGE_LARGE },
};

/* The same for Intel. */
static const uint64_t PAGE_ALIGNED ept_a[4][512] = {
	[0] = { [0] = (uint64_t)pool_a[1] + EPT_TABLE },
	[1] = { [0] = (uint64_t)pool_a[2] + EPT_TABLE },
	[2] = { [0] = A_SPA + EPT_LARGE,
		[1] = (uint64_t)pool_a[3] + EPT_TABLE },
	[3] = { [0] = A_TAIL + EPT_4K,
		[1] = A_TAIL + 0x1000 + EPT_4K,
		[2] = A_TAIL + 0x2000 + EPT_4K,
		[3] = A_TAIL + 0x3000 + EPT_4K },
};

static const uint64_t PAGE_ALIGNED ept_b[3][512] = {
	[0] = { [0] = (uint64_t)pool_b[2] + EPT_TABLE },
	[2] = { [0] = B_SPA + EPT_LARGE,
		[1] = (uint64_t)pool_b[1] + EPT_TABLE },
	[1] = { [0] = B_SPA + 0x40000000 + EPT_LARGE },
};

/* ---- policies ---- */

#define IOPM_COMMON [0 ... 12287] = 0xff
static const uint8_t PAGE_ALIGNED iopm_a[12288] = { IOPM_COMMON };
static const uint8_t PAGE_ALIGNED iopm_b[12288] = {
	IOPM_COMMON, [0x2f8 / 8] = 0
};
/* TSC read; FS, GS, KERNEL_GS base read and write. */
static const uint8_t PAGE_ALIGNED msrpm[8192] = {
	[0 ... 8191] = 0xff, [0x10 / 4] = 0xfe, [0x800 + 0x100 / 4] = 0xc0
};

/* Reads of both ranges, then writes. */
static const uint8_t PAGE_ALIGNED msr_bitmap[4096] = {
	[0 ... 4095] = 0xff, [0x10 / 8] = 0xfe, [0x400 + 0x100 / 8] = 0xf8,
	[0xc00 + 0x100 / 8] = 0xf8
};

static const struct port_config ports_a[] = {
	{ 0x2f8, 0x2ff, 0x3f8, PORT_REMAP, 0 },
	{ 0x600, 0x600, 0, PORT_OFF, 0 },
	{ 0x602, 0x602, 0, PORT_RESET, 0 },
	{ 0x604, 0x604, 1, PORT_VALUE, 0 },
};
static const struct port_config ports_b[] = {
	{ 0x80, 0x80, 0, PORT_DENY, 0 },
	{ 0x2f8, 0x2ff, 0, PORT_PASS, 0 },
	{ 0x600, 0x600, 0, PORT_OFF, 0 },
	{ 0x602, 0x602, 0, PORT_RESET, 0 },
	{ 0x604, 0x604, 1, PORT_VALUE, 0 },
	{ 0x606, 0x606, 0, PORT_BOOT_OK, 0 },
};
static const struct msr_config msrs[] = {
	{ 0x10, 0x10, 0, MSR_PASS, MSR_EMULATE, { 0 } },
	{ 0x8b, 0x8b, 7, MSR_VALUE, MSR_VALUE, { 0 } },
	{ 0xc0000100, 0xc0000102, 0, MSR_PASS, MSR_PASS, { 0 } },
};
#define CPUIDS(letter, htt, cores, many, topology) \
static const struct cpuid_config cpuids_##letter[] = { \
	{ 1, CPUID_ANY_SUBLEAF, { 0xffffffff, 0, 0x04000000, 0x40 }, \
	  { 0, 0, 0, htt }, CPUID_DYN_LEAF1, VENDOR_ANY }, \
	{ 4, 0, { 0x3fff, 7 }, { cores }, 0, VENDOR_INTEL }, \
	{ 0xb, 0, { 0 }, { 0, 1, 0x100, 0 }, CPUID_DYN_X2APIC_ID, \
	  VENDOR_ANY }, \
	{ 0xb, 1, { 0 }, { (many) != 0, 1 + ((many) != 0), 0x201, 0 }, \
	  CPUID_DYN_X2APIC_ID, VENDOR_ANY }, \
	{ 0xd, 0, { 3, 0, 0, 0 }, { 0 }, \
	  CPUID_DYN_XSTATE | CPUID_DYN_OSPKE, VENDOR_ANY }, \
	{ 0x80000001, CPUID_ANY_SUBLEAF, { 0, 0, 0, 0x20100000 }, \
	  { 0, 0, many, 0 }, 0, VENDOR_AMD }, \
	{ 0x80000008, CPUID_ANY_SUBLEAF, { 0 }, { 0x3024, 0, topology, 0 }, \
	  0, VENDOR_ANY }, \
}
CPUIDS(a, 1 << 28, 1 << 26, 2, 0x1001);
CPUIDS(b, 0, 0, 0, 0);

/* ---- partitions ---- */

static const struct region_config regions_a[] = {
	{ 0, A_SPA, 0x200000, "image.dts:83:4" },
	{ 0x200000, A_TAIL, 0x4000, "image.dts:83:4" },
};
static const struct region_config regions_b[] = {
	{ 0, B_SPA, 0x40200000, "image.dts:94:4" },
};
static const struct load_config loads_a[] = {
	{ 0x100000, sizeof(payload), payload },
	{ 0x1000, sizeof(stack), stack },
	{ 0x180000, 0x900, (const uint8_t *)(STORE + 0xf00) },
};
static const struct load_config loads_b[] = {
	{ 0x100000, sizeof(payload), payload },
	{ 0x1000, sizeof(stack), stack },
	{ 0x180000, 0x20, (const uint8_t *)(STORE + 0x2000) },
};

#define CONFIG(letter, vp, vps, default_, failure_, max) { \
	.name = #letter, .where = "image.dts:8" #vp ":3", \
	.flags = PARTITION_TLFS, \
	.vp_first = vp, .vp_count = vps, .gpa_bits = 36, \
	.regions = regions_##letter, \
	.region_count = sizeof(regions_##letter) / 32, \
	.loads = loads_##letter, .load_count = 3, \
	.ports = ports_##letter, \
	.port_count = sizeof(ports_##letter) / sizeof(ports_##letter[0]), \
	.msrs = msrs, .msr_count = 3, \
	.cpuids = cpuids_##letter, .cpuid_count = 7, \
	.port_default = default_, .iopm = iopm_##letter, .msrpm = msrpm, \
	.cr4_allow = 0x40020, .efer_allow = 0xd00, .xcr0_allow = 3, \
	.hv_privileges = 0x3000000806ull, \
	.nested_initial = nested_##letter, .nested_pool = pool_##letter, \
	.nested_initial_count = sizeof(nested_##letter) / 4096, \
	.nested_pool_count = sizeof(pool_##letter) / 4096, \
	.failure = failure_, .restart_max = max, \
	.channel_first = vp, .channel_count = 2 - vp / 2, \
	.msr_bitmap = msr_bitmap, .ept_initial = ept_##letter }

const struct partition_config partition_configs[] = {
	CONFIG(a, 0, 2, PORT_DENY, FAILURE_RESTART, 3),
	CONFIG(b, 2, 1, PORT_STRICT, FAILURE_HALT, CONFIG_NONE),
};

/* ---- who runs where ---- */

static const struct vp_state_config flat = {
	.rip = 0x100000, .rflags = 2, .cr0 = 0x11,
	.segment[SEGMENT_CS] = { 0, 0xffffffff, 8, 0xc09b },
	.segment[SEGMENT_DS] = { 0, 0xffffffff, 16, 0xc093 },
};
#define NONE_4 CONFIG_NONE, CONFIG_NONE, CONFIG_NONE, CONFIG_NONE
const struct vp_config vp_configs[] = {
	{ 0, 0, 0, 0, &flat, { NONE_4, NONE_4, NONE_4, NONE_4 } },
	{ 0, 1, 1, 0, 0, { CONFIG_NONE, CONFIG_NONE, CONFIG_NONE, 2,
			   NONE_4, NONE_4, NONE_4 } },
	{ 1, 0, 1, 0, &flat, { CONFIG_NONE, CONFIG_NONE, 0, CONFIG_NONE,
			       NONE_4, NONE_4, NONE_4 } },
};
const struct channel_config channel_configs[] = {
	{ 0, 0x10, 2, 0x20, CHANNEL_MESSAGES, 2, 0, 0, "image.dts:110:3" },
	{ 0, 0x11, 2, 0x11, CHANNEL_EVENTS, 2, 8, 4, "image.dts:114:3" },
	{ 1, 0x10, 1, 0x10, CHANNEL_MESSAGES, 3, 0, 0, "image.dts:119:3" },
};
const uint32_t channel_count = 3;
static const struct slot_config slots_0[] = { { 0, 0 } };
static const struct slot_config slots_1[] = {
	{ 1, 300 }, { 2, 600 }, { CONFIG_NONE, 100 }
};
const struct lp_config lp_configs[] = {
	{ 0, 1, slots_0, "image.dts:24:4" },
	{ 2, 3, slots_1, "image.dts:25:4" },
};
const struct line_config line_configs[] = {
	{ 4, 0, 3, 0, 0, 0, LINE_VECTOR_FIRST, { 0 }, "image.dts:87:4" },
	{ 3, 1, 3, 1, 0, 0, LINE_VECTOR_FIRST + 1, { 0 }, "image.dts:98:4" },
};
const struct ram_config ram_configs[] = {
	{ 0x1000000, 0x2000000, "image.dts:28:4" },
	{ 0x3100000, 0xbcf00000, "image.dts:28:4" },
	{ 0x100000000, 0x100000000, "image.dts:29:4" },
};
const struct module_config module_configs[] = {
	{ STORE, 0x1800, { 1, 2, 3 }, "first.img", "image.dts:103:4" },
	{ STORE + 0x2000, 0x20, { 4 }, "second.img", "image.dts:118:4" },
};
const struct machine_config machine_config = {
	.name = "test", .where = "image.dts:8:2", .tsc_hz = 1000000000,
	.ioapic_base = 0xfec00000, .vendor = VENDOR_ANY, .ioapic_pins = 24,
	.boot_ok_count = 1, .boot_ok_cmos = 0x60, .boot_ok_mask = 8,
	.launch_partition = CONFIG_NONE
};
const uint32_t partition_count = 2;
const uint32_t vp_count = 3;
const uint32_t lp_count = 2;
const uint32_t line_count = 2;
const uint32_t ram_count = 3;
const uint32_t module_count = 2;
const char spec_name[] = "image.dts";
