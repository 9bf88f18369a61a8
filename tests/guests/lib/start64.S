/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of a raw64 guest, and what every guest has: first stack, trap stubs,
 * try_run(), the trampoline of the other VPs. Linked first, entered at its
 * first byte: long mode, identity map, interrupts off, RSP unknown.
 */
#define TRY_RECORD 8
#define TRY_RSP 16
#define TRY_CODE 24
#define SCRATCH 32

	.code64
	.section .head64, "ax"
	.global start64
start64:
	cld
	rdtsc
	shl $32, %rdx
	or %rax, %rdx
	mov %rdx, %rbx
	lea boot_stack_end(%rip), %rsp
	lea bss_begin(%rip), %rdi
	lea bss_end(%rip), %rcx
	sub %rdi, %rcx
	shr $3, %rcx
	xor %eax, %eax
	rep stosq
	mov %rbx, start_tsc(%rip)
	mov %rbp, start_info(%rip)	/* PVH: start32.S leaves EBX there */
	lgdt gdt_pointer(%rip)
	push $0x08
	lea 1f(%rip), %rax
	push %rax
	lretq
1:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %ebp, %ebp
	call boot_main
2:	hlt
	jmp 2b

	.data
	.balign 8
	.global gdt
gdt:	.quad 0
	.quad 0x00af9b000000ffff	/* 08: 64-bit code */
	.quad 0x00cf93000000ffff	/* 10: data, flat */
	.quad 0x00cf9b000000ffff	/* 18: 32-bit code */
	.quad 0x008f9b000000ffff	/* 20: 16-bit code, limit 4 GiB */
	.quad 0x00009b000000ffff	/* 28: 16-bit code of real mode */
	.quad 0x000093000000ffff	/* 30: 16-bit data of real mode */
	.quad 0x00cff3000000ffff	/* 38: user's data */
	.quad 0x00affb000000ffff	/* 40: user's code */
	.global gdt_tss
gdt_tss:				/* 48: task state, VP 0 (trap.c) */
	.quad 0, 0
gdt_end:
	.balign 8
	.word 0, 0, 0
	.global gdt_pointer
gdt_pointer:
	.word gdt_end - gdt - 1
	.quad gdt

/* ---- traps -------------------------------------------------------------- */

	.text
	.balign 16
	.global trap_stubs
trap_stubs:				/* 16 bytes each */
	.set vector, 0
	.rept 256
	.balign 16
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
	.else
	push $0
	.endif
	push $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	.balign 16
trap_common:
	push %r15
	push %r14
	push %r13
	push %r12
	push %r11
	push %r10
	push %r9
	push %r8
	push %rdi
	push %rsi
	push %rbp
	push %rsp
	push %rbx
	push %rdx
	push %rcx
	push %rax
	cld
	mov %rsp, %rdi
	mov %rsp, %rbp
	and $-16, %rsp
	call trap_handle
	mov %rbp, %rsp
	pop %rax
	pop %rcx
	pop %rdx
	pop %rbx
	add $8, %rsp
	pop %rbp
	pop %rsi
	pop %rdi
	pop %r8
	pop %r9
	pop %r10
	pop %r11
	pop %r12
	pop %r13
	pop %r14
	pop %r15
	add $16, %rsp
	iretq

/* void try_run(struct try *t): registers, call, registers. */
	.global try_run
try_run:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %gs:TRY_RSP
	mov 128(%rdi), %rax
	mov %rax, %gs:TRY_CODE
	movq $0xffff, 136(%rdi)
	mov %rdi, %gs:TRY_RECORD
	mov 0(%rdi), %rax
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
	call *%gs:TRY_CODE
	mov %rdi, %gs:SCRATCH
	mov %gs:TRY_RECORD, %rdi
	mov %rax, 0(%rdi)
	mov %rcx, 8(%rdi)
	mov %rdx, 16(%rdi)
	mov %rbx, 24(%rdi)
	mov %rbp, 40(%rdi)
	mov %rsi, 48(%rdi)
	mov %r8, 64(%rdi)
	mov %r9, 72(%rdi)
	mov %r10, 80(%rdi)
	mov %r11, 88(%rdi)
	mov %r12, 96(%rdi)
	mov %r13, 104(%rdi)
	mov %r14, 112(%rdi)
	mov %r15, 120(%rdi)
	pushf
	pop %rax
	mov %rax, 168(%rdi)
	mov %gs:SCRATCH, %rax
	mov %rax, 56(%rdi)
	cld
	movq $0, %gs:TRY_RECORD
	.global try_return
try_return:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

/* void user_enter(uint64_t rip): GPRs by the try record, at CPL 3. */
	.global user_enter
user_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %gs:TRY_RSP
	movq $0xffff, 136(%rdi)
	mov %rdi, %gs:TRY_RECORD
	pushq $0x3b
	pushq %rsp
	pushq $2
	pushq $0x43
	pushq 128(%rdi)
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rbx
	mov 40(%rdi), %rbp
	mov 48(%rdi), %rsi
	mov 64(%rdi), %r8
	mov 56(%rdi), %rdi
	iretq

/* Bits of code for try_run(). */
	.global try_code_rdmsr, try_code_wrmsr, try_code_cr0, try_code_cr3
	.global try_code_cr4, try_code_xsetbv, try_code_read8, try_code_read64
	.global try_code_write64
try_code_rdmsr:
	rdmsr
	ret
try_code_wrmsr:
	wrmsr
	ret
try_code_cr0:
	mov %rax, %cr0
	ret
try_code_cr3:
	mov %rax, %cr3
	ret
try_code_cr4:
	mov %rax, %cr4
	ret
try_code_xsetbv:
	xsetbv
	ret
try_code_read8:
	movzbl (%rsi), %eax
	ret
try_code_read64:
	mov (%rsi), %rax
	ret
try_code_write64:
	mov %rax, (%rsi)
	ret

/* ---- trampoline: copied to 0x7000, entered by SIPI ---------------------- */

#define TRAMPOLINE 0x7000
#define AT(label) (TRAMPOLINE + (label) - trampoline)

	.section .rodata
	.balign 16
	.global trampoline, trampoline_end, trampoline_cr3
	.code16
trampoline:
	cli
	cld
	xor %ax, %ax
	mov %ax, %ds
	lgdtl AT(tr_gdt_pointer)
	mov %cr0, %eax
	and $0x9fffffff, %eax		/* caches on: INIT left CD, NW set */
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x18, $AT(tr_32)
	.code32
tr_32:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $0x20, %eax			/* PAE */
	mov %eax, %cr4
	mov AT(trampoline_cr3), %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax			/* LME, NXE */
	wrmsr
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $0x08, $AT(tr_64)
	.code64
tr_64:	mov $1, %eax			/* my index: order of arrival */
	lock xadd %eax, smp_ticket
	inc %eax
	cmp $8, %eax
	jae 1f
	mov %eax, %edi
	shl $13, %eax			/* 8 KiB of stack each */
	lea smp_stacks(%rax), %rsp
	add $8192, %rsp
	xor %ebp, %ebp
	mov $ap_main, %eax
	call *%rax
1:	cli
	hlt
	jmp 1b
	.balign 8
tr_gdt:	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cf9b000000ffff
tr_gdt_pointer:
	.word tr_gdt_pointer - tr_gdt - 1
	.long AT(tr_gdt)
trampoline_cr3:
	.long 0
trampoline_end:

	.bss
	.balign 16
boot_stack:
	.skip 16384
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
