/* SPDX-License-Identifier: MIT
 *
 * See common/fragment.h; here the units of shared tiles and their swizzle.
 */
#ifndef TW_ARCH_AMD_GFX90A_FRAGMENT_H
#define TW_ARCH_AMD_GFX90A_FRAGMENT_H

/* 32 banks, so 16 lanes of ds_read_b64 at a time: a core's read takes the same unit of 16 rows, which the XOR
 * with the 128-byte line spreads over the line. A four-byte copy stays inside a unit. */
enum { TW__SWIZZLE_UNIT = 8 };

/* A core across its tile is read two bytes a lane, 32 lanes at a time: 32 bytes of rows r and r + 4 each. In
 * panels of 64 bytes these are two lines apart, so the second bit of the line's number has to move half a
 * panel; the first has to move one unit, since a chunk is written in two halves, whole lines at a time. The
 * lines' units are 0 1 7 6 4 5 3 2. (In panels of 32 bytes no XOR parts rows r and r + 4: such a read meets
 * each bank twice.) */
#define TW_NATIVE_SWIZZLE
TW_FN unsigned tw__swizzle(unsigned row, unsigned panel, unsigned units)
{
    unsigned line = row * panel / 128 % units, second = line & 2;
    return units == 8 ? line ^ second * 2 ^ second / 2 : line;
}

#include "../common/fragment.h"

#endif
