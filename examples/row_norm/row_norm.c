/* SPDX-License-Identifier: MIT
 *
 * Layernorm and rmsnorm with what usually stands before them, residual and dropout. A block takes
 * ROW_NORM_ROWS rows.
 */
#include "row_norm.h"

typedef struct {
    int unused;
} row_norm_shared;

TW_KERNEL(row_norm, TW_TEAM_THREADS, (row_norm_args, g))
{
    const int64_t D = tw_dim(g.x, 1), first = (int64_t)tw_block(0) * ROW_NORM_ROWS;
    const int64_t end = ROW_NORM_KEPT ? tw_dim(g.x, 0) : first + 1;
    const int64_t step = ROW_NORM_KEPT ? (int64_t)tw_blocks(0) * ROW_NORM_ROWS : 1;
    const int kept = ROW_NORM_KEPT && D <= ROW_NORM_COLS; /* weight and bias in registers */
    row_norm_tile t;                                      /* ROW_NORM_ROWS x ROW_NORM_COLS */
    row_norm_cols weight, bias;
    row_norm_state state;

    if (ROW_NORM_WEIGHT && kept)
        tw_load(weight, g.weight, 0);
    if (ROW_NORM_BIAS && kept)
        tw_load(bias, g.bias, 0);
    for (int64_t row = first; row < end; row += step) {
        state.seen = 0.0f;
        tw_zero(state.mean);
        tw_zero(state.squares);
        for (int64_t col = 0; col < D; col += ROW_NORM_COLS) {
            row_norm_load(&t, &g, row, col);
            if (ROW_NORM_SUM)
                tw_store(g.sum, t, row, col);
            row_norm_take(&state, &t, (int)(D - col < ROW_NORM_COLS ? D - col : ROW_NORM_COLS));
        }
        tw_map(state.squares, x, tw_rsqrtf(x / state.seen + g.epsilon)); /* from here on: the scale */
        for (int64_t col = 0; col < D; col += ROW_NORM_COLS) {
            if (D > ROW_NORM_COLS) { /* else the row is still here */
                row_norm_load(&t, &g, row, col);
                tw_sub(t, t, state.mean);
            }
            tw_mul(t, t, state.squares);
            if (ROW_NORM_WEIGHT && kept)
                tw_mul(t, t, weight);
            else if (ROW_NORM_WEIGHT)
                tw_load_mul(t, g.weight, col);
            if (ROW_NORM_BIAS && kept)
                tw_add(t, t, bias);
            else if (ROW_NORM_BIAS)
                tw_load_add(t, g.bias, 1.0f, col);
            tw_store(g.y, t, row, col);
        }
    }
}

TW_EXPORT(row_norm, row_norm_args, row_norm_shared, ROW_NORM_ROWS, ROW_NORM_COLS, ROW_NORM_KEPT)
