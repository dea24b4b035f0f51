/* SPDX-License-Identifier: MIT
 *
 * See common/fragment.h; here the units of shared tiles and their swizzle.
 */
#ifndef TW_ARCH_AMD_GFX950_FRAGMENT_H
#define TW_ARCH_AMD_GFX950_FRAGMENT_H

/* A copy moves 16 bytes a lane, which must stay together. */
enum { TW__SWIZZLE_UNIT = 16 };

/* Reads meet 64 banks, 256 bytes (DESIGN section 7), of which a panel's row takes a half, a quarter or an
 * eighth; x counts the lines of 256 bytes. Three reads shall meet each bank once:
 *   ds_read_b64 of a core       32 lanes: one unit of 16 rows, so all x of these rows must differ in f(x);
 *   ds_read_b64_tr_b16          32 lanes: units u and u + 1, u even, of 8 rows (0..7, 8..15, or 0..3
 * and 8..11, 4..7 and 12..15), so f(x) / 2 must differ among the x of those rows; ds_read_b128 of two cores
 * 16 lanes: unit u of rows 0..3 and 12..15, u + 1 of rows 4..11. x rotated left by one bit, its top bit kept
 * as well, does: 0 2 4 6 5 7 1 3. (Panels of 32 bytes have too few units for the transposing read of rows
 * 0..3 and 8..11, which then meets each bank twice.) */
#define TW_NATIVE_SWIZZLE
TW_FN unsigned tw__swizzle(unsigned row, unsigned panel, unsigned units)
{
    unsigned x = row * panel / 256 % units, top = x / (units / 2);
    return units == 2 ? x : ((x * 2) | top) % units ^ (top * (units / 2));
}

#include "../common/fragment.h"

#endif
