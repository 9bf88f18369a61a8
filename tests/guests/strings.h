/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the guest `insn` that does string I/O. */
#ifndef STRINGS_H
#define STRINGS_H

void test_strings(void);

#endif
