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
    tw_rt(f32, CHANNELS, STATES, acc) h, a, part;
    tw_rv(f32, CHANNELS, row) bias, skip, dt, x, y, z;
    tw_rv(f32, STATES, col) b, c;
    TW_SHARED(selective_scan_shared, shared);
    TW_PIPE(pipe, shared->ring);

    tw_load(a, g.a, w.channel);
    tw_map(a, value, value * TW_LOG2_E);
    tw_zero(h);
    if (SELECTIVE_SCAN_FIRST)
        tw_load(h, g.first, w.sequence, w.channel);
    tw_load(bias, g.bias, w.channel);
    tw_load(skip, g.skip, w.channel);
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
                tw_load(x, x_row);
                tw_load(dt, delta_row);
                tw_load(b, b_row);
                tw_load(c, c_row);
                tw_add(dt, dt, bias);
                if (SELECTIVE_SCAN_SOFTPLUS)
                    tw_map(dt, value, tw_softplusf(value));
                tw_mul(part, a, dt);
                tw_exp2(part, part);
                tw_mul(h, h, part);
                tw_mul(dt, dt, x);
                tw_broadcast(part, b);
                tw_mul(part, part, dt);
                tw_add(h, h, part);
                tw_mul(part, h, c);
                tw_row_sum(y, part);
                tw_fma(y, skip, x, y);
                if (SELECTIVE_SCAN_GATE) {
                    tw_load(z, z_row);
                    tw_silu(z, z);
                    tw_mul(y, y, z);
                }
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
