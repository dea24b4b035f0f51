/* SPDX-License-Identifier: MIT
 *
 *   tw_col_scan_shared(s, op)   each element of the shared f32 tile or view s becomes the op (sum, prod, max
 * or min) of its column's elements up to and with it
 *
 * A column is one thread's, which takes 16 rows at a time: no meeting, no exchange between lanes, and little
 * code. The team calls it together; it reads what was written before the last meeting, and is seen after the
 * next. Rows come in multiples of 16.
 */
#ifndef TW_OPS_SCAN_SHARED_H
#define TW_OPS_SCAN_SHARED_H

#include "scan.h"

TW_FN void tw__col_scan_shared(tw__ref s, int op)
{
    const tw__shared_at at = tw__shared_of(s);
    if (tw__outside_team(s))
        return;
    TW_ROLLED
    for (int col = tw__team_thread(s); col < s.cols; col += tw__team_threads(s)) {
        float total = tw__neutral(op), value[TW_CORE];
        TW_ROLLED
        for (int first = 0; first < s.rows; first += TW_CORE) {
            TW_UNROLL
            for (int n = 0; n < TW_CORE; n++)
                value[n] = tw__float_of(tw__shared_bits(at, first + n, col));
            TW_UNROLL
            for (int n = 0; n < TW_CORE; n++) {
                total = tw__combine(op, total, value[n]);
                tw__set_shared_bits(at, first + n, col, tw__bits_of(total));
            }
        }
    }
}

#define tw_col_scan_shared(s, op) TW__COL_SCAN_SHARED(s, TW__SCAN_##op)
#define TW__COL_SCAN_SHARED(s, code)                                                                         \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_SHARED(s) && TW__DTYPE_OF(s) == TW_f32 && TW__ROWS_OF(s) % TW_CORE == 0,     \
                         "TW078 tw_col_scan_shared(" #s                                                      \
                         ", ...): takes a shared f32 tile or view of a multiple of 16 rows");                \
        tw__col_scan_shared(TW__REF(s), code);                                                               \
    } while (0)

#endif
