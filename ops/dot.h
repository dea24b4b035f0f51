/* SPDX-License-Identifier: MIT
 *
 * Products of a register tile and vectors, and of two vectors, in f32, in an order that depends on the shape
 * alone.
 *
 *   tw_row_dot(v, t, u)      v[r] = sum over c of t[r][c] u[c]: v along t's rows, u along its columns
 *   tw_col_dot(v, t, u)      v[c] = sum over r of t[r][c] u[r]
 *   tw_dot(x, u, v)          x, a float variable, gets the sum of u[i] v[i]; vectors of one axis and length
 *   tw_outer_add(t, u, v)    t[r][c] += u[r] v[c]
 *
 * The team calls them together; where a sum is divided over waves they meet in shared scratch memory, twice.
 */
#ifndef TW_OPS_DOT_H
#define TW_OPS_DOT_H

#include "reduce.h"

TW_FN void tw__tile_dot(tw__ref v, tw__ref t, tw__ref u, int by_row)
{
    float found[TW__CORES_MAX * TW_CORE] = {0};
    int role = tw__role(t), lanes = tw__axis_outer(tw__role(v)) ? TW__INNER_LANES : TW__OUTER_LANES;
    int parts = by_row ? (role == TW__ROLE_a ? 1 : t.team_cols) : (role == TW__ROLE_b ? 1 : t.team_rows);
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n++) {
        int row = tw__row_slot(t, n), col = tw__col_slot(t, n), slot = by_row ? row : col;
        found[slot] = tw_fmaf(tw__get(t, n), ((const float *)u.data)[by_row ? col : row], found[slot]);
    }
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        found[n] = tw__combine_lanes(TW__REDUCE_sum, found[n], lanes);
    if (parts > 1 && !tw__outside_team(t))
        tw__combine_waves(TW__REDUCE_sum, v, found, by_row ? tw__wave_col(t) : tw__wave_row(t), parts);
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        ((float *)v.data)[n] = found[n];
}

TW_FN float tw__dot(tw__ref u, tw__ref v)
{
    float value = 0.0f, *scratch = (float *)tw__isa_shared_scratch();
    int axis = tw__role(u), parts = tw__axis_share(u);
    int part = axis == TW__AXIS_row ? tw__wave_row(u) : tw__wave_col(u);
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(u); n < slots; n++)
        value = tw_fmaf(tw__get(u, n), tw__get(v, n), value);
    value =
        tw__combine_lanes(TW__REDUCE_sum, value, tw__axis_outer(axis) ? TW__OUTER_LANES : TW__INNER_LANES);
    if (parts == 1 || tw__outside_team(u))
        return value;
    tw__meet(tw__team_threads(u)); /* the scratch may still be read */
    if (tw__isa_lane() == 0) {
        uint32_t bits = tw__bits_of(value);
        tw__isa_shared_store(scratch + part, &bits, 4);
    }
    tw__meet(tw__team_threads(u));
    value = 0.0f;
    TW_UNROLL
    for (int p = 0; p < parts; p++) {
        uint32_t bits;
        tw__isa_shared_load(&bits, scratch + p, 4);
        value += tw__float_of(bits);
    }
    return value;
}

TW_FN void tw__outer_add(tw__ref t, tw__ref u, tw__ref v)
{
    const float *down = (const float *)u.data, *across = (const float *)v.data;
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += 2)
        tw__put(t, n, tw_fmaf(down[tw__row_slot(t, n)], across[tw__col_slot(t, n)], tw__get(t, n)),
                tw_fmaf(down[tw__row_slot(t, n + 1)], across[tw__col_slot(t, n + 1)], tw__get(t, n + 1)));
}

#define TW__CHECK_DOT(op, t, rows, cols)                                                                     \
    TW_STATIC_ASSERT(TW__ALONG_ROWS(rows, t) && TW__ALONG_COLS(cols, t),                                     \
                     "TW074 " op ": needs a vector along the rows of " #t " and one along its columns");     \
    TW_STATIC_ASSERT(TW__ROWS_OF(t) * tw_team_cols * 4 <= TW_SCRATCH_BYTES &&                                \
                         TW__COLS_OF(t) * tw_team_rows * 4 <= TW_SCRATCH_BYTES,                              \
                     "TW075 " op ": " #t " is too large for the scratch memory of its team")

#define tw_row_dot(v, t, u) TW__ROW_DOT(v, t, u)
#define TW__ROW_DOT(v, t, u)                                                                                 \
    do {                                                                                                     \
        TW__CHECK_DOT("tw_row_dot(" #v ", " #t ", " #u ")", t, v, u);                                        \
        tw__tile_dot(TW__REF(v), TW__REF(t), TW__REF(u), 1);                                                 \
    } while (0)
#define tw_col_dot(v, t, u) TW__COL_DOT(v, t, u)
#define TW__COL_DOT(v, t, u)                                                                                 \
    do {                                                                                                     \
        TW__CHECK_DOT("tw_col_dot(" #v ", " #t ", " #u ")", t, u, v);                                        \
        tw__tile_dot(TW__REF(v), TW__REF(t), TW__REF(u), 0);                                                 \
    } while (0)
#define tw_dot(x, u, v) TW__DOT(x, u, v)
#define TW__DOT(x, u, v)                                                                                     \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(u, TW__VECTOR) && TW__ALIKE(u, v),                                           \
                         "TW076 tw_dot(" #x ", " #u ", " #v "): needs two vectors of one axis and length");  \
        (x) = tw__dot(TW__REF(u), TW__REF(v));                                                               \
    } while (0)
#define tw_outer_add(t, u, v) TW__OUTER_ADD(t, u, v)
#define TW__OUTER_ADD(t, u, v)                                                                               \
    do {                                                                                                     \
        TW__CHECK_DOT("tw_outer_add(" #t ", " #u ", " #v ")", t, u, v);                                      \
        tw__outer_add(TW__REF(t), TW__REF(u), TW__REF(v));                                                   \
    } while (0)

#endif
