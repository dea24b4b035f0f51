/* SPDX-License-Identifier: MIT
 *
 * Linear attention with the second-order Taylor map, forward, in one pass: a block walks along one head's
 * tokens in chunks with the f32 state, 273 features x BASED_N, in its registers. Features are made in shared
 * memory out of the 16 channels of q and k, so neither they nor the state are ever in global memory. Within a
 * chunk the weights need no features: they are a polynomial of the scores.
 */
#include "based.h"

typedef struct {
    tw_st(BASED_DTYPE, BASED_C, BASED_D) q, k;
    tw_st(BASED_DTYPE, BASED_C, BASED_PART) v[BASED_PARTS];
} based_stage;

typedef struct {
    tw_ring(based_stage, BASED_STAGES) ring;
    tw_st(BASED_DTYPE, BASED_C, BASED_FEATURES) features; /* of the queries, then of the keys */
    tw_st(BASED_DTYPE, BASED_FEATURES, BASED_PART) state; /* as the queries multiply it */
    tw_st(BASED_DTYPE, BASED_C, BASED_C) scores;
    tw_sv(f32, 2 * BASED_FEATURES) z; /* of even steps, and of odd ones: each makes the next one's */
} based_shared;

TW_KERNEL(based, TW_PIPELINED_THREADS, (based_args, g))
{
    const based_work w = based_plan(&g);
    tw_rt(f32, BASED_FEATURES, BASED_PART, acc) state[BASED_PARTS];
    tw_rt(f32, BASED_C, BASED_PART, acc) o;
    tw_rt(f32, BASED_C, BASED_C, acc) s;
    tw_rt(f32, BASED_C, BASED_SLICE, acc) x, y;
    tw_rt(BASED_DTYPE, BASED_C, BASED_C, a) weights;
    tw_rt(BASED_DTYPE, BASED_C, BASED_SLICE, a) query;
    tw_rt(BASED_DTYPE, BASED_SLICE, BASED_C, a) keys;
    tw_rv(f32, BASED_C, row) den, more;
    tw_rv(f32, BASED_SLICE, row) z, added;
    tw_rv(f32, BASED_SLICE, a_col) z_across;
    TW_SHARED(based_shared, shared);
    TW_PIPE(pipe, shared->ring);

    TW_UNROLL
    for (int p = 0; p < BASED_PARTS; p++)
        tw_zero(state[p]);
    tw_zero(z);
    TW_ROLLED
    for (int n = 0; n < BASED_FEATURES; n += BASED_SLICE) {
        tw_view(part, 1, BASED_SLICE, shared->z, 0, n);
        tw_store(part, z);
    }
    TW_PIPELINE (pipe, w.chunks) {
        TW_LOAD (pipe, i, stage) {
            tw_load_async(stage->q, g.q, w.batch, w.head, i * BASED_C);
            tw_load_async(stage->k, g.k, w.batch, w.head, i * BASED_C);
            TW_UNROLL
            for (int p = 0; p < BASED_PARTS; p++)
                tw_load_async(stage->v[p], g.v, w.batch, w.head, i * BASED_C, w.column + p * BASED_PART);
        }
        TW_COMPUTE (pipe, i, stage) {
            tw_meet();
            tw_mm_ABt(s, stage->q, stage->k);
            tw_map(s, x, 1.0f + g.scale * x * (1.0f + 0.5f * g.scale * x));
            tw_tril(s, 0, 0.0f);
            tw_store(shared->scores, s);
            TW_ROLLED
            for (int n = 0; n < BASED_FEATURES; n += BASED_SLICE) {
                tw_view(features, BASED_C, BASED_SLICE, shared->features, 0, n);
                tw_gather(x, stage->q, r, c, r, based_first(n + c));
                tw_gather(y, stage->q, r, c, r, based_second(n + c));
                tw_map2_at(x, first, y, second, r, c, based_feature(n + c, first, second, g.scale));
                tw_store(features, x);
            }
            tw_meet();
            if (BASED_NORMALISER) { /* sums of left operands: their rows are not divided, no waves meet */
                tw_load(weights, shared->scores);
                tw_row_sum(den, weights);
                TW_ROLLED
                for (int n = 0; n < BASED_FEATURES; n += BASED_SLICE) {
                    tw_view(features, BASED_C, BASED_SLICE, shared->features, 0, n);
                    tw_view(part, 1, BASED_SLICE, shared->z, 0, i % 2 * BASED_FEATURES + n);
                    tw_load(query, features);
                    tw_load(z_across, part);
                    tw_row_dot(more, query, z_across);
                    tw_add(den, den, more);
                }
                tw_map(den, x, 1.0f / x);
            }

            TW_UNROLL
            for (int p = 0; p < BASED_PARTS; p++) {
                if (p > 0)
                    tw_meet();
                tw_store(shared->state, state[p]);
                tw_meet();
                tw_mm_AB(o, shared->features, shared->state);
                tw_mma_AB(o, shared->scores, stage->v[p]);
                if (BASED_NORMALISER)
                    tw_mul(o, o, den);
                tw_store(g.o, o, w.batch, w.head, i * BASED_C, w.column + p * BASED_PART);
            }
            tw_meet();
            TW_ROLLED
            for (int n = 0; n < BASED_FEATURES; n += BASED_SLICE) {
                tw_view(features, BASED_C, BASED_SLICE, shared->features, 0, n);
                tw_gather(x, stage->k, r, c, r, based_first(n + c));
                tw_gather(y, stage->k, r, c, r, based_second(n + c));
                tw_map2_at(x, first, y, second, r, c, based_feature(n + c, first, second, 1.0f));
                tw_store(features, x);
            }
            tw_meet();
            TW_ROLLED
            for (int n = 0; n < BASED_FEATURES && BASED_NORMALISER; n += BASED_SLICE) {
                tw_view(features, BASED_C, BASED_SLICE, shared->features, 0, n);
                tw_view(part, 1, BASED_SLICE, shared->z, 0, i % 2 * BASED_FEATURES + n);
                tw_view(next, 1, BASED_SLICE, shared->z, 0, (i + 1) % 2 * BASED_FEATURES + n);
                tw_load_transposed(keys, features);
                tw_row_sum(added, keys);
                tw_load(z, part);
                tw_add(z, z, added);
                tw_store(next, z);
            }
            TW_UNROLL
            for (int p = 0; p < BASED_PARTS; p++)
                tw_mma_AtB(state[p], shared->features, stage->v[p]);
        }
    }
}

TW_EXPORT(based, based_args, based_shared, BASED_C, BASED_FEATURES, BASED_N)
TW_STREAM(based, based_args, q, based_stage, q)
TW_STREAM(based, based_args, k, based_stage, k)
TW_STREAM(based, based_args, v, based_stage, v[0])
