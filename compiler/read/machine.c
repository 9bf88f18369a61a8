/* SPDX-License-Identifier: Apache-2.0 */
/* The machine node: RAM, LPs, UARTs, IOAPIC. */
#include "read/read.h"

static uint32_t read_ranges(struct model_range **ranges, int parent)
{
	uint32_t count = 0;
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		struct model_range *range;

		if (tree_cell_count(node, "reg") != 4) {
			continue;
		}
		*ranges = util_grow(*ranges, count, sizeof(**ranges));
		range = &(*ranges)[count++];
		range->name = tree_name(node);
		range->base = tree_wide(node, "reg", 0);
		range->size = tree_wide(node, "reg", 2);
		range->at = tree_property_at(node, "reg");
	}
	return count;
}

static void read_reserved_ports(struct model_machine *machine, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		struct model_range *range;
		uint32_t first = tree_cell(node, "range", 0);
		uint32_t last = tree_cell(node, "range", 1);

		if (tree_cell_count(node, "range") != 2) {
			continue;
		}
		machine->reserved_ports =
			util_grow(machine->reserved_ports,
				  machine->reserved_port_count,
				  sizeof(*machine->reserved_ports));
		range = &machine->reserved_ports
			[machine->reserved_port_count++];
		range->name = tree_name(node);
		range->base = first;
		range->size = last < first ? 0 : (uint64_t)last - first + 1;
		range->at = tree_property_at(node, "range");
	}
}

static void read_lps(struct model_machine *machine, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		struct model_lp *lp;

		machine->lps = util_grow(machine->lps, machine->lp_count,
					 sizeof(*machine->lps));
		lp = &machine->lps[machine->lp_count++];
		lp->name = tree_name(node);
		lp->phandle = tree_phandle(node);
		lp->apic_id = tree_number(node, "apic-id");
		lp->at = tree_at(node);
	}
}

static void read_uarts(struct model_machine *machine, int parent)
{
	int node;

	for (node = tree_first(parent); node >= 0; node = tree_next(node)) {
		struct model_uart *uart;

		machine->uarts = util_grow(machine->uarts,
					   machine->uart_count,
					   sizeof(*machine->uarts));
		uart = &machine->uarts[machine->uart_count++];
		uart->name = tree_name(node);
		uart->phandle = tree_phandle(node);
		uart->base = tree_number(node, "base");
		uart->irq = tree_number(node, "irq");
		uart->at = tree_at(node);
	}
}

void read_machine(struct model_machine *machine, int node)
{
	int ioapic = tree_child(node, "ioapic");
	int boot_ok = tree_child(node, "boot-ok");

	if (node < 0) {
		return;
	}
	machine->at = tree_at(node);
	machine->board = tree_text(node, "board");
	machine->vendor = tree_text(node, "vendor");
	machine->qemu = tree_text(node, "qemu");
	machine->tsc_hz = tree_number(node, "tsc-hz");
	machine->apic_hz = tree_number(node, "apic-hz");
	if (ioapic >= 0) {
		machine->ioapic_base = tree_number(ioapic, "base");
		machine->ioapic_pins = tree_number(ioapic, "pins");
	}
	if (boot_ok >= 0) {
		machine->boot_ok_cmos = tree_number(boot_ok, "cmos");
		machine->boot_ok_bit = tree_number(boot_ok, "bit");
	}
	machine->ram_count =
		read_ranges(&machine->ram, tree_child(node, "ram"));
	machine->reserved_count =
		read_ranges(&machine->reserved, tree_child(node, "reserved"));
	read_reserved_ports(machine, tree_child(node, "reserved-ports"));
	read_lps(machine, tree_child(node, "lps"));
	read_uarts(machine, tree_child(node, "uarts"));
}
