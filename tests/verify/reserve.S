/* SPDX-License-Identifier: Apache-2.0 */
/* What a signed image has beside image.c's: its policy and room for the
 * manifest. ROOM: how much. */
	.section .payload, "a", @progbits
	.balign 4096
	.globl manifest_start, manifest_end
manifest_start:
	.skip ROOM
manifest_end:
	.balign 4096
	.globl policy_start, policy_end
policy_start:
	.ascii "what the image grants"
policy_end:
	.section .note.GNU-stack, "", @progbits
