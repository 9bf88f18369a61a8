/* SPDX-License-Identifier: Apache-2.0 */
/* References of the spec (phandles) to indices of the model. */
#include "diag.h"
#include "read/read.h"

static uint32_t refuse(int node, const char *name, uint32_t phandle,
		       const char *kind, const char *from)
{
	int target = tree_by_phandle(phandle);
	struct diag *diag;

	diag = diag_error("reference", tree_property_at(node, name),
			  "\"%s\" of %s must refer to %s", name,
			  tree_name(node), kind);
	if (target >= 0) {
		diag_note(diag, tree_at(target), "it refers to %s",
			  tree_path(target));
	}
	diag_fix(diag, "use the label of a node in %s", from);
	return MODEL_NONE;
}

/* dtc numbers the nodes that are referred to; a spec's own number is none. */
static uint32_t phandle_of(int node, const char *name, int i)
{
	return tree_has_number(node, name) ? 0 : tree_cell(node, name, i);
}

uint32_t read_lp(const struct model *model, int node, const char *name, int i)
{
	uint32_t phandle = phandle_of(node, name, i);
	uint32_t lp;

	for (lp = 0; lp < model->machine.lp_count; lp++) {
		if (model->machine.lps[lp].phandle == phandle &&
		    phandle != 0) {
			return lp;
		}
	}
	return refuse(node, name, phandle, "a logical processor",
		      "/machine/lps");
}

uint32_t read_uart(const struct model *model, int node, const char *name)
{
	uint32_t phandle = phandle_of(node, name, 0);
	uint32_t uart;

	for (uart = 0; uart < model->machine.uart_count; uart++) {
		if (model->machine.uarts[uart].phandle == phandle &&
		    phandle != 0) {
			return uart;
		}
	}
	return refuse(node, name, phandle, "a UART", "/machine/uarts");
}

uint32_t read_profile(const struct model *model, int node, const char *name)
{
	uint32_t phandle = phandle_of(node, name, 0);
	uint32_t profile;

	for (profile = 0; profile < model->profile_count; profile++) {
		if (model->profiles[profile].phandle == phandle &&
		    phandle != 0) {
			return profile;
		}
	}
	return refuse(node, name, phandle, "a profile", "/profiles");
}

uint32_t read_partition(const struct model *model, int node, const char *name,
			int i)
{
	uint32_t phandle = phandle_of(node, name, i);
	uint32_t p;

	for (p = 0; p < model->partition_count; p++) {
		if (model->partitions[p].phandle == phandle &&
		    phandle != 0) {
			return p;
		}
	}
	return refuse(node, name, phandle, "a partition", "/partitions");
}
