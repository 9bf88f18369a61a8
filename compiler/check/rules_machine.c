/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: RAM, LPs, UARTs, IOAPIC, frequencies. */
#include "check/check.h"

const struct check check_machine_rules[] = {
	{ "unknown-fact", CHECK_ERROR, CHECK_SPEC,
	  check_unknown_fact, NULL,
	  .sentence =
		"Nothing that a board file says is unknown.",
	  .why =
		"What tools/board-capture could not find of a machine somebody "
		"has to find, before an image relies on a guess.",
	  .wrong =
		"unknown = \"pins: dmesg | grep 'IOAPIC.*GSI'\";",
	  .right =
		"pins = <24>;" },
	{ "ram-range", CHECK_ERROR, CHECK_SPEC,
	  check_ram_range, NULL,
	  .sentence =
		"RAM and reserved ranges are whole, non-empty pages.",
	  .why =
		"Memory is owned by the page.",
	  .wrong =
		"reg = <ADDR(0x100800) MiB(63)>;",
	  .right =
		"reg = <ADDR(0x100000) MiB(63)>;" },
	{ "ram-overlap", CHECK_ERROR, CHECK_SPEC,
	  check_ram_overlap, NULL,
	  .sentence =
		"No two ranges of RAM overlap.",
	  .why =
		"The same RAM would be counted, and could be given away, "
		"twice.",
	  .wrong =
		"low@100000 { reg = <ADDR(0x100000) MiB(64)>; }; "
		"more@200000 { reg = <ADDR(0x200000) MiB(64)>; };",
	  .right =
		"low@100000 { reg = <ADDR(0x100000) MiB(65)>; };" },
	{ "ram-low", CHECK_ERROR, CHECK_SPEC,
	  check_ram_low, "ram-range",
	  .sentence =
		"RAM is listed from 1 MiB on.",
	  .why =
		"The first MiB is the firmware's with holes for video and "
		"ROM: the image would be refused at boot for RAM that is "
		"not there.",
	  .wrong =
		"ram@0 { reg = <ADDR(0) MiB(512)>; };",
	  .right =
		"ram@100000 { reg = <ADDR(0x100000) MiB(511)>; };" },
	{ "ram-device", CHECK_ERROR, CHECK_SPEC,
	  check_ram_device, "ram-range",
	  .sentence =
		"RAM does not hold the pages of the local APIC and the "
		"IOAPIC.",
	  .why =
		"A partition would be given device registers as memory.",
	  .wrong =
		"ram@100000 { reg = <ADDR(0x100000) GiB(4)>; };",
	  .right =
		"ram@100000 { reg = <ADDR(0x100000) MiB(3071)>; }; "
		"high@100000000 { reg = <ADDR(0x100000000) GiB(1)>; };" },
	{ "ram-width", CHECK_ERROR, CHECK_SPEC,
	  check_ram_width, "ram-range",
	  .sentence =
		"RAM ends below 256 TiB.",
	  .why =
		"No processor that Bulkhead is for has more address bits: "
		"the number has a wrong unit.",
	  .wrong =
		"reg = <ADDR(0x100000) GiB(1048576)>;",
	  .right =
		"reg = <ADDR(0x100000) MiB(1024)>;" },
	{ "reserved-ram", CHECK_ERROR, CHECK_SPEC,
	  check_reserved_ram, "ram-range",
	  .sentence =
		"A reserved range lies in RAM.",
	  .why =
		"One that does not keeps nothing: the firmware's RAM, which "
		"it was meant for, would be given away.",
	  .wrong =
		"firmware@f0000000 { reg = <ADDR(0xf0000000) MiB(1)>; };",
	  .right =
		"firmware@3c000000 { reg = <ADDR(0x3c000000) MiB(64)>; };" },
	{ "unit-address", CHECK_ERROR, CHECK_SPEC,
	  check_unit_address, "ram-range ram-low",
	  .sentence =
		"A range begins where the name of its node says.",
	  .why =
		"One of the two numbers is a slip; RAM would be used where "
		"there is none.",
	  .wrong =
		"ram@100000 { reg = <ADDR(0x1000000) MiB(63)>; };",
	  .right =
		"ram@100000 { reg = <ADDR(0x100000) MiB(63)>; };" },
	{ "apic-id", CHECK_ERROR, CHECK_SPEC,
	  check_apic_id, NULL,
	  .sentence =
		"An LP's APIC id is below 255.",
	  .why =
		"255 addresses all of them, and larger ones need x2APIC in "
		"the machine.",
	  .wrong =
		"lp0 { apic-id = <256>; };",
	  .right =
		"lp0 { apic-id = <0>; };" },
	{ "apic-id-twice", CHECK_ERROR, CHECK_SPEC,
	  check_apic_id_twice, NULL,
	  .sentence =
		"No two LPs have the same APIC id.",
	  .why =
		"Two LPs would be one, and the second would never start.",
	  .wrong =
		"lp0: lp0 { apic-id = <0>; }; lp1: lp1 { apic-id = <0>; };",
	  .right =
		"lp0: lp0 { apic-id = <0>; }; lp1: lp1 { apic-id = <1>; };" },
	{ "ioapic-align", CHECK_ERROR, CHECK_SPEC,
	  check_ioapic_align, "unit",
	  .sentence =
		"The IOAPIC lies at the begin of a page.",
	  .why =
		"Its page is mapped; from within a page other registers "
		"would be written.",
	  .wrong =
		"base = <ADDR(0xfec00010)>;",
	  .right =
		"base = <ADDR(0xfec00000)>;" },
	{ "ioapic-range", CHECK_ERROR, CHECK_SPEC,
	  check_ioapic_range, "unit",
	  .sentence =
		"The IOAPIC lies between 1 MiB and 4 GiB.",
	  .why =
		"Its address has 32 bits in the MADT, and below are RAM and "
		"ROM.",
	  .wrong =
		"base = <ADDR(0xfec000000)>;",
	  .right =
		"base = <ADDR(0xfec00000)>;" },
	{ "ioapic-pins", CHECK_ERROR, CHECK_SPEC,
	  check_ioapic_pins, NULL,
	  .sentence =
		"An IOAPIC has 1 to 120 pins.",
	  .why =
		"Boot masks them all; the register number of a higher one "
		"would wrap.",
	  .wrong =
		"pins = <240>;",
	  .right =
		"pins = <24>;" },
	{ "irq-pin", CHECK_ERROR, CHECK_SPEC,
	  check_irq_pin, "ioapic-pins",
	  .sentence =
		"A UART's interrupt line is a pin of the IOAPIC.",
	  .why =
		"A line without a pin never fires.",
	  .wrong =
		"com1 { base = <0x3f8>; irq = <36>; };",
	  .right =
		"com1 { base = <0x3f8>; irq = <4>; };" },
	{ "irq-timer", CHECK_ERROR, CHECK_SPEC,
	  check_irq_timer, NULL,
	  .sentence =
		"A UART's interrupt line is not that of the PIT (0 or 2).",
	  .why =
		"The owner would be given the timer's ticks, or none at all.",
	  .wrong =
		"com1 { base = <0x3f8>; irq = <0>; };",
	  .right =
		"com1 { base = <0x3f8>; irq = <4>; };" },
	{ "uart-overlap", CHECK_ERROR, CHECK_SPEC,
	  check_uart_overlap, NULL,
	  .sentence =
		"No two UARTs share a port.",
	  .why =
		"Two partitions would write into one UART.",
	  .wrong =
		"com2 { base = <0x3fc>; irq = <3>; };",
	  .right =
		"com2 { base = <0x2f8>; irq = <3>; };" },
	{ "uart-align", CHECK_ERROR, CHECK_SPEC,
	  check_uart_align, NULL,
	  .sentence =
		"A UART begins at a multiple of 8.",
	  .why =
		"A 16550 decodes eight ports; its owner would be given "
		"other registers.",
	  .wrong =
		"com1 { base = <0x3fc>; irq = <4>; };",
	  .right =
		"com1 { base = <0x3f8>; irq = <4>; };" },
	{ "tsc-hz", CHECK_ERROR, CHECK_SPEC,
	  check_tsc_hz, "unit",
	  .sentence =
		"The TSC's frequency is 100 MHz to 100 GHz, in Hz.",
	  .why =
		"In MHz or kHz every timer and slot would be wrong by a "
		"factor.",
	  .wrong =
		"tsc-hz = <CELLS(2400)>;",
	  .right =
		"tsc-hz = <CELLS(2400000000)>;" },
	{ "apic-hz", CHECK_ERROR, CHECK_SPEC,
	  check_apic_hz, "unit",
	  .sentence =
		"The APIC timer's frequency is 1 MHz to 100 GHz, in Hz.",
	  .why =
		"In MHz or kHz every slot would be wrong by a factor.",
	  .wrong =
		"apic-hz = <CELLS(1000)>;",
	  .right =
		"apic-hz = <CELLS(1000000000)>;" },
	{ "board-name", CHECK_ERROR, CHECK_SPEC,
	  check_board_name, NULL,
	  .sentence =
		"A board's name is 1 to 64 printable characters.",
	  .why =
		"It stands in a line of the log, which a line end would "
		"break.",
	  .wrong =
		"board = \"\";",
	  .right =
		"board = \"My box\";" },
	{ "reserved-port-range", CHECK_ERROR, CHECK_SPEC,
	  check_reserved_port_range, NULL,
	  .sentence =
		"A range of reserved ports is not reversed, and below 65536.",
	  .why =
		"A reversed one reserves nothing: the ports could be given "
		"away.",
	  .wrong =
		"smi { range = <0xb3 0xb2>; };",
	  .right =
		"smi { range = <0xb2 0xb3>; };" },
	{ "config-vendor", CHECK_ERROR, CHECK_SPEC,
	  check_config_vendor, NULL,
	  .sentence =
		"The machine's processor has a back end in this build.",
	  .why =
		"The image could not start a guest.",
	  .wrong =
		"vendor = \"intel\";",
	  .right =
		"CONFIG_VMX=y, or vendor = \"amd\";" },
	{ "console-port", CHECK_ERROR, CHECK_SPEC,
	  check_console_port, "missing-property type",
	  .sentence =
		"The serial port of Bulkhead's own log is a UART of the "
		"board.",
	  .why =
		"The log would go nowhere, or a partition could be given "
		"the port under another name.",
	  .wrong =
		"CONFIG_CONSOLE_COM_PORT=0x3e8, on a board with 0x3f8 and "
		"0x2f8",
	  .right =
		"CONFIG_CONSOLE_COM_PORT=0x2f8" },
	{ "boot-ok-cmos", CHECK_ERROR, CHECK_SPEC,
	  check_boot_ok_cmos, NULL,
	  .sentence =
		"What is kept of a boot is bit 0 to 7 of CMOS register 0x10 "
		"to 0x7f.",
	  .why =
		"Below are the clock and the firmware's state; above there "
		"is none.",
	  .wrong =
		"boot-ok { cmos = <0x60>; bit = <8>; };",
	  .right =
		"boot-ok { cmos = <0x60>; bit = <0>; };" },
	{ "boot-ok-checksum", CHECK_ERROR, CHECK_SPEC,
	  check_boot_ok_checksum, "boot-ok-cmos",
	  .sentence =
		"What is kept of a boot lies outside what the firmware "
		"checks and sets.",
	  .why =
		"A changed register under the firmware's checksum (0x10 to "
		"0x2f) makes it load its defaults or wait for a key; 0x32 "
		"and 0x37 hold the century.",
	  .wrong =
		"boot-ok { cmos = <0x20>; bit = <0>; };",
	  .right =
		"boot-ok { cmos = <0x60>; bit = <0>; };" },
	{ "boot-ok-board", CHECK_ERROR, CHECK_SPEC,
	  check_boot_ok_board, NULL,
	  .sentence =
		"A partition that reports a good boot has a board that "
		"keeps it.",
	  .why =
		"The report would be lost, and an update would be taken "
		"back.",
	  .wrong =
		"action = \"boot-ok\", on a board without the node boot-ok",
	  .right =
		"boot-ok { cmos = <0x60>; bit = <0>; };" },
	{ "boot-ok-ports", CHECK_ERROR, CHECK_SPEC,
	  check_boot_ok_ports, NULL,
	  .sentence =
		"No partition owns the ports of the CMOS.",
	  .why =
		"Who has them can feign the report of a boot, and mask NMIs.",
	  .wrong =
		"cmos { range = <0x70 0x71>; action = \"pass\"; };",
	  .right =
		"cmos { range = <0x70 0x71>; action = \"deny\"; };" },
	{ .id = NULL },
};
