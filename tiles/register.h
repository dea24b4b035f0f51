/* SPDX-License-Identifier: MIT
 *
 * Register tiles and vectors.
 *
 *   tw_rt(dtype, R, C, role)   R x C elements held by the team in registers. dtype f32, f16, bf16.
 *       role acc   what an MMA adds into, and what element-wise work runs on
 *            a     left operand of an MMA,  R = rows of the product, C = contraction
 *            b     right operand,           R = contraction, C = columns of the product
 *   tw_rv(f32, N, axis)        one f32 per row or column of a tile, replicated where it is needed
 *       axis row   N = rows of an acc or a tile      a_col  N = columns of an a tile
 *            col   N = columns of an acc tile        b_row, b_col  N = rows, columns of a b tile
 *
 * A tile is cut into 16x16 cores. Rows of acc and a tiles are dealt to the team's rows core by core, columns
 * of acc and b tiles go to the team's columns in runs; the contraction is never divided. R and C are
 * multiples of 16 times the team's share. A tile is declared like any variable and starts undefined.
 */
#ifndef TW_TILES_REGISTER_H
#define TW_TILES_REGISTER_H

#include "ref.h"

#define TW__ROW_SHARE_acc tw_team_rows
#define TW__ROW_SHARE_a   tw_team_rows
#define TW__ROW_SHARE_b   1
#define TW__COL_SHARE_acc tw_team_cols
#define TW__COL_SHARE_a   1
#define TW__COL_SHARE_b   tw_team_cols

#define tw_rt(dtype, R, C, role) TW__RT(dtype, R, C, role)
#define TW__RT(dtype, R, C, role)                                                                            \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((R) > 0 && (R) % (TW_CORE * TW__ROW_SHARE_##role) == 0,                             \
                         "TW001 tw_rt(" #dtype ", " #R ", " #C ", " #role                                    \
                         "): rows must be a multiple of 16 times "                                           \
                         "the team's rows; round up, partial tiles are handled at load and store");          \
        TW_STATIC_ASSERT((C) > 0 && (C) % (TW_CORE * TW__COL_SHARE_##role) == 0,                             \
                         "TW002 tw_rt(" #dtype ", " #R ", " #C ", " #role                                    \
                         "): columns must be a multiple of 16 "                                              \
                         "times the team's columns; round up, partial tiles are handled at load and store"); \
        TW_STATIC_ASSERT(TW_##dtype == TW_f32 || TW_##dtype == TW_f16 || TW_##dtype == TW_bf16,              \
                         "TW003 tw_rt(" #dtype ", ...): register tiles hold f32, f16 or bf16");              \
        union {                                                                                              \
            TW__FRAGMENT_STORAGE(dtype, (R) / TW_CORE / TW__ROW_SHARE_##role *                               \
                                            ((C) / TW_CORE / TW__COL_SHARE_##role));                         \
            TW__TAGS(TW__CODE(TW__REGISTER, TW_##dtype, TW__ROLE_##role), R, C)                              \
        };                                                                                                   \
    }

#define TW__AXIS_SHARE_row   tw_team_rows
#define TW__AXIS_SHARE_col   tw_team_cols
#define TW__AXIS_SHARE_a_col 1
#define TW__AXIS_SHARE_b_row 1
#define TW__AXIS_SHARE_b_col tw_team_cols
#define TW__AXIS_SLOTS_row   TW__OUTER_SLOTS
#define TW__AXIS_SLOTS_col   TW__INNER_SLOTS
#define TW__AXIS_SLOTS_a_col TW__INNER_SLOTS
#define TW__AXIS_SLOTS_b_row (TW__B_TRANSPOSED == 1 ? TW__INNER_SLOTS : TW__OUTER_SLOTS)
#define TW__AXIS_SLOTS_b_col (TW__B_TRANSPOSED == 1 ? TW__OUTER_SLOTS : TW__INNER_SLOTS)

#define tw_rv(dtype, N, axis) TW__RV(dtype, N, axis)
#define TW__RV(dtype, N, axis)                                                                               \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((N) > 0 && (N) % (TW_CORE * TW__AXIS_SHARE_##axis) == 0,                            \
                         "TW004 tw_rv(" #dtype ", " #N ", " #axis                                            \
                         "): the length must be a multiple of 16 times "                                     \
                         "the team's share of that axis");                                                   \
        TW_STATIC_ASSERT(TW_##dtype == TW_f32, "TW005 tw_rv(" #dtype ", ...): register vectors hold f32");   \
        union {                                                                                              \
            float tw__slots[(N) / TW_CORE / TW__AXIS_SHARE_##axis * TW__AXIS_SLOTS_##axis];                  \
            TW__TAGS(TW__CODE(TW__VECTOR, TW_##dtype, TW__AXIS_##axis), 1, N)                                \
        };                                                                                                   \
    }

/* Cores of a register tile that this wave holds, down and across. A loader wave holds none: its loops over
 * tiles and vectors are empty, and the compiler drops them from that role's code. */
TW_FN int tw__core_rows(tw__ref t)
{
    return t.idle ? 0 : t.rows / TW_CORE / (tw__role(t) == TW__ROLE_b ? 1 : t.team_rows);
}
TW_FN int tw__core_cols(tw__ref t)
{
    return t.cols / TW_CORE / (tw__role(t) == TW__ROLE_a ? 1 : t.team_cols);
}

/* Cores lie so that those along the contraction are neighbours: an MMA may take two at once. */
TW_FN int tw__core_index(tw__ref t, int i, int j)
{
    return tw__role(t) == TW__ROLE_b ? j * tw__core_rows(t) + i : i * tw__core_cols(t) + j;
}

/* Row and column in the tile of the first element of core (i, j). */
TW_FN int tw__core_row(tw__ref t, int i)
{
    return TW_CORE * (tw__role(t) == TW__ROLE_b ? i : i * t.team_rows + tw__wave_row(t));
}

TW_FN int tw__core_col(tw__ref t, int j)
{
    return TW_CORE * (tw__role(t) == TW__ROLE_a ? j : tw__wave_col(t) * tw__core_cols(t) + j);
}

/* Is the core stored with its columns as the outer index of the fragment map? */
TW_FN int tw__flipped(tw__ref t) { return TW__B_TRANSPOSED == 1 && tw__role(t) == TW__ROLE_b; }

/* Elements of the tile that this lane holds, and where the n-th of them stands in the tile. */
TW_FN int tw__elements(tw__ref t) { return tw__core_rows(t) * tw__core_cols(t) * TW_CORE_ELEMENTS; }

TW_FN int tw__element_row(tw__ref t, int n)
{
    int core = n / TW_CORE_ELEMENTS, e = n % TW_CORE_ELEMENTS, lane = tw__isa_lane();
    int i = tw__role(t) == TW__ROLE_b ? core % tw__core_rows(t) : core / tw__core_cols(t);
    return tw__core_row(t, i) + (tw__flipped(t) ? tw__core_inner(lane, e) : tw__core_outer(lane, e));
}

TW_FN int tw__element_col(tw__ref t, int n)
{
    int core = n / TW_CORE_ELEMENTS, e = n % TW_CORE_ELEMENTS, lane = tw__isa_lane();
    int j = tw__role(t) == TW__ROLE_b ? core / tw__core_rows(t) : core % tw__core_cols(t);
    return tw__core_col(t, j) + (tw__flipped(t) ? tw__core_outer(lane, e) : tw__core_inner(lane, e));
}

#endif
