/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of UARTs and their lines, and of the ports that ACPI points at. */
#include "check/check.h"

void check_uart_twice(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		for (j = 0; j < i; j++) {
			const struct model_partition *a, *b;
			struct diag *diag;

			a = &model->partitions[i];
			b = &model->partitions[j];
			if (a->uart == MODEL_NONE || a->uart != b->uart) {
				continue;
			}
			diag = diag_error("uart-twice", a->uart_at,
					  "%s is given %s, which %s has",
					  a->name,
					  model->machine.uarts[a->uart].name,
					  b->name);
			diag_note(diag, b->uart_at, "%s has it here", b->name);
			diag_fix(diag, "use another UART, or console = "
				 "\"log\"");
		}
	}
}

void check_uart_base(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->uart_as.set ||
		    (model_com_pin((uint32_t)p->uart_as.v) != MODEL_NONE &&
		     p->uart != MODEL_NONE)) {
			continue;
		}
		diag = diag_error("uart-base", p->uart_as.at,
				  p->uart == MODEL_NONE ?
				  "%s has no UART that could appear at %#llx" :
				  "the UART of %s cannot appear at %#llx",
				  p->name, (unsigned long long)p->uart_as.v);
		diag_fix(diag, "give the partition a \"uart\", and use 0x3f8, "
			 "0x2f8, 0x3e8 or 0x2e8");
	}
}

static uint32_t line_of(const struct model *model,
			const struct model_partition *p)
{
	if (p->uart == MODEL_NONE ||
	    !model->machine.uarts[p->uart].irq.set) {
		return MODEL_NONE;
	}
	return (uint32_t)model->machine.uarts[p->uart].irq.v;
}

void check_irq_twice(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		for (j = 0; j < i; j++) {
			const struct model_partition *a, *b;
			struct diag *diag;

			a = &model->partitions[i];
			b = &model->partitions[j];
			if (a->uart == b->uart ||
			    line_of(model, a) == MODEL_NONE ||
			    line_of(model, a) != line_of(model, b)) {
				continue;
			}
			diag = diag_error("irq-twice", a->uart_at,
					  "%s is given interrupt line %u, "
					  "which %s has", a->name,
					  line_of(model, a), b->name);
			diag_note(diag, b->uart_at, "%s has it here", b->name);
			diag_fix(diag, "an interrupt line cannot be shared: "
				 "use a UART with a line of its own");
		}
	}
}

static bool has_action(const struct model_partition *p,
		       enum port_action action)
{
	uint32_t i;

	for (i = 0; i < p->policy.port_count; i++) {
		if (p->policy.ports[i].action == action) {
			return true;
		}
	}
	return false;
}

void check_acpi_ports(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (boot_is_raw(p->boot) || p->boot == BOOT_UNKNOWN ||
		    p->profile == MODEL_NONE ||
		    (has_action(p, PORT_RESET) && has_action(p, PORT_OFF))) {
			continue;
		}
		diag = diag_error("acpi-ports", p->at,
				  "%s has no port with the action \"%s\"",
				  p->name, has_action(p, PORT_RESET) ?
				  "off" : "reset");
		diag_fix(diag, "its ACPI tables must point at one; add it "
			 "under \"ports\"");
	}
}
