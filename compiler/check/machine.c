/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the machine. */
#include <string.h>

#include "check/check.h"
#include "kconfig.h"

#define APIC_ID_MAX 254u	/* 255 is everybody's */

static void check_one_range(const struct model_range *range)
{
	struct diag *diag;

	if (range->size != 0 && range->base % PAGE == 0 &&
	    range->size % PAGE == 0 && range->base + range->size >
	    range->base) {
		return;
	}
	diag = diag_error("ram-range", range->at,
			  "%s is not a range of whole pages", range->name);
	diag_fix(diag, "make base and size multiples of 4 KiB, and the size "
		 "more than 0");
}

void check_ram_range(const struct model *model)
{
	const struct model_machine *machine = &model->machine;
	uint32_t i;

	for (i = 0; i < machine->ram_count; i++) {
		check_one_range(&machine->ram[i]);
	}
	for (i = 0; i < machine->reserved_count; i++) {
		check_one_range(&machine->reserved[i]);
	}
}

void check_ram_overlap(const struct model *model)
{
	const struct model_machine *machine = &model->machine;
	uint32_t i, j;

	for (i = 0; i < machine->ram_count; i++) {
		for (j = 0; j < i; j++) {
			const struct model_range *a = &machine->ram[i];
			const struct model_range *b = &machine->ram[j];
			struct diag *diag;

			if (!util_overlaps(a->base, a->size, b->base,
					   b->size)) {
				continue;
			}
			diag = diag_error("ram-overlap", a->at,
					  "%s overlaps %s", a->name, b->name);
			diag_note(diag, b->at, "%s is here", b->name);
			diag_fix(diag, "make the ranges disjoint");
		}
	}
}

void check_apic_id(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->machine.lp_count; i++) {
		const struct model_lp *lp = &model->machine.lps[i];

		if (lp->apic_id.set && lp->apic_id.v > APIC_ID_MAX) {
			struct diag *diag = diag_error("apic-id",
				lp->apic_id.at,
				"APIC id %llu of %s is above %u",
				(unsigned long long)lp->apic_id.v, lp->name,
				APIC_ID_MAX);

			diag_fix(diag, "use the id that the machine's MADT "
				 "gives; ids above 254 are not supported");
		}
	}
}

void check_apic_id_twice(const struct model *model)
{
	const struct model_machine *machine = &model->machine;
	uint32_t i, j;

	for (i = 0; i < machine->lp_count; i++) {
		for (j = 0; j < i; j++) {
			const struct num *a = &machine->lps[i].apic_id;
			const struct num *b = &machine->lps[j].apic_id;
			struct diag *diag;

			if (!a->set || !b->set || a->v != b->v) {
				continue;
			}
			diag = diag_error("apic-id-twice", a->at,
					  "%s has the APIC id of %s",
					  machine->lps[i].name,
					  machine->lps[j].name);
			diag_note(diag, b->at, "%s has it here",
				  machine->lps[j].name);
			diag_fix(diag, "give each LP its own id");
		}
	}
}

void check_irq_pin(const struct model *model)
{
	const struct model_machine *machine = &model->machine;
	int ioapic = tree_child(tree_child(tree_root(), "machine"), "ioapic");
	uint32_t i;

	if (ioapic >= 0 && check_is_unknown(ioapic, "pins")) {
		return;
	}
	for (i = 0; i < machine->uart_count; i++) {
		const struct model_uart *uart = &machine->uarts[i];
		uint64_t pins = machine->ioapic_pins.set ?
				machine->ioapic_pins.v : 0;
		struct diag *diag;

		if (!uart->irq.set || (uart->irq.v < pins &&
				       uart->irq.v < LINE_PIN_COUNT)) {
			continue;
		}
		diag = diag_error("irq-pin", uart->irq.at,
				  "irq %llu of %s is no pin of the IOAPIC",
				  (unsigned long long)uart->irq.v, uart->name);
		if (machine->ioapic_pins.set) {
			diag_note(diag, machine->ioapic_pins.at,
				  "it has %llu pins",
				  (unsigned long long)pins);
		}
		diag_fix(diag, "use a pin below %u that the IOAPIC has",
			 LINE_PIN_COUNT);
	}
}

void check_uart_overlap(const struct model *model)
{
	const struct model_machine *machine = &model->machine;
	uint32_t i, j;

	for (i = 0; i < machine->uart_count; i++) {
		for (j = 0; j < i; j++) {
			const struct model_uart *a = &machine->uarts[i];
			const struct model_uart *b = &machine->uarts[j];
			struct diag *diag;

			if (!a->base.set || !b->base.set ||
			    !util_overlaps(a->base.v, 8, b->base.v, 8)) {
				continue;
			}
			diag = diag_error("uart-overlap", a->base.at,
					  "the ports of %s overlap those of "
					  "%s", a->name, b->name);
			diag_note(diag, b->base.at, "%s is here", b->name);
			diag_fix(diag, "a UART has 8 ports from its base on");
		}
	}
}

void check_config_vendor(const struct model *model)
{
	const struct text *vendor = &model->machine.vendor;
	struct diag *diag;
	const char *symbol = "SVM";

	if (vendor->s == NULL || kconfig_has_vendor(vendor->s, "amd") ||
	    kconfig_has_vendor(vendor->s, "intel")) {
		return;
	}
	if (strcmp(vendor->s, "intel") == 0) {
		symbol = "VMX";
	} else if (strcmp(vendor->s, "amd") != 0 &&
		   strcmp(vendor->s, "any") != 0) {
		return;
	}
	diag = diag_error("config-vendor", vendor->at,
			  "this build has no back end for \"%s\"", vendor->s);
	diag_fix(diag, "set CONFIG_%s (make menuconfig), or use another "
		 "board", symbol);
}
