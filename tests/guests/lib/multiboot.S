/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a raw64 guest without a hypervisor (`qemu-system-x86_64 -kernel`), to
 * test the guest itself: a multiboot image that copies PAYLOAD to 1 MiB, maps
 * the first 4 GiB and enters it in long mode. Linked at 32 MiB.
 */
	.section .text
	.code32
	.balign 4
	.long 0x1badb002, 0, -0x1badb002
	.global multiboot_start
multiboot_start:
	cli
	cld
	mov $payload, %esi
	mov $LOAD, %edi
	mov $(payload_end - payload), %ecx
	rep movsb
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
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	lgdt gdt_pointer
	ljmp $8, $LOAD
	.balign 8
gdt:	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt
	.section .rodata
payload:
	.incbin PAYLOAD
payload_end:
	.bss
	.balign 4096
pml4:	.skip 4096
pdpt:	.skip 4096
pd:	.skip 4 * 4096
	.section .note.GNU-stack, "", @progbits
