/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTC_CHECK_SUGGEST_H
#define PARTC_CHECK_SUGGEST_H

/* Of known and best (null: none yet) the one that name is more likely to be. */
const char *suggest_nearer(const char *name, const char *known,
			   const char *best);

#endif
