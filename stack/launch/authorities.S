/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of CONFIG_LAUNCH_CA, as chain_check() wants them. */
	.section .rodata
	.balign 8
	.global launch_authorities, launch_authorities_end
launch_authorities:
	.incbin AUTHORITIES
launch_authorities_end:

	.section .note.GNU-stack, "", @progbits
