/* SPDX-License-Identifier: Apache-2.0 */
/* Boot protocols, payloads, names and the ends of partitions. */
#include "check/check.h"

const struct check check_boot_rules[] = {
	{ "load-address", CHECK_ERROR, CHECK_SPEC,
	  check_load_address, NULL,
	  .sentence =
		"A raw payload says where it is loaded.",
	  .why =
		"Its bytes do not.",
	  .wrong =
		"boot = \"raw64\"; payload = \"hello.bin\";",
	  .right =
		"boot = \"raw64\"; payload = \"hello.bin\"; load-address = "
		"<0x100000>;" },
	{ "raw-only", CHECK_ERROR, CHECK_SPEC,
	  check_raw_only, NULL,
	  .sentence =
		"Load address and entry are given for raw payloads only.",
	  .why =
		"Others say themselves where they go: the property would be "
		"without effect.",
	  .wrong =
		"boot = \"linux\"; load-address = <0x100000>;",
	  .right =
		"boot = \"linux\";" },
	{ "initrd-unused", CHECK_ERROR, CHECK_SPEC,
	  check_initrd_unused, NULL,
	  .sentence =
		"An initrd is for the linux and pvh protocols.",
	  .why =
		"The guest would never see it.",
	  .wrong =
		"boot = \"raw64\"; initrd = \"guest:initramfs\";",
	  .right =
		"boot = \"linux\"; initrd = \"guest:initramfs\";" },
	{ "modules-unused", CHECK_ERROR, CHECK_SPEC,
	  check_modules_unused, NULL,
	  .sentence =
		"Modules are for the multiboot protocol.",
	  .why =
		"The guest would never see them.",
	  .wrong =
		"boot = \"linux\"; modules = \"disk.img\";",
	  .right =
		"boot = \"multiboot\"; modules = \"disk.img\";" },
	{ "command-line-unused", CHECK_ERROR, CHECK_SPEC,
	  check_command_line_unused, NULL,
	  .sentence =
		"A command line is for linux, pvh and multiboot.",
	  .why =
		"The guest would never see it.",
	  .wrong =
		"boot = \"raw64\"; command-line = \"quiet\";",
	  .right =
		"boot = \"linux\"; command-line = \"quiet\";" },
	{ "command-line", CHECK_ERROR, CHECK_SPEC,
	  check_command_line, "command-line-unused",
	  .sentence =
		"A command line is below 2048 bytes.",
	  .why =
		"That is the place for it in the guest's memory.",
	  .wrong =
		"command-line = \"...2048 bytes...\";",
	  .right =
		"command-line = \"console=ttyS0\";" },
	{ "command-line-limit", CHECK_ERROR, CHECK_LAYOUT,
	  check_command_line_limit, "command-line command-line-unused",
	  .sentence =
		"A command line is not longer than its kernel reads.",
	  .why =
		"The rest would be cut off, without a word.",
	  .wrong =
		"a command line of 300 bytes, for a kernel whose "
		"cmdline_size is 255",
	  .right =
		"command-line = \"console=ttyS0\";" },
	{ "console-uart", CHECK_WARNING, CHECK_LAYOUT,
	  check_console_uart, NULL,
	  .sentence =
		"Who is told to use a serial console has a UART.",
	  .why =
		"It speaks to nobody.",
	  .wrong =
		"command-line = \"console=ttyS0\"; without \"uart\"",
	  .right =
		"uart = <&com1>;" },
	{ "as-module", CHECK_ERROR, CHECK_SPEC,
	  check_as_module, NULL,
	  .sentence =
		"What is left to the boot loader is a file of the partition.",
	  .why =
		"There is no such file.",
	  .wrong =
		"as-module = \"initrd\"; without \"initrd\"",
	  .right =
		"initrd = \"guest:initramfs\"; as-module = \"initrd\";" },
	{ "module-count", CHECK_ERROR, CHECK_LAYOUT,
	  check_module_count, NULL,
	  .sentence =
		"32 files at most are left to the boot loader.",
	  .why =
		"The list that boot copies has as many places.",
	  .wrong =
		"33 different files named by as-module",
	  .right =
		"32, and the others in the image" },
	{ "payload-path", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A path of a payload is not empty, and without quotes, "
		"backslashes and line ends.",
	  .why =
		"It stands in an assembler's string.",
	  .wrong =
		"payload = \"my \\\"kernel\\\"\";",
	  .right =
		"payload = \"my-kernel\";" },
	{ "payload-missing", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "initrd-unused modules-unused",
	  .sentence =
		"Every payload is a file that can be read.",
	  .why =
		"There is nothing to load.",
	  .wrong =
		"payload = \"guest:vmlinux-cloud\";",
	  .right =
		"payload = \"guest:vmlinuz-cloud\";" },
	{ "payload-empty", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"No payload is empty.",
	  .why =
		"There is nothing to load; the build that makes it was "
		"broken off.",
	  .wrong =
		"a file of 0 bytes",
	  .right =
		"build it again" },
	{ "payload-arch", CHECK_ERROR, CHECK_LAYOUT,
	  check_payload_arch, NULL,
	  .sentence =
		"A payload is a program for x86.",
	  .why =
		"No processor of the machine could run it.",
	  .wrong =
		"payload = \"vmlinuz-arm64\";",
	  .right =
		"payload = \"vmlinuz-amd64\";" },
	{ "payload-format", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch",
	  .sentence =
		"A payload is of the format of its protocol.",
	  .why =
		"Its entry could not be found.",
	  .wrong =
		"boot = \"linux\"; payload = \"vmlinux\";",
	  .right =
		"boot = \"pvh\"; payload = \"vmlinux\";" },
	{ "linux-protocol", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch",
	  .sentence =
		"A Linux kernel has boot protocol 2.10 or later.",
	  .why =
		"Older ones do not say how much memory they need.",
	  .wrong =
		"a kernel older than 2.6.31",
	  .right =
		"a newer kernel" },
	{ "linux-address", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch",
	  .sentence =
		"A Linux kernel's address lies between 1 MiB and 3 GiB.",
	  .why =
		"Below are the firmware's tables, above is no RAM.",
	  .wrong =
		"a kernel linked at 0x80000",
	  .right =
		"a kernel with CONFIG_PHYSICAL_START=0x1000000" },
	{ "linux-truncated", CHECK_ERROR, CHECK_LAYOUT,
	  check_linux_truncated, "payload-format",
	  .sentence =
		"A Linux kernel has all the bytes that its header speaks of.",
	  .why =
		"A copy was broken off: the kernel would fail while it "
		"unpacks itself.",
	  .wrong =
		"half of a vmlinuz",
	  .right =
		"fetch it again" },
	{ "initrd-limit", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"An initrd fits between its kernel and the highest address "
		"that the kernel takes.",
	  .why =
		"The kernel would not find it.",
	  .wrong =
		"an initrd of 2 GiB for a kernel whose initrd_addr_max is "
		"0x7fffffff",
	  .right =
		"a smaller initrd" },
	{ "initrd-kernel", CHECK_ERROR, CHECK_LAYOUT,
	  check_initrd_kernel, NULL,
	  .sentence =
		"An initrd is not a kernel.",
	  .why =
		"Payload and initrd were exchanged.",
	  .wrong =
		"payload = \"initramfs\"; initrd = \"vmlinuz\";",
	  .right =
		"payload = \"vmlinuz\"; initrd = \"initramfs\";" },
	{ "elf-type", CHECK_ERROR, CHECK_LAYOUT,
	  check_elf_type, "payload-arch",
	  .sentence =
		"An ELF payload is a linked program.",
	  .why =
		"An object file has no addresses yet.",
	  .wrong =
		"payload = \"kernel.o\";",
	  .right =
		"payload = \"kernel.elf\";" },
	{ "elf-segments", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch elf-type",
	  .sentence =
		"The segments of an ELF payload lie in the file, and in RAM "
		"below 3 GiB.",
	  .why =
		"A cut-off file, or a program linked at virtual addresses "
		"only.",
	  .wrong =
		"a program with p_paddr = 0xffffffff80000000",
	  .right =
		"a program with physical addresses in p_paddr" },
	{ "elf-entry", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch elf-type",
	  .sentence =
		"An ELF payload is entered within what is loaded of it.",
	  .why =
		"It would run zeros.",
	  .wrong =
		"a program whose e_entry lies in no segment",
	  .right =
		"link it with ENTRY(start)" },
	{ "pvh-note", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch elf-type",
	  .sentence =
		"A pvh payload has a PHYS32_ENTRY note.",
	  .why =
		"The note says where it is entered.",
	  .wrong =
		"boot = \"pvh\"; payload = \"hello.elf\";",
	  .right =
		"a kernel with CONFIG_PVH=y" },
	{ "pvh-entry", CHECK_ERROR, CHECK_LAYOUT,
	  check_pvh_entry, "payload-arch elf-type",
	  .sentence =
		"A pvh payload is entered within what is loaded of it.",
	  .why =
		"It would run zeros.",
	  .wrong =
		"a note that holds a virtual address",
	  .right =
		"a note that holds the physical address" },
	{ "multiboot-header", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "payload-arch elf-type",
	  .sentence =
		"A multiboot payload has a version 1 header in its first 8 "
		"KiB.",
	  .why =
		"A kernel for version 2 only, or one whose header was "
		"linked too late.",
	  .wrong =
		"boot = \"multiboot\"; payload = \"linux.elf\";",
	  .right =
		"put .multiboot first in the link script" },
	{ "multiboot-flags", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A multiboot payload asks for pages and memory only.",
	  .why =
		"A kernel that needs a video mode would not get it.",
	  .wrong =
		"a header with flag 2 (video mode)",
	  .right =
		"a header with flags 0 and 1 only" },
	{ "multiboot-addresses", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"The address fields of a multiboot header agree with the "
		"file.",
	  .why =
		"Other bytes than the kernel's would be loaded or entered.",
	  .wrong =
		"a load address above the header's own",
	  .right =
		"the addresses of the link script" },
	{ "raw-format", CHECK_ERROR, CHECK_LAYOUT,
	  check_raw_format, NULL,
	  .sentence =
		"A raw payload is plain code.",
	  .why =
		"It would be entered at the header of its file format.",
	  .wrong =
		"boot = \"raw64\"; payload = \"hello.elf\";",
	  .right =
		"objcopy -O binary hello.elf hello.bin" },
	{ "modules-room", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"The list of a multiboot guest's modules fits into a page.",
	  .why =
		"The info structure has one.",
	  .wrong =
		"300 modules",
	  .right =
		"fewer, or one archive" },
	{ "memory-small", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "raw-format memory-size memory-unit memory-page",
	  .sentence =
		"A partition's memory holds what is loaded.",
	  .why =
		"The rest would lie outside its memory.",
	  .wrong =
		"memory = <MiB(16)>; for a kernel that needs 50 MiB",
	  .right =
		"memory = <MiB(64)>;" },
	{ "load-overlap", CHECK_ERROR, CHECK_LAYOUT,
	  check_load_overlap, NULL,
	  .sentence =
		"What is loaded into a partition does not overlap.",
	  .why =
		"One would overwrite the other.",
	  .wrong =
		"boot = \"raw32\"; load-address = <0x7ff00>; with 1 KiB of "
		"payload",
	  .right =
		"load-address = <0x100000>;" },
	{ "stack-overlap", CHECK_ERROR, CHECK_LAYOUT,
	  check_stack_overlap, "load-overlap",
	  .sentence =
		"A raw payload leaves the page below its first stack "
		"pointer free.",
	  .why =
		"Its first calls would overwrite its code.",
	  .wrong =
		"load-address = <0x7f000>;",
	  .right =
		"load-address = <0x100000>;" },
	{ "entry", CHECK_ERROR, CHECK_LAYOUT,
	  check_entry, NULL,
	  .sentence =
		"A raw payload is entered within its bytes.",
	  .why =
		"It would run zeros.",
	  .wrong =
		"load-address = <0x100000>; entry = <0x200000>;",
	  .right =
		"load-address = <0x100000>; entry = <0x100010>;" },
	{ "restart-max", CHECK_ERROR, CHECK_SPEC,
	  check_restart_max, "word",
	  .sentence =
		"A bound on restarts goes with on-failure restart.",
	  .why =
		"Without it there is no restart to count.",
	  .wrong =
		"on-failure = \"halt\"; restart-max = <3>;",
	  .right =
		"on-failure = \"restart\"; restart-max = <3>;" },
	{ "restart-max-zero", CHECK_ERROR, CHECK_SPEC,
	  check_restart_max_zero, "restart-max",
	  .sentence =
		"A bound on restarts is 1 or more.",
	  .why =
		"Restart never is halt, said in a way that looks like "
		"restart.",
	  .wrong =
		"on-failure = \"restart\"; restart-max = <0>;",
	  .right =
		"on-failure = \"halt\";" },
	{ "nmi-twice", CHECK_ERROR, CHECK_SPEC,
	  check_nmi_twice, NULL,
	  .sentence =
		"Physical NMIs go to one partition.",
	  .why =
		"An NMI is delivered once.",
	  .wrong =
		"a { nmi; }; b { nmi; };",
	  .right =
		"a { nmi; };" },
	{ "partition-name", CHECK_ERROR, CHECK_SPEC,
	  check_partition_name, NULL,
	  .sentence =
		"A partition's name is 1 to 31 characters of a-z 0-9 - and "
		"_.",
	  .why =
		"It begins the partition's lines in the log, and names "
		"files.",
	  .wrong =
		"Linux_Guest_1 { };",
	  .right =
		"linux-guest-1 { };" },
	{ "partition-name-taken", CHECK_ERROR, CHECK_SPEC,
	  check_partition_name_taken, NULL,
	  .sentence =
		"No partition is named \"bulkhead\".",
	  .why =
		"Its lines in the log would look like the hypervisor's own.",
	  .wrong =
		"bulkhead { };",
	  .right =
		"box { };" },
	{ .id = NULL },
};
