/* SPDX-License-Identifier: Apache-2.0 */
/* Structures of the guest interface (TLFS), as guests see them in memory. */
#ifndef ABI_TLFS_H
#define ABI_TLFS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reference TSC page: time in 100 ns = (tsc * scale >> 64) + offset. A
 * sequence of 0 means: invalid, read HV_MSR_TIME_REF_COUNT instead.
 */
struct hv_reference_tsc_page {
	uint32_t sequence;
	uint32_t reserved;
	uint64_t scale;
	int64_t offset;
	uint64_t reserved_rest[509];
};
_Static_assert(sizeof(struct hv_reference_tsc_page) == 4096, "TLFS");
_Static_assert(offsetof(struct hv_reference_tsc_page, scale) == 8, "TLFS");
_Static_assert(offsetof(struct hv_reference_tsc_page, offset) == 16, "TLFS");

#define HV_TSC_SEQUENCE_INVALID 0

/* VP assist page; only its first field is used here. */
struct hv_vp_assist_page {
	uint32_t apic_assist;	/* bit 0: no EOI required */
	uint32_t reserved;
	uint8_t rest[4088];
};
_Static_assert(sizeof(struct hv_vp_assist_page) == 4096, "TLFS");

/* A slot of the SIM page, one for each SINT; a type of 0: it is empty. */
#define HV_MESSAGE_PAYLOAD_MAX 240
#define HV_MESSAGE_PENDING 1		/* flags: another one waits */
#define HV_MESSAGE_OF_HYPERVISOR 0x80000000u	/* types that nobody posts */
#define HV_MESSAGE_TIMER_EXPIRED 0x80000010u

struct hv_message {
	uint32_t type;
	uint8_t payload_size;
	uint8_t flags;
	uint16_t reserved;
	uint64_t origination;	/* port; 0: a timer */
	uint64_t payload[HV_MESSAGE_PAYLOAD_MAX / 8];
};
_Static_assert(sizeof(struct hv_message) == 256, "TLFS");
_Static_assert(offsetof(struct hv_message, flags) == 5, "TLFS");
_Static_assert(offsetof(struct hv_message, payload) == 16, "TLFS");

struct hv_timer_payload {
	uint32_t timer;
	uint32_t reserved;
	uint64_t expiration;	/* reference time: due, written to its slot */
	uint64_t delivery;
};
_Static_assert(sizeof(struct hv_timer_payload) == 24, "TLFS");

/* Event flags of a SINT in the SIEF page. */
#define HV_EVENT_FLAG_COUNT 2048

/* Input of HvPostMessage and HvSignalEvent. */
struct hv_post_message {
	uint32_t connection;
	uint32_t reserved;
	uint32_t type;
	uint32_t payload_size;
	uint64_t payload[HV_MESSAGE_PAYLOAD_MAX / 8];
};
_Static_assert(sizeof(struct hv_post_message) == 256, "TLFS");

struct hv_signal_event {
	uint32_t connection;
	uint16_t flag;
	uint16_t reserved;
};
_Static_assert(sizeof(struct hv_signal_event) == 8, "TLFS");

/* A set of VPs; of its banks of 64, those whose bit is in valid follow. */
#define HV_VP_SET_SPARSE 0
#define HV_VP_SET_ALL 1
#define HV_VP_SET_BANKS 64

/* The others follow; no partition has VPs in them. */
struct hv_vp_set {
	uint64_t format;
	uint64_t valid;
	uint64_t bank[1];
};

/* Input of the flush calls; an Ex call has a set in place of the mask. */
struct hv_flush {
	uint64_t space;
	uint64_t flags;
	union {
		uint64_t mask;
		struct hv_vp_set set;
	};
};
_Static_assert(offsetof(struct hv_flush, set) == 16, "TLFS");

struct hv_send_ipi {
	uint32_t vector;
	uint8_t vtl;
	uint8_t reserved[3];
	union {
		uint64_t mask;
		struct hv_vp_set set;
	};
};
_Static_assert(offsetof(struct hv_send_ipi, set) == 8, "TLFS");

/* Attributes: VMX access rights 15:0. */
struct hv_segment_register {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint16_t attributes;
};
_Static_assert(sizeof(struct hv_segment_register) == 16, "TLFS");
_Static_assert(offsetof(struct hv_segment_register, selector) == 12, "TLFS");

struct hv_table_register {
	uint16_t pad[3];
	uint16_t limit;
	uint64_t base;
};
_Static_assert(sizeof(struct hv_table_register) == 16, "TLFS");
_Static_assert(offsetof(struct hv_table_register, limit) == 6, "TLFS");

/* Which VP a call is about. */
struct hv_vp_header {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl;
	uint8_t reserved[3];
};
_Static_assert(sizeof(struct hv_vp_header) == 16, "TLFS");

/* Where HvStartVirtualProcessor starts a VP. */
struct hv_start_context {
	uint64_t rip;
	uint64_t rsp;
	uint64_t rflags;
	struct hv_segment_register cs, ds, es, fs, gs, ss, tr, ldtr;
	struct hv_table_register idtr;
	struct hv_table_register gdtr;
	uint64_t efer;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t pat;
};
_Static_assert(sizeof(struct hv_start_context) == 224, "TLFS");

struct hv_start_vp {
	struct hv_vp_header header;
	struct hv_start_context context;
};

struct hv_register_value {
	uint32_t name;
	uint32_t reserved[3];
	uint64_t value[2];
};
_Static_assert(sizeof(struct hv_register_value) == 32, "TLFS");

#endif
