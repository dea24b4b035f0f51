/* SPDX-License-Identifier: MIT
 *
 * O = softmax(score(Q K^T scale)) V and its log-sum-exp, per batch and head.
 *
 *   q     B x H x Sq x D         k   B x Hk x Sk x D       v   B x Hk x Sk x DV
 *   o     B x H x Sq x DV        lse B x H x Sq, f32, natural logarithm
 *
 * H is a multiple of Hk (grouped queries: head h reads k, v of head h / (H / Hk)). Any lengths and strides;
 * D and DV of the tensors may be smaller than the instance's ATTENTION_D and ATTENTION_DV. With
 * ATTENTION_VARLEN, B is 1, the sequences follow one another along Sq and Sk, and cu_q, cu_k (n + 1 each)
 * hold where each begins. Query i stands at key position i + Sk - Sq: both sequences end together.
 *
 * A query with no key to attend gives zeros and -inf. scale > 0. Lengths are below 2^29. Nothing overlaps o
 * or lse. Launch a 1-D grid of tiles * H * (sequences) blocks; tiles = ceil(longest Sq / ATTENTION_BQ).
 * Options:
 */
#ifndef TW_EXAMPLES_ATTENTION_H
#define TW_EXAMPLES_ATTENTION_H

#include <tilewright.h>

#ifndef ATTENTION_DTYPE /* bf16 or f16 */
#define ATTENTION_DTYPE bf16
#endif
#ifndef ATTENTION_D /* head dim of q and k, a multiple of 16 up to 256 */
#define ATTENTION_D 128
#endif
#ifndef ATTENTION_DV /* head dim of v and o */
#define ATTENTION_DV ATTENTION_D
#endif
#ifndef ATTENTION_CAUSAL /* 1: keys at most at the query's position */
#define ATTENTION_CAUSAL 0
#endif
#ifndef ATTENTION_WINDOW /* 1: keys from window_left before to window_right after the query */
#define ATTENTION_WINDOW 0
#endif
#ifndef ATTENTION_VARLEN
#define ATTENTION_VARLEN 0
#endif
#ifndef ATTENTION_BIAS /* 1: bias[b, h, i, j] is added to the scaled score */
#define ATTENTION_BIAS 0
#endif
#ifndef ATTENTION_ALIBI /* 1: slope[h] * (key position - query position) is added */
#define ATTENTION_ALIBI 0
#endif
#ifndef ATTENTION_SOFTCAP /* 1: the scaled score x becomes softcap * tanh(x / softcap), before the rest */
#define ATTENTION_SOFTCAP 0
#endif
#ifdef ATTENTION_SCORE /* a user's expression in x, b, h, i, j: the score so far, batch, head, query, key */
#define ATTENTION_SCORED 1
#else
#define ATTENTION_SCORED               0
#define ATTENTION_SCORE(x, b, h, i, j) (x)
#endif

#ifndef ATTENTION_WAVES /* waves of the team, each with 16 queries; 0: tune.def's. Above 8: half its keys a  \
                           stage */
#define ATTENTION_WAVES 0
#endif

typedef tw_gl(ATTENTION_DTYPE, 4) attention_tensor;

typedef struct {
    attention_tensor q, k, v, o;
    tw_gl(f32, 3) lse;
    tw_gl(f32, 4) bias;
    tw_gl(f32, 1) slopes;
    tw_gl(i32, 1) cu_q;
    tw_gl(i32, 1) cu_k;
    float scale, softcap;
    int32_t window_left, window_right; /* below 0: no limit */
    int32_t tiles;                     /* query tiles of the longest sequence */
} attention_args;

#define ATTENTION_TUNE(machine, dim, bq, bkv, rows, stages, q_shared, turns)                                 \
    enum { ATTENTION_BQ_##machine##_##dim = bq, ATTENTION_BKV_##machine##_##dim = bkv };                     \
    enum { ATTENTION_ROWS_##machine##_##dim = rows, ATTENTION_STAGES_##machine##_##dim = stages };           \
    enum { ATTENTION_Q_SHARED_##machine##_##dim = q_shared, ATTENTION_TURNS_##machine##_##dim = turns };     \
    TW_STATIC_ASSERT(bq % (16 * rows) == 0 && bkv % 16 == 0, "attention/tune.def: tile of " #machine);
#include "tune.def"

enum { ATTENTION_DIM = ATTENTION_D > ATTENTION_DV ? ATTENTION_D : ATTENTION_DV };
#define ATTENTION_TUNED(what)                                                                                \
    (ATTENTION_DIM <= 64    ? (int)TW__JOIN(TW_HERE(what), _64)                                              \
     : ATTENTION_DIM <= 128 ? (int)TW__JOIN(TW_HERE(what), _128)                                             \
                            : (int)TW__JOIN(TW_HERE(what), _256))
enum {
    ATTENTION_BQ = ATTENTION_WAVES ? 16 * ATTENTION_WAVES : ATTENTION_TUNED(ATTENTION_BQ_),
    ATTENTION_BKV = ATTENTION_TUNED(ATTENTION_BKV_) / (ATTENTION_WAVES > 8 ? 2 : 1),
    ATTENTION_ROWS = ATTENTION_WAVES ? ATTENTION_WAVES : ATTENTION_TUNED(ATTENTION_ROWS_),
    ATTENTION_STAGES = ATTENTION_TUNED(ATTENTION_STAGES_),
    ATTENTION_Q_SHARED = ATTENTION_TUNED(ATTENTION_Q_SHARED_),
    ATTENTION_TURNS = ATTENTION_TUNED(ATTENTION_TURNS_),
    /* the plain score's scale is folded into the softmax */
    ATTENTION_PLAIN = !(ATTENTION_BIAS || ATTENTION_ALIBI || ATTENTION_SOFTCAP || ATTENTION_SCORED)
};
TW_STATIC_ASSERT(ATTENTION_D % 16 == 0 && ATTENTION_D <= 256 && ATTENTION_DV % 16 == 0 && ATTENTION_DV <= 256,
                 "attention: ATTENTION_D and ATTENTION_DV must be multiples of 16 up to 256");

TW_TEAM(ATTENTION_ROWS, 1);

/* What one block works on. Lengths and positions are those of its sequence. */
typedef struct {
    int batch, head, kv_head; /* coordinates in the tensors */
    int sequence;
    int q0, len_q, len_k;
    int shift;        /* key position of query 0 */
    int left, right;  /* keys kept: position - left .. position + right */
    int first, count; /* K/V tiles that hold a kept key */
} attention_work;

/* Lengths stay below it, so that sums of three fit in an int; windows beyond it are no limit. */
enum { ATTENTION_FAR = 1 << 29 };

/* A limit of the window as given: below 0 means none. */
TW_FN int attention_limit(int32_t given)
{
    return ATTENTION_WINDOW && given >= 0 && given < ATTENTION_FAR ? given : ATTENTION_FAR;
}

/* A head's tiles, the last first: under a causal mask those have the most work. They share K and V, as do
 * heads of a group. Cuts the tensors of `g` to the block's sequence. */
TW_FN attention_work attention_plan(attention_args *g)
{
    attention_work w;
    const int heads = (int)tw_dim(g->q, 1);
    const int sequences = ATTENTION_VARLEN ? (int)tw_dim(g->cu_q, 0) - 1 : (int)tw_dim(g->q, 0);
    const tw_grid_place place = tw_grid_groups(heads * sequences, g->tiles);
    int low, high;
    w.head = place.row % heads;
    w.kv_head = w.head / (heads / (int)tw_dim(g->k, 1));
    w.sequence = place.row / heads;
    w.batch = ATTENTION_VARLEN ? 0 : w.sequence;
    w.q0 = tw_natural(g->tiles - 1 - place.col) * ATTENTION_BQ;
    if (ATTENTION_VARLEN) {
        const int q_begin = tw_read_int(g->cu_q, w.sequence), k_begin = tw_read_int(g->cu_k, w.sequence);
        const int q_count = tw_read_int(g->cu_q, w.sequence + 1) - q_begin;
        const int k_count = tw_read_int(g->cu_k, w.sequence + 1) - k_begin;
        tw_narrow(g->q, 2, q_begin, q_count);
        tw_narrow(g->o, 2, q_begin, q_count);
        tw_narrow(g->lse, 2, q_begin, q_count);
        tw_narrow(g->k, 2, k_begin, k_count);
        tw_narrow(g->v, 2, k_begin, k_count);
    }
    w.len_q = (int)tw_dim(g->q, 2);
    w.len_k = (int)tw_dim(g->k, 2);
    w.shift = w.len_k - w.len_q;
    w.left = attention_limit(g->window_left);
    w.right = ATTENTION_CAUSAL ? 0 : attention_limit(g->window_right);
    low = w.q0 + w.shift - w.left;
    high = w.q0 + ATTENTION_BQ + w.shift + w.right;
    low = low < 0 ? 0 : low;
    high = high > w.len_k ? w.len_k : high;
    w.first = low / ATTENTION_BKV;
    w.count = high > low ? (high + ATTENTION_BKV - 1) / ATTENTION_BKV - w.first : 0;
    return w;
}

/* Does the tile of keys from kv0 on hold a key that some query of the block may not see? */
TW_FN int attention_masked(attention_work w, int kv0)
{
    const int ahead = kv0 - w.q0 - w.shift; /* first key's position less first query's */
    return kv0 + ATTENTION_BKV > w.len_k || ahead + ATTENTION_BKV - 1 > w.right ||
           ahead - (ATTENTION_BQ - 1) < -w.left;
}

/* The scaled score, capped if that is asked for. */
TW_FN float attention_scaled(float x, float scale, float cap)
{
    return ATTENTION_SOFTCAP ? cap * tw_tanhf(x * (scale / cap)) : x * scale;
}

#endif
