/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's reference time: 100 ns units since its start, by one formula
 * for the MSR and for the reference TSC page (TLFS 12.4, 12.7). Every VP's TSC
 * starts at 0 with its partition, so the page's offset is 0 and the page and
 * the MSR agree to the unit, on any VP, as long as no VP has moved its TSC.
 */
#include "abi/tlfs.h"
#include "cpu/tsc.h"
#include "guest/guest.h"
#include "guest/synth.h"
#include "lib/string.h"

static struct hv_reference_tsc_page *time_page(uint32_t partition)
{
	return (struct hv_reference_tsc_page *)
		overlay_pages_partition[partition].byte;
}

static uint64_t time_from_ticks(uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks *
			   tsc_reference_scale()) >> 64);
}

uint64_t synth_reference_time(const struct vp *vp)
{
	return time_from_ticks(tsc_read() -
			       partition_table[vp->partition].tsc_start);
}

uint64_t synth_vp_runtime(const struct vp *vp)
{
	return time_from_ticks(vp->run_ticks + tsc_read() - vp->run_since);
}

void time_reset_page(uint32_t partition)
{
	struct hv_reference_tsc_page *page = time_page(partition);

	memset(page, 0, PAGE_SIZE);
	page->sequence = 1;
	page->scale = tsc_reference_scale();
}

/*
 * From now on the page's readers take the MSR, which counts by the machine's
 * TSC whatever a guest does to its own.
 */
void synth_note_tsc_write(uint32_t partition)
{
	struct hv_reference_tsc_page *page = time_page(partition);

	__atomic_store_n(&page->sequence, HV_TSC_SEQUENCE_INVALID,
			 __ATOMIC_RELEASE);
}
