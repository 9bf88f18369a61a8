/* SPDX-License-Identifier: Apache-2.0 */
/* Machine checks (APM2 9.3): what happened, and can the machine go on. */
#ifndef CPU_MCE_H
#define CPU_MCE_H

#include "lib/types.h"

/* Clears what firmware left, turns all banks on. */
void mce_start(void);
/* Restart IP valid, and no bank says that its context is corrupt. */
bool mce_is_survivable(void) must_use;
/* Status of the first bank with a valid error, 0 if none. */
uint64_t mce_status(void) must_use;
void mce_clear(void);

#endif
