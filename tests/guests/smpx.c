/* SPDX-License-Identifier: Apache-2.0 */
/* smp.c with the local APIC's page in place of its MSRs. */
#define WANT_X2 false
#include "smp.c"
