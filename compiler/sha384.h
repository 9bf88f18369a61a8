/* SPDX-License-Identifier: Apache-2.0 */
/* What pins a module: SHA-384. */
#ifndef PARTC_SHA384_H
#define PARTC_SHA384_H

#include <stddef.h>
#include <stdint.h>

#define SHA384_SIZE 48u

void sha384_of(const uint8_t *data, size_t size, uint8_t hash[SHA384_SIZE]);

#endif
