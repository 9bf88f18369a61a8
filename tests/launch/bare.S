/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the launch partition without a hypervisor, to test it alone: a
 * multiboot kernel for `qemu-system-x86_64 -kernel` that maps the first
 * 4 GiB, as raw64 guests find it, and enters ENTRY with RDI = TABLE. All that
 * the partition looks at was put into memory by QEMU. Linked at 32 MiB.
 */
	.section .text
	.code32
	.balign 4
	.long 0x1badb002, 0, -0x1badb002
	.global bare_start
bare_start:
	cli
	cld
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
	ljmp $8, $3f
	.code64
3:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $TABLE, %edi
	mov $ENTRY, %eax
	jmp *%rax

	.balign 8
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word . - gdt - 1
	.long gdt

	.bss
	.balign 4096
pml4:	.skip 4096
pdpt:	.skip 4096
pd:	.skip 4 * 4096

	.section .note.GNU-stack, "", @progbits
