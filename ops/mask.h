/* SPDX-License-Identifier: MIT
 *
 * Masks on register tiles, in place: what is not kept becomes `fill`.
 *
 *   tw_tril(t, diagonal, fill)               keeps c <= r + diagonal
 *   tw_triu(t, diagonal, fill)               keeps c >= r + diagonal
 *   tw_mask_causal(t, row0, col0, fill)      keeps col0 + c <= row0 + r: t is the block of a larger matrix
 *                                            whose first element is (row0, col0)
 *   tw_mask_window(t, row0, col0, left, right, fill)   keeps -left <= (col0 + c) - (row0 + r) <= right
 *   tw_mask_rows(t, count, fill)             keeps r < count
 *   tw_mask_cols(t, count, fill)             keeps c < count
 *
 * r, c are the element's row and column in the tile. Positions are int64_t; they may be negative.
 */
#ifndef TW_OPS_MASK_H
#define TW_OPS_MASK_H

#include "map.h"

/* Beyond any tile: bounds cut to it fit in 32 bits, and so do their differences. */
TW_FN int tw__mask_bound(int64_t bound, int low)
{
    const int far = 1 << 28;
    return bound > far ? far : bound < low ? low : (int)bound;
}

/* One band serves all: keeps low <= c - r <= high, r < rows, c < cols. A range is one unsigned comparison; an
 * empty one starts where no element is. */
TW_FN void tw__mask(tw__ref t, int64_t low, int64_t high, int64_t rows, int64_t cols, float fill)
{
    const int far = 1 << 28;
    int from = tw__mask_bound(low, -far), to = tw__mask_bound(high, -far);
    int row_end = tw__mask_bound(rows, 0), col_end = tw__mask_bound(cols, 0);
    unsigned width = to < from ? 0u : (unsigned)(to - from);
    if (to < from)
        from = 2 * far;
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += 2) {
        float pair[2];
        TW_UNROLL
        for (int q = 0; q < 2; q++) {
            int r = tw__element_row(t, n + q), c = tw__element_col(t, n + q);
            int kept = (unsigned)(c - r - from) <= width && r < row_end && c < col_end;
            pair[q] = kept ? tw__get(t, n + q) : fill;
        }
        tw__put(t, n, pair[0], pair[1]);
    }
}

#define TW__FAR ((int64_t)1 << 40)
#define TW__MASK(name, t, low, high, rows, cols, fill)                                                       \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(t, TW__REGISTER),                                                            \
                         "TW044 " name "(" #t ", ...): masks work on register tiles");                       \
        tw__mask(TW__REF(t), low, high, rows, cols, fill);                                                   \
    } while (0)
#define tw_tril(t, diagonal, fill) TW__MASK("tw_tril", t, -TW__FAR, diagonal, TW__FAR, TW__FAR, fill)
#define tw_triu(t, diagonal, fill) TW__MASK("tw_triu", t, diagonal, TW__FAR, TW__FAR, TW__FAR, fill)
#define tw_mask_causal(t, row0, col0, fill)                                                                  \
    TW__MASK("tw_mask_causal", t, -TW__FAR, (int64_t)(row0) - (col0), TW__FAR, TW__FAR, fill)
#define tw_mask_window(t, row0, col0, left, right, fill)                                                     \
    TW__MASK("tw_mask_window", t, (int64_t)(row0) - (col0) - (left), (int64_t)(row0) - (col0) + (right),     \
             TW__FAR, TW__FAR, fill)
#define tw_mask_rows(t, count, fill) TW__MASK("tw_mask_rows", t, -TW__FAR, TW__FAR, count, TW__FAR, fill)
#define tw_mask_cols(t, count, fill) TW__MASK("tw_mask_cols", t, -TW__FAR, TW__FAR, TW__FAR, count, fill)

#endif
