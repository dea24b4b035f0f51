/* SPDX-License-Identifier: MIT
 *
 * Softmax and log-softmax of rows. A block takes SOFTMAX_ROWS rows.
 */
#include "softmax.h"

typedef struct {
    int unused;
} softmax_shared;

TW_KERNEL(softmax, TW_TEAM_THREADS, (softmax_args, g))
{
    const int64_t row = (int64_t)tw_block(0) * SOFTMAX_ROWS, D = tw_dim(g.x, 1);
    softmax_tile t; /* SOFTMAX_ROWS x SOFTMAX_COLS */
    softmax_online state;

    tw_fill(state.max, -TW_INFINITY);
    tw_zero(state.sum);
    for (int64_t col = 0; col < D; col += SOFTMAX_COLS) {
        softmax_load(&t, &g, row, col);
        softmax_take(&state, &t, g.scale);
    }
    /* What the rows' results are divided by, or less. A row of nothing has sum 0. */
    tw_map(state.sum, x, x == 0.0f ? 0.0f : SOFTMAX_LOG ? tw_logf(x) : 1.0f / x);
    for (int64_t col = 0; col < D; col += SOFTMAX_COLS) {
        if (D > SOFTMAX_COLS) /* else the row is still here */
            softmax_load(&t, &g, row, col);
        if (SOFTMAX_LOG) {
            tw_map_row(t, x, state.max, max, x == -TW_INFINITY ? x : (x - max) * g.scale);
            tw_sub(t, t, state.sum);
        } else {
            tw_map_row(t, x, state.max, max, softmax_weight(x, max, g.scale));
            tw_mul(t, t, state.sum);
        }
        tw_store(g.y, t, row, col);
    }
}

TW_EXPORT(softmax, softmax_args, softmax_shared, SOFTMAX_ROWS, SOFTMAX_COLS)
