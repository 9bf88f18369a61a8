/* SPDX-License-Identifier: Apache-2.0 */
/* state.c with other patterns, for the other partition. */
#define SEED 0xfedcba9876543210ull
#include "state.c"
