/* SPDX-License-Identifier: MIT
 *
 * The selective scan, forward. The states of a block's channels stay in registers from the first token to the
 * last; tokens come through shared memory, a stretch at a time, and each step takes its row.
 */
#include "selective_scan.h"

enum { CHANNELS = SELECTIVE_SCAN_CHANNELS, TOKENS = SELECTIVE_SCAN_TOKENS, STATES = SELECTIVE_SCAN_N };

typedef struct {
    tw_st(SELECTIVE_SCAN_DTYPE, TOKENS, CHANNELS) x, delta, z;
    tw_st(SELECTIVE_SCAN_DTYPE, TOKENS, STATES) b, c;
} selective_scan_stage;

typedef struct {
    tw_ring(selective_scan_stage, SELECTIVE_SCAN_STAGES) ring;
} selective_scan_shared;

TW_KERNEL(selective_scan, TW_PIPELINED_THREADS, (selective_scan_args, args))
{
    selective_scan_args g = args;
    const selective_scan_work w = selective_scan_plan(&g);
    selective_scan_model model;
    selective_scan_states h; /* CHANNELS x STATES */
    selective_scan_token now;
    selective_scan_channels y;
    TW_SHARED(selective_scan_shared, shared);
    TW_PIPE(pipe, shared->ring);

    tw_load(model.rate, g.a, w.channel);
    tw_map(model.rate, value, value * TW_LOG2_E);
    tw_zero(h);
    if (SELECTIVE_SCAN_FIRST)
        tw_load(h, g.first, w.sequence, w.channel);
    tw_load(model.bias, g.bias, w.channel);
    tw_load(model.skip, g.skip, w.channel);
    TW_PIPELINE (pipe, (int)((w.length + TOKENS - 1) / TOKENS)) {
        TW_LOAD (pipe, i, stage) {
            const int64_t token = (int64_t)i * TOKENS;
            tw_load_async(stage->x, g.x, w.batch, token, w.channel);
            tw_load_async(stage->delta, g.delta, w.batch, token, w.channel);
            if (SELECTIVE_SCAN_GATE)
                tw_load_async(stage->z, g.z, w.batch, token, w.channel);
            tw_load_async(stage->b, g.b, w.batch, token);
            tw_load_async(stage->c, g.c, w.batch, token);
        }
        TW_COMPUTE (pipe, i, stage) {
            const int64_t token = (int64_t)i * TOKENS;
            const int64_t left = w.length - token;
            const int steps = left < TOKENS ? (int)left : (int)TOKENS;
            TW_ROLLED
            for (int step = 0; step < steps; step++) {
                tw_view(x_row, 1, CHANNELS, stage->x, step, 0);
                tw_view(delta_row, 1, CHANNELS, stage->delta, step, 0);
                tw_view(z_row, 1, CHANNELS, stage->z, step, 0);
                tw_view(b_row, 1, STATES, stage->b, step, 0);
                tw_view(c_row, 1, STATES, stage->c, step, 0);
                tw_load(now.x, x_row);
                tw_load(now.delta, delta_row);
                if (SELECTIVE_SCAN_GATE)
                    tw_load(now.z, z_row);
                tw_load(now.b, b_row);
                tw_load(now.c, c_row);
                selective_scan_take(&h, &y, &model, &now);
                tw_store(g.y, y, w.batch, token + step, w.channel);
            }
        }
    }
    tw_store(g.last, h, w.sequence, w.channel);
}

TW_EXPORT(selective_scan, selective_scan_args, selective_scan_shared, CHANNELS, TOKENS, STATES)
TW_STREAM(selective_scan, selective_scan_args, x, selective_scan_stage, x)
TW_STREAM(selective_scan, selective_scan_args, delta, selective_scan_stage, delta)
TW_STREAM(selective_scan, selective_scan_args, z, selective_scan_stage, z)
TW_STREAM(selective_scan, selective_scan_args, b, selective_scan_stage, b)
TW_STREAM(selective_scan, selective_scan_args, c, selective_scan_stage, c)
