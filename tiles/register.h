/* SPDX-License-Identifier: MIT
 *
 * Register tiles and vectors.
 *
 *   tw_rt(dtype, R, C, role)   R x C elements held by the team in registers. dtype f32, f16, bf16.
 *       role acc   what an MMA adds into, and what element-wise work runs on
 *            a     left operand of an MMA,  R = rows of the product, C = contraction
 *            b     right operand,           R = contraction, C = columns of the product
 *            line  no operand: whole rows laid along the lanes, for work that streams through memory
 *   tw_rv(f32, N, axis)        one f32 per row or column of a tile, replicated where it is needed
 *       axis row   N = rows of an acc or a tile      a_col  N = columns of an a tile
 *            col   N = columns of an acc tile        b_row, b_col  N = rows, columns of a b tile
 *            line_row, line_col   N = rows, columns of a line tile
 *
 * A tile is cut into 16x16 cores. Rows of acc and a tiles are dealt to the team's rows core by core, columns
 * of acc and b tiles go to the team's columns in runs; the contraction is never divided. R and C are
 * multiples of 16 times the team's share. A tile is declared like any variable and starts undefined.
 *
 * Rows of line tiles are dealt to the team's rows one by one, and each row goes round the lanes of the team's
 * columns in runs of up to TW__LINE_RUN elements, so that a wave moves whole stretches of memory: R is a
 * multiple of the team's rows (one row will do), C of the lanes of two elements each.
 */
#ifndef TW_TILES_REGISTER_H
#define TW_TILES_REGISTER_H

#include "ref.h"

/* Rows and columns come in multiples of these; cores a lane has a share of. */
#define TW__ROW_GRAIN_acc  (TW_CORE * tw_team_rows)
#define TW__ROW_GRAIN_a    (TW_CORE * tw_team_rows)
#define TW__ROW_GRAIN_b    TW_CORE
#define TW__ROW_GRAIN_line tw_team_rows
#define TW__COL_GRAIN_acc  (TW_CORE * tw_team_cols)
#define TW__COL_GRAIN_a    TW_CORE
#define TW__COL_GRAIN_b    (TW_CORE * tw_team_cols)
#define TW__COL_GRAIN_line (2 * TW_LANES * tw_team_cols)

#define TW__CORES_acc(R, C) ((R) / TW__ROW_GRAIN_acc * ((C) / TW__COL_GRAIN_acc))
#define TW__CORES_a(R, C)   ((R) / TW__ROW_GRAIN_a * ((C) / TW__COL_GRAIN_a))
#define TW__CORES_b(R, C)   ((R) / TW__ROW_GRAIN_b * ((C) / TW__COL_GRAIN_b))
#define TW__CORES_line(R, C)                                                                                 \
    (((R) / tw_team_rows * ((C) / (TW_LANES * tw_team_cols)) - 1) / TW_CORE_ELEMENTS + 1)

#define tw_rt(dtype, R, C, role) TW__RT(dtype, R, C, role)
#define TW__RT(dtype, R, C, role)                                                                            \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((R) > 0 && (R) % TW__ROW_GRAIN_##role == 0,                                         \
                         "TW001 tw_rt(" #dtype ", " #R ", " #C ", " #role                                    \
                         "): rows must be a multiple of 16 (line: of 1) times "                              \
                         "the team's rows; round up, partial tiles are handled at load and store");          \
        TW_STATIC_ASSERT((C) > 0 && (C) % TW__COL_GRAIN_##role == 0,                                         \
                         "TW002 tw_rt(" #dtype ", " #R ", " #C ", " #role                                    \
                         "): columns must be a multiple of 16 (line: of two a lane) "                        \
                         "times the team's columns; round up, partial tiles are handled at load and store"); \
        TW_STATIC_ASSERT(TW_##dtype == TW_f32 || TW_##dtype == TW_f16 || TW_##dtype == TW_bf16,              \
                         "TW003 tw_rt(" #dtype ", ...): register tiles hold f32, f16 or bf16");              \
        union {                                                                                              \
            TW__FRAGMENT_STORAGE(dtype, TW__CORES_##role(R, C));                                             \
            TW__TAGS(TW__CODE(TW__REGISTER, TW_##dtype, TW__ROLE_##role), R, C)                              \
        };                                                                                                   \
    }

#define TW__AXIS_GRAIN_row      (TW_CORE * tw_team_rows)
#define TW__AXIS_GRAIN_col      (TW_CORE * tw_team_cols)
#define TW__AXIS_GRAIN_a_col    TW_CORE
#define TW__AXIS_GRAIN_b_row    TW_CORE
#define TW__AXIS_GRAIN_b_col    (TW_CORE * tw_team_cols)
#define TW__AXIS_GRAIN_line_row tw_team_rows
#define TW__AXIS_GRAIN_line_col (2 * TW_LANES * tw_team_cols)

/* A lane's slots for that many elements. */
#define TW__AXIS_SLOTS_row      TW__OUTER_SLOTS
#define TW__AXIS_SLOTS_col      TW__INNER_SLOTS
#define TW__AXIS_SLOTS_a_col    TW__INNER_SLOTS
#define TW__AXIS_SLOTS_b_row    (TW__B_TRANSPOSED == 1 ? TW__INNER_SLOTS : TW__OUTER_SLOTS)
#define TW__AXIS_SLOTS_b_col    (TW__B_TRANSPOSED == 1 ? TW__OUTER_SLOTS : TW__INNER_SLOTS)
#define TW__AXIS_SLOTS_line_row 1
#define TW__AXIS_SLOTS_line_col 2

#define tw_rv(dtype, N, axis) TW__RV(dtype, N, axis)
#define TW__RV(dtype, N, axis)                                                                               \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((N) > 0 && (N) % TW__AXIS_GRAIN_##axis == 0,                                        \
                         "TW004 tw_rv(" #dtype ", " #N ", " #axis                                            \
                         "): the length must be a multiple of 16 (line_row: 1, line_col: two a lane) "       \
                         "times the team's share of that axis");                                             \
        TW_STATIC_ASSERT(TW_##dtype == TW_f32, "TW005 tw_rv(" #dtype ", ...): register vectors hold f32");   \
        union {                                                                                              \
            float tw__slots[(N) / TW__AXIS_GRAIN_##axis * TW__AXIS_SLOTS_##axis];                            \
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

TW_FN int tw__is_line(tw__ref t) { return tw__role(t) == TW__ROLE_line; }

/* Lines of `cols` elements: how many of them a lane has, how many neighbours it holds in a row (a power of
 * two), and the column of the k-th of them. */
TW_FN int tw__line_share(tw__ref x) { return x.cols / (TW_LANES * x.team_cols); }

TW_FN int tw__line_run(tw__ref x)
{
    int share = tw__line_share(x), low = share & -share;
    return low < TW__LINE_RUN ? low : (int)TW__LINE_RUN;
}

TW_FN int tw__line_col(tw__ref x, int k)
{
    int run = tw__line_run(x);
    int place = k / run * TW_LANES * x.team_cols + tw__wave_col(x) * TW_LANES + tw__isa_lane();
    return place * run + k % run;
}

/* Elements of the tile that this lane holds, how many of them are neighbours in a row (a column, where the
 * core is flipped), and where the n-th of them stands in the tile. */
TW_FN int tw__elements(tw__ref t)
{
    if (tw__is_line(t))
        return t.idle ? 0 : t.rows / t.team_rows * tw__line_share(t);
    return tw__core_rows(t) * tw__core_cols(t) * TW_CORE_ELEMENTS;
}

TW_FN int tw__run(tw__ref t) { return tw__is_line(t) ? tw__line_run(t) : (int)TW__INNER_RUN; }

TW_FN int tw__element_row(tw__ref t, int n)
{
    int core = n / TW_CORE_ELEMENTS, e = n % TW_CORE_ELEMENTS, lane = tw__isa_lane(), i;
    if (tw__is_line(t))
        return n / tw__line_share(t) * t.team_rows + tw__wave_row(t);
    i = tw__role(t) == TW__ROLE_b ? core % tw__core_rows(t) : core / tw__core_cols(t);
    return tw__core_row(t, i) + (tw__flipped(t) ? tw__core_inner(lane, e) : tw__core_outer(lane, e));
}

TW_FN int tw__element_col(tw__ref t, int n)
{
    int core = n / TW_CORE_ELEMENTS, e = n % TW_CORE_ELEMENTS, lane = tw__isa_lane(), j;
    if (tw__is_line(t))
        return tw__line_col(t, n % tw__line_share(t));
    j = tw__role(t) == TW__ROLE_b ? core / tw__core_rows(t) : core % tw__core_cols(t);
    return tw__core_col(t, j) + (tw__flipped(t) ? tw__core_outer(lane, e) : tw__core_inner(lane, e));
}

#endif
