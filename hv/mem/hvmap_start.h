/* SPDX-License-Identifier: Apache-2.0 */
/* Boot's side of the hypervisor's own page tables. */
#ifndef MEM_HVMAP_START_H
#define MEM_HVMAP_START_H

/* Builds the tables and goes over to them; once, on the first LP. */
void hvmap_start(void);

#endif
