/* SPDX-License-Identifier: MIT
 *
 * Conformance of the masks. causal and window take the place of the block: numbers 0 and 1 are those of the
 * matrix's element (row, col) = (0, 0) of out.
 */
#include "kernel.h"
#include "mask.h"

typedef struct {
    int unused;
} mask_shared;

TW_KERNEL(conform_mask, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g), *n = g.number;
    const float fill = g.value[0];
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t;
    tw_load(t, g.x.CONFORM_DTYPE, row, col);
    switch ((int)g.op) {
    case MASK_TRIL: tw_tril(t, n[0], fill); break;
    case MASK_TRIU: tw_triu(t, n[0], fill); break;
    case MASK_CAUSAL: tw_mask_causal(t, n[0] + row, n[1] + col, fill); break;
    case MASK_WINDOW: tw_mask_window(t, n[0] + row, n[1] + col, n[2], n[3], fill); break;
    case MASK_ROWS: tw_mask_rows(t, n[0], fill); break;
    case MASK_COLS: tw_mask_cols(t, n[0], fill); break;
    }
    tw_store(g.out.CONFORM_DTYPE, t, row, col);
}

TW_EXPORT(conform_mask, conform_args, mask_shared, CONFORM_ROWS, CONFORM_COLS)
