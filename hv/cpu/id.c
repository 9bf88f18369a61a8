/* SPDX-License-Identifier: Apache-2.0 */
/* Whose processor this is. */
#include "cpu/id.h"

enum cpu_vendor cpu_id_vendor;

enum cpu_vendor cpu_id_find_vendor(void)
{
	uint32_t id[4];

	cpu_id_read(0, 0, id);
	if (id[1] == 0x68747541) {	/* "Auth"enticAMD */
		cpu_id_vendor = VENDOR_AMD;
	} else if (id[1] == 0x756e6547) {	/* "Genu"ineIntel */
		cpu_id_vendor = VENDOR_INTEL;
	}
	return cpu_id_vendor;
}
