/* SPDX-License-Identifier: MIT
 *
 * What a lane's share of a register vector means: which slot serves an element of a tile, which index of
 * the vector a slot stands for, and which of the lanes that hold the same value writes it.
 */
#ifndef TW_TILES_VECTOR_H
#define TW_TILES_VECTOR_H

#include "register.h"
#include "shared.h"

/* Does the axis run along the outer index of the fragment map? */
TW_FN int tw__axis_outer(int axis)
{
    return axis == TW__AXIS_row || (axis == TW__AXIS_b_row && TW__B_TRANSPOSED == 0) ||
           (axis == TW__AXIS_b_col && TW__B_TRANSPOSED == 1);
}

TW_FN int tw__axis_slots(int axis) { return tw__axis_outer(axis) ? TW__OUTER_SLOTS : TW__INNER_SLOTS; }

/* Does it belong to line tiles? */
TW_FN int tw__axis_line(int axis) { return axis == TW__AXIS_line_row || axis == TW__AXIS_line_col; }

/* The bits of the lane number that do not matter: lanes that differ in them hold the same slots. */
TW_FN int tw__axis_lanes(int axis)
{
    return axis == TW__AXIS_line_row   ? TW_LANES - 1
           : axis == TW__AXIS_line_col ? 0
           : tw__axis_outer(axis)      ? (int)TW__INNER_LANES
                                       : (int)TW__OUTER_LANES;
}

TW_FN int tw__axis_share(tw__ref v)
{
    int axis = tw__role(v);
    return axis == TW__AXIS_row                             ? v.team_rows
           : axis == TW__AXIS_col || axis == TW__AXIS_b_col ? v.team_cols
                                                            : 1;
}

TW_FN int tw__vector_cores(tw__ref v) { return v.idle ? 0 : v.cols / TW_CORE / tw__axis_share(v); }

TW_FN int tw__vector_slots(tw__ref v)
{
    int axis = tw__role(v);
    if (tw__axis_line(axis))
        return v.idle ? 0 : axis == TW__AXIS_line_row ? v.cols / v.team_rows : tw__line_share(v);
    return tw__vector_cores(v) * tw__axis_slots(axis);
}

/* Index in the vector of this lane's n-th slot. */
TW_FN int tw__slot_index(tw__ref v, int n)
{
    int axis = tw__role(v), slots = tw__axis_slots(axis), core = n / slots, slot = n % slots,
        lane = tw__isa_lane();
    int inside = tw__axis_outer(axis) ? tw__core_outer(lane, tw__outer_element(slot))
                                      : tw__core_inner(lane, tw__inner_element(slot));
    if (axis == TW__AXIS_line_row)
        return n * v.team_rows + tw__wave_row(v);
    if (axis == TW__AXIS_line_col)
        return tw__line_col(v, n);
    if (axis == TW__AXIS_row)
        return (core * v.team_rows + tw__wave_row(v)) * TW_CORE + inside;
    if (axis == TW__AXIS_col || axis == TW__AXIS_b_col)
        return (tw__wave_col(v) * tw__vector_cores(v) + core) * TW_CORE + inside;
    return core * TW_CORE + inside;
}

/* Are the lane's neighbouring slots 16 bytes of the shared vector, to be moved at once? Elsewhere it has few.
 */
enum { TW__CHUNK_SLOTS = TW_CHUNK / 4 };
TW_FN int tw__holds_chunks(tw__ref v, tw__shared_at at)
{
    return v.teams > 1 && (int)TW__INNER_RUN == (int)TW__CHUNK_SLOTS && at.tile.dtype == TW_f32 &&
           at.tile.rows == 1 && !tw__axis_line(tw__role(v)) && !tw__axis_outer(tw__role(v));
}

/* 1 in exactly one of the threads that hold the same slots. */
TW_FN int tw__slot_owner(tw__ref v)
{
    int axis = tw__role(v), lane = tw__isa_lane();
    int down = axis == TW__AXIS_row || axis == TW__AXIS_line_row;
    int along = axis == TW__AXIS_col || axis == TW__AXIS_b_col || axis == TW__AXIS_line_col;
    int wave = down ? tw__wave_col(v) : along ? tw__wave_row(v) : v.teams > 1 ? 0 : tw__isa_wave();
    return (lane & tw__axis_lanes(axis)) == 0 && wave == 0;
}

/* The axis of a tile's rows, or columns, as a vector axis. */
TW_FN int tw__row_axis(int role)
{
    return role == TW__ROLE_b ? TW__AXIS_b_row : role == TW__ROLE_line ? TW__AXIS_line_row : TW__AXIS_row;
}

TW_FN int tw__col_axis(int role)
{
    return role == TW__ROLE_acc ? TW__AXIS_col
           : role == TW__ROLE_a ? TW__AXIS_a_col
           : role == TW__ROLE_b ? TW__AXIS_b_col
                                : TW__AXIS_line_col;
}

/* The same as constants for static checks. A line tile, or a vector of its rows or columns? */
#define TW__IS_LINE(x)                                                                                       \
    (TW__IS(x, TW__VECTOR) ? TW__ROLE_OF(x) >= TW__AXIS_line_row : TW__ROLE_OF(x) == TW__ROLE_line)
#define TW__ROW_AXIS_OF(tile)                                                                                \
    (TW__ROLE_OF(tile) == TW__ROLE_b      ? TW__AXIS_b_row                                                   \
     : TW__ROLE_OF(tile) == TW__ROLE_line ? TW__AXIS_line_row                                                \
                                          : TW__AXIS_row)
#define TW__COL_AXIS_OF(tile)                                                                                \
    (TW__ROLE_OF(tile) == TW__ROLE_acc ? TW__AXIS_col                                                        \
     : TW__ROLE_OF(tile) == TW__ROLE_a ? TW__AXIS_a_col                                                      \
     : TW__ROLE_OF(tile) == TW__ROLE_b ? TW__AXIS_b_col                                                      \
                                       : TW__AXIS_line_col)

/* Slot, in a vector along the tile's rows (columns), of the tile's n-th element. */
TW_FN int tw__row_slot(tw__ref t, int n)
{
    int core = n / TW_CORE_ELEMENTS, e = n % TW_CORE_ELEMENTS,
        slots = tw__axis_slots(tw__row_axis(tw__role(t))), i;
    if (tw__is_line(t))
        return n / tw__line_share(t);
    i = tw__role(t) == TW__ROLE_b ? core % tw__core_rows(t) : core / tw__core_cols(t);
    return i * slots + (tw__flipped(t) ? tw__inner_slot(e) : tw__outer_slot(e));
}

TW_FN int tw__col_slot(tw__ref t, int n)
{
    int core = n / TW_CORE_ELEMENTS, e = n % TW_CORE_ELEMENTS,
        slots = tw__axis_slots(tw__col_axis(tw__role(t))), j;
    if (tw__is_line(t))
        return n % tw__line_share(t);
    j = tw__role(t) == TW__ROLE_b ? core / tw__core_rows(t) : core % tw__core_cols(t);
    return j * slots + (tw__flipped(t) ? tw__outer_slot(e) : tw__inner_slot(e));
}

#endif
