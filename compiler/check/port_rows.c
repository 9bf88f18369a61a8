/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of single rows of ports: numbers that are too large, ports of a PC
 * by which the whole machine is had, and those that ACPI points at.
 */
#include "check/check.h"
#include "place/place.h"

#define PORT_COUNT 0x10000u

struct span {
	uint32_t first;
	uint32_t last;
};

void check_port_target_range(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->port_count; j++) {
			const struct port_row *row = &policy->ports[j];
			struct diag *diag;

			if (!row->target.set || row->last < row->first ||
			    row->target.v + row->last - row->first <
			    PORT_COUNT) {
				continue;
			}
			diag = diag_error("port-target-range", row->target.at,
					  "\"%s\" would be remapped to %#llx "
					  "to %#llx", row->name,
					  (unsigned long long)row->target.v,
					  (unsigned long long)row->target.v +
					  row->last - row->first);
			diag_note(diag, row->range_at, "it has %u ports",
				  row->last - row->first + 1);
			diag_fix(diag, "the last physical port is 0xffff");
		}
	}
}

void check_port_value_range(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct policy *policy = &model->partitions[i].policy;

		for (j = 0; j < policy->port_count; j++) {
			const struct port_row *row = &policy->ports[j];
			struct diag *diag;

			if (!row->value.set || row->value.v < PORT_COUNT) {
				continue;
			}
			diag = diag_error("port-value-range", row->value.at,
					  "\"%s\" cannot read %#llx", row->name,
					  (unsigned long long)row->value.v);
			diag_fix(diag, "give a value of 16 bits; a read of 4 "
				 "bytes has zeros above them");
		}
	}
}

/* No partition is given a port of these. */
static void refuse_ports(const struct model *model, const char *id,
			 const struct span *spans, size_t count,
			 const char *what, const char *fix)
{
	struct model_range range;
	uint32_t i, j;
	size_t k;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.port_count; j++) {
			struct diag *diag;
			uint32_t port;

			if (!check_physical_range(&p->policy.ports[j],
						  &range)) {
				continue;
			}
			for (k = 0; k < count; k++) {
				if (util_overlaps(range.base, range.size,
						  spans[k].first,
						  spans[k].last + 1ull -
						  spans[k].first)) {
					break;
				}
			}
			if (k == count) {
				continue;
			}
			port = range.base > spans[k].first ?
			       (uint32_t)range.base : spans[k].first;
			diag = diag_error(id, range.at, "%s is given port "
					  "%#x, %s", p->name, port, what);
			diag_fix(diag, "%s", fix);
		}
	}
}

void check_port_reset(const struct model *model)
{
	static const struct span spans[] = {
		{ 0x64, 0x64 }, { 0x92, 0x92 }, { 0xcf9, 0xcf9 },
	};

	refuse_ports(model, "port-reset", spans, COUNT(spans),
		     "by which a PC is reset",
		     "leave it out: the partition's own reset is a port with "
		     "the action \"reset\"");
}

void check_port_smi(const struct model *model)
{
	static const struct span spans[] = { { 0xb2, 0xb3 } };

	refuse_ports(model, "port-smi", spans, COUNT(spans),
		     "by which the firmware's SMI handler is called",
		     "leave it out: the handler runs above the hypervisor, "
		     "and can do all");
}

void check_port_pci(const struct model *model)
{
	static const struct span spans[] = {
		{ 0xcf8, 0xcf8 }, { 0xcfc, 0xcff },
	};

	refuse_ports(model, "port-pci", spans, COUNT(spans),
		     "by which every PCI device is had",
		     "leave it out: who programs a device's DMA reaches all "
		     "memory");
}

void check_port_pic(const struct model *model)
{
	static const struct span spans[] = {
		{ 0x20, 0x21 }, { 0xa0, 0xa1 }, { 0x4d0, 0x4d1 },
	};

	refuse_ports(model, "port-pic", spans, COUNT(spans),
		     "of the machine's interrupt controller",
		     "leave it out: the hypervisor has masked it, and lines "
		     "of other partitions depend on it");
}

void check_port_dma(const struct model *model)
{
	static const struct span spans[] = {
		{ 0x00, 0x0f }, { 0xc0, 0xdf },
	};

	refuse_ports(model, "port-dma", spans, COUNT(spans),
		     "of the machine's DMA controller",
		     "leave it out: it writes to memory past every table");
}

/* Has it tables that point at its ports? */
static bool has_acpi(const struct model_partition *p)
{
	return !boot_is_raw(p->boot) && p->boot != BOOT_UNKNOWN;
}

static const struct port_row *row_with(const struct model_partition *p,
				       enum port_action action)
{
	uint32_t i;

	for (i = 0; i < p->policy.port_count; i++) {
		if (p->policy.ports[i].action == action) {
			return &p->policy.ports[i];
		}
	}
	return NULL;
}

static void check_zero(const struct model_partition *p,
		       enum port_action action)
{
	const struct port_row *row = row_with(p, action);
	struct diag *diag;

	if (row == NULL || row->first != 0) {
		return;
	}
	diag = diag_error("acpi-port-zero", row->range_at,
			  "the ACPI tables of %s cannot point at port 0",
			  p->name);
	diag_note(diag, p->boot_text.at, "\"%s\" guests get such tables",
		  p->boot_text.s);
	diag_fix(diag, "use another port: 0 means that there is none");
}

void check_acpi_port_zero(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		if (has_acpi(p)) {
			check_zero(p, PORT_RESET);
			check_zero(p, PORT_OFF);
		}
	}
}

/* What a write to a port does to the partition or the machine. */
static bool is_harmless(const struct model_partition *p, uint32_t port)
{
	uint32_t i;

	for (i = 0; i < p->policy.port_count; i++) {
		const struct port_row *row = &p->policy.ports[i];

		if (row->first <= port && port <= row->last) {
			return row->action == PORT_DENY ||
			       row->action == PORT_VALUE ||
			       row->action == PORT_OFF;
		}
	}
	return port < PORT_COUNT && p->policy.port_default.v != PORT_STRICT;
}

void check_acpi_status_port(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct port_row *off = row_with(p, PORT_OFF);
		struct diag *diag;

		if (!has_acpi(p) || off == NULL ||
		    is_harmless(p, off->first + 1)) {
			continue;
		}
		diag = diag_error("acpi-status-port", off->range_at,
				  "%s writes to port %#x before it turns "
				  "itself off", p->name, off->first + 1);
		diag_note(diag, p->boot_text.at, "\"%s\" guests get ACPI "
			  "tables: their sleep status is the port behind the "
			  "one with \"off\"", p->boot_text.s);
		diag_fix(diag, "add a row for %#x with the action \"deny\"",
			 off->first + 1);
	}
}

void check_port_uart(const struct model *model)
{
	struct model_range range;
	uint32_t i, j, k;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.port_count; j++) {
			if (!check_physical_range(&p->policy.ports[j],
						  &range)) {
				continue;
			}
			for (k = 0; k < model->machine.uart_count; k++) {
				const struct model_uart *u;
				struct diag *diag;

				u = &model->machine.uarts[k];
				if (p->uart == k || !util_overlaps(range.base,
				    range.size, u->base.v, 8)) {
					continue;
				}
				diag = diag_warning("port-uart", range.at,
					"%s is given ports of %s, but not its "
					"interrupt line", p->name, u->name);
				diag_note(diag, u->base.at, "%s is here",
					  u->name);
				diag_fix(diag, "add uart = <&%s> instead",
					 u->name);
			}
		}
	}
}
