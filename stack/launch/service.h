/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM's owner: what is measured before the verdict, and, if the spec says
 * that the launch partition stays, the attestation service afterwards
 * (abi/attest.h).
 */
#ifndef LAUNCH_SERVICE_H
#define LAUNCH_SERVICE_H

#include "check.h"

/* Before check_begin(): input gets the least version that NV memory allows. */
void service_begin(struct check_input *input);
/* After check_end(): measures, and says so in the log. */
void service_end(const struct check *check, bool good);
/* After the verdict. Comes back if there is nothing to do. */
void service_run(const struct launch_table *table);

#endif
