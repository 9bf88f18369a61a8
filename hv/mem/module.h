/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module store: payloads that the boot loader brings beside the image.
 * Boot only; under boot's own page tables, which map all below 4 GiB.
 */
#ifndef MEM_MODULE_H
#define MEM_MODULE_H

#include "config/config.h"
#include "lib/bits.h"
#include "lib/types.h"

/* End of the store; it begins with module 0, if there is one. */
static inline uint64_t module_store_end(void)
{
	const struct module_config *last = &module_configs[module_count - 1];

	return align_up(last->spa + last->size, PAGE_SIZE);
}

/* Moves the loader's modules to the store, if they are as large as they must
 * be. Says nothing: one may still lie where the log's ring is. */
void module_move(void);
/* Refuses the machine unless every module is there, whole and the right one. */
void module_check(void);

#endif
