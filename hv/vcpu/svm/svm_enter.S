/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of AMD processors (APM2 15.5). VMRUN switches RIP, RSP,
 * RAX, RFLAGS and the control registers; VMLOAD and VMSAVE the rest of the
 * segments; general registers are switched here.
 */
	.section .text, "ax"
	.globl svm_enter
	.balign 64
svm_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushq %rdx			/* 16(%rsp): host state */
	pushq %rsi			/* 8(%rsp): registers */
	movq %rdi, %rax
	movq 0x08(%rsi), %rcx
	movq 0x10(%rsi), %rdx
	movq 0x18(%rsi), %rbx
	movq 0x28(%rsi), %rbp
	movq 0x38(%rsi), %rdi
	movq 0x40(%rsi), %r8
	movq 0x48(%rsi), %r9
	movq 0x50(%rsi), %r10
	movq 0x58(%rsi), %r11
	movq 0x60(%rsi), %r12
	movq 0x68(%rsi), %r13
	movq 0x70(%rsi), %r14
	movq 0x78(%rsi), %r15
	movq 0x30(%rsi), %rsi
	sti				/* GIF is 0: for the guest only */
	vmload %rax
	vmrun %rax
	vmsave %rax
	cli
	pushq %rdi
	movq 8(%rsp), %rdi
	movq %rcx, 0x08(%rdi)
	movq %rdx, 0x10(%rdi)
	movq %rbx, 0x18(%rdi)
	movq %rbp, 0x28(%rdi)
	movq %rsi, 0x30(%rdi)
	popq 0x38(%rdi)
	movq %r8, 0x40(%rdi)
	movq %r9, 0x48(%rdi)
	movq %r10, 0x50(%rdi)
	movq %r11, 0x58(%rdi)
	movq %r12, 0x60(%rdi)
	movq %r13, 0x68(%rdi)
	movq %r14, 0x70(%rdi)
	movq %r15, 0x78(%rdi)
	popq %rsi
	popq %rax
	vmload %rax
	stgi
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	.globl svm_fill_return_stack
	.balign 16
svm_fill_return_stack:
	.rept 32
	call 1f
	int3
1:
	.endr
	addq $(32 * 8), %rsp
	ret
	.section .note.GNU-stack, "", @progbits
