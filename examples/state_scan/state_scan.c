/* SPDX-License-Identifier: MIT
 *
 * States along the parts of a sequence: a block walks along one pair's parts with a tile of the running state
 * in its registers; the next part's is on its way meanwhile.
 */
#include "state_scan.h"

typedef struct {
    int unused;
} state_scan_shared;

TW_KERNEL(state_scan, TW_TEAM_THREADS, (state_scan_args, g))
{
    const state_scan_work w = state_scan_plan(&g);
    tw_rt(f32, STATE_SCAN_R, STATE_SCAN_C, acc) state, own, next;
    tw_rv(f32, STATE_SCAN_R, row) scale;
    float m = STATE_SCAN_SCALED ? tw_read(g.initial_m, w.batch, w.head) : 0.0f;

    tw_load(state, g.initial, w.batch, w.head, w.row, w.col);
    tw_load(next, g.states, w.pair, 1, w.row, w.col);
    TW_ROLLED
    for (int i = 0; i < w.parts; i++) {
        if (i > 0) {
            const state_scan_step step = state_scan_factors(&g, w, i, m);
            tw_copy(own, next);
            tw_load(next, g.states, w.pair, i + 1, w.row, w.col);
            tw_map2(state, x, own, y, x * step.kept + y * step.added);
            m = step.m;
        }
        tw_store(g.states, state, w.pair, i, w.row, w.col);
        if (STATE_SCAN_SCALED && w.row == 0 && w.col == 0) {
            tw_fill(scale, m);
            tw_store(g.m, scale, w.pair, i);
        }
    }
}

TW_EXPORT(state_scan, state_scan_args, state_scan_shared, STATE_SCAN_R, STATE_SCAN_C)
