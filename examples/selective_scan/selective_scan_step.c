/* SPDX-License-Identifier: MIT
 *
 * One token of selective_scan for each sequence of a batch, the states updated in place: what continues a
 * prefill, token by token. A block's channels go from sequence to sequence; the next ones' states are on
 * their way meanwhile.
 */
#include "selective_scan_step.h"

typedef struct {
    tw_st(f32, SELECTIVE_SCAN_CHANNELS, SELECTIVE_SCAN_N) state;
    tw_sv(SELECTIVE_SCAN_DTYPE, SELECTIVE_SCAN_CHANNELS) x, delta, z;
    tw_sv(SELECTIVE_SCAN_DTYPE, SELECTIVE_SCAN_N) b, c;
} selective_scan_step_stage;

typedef struct {
    tw_ring(selective_scan_step_stage, SELECTIVE_SCAN_STEP_STAGES) ring;
} selective_scan_step_shared;

TW_KERNEL(selective_scan_step, TW_PIPELINED_THREADS, (selective_scan_step_args, g))
{
    const selective_scan_step_work w = selective_scan_step_plan(&g);
    selective_scan_model model;
    selective_scan_states h; /* SELECTIVE_SCAN_CHANNELS x SELECTIVE_SCAN_N */
    selective_scan_token now;
    selective_scan_channels y;
    TW_SHARED(selective_scan_step_shared, shared);
    TW_PIPE(pipe, shared->ring);

    tw_load(model.rate, g.a, w.channel);
    tw_map(model.rate, value, value * TW_LOG2_E);
    tw_load(model.bias, g.bias, w.channel);
    tw_load(model.skip, g.skip, w.channel);
    TW_PIPELINE (pipe, w.count) {
        TW_LOAD (pipe, i, stage) {
            tw_load_async(stage->state, g.state, w.first + i, w.channel);
            tw_load_async(stage->x, g.x, w.first + i, w.channel);
            tw_load_async(stage->delta, g.delta, w.first + i, w.channel);
            if (SELECTIVE_SCAN_GATE)
                tw_load_async(stage->z, g.z, w.first + i, w.channel);
            tw_load_async(stage->b, g.b, w.first + i);
            tw_load_async(stage->c, g.c, w.first + i);
        }
        TW_COMPUTE (pipe, i, stage) {
            tw_load(h, stage->state);
            tw_load(now.x, stage->x);
            tw_load(now.delta, stage->delta);
            if (SELECTIVE_SCAN_GATE)
                tw_load(now.z, stage->z);
            tw_load(now.b, stage->b);
            tw_load(now.c, stage->c);
            selective_scan_take(&h, &y, &model, &now);
            tw_store(g.state, h, w.first + i, w.channel);
            tw_store(g.y, y, w.first + i, w.channel);
        }
    }
}

TW_EXPORT(selective_scan_step, selective_scan_step_args, selective_scan_step_shared, SELECTIVE_SCAN_CHANNELS,
          SELECTIVE_SCAN_N)
TW_STREAM(selective_scan_step, selective_scan_step_args, state, selective_scan_step_stage, state)
TW_STREAM(selective_scan_step, selective_scan_step_args, x, selective_scan_step_stage, x)
TW_STREAM(selective_scan_step, selective_scan_step_args, delta, selective_scan_step_stage, delta)
TW_STREAM(selective_scan_step, selective_scan_step_args, z, selective_scan_step_stage, z)
TW_STREAM(selective_scan_step, selective_scan_step_args, b, selective_scan_step_stage, b)
TW_STREAM(selective_scan_step, selective_scan_step_args, c, selective_scan_step_stage, c)
