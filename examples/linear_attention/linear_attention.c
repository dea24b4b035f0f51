/* SPDX-License-Identifier: MIT
 *
 * Linear attention with a scalar decay, forward, in one pass: a block walks along one head's tokens in chunks
 * with the f32 state, LINEAR_D x LINEAR_N, in its registers. Within a chunk it is masked attention, with the
 * tokens before it one product with the state (Sun et al. 2023; Qin et al. 2024; the stabiliser of Beck et
 * al. 2025):
 *
 *     O = (Q K^T * decay) V + decay Q S        S = decay S + (K decay)^T V
 *
 * A position's weight is 2^(rows[r] - cols[c]) from source c to query r: running sums of base-2 log gates, or
 * with an exponential input gate the negative running maximum of what the sources weigh. Both are bounded
 * by 1.
 */
#include "linear_attention.h"

typedef struct {
    tw_st(LINEAR_DTYPE, LINEAR_C, LINEAR_D) q, k;
    tw_st(LINEAR_DTYPE, LINEAR_C, LINEAR_N) v;
} linear_stage;

typedef struct {
    tw_ring(linear_stage, LINEAR_STAGES) ring;
    tw_st(LINEAR_DTYPE, LINEAR_D, LINEAR_PART)
        state[LINEAR_BY_PARTS ? 1 : LINEAR_PARTS]; /* as the next chunk's queries multiply it */
    tw_st(LINEAR_DTYPE, LINEAR_C, LINEAR_C) scores;
    tw_sv(f32, LINEAR_D + 5 * LINEAR_C) vectors; /* z, rows, cols, least, gates, input gates */
} linear_shared;

TW_KERNEL(linear_attention, TW_PIPELINED_THREADS, (linear_args, g))
{
    const linear_work w = linear_plan(&g);
    tw_rt(f32, LINEAR_D, LINEAR_PART, acc) state[LINEAR_PARTS];
    tw_rt(f32, LINEAR_C, LINEAR_PART, acc) o;
    tw_rt(f32, LINEAR_C, LINEAR_C, acc) s;
    tw_rt(LINEAR_DTYPE, LINEAR_C, LINEAR_D, acc) mapped;
    tw_rt(LINEAR_DTYPE, LINEAR_C, LINEAR_D, a) q;
    tw_rt(LINEAR_DTYPE, LINEAR_D, LINEAR_C, a) kt;
    tw_rv(f32, LINEAR_C, a_col) gate, input;
    tw_rv(f32, LINEAR_C, row) next, next_input, rows, least, den, before, weights;
    tw_rv(f32, LINEAR_C, col) cols;
    tw_rv(f32, LINEAR_D, row) z, added;
    tw_rv(f32, LINEAR_D, a_col) z_across;
    float m = LINEAR_M_ADDS ? LINEAR_NEVER : 0.0f;
    float last = 0.0f, behind = 0.0f, kept = 1.0f, all = 0.0f;
    TW_SHARED(linear_shared, shared);
    tw_view(shared_z, 1, LINEAR_D, shared->vectors, 0, 0);
    tw_view(shared_rows, 1, LINEAR_C, shared->vectors, 0, LINEAR_D);
    tw_view(shared_cols, 1, LINEAR_C, shared->vectors, 0, LINEAR_D + LINEAR_C);
    tw_view(shared_least, 1, LINEAR_C, shared->vectors, 0, LINEAR_D + 2 * LINEAR_C);
    tw_view(shared_gates, 1, LINEAR_C, shared->vectors, 0, LINEAR_D + 3 * LINEAR_C);
    tw_view(shared_input, 1, LINEAR_C, shared->vectors, 0, LINEAR_D + 4 * LINEAR_C);
    TW_PIPE(pipe, shared->ring);

    TW_UNROLL
    for (int p = 0; p < LINEAR_PARTS; p++) {
        tw_zero(state[p]);
        if (LINEAR_STARTS)
            tw_load(state[p], g.initial, w.from, w.from_place, 0, w.column + p * LINEAR_PART);
        if (!LINEAR_BY_PARTS)
            tw_store(shared->state[p], state[p]);
    }
    if (LINEAR_DIVIDED) {
        tw_zero(z);
        if (LINEAR_STARTS)
            tw_load(z, g.initial_z, w.from, w.from_place);
        tw_store(shared_z, z);
    }
    if (LINEAR_M_STARTS)
        m = tw_read(g.initial_m, w.from, w.from_place) * TW_LOG2_E;
    if (LINEAR_PER_STEP)
        tw_load(next, g.gates, w.batch, w.head, w.first * LINEAR_C);
    if (LINEAR_GATED_INPUT)
        tw_load(next_input, g.input_gates, w.batch, w.head, w.first * LINEAR_C);

    TW_PIPELINE (pipe, w.steps) {
        TW_LOAD (pipe, i, stage) {
            const int t0 = linear_chunk(w, i) * LINEAR_C;
            if (linear_gives(w, i))
                tw_load_multicast(1, stage->q, g.q, w.batch, w.head, t0);
            if (linear_takes(w, i)) {
                tw_load_multicast(1, stage->k, g.k, w.batch, w.head, t0);
                tw_load_async(stage->v, g.v, w.batch, w.head, t0, w.column);
            }
        }
        TW_COMPUTE (pipe, i, stage) {
            const int t0 = linear_chunk(w, i) * LINEAR_C, left = w.length - t0;
            const int width = (int)tw_dim(g.q, 3);
            if (LINEAR_MAPPED && linear_gives(w, i)) {
                tw_load(mapped, stage->q);
                tw_map_at(mapped, x, r, c, c < width ? LINEAR_FEATURE(x) : 0.0f);
                tw_store(stage->q, mapped);
            }
            if (LINEAR_MAPPED && linear_takes(w, i)) {
                tw_load(mapped, stage->k);
                tw_map_at(mapped, x, r, c, c < width ? LINEAR_FEATURE(x) : 0.0f);
                tw_store(stage->k, mapped);
            }
            if (LINEAR_PER_STEP) {
                tw_store(shared_gates, next);
                tw_load(next, g.gates, w.batch, w.head, t0 + LINEAR_C);
            }
            if (LINEAR_GATED_INPUT) {
                tw_store(shared_input, next_input);
                tw_load(next_input, g.input_gates, w.batch, w.head, t0 + LINEAR_C);
            }
            if (LINEAR_STEPS)
                tw_meet();
            if (LINEAR_WEIGHTED) {
                if (LINEAR_PER_STEP) {
                    tw_load(gate, shared_gates);
                    tw_map(gate, x, linear_log2(x));
                } else {
                    tw_fill(gate, w.decay);
                    tw_map_at(gate, x, r, c, c < left ? x : 0.0f);
                }
                tw_scan(gate, sum);
                if (LINEAR_GATED_INPUT)
                    tw_load(input, shared_input);
                if (LINEAR_SIGMOID_INPUT)
                    tw_map2(input, y, gate, x, x + linear_softplus2(-y * TW_LOG2_E));
                else if (LINEAR_EXP_INPUT)
                    tw_map2(input, y, gate, x, x - y * TW_LOG2_E);
                else
                    tw_copy(input, gate);
                tw_map_at(input, x, r, c, c < left ? x : LINEAR_BEHIND);
                tw_store(shared_cols, input);
                if (LINEAR_EXP_INPUT) {
                    tw_scan(input, min);
                    tw_map(input, x, tw_minf(x, -m));
                    tw_store(shared_rows, input);
                    tw_sub(input, input, gate);
                    tw_store(shared_least, input);
                } else {
                    tw_store(shared_rows, gate);
                }
            }
            tw_meet();

            if (LINEAR_WEIGHTED) {
                tw_load(rows, shared_rows);
                tw_load(cols, shared_cols);
                tw_load(weights, shared_cols);
                tw_pick(last, shared_rows, 0, LINEAR_C - 1);
                tw_copy(before, rows);
                tw_map(before, x, tw_exp2f(x + m));
                tw_map(weights, x, tw_exp2f(last - x));
                if (LINEAR_EXP_INPUT) {
                    tw_load(least, shared_least);
                    tw_pick(behind, shared_least, 0, LINEAR_C - 1);
                }
            }
            if (LINEAR_CAUSAL && linear_gives(w, i)) {
                tw_mm_ABt(s, stage->q, stage->k);
                if (LINEAR_WEIGHTED)
                    tw_tril_decay(s, 0, rows, cols);
                else
                    tw_tril(s, 0, 0.0f);
                tw_store(shared->scores, s);
            }
            if (LINEAR_DIVIDED && linear_gives(w, i)) {
                tw_load(q, stage->q);
                tw_load(z_across, shared_z);
                tw_row_dot(den, q, z_across);
                tw_mul(den, den, before);
                if (LINEAR_CAUSAL)
                    tw_row_sum_onto(den, s);
                tw_map2(den, x, least, y, linear_reciprocal(x * g.scale, y));
            }
            if (!LINEAR_BY_PARTS)
                tw_meet();

            TW_ROLLED
            for (int p = 0; p < LINEAR_PARTS && linear_gives(w, i); p++) {
                tw_view(v, LINEAR_C, LINEAR_PART, stage->v, 0, p * LINEAR_PART);
                if (LINEAR_BY_PARTS) {
                    if (p > 0)
                        tw_meet();
                    TW_UNROLL
                    for (int n = 0; n < LINEAR_PARTS; n++)
                        if (n == p)
                            tw_store(shared->state[0], state[n]);
                    tw_meet();
                }
                tw_mm_async(o, stage->q, shared->state[LINEAR_BY_PARTS ? 0 : p], 0, 0);
                if (LINEAR_O_FIRST)
                    tw_mma_wait(o);
                if (LINEAR_WEIGHTED)
                    tw_mul(o, o, before);
                if (LINEAR_CAUSAL)
                    tw_mma_AB(o, shared->scores, v);
                if (LINEAR_DIVIDED)
                    tw_mul(o, o, den);
                tw_map(o, x, x * g.scale);
                tw_store(g.o, o, w.batch, w.head, t0, w.column + p * LINEAR_PART);
            }
            if (LINEAR_WEIGHTED && linear_takes(w, i)) {
                tw_load(mapped, stage->k);
                tw_map_row(mapped, x, weights, y, x * y);
                tw_store(stage->k, mapped);
            }
            tw_meet();

            if (linear_takes(w, i)) {
                if (LINEAR_WEIGHTED)
                    kept = tw_exp2f(last + m);
                TW_UNROLL
                for (int p = 0; p < LINEAR_PARTS; p++) {
                    tw_view(v, LINEAR_C, LINEAR_PART, stage->v, 0, p * LINEAR_PART);
                    if (LINEAR_WEIGHTED)
                        tw_map(state[p], x, x * kept);
                    tw_mma_AtB(state[p], stage->k, v);
                    if (!LINEAR_BY_PARTS)
                        tw_store(shared->state[p], state[p]);
                }
                if (LINEAR_DIVIDED) {
                    tw_load_transposed(kt, stage->k);
                    tw_row_sum(added, kt);
                    tw_map2(z, x, added, y, x * kept + y);
                    tw_store(shared_z, z);
                }
                m = -behind;
                all += last - behind;
            }
        }
    }
    if (!w.ends)
        return;
    TW_UNROLL
    for (int p = 0; p < LINEAR_PARTS; p++)
        tw_store(g.final, state[p], w.to, w.to_place, 0, w.column + p * LINEAR_PART);
    if (LINEAR_DIVIDED && w.column == 0)
        tw_store(g.final_z, z, w.to, w.to_place);
    if (LINEAR_EXP_INPUT && w.column == 0) {
        tw_fill(least, m * TW_LN_2);
        tw_store(g.final_m, least, w.to, w.to_place);
    }
    if (LINEAR_STATES && w.column == 0) {
        tw_fill(least, all * TW_LN_2);
        tw_store(g.kept, least, w.to, w.to_place);
    }
}

TW_EXPORT(linear_attention, linear_args, linear_shared, LINEAR_C, LINEAR_D, LINEAR_N)
TW_STREAM_MULTICAST(linear_attention, linear_args, q, linear_stage, q)
TW_STREAM_MULTICAST(linear_attention, linear_args, k, linear_stage, k)
TW_STREAM(linear_attention, linear_args, v, linear_stage, v)
