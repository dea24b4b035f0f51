/* SPDX-License-Identifier: MIT
 *
 * Gated linear attention, forward, in one pass: a block walks along one head's tokens in chunks with the f32
 * state, GATED_D x GATED_N, in its registers (Yang et al. 2023). G is the running sum of a chunk's base-2 log
 * gates, for each channel; of positions r >= c the score is
 *
 *     s[r][c] = sum over d of q[r][d] k[c][d] 2^(G[r][d] - G[c][d])
 *
 * a product only if the power is parted, and 2^G 2^-G overflows. So r and c are parted at the middle of the
 * smallest segment that holds both, one level of halves after another: there the one factor is q 2^(G -
 * G[middle]), the other k 2^(G[middle] - G), and neither power is ever above 1. A chunk of C has log2(C)
 * levels.
 *
 *     O = s V + (q 2^G) S        S = diag(2^G[last]) S + (k 2^(G[last] - G))^T V
 */
#include "gated_linear_attention.h"

typedef struct {
    tw_st(GATED_DTYPE, GATED_C, GATED_D) q, k;
    tw_st(f32, GATED_C, GATED_D) gates; /* then their running sums, in base 2 */
    tw_st(GATED_DTYPE, GATED_C, GATED_PART) v[GATED_PARTS];
} gated_stage;

typedef struct {
    tw_ring(gated_stage, GATED_STAGES) ring;
    union {
        tw_st(GATED_DTYPE, GATED_C, GATED_D) halves; /* of a level: keys in first halves, queries in second */
        tw_st(GATED_DTYPE, GATED_D, GATED_PART) state; /* as the queries multiply it */
    } operand;
    tw_st(GATED_DTYPE, GATED_C, GATED_C) scores;
} gated_shared;

TW_KERNEL(gated_linear_attention, TW_PIPELINED_THREADS, (gated_args, g))
{
    const gated_work w = gated_plan(&g);
    tw_rt(f32, GATED_D, GATED_PART, acc) state[GATED_PARTS];
    tw_rt(f32, GATED_C, GATED_PART, acc) o;
    tw_rt(f32, GATED_C, GATED_C, acc) s, level;
    tw_rt(GATED_DTYPE, GATED_C, GATED_SLICE, acc) q, k;
    tw_rt(f32, GATED_C, GATED_SLICE, acc) sums, others;
    tw_rv(f32, GATED_D, row) kept;
    TW_SHARED(gated_shared, shared);
    TW_PIPE(pipe, shared->ring);

    TW_UNROLL
    for (int p = 0; p < GATED_PARTS; p++) {
        tw_zero(state[p]);
        if (GATED_STATE)
            tw_load(state[p], g.initial, w.batch, w.head, 0, w.column + p * GATED_PART);
    }
    TW_PIPELINE (pipe, w.chunks) {
        TW_LOAD (pipe, i, stage) {
            tw_load_async(stage->gates, g.gates, w.batch, w.head, i * GATED_C);
            tw_load_async(stage->q, g.q, w.batch, w.head, i * GATED_C);
            tw_load_async(stage->k, g.k, w.batch, w.head, i * GATED_C);
            TW_UNROLL
            for (int p = 0; p < GATED_PARTS; p++)
                tw_load_async(stage->v[p], g.v, w.batch, w.head, i * GATED_C, w.column + p * GATED_PART);
        }
        TW_COMPUTE (pipe, i, stage) {
            TW_ROLLED
            for (int d = 0; d < GATED_D; d += GATED_SLICE) {
                tw_view(gates, GATED_C, GATED_SLICE, stage->gates, 0, d);
                tw_load(sums, gates);
                tw_map(sums, x, gated_log2(x));
                tw_store(gates, sums);
            }
            tw_meet();
            tw_col_scan_shared(stage->gates, sum);
            tw_mm_ABt(s, stage->q, stage->k);
            tw_map_at(s, x, r, c, r == c ? x : 0.0f);

            TW_ROLLED
            for (int half = 1; half < GATED_C; half *= 2) {
                tw_meet();
                TW_ROLLED
                for (int d = 0; d < GATED_D; d += GATED_SLICE) {
                    tw_view(gates, GATED_C, GATED_SLICE, stage->gates, 0, d);
                    tw_view(queries, GATED_C, GATED_SLICE, stage->q, 0, d);
                    tw_view(keys, GATED_C, GATED_SLICE, stage->k, 0, d);
                    tw_view(halves, GATED_C, GATED_SLICE, shared->operand.halves, 0, d);
                    tw_load(q, queries);
                    tw_load(k, keys);
                    tw_load(sums, gates);
                    tw_gather(others, gates, r, c, gated_middle(r, half), c);
                    tw_map2_at(q, x, k, y, r, c, r & half ? x : y);
                    tw_sub(sums, sums, others); /* below 0 in second halves, above in first */
                    tw_map2(q, x, sums, y, x * tw_exp2f(-tw_absf(y)));
                    tw_store(halves, q);
                }
                tw_meet();
                tw_mm_ABt(level, shared->operand.halves, shared->operand.halves);
                tw_map2_at(s, x, level, y, r, c, gated_parts(r, c, half) ? y : x);
            }
            tw_store(shared->scores, s);

            TW_ROLLED
            for (int d = 0; d < GATED_D; d += GATED_SLICE) {
                tw_view(gates, GATED_C, GATED_SLICE, stage->gates, 0, d);
                tw_view(queries, GATED_C, GATED_SLICE, stage->q, 0, d);
                tw_view(keys, GATED_C, GATED_SLICE, stage->k, 0, d);
                tw_load(q, queries);
                tw_load(k, keys);
                tw_load(sums, gates);
                tw_gather(others, gates, r, c, GATED_C - 1, c);
                tw_sub(others, others, sums);
                tw_map2(q, x, sums, y, x * tw_exp2f(y));
                tw_map2(k, x, others, y, x * tw_exp2f(y));
                tw_store(queries, q);
                tw_store(keys, k);
            }
            tw_view(last, 1, GATED_D, stage->gates, GATED_C - 1, 0);
            tw_load(kept, last);
            tw_exp2(kept, kept);

            TW_UNROLL
            for (int p = 0; p < GATED_PARTS; p++) {
                tw_meet();
                tw_store(shared->operand.state, state[p]);
                tw_meet();
                tw_mm_async(o, stage->q, shared->operand.state, 0, 0);
                tw_mma_AB(o, shared->scores, stage->v[p]);
                tw_map(o, x, x * g.scale);
                tw_store(g.o, o, w.batch, w.head, i * GATED_C, w.column + p * GATED_PART);
                tw_mul(state[p], state[p], kept);
                tw_mma_AtB(state[p], stage->k, stage->v[p]);
            }
        }
    }
    TW_UNROLL
    for (int p = 0; p < GATED_PARTS && GATED_STATE; p++)
        tw_store(g.final, state[p], w.batch, w.head, 0, w.column + p * GATED_PART);
}

TW_EXPORT(gated_linear_attention, gated_args, gated_shared, GATED_C, GATED_D, GATED_N)
TW_STREAM(gated_linear_attention, gated_args, q, gated_stage, q)
TW_STREAM(gated_linear_attention, gated_args, k, gated_stage, k)
TW_STREAM(gated_linear_attention, gated_args, v, gated_stage, v[0])
TW_STREAM(gated_linear_attention, gated_args, gates, gated_stage, gates)
