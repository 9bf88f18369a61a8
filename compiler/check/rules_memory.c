/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of partitions and of the machine. */
#include "check/check.h"

const struct check check_memory_rules[] = {
	{ "memory-unit", CHECK_ERROR, CHECK_SPEC,
	  check_memory_unit, "unit",
	  .sentence =
		"A partition's memory is a plausible number of bytes.",
	  .why =
		"A number below 65536 was meant in MiB.",
	  .wrong =
		"memory = <BYTES(512)>;",
	  .right =
		"memory = <MiB(512)>;" },
	{ "memory-size", CHECK_ERROR, CHECK_SPEC,
	  check_memory_size, "unit memory-unit",
	  .sentence =
		"A partition's memory is 1 MiB or more.",
	  .why =
		"The compiler puts descriptors, page tables and ACPI below "
		"1 MiB.",
	  .wrong =
		"memory = <KiB(512)>;",
	  .right =
		"memory = <MiB(1)>;" },
	{ "memory-page", CHECK_ERROR, CHECK_SPEC,
	  check_memory_page, "unit memory-unit",
	  .sentence =
		"A partition's memory is whole pages.",
	  .why =
		"The rest of its last page would be somebody else's, or "
		"nobody's.",
	  .wrong =
		"memory = <BYTES(0x345800)>;",
	  .right =
		"memory = <BYTES(0x346000)>;" },
	{ "memory-limit", CHECK_ERROR, CHECK_SPEC,
	  check_memory_limit, "unit",
	  .sentence =
		"A partition's memory ends below its device pages (3 GiB).",
	  .why =
		"Above are the pages of its IOAPIC and local APIC.",
	  .wrong =
		"memory = <GiB(4)>;",
	  .right =
		"memory = <GiB(3)>;" },
	{ "address-unit", CHECK_ERROR, CHECK_SPEC,
	  check_address_unit, "unit",
	  .sentence =
		"A fixed address is a plausible byte of the machine.",
	  .why =
		"A number below 65536 was meant in MiB.",
	  .wrong =
		"address = <ADDR(128)>;",
	  .right =
		"address = <ADDR(0x8000000)>;" },
	{ "address-align", CHECK_ERROR, CHECK_SPEC,
	  check_address_align, "unit address-unit",
	  .sentence =
		"A fixed address is a multiple of 2 MiB.",
	  .why =
		"Otherwise no large page could map the partition.",
	  .wrong =
		"address = <ADDR(0x8100000)>;",
	  .right =
		"address = <ADDR(0x8200000)>;" },
	{ "address-overlap", CHECK_ERROR, CHECK_SPEC,
	  check_address_overlap, NULL,
	  .sentence =
		"No two partitions have the same memory.",
	  .why =
		"One could read and change the other.",
	  .wrong =
		"a { address = <ADDR(0x8000000)>; memory = <MiB(4)>; }; b { "
		"address = <ADDR(0x8200000)>; };",
	  .right =
		"a { memory = <MiB(4)>; }; b { memory = <MiB(2)>; };" },
	{ "address-ram", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "address-align address-overlap",
	  .sentence =
		"A fixed address lies in RAM that is neither reserved nor "
		"the image's.",
	  .why =
		"The machine would be refused at boot, or its firmware "
		"overwritten.",
	  .wrong =
		"address = <ADDR(0x200000)>;",
	  .right =
		"leave \"address\" out: the compiler finds one" },
	{ "gpa-bits", CHECK_ERROR, CHECK_SPEC,
	  check_gpa_bits, NULL,
	  .sentence =
		"A partition's address width is 36 to 48 bits.",
	  .why =
		"Nested tables of four levels know 48.",
	  .wrong =
		"gpa-bits = <52>;",
	  .right =
		"gpa-bits = <40>;" },
	{ "gpa-bits-unused", CHECK_ERROR, CHECK_SPEC,
	  check_gpa_bits_unused, "gpa-bits",
	  .sentence =
		"Who is given an address width is shown it.",
	  .why =
		"The guest would believe another width, that of no row or "
		"of the machine.",
	  .wrong =
		"gpa-bits = <40>; with a row of leaf 0x80000008 without "
		"\"topology\"",
	  .right =
		"addresses { leaf = <0x80000008>; force = <0x3000 0 0 0>; "
		"topology; };" },
	{ "image-limit", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"The image ends below 4 GiB.",
	  .why =
		"It starts in 32-bit code, and boot loaders load no higher.",
	  .wrong =
		"payloads of 4 GiB in the image",
	  .right =
		"smaller payloads, or as-module = \"initrd\";" },
	{ "image-room", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "image-limit",
	  .sentence =
		"The image lies in RAM that is not reserved.",
	  .why =
		"The boot loader would overwrite the firmware, or write "
		"into nothing.",
	  .wrong =
		"CONFIG_IMAGE_BASE_MIB=1000, on a board with 960 MiB",
	  .right =
		"CONFIG_IMAGE_BASE_MIB=16" },
	{ "store-room", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"The module store finds a place in RAM below 4 GiB.",
	  .why =
		"Boot moves the modules before it can address more.",
	  .wrong =
		"address = <ADDR(0x2000000)>; memory = <MiB(900)>; beside a "
		"module of 100 MiB",
	  .right =
		"leave \"address\" out, or leave less to the boot loader" },
	{ "no-room", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "memory-size memory-unit memory-page",
	  .sentence =
		"Every partition's memory finds a place in RAM.",
	  .why =
		"Memory is given once, in one piece from a multiple of 2 "
		"MiB on.",
	  .wrong =
		"memory = <GiB(2)>; on a board with 1 GiB",
	  .right =
		"memory = <MiB(512)>;" },
	{ .id = NULL },
};
