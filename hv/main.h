/* SPDX-License-Identifier: Apache-2.0 */
/* Entered from boot/entry.S. */
#ifndef MAIN_H
#define MAIN_H

#include "lib/types.h"

/* The first LP, with what the boot loader left in EAX and EBX. */
_Noreturn void main(uint32_t magic, uint32_t info);
/* Every other LP, by its index in lp_configs[]. */
_Noreturn void main_lp(uint32_t lp);

#endif
