/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of ports, UARTs and interrupt lines: one owner each. */
#include "check/check.h"
#include "kconfig.h"

#define PORT_COUNT 0x10000u
#define DEBUGCON_PORT 0xe9u

bool check_physical_range(const struct port_row *row,
			  struct model_range *range)
{
	range->at = row->range_at;
	range->name = row->name;
	range->size = (uint64_t)row->last - row->first + 1;
	if (row->first > row->last || row->last >= PORT_COUNT) {
		return false;
	}
	if (row->action == PORT_PASS) {
		range->base = row->first;
		return true;
	}
	if (row->action == PORT_REMAP && row->target.set) {
		range->base = row->target.v;
		return true;
	}
	return false;
}

void check_port_range(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.port_count; j++) {
			const struct port_row *row = &p->policy.ports[j];
			struct diag *diag;

			if ((row->first <= row->last &&
			     row->last < PORT_COUNT) ||
			    diag_has_error_at(row->range_at)) {
				continue;
			}
			diag = diag_error("port-range", row->range_at,
					  "%#x to %#x is no range of ports",
					  row->first, row->last);
			diag_fix(diag, "write <first last>, both included, "
				 "up to 0xffff");
		}
	}
}

void check_port_overlap(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		/* Rows are sorted by their first port. */
		for (j = 1; j < policy->port_count; j++) {
			const struct port_row *a = &policy->ports[j - 1];
			const struct port_row *b = &policy->ports[j];
			struct diag *diag;

			if (a->last < b->first || a->first > a->last ||
			    b->first > b->last || a->last >= PORT_COUNT ||
			    b->last >= PORT_COUNT) {
				continue;
			}
			if (a->own && !b->own) {
				b = a;
				a = &policy->ports[j];
			}
			diag = diag_error("port-overlap", b->range_at,
					  "%s: ports of \"%s\" (%#x to %#x) "
					  "overlap those of \"%s\"",
					  model->partitions[i].name, b->name,
					  b->first, b->last, a->name);
			diag_note(diag, a->range_at, "\"%s\" has %#x to %#x",
				  a->name, a->first, a->last);
			diag_fix(diag, "make them disjoint, or give the row "
				 "the name of the one that it replaces");
		}
	}
}

void check_port_target(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->port_count; j++) {
			const struct port_row *row = &policy->ports[j];
			bool remap = row->action == PORT_REMAP;
			struct diag *diag;

			if (remap == row->target.set) {
				continue;
			}
			diag = diag_error("port-target", row->at,
					  remap ? "ports of \"%s\" are "
					  "remapped to nowhere" :
					  "ports of \"%s\" have a target but "
					  "are not remapped", row->name);
			diag_fix(diag, remap ? "add \"target\": the physical "
				 "port of the first one" : "remove \"target\", "
				 "or make the action \"remap\"");
		}
	}
}

void check_port_value(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->port_count; j++) {
			const struct port_row *row = &policy->ports[j];
			bool reads = row->action == PORT_VALUE;
			struct diag *diag;

			if (reads == row->value.set ||
			    diag_has_error_at(row->at)) {
				continue;
			}
			diag = diag_error("port-value", row->at, reads ?
					  "\"%s\" reads a value but has none" :
					  "\"%s\" has a value that nobody "
					  "reads", row->name);
			diag_fix(diag, reads ? "add \"value\": <0xff>" :
				 "remove \"value\", or make the action "
				 "\"value\"");
		}
	}
}

void check_port_intercept(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->port_count; j++) {
			const struct port_row *row = &policy->ports[j];
			struct diag *diag;

			if (row->action != PORT_INTERCEPT) {
				continue;
			}
			diag = diag_error("port-intercept", row->action_at,
					  "%s has no parent that \"%s\" could "
					  "go to", model->partitions[i].name,
					  row->name);
			diag_fix(diag, "use another action: partitions of a "
				 "spec have no parent");
		}
	}
}

/* The rows that check_uart_twice() speaks of. */
static bool both_uarts(const struct model_partition *a,
		       const struct port_row *a_row,
		       const struct model_partition *b,
		       const struct port_row *b_row)
{
	return a->uart != MODEL_NONE && a->uart == b->uart &&
	       a_row->at.line == a->uart_at.line &&
	       b_row->at.line == b->uart_at.line;
}

static void check_pair(const struct model_partition *a,
		       const struct model_partition *b)
{
	uint32_t i, j;

	for (i = 0; i < a->policy.port_count; i++) {
		for (j = 0; j < b->policy.port_count; j++) {
			const struct port_row *row = &a->policy.ports[i];
			const struct port_row *rival = &b->policy.ports[j];
			struct model_range x, y;
			struct diag *diag;

			if (!check_physical_range(row, &x) ||
			    !check_physical_range(rival, &y) ||
			    !util_overlaps(x.base, x.size, y.base, y.size) ||
			    both_uarts(a, row, b, rival)) {
				continue;
			}
			diag = diag_error("port-twice", x.at,
					  "%s is given %#llx to %#llx, of "
					  "which %s has ports", a->name,
					  (unsigned long long)x.base,
					  (unsigned long long)
					  (x.base + x.size - 1), b->name);
			diag_note(diag, y.at, "%s has %#llx to %#llx", b->name,
				  (unsigned long long)y.base,
				  (unsigned long long)(y.base + y.size - 1));
			diag_fix(diag, "give a physical port to one partition");
		}
	}
}

void check_port_twice(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		for (j = 0; j < i; j++) {
			check_pair(&model->partitions[i],
				   &model->partitions[j]);
		}
	}
}

void check_port_reserved(const struct model *model)
{
	const struct model_machine *machine = &model->machine;
	uint32_t i, j, k;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.port_count; j++) {
			struct model_range range;
			struct diag *diag;

			if (!check_physical_range(&p->policy.ports[j],
						  &range)) {
				continue;
			}
			for (k = 0; k < machine->reserved_port_count; k++) {
				const struct model_range *r;

				r = &machine->reserved_ports[k];
				if (!util_overlaps(range.base, range.size,
						   r->base, r->size)) {
					continue;
				}
				diag = diag_error("port-reserved", range.at,
						  "%s is given ports of the "
						  "machine's \"%s\"", p->name,
						  r->name);
				diag_note(diag, r->at, "the board reserves "
					  "%#llx to %#llx",
					  (unsigned long long)r->base,
					  (unsigned long long)
					  (r->base + r->size - 1));
				diag_fix(diag, "they control the whole "
					 "machine: leave them out");
			}
		}
	}
}

void check_port_console(const struct model *model)
{
	struct model_range console = { "", DEBUGCON_PORT, 1, { NULL, 0, 0 } };
	const char *symbol = "CONFIG_CONSOLE_DEBUGCON";
	uint32_t i, j;

	if (kconfig_has("CONSOLE_COM")) {
		console.base = kconfig_number("CONSOLE_COM_PORT", 0x2f8);
		console.size = 8;
		symbol = "CONFIG_CONSOLE_COM_PORT";
	} else if (!kconfig_has("CONSOLE_DEBUGCON")) {
		return;
	}
	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.port_count; j++) {
			struct model_range range;
			struct diag *diag;

			if (!check_physical_range(&p->policy.ports[j],
						  &range) ||
			    !util_overlaps(range.base, range.size,
					   console.base, console.size)) {
				continue;
			}
			diag = diag_error("port-console", range.at,
					  "%s is given port %#llx, where "
					  "Bulkhead's own log goes", p->name,
					  (unsigned long long)console.base);
			diag_fix(diag, "use another port, or change %s "
				 "(make menuconfig)", symbol);
		}
	}
}
