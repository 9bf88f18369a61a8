/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of AMD processors (APM2 15.5). VMRUN switches RIP, RSP,
 * RAX, RFLAGS and the control registers; VMLOAD and VMSAVE the rest of the
 * segments; general registers are switched here.
 *
 * void svm_enter(vcpu, vmcb, exit, host_state): the first three are handed on
 * to svm_leave(), which returns to the caller.
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
	pushq %rdx			/* 16(%rsp): exit */
	pushq %rcx			/* 8(%rsp): host_state */
	pushq %rdi			/* (%rsp): vcpu, gpr[] first */
	movq %rsi, %rax
	movq 0x08(%rdi), %rcx
	movq 0x10(%rdi), %rdx
	movq 0x18(%rdi), %rbx
	movq 0x28(%rdi), %rbp
	movq 0x30(%rdi), %rsi
	movq 0x40(%rdi), %r8
	movq 0x48(%rdi), %r9
	movq 0x50(%rdi), %r10
	movq 0x58(%rdi), %r11
	movq 0x60(%rdi), %r12
	movq 0x68(%rdi), %r13
	movq 0x70(%rdi), %r14
	movq 0x78(%rdi), %r15
	movq 0x38(%rdi), %rdi
	sti			/* GIF is 0: takes effect in the guest */
	vmload %rax
	vmrun %rax
	vmsave %rax
	cli
	pushq %rdi
	movq 8(%rsp), %rdi
	popq 0x38(%rdi)
	movq %rcx, 0x08(%rdi)
	movq %rdx, 0x10(%rdi)
	movq %rbx, 0x18(%rdi)
	movq %rbp, 0x28(%rdi)
	movq %rsi, 0x30(%rdi)
	movq %r8, 0x40(%rdi)
	movq %r9, 0x48(%rdi)
	movq %r10, 0x50(%rdi)
	movq %r11, 0x58(%rdi)
	movq %r12, 0x60(%rdi)
	movq %r13, 0x68(%rdi)
	movq %r14, 0x70(%rdi)
	movq %r15, 0x78(%rdi)
	movq %rax, %rsi
	popq %rdi
	popq %rax
	vmload %rax
	stgi
	popq %rdx
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	jmp svm_leave
	.section .note.GNU-stack, "", @progbits
