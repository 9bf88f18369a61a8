/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short-lived maps of guest memory: the only way in which the hypervisor
 * touches it. A window is opened through the *live* nested leaf, overlays
 * included; it holds the partition's map lock, so the map cannot change under
 * it, and is closed before the function returns. Guest memory is therefore
 * only ever copied: in once, then checked, then used.
 */
#ifndef MEM_WINDOW_H
#define MEM_WINDOW_H

#include "lib/types.h"

/*
 * Copy between a partition's GPA space and hypervisor memory. May cross
 * pages. HV_ERR_MMIO: some byte has no RAM. HV_ERR_ACCESS: a leaf refuses
 * (nothing, or only whole pages before it, was copied).
 */
enum hv_err window_read(uint32_t partition, gpa_t from, void *to,
			size_t size) must_use;
enum hv_err window_write(uint32_t partition, gpa_t to, const void *from,
			 size_t size) must_use;

/*
 * Compare-and-exchange of an aligned 8- or 4-byte word (accessed and dirty
 * bits of a guest's page tables). *old is updated with what was there;
 * HV_ERR_STATE: it was not *old.
 */
enum hv_err window_exchange(uint32_t partition, gpa_t at, unsigned size,
			    uint64_t *old, uint64_t value) must_use;

/* By system physical address, for loading: never a guest's choice. */
void window_zero(spa_t at, uint64_t size);
void window_copy(spa_t to, spa_t from, uint64_t size);
/* FNV-1a over 64-bit words, continued from seed. size: multiple of 8. */
uint64_t window_hash(spa_t at, uint64_t size, uint64_t seed);

#endif
