/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the policy and channels in the words of the reports. */
#include "emit/emit.h"

#include "schema.h"

/* "a" and "b": "a, b" */
static const char *join(const char *text, const char *word)
{
	return *text == '\0' ? word : util_format("%s, %s", text, word);
}

const char *emit_privilege_text(const struct policy *policy)
{
	const char *text = "";
	unsigned i;

	for (i = 0; policy->privileges.set && schema_tlfs_words[i] != NULL;
	     i++) {
		if ((policy->privileges.v >> schema_tlfs_bits[i] & 1) != 0) {
			text = join(text, schema_tlfs_words[i]);
		}
	}
	return *text == '\0' ? "none" : text;
}

const char *emit_hint_text(const struct policy *policy)
{
	const char *text = "";
	unsigned i;

	for (i = 0; schema_hint_words[i] != NULL; i++) {
		if (emit_has_hint(policy, i)) {
			text = join(text, schema_hint_words[i]);
		}
	}
	return *text == '\0' ? "none" : text;
}

const char *emit_port_text(const struct port_row *row)
{
	const char *action = schema_port_words[row->action];

	if (row->action == PORT_REMAP) {
		return util_format("%s to %04x", action,
				   (uint32_t)row->target.v);
	}
	return row->action != PORT_VALUE ? action :
	       util_format("%s %x", action, (uint32_t)row->value.v);
}

const char *emit_msr_text(const struct msr_row *row)
{
	const char *read = schema_msr_words[row->read];

	if (row->read == MSR_VALUE) {
		read = util_format("%s %#llx", read,
				   (unsigned long long)row->value.v);
	}
	return util_format("read %s, write %s", read,
			   schema_msr_words[row->write]);
}

const char *emit_leaf_text(const struct cpuid_row *row)
{
	const char *text = util_format("leaf %#x", row->leaf);

	if (row->subleaf != CPUID_ANY_SUBLEAF) {
		text = util_format("%s, subleaf %u", text, row->subleaf);
	}
	return row->vendor == VENDOR_ANY ? text :
	       util_format("%s (%s)", text, schema_vendor_words[row->vendor]);
}

const char *emit_register_text(const struct cpuid_row *row, unsigned reg)
{
	static const char *const names[] = { "EAX", "EBX", "ECX", "EDX" };

	if (row->allow[reg] == 0 && row->force[reg] == 0) {
		return "";
	}
	return row->force[reg] == 0 ?
	       util_format("%s %#x", names[reg], row->allow[reg]) :
	       row->allow[reg] == 0 ?
	       util_format("%s %#x forced", names[reg], row->force[reg]) :
	       util_format("%s %#x, %#x forced", names[reg], row->allow[reg],
			   row->force[reg]);
}

const char *emit_dynamic_text(const struct cpuid_row *row)
{
	const char *text = "";
	unsigned i;

	for (i = 0; schema_dynamic_words[i] != NULL; i++) {
		if ((row->dynamic >> i & 1) != 0) {
			text = join(text, schema_dynamic_words[i]);
		}
	}
	return text;
}

const char *emit_channel_text(const struct model *model,
			      const struct model_channel *c)
{
	const char *text = util_format("%-10s on connection %06x to port %06x "
		"of %s, VP %u, SINT %u", schema_channel_words[c->kind],
		(uint32_t)c->connection.v, (uint32_t)c->port.v,
		model->partitions[c->to].name, (uint32_t)c->vp.v,
		(uint32_t)c->sint.v);

	return !c->has_flags ? text :
	       util_format("%s, flags %u-%u", text, c->flag_first,
			   c->flag_last);
}

const char *emit_hash_text(const uint8_t hash[SHA384_SIZE])
{
	char *text = util_alloc(2 * SHA384_SIZE + 1);
	unsigned i;

	for (i = 0; i < SHA384_SIZE; i++) {
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	}
	return text;
}
