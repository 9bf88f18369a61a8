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
#include "vcpu/vcpu_enter.h"

	.section .text, "ax"
	.globl vmx_enter, vmx_enter_begin, vmx_enter_end, vmx_enter_not
	.globl vmx_enter_left
	.balign 64
vmx_enter:
	vcpu_push_kept
	pushq %rsi			/* 8(%rsp): exit */
	pushq %rdi			/* (%rsp): vcpu */
	movl $0x6c14, %eax		/* VMCS: host RSP */
	vmwrite %rsp, %rax
vmx_enter_begin:
	movl (%rdx), %eax
	orl (%rcx), %eax
	jnz vmx_enter_not
	testb %r8b, %r8b		/* used below */
	movq 0x00(%rdi), %rax
	vcpu_load_registers
	jz 1f
	vmresume
	jmp vmx_enter_end
1:	vmlaunch
vmx_enter_end:
	movl $1, %edx
	jmp 2f
vmx_enter_not:
	xorl %edx, %edx
2:	popq %rdi
	popq %rsi
	vcpu_pop_kept
	jmp vmx_stay
vmx_enter_left:
	vcpu_store_registers
	movq %rax, 0x00(%rdi)
	popq %rdi
	popq %rsi
	vcpu_pop_kept
	jmp vmx_leave
	.section .note.GNU-stack, "", @progbits
