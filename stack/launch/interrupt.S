/* SPDX-License-Identifier: Apache-2.0 */
/* What C cannot say: segments anew, and the end of an interrupt. */
	.code64
	.text
	.global synic_load
synic_load:
	lgdt (%rdi)
	lidt (%rsi)
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	pop %rax
	push $8
	push %rax
	lretq

	.global synic_interrupt
synic_interrupt:
	iretq

	.section .note.GNU-stack, "", @progbits
