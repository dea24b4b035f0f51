/* SPDX-License-Identifier: MIT
 *
 * A linear recurrence over the parts of a sequence: where each part's state begins. Per batch, head and
 * element of an R x C state, with U = B * H pairs and G parts,
 *
 *     y_0 = initial          y_g = e^decays[g] y_{g-1} + states_g          in place: states_g becomes y_g
 *
 *   initial   B x H x R x C        states   U x G x R x C        decays   U x G        all f32
 *
 * What states_0 and decays[0] hold is not read. With STATE_SCAN_SCALED a state s with scale m stands for
 * e^m s (mLSTM's stabiliser), the scale of a sum is the larger of its terms':
 *
 *     m_g = max(m_{g-1} + decays[g], own_m[g])
 *     y_g = e^(m_{g-1} + decays[g] - m_g) y_{g-1} + e^(own_m[g] - m_g) states_g
 *
 *   initial_m   B x H x 1        own_m, m   U x G x 1; m may be absent
 *
 * An absent initial state or scale (data 0, dims 0) is 0. Decays and scales are natural logarithms; decays
 * are at most 0. The states are walked through once, part by part, a tile of one pair's at a time; nothing
 * else overlaps them. Launch U * ceil(R / STATE_SCAN_R) * ceil(C / STATE_SCAN_C) blocks.
 */
#ifndef TW_EXAMPLES_STATE_SCAN_H
#define TW_EXAMPLES_STATE_SCAN_H

#include <tilewright.h>

#ifndef STATE_SCAN_SCALED /* 1: states have scales */
#define STATE_SCAN_SCALED 0
#endif

typedef struct {
    tw_gl(f32, 4) initial, states;
    tw_gl(f32, 2) decays;
    tw_gl(f32, 3) initial_m, own_m, m;
    int heads;
} state_scan_args;

#define STATE_SCAN_TUNE(machine, tile_rows, tile_cols, rows, cols)                                           \
    enum { STATE_SCAN_R_##machine = tile_rows, STATE_SCAN_C_##machine = tile_cols };                         \
    enum { STATE_SCAN_ROWS_##machine = rows, STATE_SCAN_COLS_##machine = cols };                             \
    TW_STATIC_ASSERT(tile_rows % (16 * rows) == 0 && tile_cols % (16 * cols) == 0,                           \
                     "state_scan/tune.def: tile of " #machine);
#include "tune.def"

enum { STATE_SCAN_R = TW_HERE(STATE_SCAN_R_), STATE_SCAN_C = TW_HERE(STATE_SCAN_C_) };

TW_TEAM(TW_HERE(STATE_SCAN_ROWS_), TW_HERE(STATE_SCAN_COLS_));

/* What one block works on: a tile of one pair's states. */
typedef struct {
    int pair, batch, head, row, col, parts;
} state_scan_work;

TW_FN state_scan_work state_scan_plan(const state_scan_args *g)
{
    state_scan_work w;
    const int down = ((int)tw_dim(g->states, 2) + STATE_SCAN_R - 1) / STATE_SCAN_R;
    const int across = ((int)tw_dim(g->states, 3) + STATE_SCAN_C - 1) / STATE_SCAN_C;
    const int block = tw_block(0), tile = block % (down * across);
    w.pair = block / (down * across);
    w.batch = w.pair / g->heads;
    w.head = w.pair % g->heads;
    w.row = tile / across * STATE_SCAN_R;
    w.col = tile % across * STATE_SCAN_C;
    w.parts = (int)tw_dim(g->states, 1);
    return w;
}

/* Part i's step: the factors of what was there and of what the part adds, and the sum's scale. */
typedef struct {
    float kept, added, m;
} state_scan_step;

TW_FN state_scan_step state_scan_factors(const state_scan_args *g, state_scan_work w, int i, float m)
{
    const float before = m + tw_read(g->decays, w.pair, i);
    const float own = STATE_SCAN_SCALED ? tw_read(g->own_m, w.pair, i) : 0.0f;
    state_scan_step step;
    step.m = STATE_SCAN_SCALED ? tw_maxf(before, own) : 0.0f;
    step.kept = tw_expf(before - step.m);
    step.added = STATE_SCAN_SCALED ? tw_expf(own - step.m) : 1.0f;
    return step;
}

#endif
