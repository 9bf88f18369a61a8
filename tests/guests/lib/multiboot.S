/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a raw64 guest without a hypervisor (`qemu-system-x86_64 -kernel`), to
 * test the guest itself: a multiboot image that copies PAYLOAD to 1 MiB, maps
 * the first 4 GiB and enters it in long mode. Linked at 32 MiB.
 */
#include "long_mode.h"

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
	enter_long_mode $LOAD
	long_mode_data
	.section .rodata
payload:
	.incbin PAYLOAD
payload_end:
	.section .note.GNU-stack, "", @progbits
