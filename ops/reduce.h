/* SPDX-License-Identifier: MIT
 *
 * Reductions of a register tile, in f32, in an order that depends on the shape alone.
 *
 *   tw_row_max tw_row_min tw_row_sum tw_row_prod (v, t)    one value per row, into a vector along t's rows
 *   tw_col_max tw_col_min tw_col_sum tw_col_prod (v, t)    one per column
 *   tw_row_max_onto(v, t) ... tw_col_prod_onto(v, t)       v's values take part: v = max(v, max of the row)
 *   tw_tile_max tw_tile_min tw_tile_sum tw_tile_prod (x, t)   x, a float variable, gets the whole tile's
 *
 * The team calls them together. Where a row (column) is divided over waves they meet in shared scratch
 * memory behind two barriers; a team of one column (row) needs none.
 */
#ifndef TW_OPS_REDUCE_H
#define TW_OPS_REDUCE_H

#include "map.h"

enum { TW__REDUCE_max, TW__REDUCE_min, TW__REDUCE_sum, TW__REDUCE_prod };

TW_FN float tw__combine(int op, float a, float b)
{
    return op == TW__REDUCE_max   ? tw_maxf(a, b)
           : op == TW__REDUCE_min ? tw_minf(a, b)
           : op == TW__REDUCE_sum ? a + b
                                  : a * b;
}

TW_FN float tw__neutral(int op)
{
    return op == TW__REDUCE_max   ? -TW_INFINITY
           : op == TW__REDUCE_min ? TW_INFINITY
           : op == TW__REDUCE_sum ? 0.0f
                                  : 1.0f;
}

/* Combines over the lanes whose numbers differ in the bits of `lanes` only; all of them get the result. */
TW_FN float tw__combine_lanes(int op, float value, int lanes)
{
    TW_UNROLL
    for (int bit = 1; bit < TW_LANES; bit *= 2) {
        if (lanes & bit)
            value = tw__combine(op, value, tw__float_of(tw__isa_shuffle_xor(tw__bits_of(value), bit)));
    }
    return value;
}

/* Combines the slots of a vector like v over the `count` waves that hold parts of the same rows (columns).
 * Scratch: one row of v.cols floats per part, each part written by the slots' owners within its waves. */
TW_FN void tw__combine_waves(int op, tw__ref v, float *slots, int part, int count)
{
    float *scratch = (float *)tw__isa_shared_scratch();
    int lanes = tw__axis_lanes(tw__role(v));
    tw__meet(tw__team_threads(v)); /* the scratch may still be read by an earlier reduction */
    TW_UNROLL
    for (int n = 0, held = tw__vector_slots(v); n < held; n++) {
        uint32_t bits = tw__bits_of(slots[n]);
        if ((tw__isa_lane() & lanes) == 0)
            tw__isa_shared_store(scratch + part * v.cols + tw__slot_index(v, n), &bits, 4);
    }
    tw__meet(tw__team_threads(v));
    TW_UNROLL
    for (int n = 0, held = tw__vector_slots(v); n < held; n++) {
        TW_UNROLL
        for (int p = 0; p < count; p++) {
            uint32_t bits;
            tw__isa_shared_load(&bits, scratch + p * v.cols + tw__slot_index(v, n), 4);
            slots[n] = p == 0 ? tw__float_of(bits) : tw__combine(op, slots[n], tw__float_of(bits));
        }
    }
}

/* This lane's part of the slot-th row of line tile t: one result for each place in a run, then those in
 * pairs. Long rows so keep their precision, and no element waits for the one before it. */
TW_FN float tw__combine_line(int op, tw__ref t, int slot)
{
    float part[TW__LINE_RUN];
    int run = tw__run(t), share = tw__line_share(t);
    TW_UNROLL
    for (int e = 0; e < run; e++)
        part[e] = tw__get(t, slot * share + e);
    TW_UNROLL
    for (int k = run; k < share; k += run) {
        TW_UNROLL
        for (int e = 0; e < run; e++)
            part[e] = tw__combine(op, part[e], tw__get(t, slot * share + k + e));
    }
    TW_UNROLL
    for (int half = run / 2; half > 0; half /= 2) {
        TW_UNROLL
        for (int e = 0; e < half; e++)
            part[e] = tw__combine(op, part[e], part[e + half]);
    }
    return part[0];
}

/* v = combination of t's elements row by row (by_row) or column by column; onto: with v's own values. */
TW_FN void tw__reduce(tw__ref v, tw__ref t, int op, int by_row, int onto)
{
    float found[TW__CORES_MAX * TW_CORE] = {0};
    int role = tw__role(t);
    int parts = by_row ? (role == TW__ROLE_a ? 1 : t.team_cols) : (role == TW__ROLE_b ? 1 : t.team_rows);
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        found[n] = by_row && tw__is_line(t) ? tw__combine_line(op, t, n) : tw__neutral(op);
    TW_UNROLL
    for (int n = 0, elements = by_row && tw__is_line(t) ? 0 : tw__elements(t); n < elements; n++) {
        int slot = by_row ? tw__row_slot(t, n) : tw__col_slot(t, n);
        found[slot] = tw__combine(op, found[slot], tw__get(t, n));
    }
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        found[n] = tw__combine_lanes(op, found[n], tw__axis_lanes(tw__role(v)));
    if (parts > 1 && !tw__outside_team(t))
        tw__combine_waves(op, v, found, by_row ? tw__wave_col(t) : tw__wave_row(t), parts);
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        ((float *)v.data)[n] = onto ? tw__combine(op, ((float *)v.data)[n], found[n]) : found[n];
}

TW_FN float tw__reduce_tile(tw__ref t, int op)
{
    float value = tw__neutral(op), *scratch = (float *)tw__isa_shared_scratch();
    int role = tw__role(t), waves = t.team_rows * t.team_cols;
    int whole = (role == TW__ROLE_a || t.team_cols == 1) && (role == TW__ROLE_b || t.team_rows == 1);
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n++)
        value = tw__combine(op, value, tw__get(t, n));
    value = tw__combine_lanes(op, value, TW_LANES - 1);
    if (whole || tw__outside_team(t))
        return value;
    tw__meet(tw__team_threads(t));
    if (tw__isa_lane() == 0) {
        uint32_t bits = tw__bits_of(value);
        tw__isa_shared_store(scratch + tw__isa_wave(), &bits, 4);
    }
    tw__meet(tw__team_threads(t));
    value = tw__neutral(op);
    TW_UNROLL
    for (int wave = 0; wave < waves; wave++) {
        uint32_t bits;
        int counts = role == TW__ROLE_a   ? wave / t.team_rows == 0
                     : role == TW__ROLE_b ? wave % t.team_rows == 0
                                          : 1;
        tw__isa_shared_load(&bits, scratch + wave, 4);
        if (counts)
            value = tw__combine(op, value, tw__float_of(bits));
    }
    return value;
}

#define TW__REDUCE_ROWS(name, v, t, op, onto)                                                                \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_ROWS(v, t),                                                               \
                         "TW036 " name "(" #v ", " #t "): needs a vector along the tile's rows");            \
        TW_STATIC_ASSERT(TW__ROWS_OF(t) * tw_team_cols * 4 <= TW_SCRATCH_BYTES || tw_team_cols == 1,         \
                         "TW037 " name "(" #v ", " #t                                                        \
                         "): rows times team columns exceed the scratch memory; use fewer team columns");    \
        tw__reduce(TW__REF(v), TW__REF(t), op, 1, onto);                                                     \
    } while (0)
#define TW__REDUCE_COLS(name, v, t, op, onto)                                                                \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_COLS(v, t),                                                               \
                         "TW038 " name "(" #v ", " #t "): needs a vector along the tile's columns");         \
        TW_STATIC_ASSERT(TW__ROLE_OF(t) != TW__ROLE_line ||                                                  \
                             TW__COLS_OF(t) <= TW__CORES_MAX * TW_CORE * TW_LANES * tw_team_cols,            \
                         "TW046 " name "(" #v ", " #t                                                        \
                         "): more columns of a line than a lane may hold; reduce in parts");                 \
        TW_STATIC_ASSERT(TW__COLS_OF(t) * tw_team_rows * 4 <= TW_SCRATCH_BYTES || tw_team_rows == 1,         \
                         "TW039 " name "(" #v ", " #t                                                        \
                         "): columns times team rows exceed the scratch memory; use fewer team rows");       \
        tw__reduce(TW__REF(v), TW__REF(t), op, 0, onto);                                                     \
    } while (0)

#define tw_row_max(v, t)       TW__REDUCE_ROWS("tw_row_max", v, t, TW__REDUCE_max, 0)
#define tw_row_min(v, t)       TW__REDUCE_ROWS("tw_row_min", v, t, TW__REDUCE_min, 0)
#define tw_row_sum(v, t)       TW__REDUCE_ROWS("tw_row_sum", v, t, TW__REDUCE_sum, 0)
#define tw_row_prod(v, t)      TW__REDUCE_ROWS("tw_row_prod", v, t, TW__REDUCE_prod, 0)
#define tw_row_max_onto(v, t)  TW__REDUCE_ROWS("tw_row_max_onto", v, t, TW__REDUCE_max, 1)
#define tw_row_min_onto(v, t)  TW__REDUCE_ROWS("tw_row_min_onto", v, t, TW__REDUCE_min, 1)
#define tw_row_sum_onto(v, t)  TW__REDUCE_ROWS("tw_row_sum_onto", v, t, TW__REDUCE_sum, 1)
#define tw_row_prod_onto(v, t) TW__REDUCE_ROWS("tw_row_prod_onto", v, t, TW__REDUCE_prod, 1)
#define tw_col_max(v, t)       TW__REDUCE_COLS("tw_col_max", v, t, TW__REDUCE_max, 0)
#define tw_col_min(v, t)       TW__REDUCE_COLS("tw_col_min", v, t, TW__REDUCE_min, 0)
#define tw_col_sum(v, t)       TW__REDUCE_COLS("tw_col_sum", v, t, TW__REDUCE_sum, 0)
#define tw_col_prod(v, t)      TW__REDUCE_COLS("tw_col_prod", v, t, TW__REDUCE_prod, 0)
#define tw_col_max_onto(v, t)  TW__REDUCE_COLS("tw_col_max_onto", v, t, TW__REDUCE_max, 1)
#define tw_col_min_onto(v, t)  TW__REDUCE_COLS("tw_col_min_onto", v, t, TW__REDUCE_min, 1)
#define tw_col_sum_onto(v, t)  TW__REDUCE_COLS("tw_col_sum_onto", v, t, TW__REDUCE_sum, 1)
#define tw_col_prod_onto(v, t) TW__REDUCE_COLS("tw_col_prod_onto", v, t, TW__REDUCE_prod, 1)

#define TW__REDUCE_TILE(name, x, t, op)                                                                      \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(t, TW__REGISTER), "TW040 " name "(" #x ", " #t "): needs a register tile");  \
        (x) = tw__reduce_tile(TW__REF(t), op);                                                               \
    } while (0)
#define tw_tile_max(x, t)  TW__REDUCE_TILE("tw_tile_max", x, t, TW__REDUCE_max)
#define tw_tile_min(x, t)  TW__REDUCE_TILE("tw_tile_min", x, t, TW__REDUCE_min)
#define tw_tile_sum(x, t)  TW__REDUCE_TILE("tw_tile_sum", x, t, TW__REDUCE_sum)
#define tw_tile_prod(x, t) TW__REDUCE_TILE("tw_tile_prod", x, t, TW__REDUCE_prod)

#endif
