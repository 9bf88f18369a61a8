/* SPDX-License-Identifier: Apache-2.0 */
/* What is due after a change of nested tables, or of a guest's own. */
#ifndef CORE_FLUSH_H
#define CORE_FLUSH_H

#include "mem/nested.h"

/*
 * Returns when no LP can use a translation older than the token. Waits for
 * other LPs: the caller holds no lock.
 */
void flush_consume(struct flush_token token);

struct vp;

/*
 * HvFlushVirtualAddressSpace and the like: returns when none of the VPs of
 * vp's partition whose bits are set can use a translation that its guest's
 * own page tables no longer have. Waits as above.
 */
void flush_guests(struct vp *vp, uint64_t mask);

#endif
