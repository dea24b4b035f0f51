/* SPDX-License-Identifier: MIT
 *
 * Mamba-2's state-space model, forward, in one pass over memory (Dao and Gu, "Transformers are SSMs", 2024).
 * A team walks along the tokens in chunks of SSM_T with SSM_P channels of the states of SSM_H heads, f32, in
 * its registers; the heads are of one group, so that B, C and C B^T serve them all. So are those of a block's
 * teams, which read one copy of B and C, and of a cluster's blocks, which bring each other B and C. For each
 * head:
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
    tw_st(SSM_DTYPE, SSM_T, SSM_P) x[SSM_TEAMS * SSM_H];
    tw_sv(SSM_DTYPE, SSM_T) dt[SSM_EARLY ? SSM_TEAMS * SSM_H : 1];
} ssm_stage;

/* Heads take turns with the buffers. */
typedef struct {
    tw_ring(ssm_stage, SSM_STAGES) ring;
    tw_passage(SSM_DTYPE, SSM_P, SSM_N) state[SSM_BUFFERS]; /* as the chunk's C multiplies it */
    tw_passage(SSM_DTYPE, SSM_T, SSM_T) scores[SSM_BUFFERS];
    tw_sv(f32, 3 * SSM_TEAMS * SSM_H * SSM_T) vectors; /* of each head: dt, decay, sources */
    tw_staging(SSM_DTYPE, SSM_T, SSM_P) out;
} ssm_shared;

TW_KERNEL(ssm, TW_PIPELINED_THREADS, (ssm_args, args))
{
    ssm_args g = args;
    const ssm_work w = ssm_plan(&g);
    const int first = tw_team * SSM_H; /* of the block's heads, the team's */
    tw_rt(f32, SSM_P, SSM_N, acc) state[SSM_H];
    tw_rt(f32, SSM_T, SSM_P, acc) y;
    tw_rt(f32, SSM_T, SSM_T, acc) products, s;       /* C B^T, of all heads; the head's */
    tw_rt(SSM_DTYPE, SSM_P, SSM_T, a) x_down;        /* x^T */
    tw_rt(SSM_DTYPE, SSM_T, SSM_P, acc) gate[SSM_H]; /* z */
    tw_rv(f32, SSM_T, row) next[SSM_H], given,
        rows;                    /* rows: log2 of the decay from the chunk's beginning to each token */
    tw_rv(f32, SSM_T, col) cols; /* rows - log2(dt), of the tokens that are seen */
    tw_rv(f32, SSM_T, a_col) dt, decays, weights; /* whole in each wave, where sums need no meeting */
    float rate[SSM_H], skip[SSM_H], bias[SSM_H], all[SSM_H], last = 0.0f; /* A, D, what dt gets */
    TW_SHARED_ALL(ssm_shared, shared);
    TW_PIPE(pipe, shared->ring);

    TW_UNROLL
    for (int h = 0; h < SSM_H; h++) {
        const int head = ssm_head(&w, h);
        rate[h] = tw_read(g.a, head);
        skip[h] = SSM_SKIP ? tw_read(g.d, head) : 0.0f;
        bias[h] = SSM_BIAS ? tw_read(g.bias, head) : 0.0f;
        all[h] = 0.0f;
        tw_zero(state[h]);
        if (SSM_OUTPUTS)
            tw_load(state[h], g.initial, ssm_pair(&w, h), w.part, w.channel, 0);
        else if (!SSM_STATES)
            tw_load(state[h], g.initial, w.sequence, head, w.channel, 0);
        if (!SSM_EARLY)
            tw_load(next[h], g.dt, w.batch, head, w.first * SSM_T);
        if (SSM_Z_AHEAD)
            tw_load(gate[h], g.z, w.batch, head, w.first * SSM_T, w.channel);
    }
    TW_PIPELINE (pipe, w.chunks) {
        TW_LOAD (pipe, i, stage) {
            const int t0 = (w.first + i) * SSM_T;
            tw_load_multicast(1, stage->b, g.b, w.batch, w.group, t0);
            if (!SSM_STATES)
                tw_load_multicast(1, stage->c, g.c, w.batch, w.group, t0);
            TW_ROLLED
            for (int h = 0; h < SSM_H; h++)
                tw_load_async(stage->x[first + h], g.x, w.batch, ssm_head(&w, h), t0, w.channel);
            TW_ROLLED
            for (int h = 0; h < (SSM_EARLY ? SSM_H : 0); h++)
                tw_load_async(stage->dt[first + h], g.dt, w.batch, ssm_head(&w, h), t0);
        }
        TW_COMPUTE (pipe, i, stage) {
            const int t0 = (w.first + i) * SSM_T, left = w.length - t0;
            TW_UNROLL
            for (int h = 0; h < SSM_H; h++) {
                tw_view(shared_dt, 1, SSM_T, shared->vectors, 0, 3 * (first + h) * SSM_T);
                if (SSM_EARLY) {
                    tw_load(given, stage->dt[first + h]);
                } else {
                    tw_copy(given, next[h]);
                    tw_load(next[h], g.dt, w.batch, ssm_head(&w, h), t0 + SSM_T);
                }
                tw_map_at(given, x, r, c, c < left ? ssm_dt(x, bias[h]) : 0.0f);
                tw_store(shared_dt, given);
            }
            tw_meet();

            TW_UNROLL
            for (int h = 0; h < SSM_H; h++) {
                tw_view(shared_dt, 1, SSM_T, shared->vectors, 0, 3 * (first + h) * SSM_T);
                tw_view(shared_decay, 1, SSM_T, shared->vectors, 0, (3 * (first + h) + 1) * SSM_T);
                tw_view(shared_sources, 1, SSM_T, shared->vectors, 0, (3 * (first + h) + 2) * SSM_T);
                tw_load(dt, shared_dt);
                tw_copy(decays, dt);
                tw_map(decays, x, ssm_rate(x, rate[h]));
                tw_scan(decays, sum);
                tw_store(shared_decay, decays);
                tw_map2(dt, x, decays, decay, decay - tw_log2f(x));
                tw_store(shared_sources, dt);
            }
            tw_meet();

            if (!SSM_STATES)
                tw_mm_ABt(products, stage->c, stage->b);
            TW_UNROLL
            for (int h = 0; h < SSM_H; h++) {
                tw_view(shared_decay, 1, SSM_T, shared->vectors, 0, (3 * (first + h) + 1) * SSM_T);
                tw_view(shared_sources, 1, SSM_T, shared->vectors, 0, (3 * (first + h) + 2) * SSM_T);
                const int head = ssm_head(&w, h), buffer = h % SSM_BUFFERS;
                tw_pick(last, shared_decay, 0, SSM_T - 1);
                if (!SSM_STATES) {
                    if (SSM_BUFFERS == 1 && h > 0)
                        tw_meet(); /* the head before has been multiplied */
                    tw_pass(shared->state[buffer], state[h]);
                    tw_copy(s, products);
                    tw_load(rows, shared_decay);
                    tw_load(cols, shared_sources);
                    tw_tril_decay(s, 0, rows, cols);
                    if (SSM_SKIP)
                        tw_map_at(s, x, r, c, r == c ? x + skip[h] : x);
                    tw_pass(shared->scores[buffer], s);
                    tw_meet();
                    if (SSM_Z_NOW)
                        tw_load(gate[h], g.z, w.batch, head, t0, w.channel);
                    tw_mm_passed_Bt(y, stage->c, state[h], shared->state[buffer]);
                    tw_map_row(y, x, rows, decay, x * tw_exp2f(decay));
                    tw_mma_passed_A(y, s, shared->scores[buffer], stage->x[first + h]);
                    if (SSM_Z_LATE)
                        tw_load(gate[h], g.z, w.batch, head, t0, w.channel);
                    if (SSM_GATE)
                        tw_map2(y, x, gate[h], z, x * tw_siluf(z));
                    if (SSM_Z_AHEAD)
                        tw_load(gate[h], g.z, w.batch, head, t0 + SSM_T, w.channel);
                    tw_store_async(g.y, y, shared->out, w.batch, head, t0, w.channel);
                }
                tw_load(weights, shared_sources);
                tw_map(weights, x, tw_exp2f(last - x));
                tw_load_transposed(x_down, stage->x[first + h]);
                tw_mul(x_down, x_down, weights);
                tw_map(state[h], x, x * tw_exp2f(last));
                tw_mma_AB(state[h], x_down, stage->b);
                all[h] += last;
            }
        }
    }
    TW_UNROLL
    for (int h = 0; h < SSM_H; h++) {
        if (SSM_STATES)
            tw_store(g.final, state[h], ssm_pair(&w, h), w.part + 1, w.channel, 0);
        else if (w.ends)
            tw_store(g.final, state[h], w.sequence, ssm_head(&w, h), w.channel, 0);
        if (SSM_STATES && w.channel == 0) {
            tw_fill(rows, all[h] * TW_LN_2);
            tw_store(g.kept, rows, ssm_pair(&w, h), w.part + 1);
        }
    }
}

TW_EXPORT(ssm, ssm_args, ssm_shared, SSM_T, SSM_P, SSM_N, SSM_H, SSM_TEAMS)
TW_STREAM_MULTICAST(ssm, ssm_args, b, ssm_stage, b)
TW_STREAM_MULTICAST(ssm, ssm_args, c, ssm_stage, c)
TW_STREAM(ssm, ssm_args, x, ssm_stage, x[0])
TW_STREAM(ssm, ssm_args, y, ssm_shared, out)
