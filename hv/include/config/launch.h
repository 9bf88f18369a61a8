/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the hypervisor and the launch partition, which checks the others
 * before they start (docs/launch.md). The launch table lies in the launch
 * partition's memory: what the spec says is written by partc, digests of what
 * the hypervisor alone can see by the hypervisor. The verdict comes back as
 * one page. Little endian; reserved fields are 0.
 */
#ifndef CONFIG_LAUNCH_H
#define CONFIG_LAUNCH_H

#include <stdint.h>

#define LAUNCH_TABLE_MAGIC 0x544c4842u		/* "BHLT" */
#define LAUNCH_VERDICT_MAGIC 0x564c4842u	/* "BHLV" */
#define LAUNCH_VERSION 1u
#define LAUNCH_NAME_SIZE 32u			/* with its NUL */
#define LAUNCH_PARTITION_MAX 64u
#define LAUNCH_SHA384_SIZE 48u

/* machine_config.launch_flags; launch_table.flags. */
#define LAUNCH_ALL 1u		/* for the signer: one bad, and none starts */
#define LAUNCH_STAYS 2u		/* it goes on after its verdict, and sees the
				   others no more */
#define LAUNCH_TPM 4u		/* the TPM's registers are its own */

/*
 * The port with the action "launch". A doubleword in: how many partitions are
 * not yet cleared and loaded; at 0 the check may begin. A doubleword out: the
 * verdict's GPA / 4096; the hypervisor copies it, acts upon it and ends the
 * launch partition, or takes its windows away if it stays (LAUNCH_STAYS). Any
 * other size: as a port that is denied.
 */

struct launch_partition {
	char name[LAUNCH_NAME_SIZE];
	uint64_t window;	/* GPA at which its GPA 0 is seen, read-only */
	uint64_t size;		/* of its memory, in bytes */
	/* By the hypervisor: of the struct vp_state_config of those of its
	 * VPs that have one, one after the other. */
	uint8_t vp_sha384[LAUNCH_SHA384_SIZE];
};

/* Its GPA is in RDI when the launch partition starts. */
struct launch_table {
	uint32_t magic;
	uint32_t version;
	uint64_t manifest;		/* GPA */
	uint64_t manifest_size;		/* of the room for it, in bytes */
	uint32_t partition_count;
	uint32_t self;			/* which one is the launch partition */
	uint8_t policy_sha384[LAUNCH_SHA384_SIZE];	/* by the hypervisor:
					   policy_start to policy_end */
	uint32_t flags;
	uint8_t reserved[44];
	struct launch_partition partitions[];
};

/*
 * 0 is no status: a verdict that was not written starts nobody. What is
 * beside LAUNCH_OK says which check failed, for the log.
 */
enum launch_status {
	LAUNCH_NONE,
	LAUNCH_OK,
	LAUNCH_BAD_MANIFEST,		/* malformed, or there is none */
	LAUNCH_BAD_CHAIN,		/* leads to none of the CAs */
	LAUNCH_BAD_CERTIFICATE,		/* key usage, path length, purpose */
	LAUNCH_BAD_SIGNATURE,
	LAUNCH_BAD_POLICY,		/* tables of the image */
	LAUNCH_BAD_VERSION,		/* rolled back */
	LAUNCH_NOT_IN_MANIFEST,
	LAUNCH_BAD_PAYLOAD,
	LAUNCH_BAD_COMMAND_LINE,
	LAUNCH_BAD_INITRD,		/* or another module */
	LAUNCH_BAD_BOOT_DATA,		/* ACPI tables, zero page, ... */
	LAUNCH_BAD_MEMORY,		/* not zero where nothing is loaded */
	LAUNCH_BAD_VP_STATE,
	LAUNCH_BAD_OTHER,		/* all or nothing, and another failed */
	LAUNCH_STATUS_COUNT
};

/*
 * sha384: for each load of the partition in the order of its table: GPA and
 * size (8 bytes each), then the bytes as they lie in its memory. A restart
 * that has other bytes does not start.
 */
struct launch_verdict_partition {
	uint32_t status;		/* enum launch_status */
	uint32_t reserved;
	uint8_t sha384[LAUNCH_SHA384_SIZE];
};

struct launch_verdict {
	uint32_t magic;
	uint32_t version;
	uint32_t partition_count;
	uint32_t reserved;
	struct launch_verdict_partition partitions[LAUNCH_PARTITION_MAX];
};

_Static_assert(sizeof(struct launch_partition) == 96, "launch_partition");
_Static_assert(sizeof(struct launch_table) == 128, "launch_table");
_Static_assert(sizeof(struct launch_verdict) == 16 + 56 * 64,
	       "launch_verdict");
_Static_assert(sizeof(struct launch_verdict) <= 4096, "launch_verdict");

#endif
