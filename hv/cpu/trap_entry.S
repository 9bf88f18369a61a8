/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of every vector: 16 bytes each, so that the IDT is computed and no
 * table of addresses is needed. Hypervisor code runs with general registers
 * only; there is no other state to keep.
 */
	.section .text, "ax"
	.globl trap_stubs
	.balign 16
trap_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	/* Vectors with an error code: 8, 10-14, 17, 21, 29, 30. */
	.if vector > 30 || !((0x60227d00 >> (vector & 31)) & 1)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	.balign 16
trap_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	cld
	movq %rsp, %rdi
	call trap_handle
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq

/*
 * lp_wait(): an interrupt comes after the HLT has begun or ends it. NMIs and
 * machine checks are not held off by IF: their handlers move a RIP between
 * begin and end to the end (trap.c).
 */
	.globl lp_wait, lp_wait_begin, lp_wait_end
	.balign 16
lp_wait:
lp_wait_begin:
	cmpl $0, (%rdi)
	jne lp_wait_end
	sti
	hlt
lp_wait_end:
	cli
	ret
	.section .note.GNU-stack, "", @progbits
