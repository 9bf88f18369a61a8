/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For assembler: from a multiboot loader's 32-bit code to 64-bit code with
 * the first 4 GiB mapped, as raw64 guests find them.
 */
	.macro enter_long_mode target
	movl $pdpt + 3, pml4
	mov $pdpt, %edi
	mov $pd + 3, %eax
	mov $4, %ecx
1:	mov %eax, (%edi)
	add $4096, %eax
	add $8, %edi
	loop 1b
	mov $pd, %edi
	mov $0x83, %eax
	mov $2048, %ecx
2:	mov %eax, (%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 2b
	mov $0x20, %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov $0x80000011, %eax
	mov %eax, %cr0
	lgdt gdt_pointer
	ljmp $8, \target
	.endm

/* What it needs, in the section where it stands and in .bss. */
	.macro long_mode_data
	.balign 8
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt
	.bss
	.balign 4096
pml4:	.skip 4096
pdpt:	.skip 4096
pd:	.skip 4 * 4096
	.endm
