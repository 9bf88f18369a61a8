/* SPDX-License-Identifier: Apache-2.0 */
/* apic.c in x2APIC mode alone, and without a line. */
#define ONLY_X2
#include "apic.c"
