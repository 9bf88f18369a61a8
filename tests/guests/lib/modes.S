/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switching code of modes.c. mode_blob is copied to MODE_BLOB; the way
 * down: 64-bit -> compatibility -> paging off -> the mode wanted, and back by
 * an exception or interrupt of that mode.
 */
#include "modes.h"

#define AT(label) (MODE_BLOB + (label) - mode_blob)
#define REC(field) (MODE_RECORD + REC_##field)
#define STUBS 64

	.section .rodata
	.balign 16
	.global mode_blob, mode_blob_end, mode_gdt, mode_stubs32, mode_stubs16
	.global mode_down
mode_blob:

/* 64-bit, from mode_enter: everything is in the record. */
	.code64
mode_down:
	pushq $SEL_CODE32
	pushq $AT(down32)
	lretq
	.code32
down32:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $MODE_STACK, %esp
	mov %cr0, %eax
	and $0x7fffffff, %eax
	mov %eax, %cr0
	mov $0xc0000080, %ecx
	rdmsr
	and $0xfffffeff, %eax		/* LME */
	wrmsr
	mov REC(CR4), %eax
	mov %eax, %cr4
	mov REC(CR3), %eax
	mov %eax, %cr3
	mov REC(CR0), %eax
	mov %eax, %cr0
	jmp 1f
1:	lidt AT(idt32)
	cmpl $0, REC(REAL)
	jne down_real
	pushl REC(FLAGS)
	pushl REC(CS)
	pushl REC(EIP)
	mov REC(DS), %eax
	mov REC(FS), %ecx
	mov %eax, %ds
	mov %eax, %es
	mov %ecx, %fs
	mov %cs:REC(GPR), %eax
	mov %cs:REC(GPR) + 4, %ecx
	mov %cs:REC(GPR) + 8, %edx
	mov %cs:REC(GPR) + 12, %ebx
	mov %cs:REC(GPR) + 20, %ebp
	mov %cs:REC(GPR) + 24, %esi
	mov %cs:REC(GPR) + 28, %edi
	iret

down_real:
	ljmp $SEL_REAL_CODE, $AT(1f)
	.code16
1:	mov $SEL_REAL_DATA, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %fs
	mov %ax, %ss
	mov %cr0, %eax
	and $0xfffffffe, %eax
	mov %eax, %cr0
	ljmp $0, $AT(1f)
1:	xor %ax, %ax
	mov %ax, %ss
	mov $MODE_STACK, %sp
	lidtl %cs:AT(idt16)
	pushw %cs:REC(FLAGS)
	pushw %cs:REC(CS)
	pushw %cs:REC(EIP)
	mov %cs:REC(DS), %ax
	mov %ax, %ds
	mov %ax, %es
	mov %cs:REC(FS), %ax
	mov %ax, %fs
	mov %cs:REC(GPR), %eax
	mov %cs:REC(GPR) + 4, %ecx
	mov %cs:REC(GPR) + 8, %edx
	mov %cs:REC(GPR) + 12, %ebx
	mov %cs:REC(GPR) + 20, %ebp
	mov %cs:REC(GPR) + 24, %esi
	mov %cs:REC(GPR) + 28, %edi
	iretw

/* Real mode ends here: stack: vector, IP, CS, FLAGS. */
up16:
	mov %eax, %cs:REC(GPR)
	mov %ecx, %cs:REC(GPR) + 4
	mov %edx, %cs:REC(GPR) + 8
	mov %ebx, %cs:REC(GPR) + 12
	mov %ebp, %cs:REC(GPR) + 20
	mov %esi, %cs:REC(GPR) + 24
	mov %edi, %cs:REC(GPR) + 28
	xor %eax, %eax
	pop %ax
	mov %eax, %cs:REC(VECTOR)
	pop %ax
	mov %eax, %cs:REC(EIP)
	pop %ax
	mov %eax, %cs:REC(CS)
	pop %ax
	mov %eax, %cs:REC(FLAGS)
	movl $0, %cs:REC(ERROR)
	lgdtl %cs:AT(gdt_low)
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $AT(up32_long)
	.balign 8
mode_stubs16:
	.set vector, 0
	.rept STUBS
	.balign 8
	pushw $vector
	jmp up16
	.set vector, vector + 1
	.endr

/* Protected modes end here: vector, error, EIP, CS, EFLAGS. */
	.code32
up32:
	pushal
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	cld
	mov %esp, %esi
	mov 28(%esi), %eax
	mov %eax, REC(GPR)
	mov 24(%esi), %eax
	mov %eax, REC(GPR) + 4
	mov 20(%esi), %eax
	mov %eax, REC(GPR) + 8
	mov 16(%esi), %eax
	mov %eax, REC(GPR) + 12
	mov 8(%esi), %eax
	mov %eax, REC(GPR) + 20
	mov 4(%esi), %eax
	mov %eax, REC(GPR) + 24
	mov (%esi), %eax
	mov %eax, REC(GPR) + 28
	mov 32(%esi), %eax
	mov %eax, REC(VECTOR)
	mov 36(%esi), %eax
	mov %eax, REC(ERROR)
	mov 40(%esi), %eax
	mov %eax, REC(EIP)
	mov 44(%esi), %eax
	movzwl %ax, %eax
	mov %eax, REC(CS)
	mov 48(%esi), %eax
	mov %eax, REC(FLAGS)
	mov %cr2, %eax
	mov %eax, REC(CR2)
/* Paging off or on, legacy: back to 64-bit code. */
up32_long:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $MODE_STACK, %esp
	mov %cr0, %eax
	and $0x7fffffff, %eax
	mov %eax, %cr0
	mov REC(HOST_CR4), %eax
	mov %eax, %cr4
	mov REC(HOST_CR3), %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov REC(HOST_CR0), %eax
	mov %eax, %cr0
	ljmp $SEL_CODE64, $AT(up64)
	.code64
up64:	mov $mode_back, %rax
	jmp *%rax

	.code32
	.balign 16
mode_stubs32:
	.set vector, 0
	.rept STUBS
	.balign 16
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
	.else
	pushl $0
	.endif
	pushl $vector
	jmp up32
	.set vector, vector + 1
	.endr

	.balign 8
mode_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 08 64-bit code */
	.quad 0x00cf93000000ffff	/* 10 data */
	.quad 0x00cf9b000000ffff	/* 18 32-bit code */
	.quad 0
	.quad 0x00009b000000ffff	/* 28 to real mode: code */
	.quad 0x000093000000ffff	/* 30 to real mode: data */
	.quad 0x00cf93000000ffff	/* 38 test data */
	.quad 0x00cf93000000ffff	/* 40 test FS */
	.quad 0x00009b001000ffff	/* 48 16-bit code at MODE_CODE_BASE */
	.quad 0x00cf9b001000ffff	/* 50 32-bit code at MODE_CODE_BASE */
mode_gdt_end:
	.word 0
gdt_low:
	.word mode_gdt_end - mode_gdt - 1
	.long AT(mode_gdt)
	.long 0
	.word 0
idt32:	.word STUBS * 8 - 1
	.long mode_idt32
	.word 0
idt16:	.word 0x3ff
	.long 0
mode_blob_end:

/* void mode_enter(void): by the record; returns when the mode has ended. */
	.text
	.code64
	.global mode_enter
mode_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, REC(HOST_RSP)
	mov %cr3, %rax
	mov %rax, REC(HOST_CR3)
	mov %cr4, %rax
	mov %eax, REC(HOST_CR4)
	mov %cr0, %rax
	mov %eax, REC(HOST_CR0)
	sidt REC(HOST_IDT)
	lgdt AT(gdt_low)
	mov $MODE_STACK, %rsp
	mov $AT(mode_down), %rax
	jmp *%rax
mode_back:
	mov REC(HOST_RSP), %rsp
	lidt REC(HOST_IDT)
	jmp mode_restore

/* void mode_enter_compat(void): as above, into compatibility mode. */
	.global mode_enter_compat, mode_restore
mode_enter_compat:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, REC(HOST_RSP)
	lgdt AT(gdt_low)
	mov $SEL_DATA, %eax
	mov %eax, %ss
	mov $MODE_STACK, %rsp
	pushq $SEL_DATA
	pushq $MODE_STACK
	mov REC(FLAGS), %eax
	push %rax
	mov REC(CS), %eax
	push %rax
	mov REC(EIP), %eax
	push %rax
	mov REC(DS), %eax
	mov %eax, %ds
	mov %eax, %es
	mov REC(FS), %eax
	mov %eax, %fs
	mov REC(GPR), %eax
	mov REC(GPR) + 4, %ecx
	mov REC(GPR) + 8, %edx
	mov REC(GPR) + 12, %ebx
	mov REC(GPR) + 20, %ebp
	mov REC(GPR) + 24, %esi
	mov REC(GPR) + 28, %edi
	iretq
mode_restore:
	lgdt gdt_pointer
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %ss
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.section .note.GNU-stack, "", @progbits
