/* SPDX-License-Identifier: MIT
 *
 * Element-wise work on register tiles and vectors. Arithmetic is f32 whatever the dtype; a narrower
 * destination is rounded to nearest even. Operands have the destination's shape and role and may be the
 * destination itself.
 *
 * A user's expression, in place:
 *   tw_map(t, x, expr)                x is the element
 *   tw_map_at(t, x, r, c, expr)       r, c: its row and column in the tile (a vector: r = 0, c = index)
 *   tw_map_row(t, x, v, y, expr)      y: the row's value in vector v
 *   tw_map_col(t, x, v, y, expr)      y: the column's value in vector v
 *   tw_map_row_at(t, x, c, v, y, expr)   as tw_map_row; c: the element's column in the tile
 *   tw_map2(t, x, u, y, expr)         y: the element of u, a tile or vector like t
 *   tw_map2_at(t, x, u, y, r, c, expr)   both of tw_map2 and tw_map_at
 *
 * Named maps, dst first:
 *   tw_exp tw_exp2 tw_log tw_log2 tw_sqrt tw_rsqrt tw_tanh tw_sigmoid tw_silu tw_gelu tw_gelu_tanh tw_relu
 *   tw_abs tw_copy                    (d, s)
 *   tw_add tw_sub tw_mul tw_div tw_min tw_max   (d, a, b): b is like a, or a vector along a's rows or columns
 *   tw_fma(d, a, b, c)                a * b + c
 *   tw_select(d, m, a, b)             m != 0 ? a : b
 *   tw_clamp(d, s, low, high)         scalars
 *   tw_zero(d)   tw_fill(d, value)    tw_broadcast(d, v): a vector along d's rows or columns
 */
#ifndef TW_OPS_MAP_H
#define TW_OPS_MAP_H

#include "../tiles/register.h"
#include "../tiles/vector.h"
#include "math.h"

/* Elements or slots of this lane; tiles are written two at a time, a 16-bit pair being one register. */
TW_FN int tw__count(tw__ref x) { return tw__kind(x) == TW__VECTOR ? tw__vector_slots(x) : tw__elements(x); }
TW_FN int tw__step(tw__ref x) { return tw__kind(x) == TW__VECTOR ? 1 : 2; }

/* A vector is floats, a tile 32-bit words: each is read as what it was written as (C11 6.5p7). */
TW_FN float tw__get(tw__ref x, int n)
{
    return tw__kind(x) == TW__VECTOR ? ((const float *)x.data)[n] : tw__element(x.data, tw__dtype(x), n);
}

TW_FN void tw__put(tw__ref x, int n, float low, float high)
{
    if (tw__kind(x) == TW__VECTOR)
        ((float *)x.data)[n] = low;
    else
        tw__set_pair(x.data, tw__dtype(x), n, low, high);
}

/* Element n of an operand beside tile or vector t: its own, or that of the vector along rows or columns. */
TW_FN float tw__beside(tw__ref x, tw__ref t, int n)
{
    if (tw__kind(x) == tw__kind(t))
        return tw__get(x, n);
    return ((const float *)
                x.data)[tw__role(x) == tw__row_axis(tw__role(t)) ? tw__row_slot(t, n) : tw__col_slot(t, n)];
}

TW_FN int tw__row_of(tw__ref x, int n) { return tw__kind(x) == TW__VECTOR ? 0 : tw__element_row(x, n); }
TW_FN int tw__col_of(tw__ref x, int n)
{
    return tw__kind(x) == TW__VECTOR ? tw__slot_index(x, n) : tw__element_col(x, n);
}

TW_FN void tw__set_one(tw__ref x, int n, float value)
{
    if (tw__kind(x) == TW__VECTOR)
        ((float *)x.data)[n] = value;
    else
        tw__set_element(x.data, tw__dtype(x), n, value);
}

#define TW__IS_REGISTER(x) (TW__IS(x, TW__REGISTER) || TW__IS(x, TW__VECTOR))
#define TW__ALIKE(x, y)                                                                                      \
    (TW__IS_REGISTER(x) && TW__KIND_OF(x) == TW__KIND_OF(y) && TW__ROLE_OF(x) == TW__ROLE_OF(y) &&           \
     TW__SAME_SHAPE(x, y))
#define TW__ALONG_ROWS(v, t)                                                                                 \
    (TW__IS(v, TW__VECTOR) && TW__IS(t, TW__REGISTER) && TW__ROLE_OF(v) == TW__ROW_AXIS_OF(t) &&             \
     TW__COLS_OF(v) == TW__ROWS_OF(t))
#define TW__ALONG_COLS(v, t)                                                                                 \
    (TW__IS(v, TW__VECTOR) && TW__IS(t, TW__REGISTER) && TW__ROLE_OF(v) == TW__COL_AXIS_OF(t) &&             \
     TW__COLS_OF(v) == TW__COLS_OF(t))

#define TW__CHECK_REGISTER(op, d)                                                                            \
    TW_STATIC_ASSERT(TW__IS_REGISTER(d),                                                                     \
                     "TW030 " op "(" #d ", ...): works on register tiles and vectors; load it first")
#define TW__CHECK_ALIKE(op, d, s)                                                                            \
    TW_STATIC_ASSERT(TW__ALIKE(d, s),                                                                        \
                     "TW031 " op "(" #d ", " #s                                                              \
                     ", ...): the operands must have the same shape and role; tw_convert changes the role")
#define TW__CHECK_BESIDE(op, d, b)                                                                           \
    TW_STATIC_ASSERT(TW__ALIKE(d, b) || TW__ALONG_ROWS(b, d) || TW__ALONG_COLS(b, d),                        \
                     "TW032 " op "(" #d ", ..., " #b                                                         \
                     "): the last operand must be like the first, or a vector along its rows or columns")

#define tw_map(t, x, expr)                                                                                   \
    do {                                                                                                     \
        TW__CHECK_REGISTER("tw_map", t);                                                                     \
        TW_UNROLL                                                                                            \
        for (int tw__n = 0, tw__all = tw__count(TW__REF(t)); tw__n < tw__all; tw__n++) {                     \
            const float x = tw__get(TW__REF(t), tw__n);                                                      \
            tw__set_one(TW__REF(t), tw__n, (expr));                                                          \
        }                                                                                                    \
    } while (0)
#define tw_map_at(t, x, r, c, expr)                                                                          \
    do {                                                                                                     \
        TW__CHECK_REGISTER("tw_map_at", t);                                                                  \
        TW_UNROLL                                                                                            \
        for (int tw__n = 0, tw__all = tw__count(TW__REF(t)); tw__n < tw__all; tw__n++) {                     \
            const float x = tw__get(TW__REF(t), tw__n);                                                      \
            const int r = tw__row_of(TW__REF(t), tw__n), c = tw__col_of(TW__REF(t), tw__n);                  \
            (void)x, (void)r, (void)c;                                                                       \
            tw__set_one(TW__REF(t), tw__n, (expr));                                                          \
        }                                                                                                    \
    } while (0)
#define TW__MAP_BESIDE(t, x, v, y, expr)                                                                     \
    TW_UNROLL                                                                                                \
    for (int tw__n = 0, tw__all = tw__count(TW__REF(t)); tw__n < tw__all; tw__n++) {                         \
        const float x = tw__get(TW__REF(t), tw__n);                                                          \
        const float y = tw__beside(TW__REF(v), TW__REF(t), tw__n);                                           \
        tw__set_one(TW__REF(t), tw__n, (expr));                                                              \
    }
#define tw_map_row(t, x, v, y, expr)                                                                         \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_ROWS(v, t), "TW033 tw_map_row(" #t ", ..., " #v                           \
                                               ", ...): needs a vector along the tile's rows");              \
        TW__MAP_BESIDE(t, x, v, y, expr)                                                                     \
    } while (0)
#define tw_map_row_at(t, x, c, v, y, expr)                                                                   \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_ROWS(v, t), "TW048 tw_map_row_at(" #t ", ..., " #v                        \
                                               ", ...): needs a vector along the tile's rows");              \
        TW_UNROLL                                                                                            \
        for (int tw__n = 0, tw__all = tw__count(TW__REF(t)); tw__n < tw__all; tw__n++) {                     \
            const float x = tw__get(TW__REF(t), tw__n), y = tw__beside(TW__REF(v), TW__REF(t), tw__n);       \
            const int c = tw__col_of(TW__REF(t), tw__n);                                                     \
            (void)x, (void)y, (void)c;                                                                       \
            tw__set_one(TW__REF(t), tw__n, (expr));                                                          \
        }                                                                                                    \
    } while (0)
#define tw_map_col(t, x, v, y, expr)                                                                         \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_COLS(v, t), "TW034 tw_map_col(" #t ", ..., " #v                           \
                                               ", ...): needs a vector along the tile's columns");           \
        TW__MAP_BESIDE(t, x, v, y, expr)                                                                     \
    } while (0)
#define tw_map2(t, x, u, y, expr)                                                                            \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_map2", t, u);                                                                    \
        TW__MAP_BESIDE(t, x, u, y, expr)                                                                     \
    } while (0)
#define tw_map2_at(t, x, u, y, r, c, expr)                                                                   \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_map2_at", t, u);                                                                 \
        TW_UNROLL                                                                                            \
        for (int tw__n = 0, tw__all = tw__count(TW__REF(t)); tw__n < tw__all; tw__n++) {                     \
            const float x = tw__get(TW__REF(t), tw__n), y = tw__get(TW__REF(u), tw__n);                      \
            const int r = tw__row_of(TW__REF(t), tw__n), c = tw__col_of(TW__REF(t), tw__n);                  \
            (void)x, (void)y, (void)r, (void)c;                                                              \
            tw__set_one(TW__REF(t), tw__n, (expr));                                                          \
        }                                                                                                    \
    } while (0)

/* clang-format off */
/* The named maps: ROW(name, value in terms of x), ROW(name, value in terms of x and y). */
#define TW__UNARY_OPS(ROW)                                                                            \
    ROW(copy, x) ROW(exp, tw_expf(x)) ROW(exp2, tw_exp2f(x)) ROW(log, tw_logf(x)) ROW(log2, tw_log2f(x)) \
    ROW(sqrt, tw_sqrtf(x)) ROW(rsqrt, tw_rsqrtf(x)) ROW(tanh, tw_tanhf(x)) ROW(sigmoid, tw_sigmoidf(x)) \
    ROW(silu, tw_siluf(x)) ROW(gelu, tw_geluf(x)) ROW(gelu_tanh, tw_gelu_tanhf(x)) ROW(relu, tw_reluf(x)) \
    ROW(abs, tw_absf(x))
#define TW__BINARY_OPS(ROW)                                                                           \
    ROW(add, x + y) ROW(sub, x - y) ROW(mul, x * y) ROW(div, tw_divf(x, y))                             \
    ROW(min, tw_minf(x, y)) ROW(max, tw_maxf(x, y))

/* clang-format on */

#define TW__OP_ENUM(name, value) TW__OP_##name,
#define TW__OP_CASE(name, value)                                                                             \
    case TW__OP_##name: return value;
enum { TW__UNARY_OPS(TW__OP_ENUM) TW__UNARY_COUNT };
enum { TW__BINARY_OPS(TW__OP_ENUM) TW__BINARY_COUNT };

TW_FN float tw__apply_unary(int op, float x)
{
    switch (op) {
        TW__UNARY_OPS(TW__OP_CASE)
    default: return x;
    }
}

TW_FN float tw__apply_binary(int op, float x, float y)
{
    switch (op) {
        TW__BINARY_OPS(TW__OP_CASE)
    default: return x;
    }
}

TW_FN void tw__unary(tw__ref d, tw__ref s, int op)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d)) {
        float low = tw__apply_unary(op, tw__get(s, n));
        tw__put(d, n, low, tw__step(d) == 2 ? tw__apply_unary(op, tw__get(s, n + 1)) : low);
    }
}

TW_FN void tw__binary(tw__ref d, tw__ref a, tw__ref b, int op)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d)) {
        float low = tw__apply_binary(op, tw__get(a, n), tw__beside(b, d, n)), high = low;
        if (tw__step(d) == 2)
            high = tw__apply_binary(op, tw__get(a, n + 1), tw__beside(b, d, n + 1));
        tw__put(d, n, low, high);
    }
}

TW_FN void tw__fma(tw__ref d, tw__ref a, tw__ref b, tw__ref c)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d)) {
        float low = tw_fmaf(tw__get(a, n), tw__get(b, n), tw__get(c, n)), high = low;
        if (tw__step(d) == 2)
            high = tw_fmaf(tw__get(a, n + 1), tw__get(b, n + 1), tw__get(c, n + 1));
        tw__put(d, n, low, high);
    }
}

TW_FN void tw__select(tw__ref d, tw__ref m, tw__ref a, tw__ref b)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d)) {
        float low = tw__get(m, n) != 0.0f ? tw__get(a, n) : tw__get(b, n), high = low;
        if (tw__step(d) == 2)
            high = tw__get(m, n + 1) != 0.0f ? tw__get(a, n + 1) : tw__get(b, n + 1);
        tw__put(d, n, low, high);
    }
}

TW_FN void tw__clamp(tw__ref d, tw__ref s, float low, float high)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d)) {
        float first = tw_clampf(tw__get(s, n), low, high);
        tw__put(d, n, first, tw__step(d) == 2 ? tw_clampf(tw__get(s, n + 1), low, high) : first);
    }
}

TW_FN void tw__fill(tw__ref d, float value)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d))
        tw__put(d, n, value, value);
}

TW_FN void tw__broadcast(tw__ref d, tw__ref v)
{
    TW_UNROLL
    for (int n = 0, count = tw__count(d); n < count; n += tw__step(d))
        tw__put(d, n, tw__beside(v, d, n), tw__beside(v, d, n + 1));
}

#define TW__UNARY(name, d, s)                                                                                \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_" #name, d, s);                                                                  \
        tw__unary(TW__REF(d), TW__REF(s), TW__OP_##name);                                                    \
    } while (0)
#define tw_copy(d, s)      TW__UNARY(copy, d, s)
#define tw_exp(d, s)       TW__UNARY(exp, d, s)
#define tw_exp2(d, s)      TW__UNARY(exp2, d, s)
#define tw_log(d, s)       TW__UNARY(log, d, s)
#define tw_log2(d, s)      TW__UNARY(log2, d, s)
#define tw_sqrt(d, s)      TW__UNARY(sqrt, d, s)
#define tw_rsqrt(d, s)     TW__UNARY(rsqrt, d, s)
#define tw_tanh(d, s)      TW__UNARY(tanh, d, s)
#define tw_sigmoid(d, s)   TW__UNARY(sigmoid, d, s)
#define tw_silu(d, s)      TW__UNARY(silu, d, s)
#define tw_gelu(d, s)      TW__UNARY(gelu, d, s)
#define tw_gelu_tanh(d, s) TW__UNARY(gelu_tanh, d, s)
#define tw_relu(d, s)      TW__UNARY(relu, d, s)
#define tw_abs(d, s)       TW__UNARY(abs, d, s)

#define TW__BINARY(name, d, a, b)                                                                            \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_" #name, d, a);                                                                  \
        TW__CHECK_BESIDE("tw_" #name, d, b);                                                                 \
        tw__binary(TW__REF(d), TW__REF(a), TW__REF(b), TW__OP_##name);                                       \
    } while (0)
#define tw_add(d, a, b) TW__BINARY(add, d, a, b)
#define tw_sub(d, a, b) TW__BINARY(sub, d, a, b)
#define tw_mul(d, a, b) TW__BINARY(mul, d, a, b)
#define tw_div(d, a, b) TW__BINARY(div, d, a, b)
#define tw_min(d, a, b) TW__BINARY(min, d, a, b)
#define tw_max(d, a, b) TW__BINARY(max, d, a, b)

#define tw_fma(d, a, b, c)                                                                                   \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_fma", d, a);                                                                     \
        TW__CHECK_ALIKE("tw_fma", d, b);                                                                     \
        TW__CHECK_ALIKE("tw_fma", d, c);                                                                     \
        tw__fma(TW__REF(d), TW__REF(a), TW__REF(b), TW__REF(c));                                             \
    } while (0)
#define tw_select(d, m, a, b)                                                                                \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_select", d, m);                                                                  \
        TW__CHECK_ALIKE("tw_select", d, a);                                                                  \
        TW__CHECK_ALIKE("tw_select", d, b);                                                                  \
        tw__select(TW__REF(d), TW__REF(m), TW__REF(a), TW__REF(b));                                          \
    } while (0)
#define tw_clamp(d, s, low, high)                                                                            \
    do {                                                                                                     \
        TW__CHECK_ALIKE("tw_clamp", d, s);                                                                   \
        tw__clamp(TW__REF(d), TW__REF(s), low, high);                                                        \
    } while (0)
#define tw_fill(d, value)                                                                                    \
    do {                                                                                                     \
        TW__CHECK_REGISTER("tw_fill", d);                                                                    \
        tw__fill(TW__REF(d), value);                                                                         \
    } while (0)
#define tw_zero(d) tw_fill(d, 0.0f)
#define tw_broadcast(d, v)                                                                                   \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__ALONG_ROWS(v, d) || TW__ALONG_COLS(v, d),                                       \
                         "TW035 tw_broadcast(" #d ", " #v                                                    \
                         "): needs a vector along the tile's rows or columns");                              \
        tw__broadcast(TW__REF(d), TW__REF(v));                                                               \
    } while (0)

#endif
