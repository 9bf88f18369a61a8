/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the spec language, from the leaves to the root. */
#include "schema.h"

#include <string.h>

#include "util.h"

/* Positions are values of enum boot_protocol. */
const char *const schema_boot_words[] = {
	"linux", "pvh", "raw16", "raw32", "raw64", "multiboot", NULL
};
/* Positions are values of enum module_word. */
const char *const schema_module_words[] = {
	"payload", "initrd", "modules", NULL
};
/* Positions are values of enum port_action. */
const char *const schema_port_words[] = {
	"deny", "strict", "pass", "remap", "log", "reset", "off", "intercept",
	"value", "boot-ok", "launch", NULL
};
/* Positions are values of enum msr_action. */
const char *const schema_msr_words[] = {
	"deny", "strict", "pass", "emulate", "value", NULL
};
/* Positions are values of enum failure_action. */
const char *const schema_failure_words[] = {
	"halt", "restart", "panic", NULL
};
/* Positions are values of enum cpu_vendor. */
const char *const schema_vendor_words[] = { "any", "amd", "intel", NULL };
/* Positions are PORT_DENY, PORT_STRICT. */
const char *const schema_default_words[] = { "deny", "strict", NULL };
/* Positions are bits of cpuid_config.dynamic. */
const char *const schema_dynamic_words[] = {
	"leaf1", "x2apic-id", "xstate", "amd-id", "ospke", "tsc-invariant",
	NULL
};
/* And the bit of each (TLFS partition privileges). */
const char *const schema_tlfs_words[] = {
	"runtime", "reference-counter", "synic", "synthetic-timers",
	"hypercall-msrs", "vp-index", "reset", "reference-tsc", "frequency",
	"tsc-invariant", "post-messages", "signal-events", "vp-registers",
	"extended-hypercalls", "start-vp", NULL
};
const unsigned schema_tlfs_bits[] = {
	0, 1, 2, 3, 5, 6, 7, 9, 11, 15, 36, 37, 49, 52, 53
};
_Static_assert(COUNT(schema_tlfs_words) == COUNT(schema_tlfs_bits) + 1,
	       "a bit for each word");
/* Positions are bits, from PARTITION_FLUSH_CALLS on. */
const char *const schema_hint_words[] = { "flush", "cluster-ipi", NULL };
/* Positions are values of enum channel_kind. */
const char *const schema_channel_words[] = { "messages", "events", NULL };
static const char *const machine_qemu_words[] = {
	"q35", "i440fx", "microvm", NULL
};
static const char *const console_words[] = { "log", NULL };

static const struct schema_property reg_properties[] = {
	{ "reg", SCHEMA_REG, true, NULL },
};
static const struct schema_property reg_parent_properties[] = {
	{ "#address-cells", SCHEMA_CELL, false, NULL },
	{ "#size-cells", SCHEMA_CELL, false, NULL },
};
static const struct schema_node reg_nodes[] = {
	{ "*", false, reg_properties, COUNT(reg_properties), NULL, 0 },
};

static const struct schema_property lp_properties[] = {
	{ "apic-id", SCHEMA_CELL, true, NULL },
	{ "unknown", SCHEMA_STRINGS, false, NULL },
};
static const struct schema_node lp_nodes[] = {
	{ "*", true, lp_properties, COUNT(lp_properties), NULL, 0 },
};

static const struct schema_property uart_properties[] = {
	{ "base", SCHEMA_CELL, true, NULL },
	{ "irq", SCHEMA_CELL, true, NULL },
	{ "unknown", SCHEMA_STRINGS, false, NULL },
};
static const struct schema_node uart_nodes[] = {
	{ "*", false, uart_properties, COUNT(uart_properties), NULL, 0 },
};

static const struct schema_property reserved_port_properties[] = {
	{ "range", SCHEMA_PAIR, true, NULL },
};
static const struct schema_node reserved_port_nodes[] = {
	{ "*", false, reserved_port_properties,
	  COUNT(reserved_port_properties), NULL, 0 },
};

static const struct schema_property boot_ok_properties[] = {
	{ "cmos", SCHEMA_CELL, true, NULL },
	{ "bit", SCHEMA_CELL, true, NULL },
};

static const struct schema_property ioapic_properties[] = {
	{ "base", SCHEMA_WIDE, true, NULL },
	{ "pins", SCHEMA_CELL, true, NULL },
	{ "unknown", SCHEMA_STRINGS, false, NULL },
};

static const struct schema_property machine_properties[] = {
	{ "board", SCHEMA_STRING, true, NULL },
	{ "vendor", SCHEMA_STRING, true, schema_vendor_words },
	{ "qemu", SCHEMA_STRING, false, machine_qemu_words },
	{ "tsc-hz", SCHEMA_WIDE, false, NULL },
	{ "apic-hz", SCHEMA_WIDE, false, NULL },
	{ "unknown", SCHEMA_STRINGS, false, NULL },
};
static const struct schema_node machine_nodes[] = {
	{ "ioapic", false, ioapic_properties, COUNT(ioapic_properties),
	  NULL, 0 },
	{ "boot-ok", false, boot_ok_properties, COUNT(boot_ok_properties),
	  NULL, 0 },
	{ "uarts", false, NULL, 0, uart_nodes, COUNT(uart_nodes) },
	{ "reserved-ports", false, NULL, 0, reserved_port_nodes,
	  COUNT(reserved_port_nodes) },
	{ "lps", true, NULL, 0, lp_nodes, COUNT(lp_nodes) },
	{ "ram", true, reg_parent_properties, COUNT(reg_parent_properties),
	  reg_nodes, COUNT(reg_nodes) },
	{ "reserved", false, reg_parent_properties,
	  COUNT(reg_parent_properties), reg_nodes, COUNT(reg_nodes) },
};

static const struct schema_property port_properties[] = {
	{ "range", SCHEMA_PAIR, true, NULL },
	{ "action", SCHEMA_STRING, true, schema_port_words },
	{ "target", SCHEMA_CELL, false, NULL },
	{ "value", SCHEMA_CELL, false, NULL },
};
static const struct schema_node port_nodes[] = {
	{ "*", false, port_properties, COUNT(port_properties), NULL, 0 },
};

static const struct schema_property msr_properties[] = {
	{ "range", SCHEMA_PAIR, true, NULL },
	{ "read", SCHEMA_STRING, true, schema_msr_words },
	{ "write", SCHEMA_STRING, true, schema_msr_words },
	{ "value", SCHEMA_WIDE, false, NULL },
};
static const struct schema_node msr_nodes[] = {
	{ "*", false, msr_properties, COUNT(msr_properties), NULL, 0 },
};

static const struct schema_property cpuid_properties[] = {
	{ "leaf", SCHEMA_CELL, true, NULL },
	{ "subleaf", SCHEMA_CELL, false, NULL },
	{ "allow", SCHEMA_QUAD, false, NULL },
	{ "force", SCHEMA_QUAD, false, NULL },
	{ "dynamic", SCHEMA_STRINGS, false, schema_dynamic_words },
	{ "topology", SCHEMA_FLAG, false, NULL },
	{ "vendor", SCHEMA_STRING, false, schema_vendor_words },
};
static const struct schema_node cpuid_nodes[] = {
	{ "*", false, cpuid_properties, COUNT(cpuid_properties), NULL, 0 },
};

static const struct schema_node policy_nodes[] = {
	{ "ports", false, NULL, 0, port_nodes, COUNT(port_nodes) },
	{ "msrs", false, NULL, 0, msr_nodes, COUNT(msr_nodes) },
	{ "cpuid", false, NULL, 0, cpuid_nodes, COUNT(cpuid_nodes) },
};
static const struct schema_property profile_properties[] = {
	{ "tlfs", SCHEMA_STRINGS, false, schema_tlfs_words },
	{ "tlfs-hints", SCHEMA_STRINGS, false, schema_hint_words },
	{ "port-default", SCHEMA_STRING, false, schema_default_words },
};
static const struct schema_node profile_nodes[] = {
	{ "*", false, profile_properties, COUNT(profile_properties),
	  policy_nodes, COUNT(policy_nodes) },
};

static const struct schema_property partition_properties[] = {
	{ "profile", SCHEMA_REFERENCE, true, NULL },
	{ "tlfs", SCHEMA_STRINGS, false, schema_tlfs_words },
	{ "tlfs-hints", SCHEMA_STRINGS, false, schema_hint_words },
	{ "memory", SCHEMA_WIDE, true, NULL },
	{ "address", SCHEMA_WIDE, false, NULL },
	{ "gpa-bits", SCHEMA_CELL, false, NULL },
	{ "vps", SCHEMA_REFERENCES, true, NULL },
	{ "boot", SCHEMA_STRING, true, schema_boot_words },
	{ "payload", SCHEMA_STRING, true, NULL },
	{ "initrd", SCHEMA_STRING, false, NULL },
	{ "modules", SCHEMA_STRINGS, false, NULL },
	{ "as-module", SCHEMA_STRINGS, false, schema_module_words },
	{ "command-line", SCHEMA_STRING, false, NULL },
	{ "load-address", SCHEMA_CELL, false, NULL },
	{ "entry", SCHEMA_CELL, false, NULL },
	{ "uart", SCHEMA_REFERENCE, false, NULL },
	{ "uart-as", SCHEMA_CELL, false, NULL },
	{ "console", SCHEMA_STRING, false, console_words },
	{ "port-default", SCHEMA_STRING, false, schema_default_words },
	{ "on-failure", SCHEMA_STRING, false, schema_failure_words },
	{ "restart-max", SCHEMA_CELL, false, NULL },
	{ "nmi", SCHEMA_FLAG, false, NULL },
	{ "launch", SCHEMA_FLAG, false, NULL },
	{ "launch-timeout", SCHEMA_CELL, false, NULL },
	{ "launch-all", SCHEMA_FLAG, false, NULL },
	{ "launch-stays", SCHEMA_FLAG, false, NULL },
	{ "launch-tpm", SCHEMA_FLAG, false, NULL },
};
static const struct schema_node partition_nodes[] = {
	{ "*", true, partition_properties, COUNT(partition_properties),
	  policy_nodes, COUNT(policy_nodes) },
};

static const struct schema_property plan_properties[] = {
	{ "lp", SCHEMA_REFERENCE, true, NULL },
	{ "slots", SCHEMA_SLOTS, true, NULL },
};
static const struct schema_node plan_nodes[] = {
	{ "*", false, plan_properties, COUNT(plan_properties), NULL, 0 },
};

static const struct schema_property channel_properties[] = {
	{ "from", SCHEMA_REFERENCE, true, NULL },
	{ "to", SCHEMA_REFERENCE, true, NULL },
	{ "kind", SCHEMA_STRING, true, schema_channel_words },
	{ "connection", SCHEMA_CELL, true, NULL },
	{ "port", SCHEMA_CELL, false, NULL },
	{ "vp", SCHEMA_CELL, false, NULL },
	{ "sint", SCHEMA_CELL, true, NULL },
	{ "flags", SCHEMA_PAIR, false, NULL },
};
static const struct schema_node channel_nodes[] = {
	{ "*", false, channel_properties, COUNT(channel_properties), NULL, 0 },
};

static const struct schema_node root_nodes[] = {
	{ "machine", true, machine_properties, COUNT(machine_properties),
	  machine_nodes, COUNT(machine_nodes) },
	{ "profiles", true, NULL, 0, profile_nodes, COUNT(profile_nodes) },
	{ "partitions", true, NULL, 0, partition_nodes,
	  COUNT(partition_nodes) },
	{ "plan", false, NULL, 0, plan_nodes, COUNT(plan_nodes) },
	{ "channels", false, NULL, 0, channel_nodes, COUNT(channel_nodes) },
};

const struct schema_node schema_root = {
	"/", true, NULL, 0, root_nodes, COUNT(root_nodes)
};

/* Of enum schema_type, in its order. */
const char *const schema_kind_names[] = {
	"flag", "cell", "wide", "pair", "reg", "quad", "string", "strings",
	"reference", "references", "slots", NULL
};
_Static_assert(COUNT(schema_kind_names) == SCHEMA_SLOTS + 2,
	       "a word for each type");

const char *schema_type_text(enum schema_type type)
{
	switch (type) {
	case SCHEMA_FLAG:
		return "a flag without a value";
	case SCHEMA_CELL:
		return "one number: <1>";
	case SCHEMA_WIDE:
		return "a 64-bit number: <MiB(1)>, <ADDR(0x100000)>";
	case SCHEMA_PAIR:
		return "two numbers: <first last>";
	case SCHEMA_REG:
		return "an address and a size: <ADDR(0x100000) MiB(1)>";
	case SCHEMA_QUAD:
		return "four numbers: <eax ebx ecx edx>";
	case SCHEMA_STRING:
		return "one string: \"text\"";
	case SCHEMA_STRINGS:
		return "strings: \"one\", \"two\"";
	case SCHEMA_REFERENCE:
		return "one reference: <&label>";
	case SCHEMA_REFERENCES:
		return "references: <&label1 &label2>";
	case SCHEMA_SLOTS:
		return "slots: <&partition vp microseconds>, ...";
	}
	return "?";
}

int schema_word(const char *const *words, const char *word)
{
	int i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word) == 0) {
			return i;
		}
	}
	return -1;
}
