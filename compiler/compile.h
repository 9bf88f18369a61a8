/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of partc, in their order. */
#ifndef PARTC_COMPILE_H
#define PARTC_COMPILE_H

#include "model.h"

/*
 * From the tree that is open to addresses. False: there are errors; what was
 * found, and no more, is ready to be printed.
 */
bool compile_spec(struct model *model);
/* Everything that partc writes. targets: what depends on the payloads. */
void compile_emit(struct model *model, const char *targets);
/* Ready for another spec: nothing of this one is kept. */
void compile_forget(void);

#endif
