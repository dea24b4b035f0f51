/* SPDX-License-Identifier: MIT
 *
 * y = softmax(scale x), or its logarithm, row by row.
 *
 *   x, y      M x D
 *   lengths   M, i32, with SOFTMAX_LENGTHS: row r has its first lengths[r] elements, the others are masked
 *
 * A masked element gives 0, its logarithm -inf; so do all of a row of which nothing is left. scale > 0. f32
 * inside. Any M, D below 2^31 and strides. A row of up to SOFTMAX_COLS elements stays in registers:
 * everything moves once, and y may lie in x's memory. For a longer one maximum and sum come first, online,
 * and it is read a second time; then nothing may overlap.
 *
 * Launch a 1-D grid of ceil(M / SOFTMAX_ROWS) blocks. Options:
 */
#ifndef TW_EXAMPLES_SOFTMAX_H
#define TW_EXAMPLES_SOFTMAX_H

#include <tilewright.h>

#ifndef SOFTMAX_IN /* bf16, f16 or f32 */
#define SOFTMAX_IN bf16
#endif
#ifndef SOFTMAX_OUT /* bf16, f16 or f32 */
#define SOFTMAX_OUT bf16
#endif
#ifndef SOFTMAX_LOG /* 1: log-softmax */
#define SOFTMAX_LOG 0
#endif
#ifndef SOFTMAX_LENGTHS
#define SOFTMAX_LENGTHS 0
#endif
#ifndef SOFTMAX_COLS /* 256, 1024, 4096 or 16384: elements of a row that stay in registers */
#define SOFTMAX_COLS 4096
#endif

typedef struct {
    tw_gl(SOFTMAX_IN, 2) x;
    tw_gl(SOFTMAX_OUT, 2) y;
    tw_gl(i32, 1) lengths;
    float scale;
} softmax_args;

#define SOFTMAX_TUNE(machine, cols, tile_rows, rows, columns)                                                \
    enum { SOFTMAX_ROWS_##machine##_##cols = tile_rows };                                                    \
    enum { SOFTMAX_TEAM_ROWS_##machine##_##cols = rows, SOFTMAX_TEAM_COLS_##machine##_##cols = columns };    \
    TW_STATIC_ASSERT(tile_rows % rows == 0, "softmax/tune.def: tile of " #machine);
#include "tune.def"

#define SOFTMAX_TUNED(what) (int)TW__JOIN(TW__JOIN(TW_HERE(what), _), SOFTMAX_COLS)
enum {
    SOFTMAX_ROWS = SOFTMAX_TUNED(SOFTMAX_ROWS_),
    SOFTMAX_TEAM_ROWS = SOFTMAX_TUNED(SOFTMAX_TEAM_ROWS_),
    SOFTMAX_TEAM_COLS = SOFTMAX_TUNED(SOFTMAX_TEAM_COLS_)
};

TW_TEAM(SOFTMAX_TEAM_ROWS, SOFTMAX_TEAM_COLS);

typedef tw_rt(f32, SOFTMAX_ROWS, SOFTMAX_COLS, line) softmax_tile;
typedef tw_rv(f32, SOFTMAX_ROWS, line_row) softmax_rows;

/* x from (row, col) on, what is masked or lies outside -inf. */
TW_FN void softmax_load(softmax_tile *t, const softmax_args *g, int64_t row, int64_t col)
{
    tw_load(*t, g->x, row, col);
    tw_mask_cols(*t, tw_dim(g->x, 1) - col, -TW_INFINITY);
    if (SOFTMAX_LENGTHS)
        tw_map_at(*t, x, r, c, col + c < tw_read_int(g->lengths, row + r) ? x : -TW_INFINITY);
}

/* e^(scale (x - max)). The difference comes first: it is exact where it matters, also among logits of 1e4. A
 * row that has nothing yet has max -inf, and -inf less -inf would be NaN. */
TW_FN float softmax_weight(float x, float max, float scale)
{
    return tw_exp2f((x - (max == -TW_INFINITY ? 0.0f : max)) * (scale * TW_LOG2_E));
}

/* Running maximum and sum (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018). */
typedef struct {
    softmax_rows max, sum;
} softmax_online;

TW_FN void softmax_take(softmax_online *row, const softmax_tile *t, float scale)
{
    softmax_tile p;
    softmax_rows before, more;
    tw_copy(before, row->max);
    tw_row_max_onto(row->max, *t);
    tw_copy(p, *t);
    tw_map_row(p, x, row->max, max, softmax_weight(x, max, scale));
    tw_row_sum(more, p);
    tw_map2(before, x, row->max, max, softmax_weight(x, max, scale));
    tw_fma(row->sum, row->sum, before, more);
}

#endif
