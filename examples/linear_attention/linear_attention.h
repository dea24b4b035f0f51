/* SPDX-License-Identifier: MIT
 *
 * Causal linear attention with a scalar decay, and its kin, per batch and head:
 *
 *     S_t = f_t S_{t-1} + i_t phi(k_t) v_t^T        z_t = f_t z_{t-1} + i_t phi(k_t)
 *     o_t = scale phi(q_t)^T S_t                    divided by scale phi(q_t)^T z_t where there is a
 * normaliser
 *
 *   q, k   B x H x S x D      v, o   B x H x S x DV      gates, input_gates   B x H x S, f32
 *   initial, final   S before the first and behind the last token, B x H x D x DV, f32; z, B x H x D; m, B x
 * H
 *
 * Logarithms of gates are natural ones, at most 0; e^-87 and less is 0. With LINEAR_STATE
 * an initial state that is absent (data 0, dims 0) is 0, and an absent final one is not written. D and DV of
 * the tensors may be smaller than the instance's LINEAR_D and LINEAR_DV. Launch B * H * ceil(DV / LINEAR_N)
 * blocks, where the quotient is rounded up to whole clusters of LINEAR_BLOCKS, here and below.
 *
 * Few heads leave a machine idle: a sequence may also go in P parts of whole chunks, in three launches.
 * LINEAR_PASS states finds what parts 0 to P - 2 add to the state, from 0, each in a block of its own: B * H
 * * (P - 1) * ceil(DV / LINEAR_N); part p's goes to slot p + 1 of `final`, B * H x P x D x DV here, with z
 * and m alike, and its decay's logarithm to slot p + 1 of `kept`, B * H x P x 1. Then examples/state_scan
 * makes the states before the parts of them. LINEAR_PASS outputs, B * H * P * ceil(DV / LINEAR_N) blocks,
 * starts each part from its slot, as `initial`, initial_z and initial_m. Without causality all parts go to P
 * + 1 slots, and all start from the last one. Options:
 */
#ifndef TW_EXAMPLES_LINEAR_ATTENTION_H
#define TW_EXAMPLES_LINEAR_ATTENTION_H

#include <tilewright.h>

#ifndef LINEAR_DTYPE /* of q, k, v and o: bf16 or f16 */
#define LINEAR_DTYPE bf16
#endif
#ifndef LINEAR_D /* key dim: 32, 64, 128 or 256 */
#define LINEAR_D 128
#endif
#ifndef LINEAR_DV /* value dim, a multiple of 32 */
#define LINEAR_DV LINEAR_D
#endif
#ifndef LINEAR_CAUSAL /* 0: every query sees every key; no decay then */
#define LINEAR_CAUSAL 1
#endif
#ifndef LINEAR_DECAY /* none: f = 1; head: one for each head (retention, Lightning); step: gates[b, h, t] */
#define LINEAR_DECAY none
#endif
#ifndef LINEAR_INPUT /* input gate, none: i = 1; exp, sigmoid: of input_gates[b, h, t] (mLSTM) */
#define LINEAR_INPUT none
#endif
#ifndef LINEAR_NORMALISER
#define LINEAR_NORMALISER 0
#endif
#ifndef LINEAR_STATE /* 1: starts from the initial state and stores the final one */
#define LINEAR_STATE 0
#endif
#ifndef LINEAR_PASS /* whole, states or outputs */
#define LINEAR_PASS whole
#endif
#ifndef LINEAR_STEP /* 1: in linear_attention_step.c */
#define LINEAR_STEP 0
#endif
#ifdef LINEAR_FEATURE /* a user's expression in x: phi, element by element */
#define LINEAR_MAPPED 1
#else
#define LINEAR_MAPPED     0
#define LINEAR_FEATURE(x) (x)
#endif

enum { LINEAR_DECAY_none, LINEAR_DECAY_head, LINEAR_DECAY_step };
enum { LINEAR_INPUT_none, LINEAR_INPUT_exp, LINEAR_INPUT_sigmoid };
enum { LINEAR_PASS_whole, LINEAR_PASS_states, LINEAR_PASS_outputs };

typedef tw_gl(LINEAR_DTYPE, 4) linear_tensor;

typedef struct {
    linear_tensor q, k, v, o;
    tw_gl(f32, 3) gates, input_gates;
    tw_gl(f32, 1) decays; /* logarithm of each head's decay */
    tw_gl(f32, 4) initial, final;
    tw_gl(f32, 3) initial_z, final_z;
    tw_gl(f32, 3) initial_m, final_m; /* B x H x 1 */
    tw_gl(f32, 3) kept;               /* of LINEAR_PASS states */
    float scale;
} linear_args;

#define LINEAR_TUNE(machine, d, chunk, dv, part, held, by, ahead, rows, cols, blocks)                        \
    enum {                                                                                                   \
        LINEAR_C_##machine##_##d = chunk,                                                                    \
        LINEAR_N_##machine##_##d = dv,                                                                       \
        LINEAR_PART_##machine##_##d = part,                                                                  \
        LINEAR_HELD_##machine##_##d = held                                                                   \
    };                                                                                                       \
    enum {                                                                                                   \
        LINEAR_ROWS_##machine##_##d = rows,                                                                  \
        LINEAR_COLS_##machine##_##d = cols,                                                                  \
        LINEAR_BLOCKS_##machine##_##d = blocks                                                               \
    };                                                                                                       \
    enum { LINEAR_BY_##machine##_##d = by, LINEAR_AHEAD_##machine##_##d = ahead };                           \
    TW_STATIC_ASSERT(chunk % (16 * rows) == 0 && d % (16 * rows) == 0 && part % (16 * cols) == 0 &&          \
                         by % (16 * cols) == 0 && chunk % (16 * cols) == 0,                                  \
                     "linear_attention/tune.def: tile of " #machine);
#include "tune.def"

#define LINEAR_STEP_COLUMNS              32 /* of a block that takes one token */
#define LINEAR_IS(prefix, value, wanted) ((int)TW__JOIN(prefix, value) == (int)prefix##wanted)
#define LINEAR_TUNED(what)               TW__JOIN(TW__JOIN(TW_HERE(what), _), LINEAR_D)
enum {
    LINEAR_C = LINEAR_TUNED(LINEAR_C_),
    LINEAR_WIDTH = LINEAR_STEP ? LINEAR_STEP_COLUMNS : (int)LINEAR_TUNED(LINEAR_N_),
    LINEAR_N = (int)LINEAR_DV < (int)LINEAR_WIDTH ? (int)LINEAR_DV : (int)LINEAR_WIDTH,
    /* is a part of the state in shared memory at a time, of several? */
    LINEAR_BY_PARTS = LINEAR_N > LINEAR_TUNED(LINEAR_HELD_),
    LINEAR_MADE = LINEAR_BY_PARTS ? (int)LINEAR_TUNED(LINEAR_BY_) : (int)LINEAR_TUNED(LINEAR_PART_),
    LINEAR_PART = LINEAR_N < LINEAR_MADE ? (int)LINEAR_N : (int)LINEAR_MADE,
    LINEAR_PARTS = LINEAR_N / LINEAR_PART,
    LINEAR_STRETCHES = (LINEAR_DV + LINEAR_N - 1) / LINEAR_N,
    LINEAR_BLOCKS = LINEAR_STEP                                       ? 1
                    : LINEAR_STRETCHES < LINEAR_TUNED(LINEAR_BLOCKS_) ? (int)LINEAR_STRETCHES
                                                                      : (int)LINEAR_TUNED(LINEAR_BLOCKS_),
    LINEAR_STAGES = LINEAR_N > LINEAR_TUNED(LINEAR_AHEAD_) ? 1 : 2,
    LINEAR_PER_HEAD = LINEAR_IS(LINEAR_DECAY_, LINEAR_DECAY, head),
    LINEAR_PER_STEP = LINEAR_IS(LINEAR_DECAY_, LINEAR_DECAY, step),
    LINEAR_EXP_INPUT = LINEAR_IS(LINEAR_INPUT_, LINEAR_INPUT, exp),
    LINEAR_SIGMOID_INPUT = LINEAR_IS(LINEAR_INPUT_, LINEAR_INPUT, sigmoid),
    LINEAR_GATED_INPUT = LINEAR_EXP_INPUT || LINEAR_SIGMOID_INPUT,
    LINEAR_DIVIDED = LINEAR_NORMALISER || LINEAR_EXP_INPUT,
    LINEAR_STATES = LINEAR_IS(LINEAR_PASS_, LINEAR_PASS, states),
    LINEAR_OUTPUTS = LINEAR_IS(LINEAR_PASS_, LINEAR_PASS, outputs),
    LINEAR_TWICE = !LINEAR_CAUSAL && !LINEAR_STATES && !LINEAR_OUTPUTS, /* keys and values, then queries */
    LINEAR_STARTS = LINEAR_OUTPUTS || (LINEAR_STATE && !LINEAR_STATES), /* from `initial` */
    /* does a source position count by its weight? z has to leave out those behind the end */
    LINEAR_WEIGHTED = LINEAR_PER_HEAD || LINEAR_PER_STEP || LINEAR_GATED_INPUT || LINEAR_DIVIDED,
    LINEAR_STEPS = LINEAR_PER_STEP || LINEAR_GATED_INPUT, /* is there a gate for each token? */
    LINEAR_M_STARTS = LINEAR_EXP_INPUT && LINEAR_STARTS,  /* mLSTM's stabiliser: from `initial_m` */
    LINEAR_M_ADDS = LINEAR_EXP_INPUT && LINEAR_STATES,    /* from nothing, in a part's own state */
    LINEAR_O_FIRST =
        LINEAR_WEIGHTED || LINEAR_BY_PARTS || !LINEAR_CAUSAL /* before the scores' product is added */
};
TW_STATIC_ASSERT(LINEAR_DV % 32 == 0, "linear_attention: LINEAR_DV must be a multiple of 32");
TW_STATIC_ASSERT(LINEAR_N % LINEAR_PART == 0,
                 "linear_attention: a block's value columns must be whole parts");
TW_STATIC_ASSERT(LINEAR_CAUSAL || !(LINEAR_PER_HEAD || LINEAR_PER_STEP || LINEAR_GATED_INPUT),
                 "linear_attention: gates and decay need LINEAR_CAUSAL 1");

TW_TEAM(LINEAR_TUNED(LINEAR_ROWS_), LINEAR_TUNED(LINEAR_COLS_), LINEAR_BLOCKS);

/* What one block works on: a stretch of LINEAR_N value columns of one head, or of a part of its sequence. */
typedef struct {
    int batch, head, column;
    int from, from_place, to, to_place; /* first coordinates of where its state comes from and goes to */
    int ends;                           /* does it leave its state there? */
    int first;                          /* chunk */
    int length, chunks,
        steps;   /* tokens; chunks of them; steps of the loop: without causality each chunk twice */
    float decay; /* base-2 logarithm, of a head */
} linear_work;

#define LINEAR_LEAST_LOG -126.0f /* 2^-126, beside anything 0 */
#define LINEAR_NEVER     -1e30f  /* stabiliser of a state that nothing is in yet */
#define LINEAR_BEHIND    1e30f   /* the source exponent of a position behind the end: its weight is 0 */

/* A gate's natural logarithm in base 2, bounded from below. */
TW_FN float linear_log2(float x) { return tw_maxf(x * TW_LOG2_E, LINEAR_LEAST_LOG); }

/* log2(1 + 2^x) without overflow: minus the logarithm of sigmoid(-x ln 2). */
TW_FN float linear_softplus2(float x) { return tw_maxf(x, 0.0f) + tw_log2f(1.0f + tw_exp2f(-tw_absf(x))); }

TW_FN linear_work linear_plan(const linear_args *g)
{
    linear_work w;
    const int heads = (int)tw_dim(g->q, 1), width = LINEAR_N * LINEAR_BLOCKS; /* of a cluster */
    /* Whole clusters of them: what lies behind the last column reads as 0 and is not written. */
    const int stretches = ((int)tw_dim(g->v, 3) + width - 1) / width * LINEAR_BLOCKS;
    const int slots = (int)(LINEAR_STATES ? tw_dim(g->final, 1) : LINEAR_OUTPUTS ? tw_dim(g->initial, 1) : 1);
    const int parts = !LINEAR_CAUSAL && !LINEAR_TWICE ? slots - 1 : slots;
    const int launched = LINEAR_STATES ? slots - 1 : parts;
    const int block = tw_block(0), part = tw_natural(block / stretches % launched);
    const int pair = tw_natural(block / stretches / launched);
    const int chunks = ((int)tw_dim(g->q, 2) + LINEAR_C - 1) / LINEAR_C, rest = chunks % parts;
    w.column =
        tw_natural(block % stretches) * LINEAR_N; /* a head's blocks side by side: they share q and k */
    w.head = tw_natural(pair % heads);
    w.batch = tw_natural(pair / heads);
    w.from = LINEAR_OUTPUTS ? pair : w.batch;
    w.from_place = LINEAR_OUTPUTS ? (LINEAR_CAUSAL ? part : parts) : w.head;
    w.to = LINEAR_STATES ? pair : w.batch;
    w.to_place = LINEAR_STATES ? part + 1 : w.head;
    w.ends = LINEAR_STATES || (LINEAR_STATE && part == parts - 1);
    w.length = (int)tw_dim(g->q, 2);
    w.first = tw_natural(chunks / parts * part + (part < rest ? part : rest));
    w.chunks = chunks / parts + (part < rest);
    w.steps = LINEAR_TWICE ? 2 * w.chunks : w.chunks;
    w.decay = LINEAR_PER_HEAD ? linear_log2(tw_read(g->decays, w.head)) : 0.0f;
    return w;
}

/* The chunk that step i of the loop works on; whether it takes the chunk's keys into the state, and whether
 * it gives the chunk's outputs. */
TW_FN int linear_chunk(linear_work w, int i) { return LINEAR_TWICE ? i % w.chunks : w.first + i; }
TW_FN int linear_takes(linear_work w, int i)
{
    return LINEAR_CAUSAL ? 1 : LINEAR_TWICE ? i < w.chunks : (int)LINEAR_STATES;
}
TW_FN int linear_gives(linear_work w, int i) { return !LINEAR_STATES && (!LINEAR_TWICE || i >= w.chunks); }

/* 1 / den, or 0 where den is; a stabilised one is at least what 1 has become in the state's scale, 2^least.
 */
TW_FN float linear_reciprocal(float den, float least)
{
    den = LINEAR_EXP_INPUT ? tw_maxf(tw_absf(den), tw_exp2f(least)) : den;
    return den == 0.0f ? 0.0f : 1.0f / den;
}

/* What one token does with the state: the factors of what was there and of what comes, and the new
 * stabiliser. */
typedef struct {
    float kept, input, m;
} linear_gate;

TW_FN linear_gate linear_step_gate(const linear_args *g, linear_work w)
{
    const float log_kept = LINEAR_PER_STEP ? linear_log2(tw_read(g->gates, w.batch, w.head)) : w.decay;
    const float x = LINEAR_GATED_INPUT ? tw_read(g->input_gates, w.batch, w.head) : 0.0f;
    const float before = LINEAR_EXP_INPUT ? tw_read(g->initial_m, w.batch, w.head) * TW_LOG2_E : 0.0f;
    linear_gate gate;
    gate.m = LINEAR_EXP_INPUT ? tw_maxf(before + log_kept, x * TW_LOG2_E) : 0.0f;
    gate.kept = tw_exp2f(log_kept + before - gate.m);
    gate.input = LINEAR_EXP_INPUT       ? tw_exp2f(x * TW_LOG2_E - gate.m)
                 : LINEAR_SIGMOID_INPUT ? tw_sigmoidf(x)
                                        : 1.0f;
    return gate;
}

#endif
