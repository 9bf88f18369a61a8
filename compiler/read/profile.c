/* SPDX-License-Identifier: Apache-2.0 */
/* Policy rows, of a profile or of a partition that refines one. */
#include <string.h>

#include "read/read.h"
#include "schema.h"

/* Position of a string property's word; other if unset or unknown. */
static uint32_t read_word(int node, const char *name,
			  const char *const *words, uint32_t other)
{
	const char *text = tree_string(node, name, 0);
	int word = text == NULL ? -1 : schema_word(words, text);

	return word < 0 ? other : (uint32_t)word;
}

static void read_port(struct policy *policy, int node)
{
	struct port_row *row;

	if (tree_cell_count(node, "range") != 2) {
		return;
	}
	policy->ports = util_grow(policy->ports, policy->port_count,
				  sizeof(*policy->ports));
	row = &policy->ports[policy->port_count++];
	row->name = tree_name(node);
	row->at = tree_at(node);
	row->range_at = tree_property_at(node, "range");
	row->action_at = tree_property_at(node, "action");
	row->first = tree_cell(node, "range", 0);
	row->last = tree_cell(node, "range", 1);
	row->action = (enum port_action)
		read_word(node, "action", schema_port_words, PORT_DENY);
	row->target = tree_number(node, "target");
	row->value = tree_number(node, "value");
}

static void read_msr(struct policy *policy, int node)
{
	struct msr_row *row;

	if (tree_cell_count(node, "range") != 2) {
		return;
	}
	policy->msrs = util_grow(policy->msrs, policy->msr_count,
				 sizeof(*policy->msrs));
	row = &policy->msrs[policy->msr_count++];
	row->name = tree_name(node);
	row->at = tree_at(node);
	row->range_at = tree_property_at(node, "range");
	row->first = tree_cell(node, "range", 0);
	row->last = tree_cell(node, "range", 1);
	row->read = (enum msr_action)
		read_word(node, "read", schema_msr_words, MSR_DENY);
	row->write = (enum msr_action)
		read_word(node, "write", schema_msr_words, MSR_DENY);
	row->read_at = tree_property_at(node, "read");
	row->write_at = tree_property_at(node, "write");
	row->value = tree_number(node, "value");
}

static uint32_t read_dynamic(int node)
{
	uint32_t bits = 0;
	const char *text;
	int word;
	int i;

	for (i = 0; (text = tree_string(node, "dynamic", i)) != NULL; i++) {
		word = schema_word(schema_dynamic_words, text);
		if (word >= 0) {
			bits |= 1u << word;
		}
	}
	return bits;
}

static void read_cpuid(struct policy *policy, int node)
{
	struct num subleaf = tree_number(node, "subleaf");
	struct cpuid_row *row;
	int i;

	if (tree_cell_count(node, "leaf") != 1) {
		return;
	}
	policy->cpuids = util_grow(policy->cpuids, policy->cpuid_count,
				   sizeof(*policy->cpuids));
	row = &policy->cpuids[policy->cpuid_count++];
	row->name = tree_name(node);
	row->at = tree_at(node);
	row->leaf = tree_cell(node, "leaf", 0);
	row->subleaf = subleaf.set ? (uint32_t)subleaf.v : CPUID_ANY_SUBLEAF;
	for (i = 0; i < 4; i++) {
		row->allow[i] = tree_cell(node, "allow", i);
		row->force[i] = tree_cell(node, "force", i);
	}
	row->dynamic = read_dynamic(node);
	row->topology = tree_flag(node, "topology");
	row->vendor = read_word(node, "vendor", schema_vendor_words,
				VENDOR_ANY);
}

/* Bits of HV_PARTITION_PRIVILEGE_MASK (TLFS 4.2.2), by schema_tlfs_words. */
static uint64_t read_privileges(int node)
{
	uint64_t mask = 0;
	const char *text;
	int word;
	int i;

	for (i = 0; (text = tree_string(node, "tlfs", i)) != NULL; i++) {
		word = schema_word(schema_tlfs_words, text);
		if (word >= 0) {
			mask |= 1ull << schema_tlfs_bits[word];
		}
	}
	return mask;
}

/* Partition flags, by schema_hint_words. */
static uint64_t read_hints(int node)
{
	uint64_t flags = 0;
	const char *text;
	int word;
	int i;

	for (i = 0; (text = tree_string(node, "tlfs-hints", i)) != NULL;
	     i++) {
		word = schema_word(schema_hint_words, text);
		if (word >= 0) {
			flags |= (uint64_t)PARTITION_FLUSH_CALLS << word;
		}
	}
	return flags;
}

void read_policy(struct policy *policy, int node)
{
	int parent;
	int row;

	parent = tree_child(node, "ports");
	for (row = tree_first(parent); row >= 0; row = tree_next(row)) {
		read_port(policy, row);
	}
	parent = tree_child(node, "msrs");
	for (row = tree_first(parent); row >= 0; row = tree_next(row)) {
		read_msr(policy, row);
	}
	parent = tree_child(node, "cpuid");
	for (row = tree_first(parent); row >= 0; row = tree_next(row)) {
		read_cpuid(policy, row);
	}
	if (tree_flag(node, "port-default")) {
		policy->port_default.set = true;
		policy->port_default.v = read_word(node, "port-default",
						   schema_default_words,
						   PORT_DENY);
		policy->port_default.at =
			tree_property_at(node, "port-default");
	}
	if (tree_flag(node, "tlfs")) {
		policy->privileges.set = true;
		policy->privileges.v = read_privileges(node);
		policy->privileges.at = tree_property_at(node, "tlfs");
	}
	if (tree_flag(node, "tlfs-hints")) {
		policy->hints.set = true;
		policy->hints.v = read_hints(node);
		policy->hints.at = tree_property_at(node, "tlfs-hints");
	}
}

void read_profiles(struct model *model, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		struct model_profile *profile;

		model->profiles = util_grow(model->profiles,
					    model->profile_count,
					    sizeof(*model->profiles));
		profile = &model->profiles[model->profile_count++];
		profile->name = tree_name(node);
		profile->phandle = tree_phandle(node);
		profile->at = tree_at(node);
		read_policy(&profile->policy, node);
	}
}
