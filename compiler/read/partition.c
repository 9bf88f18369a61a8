/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions. */
#include "read/read.h"
#include "schema.h"

static void read_vps(struct model *model, struct model_partition *p, int node)
{
	int count = tree_cell_count(node, "vps");
	int i;

	p->vps_at = tree_property_at(node, "vps");
	for (i = 0; i < count; i++) {
		p->vps = util_grow(p->vps, p->vp_count, sizeof(*p->vps));
		p->vps[p->vp_count].lp = read_lp(model, node, "vps", i);
		p->vps[p->vp_count].at = p->vps_at;
		p->vp_count++;
	}
}

/* "path what the guest sees" */
static void read_modules(struct model_partition *p, int node)
{
	const char *text;
	int word;
	int i;

	p->modules_at = tree_property_at(node, "modules");
	for (i = 0; (text = tree_string(node, "modules", i)) != NULL; i++) {
		p->modules = util_grow(p->modules, p->module_count,
				       sizeof(*p->modules));
		p->modules[p->module_count++].text = text;
	}
	p->as_module_at = tree_property_at(node, "as-module");
	for (i = 0; (text = tree_string(node, "as-module", i)) != NULL; i++) {
		word = schema_word(schema_module_words, text);
		if (word >= 0) {
			p->as_module |= 1u << word;
		}
	}
}

static void read_boot(struct model_partition *p, int node)
{
	int word;

	p->boot = BOOT_UNKNOWN;
	p->boot_text = tree_text(node, "boot");
	if (p->boot_text.s != NULL) {
		word = schema_word(schema_boot_words, p->boot_text.s);
		p->boot = word < 0 ? BOOT_UNKNOWN : (enum boot_protocol)word;
	}
	p->payload_name = tree_text(node, "payload");
	p->initrd_name = tree_text(node, "initrd");
	read_modules(p, node);
	p->command_line = tree_text(node, "command-line");
	p->load_address = tree_number(node, "load-address");
	p->entry = tree_number(node, "entry");
}

static void read_failure(struct model_partition *p, int node)
{
	int word;

	p->failure = FAILURE_HALT;
	p->failure_text = tree_text(node, "on-failure");
	if (p->failure_text.s != NULL) {
		word = schema_word(schema_failure_words, p->failure_text.s);
		if (word >= 0) {
			p->failure = (enum failure_action)word;
		}
	}
	p->restart_max = tree_number(node, "restart-max");
}

static void read_one(struct model *model, struct model_partition *p, int node)
{
	p->name = tree_name(node);
	p->phandle = tree_phandle(node);
	p->at = tree_at(node);
	p->memory = tree_number(node, "memory");
	p->address = tree_number(node, "address");
	p->gpa_bits_wanted = tree_number(node, "gpa-bits");
	p->profile = MODEL_NONE;
	p->uart = MODEL_NONE;
	p->nmi = tree_flag(node, "nmi");
	p->nmi_at = tree_property_at(node, "nmi");
	p->launch = tree_flag(node, "launch");
	p->launch_at = tree_property_at(node, "launch");
	p->launch_timeout = tree_number(node, "launch-timeout");
	p->launch_all = tree_flag(node, "launch-all");
	p->launch_all_at = tree_property_at(node, "launch-all");
	p->launch_stays = tree_flag(node, "launch-stays");
	p->launch_stays_at = tree_property_at(node, "launch-stays");
	p->launch_tpm = tree_flag(node, "launch-tpm");
	p->launch_tpm_at = tree_property_at(node, "launch-tpm");
	p->console = tree_text(node, "console");
	p->uart_as = tree_number(node, "uart-as");
	if (tree_cell_count(node, "profile") == 1) {
		p->profile = read_profile(model, node, "profile");
	}
	if (tree_cell_count(node, "uart") == 1) {
		p->uart = read_uart(model, node, "uart");
		p->uart_at = tree_property_at(node, "uart");
	}
	read_vps(model, p, node);
	read_boot(p, node);
	read_failure(p, node);
	read_policy(&p->own, node);
	p->vp_first = model->vp_count;
	model->vp_count += p->vp_count;
}

void read_partitions(struct model *model, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		model->partitions = util_grow(model->partitions,
					      model->partition_count,
					      sizeof(*model->partitions));
		read_one(model, &model->partitions[model->partition_count],
			 node);
		model->partition_count++;
	}
}
