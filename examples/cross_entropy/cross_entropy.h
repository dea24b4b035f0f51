/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy of a projection, whose logits are never in memory: z = cap(hidden weight^T),
 *
 *   lse[t]  = log sum over v of e^z[t][v]
 *   loss[t] = lse[t] - (1 - smoothing) z[t][label[t]] - smoothing mean over v of z[t][v],   0 for an ignored
 * label
 *
 *   hidden  T x D       weight  V x D       labels  T, i32       loss, lse  T, f32
 *
 * cap(x) = softcap tanh(x / softcap) with CROSS_ENTROPY_SOFTCAP, else x. Ignored: label `ignore`, and any
 * outside 0 .. V - 1. Any T, D from 1, V up to 2^24; any strides; rows of 16-byte alignment are the fast way.
 * Sums f32, maximum and sum of each row online (Milakov and Gimelshein, 2018). Nothing overlaps loss or lse.
 *
 * A block takes CROSS_ENTROPY_BM tokens through the whole vocabulary: launch a 1-D grid of ceil(T /
 * CROSS_ENTROPY_BM) blocks. They walk the vocabulary side by side, so that the cache holds the part of the
 * weight at hand. Options:
 */
#ifndef TW_EXAMPLES_CROSS_ENTROPY_H
#define TW_EXAMPLES_CROSS_ENTROPY_H

#include <tilewright.h>

#ifndef CROSS_ENTROPY_DTYPE /* bf16 or f16: of hidden and weight */
#define CROSS_ENTROPY_DTYPE bf16
#endif
#ifndef CROSS_ENTROPY_SMOOTHING /* 1: label smoothing */
#define CROSS_ENTROPY_SMOOTHING 0
#endif
#ifndef CROSS_ENTROPY_SOFTCAP
#define CROSS_ENTROPY_SOFTCAP 0
#endif

typedef struct {
    tw_gl(CROSS_ENTROPY_DTYPE, 2) hidden;
    tw_gl(CROSS_ENTROPY_DTYPE, 2) weight;
    tw_gl(i32, 1) labels;
    tw_gl(f32, 1) loss;
    tw_gl(f32, 1) lse;
    float smoothing, softcap;
    int32_t ignore;
} cross_entropy_args;

#define CROSS_ENTROPY_TUNE(machine, bm, bn, bk, rows, stages)                                                \
    enum { CROSS_ENTROPY_BM_##machine = bm, CROSS_ENTROPY_BN_##machine = bn };                               \
    enum { CROSS_ENTROPY_BK_##machine = bk, CROSS_ENTROPY_ROWS_##machine = rows };                           \
    enum { CROSS_ENTROPY_STAGES_##machine = stages };                                                        \
    TW_STATIC_ASSERT(bm % (16 * rows) == 0 && bn % 16 == 0 && bk % 16 == 0,                                  \
                     "cross_entropy/tune.def: tile of " #machine);
#include "tune.def"

enum {
    CROSS_ENTROPY_BM = TW_HERE(CROSS_ENTROPY_BM_),
    CROSS_ENTROPY_BN =
        TW_HERE(CROSS_ENTROPY_BN_) / (CROSS_ENTROPY_SOFTCAP + 1), /* tanh takes registers, too */
    CROSS_ENTROPY_BK = TW_HERE(CROSS_ENTROPY_BK_),
    CROSS_ENTROPY_STAGES = TW_HERE(CROSS_ENTROPY_STAGES_)
};

TW_TEAM(TW_HERE(CROSS_ENTROPY_ROWS_), 1);

/* e^(z - max); the difference comes first: it is exact where it matters, also among logits of 1e4. */
TW_FN float cross_entropy_weight(float z, float max)
{
    return tw_expf(z - (max == -TW_INFINITY ? 0.0f : max));
}

TW_FN int cross_entropy_ignored(const cross_entropy_args *g, float label)
{
    return label == (float)g->ignore || label < 0.0f || label >= (float)tw_dim(g->weight, 0);
}

#endif
