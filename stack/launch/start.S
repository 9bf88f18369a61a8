/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of the launch partition: long mode, identity map of the first 4 GiB,
 * interrupts off, RDI the launch table. No interrupt is ever allowed and no
 * exception expected: there is no table of them, so that a fault ends the
 * partition and nobody else starts.
 */
	.code64
	.section .head, "ax"
	.global launch_start
launch_start:
	cld
	mov %rdi, %rbx
	lea launch_stack_end(%rip), %rsp
	lea bss_begin(%rip), %rdi
	lea bss_end(%rip), %rcx
	sub %rdi, %rcx
	shr $3, %rcx
	xor %eax, %eax
	xor %ebp, %ebp
	rep stosq
	mov %rbx, %rdi
	call launch_main
1:	cli
	hlt
	jmp 1b

	.bss
	.balign 4096
	.skip 65536
launch_stack_end:

	.section .note.GNU-stack, "", @progbits
