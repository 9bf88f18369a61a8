/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlay pages (TLFS 5.2.1): hypervisor pages that lie over a guest's
 * address space while an MSR enables them, and uncover what was there before
 * when they go. Also the hypercall page itself, constant for each vendor.
 */
#include "abi/msr.h"
#include "cpu/id.h"
#include "guest/guest.h"
#include "guest/synth.h"

/*
 * ENDBR64 (a NOP elsewhere), for guests with indirect-branch tracking;
 * VMMCALL or VMCALL; RET; then INT3, so that no one runs on.
 */
static const struct overlay_page overlay_hypercall_amd = { {
	0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x01, 0xd9, 0xc3,
	[8 ... PAGE_SIZE - 1] = 0xcc
} };

static const struct overlay_page overlay_hypercall_intel = { {
	0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x01, 0xc1, 0xc3,
	[8 ... PAGE_SIZE - 1] = 0xcc
} };

_Static_assert(sizeof(struct overlay_page) == PAGE_SIZE, "one page");

spa_t overlay_hypercall_page(void)
{
	if (cpu_id_is_intel()) {
		return spa((uintptr_t)&overlay_hypercall_intel);
	}
	return spa((uintptr_t)&overlay_hypercall_amd);
}

bool overlay_is_visible(uint32_t partition, uint64_t value)
{
	return (value & HV_MSR_PAGE_ENABLE) != 0 &&
	       partition_has_address(partition, value);
}

enum hv_err overlay_move(uint32_t partition, uint32_t id, spa_t page,
			 uint32_t rights, uint64_t from, uint64_t to)
{
	bool was = overlay_is_visible(partition, from);
	bool is = overlay_is_visible(partition, to);
	struct flush_token token = { 0 };
	enum hv_err err;

	if (was && is && ((from ^ to) & ~PAGE_MASK) == 0) {
		return HV_OK;
	}
	if (was) {
		/* Before the map: it may need the tables that come free. */
		guest_flush(nested_unmap_overlay(partition, id));
	}
	if (!is) {
		return HV_OK;
	}
	err = nested_map_overlay(partition, id, gpa(to & ~PAGE_MASK), page,
				 rights, &token);
	if (err == HV_OK) {
		guest_flush(token);
	}
	return err;
}
