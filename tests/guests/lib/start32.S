/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of a raw32, PVH or multiboot guest: flat protected mode, paging off.
 * Makes a first identity map of 1 GiB by large pages and goes on in start64.S.
 */
	.section .head32, "ax"
	.code32
#ifdef MULTIBOOT
	.balign 4
mb_header:
#ifdef FLAT
	.long 0x1badb002, 0x10003, -(0x1badb002 + 0x10003)
	/* its own place, all of the file from BASE, .bss, entry */
	.long mb_header, BASE, 0, guest_end, start32
#else
	.long 0x1badb002, 3, -(0x1badb002 + 3)
#endif
#endif
	.global start32
start32:
	cli
	cld
#ifdef MULTIBOOT
	mov %eax, boot_magic
#endif
	mov %ebx, %ebp			/* PVH, multiboot: what was passed */
	lgdt early_gdt_pointer
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	ljmp $0x18, $1f
1:
	.global start32_flat
start32_flat:
	mov $early_pml4, %edi
	mov $(3 * 1024), %ecx
	xor %eax, %eax
	rep stosl
	movl $early_pdpt + 3, early_pml4
	movl $early_pd + 3, early_pdpt
	mov $early_pd, %edi
	mov $0x83, %eax
	mov $512, %ecx
2:	mov %eax, (%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 2b
	mov $0x20, %eax			/* PAE */
	mov %eax, %cr4
	mov $early_pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax			/* LME */
	wrmsr
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $0x08, $start64

	.balign 8
early_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cf9b000000ffff
early_gdt_pointer:
	.word early_gdt_pointer - early_gdt - 1
	.long early_gdt
	.global early_gdt_pointer

/* Not in .bss: start64.S clears that while it runs on these tables. */
	.section .early, "aw", @nobits
	.balign 4096
early_pml4:
	.skip 4096
early_pdpt:
	.skip 4096
early_pd:
	.skip 4096
#ifdef MULTIBOOT
	.global boot_magic
boot_magic:
	.skip 4
#endif

#ifdef PVH
	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long start32
#endif
	.section .note.GNU-stack, "", @progbits
