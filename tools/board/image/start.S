/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capture image's start: Multiboot 1 (QEMU's -kernel) and 2 (GRUB, which
 * then says where UEFI has its ACPI tables too). 32-bit code without paging,
 * as the boot loader leaves it: all below 4 GiB is in reach.
 */
	.section .multiboot, "a"
	.balign 8
	.long 0x1badb002
	.long 0x00000002		/* memory map */
	.long -(0x1badb002 + 0x00000002)

	.balign 8
mb2:	.long 0xe85250d6, 0, mb2_end - mb2
	.long -(0xe85250d6 + 0 + (mb2_end - mb2))
	.balign 8
	.short 1, 0			/* information request: memory map */
	.long 12
	.long 6
	.balign 8
	.short 0, 0
	.long 8
mb2_end:

	.text
	.code32
	.globl start
start:
	cli
	cld
	movl $stack_top, %esp
	xorl %ebp, %ebp
	pushl %ebx
	pushl %eax
	call capture_main
1:	hlt
	jmp 1b

	.bss
	.balign 16
	.skip 16384
stack_top:
	.section .note.GNU-stack, "", @progbits
