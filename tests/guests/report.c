/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports a good boot by port 0x606, but first tries all that is not a
 * report. With FORGE it never reports: it only tries to feign one, by the
 * CMOS that the hypervisor keeps reports in.
 */
#include "lib/guest.h"

#define PORT_BOOT_OK 0x606
#define CMOS_BYTE 0x60

/* Each index port with its data port; chipsets have aliases. */
static void forge(void)
{
	for (uint16_t port = 0x70; port < 0x78; port += 2) {
		outb(port, CMOS_BYTE);
		outb((uint16_t)(port + 1), 0xff);
		outw(port, 0xff00 | CMOS_BYTE);
	}
}

static void near_misses(void)
{
	outb(PORT_BOOT_OK, 0);
	outb(PORT_BOOT_OK, 0xff);
	outw(PORT_BOOT_OK, 1);
	outl(PORT_BOOT_OK, 1);
	outb(PORT_BOOT_OK + 1, 1);
	outb(PORT_BOOT_OK - 1, 1);
}

void guest_main(void)
{
	near_misses();
	forge();
	print("tried all that is no report; the port reads %x\n",
	      inb(PORT_BOOT_OK));
#ifndef FORGE
	outb(PORT_BOOT_OK, 1);
	/* Once more changes nothing. */
	outb(PORT_BOOT_OK, 1);
	print("reported\n");
#endif
	pass("report");
}
