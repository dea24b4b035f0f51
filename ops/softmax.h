/* SPDX-License-Identifier: MIT
 *
 * Online softmax over the columns of successive score tiles, in base 2 (Milakov and Gimelshein 2018; the
 * rescaled output is that of FlashAttention, Dao et al. 2022).
 *
 *   tw_softmax_state(R) row;          running max and sum of R rows, a vector along the rows of acc tiles
 *   tw_softmax_init(row);
 *   tw_softmax_step(row, s, o, scale);    s, f32 acc R x C scores, becomes p = 2^(scale s - max); the sum
 *                                     takes p in; o, f32 acc R x D, is rescaled where the max moved.
 *                                     scale > 0 is usually log2(e) / sqrt(head dim). Masked scores are -inf.
 *   tw_softmax_finish(row, o);        o is divided by the sum; row becomes the natural log-sum-exp of the
 *                                     scaled scores, stored like any vector: tw_store(g.lse, row, ...)
 *   tw_softmax_merge(row, o, row2, o2);   two partial results over different columns become one, in
 *                                     (row, o); associative, so any split may be merged in any grouping
 *
 * A row all of whose scores are -inf gives o = 0 and log-sum-exp -inf. A NaN score makes its row NaN.
 */
#ifndef TW_OPS_SOFTMAX_H
#define TW_OPS_SOFTMAX_H

#include "map.h"
#include "reduce.h"

/* The state is its vector of maxima with two more vectors behind: the ops below find them by their place. */
#define tw_softmax_state(R)                                                                                  \
    struct {                                                                                                 \
        union {                                                                                              \
            struct {                                                                                         \
                float tw__max[TW__ROW_SLOTS(R)], tw__sum[TW__ROW_SLOTS(R)], tw__scale[TW__ROW_SLOTS(R)];     \
            } tw__parts;                                                                                     \
            TW__TAGS(TW__CODE(TW__VECTOR, TW_f32, TW__AXIS_row), 1, R)                                       \
        };                                                                                                   \
    }
#define TW__ROW_SLOTS(R) ((R) / TW_CORE / tw_team_rows * TW__OUTER_SLOTS)

#define TW__CHECK_SOFTMAX(op, row, o)                                                                        \
    TW_STATIC_ASSERT(sizeof(row) >= 3 * sizeof(float) * TW__ROW_SLOTS(TW__COLS_OF(row)) &&                   \
                         TW__ALONG_ROWS(row, o),                                                             \
                     "TW045 " op "(" #row ", ..., " #o "): needs a tw_softmax_state with the tile's rows")

#define tw_softmax_init(row) tw__softmax_init(TW__REF(row))
#define tw_softmax_step(row, s, o, scale)                                                                    \
    do {                                                                                                     \
        TW__CHECK_SOFTMAX("tw_softmax_step", row, s);                                                        \
        TW__CHECK_SOFTMAX("tw_softmax_step", row, o);                                                        \
        tw__softmax_step(TW__REF(row), TW__REF(s), TW__REF(o), scale);                                       \
    } while (0)
#define tw_softmax_finish(row, o)                                                                            \
    do {                                                                                                     \
        TW__CHECK_SOFTMAX("tw_softmax_finish", row, o);                                                      \
        tw__softmax_finish(TW__REF(row), TW__REF(o));                                                        \
    } while (0)
#define tw_softmax_merge(row, o, row2, o2)                                                                   \
    do {                                                                                                     \
        TW__CHECK_SOFTMAX("tw_softmax_merge", row, o);                                                       \
        TW__CHECK_SOFTMAX("tw_softmax_merge", row2, o2);                                                     \
        TW__CHECK_ALIKE("tw_softmax_merge", o, o2);                                                          \
        tw__softmax_merge(TW__REF(row), TW__REF(o), TW__REF(row2), TW__REF(o2));                             \
    } while (0)

/* The state's vectors: running max of scale * score, sum of p, and the step's factor for sum and o. */
TW_FN tw__ref tw__softmax_part(tw__ref row, int part)
{
    row.data = (float *)row.data + part * tw__vector_slots(row);
    return row;
}

enum { TW__SOFTMAX_MAX, TW__SOFTMAX_SUM, TW__SOFTMAX_SCALE };

TW_FN void tw__softmax_init(tw__ref row)
{
    tw__fill(tw__softmax_part(row, TW__SOFTMAX_MAX), -TW_INFINITY);
    tw__fill(tw__softmax_part(row, TW__SOFTMAX_SUM), 0.0f);
}

/* What to subtract before exp2: the max, or 0 where nothing has been kept yet (-inf - -inf is NaN). */
TW_FN float tw__softmax_base(float max) { return max == -TW_INFINITY ? 0.0f : max; }

TW_FN void tw__softmax_step(tw__ref row, tw__ref s, tw__ref o, float scale)
{
    tw__ref sums = tw__softmax_part(row, TW__SOFTMAX_SUM), factors = tw__softmax_part(row, TW__SOFTMAX_SCALE);
    float *max = (float *)row.data, *sum = (float *)sums.data, *factor = (float *)factors.data;
    tw__reduce(factors, s, TW__REDUCE_max, 1, 0);
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(row); n < slots; n++) {
        float moved = tw_maxf(max[n], factor[n] * scale);
        factor[n] = tw_exp2f(max[n] - tw__softmax_base(moved));
        max[n] = moved;
    }
    TW_UNROLL
    for (int n = 0, elements = tw__elements(s); n < elements; n += 2) {
        float low = tw_exp2f(tw_fmaf(tw__get(s, n), scale, -tw__softmax_base(max[tw__row_slot(s, n)])));
        float high =
            tw_exp2f(tw_fmaf(tw__get(s, n + 1), scale, -tw__softmax_base(max[tw__row_slot(s, n + 1)])));
        tw__put(s, n, low, high);
    }
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(row); n < slots; n++)
        sum[n] *= factor[n];
    tw__reduce(sums, s, TW__REDUCE_sum, 1, 1);
    tw__binary(o, o, factors, TW__OP_mul);
}

TW_FN void tw__softmax_finish(tw__ref row, tw__ref o)
{
    tw__ref factors = tw__softmax_part(row, TW__SOFTMAX_SCALE);
    float *max = (float *)row.data, *factor = (float *)factors.data;
    const float *sum = (const float *)tw__softmax_part(row, TW__SOFTMAX_SUM).data;
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(row); n < slots; n++) {
        factor[n] = sum[n] == 0.0f ? 0.0f : 1.0f / sum[n];
        max[n] = sum[n] == 0.0f ? -TW_INFINITY : (max[n] + tw_log2f(sum[n])) * TW_LN_2;
    }
    tw__binary(o, o, factors, TW__OP_mul);
}

TW_FN void tw__softmax_merge(tw__ref row, tw__ref o, tw__ref row2, tw__ref o2)
{
    tw__ref factors = tw__softmax_part(row, TW__SOFTMAX_SCALE),
            factors2 = tw__softmax_part(row2, TW__SOFTMAX_SCALE);
    float *max = (float *)row.data, *factor = (float *)factors.data, *factor2 = (float *)factors2.data;
    float *sum = (float *)tw__softmax_part(row, TW__SOFTMAX_SUM).data;
    const float *max2 = (const float *)row2.data,
                *sum2 = (const float *)tw__softmax_part(row2, TW__SOFTMAX_SUM).data;
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(row); n < slots; n++) {
        float both = tw_maxf(max[n], max2[n]);
        factor[n] = tw_exp2f(max[n] - tw__softmax_base(both));
        factor2[n] = tw_exp2f(max2[n] - tw__softmax_base(both));
        sum[n] = sum[n] * factor[n] + sum2[n] * factor2[n];
        max[n] = both;
    }
    TW_UNROLL
    for (int n = 0, elements = tw__elements(o); n < elements; n += 2) {
        int slot = tw__row_slot(o, n), next = tw__row_slot(o, n + 1);
        tw__put(o, n, tw__get(o, n) * factor[slot] + tw__get(o2, n) * factor2[slot],
                tw__get(o, n + 1) * factor[next] + tw__get(o2, n + 1) * factor2[next]);
    }
}

#endif
