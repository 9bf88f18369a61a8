/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of every vector: 16 bytes each below 32, 8 bytes each from there on,
 * so that the IDT is computed and no table of addresses is needed.
 * Hypervisor code runs with general registers only; there is no other state
 * to keep.
 */
	.section .text, "ax"
	.globl trap_stubs, trap_irq_stubs
	.balign 16
trap_stubs:
	.set vector, 0
	.rept 32
	.balign 16
	/* Vectors with an error code: 8, 10-14, 17, 21, 29, 30. */
	.if !((0x60227d00 >> vector) & 1)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	/* The vector as a signed byte, which takes two bytes to push. */
	.balign 8
trap_irq_stubs:
	.rept 224
	.balign 8
	.if vector < 128
	pushq $vector
	.else
	pushq $(vector - 256)
	.endif
	jmp trap_irq
	.set vector, vector + 1
	.endr

	/* That is where the error code would be; the vector, below it. */
trap_irq:
	pushq (%rsp)
	andq $0xff, (%rsp)
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
