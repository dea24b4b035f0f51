/* SPDX-License-Identifier: MIT
 *
 * tw_tril_inverse(t, via)   t = (I + L)^-1, L being what t holds below its diagonal; what stands on it and
 *                           above is not looked at. The result has 1 on its diagonal and 0 above.
 *
 *   t     tw_rt(f32, C, C, acc), C 16, 32 or 64
 *   via   a shared f32 tile or view of that shape, free before; after a meeting, free again
 *
 * The team calls it together. Diagonal blocks of 16 x 16 by forward substitution, a thread for each column;
 * then neighbouring inverses X, Z are joined, log2(C / 16) times, by f32 products of cores:
 *
 *     (X   )^-1 ... of  (I + L11            )   is   ( X            )
 *     (  Z )            (    L21    I + L22 )        ( -Z L21 X   Z )
 *
 * Substitution is stable where the sum of powers of -L is not: with L all ones the inverse is bidiagonal,
 * and the powers reach binomial(C, C / 2).
 */
#ifndef TW_OPS_TRIL_INVERSE_H
#define TW_OPS_TRIL_INVERSE_H

#include "load.h"
#include "mask.h"
#include "mma.h"
#include "store.h"

/* Rows `from` to `to` of column c of the inverse of the diagonal block whose first row is `first`. Two
 * neighbours of a row are read at once: no swizzle parts them. */
TW_FN void tw__tril_column(float *x, tw__shared_at via, int first, int c, int from, int to)
{
    TW_UNROLL
    for (int r = from; r < to; r++) {
        float even = r == c ? 1.0f : 0.0f, odd = 0.0f;
        TW_UNROLL
        for (int k = 0; k < r; k += 2) {
            uint32_t pair[2];
            tw__isa_shared_load(pair, tw__shared_element(via.tile, via.row + first + r, via.col + first + k),
                                8);
            even = tw_fmaf(-tw__float_of(pair[0]), x[k], even);
            if (k + 1 < r)
                odd = tw_fmaf(-tw__float_of(pair[1]), x[k + 1], odd);
        }
        x[r] = even + odd;
    }
}

/* In place, threads of a block being in one wave or alone: a column is all that a later one leaves out. The
 * meetings between rows keep compilers from holding the whole block in registers. */
TW_FN void tw__tril_diagonal(tw__ref t, tw__shared_at via)
{
    const int threads = tw__team_threads(t), group = TW_CORE / 4;
    TW_UNROLL
    for (int start = 0; start < t.cols; start += threads) {
        int column = start + tw__team_thread(t), first = tw__isa_afresh(column / TW_CORE * TW_CORE);
        float x[TW_CORE] = {0};
        TW_UNROLL
        for (int from = 0; from < TW_CORE; from += group) {
            if (column < t.cols)
                tw__tril_column(x, via, first, column % TW_CORE, from, from + group);
            tw__meet(threads);
        }
        TW_UNROLL
        for (int r = 0; r < TW_CORE; r++) {
            if (column < t.cols)
                tw__set_shared_bits(via, first + r, column, tw__bits_of(x[r]));
        }
        tw__meet(threads);
    }
}

/* f32 elements of a core that lie side by side in a row and in one unit of the swizzle. */
enum {
    TW__TRIL_UNIT = (int)TW__SWIZZLE_UNIT > 0 ? TW__SWIZZLE_UNIT / 4 : TW_CORE,
    TW__TRIL_RUN = (int)TW__TRIL_UNIT < (int)TW__INNER_RUN ? (int)TW__TRIL_UNIT : (int)TW__INNER_RUN
};

/* Of cores of `via`, (left, right) lying in L21: at (right, left), above the diagonal, the sum over k in
 * [from, to) of (left, k) (k, right), and behind that at (left, right) minus that of (left, k) (right, k). */
TW_FN void tw__tril_product(tw__shared_at via, int left, int right, int low, int half, int from, int to,
                            int behind)
{
    uint32_t sum[TW_CORE_ELEMENTS], a[TW_CORE_ELEMENTS], b[TW_CORE_ELEMENTS];
    int lane = tw__isa_lane(), row = behind ? left : right, col = behind ? right : left;
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e += 2)
        tw__set_pair(sum, TW_f32, e, 0.0f, 0.0f);
    TW_UNROLL
    for (int q = 0; q < half; q++) {
        const int k = low + q;
        if (k < from || k >= to)
            continue;
        tw__load_core(a, via.tile, via.row + left * TW_CORE, via.col + k * TW_CORE, 0);
        tw__load_core(b, via.tile, via.row + (behind ? right : k) * TW_CORE,
                      via.col + (behind ? k : right) * TW_CORE, TW__B_TRANSPOSED == 1);
        tw__mma_core(sum, a, b, TW_f32, 1);
    }
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e += TW__TRIL_RUN) {
        uint32_t words[TW__TRIL_RUN];
        TW_UNROLL
        for (int q = 0; q < TW__TRIL_RUN; q++)
            words[q] =
                tw__bits_of(behind ? -tw__element(sum, TW_f32, e + q) : tw__element(sum, TW_f32, e + q));
        tw__isa_shared_store(tw__shared_element(via.tile, via.row + row * TW_CORE + tw__core_outer(lane, e),
                                                via.col + col * TW_CORE + tw__core_inner(lane, e)),
                             words, TW__TRIL_RUN * 4);
    }
}

/* Joins inverses of `half` cores each: first L21 X, which waits above the diagonal, behind a meeting -Z of
 * it. Cores go to the waves in turn. */
TW_FN void tw__tril_join(tw__ref t, tw__shared_at via, int half)
{
    int waves = t.team_rows * t.team_cols, cores = t.cols / TW_CORE * half / 2;
    TW_UNROLL
    for (int behind = 0; behind < 2; behind++) {
        TW_UNROLL
        for (int start = 0; start < cores; start += waves) {
            int core = start + tw__isa_wave();
            int low = core / (half * half) * 2 * half, right = low + core % half;
            int left = low + half + core / half % half;
            if (core < cores)
                tw__tril_product(via, left, right, behind ? low + half : low, half,
                                 behind ? low + half : right, behind ? left + 1 : low + half, behind);
        }
        tw__meet(tw__team_threads(t));
    }
}

TW_FN void tw__tril_inverse(tw__ref t, tw__ref via)
{
    tw__shared_at at = tw__shared_of(via);
    if (tw__outside_team(t))
        return;
    tw__meet(tw__team_threads(t));
    tw__tril_diagonal(t, at);
    TW_UNROLL
    for (int half = 1; half < 4; half *= 2) {
        if (half < t.cols / TW_CORE)
            tw__tril_join(t, at, half);
    }
}

#define tw_tril_inverse(t, via) TW__TRIL_INVERSE(t, via)
#define TW__TRIL_INVERSE(t, via)                                                                             \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_TILE(t, TW__ROLE_acc) && TW__DTYPE_OF(t) == TW_f32 &&                        \
                             TW__ROWS_OF(t) == TW__COLS_OF(t) &&                                             \
                             (TW__COLS_OF(t) == 16 || TW__COLS_OF(t) == 32 || TW__COLS_OF(t) == 64) &&       \
                             TW__IS_SHARED(via) && TW__DTYPE_OF(via) == TW_f32 && TW__SAME_SHAPE(t, via),    \
                         "TW083 tw_tril_inverse(" #t ", " #via                                               \
                         "): takes a tw_rt(f32, C, C, acc), C 16, 32 or 64, and a shared f32 tile of its "   \
                         "shape");                                                                           \
        tw_store(via, t);                                                                                    \
        tw__tril_inverse(TW__REF(t), TW__REF(via));                                                          \
        tw_load(t, via);                                                                                     \
        tw_tril(t, 0, 0.0f);                                                                                 \
    } while (0)

#endif
