/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of Intel processors (SDM3 26, 27). The processor switches
 * what the VMCS holds; general registers are switched here.
 *
 * void vmx_enter(vcpu, exit, requests, attention, launched): goes on to
 * vmx_leave(vcpu, exit), or to vmx_stay(vcpu, exit, refused).
 *
 * An NMI between vmx_enter_begin and vmx_enter_end goes on at vmx_enter_not
 * (trap.c): a guest is not entered with its handler's attention unseen.
 */
	.section .text, "ax"
	.globl vmx_enter, vmx_enter_begin, vmx_enter_end, vmx_enter_not
	.globl vmx_enter_left
	.balign 64
vmx_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushq %rsi			/* 8(%rsp): exit */
	pushq %rdi			/* (%rsp): vcpu, gpr[] first */
	movl $0x6c14, %eax		/* VMCS: host RSP */
	vmwrite %rsp, %rax
vmx_enter_begin:
	movl (%rdx), %eax
	orl (%rcx), %eax
	jnz vmx_enter_not
	testb %r8b, %r8b		/* no flag changes until it is used */
	movq 0x00(%rdi), %rax
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
	jz 1f
	vmresume
	jmp vmx_enter_end
1:	vmlaunch
vmx_enter_end:
	movl $1, %edx
	jmp 3f
vmx_enter_not:
	xorl %edx, %edx
3:	popq %rdi
	popq %rsi
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	jmp vmx_stay
vmx_enter_left:
	pushq %rdi
	movq 8(%rsp), %rdi
	popq 0x38(%rdi)
	movq %rax, 0x00(%rdi)
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
	popq %rdi
	popq %rsi
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	jmp vmx_leave
	.section .note.GNU-stack, "", @progbits
