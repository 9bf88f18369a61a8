/* SPDX-License-Identifier: Apache-2.0 */
/* Port, MSR and CPUID rows of each partition. */
#include "emit/emit.h"

static void emit_ports(FILE *out, const struct policy *policy, uint32_t number)
{
	static const char *const action[] = {
		"PORT_DENY", "PORT_STRICT", "PORT_PASS", "PORT_REMAP",
		"PORT_LOG", "PORT_RESET", "PORT_OFF", "PORT_INTERCEPT",
		"PORT_VALUE", "PORT_BOOT_OK", "PORT_LAUNCH"
	};
	uint32_t i;

	fprintf(out, "static const struct port_config ports_%u[] = {\n",
		number);
	for (i = 0; i < policy->port_count; i++) {
		const struct port_row *row = &policy->ports[i];

		fprintf(out, "\t{ 0x%04x, 0x%04x, 0x%04x, %s, 0 },\t"
			"/* %s */\n", row->first, row->last,
			(uint32_t)(row->action == PORT_VALUE ? row->value.v :
				   row->target.v), action[row->action],
			row->name);
	}
	if (policy->port_count == 0) {
		fprintf(out, "\t{ 0 }\n");
	}
	fprintf(out, "};\n");
}

static void emit_msrs(FILE *out, const struct policy *policy, uint32_t number)
{
	static const char *const action[] = {
		"MSR_DENY", "MSR_STRICT", "MSR_PASS", "MSR_EMULATE",
		"MSR_VALUE"
	};
	uint32_t i;

	fprintf(out, "static const struct msr_config msrs_%u[] = {\n", number);
	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		fprintf(out, "\t{ 0x%08x, 0x%08x, 0x%llxull, %s, %s, "
			"{ 0 } },\t/* %s */\n", row->first, row->last,
			(unsigned long long)row->value.v, action[row->read],
			action[row->write], row->name);
	}
	if (policy->msr_count == 0) {
		fprintf(out, "\t{ 0 }\n");
	}
	fprintf(out, "};\n");
}

static void emit_cpuids(FILE *out, const struct policy *policy,
			uint32_t number)
{
	static const char *const vendor[] = {
		"VENDOR_ANY", "VENDOR_AMD", "VENDOR_INTEL"
	};
	uint32_t i;

	fprintf(out, "static const struct cpuid_config cpuids_%u[] = {\n",
		number);
	for (i = 0; i < policy->cpuid_count; i++) {
		const struct cpuid_row *r = &policy->cpuids[i];

		fprintf(out, "\t{ 0x%08x, 0x%08x,\t/* %s */\n"
			"\t  { 0x%08x, 0x%08x, 0x%08x, 0x%08x },\n"
			"\t  { 0x%08x, 0x%08x, 0x%08x, 0x%08x }, 0x%x, %s },\n",
			r->leaf, r->subleaf, r->name, r->allow[0], r->allow[1],
			r->allow[2], r->allow[3], r->force[0], r->force[1],
			r->force[2], r->force[3], r->dynamic,
			vendor[r->vendor]);
	}
	if (policy->cpuid_count == 0) {
		fprintf(out, "\t{ 0 }\n");
	}
	fprintf(out, "};\n");
}

void emit_policy(FILE *out, const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		fprintf(out, "/* %s: ports, MSRs, CPUID */\n",
			model->partitions[i].name);
		emit_ports(out, policy, i);
		emit_msrs(out, policy, i);
		emit_cpuids(out, policy, i);
		fputc('\n', out);
	}
}
