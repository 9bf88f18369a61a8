/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of AMD processors (APM2 15.5). VMRUN switches RIP, RSP,
 * RAX, RFLAGS and the control registers; VMLOAD and VMSAVE the rest of the
 * segments; general registers are switched here.
 *
 * void svm_enter(vcpu, vmcb, exit, host_state): the first three are handed on
 * to svm_leave(), which returns to the caller.
 */
#include "vcpu/vcpu_enter.h"

	.section .text, "ax"
	.globl svm_enter
	.balign 64
svm_enter:
	vcpu_push_kept
	pushq %rdx			/* 16(%rsp): exit */
	pushq %rcx			/* 8(%rsp): host_state */
	pushq %rdi			/* (%rsp): vcpu */
	movq %rsi, %rax
	vcpu_load_registers
	sti			/* GIF is 0: takes effect in the guest */
	vmload %rax
	vmrun %rax
	vmsave %rax
	cli
	vcpu_store_registers
	movq %rax, %rsi
	popq %rdi
	popq %rax
	vmload %rax
	stgi
	popq %rdx
	vcpu_pop_kept
	jmp svm_leave
	.section .note.GNU-stack, "", @progbits
