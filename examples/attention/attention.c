/* SPDX-License-Identifier: MIT
 *
 * Flash attention, forward. One block computes ATTENTION_BQ rows of one head's output while K and V
 * stream by in tiles of ATTENTION_BKV keys (FlashAttention-2, Dao 2023).
 */
#include "attention.h"

typedef struct {
    tw_st(ATTENTION_DTYPE, ATTENTION_BKV, ATTENTION_D) k;
    tw_st(ATTENTION_DTYPE, ATTENTION_BKV, ATTENTION_DV) v;
} attention_stage;

typedef struct {
    tw_st(ATTENTION_DTYPE, ATTENTION_BQ, ATTENTION_D) tile;
} attention_query;

typedef struct {
    tw_ring(attention_stage, ATTENTION_STAGES) ring;
    attention_query query[ATTENTION_Q_SHARED]; /* one or none */
} attention_shared;

TW_KERNEL(attention, TW_PIPELINED_THREADS, (attention_args, args))
{
    attention_args g = args;
    const attention_work w = attention_plan(&g);
    tw_rt(ATTENTION_DTYPE, ATTENTION_BQ, ATTENTION_D, a) q;
    tw_rt(f32, ATTENTION_BQ, ATTENTION_BKV, acc) s;
    tw_rt(ATTENTION_DTYPE, ATTENTION_BQ, ATTENTION_BKV, a) p;
    tw_rt(f32, ATTENTION_BQ, ATTENTION_DV, acc) o;
    tw_softmax_state(ATTENTION_BQ) row;
    TW_SHARED_ALL(attention_shared, shared);
    TW_PIPE_IN_TURNS(pipe, shared->ring);
    attention_query *kept = shared->query;

    if (w.q0 >= w.len_q)
        return;
    if (ATTENTION_Q_SHARED) {
        tw_load(kept->tile, g.q, w.batch, w.head, w.q0);
        tw_sync();
    } else {
        tw_load(q, g.q, w.batch, w.head, w.q0);
    }
    tw_zero(o);
    tw_softmax_init(row);
    TW_PIPELINE (pipe, w.count) {
        TW_LOAD (pipe, i, stage) {
            const int kv0 = (w.first + i) * ATTENTION_BKV;
            tw_load_async(stage->k, g.k, w.batch, w.kv_head, kv0);
            tw_load_async(stage->v, g.v, w.batch, w.kv_head, kv0);
        }
        TW_COMPUTE (pipe, i, stage) {
            const int kv0 = (w.first + i) * ATTENTION_BKV;
            if (ATTENTION_Q_SHARED)
                tw_mm_async(s, kept->tile, stage->k, 0, 1);
            else
                tw_mm_async(s, q, stage->k, 0, 1);
            TW_ASIDE (pipe, s, ATTENTION_TURNS) {
                tw_mma_wait(o);
                if (!ATTENTION_PLAIN) {
                    tw_map(s, x, attention_scaled(x, g.scale, g.softcap));
                    if (ATTENTION_BIAS)
                        tw_map_at(s, x, r, c, x + tw_read(g.bias, w.sequence, w.head, w.q0 + r, kv0 + c));
                    if (ATTENTION_ALIBI) {
                        const float slope = tw_read(g.slopes, w.head);
                        tw_map_at(s, x, r, c, x + slope * (float)(kv0 + c - w.q0 - r - w.shift));
                    }
                    tw_map_at(
                        s, x, r, c,
                        ATTENTION_SCORE(x, w.sequence, w.head, (int64_t)(w.q0 + r), (int64_t)(kv0 + c)));
                }
                if (attention_masked(w, kv0)) {
                    if (ATTENTION_CAUSAL || ATTENTION_WINDOW)
                        tw_mask_window(s, w.q0 + w.shift, kv0, w.left, w.right, -TW_INFINITY);
                    if (!ATTENTION_CAUSAL) /* no query stands behind the last key */
                        tw_mask_cols(s, w.len_k - kv0, -TW_INFINITY);
                }
                tw_softmax_step(row, s, o, (ATTENTION_PLAIN ? g.scale : 1.0f) * TW_LOG2_E);
                tw_convert(p, s);
            }
            tw_mma_async(o, p, stage->v, 0, 0);
        }
    }
    tw_mma_wait(o);
    tw_softmax_finish(row, o);
    tw_store(g.o, o, w.batch, w.head, w.q0);
    tw_store(g.lse, row, w.batch, w.head, w.q0);
}

TW_EXPORT(attention, attention_args, attention_shared, ATTENTION_BQ, ATTENTION_BKV, ATTENTION_D, ATTENTION_DV)
TW_STREAM(attention, attention_args, k, attention_stage, k)
TW_STREAM(attention, attention_args, v, attention_stage, v)
