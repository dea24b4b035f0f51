/* SPDX-License-Identifier: MIT
 *
 * sum = dropout(x) + residual;   y = normalised(sum) * weight + bias, row by row
 *
 *   x, y            M x D
 *   residual        M x D; with ROW_NORM_RESIDUAL
 *   sum             M x D; with ROW_NORM_SUM: written, for the next layer
 *   weight, bias    D; with ROW_NORM_WEIGHT, ROW_NORM_BIAS
 *
 * Normalised: (s - mean) / sqrt(variance + epsilon) for layernorm, s / sqrt(mean of squares + epsilon) for
 * rmsnorm. All in f32; y comes from the sum before it is rounded. Any M, D and strides. A row of up to
 * ROW_NORM_COLS elements stays in registers: everything moves once, and y and sum may each lie in the memory
 * of x or residual. A longer one is read a second time; then nothing may overlap. Sums of squares stay below
 * 3e38.
 *
 * Dropout: element (row, col) is dropped if tw_random_bits(seed, row, col) < drop_below, so with probability
 * drop_below / 2^32; the others are multiplied by keep_scale. No mask is stored: the same seed gives it
 * again.
 *
 * Launch a 1-D grid of ceil(M / ROW_NORM_ROWS) blocks, or with ROW_NORM_KEPT of fewer: each goes on to
 * further rows then, and reads weight and bias once for all of its own. Eight for each of the machine's
 * compute units keep it busy. Options:
 */
#ifndef TW_EXAMPLES_ROW_NORM_H
#define TW_EXAMPLES_ROW_NORM_H

#include <tilewright.h>

#ifndef ROW_NORM_DTYPE /* bf16 or f16: of x, residual, sum and y */
#define ROW_NORM_DTYPE bf16
#endif
#ifndef ROW_NORM_WEIGHT_DTYPE /* f32, bf16 or f16: of weight and bias */
#define ROW_NORM_WEIGHT_DTYPE f32
#endif
#ifndef ROW_NORM_KIND /* layernorm or rmsnorm */
#define ROW_NORM_KIND rmsnorm
#endif
#ifndef ROW_NORM_COLS /* 256, 1024, 4096 or 16384: elements of a row that stay in registers */
#define ROW_NORM_COLS 4096
#endif
#ifndef ROW_NORM_WEIGHT
#define ROW_NORM_WEIGHT 1
#endif
#ifndef ROW_NORM_BIAS
#define ROW_NORM_BIAS 0
#endif
#ifndef ROW_NORM_RESIDUAL
#define ROW_NORM_RESIDUAL 0
#endif
#ifndef ROW_NORM_SUM
#define ROW_NORM_SUM 0
#endif
#ifndef ROW_NORM_DROPOUT
#define ROW_NORM_DROPOUT 0
#endif

enum { ROW_NORM_CENTRED_rmsnorm = 0, ROW_NORM_CENTRED_layernorm = 1 };
enum { ROW_NORM_CENTRED = TW__JOIN(ROW_NORM_CENTRED_, ROW_NORM_KIND) };

typedef struct {
    tw_gl(ROW_NORM_DTYPE, 2) x;
    tw_gl(ROW_NORM_DTYPE, 2) residual;
    tw_gl(ROW_NORM_DTYPE, 2) sum;
    tw_gl(ROW_NORM_DTYPE, 2) y;
    tw_gl(ROW_NORM_WEIGHT_DTYPE, 1) weight;
    tw_gl(ROW_NORM_WEIGHT_DTYPE, 1) bias;
    float epsilon, keep_scale;
    uint64_t seed;
    uint32_t drop_below;
} row_norm_args;

#define ROW_NORM_TUNE(machine, cols, tile_rows, rows, columns, kept)                                         \
    enum { ROW_NORM_ROWS_##machine##_##cols = tile_rows, ROW_NORM_KEPT_##machine##_##cols = kept };          \
    enum { ROW_NORM_TEAM_ROWS_##machine##_##cols = rows, ROW_NORM_TEAM_COLS_##machine##_##cols = columns };  \
    TW_STATIC_ASSERT(tile_rows % rows == 0, "row_norm/tune.def: tile of " #machine);
#include "tune.def"

#define ROW_NORM_TUNED(what) (int)TW__JOIN(TW__JOIN(TW_HERE(what), _), ROW_NORM_COLS)
enum {
    ROW_NORM_ROWS = ROW_NORM_TUNED(ROW_NORM_ROWS_),
    ROW_NORM_KEPT = ROW_NORM_TUNED(ROW_NORM_KEPT_),
    ROW_NORM_TEAM_ROWS = ROW_NORM_TUNED(ROW_NORM_TEAM_ROWS_),
    ROW_NORM_TEAM_COLS = ROW_NORM_TUNED(ROW_NORM_TEAM_COLS_)
};

TW_TEAM(ROW_NORM_TEAM_ROWS, ROW_NORM_TEAM_COLS);

typedef tw_rt(f32, ROW_NORM_ROWS, ROW_NORM_COLS, line) row_norm_tile;
typedef tw_rv(f32, ROW_NORM_ROWS, line_row) row_norm_rows;
typedef tw_rv(f32, ROW_NORM_COLS, line_col) row_norm_cols;

/* The sum from (row, col) on; 0 outside. */
TW_FN void row_norm_load(row_norm_tile *t, const row_norm_args *g, int64_t row, int64_t col)
{
    tw_load(*t, g->x, row, col);
    if (ROW_NORM_DROPOUT)
        tw_map_at(*t, x, r, c,
                  tw_random_bits(g->seed, row + r, col + c) < g->drop_below ? 0.0f : x * g->keep_scale);
    if (ROW_NORM_RESIDUAL)
        tw_load_add(*t, g->residual, 1.0f, row, col);
}

/* Mean, and sum of squares about it, of the `seen` elements so far. */
typedef struct {
    row_norm_rows mean, squares;
    float seen;
} row_norm_state;

/* Takes in `count` more, and leaves them in the tile less their mean: Chan, Golub and LeVeque, "Algorithms
 * for computing the sample variance", 1983. For rmsnorm the mean is 0. */
TW_FN void row_norm_take(row_norm_state *state, row_norm_tile *t, int count)
{
    const float more = (float)count, all = state->seen + more;
    const float share = more / all, both = state->seen * share; /* of the new ones; harmonic */
    row_norm_tile squared;
    row_norm_rows part;
    if (ROW_NORM_CENTRED) {
        tw_row_sum(part, *t);
        tw_map(part, x, x / more);
        tw_sub(*t, *t, part);
        tw_mask_cols(*t, count, 0.0f);
        tw_sub(part, part, state->mean);
        tw_map2(state->mean, x, part, y, x + y * share);
        tw_map2(state->squares, x, part, y, x + y * y * both);
    }
    tw_mul(squared, *t, *t);
    tw_row_sum(part, squared);
    tw_add(state->squares, state->squares, part);
    state->seen = all;
}

#endif
