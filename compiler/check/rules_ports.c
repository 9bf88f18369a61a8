/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, UARTs and interrupt lines. */
#include "check/check.h"

const struct check check_ports_rules[] = {
	{ "port-range", CHECK_ERROR, CHECK_SPEC,
	  check_port_range, NULL,
	  .sentence =
		"A range of ports is not reversed, and below 65536.",
	  .why =
		"It would grant nothing, or wrap around.",
	  .wrong =
		"range = <0x87 0x80>;",
	  .right =
		"range = <0x80 0x87>;" },
	{ "port-overlap", CHECK_ERROR, CHECK_SPEC,
	  check_port_overlap, NULL,
	  .sentence =
		"A port has one rule in a partition.",
	  .why =
		"Which of two rules holds would depend on their order.",
	  .wrong =
		"a { range = <0x80 0x8f>; action = \"deny\"; }; b { range = "
		"<0x80 0x80>; action = \"pass\"; };",
	  .right =
		"a { range = <0x81 0x8f>; action = \"deny\"; }; b { range = "
		"<0x80 0x80>; action = \"pass\"; };" },
	{ "port-target", CHECK_ERROR, CHECK_SPEC,
	  check_port_target, NULL,
	  .sentence =
		"A remapped range, and no other, says where it leads.",
	  .why =
		"It would lead to port 0, or the target would be without "
		"effect.",
	  .wrong =
		"far { range = <0x100 0x107>; action = \"remap\"; };",
	  .right =
		"far { range = <0x100 0x107>; action = \"remap\"; target = "
		"<0x378>; };" },
	{ "port-target-range", CHECK_ERROR, CHECK_SPEC,
	  check_port_target_range, "port-range",
	  .sentence =
		"A remapped range ends at physical port 0xffff or below.",
	  .why =
		"Port numbers have 16 bits: the rest would be other ports.",
	  .wrong =
		"far { range = <0x100 0x107>; action = \"remap\"; target = "
		"<0xfffc>; };",
	  .right =
		"far { range = <0x100 0x107>; action = \"remap\"; target = "
		"<0xfff8>; };" },
	{ "port-value", CHECK_ERROR, CHECK_SPEC,
	  check_port_value, NULL,
	  .sentence =
		"A port that reads a value, and no other, has one.",
	  .why =
		"The guest would read 0, or the value would be without "
		"effect.",
	  .wrong =
		"clock { range = <0x71 0x71>; action = \"value\"; };",
	  .right =
		"clock { range = <0x71 0x71>; action = \"value\"; value = "
		"<1>; };" },
	{ "port-value-range", CHECK_ERROR, CHECK_SPEC,
	  check_port_value_range, NULL,
	  .sentence =
		"What a port reads is below 65536.",
	  .why =
		"The table has 16 bits for it: the guest would read "
		"something else.",
	  .wrong =
		"value = <0x12345>;",
	  .right =
		"value = <0x2345>;" },
	{ "port-intercept", CHECK_ERROR, CHECK_SPEC,
	  check_port_intercept, NULL,
	  .sentence =
		"A partition with intercepted ports has a parent.",
	  .why =
		"Nobody would answer, and the partition would be stopped.",
	  .wrong =
		"action = \"intercept\";",
	  .right =
		"action = \"deny\";" },
	{ "port-twice", CHECK_ERROR, CHECK_SPEC,
	  check_port_twice, NULL,
	  .sentence =
		"A physical port has one owner.",
	  .why =
		"Two partitions would meet in one device.",
	  .wrong =
		"a { ports { p { range = <0x378 0x37f>; action = \"pass\"; "
		"}; }; }; b likewise",
	  .right =
		"leave the row to one of them" },
	{ "port-reserved", CHECK_ERROR, CHECK_SPEC,
	  check_port_reserved, NULL,
	  .sentence =
		"No partition owns a port that the board reserves.",
	  .why =
		"These control the whole machine.",
	  .wrong =
		"pci { range = <0xcf8 0xcff>; action = \"pass\"; };",
	  .right =
		"leave the row out" },
	{ "port-console", CHECK_ERROR, CHECK_SPEC,
	  check_port_console, NULL,
	  .sentence =
		"No partition owns the port of Bulkhead's own log.",
	  .why =
		"The log would be mixed with the guest's bytes, and could "
		"be feigned.",
	  .wrong =
		"uart = <&com2>; with CONFIG_CONSOLE_COM_PORT=0x2f8",
	  .right =
		"uart = <&com1>;" },
	{ "port-reset", CHECK_ERROR, CHECK_SPEC,
	  check_port_reset, "port-reserved",
	  .sentence =
		"No partition owns a port that resets a PC (0x64, 0x92, "
		"0xcf9).",
	  .why =
		"One write ends all partitions.",
	  .wrong =
		"keyboard { range = <0x60 0x64>; action = \"pass\"; };",
	  .right =
		"reset { range = <0x64 0x64>; action = \"reset\"; };" },
	{ "port-smi", CHECK_ERROR, CHECK_SPEC,
	  check_port_smi, "port-reserved",
	  .sentence =
		"No partition owns the ports that raise SMIs (0xb2, 0xb3).",
	  .why =
		"The firmware's handler runs above the hypervisor.",
	  .wrong =
		"smi { range = <0xb2 0xb3>; action = \"pass\"; };",
	  .right =
		"leave the row out" },
	{ "port-pci", CHECK_ERROR, CHECK_SPEC,
	  check_port_pci, "port-reserved",
	  .sentence =
		"No partition owns the ports of PCI configuration (0xcf8, "
		"0xcfc to 0xcff).",
	  .why =
		"Who moves a device's registers or starts its DMA reaches "
		"all memory.",
	  .wrong =
		"pci { range = <0xcfc 0xcff>; action = \"pass\"; };",
	  .right =
		"leave the row out" },
	{ "port-pic", CHECK_ERROR, CHECK_SPEC,
	  check_port_pic, "port-reserved",
	  .sentence =
		"No partition owns the ports of the PICs (0x20, 0xa0, "
		"0x4d0).",
	  .why =
		"The hypervisor has masked them, and expects no vector of "
		"theirs.",
	  .wrong =
		"pic { range = <0x20 0x21>; action = \"pass\"; };",
	  .right =
		"pic { range = <0x20 0x21>; action = \"deny\"; };" },
	{ "port-dma", CHECK_ERROR, CHECK_SPEC,
	  check_port_dma, "port-reserved",
	  .sentence =
		"No partition owns the ports of the DMA controllers (0x00 "
		"to 0x0f, 0xc0 to 0xdf).",
	  .why =
		"They write into memory past every nested table.",
	  .wrong =
		"dma { range = <0xc0 0xdf>; action = \"pass\"; };",
	  .right =
		"dma { range = <0xc0 0xdf>; action = \"deny\"; };" },
	{ "uart-twice", CHECK_ERROR, CHECK_SPEC,
	  check_uart_twice, NULL,
	  .sentence =
		"A UART has one owner.",
	  .why =
		"Two guests would read each other's input.",
	  .wrong =
		"a { uart = <&com1>; }; b { uart = <&com1>; };",
	  .right =
		"a { uart = <&com1>; }; b { console = \"log\"; };" },
	{ "uart-base", CHECK_ERROR, CHECK_SPEC,
	  check_uart_base, NULL,
	  .sentence =
		"A UART appears where a PC has COM ports.",
	  .why =
		"The compiler knows the pin that goes with each of these "
		"only.",
	  .wrong =
		"uart = <&com1>; uart-as = <0x300>;",
	  .right =
		"uart = <&com1>; uart-as = <0x3f8>;" },
	{ "irq-twice", CHECK_ERROR, CHECK_SPEC,
	  check_irq_twice, "uart-twice",
	  .sentence =
		"An interrupt line has one owner.",
	  .why =
		"One owner's delay in serving it would be the other's.",
	  .wrong =
		"two UARTs with irq = <4>, each with an owner",
	  .right =
		"one of the two, or another board" },
	{ "acpi-ports", CHECK_ERROR, CHECK_SPEC,
	  check_acpi_ports, NULL,
	  .sentence =
		"A guest that gets ACPI tables has a reset port and an off "
		"port.",
	  .why =
		"Its tables must point at them: it could neither restart "
		"nor end.",
	  .wrong =
		"a profile without a port of the action \"off\", with boot "
		"= \"linux\";",
	  .right =
		"off { range = <0x600 0x600>; action = \"off\"; };" },
	{ "acpi-port-zero", CHECK_ERROR, CHECK_SPEC,
	  check_acpi_port_zero, "port-range",
	  .sentence =
		"The reset port and the off port that ACPI tables name are "
		"not port 0.",
	  .why =
		"In the tables 0 means that there is none: the guest would "
		"hang instead.",
	  .wrong =
		"reset { range = <0 0>; action = \"reset\"; };",
	  .right =
		"reset { range = <0x602 0x602>; action = \"reset\"; };" },
	{ "acpi-status-port", CHECK_ERROR, CHECK_SPEC,
	  check_acpi_status_port, "port-range",
	  .sentence =
		"The port behind the off port, ACPI's sleep status, takes a "
		"write.",
	  .why =
		"A guest writes there before it ends: it would be stopped "
		"as a failure, restart instead, or reach a device.",
	  .wrong =
		"port-default = \"strict\"; without a row for 0x601",
	  .right =
		"off-status { range = <0x601 0x601>; action = \"deny\"; };" },
	{ "port-uart", CHECK_WARNING, CHECK_SPEC,
	  check_port_uart, "port-reserved port-twice",
	  .sentence =
		"Who is given the ports of a UART is given its interrupt "
		"line too.",
	  .why =
		"Linux works such a UART by a timer, slowly; others wait "
		"for ever.",
	  .wrong =
		"com { range = <0x3f8 0x3ff>; action = \"pass\"; };",
	  .right =
		"uart = <&com1>;" },
	{ .id = NULL },
};
