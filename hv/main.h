/* SPDX-License-Identifier: Apache-2.0 */
/* Entered from boot/entry.S. */
#ifndef MAIN_H
#define MAIN_H

#include "lib/types.h"

/* The first LP, with what the boot loader left in EAX and EBX, on boot's own
 * stack. Returns the top of that LP's stack, for main(). */
uint64_t main_check(uint32_t magic, uint32_t info);
/* The first LP, on its own stack, under which there is a guard page. */
_Noreturn void main(void);
/* Every other LP, by its index in lp_configs[]. */
_Noreturn void main_lp(uint32_t lp);

#endif
