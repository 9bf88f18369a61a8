/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the boot loader to 64-bit C. Multiboot 1 (with the address fields, so
 * that a loader which only knows 32-bit ELF takes a 64-bit one) and 2. The
 * first processor comes with the loader's info in EBX; the others come
 * through the trampoline and get their LP in EBX.
 */
#define CR0_ON 0x80010033	/* PG WP NE ET MP PE */
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_ON 0x900		/* LME NXE */

	.section .multiboot, "a"
	.balign 8
mb1:	.long 0x1badb002
	.long 0x00010003		/* align, memory info, addresses */
	.long -(0x1badb002 + 0x00010003)
	.long mb1, image_start, data_end, bss_end, boot_start32

	.balign 8
mb2:	.long 0xe85250d6, 0, mb2_end - mb2
	.long -(0xe85250d6 + 0 + (mb2_end - mb2))
	.balign 8
	.short 1, 0			/* information request */
	.long 16
	.long 6, 1			/* memory map, command line */
	.balign 8
	.short 0, 0
	.long 8
mb2_end:

	.section .boot.text, "ax"
	.code32
	.globl boot_start32
boot_start32:
	cli
	cld
	movl %eax, boot_magic
	movl %ebx, boot_info
	/* boot tables: 0..4 GiB identity, by 2 MiB pages, until hvmap_start */
	movl $boot_pdpt, %eax
	orl $3, %eax
	movl %eax, boot_pml4
	movl $boot_pd, %eax
	orl $3, %eax
	xorl %ecx, %ecx
1:	movl %eax, boot_pdpt(, %ecx, 8)
	addl $4096, %eax
	incl %ecx
	cmpl $4, %ecx
	jb 1b
	movl $0x83, %eax
	xorl %ecx, %ecx
2:	movl %eax, boot_pd(, %ecx, 8)
	addl $0x200000, %eax
	incl %ecx
	cmpl $2048, %ecx
	jb 2b
	movl $boot_pml4, %eax
	movl $boot_stack_top, %esp
	movl $boot_start64, %edi
	jmp boot_enter64

/*
 * EAX: page tables, ESP: stack, EDI: where to go in 64-bit mode, EBX: kept.
 * Without long mode or NX there is nothing to run on: stop, visibly in EAX.
 */
boot_enter64:
	movl %eax, %cr3
	movl %ebx, %esi
	movl $0x80000001, %eax
	cpuid
	testl $(1 << 29), %edx
	jz 9f
	testl $(1 << 20), %edx
	jz 9f
	movl %cr4, %eax
	orl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_ON, %eax
	wrmsr
	movl $CR0_ON, %eax
	movl %eax, %cr0
	lgdt boot_gdtr
	ljmp $8, $3f
9:	movl $0xdead64, %eax
	cli
	hlt
	jmp 9b

	.code64
3:	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	movl %esi, %ebx
	cmpl $boot_start64, %edi
	jne boot_ap64
boot_start64:
	xorl %ebp, %ebp
	movl boot_magic(%rip), %edi
	movl boot_info(%rip), %esi
	call main_check
	movq %rax, %rsp
	call main
8:	cli
	hlt
	jmp 8b

boot_ap64:
	xorl %ebp, %ebp
	movl %ebx, %edi
	call main_lp
	jmp 8b

/*
 * The other LPs. boot_trampoline is copied to a free page below 0xa0000;
 * boot_ap_* are set before each is started, one LP at a time.
 */
	.code16
	.globl boot_trampoline, boot_trampoline_end
boot_trampoline:
	cli
	cld
	lgdtl %cs:(boot_trampoline_gdtr - boot_trampoline)
	movl $0x11, %eax
	movl %eax, %cr0
	ljmpl $0x18, $boot_ap32
	.balign 8
boot_trampoline_gdtr:
	.short boot_gdt_end - boot_gdt - 1
	.long boot_gdt
boot_trampoline_end:

	.code32
boot_ap32:
	movl $0x20, %eax
	movl %eax, %ds
	movl %eax, %ss
	movl %eax, %es
	movl boot_ap_stack, %esp
	movl boot_ap_index, %ebx
	movl boot_ap_tables, %eax
	xorl %edi, %edi
	jmp boot_enter64

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 08: 64-bit code */
	.quad 0x00cf93000000ffff	/* 10: data */
	.quad 0x00cf9b000000ffff	/* 18: 32-bit code */
	.quad 0x00cf93000000ffff	/* 20: data */
boot_gdt_end:
boot_gdtr:
	.short boot_gdt_end - boot_gdt - 1
	.long boot_gdt
	.long 0

	.section .data.boot, "aw"
	.globl boot_ap_stack, boot_ap_index, boot_ap_tables
	.balign 8
boot_magic:	.long 0
boot_info:	.long 0
boot_ap_stack:	.long 0
boot_ap_index:	.long 0
boot_ap_tables:	.long 0

	.section .bss.boot, "aw", @nobits
	.balign 4096
boot_pml4:	.skip 4096
boot_pdpt:	.skip 4096
boot_pd:	.skip 4 * 4096
	.globl boot_stack, boot_stack_top
boot_stack:	.skip 4096
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
