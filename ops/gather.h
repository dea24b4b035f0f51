/* SPDX-License-Identifier: MIT
 *
 *   tw_gather(t, s, r, c, row, col)   element (r, c) of register tile t becomes element (row, col) of the
 * shared tile or view s; row and col are expressions in r and c
 *
 * For what a load by rows and columns in order does not do: the same row for many, columns in another order.
 * What has been written to s before the last meeting is read.
 */
#ifndef TW_OPS_GATHER_H
#define TW_OPS_GATHER_H

#include "map.h"
#include "move.h"

TW_FN void tw__gather(tw__ref t, int n, tw__ref s, int row, int col)
{
    tw__set_one(t, n, tw__value_of(tw__shared_bits(tw__shared_of(s), row, col), tw__dtype(s)));
}

#define tw_gather(t, s, r, c, row, col)                                                                      \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(t, TW__REGISTER) && TW__IS_SHARED(s),                                        \
                         "TW077 tw_gather(" #t ", " #s                                                       \
                         ", ...): fills a register tile from a shared tile or view");                        \
        TW_UNROLL                                                                                            \
        for (int tw__n = 0, tw__all = tw__elements(TW__REF(t)); tw__n < tw__all; tw__n++) {                  \
            const int r = tw__element_row(TW__REF(t), tw__n), c = tw__element_col(TW__REF(t), tw__n);        \
            (void)r, (void)c, tw__gather(TW__REF(t), tw__n, TW__REF(s), row, col);                           \
        }                                                                                                    \
    } while (0)

#endif
