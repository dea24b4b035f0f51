/* SPDX-License-Identifier: MIT
 *
 * The delta rule, forward, in one pass: a block walks along one head's tokens in chunks with the f32 state,
 * DELTA_D x DELTA_N, in its registers. With u_t = b_t (v_t - f_t S_{t-1}^T k_t), what token t writes, the
 * recurrence is S_t = f_t S_{t-1} + k_t u_t^T, linear attention with u for v; within a chunk the u solve a
 * triangular system (the WY form of Yang et al. 2024, taken behind the product with the state):
 *
 *     (I + L) U = diag(b) (V - decay K S)        L = diag(b) (K K^T * decay), below the diagonal
 *     O = (Q K^T * decay) U + decay Q S          S = decay S + (K decay)^T U
 *
 * A position's weight is 2^(sums[r] - sums[c]) from source c to query r, of running sums of base-2 log gates.
 * Behind the last token keys, values and b are 0: nothing is written there.
 */
#include "delta_rule.h"

typedef struct {
    tw_st(DELTA_DTYPE, DELTA_C, DELTA_D) q, k;
    tw_st(DELTA_DTYPE, DELTA_C, DELTA_PART) v[DELTA_PARTS]; /* then diag(b) (V - decay K S), then U */
} delta_stage;

typedef struct {
    tw_st(DELTA_DTYPE, DELTA_C, DELTA_C) inverse, scores;
} delta_factors;

typedef struct {
    tw_ring(delta_stage, DELTA_STAGES) ring;
    tw_st(DELTA_DTYPE, DELTA_D,
          DELTA_PART) state[DELTA_BY_PARTS ? 1 : DELTA_PARTS]; /* as the next chunk multiplies it */
    union {
        tw_st(f32, DELTA_C, DELTA_C) via;
        delta_factors by;
    } chunk;
    tw_sv(f32, DELTA_C) gates, sums;
} delta_shared;

typedef tw_rt(f32, DELTA_C, DELTA_PART, acc) delta_columns;
typedef tw_rv(f32, DELTA_C, row) delta_row;

/* Part p of diag(b) (V - decay K S) takes the place of V's. */
TW_FN void delta_right_side(delta_columns *o, delta_stage *stage, delta_shared *shared, int p, int held,
                            const delta_row *before, const delta_row *beta)
{
    tw_rt(DELTA_DTYPE, DELTA_C, DELTA_PART, acc) values;
    tw_mm_AB(*o, stage->k, shared->state[held]);
    if (DELTA_GATED)
        tw_map_row(*o, x, *before, y, x * y);
    tw_load(values, stage->v[p]);
    tw_sub(*o, values, *o);
    tw_map_row(*o, x, *beta, y, x * y);
    tw_store(stage->v[p], *o);
}

TW_KERNEL(delta_rule, TW_PIPELINED_THREADS, (delta_args, g))
{
    const delta_work w = delta_plan(&g);
    tw_rt(f32, DELTA_D, DELTA_PART, acc) state[DELTA_PARTS];
    delta_columns o;
    tw_rt(f32, DELTA_C, DELTA_C, acc) s;
    tw_rt(DELTA_DTYPE, DELTA_D, DELTA_C, a) keys;
    tw_rt(DELTA_DTYPE, DELTA_C, DELTA_D, acc) staged;
    delta_row rows, before, beta, next, next_beta, to_end;
    tw_rv(f32, DELTA_C, a_col) sums, weights;
    tw_rv(f32, DELTA_C, col) cols;
    float last = 0.0f, kept = 1.0f;
    TW_SHARED_ALL(delta_shared, shared);
    TW_PIPE(pipe, shared->ring);

    TW_UNROLL
    for (int p = 0; p < DELTA_PARTS; p++) {
        tw_zero(state[p]);
        if (DELTA_STATE)
            tw_load(state[p], g.initial, w.batch, w.head, 0, w.column + p * DELTA_PART);
        if (!DELTA_BY_PARTS)
            tw_store(shared->state[p], state[p]);
    }
    tw_load(next_beta, g.betas, w.batch, w.head, 0);
    if (DELTA_GATED)
        tw_load(next, g.gates, w.batch, w.head, 0);

    TW_PIPELINE (pipe, w.chunks) {
        TW_LOAD (pipe, i, stage) {
            tw_load_multicast(1, stage->k, g.k, w.batch, w.head, i * DELTA_C);
            for (int p = 0; p < DELTA_PARTS; p++)
                tw_load_async(stage->v[p], g.v, w.batch, w.head, i * DELTA_C, w.column + p * DELTA_PART);
            tw_load_multicast(1, stage->q, g.q, w.batch, w.head, i * DELTA_C);
        }
        TW_COMPUTE (pipe, i, stage) {
            const int t0 = i * DELTA_C;
            tw_copy(beta, next_beta);
            tw_load(next_beta, g.betas, w.batch, w.head, t0 + DELTA_C);
            if (DELTA_GATED) {
                tw_store(shared->gates, next);
                tw_load(next, g.gates, w.batch, w.head, t0 + DELTA_C);
                tw_meet();
                tw_load(sums, shared->gates);
                tw_map(sums, x, delta_log2(x));
                tw_scan(sums, sum);
                tw_store(shared->sums, sums);
            }
            tw_meet();

            if (DELTA_GATED) {
                tw_load(rows, shared->sums);
                tw_load(cols, shared->sums);
                tw_pick(last, shared->sums, 0, DELTA_C - 1);
                kept = tw_exp2f(last);
                tw_exp2(before, rows);
            }
            TW_ROLLED
            for (int p = 0; p < DELTA_PARTS && !DELTA_BY_PARTS; p++) {
                delta_right_side(&o, stage, shared, p, p, &before, &beta);
            }
            tw_mm_ABt(s, stage->k, stage->k);
            tw_map_row(s, x, beta, y, x * y);
            if (DELTA_GATED)
                tw_tril_decay(s, -1, rows, cols);
            tw_tril_inverse(s, shared->chunk.via);
            tw_meet();
            tw_store(shared->chunk.by.inverse, s);

            tw_mm_ABt(s, stage->q, stage->k);
            if (DELTA_GATED)
                tw_tril_decay(s, 0, rows, cols);
            else
                tw_tril(s, 0, 0.0f);
            tw_store(shared->chunk.by.scores, s);
            if (!DELTA_BY_PARTS)
                tw_meet();

            TW_ROLLED
            for (int p = 0; p < DELTA_PARTS; p++) {
                const int held = DELTA_BY_PARTS ? 0 : p;
                if (DELTA_BY_PARTS) {
                    TW_UNROLL
                    for (int n = 0; n < DELTA_PARTS; n++)
                        if (n == p)
                            tw_store(shared->state[0], state[n]);
                    tw_meet();
                    delta_right_side(&o, stage, shared, p, held, &before, &beta);
                    tw_meet();
                }
                tw_mm_AB(o, shared->chunk.by.inverse, stage->v[p]);
                tw_meet();
                tw_store(stage->v[p], o);
                tw_mm_async(o, stage->q, shared->state[held], 0, 0);
                if (DELTA_GATED | DELTA_BY_PARTS)
                    tw_mma_wait(o);
                if (DELTA_GATED)
                    tw_map_row(o, x, before, y, x * y);
                tw_meet();

                tw_mma_AB(o, shared->chunk.by.scores, stage->v[p]);
                tw_map(o, x, x * g.scale);
                tw_store(g.o, o, w.batch, w.head, t0, w.column + p * DELTA_PART);
            }
            if (DELTA_GATED & DELTA_STAGED) { /* in place: their last use as they were is over */
                tw_load(to_end, shared->sums);
                tw_map(to_end, x, tw_exp2f(last - x));
                tw_load(staged, stage->k);
                tw_map_row(staged, x, to_end, y, x * y);
                tw_store(stage->k, staged);
                tw_meet();
            }
            if (!DELTA_STAGED) {
                tw_load_transposed(keys, stage->k);
                if (DELTA_GATED) {
                    tw_load(weights, shared->sums);
                    tw_map(weights, x, tw_exp2f(last - x));
                    tw_map_col(keys, x, weights, y, x * y);
                }
            }
            TW_UNROLL
            for (int p = 0; p < DELTA_PARTS; p++) {
                if (DELTA_GATED)
                    tw_map(state[p], x, x * kept);
                if (DELTA_STAGED)
                    tw_mma_AtB(state[p], stage->k, stage->v[p]);
                else
                    tw_mma_AB(state[p], keys, stage->v[p]);
                if (!DELTA_BY_PARTS)
                    tw_store(shared->state[p], state[p]);
            }
        }
    }
    TW_UNROLL
    for (int p = 0; p < DELTA_PARTS && DELTA_STATE; p++)
        tw_store(g.final, state[p], w.batch, w.head, 0, w.column + p * DELTA_PART);
}

TW_EXPORT(delta_rule, delta_args, delta_shared, DELTA_C, DELTA_D, DELTA_N)
TW_STREAM_MULTICAST(delta_rule, delta_args, q, delta_stage, q)
TW_STREAM_MULTICAST(delta_rule, delta_args, k, delta_stage, k)
TW_STREAM(delta_rule, delta_args, v, delta_stage, v[0])
