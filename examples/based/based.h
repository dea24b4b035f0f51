/* SPDX-License-Identifier: MIT
 *
 * Linear attention with the second-order Taylor map of Based (Arora et al. 2024), causal, per batch and head:
 *
 *     o_t = sum over s <= t of w(t, s) v_s        w = 1 + x + x^2 / 2,  x = scale q_t . k_s
 *
 * with a normaliser divided by the sum of the w. As a recurrence, phi(x) = (x x^T / sqrt(2), x, 1):
 *
 *     S_t = S_{t-1} + phi(k_t) v_t^T        z_t = z_{t-1} + phi(k_t)        o_t = phi(scale q_t)^T S_t
 *
 *   q, k   B x H x S x D, D at most 16      v, o   B x H x S x DV
 *
 * Launch B * H * ceil(DV / BASED_N) blocks. Options:
 */
#ifndef TW_EXAMPLES_BASED_H
#define TW_EXAMPLES_BASED_H

#include <tilewright.h>

#ifndef BASED_DTYPE /* of q, k, v and o: bf16 or f16 */
#define BASED_DTYPE bf16
#endif
#ifndef BASED_DV /* value dim, a multiple of 32 */
#define BASED_DV 64
#endif
#ifndef BASED_NORMALISER
#define BASED_NORMALISER 1
#endif

typedef struct {
    tw_gl(BASED_DTYPE, 4) q, k, v, o;
    float scale;
} based_args;

#define BASED_TUNE(machine, chunk, dv, part, rows, cols, stages)                                             \
    enum { BASED_C_##machine = chunk, BASED_N_##machine = dv, BASED_PART_##machine = part };                 \
    enum { BASED_ROWS_##machine = rows, BASED_COLS_##machine = cols, BASED_STAGES_##machine = stages };      \
    TW_STATIC_ASSERT(chunk % (16 * rows) == 0 && dv % part == 0 && part % (16 * cols) == 0 &&                \
                         chunk % (16 * cols) == 0 && cols <= 2,                                              \
                     "based/tune.def: tile of " #machine);
#include "tune.def"

enum {
    BASED_D = 16,
    BASED_LINEAR = BASED_D * BASED_D,   /* the first feature that is a channel itself */
    BASED_ONE = BASED_LINEAR + BASED_D, /* the feature that is 1; behind it zeros */
    BASED_GRAIN = 16 * (int)TW_HERE(BASED_ROWS_) < 32 ? 32 : 16 * (int)TW_HERE(BASED_ROWS_),
    BASED_FEATURES = (BASED_ONE + BASED_GRAIN) / BASED_GRAIN * BASED_GRAIN,
    BASED_SLICE = BASED_GRAIN, /* features that are made at a time */
    BASED_C = TW_HERE(BASED_C_),
    BASED_N = (int)BASED_DV < (int)TW_HERE(BASED_N_) ? (int)BASED_DV : (int)TW_HERE(BASED_N_),
    BASED_PART = (int)BASED_N < (int)TW_HERE(BASED_PART_) ? (int)BASED_N : (int)TW_HERE(BASED_PART_),
    BASED_PARTS = BASED_N / BASED_PART,
    BASED_STAGES = TW_HERE(BASED_STAGES_)
};
TW_STATIC_ASSERT(BASED_DV % 32 == 0 && BASED_N % BASED_PART == 0, "based: BASED_DV must be a multiple of 32");

TW_TEAM(TW_HERE(BASED_ROWS_), TW_HERE(BASED_COLS_));

/* What one block works on: a stretch of BASED_N value columns of one head. */
typedef struct {
    int batch, head, column;
    int chunks;
} based_work;

TW_FN based_work based_plan(const based_args *g)
{
    based_work w;
    const int heads = (int)tw_dim(g->q, 1), stretches = ((int)tw_dim(g->v, 3) + BASED_N - 1) / BASED_N;
    const int block = tw_block(0), pair = block / stretches;
    w.column = block % stretches * BASED_N; /* a head's blocks side by side: they share q and k */
    w.head = pair % heads;
    w.batch = pair / heads;
    w.chunks = ((int)tw_dim(g->q, 2) + BASED_C - 1) / BASED_C;
    return w;
}

/* The two channels whose product feature n is, up to its factor; x and y hold them. */
TW_FN int based_first(int n) { return n < BASED_LINEAR ? n / BASED_D : n % BASED_D; }
TW_FN int based_second(int n) { return n % BASED_D; }
TW_FN float based_feature(int n, float x, float y, float scale)
{
    return n < BASED_LINEAR ? 0.70710678f * (scale * x) * (scale * y)
           : n < BASED_ONE  ? scale * x
           : n == BASED_ONE ? 1.0f
                            : 0.0f;
}

#endif
