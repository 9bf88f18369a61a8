/* SPDX-License-Identifier: Apache-2.0 */
/* The table of checks. tests/compiler/bad holds a spec for each id. */
#include "check/check.h"

#include <string.h>

static const struct check checks[] = {
	{ "unknown-node", "Every node is one that the language knows.",
	  CHECK_SPEC, check_schema },
	{ "unknown-property",
	  "Every property is one that the language knows for its node.",
	  CHECK_ELSEWHERE, NULL },
	{ "missing-node", "A node has the child nodes that it needs.",
	  CHECK_ELSEWHERE, NULL },
	{ "missing-property", "A node has the properties that it needs.",
	  CHECK_ELSEWHERE, NULL },
	{ "type", "A property's value is of the type of that property.",
	  CHECK_ELSEWHERE, NULL },
	{ "word", "A property with a list of words has one of them.",
	  CHECK_ELSEWHERE, NULL },
	{ "reference", "A reference leads to a node of the right kind.",
	  CHECK_ELSEWHERE, NULL },

	{ "ram-range", "RAM and reserved ranges are whole, non-empty pages.",
	  CHECK_SPEC, check_ram_range },
	{ "ram-overlap", "No two ranges of RAM overlap.",
	  CHECK_SPEC, check_ram_overlap },
	{ "apic-id", "An LP's APIC id is below 255.",
	  CHECK_SPEC, check_apic_id },
	{ "apic-id-twice", "No two LPs have the same APIC id.",
	  CHECK_SPEC, check_apic_id_twice },
	{ "irq-pin", "A UART's interrupt line is a pin of the IOAPIC.",
	  CHECK_SPEC, check_irq_pin },
	{ "uart-overlap", "No two UARTs share a port.",
	  CHECK_SPEC, check_uart_overlap },
	{ "config-vendor",
	  "The machine's processor has a back end in this build.",
	  CHECK_SPEC, check_config_vendor },

	{ "memory-size", "A partition's memory is 1 MiB or more in pages.",
	  CHECK_SPEC, check_memory_size },
	{ "memory-limit",
	  "A partition's memory ends below its device pages (3 GiB).",
	  CHECK_SPEC, check_memory_limit },
	{ "address-align", "A fixed address is a multiple of 2 MiB.",
	  CHECK_SPEC, check_address_align },
	{ "address-overlap", "No two partitions have the same memory.",
	  CHECK_SPEC, check_address_overlap },
	{ "address-ram",
	  "A fixed address lies in RAM that is neither reserved nor the "
	  "image's.",
	  CHECK_ELSEWHERE, NULL },
	{ "gpa-bits", "A partition's address width is 36 to 48 bits.",
	  CHECK_SPEC, check_gpa_bits },
	{ "no-room", "Every partition's memory finds a place in RAM.",
	  CHECK_ELSEWHERE, NULL },
	{ "image-room", "The image lies in RAM that is not reserved.",
	  CHECK_ELSEWHERE, NULL },

	{ "port-range", "A range of ports is not reversed, and below 65536.",
	  CHECK_SPEC, check_port_range },
	{ "port-overlap", "A port has one rule in a partition.",
	  CHECK_SPEC, check_port_overlap },
	{ "port-target",
	  "A remapped range, and no other, says where it leads.",
	  CHECK_SPEC, check_port_target },
	{ "port-value",
	  "A port that reads a value, and no other, has one below 65536.",
	  CHECK_SPEC, check_port_value },
	{ "port-intercept", "A partition with intercepted ports has a parent.",
	  CHECK_SPEC, check_port_intercept },
	{ "port-twice", "A physical port has one owner.",
	  CHECK_SPEC, check_port_twice },
	{ "port-reserved", "No partition owns a port that the board reserves.",
	  CHECK_SPEC, check_port_reserved },
	{ "port-console", "No partition owns the port of Bulkhead's own log.",
	  CHECK_SPEC, check_port_console },
	{ "uart-twice", "A UART has one owner.",
	  CHECK_SPEC, check_uart_twice },
	{ "uart-base", "A UART appears where a PC has COM ports.",
	  CHECK_SPEC, check_uart_base },
	{ "irq-twice", "An interrupt line has one owner.",
	  CHECK_SPEC, check_irq_twice },
	{ "acpi-ports",
	  "A guest that gets ACPI tables has a reset port and an off port.",
	  CHECK_SPEC, check_acpi_ports },

	{ "boot-ok-cmos",
	  "What is kept of a boot is bit 0 to 7 of CMOS register 0x10 to "
	  "0x7f.",
	  CHECK_SPEC, check_boot_ok_cmos },
	{ "boot-ok-board",
	  "A partition that reports a good boot has a board that keeps it.",
	  CHECK_SPEC, check_boot_ok_board },
	{ "boot-ok-ports", "No partition owns the ports of the CMOS.",
	  CHECK_SPEC, check_boot_ok_ports },

	{ "msr-range", "A range of MSRs is not reversed.",
	  CHECK_SPEC, check_msr_range },
	{ "msr-overlap", "An MSR has one rule in a partition.",
	  CHECK_SPEC, check_msr_overlap },
	{ "msr-pass",
	  "Only MSRs that are switched with the VP are passed through.",
	  CHECK_SPEC, check_msr_pass },
	{ "msr-value", "An MSR that reads a value, and no other, has one.",
	  CHECK_SPEC, check_msr_value },
	{ "cpuid-twice", "A CPUID leaf has one rule for a processor.",
	  CHECK_SPEC, check_cpuid_twice },
	{ "cpuid-unsafe",
	  "No feature is shown that the hypervisor cannot give.",
	  CHECK_SPEC, check_cpuid_unsafe },
	{ "tlfs-config", "A profile asks for the TLFS only if it is built.",
	  CHECK_SPEC, check_tlfs_config },

	{ "vp-count", "A partition has 1 to 64 VPs.",
	  CHECK_SPEC, check_vp_count },
	{ "plan-missing", "An LP with several VPs has a plan.",
	  CHECK_SPEC, check_plan_missing },
	{ "plan-twice", "An LP has one plan.",
	  CHECK_SPEC, check_plan_twice },
	{ "slot-vp", "A slot names a VP that its partition has.",
	  CHECK_SPEC, check_slot_vp },
	{ "slot-lp", "A slot's VP is one that runs on the plan's LP.",
	  CHECK_SPEC, check_slot_lp },
	{ "slot-length", "A slot is 10 us to 1 s long.",
	  CHECK_SPEC, check_slot_length },
	{ "vp-without-slot", "Every VP of an LP with a plan has a slot.",
	  CHECK_SPEC, check_vp_without_slot },

	{ "channel-self",
	  "A channel leads from one partition to another.",
	  CHECK_SPEC, check_channel_self },
	{ "channel-vp",
	  "A channel leads to a VP that its receiver has.",
	  CHECK_SPEC, check_channel_vp },
	{ "channel-sint",
	  "A channel uses a SINT from 1 to 15.",
	  CHECK_SPEC, check_channel_sint },
	{ "channel-sint-twice",
	  "A SINT of a VP has one sender, and one channel of messages.",
	  CHECK_SPEC, check_channel_sint_twice },
	{ "channel-id",
	  "Ids of connections and ports are 1 to 0xffffff.",
	  CHECK_SPEC, check_channel_id },
	{ "channel-id-twice",
	  "An id names one connection, or one port, of a partition.",
	  CHECK_SPEC, check_channel_id_twice },
	{ "channel-flags",
	  "A channel of events, and no other, has flags up to 2047.",
	  CHECK_SPEC, check_channel_flags },
	{ "channel-flags-twice",
	  "An event flag of a SINT has one channel.",
	  CHECK_SPEC, check_channel_flags_twice },
	{ "channel-privilege",
	  "Both ends of a channel have the privileges that it needs.",
	  CHECK_SPEC, check_channel_privilege },
	{ "channel-count",
	  "A partition sends on 32 channels at most.",
	  CHECK_SPEC, check_channel_count },

	{ "load-address", "A raw payload says where it is loaded.",
	  CHECK_SPEC, check_load_address },
	{ "raw-only",
	  "Load address and entry are given for raw payloads only.",
	  CHECK_SPEC, check_raw_only },
	{ "initrd-unused", "An initrd is for the linux and pvh protocols.",
	  CHECK_SPEC, check_initrd_unused },
	{ "modules-unused", "Modules are for the multiboot protocol.",
	  CHECK_SPEC, check_modules_unused },
	{ "command-line",
	  "A command line is for linux, pvh and multiboot, and below 2048 "
	  "bytes.",
	  CHECK_SPEC, check_command_line },
	{ "as-module",
	  "What is left to the boot loader is a file of the partition.",
	  CHECK_SPEC, check_as_module },
	{ "module-count", "32 files at most are left to the boot loader.",
	  CHECK_LAYOUT, check_module_count },
	{ "store-room",
	  "The module store finds a place in RAM below 4 GiB.",
	  CHECK_ELSEWHERE, NULL },
	{ "modules-room",
	  "The list of a multiboot guest's modules fits into a page.",
	  CHECK_ELSEWHERE, NULL },
	{ "payload-missing", "Every payload is a file that can be read.",
	  CHECK_ELSEWHERE, NULL },
	{ "payload-format", "A payload is of the format of its protocol.",
	  CHECK_ELSEWHERE, NULL },
	{ "memory-small", "A partition's memory holds what is loaded.",
	  CHECK_ELSEWHERE, NULL },
	{ "load-overlap", "What is loaded into a partition does not overlap.",
	  CHECK_LAYOUT, check_load_overlap },
	{ "entry", "A raw payload is entered within its bytes.",
	  CHECK_LAYOUT, check_entry },

	{ "long-mode",
	  "A guest that starts in 64-bit mode is shown long mode and PAE.",
	  CHECK_LAYOUT, check_long_mode },

	{ "restart-max", "A bound on restarts goes with on-failure restart.",
	  CHECK_SPEC, check_restart_max },
	{ "nmi-twice", "Physical NMIs go to one partition.",
	  CHECK_SPEC, check_nmi_twice },
	{ "partition-name",
	  "A partition's name is 1 to 31 characters of a-z 0-9 - and _.",
	  CHECK_SPEC, check_partition_name },
};

void check_run(const struct model *model, enum check_stage stage)
{
	size_t i;

	for (i = 0; i < COUNT(checks); i++) {
		if (checks[i].stage == stage && checks[i].run != NULL) {
			checks[i].run(model);
		}
	}
}

bool check_explain(const char *id, FILE *out)
{
	size_t i;

	for (i = 0; i < COUNT(checks); i++) {
		if (strcmp(checks[i].id, id) == 0) {
			fprintf(out, "%s: %s\n", id, checks[i].sentence);
			return true;
		}
	}
	return false;
}

void check_list(FILE *out)
{
	size_t i;

	for (i = 0; i < COUNT(checks); i++) {
		fprintf(out, "%s: %s\n", checks[i].id, checks[i].sentence);
	}
}
