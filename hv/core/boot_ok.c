/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a good boot. The boot loader cleared a bit of the CMOS; it is
 * set once, when every partition that can report has done so, and by nobody
 * else.
 */
#include "core/partition.h"
#include "core/vp.h"
#include "cpu/log.h"
#include "cpu/port.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

void partition_report_boot(const struct vp *vp)
{
	static uint32_t count;
	const struct machine_config *machine = &machine_config;

	/* Once for each partition, so that the CMOS is written once. */
	if (__atomic_exchange_n(&partition_table[vp->partition].reported, 1,
				__ATOMIC_SEQ_CST) != 0) {
		return;
	}
	log_line("partition %s reports a good boot",
		 partition_config(vp->partition)->name);
	if (__atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST) ==
	    machine->boot_ok_count) {
		port_out8(CMOS_INDEX, machine->boot_ok_cmos);
		port_out8(CMOS_DATA, port_in8(CMOS_DATA) |
			  machine->boot_ok_mask);
		log_line("a good boot: told to the boot loader");
	}
}
