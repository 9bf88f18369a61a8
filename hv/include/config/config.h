/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types of the generated tables. The only header that compiler/ and hv/
 * share: partc writes arrays of these types into tables.c, the hypervisor
 * reads them and never writes one.
 *
 * Every table is a ceiling: what is not listed is denied. Counts are emitted
 * next to the arrays, never written by hand. Addresses of emitted objects are
 * link-time constants (the image is mapped where it is linked: HVA == SPA).
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdint.h>

#define CONFIG_NONE 0xffffffffu	/* "no such index" in a uint32_t index */

/* One page of a nested page table: 512 entries of 8 bytes. */
#define CONFIG_TABLE_ENTRIES 512

/*
 * A segment register as the TLFS lays it out (HV_X64_SEGMENT_REGISTER):
 * attributes are the VMX access rights 15:0: type 3:0, S 4, DPL 6:5, P 7,
 * AVL 12, L 13, D/B 14, G 15.
 */
struct segment_config {
	uint64_t base;
	uint32_t limit;		/* in bytes, expanded (0xffffffff for 4 GiB) */
	uint16_t selector;
	uint16_t attributes;
};

/* Order of struct vp_state_config.segment[]; the TLFS's register order. */
enum segment_name {
	SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS,
	SEGMENT_FS, SEGMENT_GS, SEGMENT_LDTR, SEGMENT_TR,
	SEGMENT_COUNT
};

/* Order of general registers, everywhere: TLFS 0x20000 + n, as in ModRM. */
enum gpr_name {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15,
	GPR_COUNT
};

/*
 * Where a VP starts. Only what differs from the state after INIT is the
 * compiler's choice, but all of it is written out. EFER is as the guest sees
 * it (no SVME).
 */
struct vp_state_config {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	struct segment_config segment[SEGMENT_COUNT];
	uint64_t gdtr_base;
	uint64_t idtr_base;
	uint32_t gdtr_limit;
	uint32_t idtr_limit;
};

enum port_action {
	PORT_DENY,	/* reads all ones, writes dropped, counted */
	PORT_STRICT,	/* stops the partition */
	PORT_PASS,	/* not intercepted (its bit in the bitmap is 0) */
	PORT_REMAP,	/* done by the hypervisor at target + (port - first) */
	PORT_LOG,	/* byte out: into the partition's log ring; in: 0xe9 */
	PORT_RESET,	/* a byte out of 1 restarts the partition */
	PORT_OFF,	/* a byte out that sets bit 5 ends the partition */
	PORT_INTERCEPT,	/* message to the parent */
	PORT_VALUE,	/* reads give target; writes are dropped */
	PORT_BOOT_OK,	/* a byte out of 1 reports a good boot */
	PORT_LAUNCH	/* the launch partition's (abi/launch.h) */
};

/*
 * Sorted by first, disjoint. An access must lie in one row wholly, else it is
 * treated by the partition's port_default.
 */
struct port_config {
	uint16_t first;
	uint16_t last;		/* inclusive */
	uint16_t target;	/* PORT_REMAP: physical port of first;
				   PORT_VALUE: what is read */
	uint8_t action;		/* enum port_action */
	uint8_t reserved;
};

enum msr_action {
	MSR_DENY,	/* #GP(0); what an unlisted MSR gets */
	MSR_STRICT,	/* stops the partition */
	MSR_PASS,	/* not intercepted; the back end switches it */
	MSR_EMULATE,	/* hv/guest/msr*.c knows it, else #GP(0) */
	MSR_VALUE	/* reads give value; writes are dropped */
};

/* Sorted by first, disjoint. */
struct msr_config {
	uint32_t first;
	uint32_t last;		/* inclusive */
	uint64_t value;		/* MSR_VALUE */
	uint8_t read;		/* enum msr_action */
	uint8_t write;		/* enum msr_action */
	uint8_t reserved[6];
};

#define CPUID_ANY_SUBLEAF 0xffffffffu	/* row holds for every ECX */

/* What the hypervisor fills in at run time, after allow and force. */
#define CPUID_DYN_LEAF1 1u	/* EBX 31:24 APIC id, 23:16 VP count;
				   ECX 27 OSXSAVE from CR4 */
#define CPUID_DYN_X2APIC_ID 2u	/* EDX := x2APIC id (leaves 0xB, 0x1F) */
#define CPUID_DYN_XSTATE 4u	/* leaf 0xD.0/.1 EBX: size for live XCR0 */
#define CPUID_DYN_AMD_ID 8u	/* leaf 0x8000001E: EAX APIC id, EBX core */
#define CPUID_DYN_OSPKE 16u	/* leaf 7.0 ECX 4 from CR4.PKE */
#define CPUID_DYN_TSC_INVARIANT 32u	/* EDX 8 by HV_MSR_TSC_INVARIANT */

enum cpu_vendor { VENDOR_ANY, VENDOR_AMD, VENDOR_INTEL };

/*
 * register = (machine's register & allow) | force, then dynamic. Sorted by
 * leaf, subleaf. A leaf without a row reads as zeros.
 */
struct cpuid_config {
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t allow[4];	/* EAX, EBX, ECX, EDX */
	uint32_t force[4];
	uint32_t dynamic;	/* CPUID_DYN_* */
	uint32_t vendor;	/* enum cpu_vendor: row holds there only */
};

/* A range of a partition's RAM: 4 KiB aligned, GPA to SPA. */
struct region_config {
	uint64_t gpa;
	uint64_t spa;
	uint64_t size;		/* in bytes */
	const char *where;	/* "file:line:col" of the spec */
};

/*
 * Bytes copied into partition memory before each start, after all of it was
 * zeroed. Lies within one region. data is in the section .payload, or within
 * one module of the store; neither is mapped but through a window.
 */
struct load_config {
	uint64_t gpa;
	uint64_t size;		/* in bytes */
	const uint8_t *data;
};

/*
 * A payload that is not in the image: module i of the boot loader's list. Boot
 * moves it to spa and refuses any other bytes than these. One follows the
 * other, each on whole pages, below 4 GiB: the module store.
 */
struct module_config {
	uint64_t spa;
	uint64_t size;		/* in bytes */
	uint8_t sha384[48];
	const char *name;	/* of the file */
	const char *where;
};

#define CONFIG_MODULE_MAX 32

enum failure_action { FAILURE_HALT, FAILURE_RESTART, FAILURE_PANIC };

/* Bits of partition_config.flags */
#define PARTITION_CONSOLE_LOG 1u	/* its console is its log ring */
#define PARTITION_TLFS 2u		/* is shown the Hv#1 interface */
#define PARTITION_NMI 4u		/* physical NMIs go to its VP 0 */
#define PARTITION_FLUSH_CALLS 8u	/* has, and is told of, these calls */
#define PARTITION_IPI_CALLS 16u

struct partition_config {
	const char *name;
	const char *where;
	uint32_t flags;
	uint32_t vp_first;		/* in vp_configs[] */
	uint32_t vp_count;
	uint32_t gpa_bits;		/* width of a GPA: 36..48 */

	const struct region_config *regions;
	const struct load_config *loads;
	const struct port_config *ports;
	const struct msr_config *msrs;
	const struct cpuid_config *cpuids;
	uint32_t region_count;
	uint32_t load_count;
	uint32_t port_count;
	uint32_t msr_count;
	uint32_t cpuid_count;
	uint32_t port_default;		/* PORT_DENY or PORT_STRICT */

	const uint8_t *iopm;		/* 12 KiB, page aligned; a set bit
					   intercepts (APM2 15.10); Intel takes
					   the first 8 KiB (SDM3 24.6.4) */
	const uint8_t *msrpm;		/* AMD: 8 KiB, page aligned
					   (APM2 15.11) */

	/* What CPUID hides cannot be switched on. Bits a guest may set. */
	uint64_t cr4_allow;
	uint64_t efer_allow;		/* SCE, LME, LMA, NXE, ... */
	uint64_t xcr0_allow;

	uint64_t hv_privileges;		/* HV_PARTITION_PRIVILEGE_MASK */

	/*
	 * Nested tables: initial[i] (AMD: NPT) or ept_initial[i] (Intel: EPT)
	 * is the start value of pool[i]; the root is pool[0].
	 * pool[initial_count .. pool_count) are free tables for overlays and
	 * splits. What machine_config.vendor is not has neither tables nor an
	 * MSR map.
	 */
	const uint64_t (*nested_initial)[CONFIG_TABLE_ENTRIES];
	uint64_t (*nested_pool)[CONFIG_TABLE_ENTRIES];
	uint32_t nested_initial_count;
	uint32_t nested_pool_count;

	uint32_t failure;		/* enum failure_action */
	uint32_t restart_max;		/* FAILURE_RESTART: how often; then
					   halted. CONFIG_NONE: no bound */

	uint32_t channel_first;		/* on which it may send, in */
	uint32_t channel_count;		/* channel_configs[] */
	const uint8_t *msr_bitmap;	/* Intel's msrpm: 4 KiB, page aligned
					   (SDM3 24.6.9) */
	const uint64_t (*ept_initial)[CONFIG_TABLE_ENTRIES];
	const uint8_t *msr_bitmap_apic;	/* msr_bitmap, and writes of the x2APIC
					   EOI and SELF IPI pass: for who runs
					   on a virtual-APIC page. Or null */
	uint64_t reserved[6];		/* 0: of 256 bytes, a row is found by a
					   shift, in every exit */
};

/*
 * Where the launch partition sees partition i, read-only: above its own GPA
 * space (gpa_bits is LAUNCH_WINDOW_BITS), so that no address that it gives the
 * hypervisor leads there. Links from its own table of GiBs to the other's.
 */
#define LAUNCH_WINDOW_BITS 36
#define LAUNCH_WINDOW(i) \
	((1ull << LAUNCH_WINDOW_BITS) + ((uint64_t)(i) << 32))

/* The TPM's registers, where the launch partition owns them (LAUNCH_TPM). */
#define LAUNCH_TPM_BASE 0xfed40000ull
#define LAUNCH_TPM_SIZE 0x5000ull

#define SINT_COUNT 16

struct vp_config {
	uint32_t partition;		/* in partition_configs[] */
	uint32_t number;	/* VP index in its partition == APIC id */
	uint32_t lp;			/* in lp_configs[] */
	uint32_t reserved;
	const struct vp_state_config *state;	/* 0: waits for SIPI */
	/* In channel_configs[]: whose messages come to each SINT. */
	uint32_t sint_channel[SINT_COUNT];	/* CONFIG_NONE: nobody's */
};

enum channel_kind { CHANNEL_MESSAGES, CHANNEL_EVENTS };

/*
 * A port of a VP, and another partition's connection to it (TLFS 11.4): the
 * only ways from one partition to another. Sorted by sender, then connection.
 */
struct channel_config {
	uint32_t from;			/* partition that may send */
	uint32_t connection;		/* what the sender calls it */
	uint32_t vp;			/* that receives, in vp_configs[] */
	uint32_t port;			/* what the receiver calls it */
	uint32_t kind;			/* enum channel_kind */
	uint32_t sint;			/* 1..15 of the receiver */
	uint32_t flag_first;		/* CHANNEL_EVENTS: flags of that SINT */
	uint32_t flag_count;
	const char *where;
};

/* A slot of an LP's cyclic plan. One slot of length 0: the VP owns the LP. */
struct slot_config {
	uint32_t vp;			/* in vp_configs[]; CONFIG_NONE: idle */
	uint32_t length_us;
};

struct lp_config {
	uint32_t apic_id;
	uint32_t slot_count;		/* 0: the LP idles */
	const struct slot_config *slots;
	const char *where;
};

/* A physical interrupt line that a partition owns. */
struct line_config {
	uint32_t gsi;			/* pin of the machine's IOAPIC */
	uint32_t partition;
	uint32_t pin;			/* pin of the partition's IOAPIC */
	uint32_t lp;			/* the LP that takes it */
	uint8_t level;			/* 0 edge, 1 level */
	uint8_t active_low;
	uint8_t vector;			/* LINE_VECTOR_FIRST + index */
	uint8_t reserved[5];
	const char *where;
};

/* Physical vectors. Lines get LINE_VECTOR_FIRST + their index. */
#define LINE_VECTOR_FIRST 0x30
#define LINE_VECTOR_LAST 0xdf
#define LINE_PIN_COUNT 24		/* pins of a partition's IOAPIC */

struct machine_config {
	const char *name;		/* board */
	const char *where;
	uint64_t tsc_hz;		/* 0: measured at boot */
	uint64_t apic_hz;		/* local APIC timer; 0: measured */
	uint64_t ioapic_base;		/* SPA; 0: the machine has none */
	uint32_t vendor;		/* enum cpu_vendor it must be; any:
					   the image has tables for both */
	uint32_t ioapic_pins;

	/* Where the boot loader finds that all partitions that can (that have
	 * a port with PORT_BOOT_OK) have reported: a register of the CMOS. */
	uint32_t boot_ok_count;		/* partitions that can report */
	uint8_t boot_ok_cmos;		/* 0: the board has no such place */
	uint8_t boot_ok_mask;
	uint8_t reserved[2];

	/* Who checks the others before they start; CONFIG_NONE: nobody, and
	 * nobody waits. */
	uint32_t launch_partition;
	uint32_t launch_timeout_ms;	/* for its verdict, from its start */
	uint64_t launch_table;		/* its GPA (abi/launch.h) */
	uint32_t launch_flags;		/* LAUNCH_ALL and so on */
	uint32_t launch_reserved;	/* 0 */
};

/* RAM that the board says the machine has; checked against its memory map. */
struct ram_config {
	uint64_t base;
	uint64_t size;
	const char *where;
};

/* ---- the tables -------------------------------------------------------- */

extern const struct machine_config machine_config;
extern const struct ram_config ram_configs[];
extern const struct lp_config lp_configs[];
extern const struct partition_config partition_configs[];
extern const struct vp_config vp_configs[];
extern const struct line_config line_configs[];
extern const struct channel_config channel_configs[];

extern const struct module_config module_configs[];

extern const uint32_t ram_count;
extern const uint32_t lp_count;
extern const uint32_t partition_count;
extern const uint32_t vp_count;
extern const uint32_t line_count;
extern const uint32_t module_count;
extern const uint32_t channel_count;

extern const char spec_name[];		/* file name of the spec */

#endif
