/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void state_hold(const uint64_t in[128], uint64_t out[128], uint64_t spins,
 *		   uint64_t avx): every register from in, a wait that uses none
 * of them, every register to out.
 *	0..15: general registers in ModRM order (4 is unused)
 *	16..79: YMM0-15 (without AVX: XMM0-15 at the same places)
 */
	.text
	.global state_hold
state_hold:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsi, out_pointer(%rip)
	mov %rdx, spin_count(%rip)
	mov %rcx, avx_flag(%rip)
	test %rcx, %rcx
	jz 1f
	.set i, 0
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu 128 + 32 * \r(%rdi), %ymm\r
	.endr
	jmp 2f
1:
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu 128 + 32 * \r(%rdi), %xmm\r
	.endr
2:	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rbx
	mov 40(%rdi), %rbp
	mov 48(%rdi), %rsi
	mov 64(%rdi), %r8
	mov 72(%rdi), %r9
	mov 80(%rdi), %r10
	mov 88(%rdi), %r11
	mov 96(%rdi), %r12
	mov 104(%rdi), %r13
	mov 112(%rdi), %r14
	mov 120(%rdi), %r15
	mov 56(%rdi), %rdi
3:	decq spin_count(%rip)
	jnz 3b
	push %rdi
	mov out_pointer(%rip), %rdi
	mov %rax, 0(%rdi)
	mov %rcx, 8(%rdi)
	mov %rdx, 16(%rdi)
	mov %rbx, 24(%rdi)
	mov %rbp, 40(%rdi)
	mov %rsi, 48(%rdi)
	pop 56(%rdi)
	mov %r8, 64(%rdi)
	mov %r9, 72(%rdi)
	mov %r10, 80(%rdi)
	mov %r11, 88(%rdi)
	mov %r12, 96(%rdi)
	mov %r13, 104(%rdi)
	mov %r14, 112(%rdi)
	mov %r15, 120(%rdi)
	cmpq $0, avx_flag(%rip)
	je 4f
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu %ymm\r, 128 + 32 * \r(%rdi)
	.endr
	jmp 5f
4:
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu %xmm\r, 128 + 32 * \r(%rdi)
	.endr
5:	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
	.balign 8
out_pointer:
	.quad 0
spin_count:
	.quad 0
avx_flag:
	.quad 0
	.section .note.GNU-stack, "", @progbits
