/* SPDX-License-Identifier: Apache-2.0 */
/* What is due after a change of nested tables. */
#ifndef CORE_FLUSH_H
#define CORE_FLUSH_H

#include "mem/nested.h"

/*
 * Returns when no LP can use a translation older than the token. Waits for
 * other LPs: the caller holds no lock.
 */
void flush_consume(struct flush_token token);

#endif
