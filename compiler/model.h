/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model: what a spec says, in plain structs. Every value knows where it
 * was written. read/ fills it, check/ looks at it, place/ adds addresses,
 * emit/ writes it out. Names and indices here become those of the tables.
 */
#ifndef PARTC_MODEL_H
#define PARTC_MODEL_H

#include "config/config.h"
#include "sha384.h"
#include "tree.h"
#include "util.h"

#define MODEL_NONE CONFIG_NONE
#define PAGE 4096ull
#define LARGE_PAGE 0x200000ull

/* Order of schema_boot_words[]. */
enum boot_protocol {
	BOOT_LINUX, BOOT_PVH, BOOT_RAW16, BOOT_RAW32, BOOT_RAW64,
	BOOT_MULTIBOOT, BOOT_UNKNOWN
};

/* Order of schema_module_words[]; bits of model_partition.as_module. */
enum module_word { MODULE_PAYLOAD, MODULE_INITRD, MODULE_MODULES };

/* ---- machine ------------------------------------------------------------ */

struct model_range {
	const char *name;
	uint64_t base;
	uint64_t size;
	struct loc at;
};

struct model_lp {
	const char *name;
	uint32_t phandle;
	struct num apic_id;
	struct loc at;
};

struct model_uart {
	const char *name;
	uint32_t phandle;
	struct num base;
	struct num irq;
	struct loc at;
};

struct model_machine {
	struct loc at;
	struct text board;
	struct text vendor;
	struct text qemu;	/* which of its machines; may be absent */
	struct num tsc_hz;
	struct num apic_hz;
	struct num ioapic_base;
	struct num ioapic_pins;
	struct num boot_ok_cmos;
	struct num boot_ok_bit;
	struct model_range *ram;
	struct model_range *reserved;
	struct model_range *reserved_ports;	/* base: first, size: count */
	struct model_lp *lps;
	struct model_uart *uarts;
	uint32_t ram_count;
	uint32_t reserved_count;
	uint32_t reserved_port_count;
	uint32_t lp_count;
	uint32_t uart_count;
};

/* ---- policy ------------------------------------------------------------- */

struct port_row {
	const char *name;
	struct loc at;		/* of the row */
	struct loc range_at;
	struct loc action_at;
	uint32_t first;
	uint32_t last;
	enum port_action action;
	struct num target;
	struct num value;
	bool own;		/* of the partition, not of its profile */
};

struct msr_row {
	const char *name;
	struct loc at;
	struct loc range_at;
	uint32_t first;
	uint32_t last;
	enum msr_action read;
	enum msr_action write;
	struct loc read_at;
	struct loc write_at;
	struct num value;
	bool own;
};

struct cpuid_row {
	const char *name;
	struct loc at;
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t allow[4];
	uint32_t force[4];
	uint32_t dynamic;
	uint32_t vendor;
	bool topology;
};

struct policy {
	struct port_row *ports;
	struct msr_row *msrs;
	struct cpuid_row *cpuids;
	uint32_t port_count;
	uint32_t msr_count;
	uint32_t cpuid_count;
	struct num port_default;	/* PORT_DENY or PORT_STRICT */
	struct num privileges;		/* TLFS */
	struct num hints;		/* PARTITION_FLUSH_CALLS, ... */
};

struct model_profile {
	const char *name;
	uint32_t phandle;
	struct loc at;
	struct policy policy;
};

/* ---- partitions --------------------------------------------------------- */

struct model_vp {
	uint32_t lp;		/* in machine.lps; MODEL_NONE: bad reference */
	struct loc at;
};

/* Bytes that go into a partition's memory before it starts. */
struct model_load {
	const char *what;	/* "payload", "zero page", ... */
	struct loc at;
	uint64_t gpa;
	uint64_t size;
	/* Memory that it needs there; at least size. */
	uint64_t room;
	/* Either a piece of a file, or bytes of the compiler's own. */
	const char *file;
	uint64_t offset;
	const uint8_t *data;
	uint32_t payload;	/* number of its bytes in payload.S */
	uint32_t module;	/* in model.modules; MODEL_NONE: in the image */
};

/* A file of the disk, read and hashed once. */
struct model_file {
	const char *path;
	bool good;
	struct bytes bytes;
	uint8_t sha384[SHA384_SIZE];
};

struct model_payload {
	const char *path;	/* null: not given */
	const char *name;	/* as the spec says it */
	struct loc at;
	struct bytes bytes;
	bool good;		/* it could be read */
	uint8_t sha384[SHA384_SIZE];
	uint32_t module;	/* in model.modules; MODEL_NONE: in the image */
};

/* A module of a multiboot guest. */
struct model_guest_module {
	const char *text;	/* path, and what the guest sees of it */
	const char *line;	/* the latter */
	struct model_payload payload;
	uint64_t gpa;
};

struct model_partition {
	const char *name;
	uint32_t phandle;
	struct loc at;
	struct num memory;
	struct num address;
	struct num gpa_bits_wanted;
	struct model_vp *vps;
	uint32_t vp_count;
	struct loc vps_at;
	enum boot_protocol boot;
	struct text boot_text;
	struct text payload_name;
	struct text initrd_name;
	struct model_guest_module *modules;
	uint32_t module_count;
	struct loc modules_at;
	uint32_t as_module;	/* bits: 1 << enum module_word */
	struct loc as_module_at;
	struct text command_line;
	struct num load_address;
	struct num entry;
	uint32_t profile;	/* in profiles; MODEL_NONE: bad reference */
	struct policy own;	/* rows of the partition itself */
	uint32_t uart;		/* in machine.uarts; MODEL_NONE: none */
	struct loc uart_at;
	struct num uart_as;
	struct text console;
	enum failure_action failure;
	struct text failure_text;
	struct num restart_max;
	bool nmi;
	struct loc nmi_at;
	bool launch;
	struct loc launch_at;
	struct num launch_timeout;	/* in ms */
	bool launch_all, launch_stays;
	struct loc launch_all_at, launch_stays_at;
	bool launch_tpm;
	struct loc launch_tpm_at;

	/* Found by the compiler. */
	struct policy policy;	/* profile, refined; sorted */
	struct model_payload payload;
	struct model_payload initrd;
	struct model_load *loads;
	uint32_t load_count;
	bool long_mode;		/* VP 0 starts in it */
	uint32_t gpa_bits;
	uint32_t cpuid_bits;		/* what CPUID shows; windows included */
	uint32_t vp_first;
	uint64_t spa;
	uint64_t cr4_allow;
	uint64_t efer_allow;
	uint64_t xcr0_allow;
	struct vp_state_config state;
	uint32_t table_count;		/* nested tables that are filled */
	uint32_t pool_count;
	uint32_t channel_first;		/* on which it may send */
	uint32_t channel_count;
	uint32_t iopm;			/* number of its bitmap */
	uint32_t msrpm;
	uint32_t msr_bitmap;
	bool has_apic_bitmap;		/* msr_bitmap_apic is emitted, */
	uint32_t msr_bitmap_apic;	/* its number */
};

/* ---- plan --------------------------------------------------------------- */

struct model_slot {
	uint32_t partition;	/* MODEL_NONE: idle, or a bad reference */
	bool idle;
	uint32_t vp;		/* number in the partition */
	uint32_t length_us;
};

struct model_plan {
	const char *name;
	struct loc at;
	struct loc slots_at;
	uint32_t lp;
	struct loc lp_at;
	struct model_slot *slots;
	uint32_t slot_count;
};

/* A physical interrupt line and its owner. */
struct model_line {
	uint32_t gsi;
	uint32_t pin;
	uint32_t partition;
	uint32_t lp;
	struct loc at;
};

/* A file that is left to the boot loader. */
struct model_module {
	const struct model_payload *payload;	/* the first that asks for it */
	char *file;		/* in the output directory */
	uint8_t sha384[SHA384_SIZE];
	uint64_t spa;
};

/* A one-way channel between two partitions. */
struct model_channel {
	const char *name;
	struct loc at;
	uint32_t from;		/* MODEL_NONE: bad reference */
	uint32_t to;
	struct loc from_at;
	struct loc to_at;
	enum channel_kind kind;
	struct num connection;
	struct num port;	/* of the connection's number if not given */
	struct num vp;
	struct num sint;
	bool has_flags;
	uint32_t flag_first;
	uint32_t flag_last;
	struct loc flags_at;
};

/* ---- all of it ---------------------------------------------------------- */

struct model {
	const char *spec_path;		/* as given on the command line */
	const char *guest_directory;	/* with its last slash */
	const char *launch_directory;	/* the same */
	const char *out_directory;
	struct model_machine machine;
	struct model_profile *profiles;
	struct model_partition *partitions;
	struct model_plan *plans;
	struct model_line *lines;
	struct model_module *modules;
	uint32_t module_count;
	struct model_file *files;
	uint32_t file_count;
	struct model_channel *channels;
	uint32_t profile_count;
	uint32_t partition_count;
	uint32_t plan_count;
	uint32_t line_count;
	uint32_t channel_count;
	uint32_t vp_count;

	uint64_t image_base;
	uint64_t image_limit;
	uint64_t payload_bytes;
	uint64_t table_bytes;
};

/* Is this one of the raw protocols? */
static inline bool boot_is_raw(enum boot_protocol boot)
{
	return boot == BOOT_RAW16 || boot == BOOT_RAW32 || boot == BOOT_RAW64;
}

/* Guest base of the UART of a partition, and the pin that goes with it. */
static inline uint32_t model_uart_guest_base(const struct model *model,
					     const struct model_partition *p)
{
	return (uint32_t)(p->uart_as.set ? p->uart_as.v :
			  model->machine.uarts[p->uart].base.v);
}

/* Pin of a PC's COM port; MODEL_NONE: that base is no COM port's. */
static inline uint32_t model_com_pin(uint32_t base)
{
	switch (base) {
	case 0x3f8:
	case 0x3e8:
		return 4;
	case 0x2f8:
	case 0x2e8:
		return 3;
	}
	return MODEL_NONE;
}

/* The pin on which the guest sees its UART. */
static inline uint32_t model_uart_pin(const struct model *model,
				      const struct model_partition *p)
{
	return p->uart_as.set ? model_com_pin((uint32_t)p->uart_as.v) :
	       (uint32_t)model->machine.uarts[p->uart].irq.v;
}

/* Which is the launch partition; MODEL_NONE: there is none. */
static inline uint32_t model_launch(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		if (model->partitions[i].launch) {
			return i;
		}
	}
	return MODEL_NONE;
}

/* Has the partition a port to report a good boot by? */
static inline const struct port_row *
model_boot_ok_row(const struct model_partition *p)
{
	uint32_t i;

	for (i = 0; i < p->policy.port_count; i++) {
		if (p->policy.ports[i].action == PORT_BOOT_OK) {
			return &p->policy.ports[i];
		}
	}
	return NULL;
}

/* How many have one. */
static inline uint32_t model_boot_ok_count(const struct model *model)
{
	uint32_t count = 0;
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		count += model_boot_ok_row(&model->partitions[i]) != NULL;
	}
	return count;
}

#endif
