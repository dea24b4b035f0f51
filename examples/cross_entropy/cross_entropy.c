/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy fused with its projection. One tile of logits after another is multiplied, taken in,
 * forgotten.
 */
#include "cross_entropy.h"

typedef struct {
    tw_st(CROSS_ENTROPY_DTYPE, CROSS_ENTROPY_BM, CROSS_ENTROPY_BK) hidden;
    tw_st(CROSS_ENTROPY_DTYPE, CROSS_ENTROPY_BN, CROSS_ENTROPY_BK) weight;
} cross_entropy_stage;

typedef struct {
    tw_ring(cross_entropy_stage, CROSS_ENTROPY_STAGES) ring;
} cross_entropy_shared;

TW_KERNEL(cross_entropy, TW_PIPELINED_THREADS, (cross_entropy_args, g))
{
    const int64_t token = (int64_t)tw_block(0) * CROSS_ENTROPY_BM;
    const int64_t V = tw_dim(g.weight, 0), D = tw_dim(g.weight, 1);
    const int tiles = (int)((V + CROSS_ENTROPY_BN - 1) / CROSS_ENTROPY_BN);
    const int steps = (int)((D + CROSS_ENTROPY_BK - 1) / CROSS_ENTROPY_BK);
    int done = 0, left = (int)V; /* steps of this tile, vocabulary from it on */
    tw_rt(f32, CROSS_ENTROPY_BM, CROSS_ENTROPY_BN, acc) z, part;                    /* BM x BN logits */
    tw_rv(f32, CROSS_ENTROPY_BM, row) label, max, sum, chosen, total, before, more; /* BM */
    TW_SHARED(cross_entropy_shared, shared);
    TW_PIPE(pipe, shared->ring);

    tw_load(label, g.labels, token);
    tw_fill(max, -TW_INFINITY);
    tw_zero(sum);
    tw_zero(chosen);
    tw_zero(total);
    tw_zero(z);
    TW_PIPELINE (pipe, tiles * steps) {
        TW_LOAD (pipe, i, stage) {
            const int64_t k = (int64_t)(i % steps) * CROSS_ENTROPY_BK;
            tw_load_async(stage->hidden, g.hidden, token, k);
            tw_load_async(stage->weight, g.weight, (int64_t)(i / steps) * CROSS_ENTROPY_BN, k);
        }
        TW_COMPUTE (pipe, i, stage) {
            tw_mma_ABt(z, stage->hidden, stage->weight);
            if (++done == steps) { /* the tile's logits are complete */
                if (CROSS_ENTROPY_SOFTCAP)
                    tw_map(z, x, g.softcap * tw_tanhf(x / g.softcap));
                if (CROSS_ENTROPY_SMOOTHING)
                    tw_row_sum_onto(total, z); /* what lies beyond V is 0 */
                tw_copy(part, z);
                tw_map_row_at(part, x, c, label, at, (float)c == at ? x : 0.0f);
                tw_row_sum_onto(chosen, part);
                tw_map(label, x, x - (float)CROSS_ENTROPY_BN);
                if (left < CROSS_ENTROPY_BN)
                    tw_mask_cols(z, left, -TW_INFINITY);
                left -= CROSS_ENTROPY_BN;
                tw_copy(before, max);
                tw_row_max_onto(max, z);
                tw_map_row(z, x, max, m, cross_entropy_weight(x, m));
                tw_row_sum(more, z);
                tw_map2(before, x, max, m, cross_entropy_weight(x, m));
                tw_fma(sum, sum, before, more);
                tw_zero(z);
                done = 0;
            }
        }
    }
    tw_map(sum, x, tw_logf(x));
    if (CROSS_ENTROPY_SMOOTHING) {
        tw_map(total, x, x * (1.0f / (float)V));
        tw_map2(chosen, x, total, mean, x + g.smoothing * (mean - x));
    }
    tw_sub(chosen, max, chosen); /* near each other: first of all */
    tw_add(chosen, chosen, sum);
    tw_load(label, g.labels, token);
    tw_map2(chosen, x, label, y, cross_entropy_ignored(&g, y) ? 0.0f : x);
    tw_add(sum, sum, max);
    tw_store(g.loss, chosen, token);
    tw_store(g.lse, sum, token);
}

TW_EXPORT(cross_entropy, cross_entropy_args, cross_entropy_shared, CROSS_ENTROPY_BM, CROSS_ENTROPY_BN)
TW_STREAM(cross_entropy, cross_entropy_args, hidden, cross_entropy_stage, hidden)
TW_STREAM(cross_entropy, cross_entropy_args, weight, cross_entropy_stage, weight)
