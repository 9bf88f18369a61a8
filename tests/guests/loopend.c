/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c that ends its partition after 1500 periods: its exits are logged. */
#define PERIODS 1500
#include "loop.c"
