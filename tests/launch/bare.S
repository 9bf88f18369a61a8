/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the launch partition without a hypervisor, to test it alone: a
 * multiboot kernel for `qemu-system-x86_64 -kernel` that maps the first
 * 4 GiB, as raw64 guests find it, and enters ENTRY with RDI = TABLE. All that
 * the partition looks at was put into memory by QEMU. Linked at 32 MiB.
 */
#include "../guests/lib/long_mode.h"

	.section .text
	.code32
	.balign 4
	.long 0x1badb002, 0, -0x1badb002
	.global bare_start
bare_start:
	cli
	cld
	enter_long_mode $3f
	.code64
3:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $TABLE, %edi
	mov $ENTRY, %eax
	jmp *%rax
	long_mode_data
	.section .note.GNU-stack, "", @progbits
