/* SPDX-License-Identifier: Apache-2.0 */
/* What a signed image has beside image.c's: room for the manifest (ROOM: how
 * much), and, as a file that is named tables.o, its policy (POLICY). */
#ifdef POLICY
	.section .rodata, "a", @progbits
	.ascii "what the image grants"
#else
	.section .payload, "a", @progbits
	.balign 4096
	.globl manifest_start, manifest_end
manifest_start:
	.skip ROOM
manifest_end:
#endif
	.section .note.GNU-stack, "", @progbits
