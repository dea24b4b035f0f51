/* SPDX-License-Identifier: MIT
 *
 * tw_store(dst, src, coordinates...)
 *
 *   global <- register tile or vector   any dtype to any, rounded to nearest even where it narrows
 *   global <- shared tile               same dtype; whole team; what was written before the last tw_sync
 *   shared <- register tile or vector   same shape; any dtype to any; visible after the next tw_sync
 *
 * Coordinates as in tw_load; elements that would lie outside the tensor are not written. Every element
 * is written by exactly one thread.
 */
#ifndef TW_OPS_STORE_H
#define TW_OPS_STORE_H

#include "move.h"

#define tw_store(...) TW__STORE(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__STORE(dst, src, i, j, k, l, ...)                                                                 \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(dst, TW__GLOBAL) || TW__IS_SHARED(dst),                                      \
                         "TW026 tw_store(" #dst ", " #src                                                    \
                         "): the destination must be a global tensor or in shared memory");                  \
        TW_STATIC_ASSERT(!TW__IS(src, TW__GLOBAL),                                                           \
                         "TW027 tw_store(" #dst ", " #src "): the source must be a tile or a vector");       \
        TW_STATIC_ASSERT(TW__IS(dst, TW__GLOBAL) || (!TW__IS_SHARED(src) && TW__SAME_SHAPE(dst, src)),       \
                         "TW028 tw_store(" #dst ", " #src                                                    \
                         "): shared memory takes registers of the same shape; cut "                          \
                         "the destination with tw_view");                                                    \
        TW_STATIC_ASSERT(!TW__IS_SHARED(src) || TW__DTYPE_OF(dst) == TW__DTYPE_OF(src),                      \
                         "TW029 tw_store(" #dst ", " #src                                                    \
                         "): shared to global copies bytes, so the dtypes must be "                          \
                         "the same; convert in registers");                                                  \
        TW__CHECK_COORDINATES("tw_store(" #dst ", " #src ", ...)", dst, __VA_ARGS__);                        \
        tw__store(TW__REF(dst), TW__REF(src), TW__WINDOW(dst, i, j, k, l));                                  \
    } while (0)

TW_FN void tw__store_window_bits(tw__window w, int r, int c, uint32_t bits)
{
    if (tw__has_row(w, r) && tw__has_col(w, c))
        tw__isa_global_store(tw__window_at(w, r, c), &bits, tw__bytes(w.dtype));
}

/* a tiles are held by every column of the team, b tiles by every row: one of them writes. */
TW_FN int tw__tile_owner(tw__ref t)
{
    return tw__role(t) == TW__ROLE_a   ? tw__wave_col(t) == 0
           : tw__role(t) == TW__ROLE_b ? tw__wave_row(t) == 0
                                       : 1;
}

TW_FN void tw__store_runs(tw__window w, tw__ref t, const tw__runs *runs)
{
    int run_bytes = tw__run(t) * tw__bytes(w.dtype), down = tw__flipped(t);
    int wide = tw__moves_each_run(t, w);
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += tw__run(t)) {
        tw__run_place place = tw__place_of(t, n, tw__places_here(t, w.dtype, runs));
        int r = place.row, c = place.col;
        uint32_t words[TW__RUN_WORDS];
        tw__take_run(words, t, n, w.dtype);
        if (runs) {
            tw__runs_store(runs, r, c * tw__bytes(w.dtype), words, run_bytes);
        } else if (wide && tw__has_run(w, r, c, tw__run(t))) {
            tw__store_run_bytes(tw__window_run_at(w, r, c), words, run_bytes);
        } else {
            TW_UNROLL
            for (int q = 0, run = tw__run(t); q < run; q++)
                tw__store_window_bits(w, r + (down ? q : 0), c + (down ? 0 : q),
                                      tw__run_bits(words, w.dtype, q));
        }
    }
}

TW_FN void tw__store_global_tile(tw__window w, tw__ref t)
{
    tw__runs runs;
    if (!tw__tile_owner(t))
        return;
    if (TW_LIKELY(tw__opens_runs(&runs, t, w)))
        tw__store_runs(w, t, &runs);
    else
        tw__store_runs(tw__each_run_window(t, w), t, 0);
}

#ifdef TW_NATIVE_STORE_CORE
enum { TW__STORES_CORES = 1 };
#else
enum { TW__STORES_CORES = 0 };
/* A machine may write a core of 16-bit elements at once; told in arch/nvidia/sm90/copy.h, which does. */
TW_FN void tw__store_core(tw__shared_tile tile, int row, int col, const uint32_t *words, int across)
{
    (void)tile, (void)row, (void)col, (void)words, (void)across;
}
#endif

/* The run of elements n... of tile t; (row, col) is the shared tile's element that its first one becomes. */
TW_FN void tw__store_shared_run(tw__shared_tile tile, int row, int col, tw__ref t, int n)
{
    int bytes = tw__bytes(tile.dtype), run_bytes = tw__run(t) * bytes;
    int unit = TW__SWIZZLE_UNIT == 0 || run_bytes < TW__SWIZZLE_UNIT ? run_bytes : TW__SWIZZLE_UNIT;
    uint32_t words[TW__RUN_WORDS];
    tw__take_run(words, t, n, tile.dtype);
    if (tw__flipped(t)) {
        TW_UNROLL
        for (int q = 0, run = tw__run(t); q < run; q++) {
            uint32_t bits = tw__run_bits(words, tile.dtype, q);
            tw__isa_shared_store(tw__shared_element(tile, row + q, col), &bits, bytes);
        }
    } else {
        TW_UNROLL
        for (int done = 0; done < run_bytes; done += unit)
            tw__isa_shared_store(tw__shared_element(tile, row, col + done / bytes), words + done / 4, unit);
    }
}

/* Core (i, j) of tile t; (row, col) is the shared tile's element that its first one becomes. */
TW_FN void tw__store_shared_core(tw__shared_tile tile, int row, int col, tw__ref t, int i, int j)
{
    int first = tw__core_index(t, i, j) * TW_CORE_ELEMENTS, down = tw__flipped(t), lane = tw__isa_lane();
    if (TW__STORES_CORES && tw__bytes(tile.dtype) == 2) {
        uint32_t words[TW_CORE_ELEMENTS / 2 + TW__RUN_WORDS];
        TW_UNROLL
        for (int e = 0; e < TW_CORE_ELEMENTS; e += TW__INNER_RUN)
            tw__take_run(words + e / 2, t, first + e, tile.dtype);
        tw__store_core(tile, row, col, words, down);
        return;
    }
    TW_UNROLL
    for (int e = 0; e < TW_CORE_ELEMENTS; e += TW__INNER_RUN) {
        int outer = tw__core_outer(lane, e), inner = tw__core_inner(lane, e);
        tw__store_shared_run(tile, row + (down ? inner : outer), col + (down ? outer : inner), t, first + e);
    }
}

TW_FN void tw__store_shared_tile(tw__shared_at at, tw__ref t)
{
    if (!tw__tile_owner(t))
        return;
    if (TW__STORES_CORES && tw__bytes(at.tile.dtype) == 2 && tw__role(t) != TW__ROLE_line) {
        TW_UNROLL
        for (int i = 0, rows = tw__core_rows(t); i < rows; i++) {
            TW_UNROLL
            for (int j = 0, cols = tw__core_cols(t); j < cols; j++)
                tw__store_shared_core(at.tile, at.row + tw__core_row(t, i), at.col + tw__core_col(t, j), t, i,
                                      j);
        }
        return;
    }
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += tw__run(t))
        tw__store_shared_run(at.tile, at.row + tw__element_row(t, n), at.col + tw__element_col(t, n), t, n);
}

TW_FN void tw__store_global_vector(tw__window w, tw__ref v)
{
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++) {
        if (tw__slot_owner(v))
            tw__store_window_bits(w, 0, tw__slot_index(v, n),
                                  tw__bits_in(((const float *)v.data)[n], w.dtype));
    }
}

TW_FN void tw__store_shared_vector(tw__shared_at at, tw__ref v)
{
    if (tw__holds_chunks(v, at)) {
        TW_UNROLL
        for (int n = 0, slots = tw__vector_slots(v); n < slots; n += TW__CHUNK_SLOTS) {
            uint32_t words[TW__CHUNK_SLOTS];
            TW_UNROLL
            for (int q = 0; q < TW__CHUNK_SLOTS; q++)
                words[q] = tw__bits_of(((const float *)v.data)[n + q]);
            if (tw__slot_owner(v))
                tw__put_chunk(at.tile, at.row, at.col + tw__slot_index(v, n), words);
        }
        return;
    }
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++) {
        if (tw__slot_owner(v))
            tw__set_shared_bits(at, 0, tw__slot_index(v, n),
                                tw__bits_in(((const float *)v.data)[n], at.tile.dtype));
    }
}

/* The 16 bytes of a shared tile from (row, col) on become element (r, c) of the window and those after it. */
TW_FN void tw__store_chunk(tw__window w, int r, int c, tw__shared_tile tile, int row, int col, int wide)
{
    int bytes = tw__bytes(w.dtype), per_chunk = TW_CHUNK / bytes;
    uint32_t words[TW_CHUNK / 4];
    tw__take_chunk(words, tile, row, col);
    if (wide && tw__has_run(w, r, c, per_chunk)) {
        tw__isa_global_store(tw__window_at(w, r, c), words, TW_CHUNK);
    } else {
        TW_UNROLL
        for (int q = 0; q < per_chunk; q++)
            tw__store_window_bits(w, r, c + q, words[q * bytes / 4] >> (q * bytes % 4 * 8));
    }
}

TW_FN void tw__store_global_shared(tw__window w, tw__ref s)
{
    tw__shared_at at = tw__shared_of(s);
    int wide = tw__runs_aligned(w, TW_CHUNK), chunks = tw__chunks(s), threads = tw__team_threads(s);
    TW_UNROLL
    for (int first = 0; first < chunks; first += threads) {
        int chunk = first + tw__team_thread(s), r = tw__chunk_row(s, chunk), c = tw__chunk_col(s, chunk);
        if (chunks % threads == 0 || chunk < chunks)
            tw__store_chunk(w, r, c, at.tile, at.row + r, at.col + c, wide);
    }
}

TW_FN void tw__store(tw__ref dst, tw__ref src, tw__window w)
{
    int global = tw__kind(dst) == TW__GLOBAL;
    if (tw__outside_team(src))
        return;
    if (tw__is_shared(src))
        tw__store_global_shared(w, src);
    else if (tw__kind(src) == TW__VECTOR && global)
        tw__store_global_vector(w, src);
    else if (tw__kind(src) == TW__VECTOR)
        tw__store_shared_vector(tw__shared_of(dst), src);
    else if (global)
        tw__store_global_tile(w, src);
    else
        tw__store_shared_tile(tw__shared_of(dst), src);
}

#endif
