/* SPDX-License-Identifier: MIT
 *
 * Where an element of a shared tile lies. A tile of rows x cols is cut into panels of 128 bytes (64 or 32
 * where the row is no multiple of 128, else one panel as wide as the row); a panel's rows follow one
 * another, and inside a row the units of TW__SWIZZLE_UNIT bytes are permuted by an XOR with the row's
 * place among the 128-byte lines. With a 16-byte unit these are the 128-, 64- and 32-byte swizzles of
 * Hopper's copy engine (PTX ISA, "Swizzling modes"). The map is its own inverse within a row.
 *
 * TW__SWIZZLE_UNIT comes from the machine's fragment.h, before this file; 0 where loads need no swizzle:
 * rows then follow one another. A machine with other banks claims TW_NATIVE_SWIZZLE and says itself what a
 * row's units are XORed with.
 */
#ifndef TW_ARCH_SHARED_H
#define TW_ARCH_SHARED_H

#include "dtypes.h"

typedef struct {
    char *base; /* the tile's first byte, 16-byte aligned */
    int rows, cols, dtype;
} tw__shared_tile;

enum { TW__PERMUTED_UNIT = TW__SWIZZLE_UNIT > 0 ? (int)TW__SWIZZLE_UNIT : 16 };

TW_FN int tw__panel_bytes(int row_bytes)
{
    return row_bytes % 128 == 0 ? 128 : row_bytes % 64 == 0 ? 64 : row_bytes % 32 == 0 ? 32 : row_bytes;
}

#ifndef TW_NATIVE_SWIZZLE
/* What the number of a unit is XORed with, in a row of a panel whose rows hold `units` (2, 4, 8, 16) of them:
 * linear, so that swizzle(r + s) is swizzle(r) ^ swizzle(s) where r and s share no bit. */
TW_FN unsigned tw__swizzle(unsigned row, unsigned panel, unsigned units) { return row * panel / 128 % units; }
#endif

/* Where a tile comes from, if the elements of a row are neighbours: its rows lie `stride` bytes apart, the
 * first at `data`; of the tile `rows` rows and `bytes` bytes of each exist; a row of the tensor has `width`
 * bytes. `grain` has a bit for each of the low bits that may be set in the address of some row. */
typedef struct {
    const char *data;
    int64_t stride, width;
    unsigned grain;
    int rows, bytes;
} tw__copy_source;

/* Byte offset of element (row, col) in a tile whose rows hold `cols` elements of `bytes` bytes. Unsigned: a
 * division by a power of two is then a shift. */
TW_FN int tw__shared_offset(int rows, int cols, int bytes, int row, int col)
{
    unsigned panel = (unsigned)tw__panel_bytes(cols * bytes), byte = (unsigned)(col * bytes),
             inside = byte % panel;
    if (TW__SWIZZLE_UNIT == 0 || rows == 1)
        return row * cols * bytes + col * bytes;
    if (panel % 32 == 0) /* a power of two of units, closed under XOR */
        inside ^= tw__swizzle((unsigned)row, panel, panel / TW__PERMUTED_UNIT) * TW__PERMUTED_UNIT;
    return (int)(byte / panel * panel * (unsigned)rows + (unsigned)row * panel + inside);
}

TW_FN char *tw__shared_element(tw__shared_tile tile, int row, int col)
{
    return tile.base + tw__shared_offset(tile.rows, tile.cols, tw__bytes(tile.dtype), row, col);
}

#endif
