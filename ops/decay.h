/* SPDX-License-Identifier: MIT
 *
 * Decay between positions, in base 2.
 *
 *   tw_tril_decay(t, diagonal, rows, cols)   t[r][c] becomes t[r][c] * 2^(rows[r] - cols[c]) where c <= r +
 * diagonal, 0 elsewhere
 *
 * rows and cols, vectors along t's rows and columns, usually hold the same running sum of log2 gates: a
 * difference that is kept is then never above 0, and what is cut away is never raised to a power, so nothing
 * overflows. The sums must be finite: bound the logarithm of a gate that may be 0 (2^-126 is 0 beside
 * anything).
 */
#ifndef TW_OPS_DECAY_H
#define TW_OPS_DECAY_H

#include "map.h"

TW_FN float tw__decayed(tw__ref t, tw__ref rows, tw__ref cols, int diagonal, int n)
{
    int kept = tw__element_col(t, n) <= tw__element_row(t, n) + diagonal;
    float exponent =
        ((const float *)rows.data)[tw__row_slot(t, n)] - ((const float *)cols.data)[tw__col_slot(t, n)];
    return kept ? tw__get(t, n) * tw_exp2f(exponent) : 0.0f;
}

TW_FN void tw__tril_decay(tw__ref t, tw__ref rows, tw__ref cols, int diagonal)
{
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += 2)
        tw__put(t, n, tw__decayed(t, rows, cols, diagonal, n), tw__decayed(t, rows, cols, diagonal, n + 1));
}

#define tw_tril_decay(t, diagonal, rows, cols) TW__TRIL_DECAY(t, diagonal, rows, cols)
#define TW__TRIL_DECAY(t, diagonal, rows, cols)                                                              \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_ROWS(rows, t) && TW__ALONG_COLS(cols, t),                                 \
                         "TW073 tw_tril_decay(" #t ", ..., " #rows ", " #cols                                \
                         "): needs vectors along the tile's rows and along its columns");                    \
        tw__tril_decay(TW__REF(t), TW__REF(rows), TW__REF(cols), diagonal);                                  \
    } while (0)

#endif
