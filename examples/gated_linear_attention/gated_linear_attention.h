/* SPDX-License-Identifier: MIT
 *
 * Linear attention with a decay of its own for each key channel (GLA), causal, per batch and head:
 *
 *     S_t = diag(a_t) S_{t-1} + k_t v_t^T        o_t = scale q_t^T S_t
 *
 *   q, k   B x H x S x D      v, o   B x H x S x DV      gates   B x H x S x D, f32
 *   initial, final   S before the first and behind the last token, B x H x D x DV, f32
 *
 * gates are natural logarithms of a, at most 0; e^-87 and less is 0. With GATED_STATE an initial state that
 * is absent (data 0, dims 0) is 0, and an absent final one is not written. D and DV of the tensors may be
 * smaller than the instance's GATED_D and GATED_DV. Launch B * H * ceil(DV / GATED_N) blocks. Options:
 */
#ifndef TW_EXAMPLES_GATED_LINEAR_ATTENTION_H
#define TW_EXAMPLES_GATED_LINEAR_ATTENTION_H

#include <tilewright.h>

#ifndef GATED_DTYPE /* of q, k, v and o: bf16 or f16 */
#define GATED_DTYPE bf16
#endif
#ifndef GATED_D /* key dim: 32, 64, 128 or 256 */
#define GATED_D 128
#endif
#ifndef GATED_DV /* value dim, a multiple of 32 */
#define GATED_DV GATED_D
#endif
#ifndef GATED_STATE /* 1: starts from the initial state and stores the final one */
#define GATED_STATE 0
#endif
#ifndef GATED_STEP /* 1: in gated_linear_attention_step.c */
#define GATED_STEP 0
#endif

typedef struct {
    tw_gl(GATED_DTYPE, 4) q, k, v, o;
    tw_gl(f32, 4) gates, initial, final;
    float scale;
} gated_args;

#define GATED_TUNE(machine, d, chunk, dv, part, slice, rows, cols, stages)                                   \
    enum {                                                                                                   \
        GATED_C_##machine##_##d = chunk,                                                                     \
        GATED_N_##machine##_##d = dv,                                                                        \
        GATED_PART_##machine##_##d = part,                                                                   \
        GATED_SLICE_##machine##_##d = slice                                                                  \
    };                                                                                                       \
    enum { GATED_ROWS_##machine##_##d = rows, GATED_COLS_##machine##_##d = cols };                           \
    enum { GATED_STAGES_##machine##_##d = stages };                                                          \
    TW_STATIC_ASSERT((chunk & (chunk - 1)) == 0 && chunk % (16 * rows) == 0 && d % (16 * rows) == 0 &&       \
                         dv % part == 0 && part % (16 * cols) == 0 && chunk % (16 * cols) == 0 &&            \
                         d % slice == 0 && slice % (16 * cols) == 0,                                         \
                     "gated_linear_attention/tune.def: tile of " #machine);
#include "tune.def"

#define GATED_STEP_COLUMNS 32 /* of a block that takes one token */
#define GATED_TUNED(what)  TW__JOIN(TW__JOIN(TW_HERE(what), _), GATED_D)
enum {
    GATED_C = GATED_TUNED(GATED_C_),
    GATED_WIDTH = GATED_STEP ? GATED_STEP_COLUMNS : (int)GATED_TUNED(GATED_N_),
    GATED_N = (int)GATED_DV < (int)GATED_WIDTH ? (int)GATED_DV : (int)GATED_WIDTH,
    GATED_PART = GATED_N < GATED_TUNED(GATED_PART_) ? (int)GATED_N : (int)GATED_TUNED(GATED_PART_),
    GATED_PARTS = GATED_N / GATED_PART,
    GATED_SLICE = GATED_TUNED(GATED_SLICE_),
    GATED_STAGES = GATED_TUNED(GATED_STAGES_)
};
TW_STATIC_ASSERT(GATED_DV % 32 == 0 && GATED_N % GATED_PART == 0,
                 "gated_linear_attention: GATED_DV must be a multiple of 32");

TW_TEAM(GATED_TUNED(GATED_ROWS_), GATED_TUNED(GATED_COLS_));

/* What one block works on: a stretch of GATED_N value columns of one head. */
typedef struct {
    int batch, head, column;
    int chunks;
} gated_work;

#define GATED_LEAST_LOG -126.0f /* 2^-126, beside anything 0 */

/* A gate's natural logarithm in base 2, bounded from below. */
TW_FN float gated_log2(float x) { return tw_maxf(x * TW_LOG2_E, GATED_LEAST_LOG); }

TW_FN gated_work gated_plan(const gated_args *g)
{
    gated_work w;
    const int heads = (int)tw_dim(g->q, 1), stretches = ((int)tw_dim(g->v, 3) + GATED_N - 1) / GATED_N;
    const int block = tw_block(0), pair = block / stretches;
    w.column = block % stretches * GATED_N; /* a head's blocks side by side: they share q, k and gates */
    w.head = pair % heads;
    w.batch = pair / heads;
    w.chunks = ((int)tw_dim(g->q, 2) + GATED_C - 1) / GATED_C;
    return w;
}

/* Two positions r > c of a chunk are parted where they first differ: let `half` be the highest bit in which
 * they do. Then c lies in the first half of a segment of 2 half positions, r in its second half. */
TW_FN int gated_parts(int r, int c, int half) { return r > c && ((r ^ c) & -half) == half; }

/* The last position of the first half of r's segment. */
TW_FN int gated_middle(int r, int half) { return (r | (2 * half - 1)) - half; }

#endif
