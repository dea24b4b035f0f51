/* SPDX-License-Identifier: MIT
 *
 * The delta rule and the gated delta rule, causal, per batch and head:
 *
 *     S_t = f_t (S_{t-1} - b_t k_t k_t^T S_{t-1}) + b_t k_t v_t^T        o_t = scale q_t^T S_t
 *
 *   q, k   B x H x S x D      v, o   B x H x S x DV      gates, betas   B x H x S, f32
 *   initial, final   S before the first and behind the last token, B x H x D x DV, f32
 *
 * Keys are expected with norm 1, b between 0 and 1: a step is then never longer than the state. gates are
 * natural logarithms of f, at most 0; e^-87 and less is 0. With DELTA_STATE an initial state that is absent
 * (data 0, dims 0) is 0, and an absent final one is not written. D and DV of the tensors may be smaller than
 * the instance's DELTA_D and DELTA_DV. Launch B * H * ceil(DV / DELTA_N) blocks, where the quotient is
 * rounded up to whole clusters of DELTA_BLOCKS. Options:
 */
#ifndef TW_EXAMPLES_DELTA_RULE_H
#define TW_EXAMPLES_DELTA_RULE_H

#include <tilewright.h>

#ifndef DELTA_DTYPE /* of q, k, v and o: bf16 or f16 */
#define DELTA_DTYPE bf16
#endif
#ifndef DELTA_D /* key dim: 32, 64, 128 or 256 */
#define DELTA_D 128
#endif
#ifndef DELTA_DV /* value dim, a multiple of 32 */
#define DELTA_DV DELTA_D
#endif
#ifndef DELTA_DECAY /* none: f = 1 (DeltaNet); step: gates[b, h, t] (gated delta rule) */
#define DELTA_DECAY none
#endif
#ifndef DELTA_STATE /* 1: starts from the initial state and stores the final one */
#define DELTA_STATE 0
#endif

#ifndef DELTA_STEP /* 1: in delta_rule_step.c */
#define DELTA_STEP 0
#endif

enum { DELTA_DECAY_none, DELTA_DECAY_step };

typedef struct {
    tw_gl(DELTA_DTYPE, 4) q, k, v, o;
    tw_gl(f32, 3) gates, betas;
    tw_gl(f32, 4) initial, final;
    float scale;
} delta_args;

#define DELTA_TUNE(machine, d, chunk, dv, part, held, rows, cols, stages, blocks, staged)                    \
    enum {                                                                                                   \
        DELTA_C_##machine##_##d = chunk,                                                                     \
        DELTA_N_##machine##_##d = dv,                                                                        \
        DELTA_PART_##machine##_##d = part,                                                                   \
        DELTA_HELD_##machine##_##d = held                                                                    \
    };                                                                                                       \
    enum { DELTA_ROWS_##machine##_##d = rows, DELTA_COLS_##machine##_##d = cols };                           \
    enum { DELTA_STAGES_##machine##_##d = stages, DELTA_BLOCKS_##machine##_##d = blocks };                   \
    enum { DELTA_STAGED_##machine##_##d = staged };                                                          \
    TW_STATIC_ASSERT(chunk % (16 * rows) == 0 && d % (16 * rows) == 0 && part % (16 * cols) == 0 &&          \
                         chunk % (16 * cols) == 0,                                                           \
                     "delta_rule/tune.def: tile of " #machine);
#include "tune.def"

#define DELTA_STEP_COLUMNS 32 /* of a block that takes one token */
#define DELTA_TUNED(what)  TW__JOIN(TW__JOIN(TW_HERE(what), _), DELTA_D)
enum {
    DELTA_C = DELTA_TUNED(DELTA_C_),
    DELTA_WIDTH = DELTA_STEP ? DELTA_STEP_COLUMNS : (int)DELTA_TUNED(DELTA_N_),
    DELTA_N = (int)DELTA_DV < (int)DELTA_WIDTH ? (int)DELTA_DV : (int)DELTA_WIDTH,
    DELTA_PART = DELTA_N < DELTA_TUNED(DELTA_PART_) ? (int)DELTA_N : (int)DELTA_TUNED(DELTA_PART_),
    DELTA_PARTS = DELTA_N / DELTA_PART,
    DELTA_BY_PARTS = DELTA_N > DELTA_TUNED(DELTA_HELD_), /* is one of them in shared memory at a time? */
    DELTA_STAGES = DELTA_TUNED(DELTA_STAGES_),
    DELTA_STAGED = DELTA_TUNED(DELTA_STAGED_),
    DELTA_STRETCHES = (DELTA_DV + DELTA_N - 1) / DELTA_N,
    DELTA_BLOCKS = DELTA_STEP                                     ? 1
                   : DELTA_STRETCHES < DELTA_TUNED(DELTA_BLOCKS_) ? (int)DELTA_STRETCHES
                                                                  : (int)DELTA_TUNED(DELTA_BLOCKS_),
    DELTA_GATED = (int)TW__JOIN(DELTA_DECAY_, DELTA_DECAY) == (int)DELTA_DECAY_step
};
TW_STATIC_ASSERT(DELTA_DV % 32 == 0, "delta_rule: DELTA_DV must be a multiple of 32");
TW_STATIC_ASSERT(DELTA_N % DELTA_PART == 0, "delta_rule: a block's value columns must be whole parts");

TW_TEAM(DELTA_TUNED(DELTA_ROWS_), DELTA_TUNED(DELTA_COLS_), DELTA_BLOCKS);

/* What one block works on: a stretch of DELTA_N value columns of one head. */
typedef struct {
    int batch, head, column;
    int chunks;
} delta_work;

#define DELTA_LEAST_LOG -126.0f /* 2^-126, beside anything 0 */

/* A gate's natural logarithm in base 2, bounded from below. */
TW_FN float delta_log2(float x) { return tw_maxf(x * TW_LOG2_E, DELTA_LEAST_LOG); }

TW_FN delta_work delta_plan(const delta_args *g)
{
    delta_work w;
    const int heads = (int)tw_dim(g->q, 1), width = DELTA_N * DELTA_BLOCKS; /* of a cluster */
    /* Whole clusters of them: what lies behind the last column reads as 0 and is not written. */
    const int stretches = ((int)tw_dim(g->v, 3) + width - 1) / width * DELTA_BLOCKS;
    const int block = tw_block(0), pair = block / stretches;
    w.column = block % stretches * DELTA_N; /* a head's blocks side by side: they share q and k */
    w.head = pair % heads;
    w.batch = pair / heads;
    w.chunks = ((int)tw_dim(g->q, 2) + DELTA_C - 1) / DELTA_C;
    return w;
}

#endif
