/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and addresses as the spec language wants them: two cells of 32 bits,
 * the high one first.
 */
#ifndef INCLUDE_UNITS_H
#define INCLUDE_UNITS_H

#define CELLS(x) (((x) >> 32) & 0xffffffff) ((x) & 0xffffffff)

#define ADDR(x) CELLS((x))
#define BYTES(n) CELLS((n))
#define KiB(n) CELLS((n) << 10)
#define MiB(n) CELLS((n) << 20)
#define GiB(n) CELLS((n) << 30)

#endif
