/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the assembler: what every processor's world switch does with general
 * registers. RSP and RAX are the back end's; gpr[] comes first in struct vcpu.
 */
#ifndef VCPU_VCPU_ENTER_H
#define VCPU_VCPU_ENTER_H

	/* What a C function has to keep. */
	.macro vcpu_push_kept
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	.endm

	.macro vcpu_pop_kept
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	.endm

	/* %rdi: the vcpu, at first. No flag changes. */
	.macro vcpu_load_registers
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
	.endm

	/* (%rsp): the vcpu, which is in %rdi then. */
	.macro vcpu_store_registers
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
	.endm

#endif
