/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of a raw16 guest: real mode, CS base plus IP is the load address
 * (below 64 KiB here). Says so by the console from real mode, then goes on
 * in start32.S.
 */
	.section .head16, "ax"
	.code16
	.global start16
start16:
	cli
	cld
	ljmp $0, $1f			/* CS := 0, whatever it was */
1:	xor %ax, %ax
	mov %ax, %ds
	mov $message, %si
	mov $(message_end - message), %cx
	mov $0xe9, %dx
2:	lodsb
	outb %al, %dx
	loop 2b
	xor %ebp, %ebp
	lgdtl early_gdt_pointer
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x18, $3f
	.code32
3:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	jmp start32_flat

message:
	.ascii "real mode\n"
message_end:

	.section .note.GNU-stack, "", @progbits
