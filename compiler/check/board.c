/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what a board file says: places, frequencies, lines, its name. */
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "kconfig.h"

#define FIRST_MIB 0x100000ull
#define PHYSICAL_END (1ull << 48)
#define APIC_PAGE 0xfee00000ull
#define IOAPIC_END (1ull << 32)
#define IOAPIC_PIN_MAX 120u	/* 8-bit register numbers, two per pin */
#define PORT_COUNT 0x10000u
#define BOARD_NAME_MAX 64u

#define TSC_HZ_MIN 100000000ull
#define TSC_HZ_MAX 100000000000ull
#define APIC_HZ_MIN 1000000ull

void check_ram_low(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->machine.ram_count; i++) {
		const struct model_range *ram = &model->machine.ram[i];
		struct diag *diag;

		if (ram->base >= FIRST_MIB) {
			continue;
		}
		diag = diag_error("ram-low", ram->at,
				  "%s begins below 1 MiB", ram->name);
		diag_fix(diag, "begin it at ADDR(0x100000): the first MiB is "
			 "always the firmware's, and counted by itself");
	}
}

static void check_device(const struct model_range *ram, const char *device,
			 uint64_t page, struct loc at)
{
	struct diag *diag;

	if (!util_overlaps(ram->base, ram->size, page, PAGE)) {
		return;
	}
	diag = diag_error("ram-device", ram->at, "%s holds the page of %s, "
			  "%#llx", ram->name, device,
			  (unsigned long long)page);
	if (at.file != NULL) {
		diag_note(diag, at, "it is given here");
	}
	diag_fix(diag, "end the RAM before it; RAM goes on above 4 GiB in a "
		 "range of its own");
}

void check_ram_device(const struct model *model)
{
	const struct model_machine *m = &model->machine;
	struct loc nowhere = { NULL, 0, 0 };
	uint32_t i;

	for (i = 0; i < m->ram_count; i++) {
		check_device(&m->ram[i], "the local APIC", APIC_PAGE, nowhere);
		if (m->ioapic_base.set) {
			check_device(&m->ram[i], "the IOAPIC",
				     util_round_down(m->ioapic_base.v, PAGE),
				     m->ioapic_base.at);
		}
	}
}

void check_ram_width(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->machine.ram_count; i++) {
		const struct model_range *ram = &model->machine.ram[i];
		struct diag *diag;

		if (ram->base <= PHYSICAL_END &&
		    ram->size <= PHYSICAL_END - ram->base) {
			continue;
		}
		diag = diag_error("ram-width", ram->at,
				  "%s ends above 256 TiB", ram->name);
		diag_fix(diag, "no processor that this is for reaches there: "
			 "is the unit right? MiB(n) is n * 1048576 bytes");
	}
}

void check_reserved_ram(const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t i, j;

	for (i = 0; i < m->reserved_count; i++) {
		const struct model_range *r = &m->reserved[i];
		struct diag *diag;

		for (j = 0; j < m->ram_count; j++) {
			if (util_overlaps(r->base, r->size, m->ram[j].base,
					  m->ram[j].size)) {
				break;
			}
		}
		if (j < m->ram_count || r->size == 0) {
			continue;
		}
		diag = diag_error("reserved-ram", r->at,
				  "%s keeps %#llx to %#llx, where the board "
				  "has no RAM", r->name,
				  (unsigned long long)r->base,
				  (unsigned long long)(r->base + r->size));
		diag_fix(diag, "correct it, or remove it: what is no RAM is "
			 "never given away");
	}
}

static void check_unit(const struct model_range *range)
{
	const char *unit = strchr(range->name, '@');
	struct diag *diag;

	if (unit == NULL || strtoull(unit + 1, NULL, 16) == range->base) {
		return;
	}
	diag = diag_error("unit-address", range->at,
			  "%s begins at %#llx", range->name,
			  (unsigned long long)range->base);
	diag_fix(diag, "one of the two is wrong; a node is named for where "
		 "its range begins: %.*s@%llx", (int)(unit - range->name),
		 range->name, (unsigned long long)range->base);
}

void check_unit_address(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->machine.ram_count; i++) {
		check_unit(&model->machine.ram[i]);
	}
	for (i = 0; i < model->machine.reserved_count; i++) {
		check_unit(&model->machine.reserved[i]);
	}
}

void check_ioapic_align(const struct model *model)
{
	const struct num *base = &model->machine.ioapic_base;
	struct diag *diag;

	if (!base->set || base->v % PAGE == 0) {
		return;
	}
	diag = diag_error("ioapic-align", base->at,
			  "%#llx is not the begin of a page",
			  (unsigned long long)base->v);
	diag_fix(diag, "use the address that the machine's MADT gives; "
		 "0xfec00000 on a PC");
}

void check_ioapic_range(const struct model *model)
{
	const struct num *base = &model->machine.ioapic_base;
	struct diag *diag;

	if (!base->set || (base->v >= FIRST_MIB && base->v < IOAPIC_END)) {
		return;
	}
	diag = diag_error("ioapic-range", base->at,
			  "no IOAPIC can lie at %#llx",
			  (unsigned long long)base->v);
	diag_fix(diag, "use the address that the machine's MADT gives, of "
		 "32 bits; 0xfec00000 on a PC");
}

void check_ioapic_pins(const struct model *model)
{
	const struct num *pins = &model->machine.ioapic_pins;
	struct diag *diag;

	if (!pins->set || (pins->v >= 1 && pins->v <= IOAPIC_PIN_MAX)) {
		return;
	}
	diag = diag_error("ioapic-pins", pins->at,
			  "no IOAPIC has %llu pins",
			  (unsigned long long)pins->v);
	diag_fix(diag, "use 1 to %u: bits 23:16 of its register 1, plus 1; 24 "
		 "on a PC", IOAPIC_PIN_MAX);
}

static void check_hz(const char *id, const struct num *hz, const char *what,
		     uint64_t min)
{
	struct diag *diag;

	if (!hz->set || (hz->v >= min && hz->v <= TSC_HZ_MAX)) {
		return;
	}
	diag = diag_error(id, hz->at, "%llu Hz is no frequency of %s",
			  (unsigned long long)hz->v, what);
	if (hz->v != 0 && hz->v < 100000) {
		diag_fix(diag, "is it in MHz? CELLS(%llu000000)",
			 (unsigned long long)hz->v);
	} else if (hz->v != 0 && hz->v < min) {
		diag_fix(diag, "is it in kHz? CELLS(%llu000)",
			 (unsigned long long)hz->v);
	} else {
		diag_fix(diag, "give it in Hz, or leave it out: it is "
			 "measured at boot");
	}
}

void check_tsc_hz(const struct model *model)
{
	check_hz("tsc-hz", &model->machine.tsc_hz, "a TSC", TSC_HZ_MIN);
}

void check_apic_hz(const struct model *model)
{
	check_hz("apic-hz", &model->machine.apic_hz, "an APIC's timer",
		 APIC_HZ_MIN);
}

void check_uart_align(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->machine.uart_count; i++) {
		const struct model_uart *uart = &model->machine.uarts[i];
		struct diag *diag;

		if (!uart->base.set || uart->base.v % 8 == 0) {
			continue;
		}
		diag = diag_error("uart-align", uart->base.at,
				  "no UART begins at port %#llx",
				  (unsigned long long)uart->base.v);
		diag_fix(diag, "its 8 ports begin at a multiple of 8");
	}
}

void check_irq_timer(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->machine.uart_count; i++) {
		const struct model_uart *uart = &model->machine.uarts[i];
		struct diag *diag;

		if (!uart->irq.set || (uart->irq.v != 0 && uart->irq.v != 2)) {
			continue;
		}
		diag = diag_error("irq-timer", uart->irq.at,
				  "irq %llu of %s is the line of the PIT",
				  (unsigned long long)uart->irq.v, uart->name);
		diag_fix(diag, "Linux shows a UART's in /proc/interrupts; "
			 "COM1 has 4, COM2 has 3");
	}
}

void check_reserved_port_range(const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint32_t i;

	for (i = 0; i < m->reserved_port_count; i++) {
		const struct model_range *r = &m->reserved_ports[i];
		struct diag *diag;

		if (r->size != 0 && r->base + r->size <= PORT_COUNT) {
			continue;
		}
		diag = diag_error("reserved-port-range", r->at,
				  "\"%s\" is no range of ports", r->name);
		diag_fix(diag, "write <first last>, both included, up to "
			 "0xffff");
	}
}

void check_board_name(const struct model *model)
{
	const struct text *board = &model->machine.board;
	struct diag *diag;
	size_t i;

	if (board->s == NULL) {
		return;
	}
	for (i = 0; board->s[i] >= ' ' && board->s[i] <= '~'; i++) {
	}
	if (i != 0 && i <= BOARD_NAME_MAX && board->s[i] == '\0') {
		return;
	}
	diag = diag_error("board-name", board->at,
			  "this cannot be a board's name in a log");
	diag_fix(diag, "use 1 to %u characters of ASCII", BOARD_NAME_MAX);
}

void check_console_port(const struct model *model)
{
	const struct model_machine *m = &model->machine;
	uint64_t port = kconfig_number("CONSOLE_COM_PORT", 0x2f8);
	struct diag *diag;
	uint32_t i;

	if (!kconfig_has("CONSOLE_COM")) {
		return;
	}
	for (i = 0; i < m->uart_count; i++) {
		if (m->uarts[i].base.set && m->uarts[i].base.v == port) {
			return;
		}
	}
	diag = diag_error("console-port", m->at,
			  "Bulkhead's own log goes to port %#llx, where the "
			  "board has no UART", (unsigned long long)port);
	for (i = 0; i < m->uart_count; i++) {
		diag_note(diag, m->uarts[i].base.at, "%s is here",
			  m->uarts[i].name);
	}
	diag_fix(diag, "change CONFIG_CONSOLE_COM_PORT (make menuconfig), or "
		 "add the UART to the board");
}
