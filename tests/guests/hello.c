/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest guest: says who it is and on what it runs, then halts. */
#include "lib/guest.h"

#ifdef PVH
extern uint64_t start_info;

/* struct hvm_start_info: magic, version, flags, modules.., cmdline. */
static void print_start_info(void)
{
	const uint32_t *info = (const uint32_t *)start_info;
	uint64_t line;

	if (start_info == 0 || info[0] != 0x336ec578) {
		fail("pvh-start-info", "at %lx", start_info);
		return;
	}
	memcpy(&line, info + 6, sizeof(line));
	print("command line: %s\n", line != 0 ? (const char *)line : "");
	pass("pvh-start-info");
}
#endif

void guest_main(void)
{
	char signature[13] = { 0 };
	struct cpuid r;
	bool hypervisor = (cpuid(1, 0).ecx >> 31) != 0;

	print("hello from %s\n", guest_name);
	r = cpuid(hypervisor ? 0x40000000 : 0, 0);
	memcpy(signature, &r.ebx, 4);
	memcpy(signature + 4, hypervisor ? &r.ecx : &r.edx, 4);
	memcpy(signature + 8, hypervisor ? &r.edx : &r.ecx, 4);
	print("signature %s, leaves to %x\n", signature, r.eax);
#ifdef PVH
	print_start_info();
#endif
}
