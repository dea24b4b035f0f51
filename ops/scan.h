/* SPDX-License-Identifier: MIT
 *
 * Scans of f32 register tiles and vectors, in place, in an order that depends on the shape alone.
 *
 *   tw_row_scan(t, op)                 each element becomes the op of its row's elements up to and with it
 *   tw_row_scan_exclusive(t, op)       ... of those before it; a row's first becomes the op's neutral value
 *   tw_row_scan_segmented(t, s, op)    begins anew wherever s, a tile like t, is not 0
 *   tw_row_scan_affine(a, b)           the recurrence h = a h + b along each row from h = 0: b becomes h, a
 *                                      the product of the factors; a row begun with h0 is b + a h0
 *   tw_row_scan_affine_exclusive(a, b) the recurrence before each element: (1, 0) at the first
 *   tw_col_scan ...                    the same down the columns
 *   tw_scan ...                        the same along a vector, of any axis
 *
 *   op: sum, prod, max or min
 *
 * The team calls them together. Where a row, column or vector is divided over waves they meet in shared
 * scratch memory: twice, and where the team's rows take turns down a column, twice for each of a wave's
 * cores.
 */
#ifndef TW_OPS_SCAN_H
#define TW_OPS_SCAN_H

#include "map.h"
#include "reduce.h"

enum { TW__SCAN_max = TW__REDUCE_max, TW__SCAN_min, TW__SCAN_sum, TW__SCAN_prod, TW__SCAN_affine };

/* What runs along a line: a value, and beside it the factor of a recurrence, or whether a segment has begun.
 */
typedef struct {
    float beside, value;
} tw__scan_pair;

typedef struct {
    tw__ref values, beside; /* beside: factors or starts; otherwise `values` again and never looked at */
    tw__ref along, lines;   /* vectors along the scanned axis and across it; a vector is one line */
    int op, by_row, exclusive, segmented;
} tw__scanned;

TW_FN int tw__scan_paired(tw__scanned x) { return x.op == TW__SCAN_affine || x.segmented; }

TW_FN tw__scan_pair tw__scan_make(float beside, float value)
{
    tw__scan_pair pair;
    pair.beside = beside;
    pair.value = value;
    return pair;
}

TW_FN tw__scan_pair tw__scan_neutral(tw__scanned x)
{
    if (x.op == TW__SCAN_affine)
        return tw__scan_make(1.0f, 0.0f);
    return tw__scan_make(0.0f, tw__neutral(x.op));
}

/* First `a`, then `b`: associative, not commutative. */
TW_FN tw__scan_pair tw__scan_join(tw__scanned x, tw__scan_pair a, tw__scan_pair b)
{
    if (x.op == TW__SCAN_affine)
        return tw__scan_make(a.beside * b.beside, tw_fmaf(b.beside, a.value, b.value));
    if (x.segmented && b.beside != 0.0f)
        return b;
    return tw__scan_make(a.beside, tw__combine(x.op, a.value, b.value));
}

TW_FN tw__ref tw__scan_axis(tw__ref t, int axis, int length)
{
    t.code = TW__CODE(TW__VECTOR, TW_f32, axis);
    t.rows = 1;
    t.cols = length;
    return t;
}

TW_FN tw__scanned tw__make_scan(tw__ref values, tw__ref beside, int op, int by_row, int exclusive,
                                int segmented)
{
    int role = tw__role(values), row_axis = tw__row_axis(role), col_axis = tw__col_axis(role);
    tw__scanned x;
    x.values = x.along = x.lines = values;
    x.beside = beside;
    if (tw__kind(values) == TW__REGISTER) {
        tw__ref rows = tw__scan_axis(values, row_axis, values.rows);
        tw__ref cols = tw__scan_axis(values, col_axis, values.cols);
        x.along = by_row ? cols : rows;
        x.lines = by_row ? rows : cols;
    }
    x.op = op;
    x.by_row = by_row;
    x.exclusive = exclusive;
    x.segmented = segmented;
    return x;
}

TW_FN int tw__scan_lines(tw__scanned x)
{
    if (tw__kind(x.values) == TW__VECTOR)
        return x.values.idle ? 0 : 1;
    return tw__vector_slots(x.lines);
}

/* Number of the element in the lane: `slot` of the line's core `core`. */
TW_FN int tw__scan_element(tw__scanned x, int line, int core, int slot)
{
    int inner = !tw__axis_outer(tw__role(x.along)), across = tw__axis_slots(tw__role(x.lines));
    int side = line / across, other = line % across;
    int e = inner ? tw__outer_element(other) + tw__inner_element(slot)
                  : tw__outer_element(slot) + tw__inner_element(other);
    if (tw__kind(x.values) == TW__VECTOR)
        return core * tw__axis_slots(tw__role(x.along)) + slot;
    return tw__core_index(x.values, x.by_row ? side : core, x.by_row ? core : side) * TW_CORE_ELEMENTS + e;
}

TW_FN tw__scan_pair tw__scan_get(tw__scanned x, int n)
{
    return tw__scan_make(tw__scan_paired(x) ? tw__get(x.beside, n) : 0.0f, tw__get(x.values, n));
}

TW_FN void tw__scan_put(tw__scanned x, int n, tw__scan_pair pair)
{
    tw__set_one(x.values, n, pair.value);
    if (x.op == TW__SCAN_affine)
        tw__set_one(x.beside, n, pair.beside);
}

/* The pair of the lane whose number differs in `bit`. */
TW_FN tw__scan_pair tw__scan_shuffle(tw__scanned x, tw__scan_pair pair, int bit)
{
    float value = tw__float_of(tw__isa_shuffle_xor(tw__bits_of(pair.value), bit)), beside = pair.beside;
    if (tw__scan_paired(x))
        beside = tw__float_of(tw__isa_shuffle_xor(tw__bits_of(beside), bit));
    return tw__scan_make(beside, value);
}

/* Neighbours that a lane holds along a line: a run. In a core the lanes' first runs come first, then their
 * second. */
TW_FN int tw__scan_run_length(tw__scanned x) { return tw__axis_outer(tw__role(x.along)) ? 1 : TW__INNER_RUN; }
TW_FN int tw__scan_lanes(tw__scanned x)
{
    return tw__axis_outer(tw__role(x.along)) ? TW__OUTER_LANES : TW__INNER_LANES;
}

/* The lanes' runs from slot `first` of a core on, `before` what stands before them; returns what stands
 * behind. */
TW_FN tw__scan_pair tw__scan_run(tw__scanned x, int line, int core, int first, tw__scan_pair before,
                                 int write)
{
    tw__scan_pair prefix = tw__scan_neutral(x), total = prefix;
    int length = tw__scan_run_length(x), lanes = tw__scan_lanes(x);
    TW_UNROLL
    for (int slot = 0; slot < length; slot++)
        total = tw__scan_join(x, total, tw__scan_get(x, tw__scan_element(x, line, core, first + slot)));
    TW_UNROLL
    for (int bit = lanes & -lanes; bit & lanes; bit *= 2) {
        tw__scan_pair other = tw__scan_shuffle(x, total, bit);
        int behind = (tw__isa_lane() & bit) != 0;
        tw__scan_pair low = tw__scan_join(x, other, total), high = tw__scan_join(x, total, other);
        tw__scan_pair moved = tw__scan_join(x, other, prefix);
        prefix.value = behind ? moved.value : prefix.value;
        prefix.beside = behind ? moved.beside : prefix.beside;
        total.value = behind ? low.value : high.value;
        total.beside = behind ? low.beside : high.beside;
    }
    prefix = tw__scan_join(x, before, prefix);
    TW_UNROLL
    for (int slot = 0; slot < (write ? length : 0); slot++) {
        int n = tw__scan_element(x, line, core, first + slot);
        tw__scan_pair with = tw__scan_join(x, prefix, tw__scan_get(x, n));
        tw__scan_put(x, n, x.exclusive ? prefix : with);
        prefix = with;
    }
    return tw__scan_join(x, before, total);
}

/* Cores [core, core + count) of a line. */
TW_FN tw__scan_pair tw__scan_cores(tw__scanned x, int line, int core, int count, tw__scan_pair before,
                                   int write)
{
    int length = tw__scan_run_length(x), runs = tw__axis_slots(tw__role(x.along)) / length;
    TW_UNROLL
    for (int run = core * runs; run < (core + count) * runs; run++)
        before = tw__scan_run(x, line, run / runs, run % runs * length, before, write);
    return before;
}

/* What the waves found in a line meets in scratch memory, by part, line, and value or beside. */
TW_FN float *tw__scan_place(tw__scanned x, int part, int line, int beside)
{
    int vector = tw__kind(x.values) == TW__VECTOR, lines = vector ? 1 : x.lines.cols;
    return (float *)tw__isa_shared_scratch() + (part * (tw__scan_paired(x) ? 2 : 1) + beside) * lines +
           (vector ? 0 : tw__slot_index(x.lines, line));
}

TW_FN void tw__scan_leave(tw__scanned x, int part, int line, tw__scan_pair pair)
{
    uint32_t value = tw__bits_of(pair.value), beside = tw__bits_of(pair.beside);
    if ((tw__isa_lane() & tw__scan_lanes(x)) != 0)
        return;
    tw__isa_shared_store(tw__scan_place(x, part, line, 0), &value, 4);
    if (tw__scan_paired(x))
        tw__isa_shared_store(tw__scan_place(x, part, line, 1), &beside, 4);
}

TW_FN tw__scan_pair tw__scan_take(tw__scanned x, int part, int line)
{
    uint32_t value, beside = 0;
    tw__isa_shared_load(&value, tw__scan_place(x, part, line, 0), 4);
    if (tw__scan_paired(x))
        tw__isa_shared_load(&beside, tw__scan_place(x, part, line, 1), 4);
    return tw__scan_make(tw__float_of(beside), tw__float_of(value));
}

/* Cores [core, core + count) of this wave's lines, which follow those of the waves before it: `carry` and
 * `beside` come with what stands before all of them and leave with what stands behind. */
TW_FN void tw__scan_round(tw__scanned x, int core, int count, float *carry, float *beside)
{
    int parts = tw__axis_share(x.along);
    int part = tw__role(x.along) == TW__AXIS_row ? tw__wave_row(x.along) : tw__wave_col(x.along);
    tw__meet(tw__team_threads(x.values)); /* the scratch may still be read */
    TW_UNROLL
    for (int line = 0, lines = tw__scan_lines(x); line < lines; line++)
        tw__scan_leave(x, part, line, tw__scan_cores(x, line, core, count, tw__scan_neutral(x), 0));
    tw__meet(tw__team_threads(x.values));
    TW_UNROLL
    for (int line = 0, lines = tw__scan_lines(x); line < lines; line++) {
        tw__scan_pair total = tw__scan_make(beside[line], carry[line]), before = total;
        TW_UNROLL
        for (int p = 0; p < parts; p++) {
            tw__scan_pair here = tw__scan_join(x, total, tw__scan_take(x, p, line));
            total = here;
            before.value = p < part ? total.value : before.value;
            before.beside = p < part ? total.beside : before.beside;
        }
        tw__scan_cores(x, line, core, count, before, 1);
        carry[line] = total.value;
        beside[line] = total.beside;
    }
}

TW_FN void tw__scan(tw__scanned x)
{
    float carry[TW__CORES_MAX * TW_CORE] = {0}, beside[TW__CORES_MAX * TW_CORE] = {0};
    int cores = tw__vector_cores(x.along), parts = tw__axis_share(x.along);
    int together = tw__role(x.along) == TW__AXIS_row ? 1 : cores; /* rows are dealt core by core */
    if (tw__outside_team(x.values))
        return;
    if (parts == 1) {
        TW_UNROLL
        for (int line = 0, lines = tw__scan_lines(x); line < lines; line++)
            tw__scan_cores(x, line, 0, cores, tw__scan_neutral(x), 1);
        return;
    }
    TW_UNROLL
    for (int line = 0, lines = tw__scan_lines(x); line < lines; line++) {
        carry[line] = tw__scan_neutral(x).value;
        beside[line] = tw__scan_neutral(x).beside;
    }
    TW_UNROLL
    for (int core = 0; core < cores; core += together)
        tw__scan_round(x, core, together, carry, beside);
}

/* Floats of scratch memory, the most of any op. */
#define TW__SCAN_SCRATCH(lines, parts) ((parts) > 1 ? (lines) * (parts)*2 * 4 : 0)
#define TW__SCAN(name, x, beside, kind, lines, parts, op, by_row, exclusive, segmented)                      \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(x, kind) && TW__DTYPE_OF(x) == TW_f32 && !TW__IS_LINE(x),                    \
                         "TW070 " name "(" #x                                                                \
                         ", ...): tw_row_scan and tw_col_scan take f32 register tiles, "                     \
                         "tw_scan a vector; none of role line");                                             \
        TW_STATIC_ASSERT(TW__ALIKE(x, beside) && TW__DTYPE_OF(beside) == TW_f32,                             \
                         "TW071 " name "(" #x ", " #beside                                                   \
                         ", ...): the two must have the same shape and role and be f32");                    \
        TW_STATIC_ASSERT(TW__SCAN_SCRATCH(lines, parts) <= TW_SCRATCH_BYTES,                                 \
                         "TW072 " name "(" #x                                                                \
                         ", ...): lines times the waves that share each exceed the scratch memory");         \
        tw__scan(tw__make_scan(TW__REF(x), TW__REF(beside), op, by_row, exclusive, segmented));              \
    } while (0)
#define TW__ROW_PARTS(t) (TW__ROLE_OF(t) == TW__ROLE_a ? 1 : tw_team_cols)
#define TW__COL_PARTS(t) (TW__ROLE_OF(t) == TW__ROLE_b ? 1 : tw_team_rows)
#define TW__ROW_SCAN(name, t, beside, op, exclusive, segmented)                                              \
    TW__SCAN(name, t, beside, TW__REGISTER, TW__ROWS_OF(t), TW__ROW_PARTS(t), op, 1, exclusive, segmented)
#define TW__COL_SCAN(name, t, beside, op, exclusive, segmented)                                              \
    TW__SCAN(name, t, beside, TW__REGISTER, TW__COLS_OF(t), TW__COL_PARTS(t), op, 0, exclusive, segmented)
#define TW__VECTOR_SCAN(name, v, beside, op, exclusive, segmented)                                           \
    TW__SCAN(name, v, beside, TW__VECTOR, 1, 1, op, 1, exclusive, segmented)

#define tw_row_scan(t, op)           TW__ROW_SCAN("tw_row_scan", t, t, TW__SCAN_##op, 0, 0)
#define tw_row_scan_exclusive(t, op) TW__ROW_SCAN("tw_row_scan_exclusive", t, t, TW__SCAN_##op, 1, 0)
#define tw_row_scan_segmented(t, starts, op)                                                                 \
    TW__ROW_SCAN("tw_row_scan_segmented", t, starts, TW__SCAN_##op, 0, 1)
#define tw_row_scan_affine(a, b) TW__ROW_SCAN("tw_row_scan_affine", b, a, TW__SCAN_affine, 0, 0)
#define tw_row_scan_affine_exclusive(a, b)                                                                   \
    TW__ROW_SCAN("tw_row_scan_affine_exclusive", b, a, TW__SCAN_affine, 1, 0)
#define tw_col_scan(t, op)           TW__COL_SCAN("tw_col_scan", t, t, TW__SCAN_##op, 0, 0)
#define tw_col_scan_exclusive(t, op) TW__COL_SCAN("tw_col_scan_exclusive", t, t, TW__SCAN_##op, 1, 0)
#define tw_col_scan_segmented(t, starts, op)                                                                 \
    TW__COL_SCAN("tw_col_scan_segmented", t, starts, TW__SCAN_##op, 0, 1)
#define tw_col_scan_affine(a, b) TW__COL_SCAN("tw_col_scan_affine", b, a, TW__SCAN_affine, 0, 0)
#define tw_col_scan_affine_exclusive(a, b)                                                                   \
    TW__COL_SCAN("tw_col_scan_affine_exclusive", b, a, TW__SCAN_affine, 1, 0)
#define tw_scan(v, op)                   TW__VECTOR_SCAN("tw_scan", v, v, TW__SCAN_##op, 0, 0)
#define tw_scan_exclusive(v, op)         TW__VECTOR_SCAN("tw_scan_exclusive", v, v, TW__SCAN_##op, 1, 0)
#define tw_scan_segmented(v, starts, op) TW__VECTOR_SCAN("tw_scan_segmented", v, starts, TW__SCAN_##op, 0, 1)
#define tw_scan_affine(a, b)             TW__VECTOR_SCAN("tw_scan_affine", b, a, TW__SCAN_affine, 0, 0)
#define tw_scan_affine_exclusive(a, b)                                                                       \
    TW__VECTOR_SCAN("tw_scan_affine_exclusive", b, a, TW__SCAN_affine, 1, 0)

#endif
