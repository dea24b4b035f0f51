/* SPDX-License-Identifier: MIT
 *
 * Mamba-2's state-space model, forward, in one pass over memory (Dao and Gu, "Transformers are SSMs", 2024).
 * A block walks along one head's tokens in chunks of SSM_T with SSM_P channels of the head's state, f32, in
 * its registers:
 *
 *     y = (C B^T o decay) (dt x) + decay C state^T        state = decay state + (decay dt x)^T B
 *
 * Within a chunk a token sees those up to itself, decayed by 2^(rows[r] - cols[c]), differences of the
 * running sum of dt A; what came before the chunk it sees through the state. D is what the diagonal of the
 * scores holds more.
 */
#include "ssm.h"

typedef struct {
    tw_st(SSM_DTYPE, SSM_T, SSM_N) b, c;
    tw_st(SSM_DTYPE, SSM_T, SSM_P) x;
    tw_sv(SSM_DTYPE, SSM_T) dt;
} ssm_stage;

typedef struct {
    tw_ring(ssm_stage, SSM_STAGES) ring;
    tw_st(SSM_DTYPE, SSM_P, SSM_N) state; /* as the chunk's C multiplies it */
    tw_st(SSM_DTYPE, SSM_T, SSM_T) scores;
    tw_sv(f32, 3 * SSM_T) vectors; /* dt, decay, sources */
    tw_staging(SSM_DTYPE, SSM_T, SSM_P) out;
} ssm_shared;

TW_KERNEL(ssm, TW_PIPELINED_THREADS, (ssm_args, args))
{
    ssm_args g = args;
    const ssm_work w = ssm_plan(&g);
    tw_rt(f32, SSM_P, SSM_N, acc) state;
    tw_rt(f32, SSM_T, SSM_P, acc) y;
    tw_rt(f32, SSM_T, SSM_T, acc) s;
    tw_rt(SSM_DTYPE, SSM_P, SSM_T, a) x_down; /* x^T */
    tw_rt(SSM_DTYPE, SSM_T, SSM_P, acc) gate; /* z */
    tw_rv(f32, SSM_T, row) next, given,
        rows;                    /* rows: log2 of the decay from the chunk's beginning to each token */
    tw_rv(f32, SSM_T, col) cols; /* rows - log2(dt), of the tokens that are seen */
    tw_rv(f32, SSM_T, a_col) dt, decays, weights; /* whole in each wave, where sums need no meeting */
    float last = 0.0f, all = 0.0f;
    TW_SHARED_ALL(ssm_shared, shared);
    tw_view(shared_dt, 1, SSM_T, shared->vectors, 0, 0);
    tw_view(shared_decay, 1, SSM_T, shared->vectors, 0, SSM_T);
    tw_view(shared_sources, 1, SSM_T, shared->vectors, 0, 2 * SSM_T);
    TW_PIPE(pipe, shared->ring);

    tw_zero(state);
    if (!SSM_STATES)
        tw_load(state, g.initial, w.from, w.from_place, w.channel, 0);
    if (!SSM_EARLY)
        tw_load(next, g.dt, w.batch, w.head, w.first * SSM_T);
    if (SSM_Z_AHEAD)
        tw_load(gate, g.z, w.batch, w.head, w.first * SSM_T, w.channel);
    TW_PIPELINE (pipe, w.chunks) {
        TW_LOAD (pipe, i, stage) {
            const int t0 = (w.first + i) * SSM_T;
            tw_load_async(stage->b, g.b, w.batch, w.group, t0);
            if (!SSM_STATES)
                tw_load_async(stage->c, g.c, w.batch, w.group, t0);
            tw_load_async(stage->x, g.x, w.batch, w.head, t0, w.channel);
            if (SSM_EARLY)
                tw_load_async(stage->dt, g.dt, w.batch, w.head, t0);
        }
        TW_COMPUTE (pipe, i, stage) {
            const int t0 = (w.first + i) * SSM_T, left = w.length - t0;
            if (SSM_EARLY) {
                tw_load(given, stage->dt);
            } else {
                tw_copy(given, next);
                tw_load(next, g.dt, w.batch, w.head, t0 + SSM_T);
            }
            tw_map_at(given, x, r, c, c < left ? ssm_dt(x, w.bias) : 0.0f);
            tw_store(shared_dt, given);
            if (!SSM_STATES)
                tw_store(shared->state, state);
            tw_meet();

            tw_load(dt, shared_dt);
            tw_copy(decays, dt);
            tw_map(decays, x, ssm_rate(x, w.rate));
            tw_scan(decays, sum);
            tw_store(shared_decay, decays);
            tw_map2(dt, x, decays, decay, decay - tw_log2f(x));
            tw_store(shared_sources, dt);
            tw_meet();

            if (!SSM_STATES) {
                tw_mm_ABt(s, stage->c, stage->b);
                tw_load(rows, shared_decay);
                tw_load(cols, shared_sources);
                tw_tril_decay(s, 0, rows, cols);
                if (SSM_SKIP)
                    tw_map_at(s, x, r, c, r == c ? x + w.skip : x);
                tw_store(shared->scores, s);
                tw_mm_ABt(y, stage->c, shared->state);
                tw_map_row(y, x, rows, decay, x * tw_exp2f(decay));
            }
            tw_pick(last, shared_decay, 0, SSM_T - 1);
            tw_load(weights, shared_sources);
            tw_meet(); /* from here on only the stage and the scores are read */

            if (SSM_Z_NOW)
                tw_load(gate, g.z, w.batch, w.head, t0, w.channel);
            if (!SSM_STATES)
                tw_mma_AB(y, shared->scores, stage->x);
            if (SSM_GATE && !SSM_STATES)
                tw_map2(y, x, gate, z, x * tw_siluf(z));
            if (SSM_Z_AHEAD)
                tw_load(gate, g.z, w.batch, w.head, t0 + SSM_T, w.channel);
            if (!SSM_STATES)
                tw_store_async(g.y, y, shared->out, w.batch, w.head, t0, w.channel);
            tw_map(weights, x, tw_exp2f(last - x));
            tw_load_transposed(x_down, stage->x);
            tw_mul(x_down, x_down, weights);
            tw_map(state, x, x * tw_exp2f(last));
            tw_mma_AB(state, x_down, stage->b);
            all += last;
        }
    }
    if (w.ends)
        tw_store(g.final, state, w.to, w.to_place, w.channel, 0);
    if (SSM_STATES && w.channel == 0) {
        tw_fill(rows, all * TW_LN_2);
        tw_store(g.kept, rows, w.to, w.to_place);
    }
}

TW_EXPORT(ssm, ssm_args, ssm_shared, SSM_T, SSM_P, SSM_N)
TW_STREAM(ssm, ssm_args, b, ssm_stage, b)
TW_STREAM(ssm, ssm_args, c, ssm_stage, c)
TW_STREAM(ssm, ssm_args, x, ssm_stage, x)
TW_STREAM(ssm, ssm_args, y, ssm_shared, out)
