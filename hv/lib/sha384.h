/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-384, of memory that is all there: pins what a boot loader brings. */
#ifndef LIB_SHA384_H
#define LIB_SHA384_H

#include "lib/types.h"

#define SHA384_SIZE 48

/* size < 2^61 */
void sha384(const uint8_t *data, uint64_t size, uint8_t hash[SHA384_SIZE]);

#endif
