/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layouts that verify reads out of an image: config.h as the x86-64 ABI
 * lays it out. A change there that moves a member stops the build here, so
 * that verify is looked at too.
 */
#include "verify.h"

#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #member)
#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type)

_Static_assert(sizeof(void *) == 8, "built for a 64-bit host");

SIZE(segment_config, 16);
AT(segment_config, limit, 8);
AT(segment_config, selector, 12);
AT(segment_config, attributes, 14);

SIZE(vp_state_config, 328);
AT(vp_state_config, rip, 128);
AT(vp_state_config, cr0, 144);
AT(vp_state_config, efer, 168);
AT(vp_state_config, segment, 176);
AT(vp_state_config, gdtr_base, 304);
AT(vp_state_config, idtr_limit, 324);

SIZE(port_config, 8);
AT(port_config, target, 4);
AT(port_config, action, 6);

SIZE(msr_config, 24);
AT(msr_config, value, 8);
AT(msr_config, read, 16);
AT(msr_config, write, 17);

SIZE(cpuid_config, 48);
AT(cpuid_config, allow, 8);
AT(cpuid_config, force, 24);
AT(cpuid_config, dynamic, 40);

SIZE(region_config, 32);
AT(region_config, spa, 8);
AT(region_config, where, 24);

SIZE(load_config, 24);
AT(load_config, data, 16);

SIZE(module_config, 80);
AT(module_config, size, 8);
AT(module_config, sha384, 16);
AT(module_config, name, 64);

SIZE(partition_config, 256);
AT(partition_config, flags, 16);
AT(partition_config, gpa_bits, 28);
AT(partition_config, regions, 32);
AT(partition_config, region_count, 72);
AT(partition_config, port_default, 92);
AT(partition_config, iopm, 96);
AT(partition_config, msrpm, 104);
AT(partition_config, cr4_allow, 112);
AT(partition_config, hv_privileges, 136);
AT(partition_config, nested_initial, 144);
AT(partition_config, nested_pool, 152);
AT(partition_config, nested_initial_count, 160);
AT(partition_config, failure, 168);
AT(partition_config, restart_max, 172);
AT(partition_config, channel_first, 176);
AT(partition_config, channel_count, 180);
AT(partition_config, msr_bitmap, 184);
AT(partition_config, ept_initial, 192);
AT(partition_config, msr_bitmap_apic, 200);
AT(partition_config, reserved, 208);

SIZE(vp_config, 88);
AT(vp_config, state, 16);
AT(vp_config, sint_channel, 24);

SIZE(channel_config, 40);
AT(channel_config, vp, 8);
AT(channel_config, kind, 16);
AT(channel_config, flag_count, 28);
AT(channel_config, where, 32);

SIZE(slot_config, 8);

SIZE(lp_config, 24);
AT(lp_config, slots, 8);

SIZE(line_config, 32);
AT(line_config, level, 16);
AT(line_config, vector, 18);
AT(line_config, where, 24);

SIZE(machine_config, 80);
AT(machine_config, tsc_hz, 16);
AT(machine_config, ioapic_base, 32);
AT(machine_config, vendor, 40);
AT(machine_config, boot_ok_count, 48);
AT(machine_config, boot_ok_cmos, 52);
AT(machine_config, boot_ok_mask, 53);
AT(machine_config, launch_partition, 56);
AT(machine_config, launch_timeout_ms, 60);
AT(machine_config, launch_table, 64);
AT(machine_config, launch_flags, 72);

SIZE(ram_config, 24);
