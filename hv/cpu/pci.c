/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration mechanism 1 (PCI Local Bus 3.0, 3.2.2.3.2): where there is no
 * such bridge, all reads are ones, and nothing is found.
 */
#include "cpu/pci.h"

#include "cpu/log.h"
#include "cpu/port.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_FUNCTIONS 0x10000u	/* 256 buses, 32 devices, 8 functions */
#define PCI_COMMAND 4u
#define PCI_MASTER 4u
#define PCI_HEADER 12u
#define PCI_MANY 0x800000u	/* functions behind the first */

static uint32_t pci_read(uint32_t function, uint32_t at)
{
	port_out32(PCI_ADDRESS, 0x80000000u | function << 8 | at);
	return port_in32(PCI_DATA);
}

static bool pci_is_there(uint32_t function)
{
	return (pci_read(function, 0) & 0xffff) != 0xffff;
}

/* True: it had it on. */
static bool pci_quiet_function(uint32_t function)
{
	uint32_t command = pci_read(function, PCI_COMMAND);

	if ((command & PCI_MASTER) == 0) {
		return false;
	}
	/* Of the status in the upper half, ones would clear bits. */
	port_out32(PCI_DATA, command & 0xffff & ~PCI_MASTER);
	return true;
}

void pci_quiet(void)
{
	uint32_t function = 0;
	uint32_t masters = 0;
	uint32_t count = 0;

	while (function < PCI_FUNCTIONS) {
		bool first = function % 8 == 0;
		bool there = pci_is_there(function);

		if (there) {
			count++;
			masters += pci_quiet_function(function);
		}
		if (first && (!there || (pci_read(function, PCI_HEADER) &
					 PCI_MANY) == 0)) {
			function += 8;
		} else {
			function++;
		}
	}
	log_line("bus mastering switched off in %u of %u PCI functions",
		 masters, count);
}
