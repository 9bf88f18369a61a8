/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port, MSR and CPUID rows against the spec: a row for each row of the
 * partition and of its profile, and none besides. A partition's row replaces
 * its profile's row of the same name.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define UART_PORTS 8u

static const char *const port_actions[] = {
	[PORT_DENY] = "deny", [PORT_STRICT] = "strict", [PORT_PASS] = "pass",
	[PORT_REMAP] = "remap", [PORT_LOG] = "log", [PORT_RESET] = "reset",
	[PORT_OFF] = "off", [PORT_INTERCEPT] = "intercept",
	[PORT_VALUE] = "value", [PORT_BOOT_OK] = "boot-ok",
	[PORT_LAUNCH] = "(launch)"	/* of the property, not of a row */
};

static const char *const msr_actions[] = {
	[MSR_DENY] = "deny", [MSR_STRICT] = "strict", [MSR_PASS] = "pass",
	[MSR_EMULATE] = "emulate", [MSR_VALUE] = "value"
};

/* Nodes of the rows that hold, of "ports", "msrs" or "cpuid". */
struct row_list {
	uint32_t *nodes;
	uint32_t count;
};

static void rows_add(const struct spec_partition *p, struct row_list *rows,
		     uint32_t list, uint32_t refined)
{
	const struct fdt *fdt = p->spec->fdt;
	uint32_t node;

	if (list == FDT_NONE) {
		return;
	}
	node = fdt->nodes[list].first_child;
	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		if (refined == FDT_NONE ||
		    fdt_child(fdt, refined, fdt->nodes[node].name) ==
		    FDT_NONE) {
			rows->nodes[rows->count++] = node;
		}
	}
}

static struct row_list rows_collect(const struct spec_partition *p,
				    const char *name)
{
	const struct fdt *fdt = p->spec->fdt;
	struct row_list rows;
	uint32_t own = fdt_child(fdt, p->node, name);

	rows.nodes = alloc_array(fdt->node_count, sizeof(*rows.nodes));
	rows.count = 0;
	rows_add(p, &rows, own, FDT_NONE);
	rows_add(p, &rows, fdt_child(fdt, p->profile, name), own);
	return rows;
}

static uint32_t rows_action(const struct fdt *fdt, uint32_t node,
			    const char *name, const char *const *actions,
			    uint32_t count)
{
	const char *text = fdt_text(fdt, node, name);

	return text ? spec_find_name(actions, count, text) : 0;
}

static void rows_report(const struct spec_partition *p, const char *kind,
			uint32_t first, const char *what)
{
	report_error(p->spec->report, p->tables->where,
		     "partition %s: %s 0x%x %s", p->tables->name, kind, first,
		     what);
}

/* ---- ports ---- */

/* The emitted row, or null after a report. Marks it. */
static const struct port_config *
rows_take_port(const struct spec_partition *p, uint8_t *taken,
	       const struct port_config *want)
{
	uint32_t i;

	for (i = 0; i < p->tables->config.port_count; i++) {
		const struct port_config *row = &p->tables->ports[i];

		if (row->first == want->first && row->last == want->last &&
		    row->action == want->action &&
		    row->target == want->target && !taken[i]) {
			taken[i] = 1;
			return row;
		}
	}
	rows_report(p, "port", want->first, "is not granted as in the spec");
	return NULL;
}

static void rows_check_uart(const struct spec_partition *p, uint8_t *taken)
{
	const struct fdt *fdt = p->spec->fdt;
	uint32_t uart = spec_follow(fdt, fdt_get(fdt, p->node, "uart"), 0);
	struct port_config want;
	uint32_t base;
	uint32_t as;

	if (uart == FDT_NONE) {
		return;
	}
	memset(&want, 0, sizeof(want));
	base = (uint32_t)fdt_number(fdt, uart, "base", 0);
	as = (uint32_t)fdt_number(fdt, p->node, "uart-as", base);
	want.first = (uint16_t)as;
	want.last = (uint16_t)(as + UART_PORTS - 1);
	want.action = PORT_PASS;
	if (as != base) {
		want.action = PORT_REMAP;
		want.target = (uint16_t)base;
	}
	(void)rows_take_port(p, taken, &want);
}

static void rows_check_console(const struct spec_partition *p,
			       uint8_t *taken)
{
	struct port_config want = { 0xe9, 0xe9, 0, PORT_LOG, 0 };

	if (!strcmp(spec_text(p, "console", ""), "log")) {
		(void)rows_take_port(p, taken, &want);
	}
}

static void rows_check_launch(const struct spec_partition *p, uint8_t *taken)
{
	struct port_config want = { 0x610, 0x613, 0, PORT_LAUNCH, 0 };

	if (fdt_get(p->spec->fdt, p->node, "launch")) {
		(void)rows_take_port(p, taken, &want);
	}
}

static void rows_check_ports(const struct spec_partition *p)
{
	const struct fdt *fdt = p->spec->fdt;
	struct row_list rows = rows_collect(p, "ports");
	uint8_t *taken = alloc_array(p->tables->config.port_count, 1);
	uint32_t i;

	for (i = 0; i < rows.count; i++) {
		const struct fdt_prop *range = fdt_get(fdt, rows.nodes[i],
						       "range");
		struct port_config want;

		memset(&want, 0, sizeof(want));
		want.first = (uint16_t)fdt_cell(range, 0);
		want.last = (uint16_t)fdt_cell(range, 1);
		want.action = (uint8_t)rows_action(fdt, rows.nodes[i],
						   "action", port_actions,
						   ARRAY_COUNT(port_actions));
		want.target = (uint16_t)fdt_number(fdt, rows.nodes[i],
						   want.action == PORT_VALUE ?
						   "value" : "target", 0);
		(void)rows_take_port(p, taken, &want);
	}
	rows_check_uart(p, taken);
	rows_check_console(p, taken);
	rows_check_launch(p, taken);
	for (i = 0; i < p->tables->config.port_count; i++) {
		if (!taken[i]) {
			rows_report(p, "port", p->tables->ports[i].first,
				    "has a row that is not in the spec");
		}
	}
	free(rows.nodes);
	free(taken);
}

/* ---- MSRs ---- */

static void rows_check_msrs(const struct spec_partition *p)
{
	const struct fdt *fdt = p->spec->fdt;
	struct row_list rows = rows_collect(p, "msrs");
	uint8_t *taken = alloc_array(p->tables->config.msr_count, 1);
	uint32_t i;
	uint32_t j;

	for (i = 0; i < rows.count; i++) {
		uint32_t node = rows.nodes[i];
		const struct fdt_prop *range = fdt_get(fdt, node, "range");
		uint32_t read = rows_action(fdt, node, "read", msr_actions,
					    ARRAY_COUNT(msr_actions));
		uint32_t write = rows_action(fdt, node, "write", msr_actions,
					     ARRAY_COUNT(msr_actions));
		uint64_t value = fdt_number(fdt, node, "value", 0);

		for (j = 0; j < p->tables->config.msr_count; j++) {
			const struct msr_config *row = &p->tables->msrs[j];

			if (!taken[j] && row->first == fdt_cell(range, 0) &&
			    row->last == fdt_cell(range, 1) &&
			    row->read == read && row->write == write &&
			    row->value == value) {
				break;
			}
		}
		if (j == p->tables->config.msr_count) {
			rows_report(p, "MSR", fdt_cell(range, 0),
				    "is not granted as in the spec");
		} else {
			taken[j] = 1;
		}
	}
	for (j = 0; j < p->tables->config.msr_count; j++) {
		if (!taken[j]) {
			rows_report(p, "MSR", p->tables->msrs[j].first,
				    "has a row that is not in the spec");
		}
	}
	free(rows.nodes);
	free(taken);
}

/* ---- CPUID ---- */

static const char *const cpuid_dynamics[] = {
	"leaf1", "x2apic-id", "xstate", "amd-id", "ospke", "tsc-invariant"
};

static const char *const cpuid_vendors[] = {
	[VENDOR_ANY] = "any", [VENDOR_AMD] = "amd", [VENDOR_INTEL] = "intel"
};

/* A mask of four cells, or four zeros. */
static void rows_read_mask(const struct fdt *fdt, uint32_t node,
			   const char *name, uint32_t *mask)
{
	const struct fdt_prop *prop = fdt_get(fdt, node, name);
	uint32_t i;

	for (i = 0; i < 4; i++) {
		mask[i] = fdt_cell(prop, i);
	}
}

static struct cpuid_config rows_read_cpuid(const struct fdt *fdt,
					   uint32_t node)
{
	struct cpuid_config want;
	const char *text;
	uint32_t i;

	memset(&want, 0, sizeof(want));
	want.leaf = (uint32_t)fdt_number(fdt, node, "leaf", 0);
	want.subleaf = (uint32_t)fdt_number(fdt, node, "subleaf",
					    CPUID_ANY_SUBLEAF);
	rows_read_mask(fdt, node, "allow", want.allow);
	rows_read_mask(fdt, node, "force", want.force);
	for (i = 0; (text = fdt_text_at(fdt, node, "dynamic", i)); i++) {
		want.dynamic |= 1u << spec_find_name(
			cpuid_dynamics, ARRAY_COUNT(cpuid_dynamics), text);
	}
	text = fdt_text(fdt, node, "vendor");
	if (text) {
		want.vendor = spec_find_name(cpuid_vendors,
					     ARRAY_COUNT(cpuid_vendors),
					     text);
	}
	return want;
}

static void rows_set_field(struct cpuid_config *row, uint32_t output,
			   uint32_t mask, uint32_t value)
{
	row->allow[output] &= ~mask;
	row->force[output] = (row->force[output] & ~mask) | value;
}

/* What shifts an APIC id to that of its package: 1 << shift >= count. */
static uint32_t rows_id_shift(uint32_t count)
{
	uint32_t shift = 0;

	while (shift < 31 && count > 1u << shift) {
		shift++;
	}
	return shift;
}

/*
 * A row with "topology" says that the VPs are cores of one thread in one
 * package (SDM2 CPUID leaves 1, 4, 0xb; APM3 E.3.3, E.4.1, E.4.7).
 */
static void rows_add_topology(struct cpuid_config *row,
			      const struct partition_config *config,
			      uint32_t bits)
{
	uint32_t vps = config->vp_count;
	bool many = vps > 1;

	if (row->leaf == 1) {
		rows_set_field(row, 3, 1u << 28, many ? 1u << 28 : 0);
	} else if (row->leaf == 4) {
		rows_set_field(row, 0, 0xffffc000u, (vps - 1) << 26);
	} else if (row->leaf == 0xb && row->subleaf == 0) {
		rows_set_field(row, 0, ~0u, 0);
		rows_set_field(row, 1, ~0u, 1);
		rows_set_field(row, 2, ~0u, 1u << 8);
	} else if (row->leaf == 0xb) {
		rows_set_field(row, 0, ~0u, rows_id_shift(vps));
		rows_set_field(row, 1, ~0u, vps);
		rows_set_field(row, 2, ~0u, 2u << 8 | 1);
	} else if (row->leaf == 0x80000001) {
		rows_set_field(row, 2, 1u << 1, many ? 1u << 1 : 0);
	} else if (row->leaf == 0x80000008) {
		rows_set_field(row, 0, 0xff, bits);
		if (row->vendor != VENDOR_INTEL) {
			rows_set_field(row, 2, 0xf0ff,
				       rows_id_shift(vps) << 12 | (vps - 1));
		}
	}
}

static void rows_check_cpuids(const struct spec_partition *p)
{
	const struct fdt *fdt = p->spec->fdt;
	struct row_list rows = rows_collect(p, "cpuid");
	uint8_t *taken = alloc_array(p->tables->config.cpuid_count, 1);
	uint32_t i;
	uint32_t j;

	for (i = 0; i < rows.count; i++) {
		struct cpuid_config want = rows_read_cpuid(fdt,
							   rows.nodes[i]);

		if (fdt_get(fdt, rows.nodes[i], "topology")) {
			rows_add_topology(&want, &p->tables->config,
					  tables_cpuid_bits(p->spec->tables,
							    p->tables));
		}
		for (j = 0; j < p->tables->config.cpuid_count; j++) {
			if (!taken[j] &&
			    !memcmp(&p->tables->cpuids[j], &want,
				    sizeof(want))) {
				break;
			}
		}
		if (j == p->tables->config.cpuid_count) {
			rows_report(p, "CPUID leaf", want.leaf,
				    "is not shown as in the spec");
		} else {
			taken[j] = 1;
		}
	}
	for (j = 0; j < p->tables->config.cpuid_count; j++) {
		if (!taken[j]) {
			rows_report(p, "CPUID leaf",
				    p->tables->cpuids[j].leaf,
				    "has a row that is not in the spec");
		}
	}
	free(rows.nodes);
	free(taken);
}

void spec_check_rows(const struct spec_partition *p)
{
	rows_check_ports(p);
	rows_check_msrs(p);
	rows_check_cpuids(p);
}
