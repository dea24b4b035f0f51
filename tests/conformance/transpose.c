/* SPDX-License-Identifier: MIT
 *
 * Conformance of tw_transpose: out = x transposed, between tiles of CONFORM_ROLE and acc. numbers: 0: 1 if the
 * result is the one of CONFORM_ROLE; 1: 1 if it goes through f32 in shared memory, 0: through its own dtype.
 */
#include "kernel.h"

typedef union {
    tw_st(CONFORM_DTYPE, CONFORM_COLS, CONFORM_ROWS) own;
    tw_st(f32, CONFORM_COLS, CONFORM_ROWS) wide;
} transpose_shared;

TW_KERNEL(conform_transpose, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    TW_SHARED(transpose_shared, shared);
    if (g.number[0]) {
        tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) result;
        tw_rt(CONFORM_DTYPE, CONFORM_COLS, CONFORM_ROWS, acc) source;
        tw_load(source, g.x.CONFORM_DTYPE, col, row);
        if (g.number[1])
            tw_transpose(result, source, shared->wide);
        else
            tw_transpose(result, source, shared->own);
        tw_store(g.out.CONFORM_DTYPE, result, row, col);
    } else {
        tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, acc) result;
        tw_rt(CONFORM_DTYPE, CONFORM_COLS, CONFORM_ROWS, CONFORM_ROLE) source;
        tw_load(source, g.x.CONFORM_DTYPE, col, row);
        if (g.number[1])
            tw_transpose(result, source, shared->wide);
        else
            tw_transpose(result, source, shared->own);
        tw_store(g.out.CONFORM_DTYPE, result, row, col);
    }
}

TW_EXPORT(conform_transpose, conform_args, transpose_shared, CONFORM_ROWS, CONFORM_COLS)
