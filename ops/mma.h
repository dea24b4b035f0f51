/* SPDX-License-Identifier: MIT
 *
 * tw_mma_AB(d, a, b)    d += A B         a holds M x K, b K x N
 * tw_mma_ABt(d, a, b)   d += A B^T       b holds N x K
 * tw_mma_AtB(d, a, b)   d += A^T B       a holds K x M
 * tw_mma_AtBt(d, a, b)  d += A^T B^T
 * tw_mma(d, a, b, transpose_a, transpose_b)   the same, chosen by constants
 * tw_mm_AB, tw_mm_ABt, tw_mm_AtB, tw_mm_AtBt, tw_mm   d = A B and so on, whatever d held: no need to zero it
 *
 *   d   tw_rt(f32, M, N, acc)
 *   a   tw_rt(t, M, K, a), or a shared tile or view
 *   b   tw_rt(t, K, N, b), or a shared tile or view       t: bf16, f16 or f32, the same for both
 *
 * A register operand already stands in its role, so only a shared one can be transposed. Products of
 * 16-bit operands are exact and added in f32; f32 operands are multiplied with at least 21 bits each.
 */
#ifndef TW_OPS_MMA_H
#define TW_OPS_MMA_H

#include "../tiles/register.h"
#include "../tiles/shared.h"
#include "computing.h"

#define tw_mma_AB(d, a, b)                        TW__MMA("tw_mma_AB", d, a, b, 0, 0, 1)
#define tw_mma_ABt(d, a, b)                       TW__MMA("tw_mma_ABt", d, a, b, 0, 1, 1)
#define tw_mma_AtB(d, a, b)                       TW__MMA("tw_mma_AtB", d, a, b, 1, 0, 1)
#define tw_mma_AtBt(d, a, b)                      TW__MMA("tw_mma_AtBt", d, a, b, 1, 1, 1)
#define tw_mma(d, a, b, transpose_a, transpose_b) TW__MMA("tw_mma", d, a, b, transpose_a, transpose_b, 1)
#define tw_mm_AB(d, a, b)                         TW__MMA("tw_mm_AB", d, a, b, 0, 0, 0)
#define tw_mm_ABt(d, a, b)                        TW__MMA("tw_mm_ABt", d, a, b, 0, 1, 0)
#define tw_mm_AtB(d, a, b)                        TW__MMA("tw_mm_AtB", d, a, b, 1, 0, 0)
#define tw_mm_AtBt(d, a, b)                       TW__MMA("tw_mm_AtBt", d, a, b, 1, 1, 0)
#define tw_mm(d, a, b, transpose_a, transpose_b)  TW__MMA("tw_mm", d, a, b, transpose_a, transpose_b, 0)

#define TW__ROWS_IF(x, transposed) ((transposed) ? TW__COLS_OF(x) : TW__ROWS_OF(x))
#define TW__COLS_IF(x, transposed) ((transposed) ? TW__ROWS_OF(x) : TW__COLS_OF(x))
#define TW__MMA_FORM_OF(d, a, ta, tb)                                                                        \
    TW__MMA_FORM(TW__COLS_OF(d) / TW_CORE / tw_team_cols, TW__DTYPE_OF(a), TW__IS(a, TW__REGISTER), ta, tb)
#define TW__IS_TILE(x, role) (TW__IS(x, TW__REGISTER) && TW__ROLE_OF(x) == (role))

#define TW__MMA(op, d, a, b, ta, tb, accumulate)                                                             \
    TW__MMA_BY(op, d, a, b, ta, tb,                                                                          \
               tw__mma(TW__REF(d), TW__REF(a), TW__REF(b), ta, tb, TW__MMA_FORM_OF(d, a, ta, tb),            \
                       accumulate, tw__is_pipeline(tw__computing), tw__pipeline_of(tw__computing)))
#define TW__MMA_BY(op, d, a, b, ta, tb, call)                                                                \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_TILE(d, TW__ROLE_acc) && TW__DTYPE_OF(d) == TW_f32,                          \
                         "TW050 " op "(" #d ", " #a ", " #b "): the sum must be a tw_rt(f32, M, N, acc)");   \
        TW_STATIC_ASSERT(TW__IS_SHARED(a) || (TW__IS_TILE(a, TW__ROLE_a) && !(ta)),                          \
                         "TW051 " op "(" #d ", " #a ", " #b                                                  \
                         "): A must be a tile of role a, or shared; only a shared "                          \
                         "tile can be transposed here (tw_convert, tw_load_transposed)");                    \
        TW_STATIC_ASSERT(TW__IS_SHARED(b) || (TW__IS_TILE(b, TW__ROLE_b) && !(tb)),                          \
                         "TW052 " op "(" #d ", " #a ", " #b                                                  \
                         "): B must be a tile of role b, or shared; only a shared "                          \
                         "tile can be transposed here (tw_load_transposed)");                                \
        TW_STATIC_ASSERT(                                                                                    \
            TW__DTYPE_OF(a) == TW__DTYPE_OF(b) &&                                                            \
                (TW__DTYPE_OF(a) == TW_bf16 || TW__DTYPE_OF(a) == TW_f16 || TW__DTYPE_OF(a) == TW_f32),      \
            "TW053 " op "(" #d ", " #a ", " #b "): A and B must both be bf16, f16 or f32; tw_convert one");  \
        TW_STATIC_ASSERT(TW__ROWS_OF(d) == TW__ROWS_IF(a, ta) && TW__COLS_OF(d) == TW__COLS_IF(b, tb),       \
                         "TW054 " op "(" #d ", " #a ", " #b                                                  \
                         "): the sum must have A's rows and B's columns");                                   \
        TW_STATIC_ASSERT(TW__COLS_IF(a, ta) == TW__ROWS_IF(b, tb) && TW__COLS_IF(a, ta) % TW_CORE == 0,      \
                         "TW055 " op "(" #d ", " #a ", " #b                                                  \
                         "): A and B must agree on the contraction, a multiple of 16");                      \
        call;                                                                                                \
    } while (0)

#ifndef TW_NATIVE_CORE_PAIR
TW_FN void tw__load_core_pair(uint32_t *cores, tw__shared_tile tile, int row, int col, int across)
{
    (void)cores, (void)tile, (void)row, (void)col, (void)across;
}
#endif

/* Does the machine load the two cores that it multiplies at once at once too? Only where both operands do:
 * they share the order of k. */
TW_FN int tw__loads_pairs(tw__ref a, tw__ref b)
{
#ifdef TW_NATIVE_CORE_PAIR
    return tw__mma_depth(tw__dtype(a)) == 2 && tw__is_shared(a) && tw__is_shared(b);
#else
    return (void)a, (void)b, 0;
#endif
}

/* `deep` cores along the contraction, one after another, of the operand's core row or column `other`:
 * where they lie in registers, or loaded into `buffer`. */
TW_FN void *tw__operand_cores(tw__ref x, uint32_t *buffer, int is_b, int other, int k, int deep,
                              int transposed, int paired)
{
    int dtype = tw__dtype(x);
    if (!tw__is_shared(x))
        return tw__core_of(x.data, dtype, is_b ? tw__core_index(x, k, other) : tw__core_index(x, other, k));
    tw__shared_at at = tw__shared_of(x);
    int step = tw__wave_row(x) + other * x.team_rows; /* A: rows are dealt to the team core by core */
    if (is_b) {
        int cores = (transposed ? x.rows : x.cols) / TW_CORE / x.team_cols;
        step = tw__wave_col(x) * cores + other;
    }
    TW_UNROLL
    for (int q = 0; q < deep; q += paired && q + 2 <= deep ? 2 : 1) {
        int row = is_b ? (k + q) * TW_CORE : step * TW_CORE, col = is_b ? step * TW_CORE : (k + q) * TW_CORE;
        int across = (is_b && TW__B_TRANSPOSED == 1) != transposed;
        void *core = tw__core_of(buffer, dtype, q);
        if (paired && q + 2 <= deep)
            tw__load_core_pair((uint32_t *)core, at.tile, at.row + (transposed ? col : row),
                               at.col + (transposed ? row : col), across);
        else
            tw__load_core(core, at.tile, at.row + (transposed ? col : row), at.col + (transposed ? row : col),
                          across);
    }
    return buffer;
}

/* An operand for machines that multiply for the whole team at once. */
TW_FN tw__mma_operand tw__make_operand(tw__ref x, int transposed)
{
    tw__mma_operand operand;
    tw__shared_at at = tw__shared_of(x);
    operand.words = tw__is_shared(x) ? 0 : (uint32_t *)x.data;
    operand.tile = at.tile;
    operand.row = at.row;
    operand.col = at.col;
    operand.transposed = transposed;
    return operand;
}

/* done: returns when d has the sum; else the machine is at work on it (ops/mma_async.h). */
TW_FN int tw__mma_by_team(tw__ref d, tw__ref a, tw__ref b, int transpose_a, int transpose_b, int form,
                          int accumulate, int done)
{
    tw__mma_operand left = tw__make_operand(a, transpose_a), right = tw__make_operand(b, transpose_b);
    int depth = (transpose_a ? a.rows : a.cols) / TW_CORE, rows = tw__core_rows(d), row = tw__wave_row(d),
        first_col = tw__wave_col(d) * tw__core_cols(d) * TW_CORE;
    if (!tw__team_mma_fits(left, right, form, d.team_rows, rows, first_col))
        return 0;
    tw__team_mma(d.data, rows, left, right, depth, form, d.team_rows, row, first_col, accumulate, done);
    return 1;
}

#ifdef TW_NATIVE_TURNS
/* First the operands of as many cores along k as the machine wants in registers, then, in this half of the
 * team's turn, their product. */
TW_FN int tw__mma_in_turns(tw__ref d, tw__ref a, tw__ref b, int transpose_a, int transpose_b, int in_step,
                           tw__pipeline *pipe)
{
    uint32_t left[2 * TW__CORES_MAX * TW_CORE_ELEMENTS], right[2 * TW__CORES_MAX * TW_CORE_ELEMENTS];
    int dtype = tw__dtype(a), depth = tw__mma_depth(dtype),
        cores_k = (transpose_a ? a.rows : a.cols) / TW_CORE;
    int rows = tw__is_shared(a) ? tw__core_rows(d) : 0, cols = tw__is_shared(b) ? tw__core_cols(d) : 0;
    int turn, paired = tw__loads_pairs(a, b);
    if (!in_step || !tw__takes_turns(pipe) || rows + cols == 0)
        return 0;
    turn = tw__turn_depth(rows + cols, tw__bytes(dtype) * TW_CORE_ELEMENTS / 4, depth);
    TW_UNROLL
    for (int first = 0; first < cores_k; first += turn) {
        int last = first + turn < cores_k ? first + turn : cores_k;
        TW_UNROLL
        for (int i = 0; i < rows; i++)
            tw__operand_cores(a, (uint32_t *)tw__core_of(left, dtype, i * turn), 0, i, first, last - first,
                              transpose_a, paired);
        TW_UNROLL
        for (int j = 0; j < cols; j++)
            tw__operand_cores(b, (uint32_t *)tw__core_of(right, dtype, j * turn), 1, j, first, last - first,
                              transpose_b, paired);
        tw__pipeline_turn(pipe);
        TW_UNROLL
        for (int k = first; k < last; k += depth) {
            int deep = last - k < depth ? 1 : depth;
            TW_UNROLL
            for (int j = 0; j < tw__core_cols(d); j++) {
                TW_UNROLL
                for (int i = 0; i < tw__core_rows(d); i++) {
                    void *cores_a = rows > 0 ? tw__core_of(left, dtype, i * turn + k - first)
                                             : tw__operand_cores(a, left, 0, i, k, deep, 0, 0);
                    void *cores_b = cols > 0 ? tw__core_of(right, dtype, j * turn + k - first)
                                             : tw__operand_cores(b, right, 1, j, k, deep, 0, 0);
                    tw__mma_core(tw__core_of(d.data, TW_f32, tw__core_index(d, i, j)), cores_a, cores_b,
                                 dtype, deep);
                }
            }
        }
        tw__turn_over();
    }
    return 1;
}
#else
TW_FN int tw__mma_in_turns(tw__ref d, tw__ref a, tw__ref b, int transpose_a, int transpose_b, int in_step,
                           tw__pipeline *pipe)
{
    (void)d, (void)a, (void)b, (void)transpose_a, (void)transpose_b, (void)in_step, (void)pipe;
    return 0;
}
#endif

/* in_step: stands in a TW_COMPUTE, of `pipe`. A wave with one core of d has two sums, added in the end: else
 * each of its products would wait for the one before. */
TW_FN void tw__mma(tw__ref d, tw__ref a, tw__ref b, int transpose_a, int transpose_b, int form,
                   int accumulate, int in_step, tw__pipeline *pipe)
{
    int dtype = tw__dtype(a), depth = tw__mma_depth(dtype),
        cores_k = (transpose_a ? a.rows : a.cols) / TW_CORE;
    int paired = tw__loads_pairs(a, b), sums = tw__elements(d) == TW_CORE_ELEMENTS && cores_k > depth ? 2 : 1;
    uint32_t left[TW__CORES_MAX][2 * TW_CORE_ELEMENTS], right[2 * TW_CORE_ELEMENTS], second[TW_CORE_ELEMENTS];
    if (d.idle)
        return;
    if (TW__TEAM_MMA && tw__mma_by_team(d, a, b, transpose_a, transpose_b, form, accumulate, 1))
        return;
    TW_UNROLL
    for (int n = 0, elements = tw__elements(d); n < elements && !accumulate; n += 2)
        tw__set_pair(d.data, TW_f32, n, 0.0f, 0.0f);
    if (tw__mma_in_turns(d, a, b, transpose_a, transpose_b, in_step, pipe))
        return;
    TW_UNROLL
    for (int n = 0; n < (sums == 2 ? TW_CORE_ELEMENTS : 0); n += 2)
        tw__set_pair(second, TW_f32, n, 0.0f, 0.0f);
    TW_UNROLL
    for (int k = 0; k < cores_k; k += depth) {
        int deep = cores_k - k < depth ? 1 : depth;
        if (tw__is_shared(a)) {
            TW_UNROLL
            for (int i = 0, rows = tw__core_rows(d); i < rows; i++)
                tw__operand_cores(a, left[i], 0, i, k, deep, transpose_a, paired);
        }
        TW_UNROLL
        for (int j = 0, cols = tw__core_cols(d); j < cols; j++) {
            void *cores_b = tw__operand_cores(b, right, 1, j, k, deep, transpose_b, paired);
            TW_UNROLL
            for (int i = 0, rows = tw__core_rows(d); i < rows; i++) {
                void *cores_a =
                    tw__is_shared(a) ? left[i] : tw__operand_cores(a, left[i], 0, i, k, deep, 0, 0);
                void *sum =
                    k / depth % sums == 1 ? second : tw__core_of(d.data, TW_f32, tw__core_index(d, i, j));
                tw__mma_core(sum, cores_a, cores_b, dtype, deep);
            }
        }
    }
    TW_UNROLL
    for (int n = 0; n < (sums == 2 ? TW_CORE_ELEMENTS : 0); n += 2)
        tw__set_pair(d.data, TW_f32, n, tw__element(d.data, TW_f32, n) + tw__element(second, TW_f32, n),
                     tw__element(d.data, TW_f32, n + 1) + tw__element(second, TW_f32, n + 1));
}

#endif
