/* SPDX-License-Identifier: MIT
 *
 * tw_load(dst, src, coordinates...)
 *
 *   register tile   <- global     any dtype to any, rounded to nearest even where it narrows
 *   register tile   <- shared     same shape; any dtype to any
 *   register vector <- global     elements along the tensor's last dim
 *   register vector <- shared vector of the same length
 *   shared tile, vector or view <- global of the same dtype; whole team; done at the next tw_sync
 *
 * Coordinates are those of the tensor's element that lands on (0, 0), outermost first; missing ones are 0,
 * and more than the tensor has dims stop the build. They may be negative or past the edge: what lies outside
 * the tensor reads as zero.
 *
 * tw_load_add(t, g, factor, coordinates...)   register tile t += factor * what tw_load would bring, without
 *                                holding both; a rank-1 tensor is added to every row
 * tw_load_mul(t, g, coordinates...)   likewise t *= it
 * tw_read(g, coordinates...)      one element as a float, tw_read_int one of an i32 tensor; 0 outside
 * tw_pick(x, s, r, c)            x, a float variable, gets one element of a shared tile or vector (r = 0);
 *                                tw_pick_int: an int variable, from one of i32
 * tw_load_transposed(dst, src)   register tile R x C <- shared tile C x R
 */
#ifndef TW_OPS_LOAD_H
#define TW_OPS_LOAD_H

#include "move.h"

#define tw_load(...) TW__LOAD(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__LOAD(dst, src, i, j, k, l, ...)                                                                  \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(src, TW__GLOBAL) || TW__IS_SHARED(src),                                      \
                         "TW021 tw_load(" #dst ", " #src                                                     \
                         "): the source must be a global tensor or in shared memory");                       \
        TW_STATIC_ASSERT(!TW__IS(dst, TW__GLOBAL),                                                           \
                         "TW022 tw_load(" #dst ", " #src "): a load fills tiles and vectors; use tw_store"); \
        TW_STATIC_ASSERT(TW__IS(src, TW__GLOBAL) || (!TW__IS_SHARED(dst) && TW__SAME_SHAPE(dst, src)),       \
                         "TW023 tw_load(" #dst ", " #src                                                     \
                         "): a load from shared memory fills registers of the "                              \
                         "same shape; cut the source with tw_view");                                         \
        TW_STATIC_ASSERT(!TW__IS_SHARED(dst) || TW__DTYPE_OF(dst) == TW__DTYPE_OF(src),                      \
                         "TW024 tw_load(" #dst ", " #src                                                     \
                         "): global to shared copies bytes, so the dtypes must be "                          \
                         "the same; convert in registers");                                                  \
        TW__CHECK_COORDINATES("tw_load(" #dst ", " #src ", ...)", src, __VA_ARGS__);                         \
        tw__load(TW__REF(dst), TW__REF(src), TW__WINDOW(src, i, j, k, l));                                   \
    } while (0)

#define tw_load_add(...) TW__LOAD_ADD(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__LOAD_ADD(t, g, factor, i, j, k, l, ...)                                                          \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(t, TW__REGISTER) && TW__IS(g, TW__GLOBAL),                                   \
                         "TW016 tw_load_add(" #t ", " #g                                                     \
                         ", ...): takes a register tile and a global tensor");                               \
        TW__CHECK_COORDINATES("tw_load_add(" #t ", " #g ", ...)", g, __VA_ARGS__);                           \
        tw__load_onto(TW__REF(t), TW__WINDOW(g, i, j, k, l), 0, factor, TW__ROLE_OF(g) == 1);                \
    } while (0)

#define tw_load_mul(...) TW__LOAD_MUL(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__LOAD_MUL(t, g, i, j, k, l, ...)                                                                  \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(t, TW__REGISTER) && TW__IS(g, TW__GLOBAL),                                   \
                         "TW017 tw_load_mul(" #t ", " #g                                                     \
                         ", ...): takes a register tile and a global tensor");                               \
        TW__CHECK_COORDINATES("tw_load_mul(" #t ", " #g ", ...)", g, __VA_ARGS__);                           \
        tw__load_onto(TW__REF(t), TW__WINDOW(g, i, j, k, l), 1, 1.0f, TW__ROLE_OF(g) == 1);                  \
    } while (0)

#define tw_load_transposed(dst, src)                                                                         \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(dst, TW__REGISTER) && TW__IS_SHARED(src) &&                                  \
                             TW__ROWS_OF(dst) == TW__COLS_OF(src) && TW__COLS_OF(dst) == TW__ROWS_OF(src),   \
                         "TW025 tw_load_transposed(" #dst ", " #src                                          \
                         "): takes a register tile R x C and a shared tile C x R");                          \
        tw__load_tile_shared(TW__REF(dst), tw__shared_of(TW__REF(src)), 1);                                  \
    } while (0)

#define tw_read(...) TW__READ(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__READ(g, i, j, k, l, ...)                                                                         \
    tw__value_of(tw__window_bits(TW__WINDOW(g, i, j, k, l), 0, 0), TW__DTYPE_OF(g))
#define tw_read_int(...)                 TW__READ_INT(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__READ_INT(g, i, j, k, l, ...) ((int)tw__window_bits(TW__WINDOW(g, i, j, k, l), 0, 0))

#define tw_pick(x, s, r, c) TW__PICK(x, s, r, c)
#define TW__PICK(x, s, r, c)                                                                                 \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_SHARED(s),                                                                   \
                         "TW018 tw_pick(" #x ", " #s ", ...): needs a shared tile or vector");               \
        (x) = tw__value_of(tw__shared_bits(tw__shared_of(TW__REF(s)), r, c), TW__DTYPE_OF(s));               \
    } while (0)
#define tw_pick_int(x, s, r, c) TW__PICK_INT(x, s, r, c)
#define TW__PICK_INT(x, s, r, c)                                                                             \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS_SHARED(s) && TW__DTYPE_OF(s) == TW_i32,                                      \
                         "TW019 tw_pick_int(" #x ", " #s                                                     \
                         ", ...): needs a shared tile or vector of i32; tw_pick takes floats");              \
        (x) = (int)tw__shared_bits(tw__shared_of(TW__REF(s)), r, c);                                         \
    } while (0)

/* One of a tile's many elements. */
TW_FN uint32_t tw__element_bits(tw__window w, int r, int c)
{
    return tw__isa_global_load_if(tw__has_row(w, r) && tw__has_col(w, c), tw__window_at(w, r, c),
                                  tw__bytes(w.dtype));
}

/* The run of elements n... of tile t from the window, packed. `runs`, where not 0, has all of the tile's. */
TW_FN void tw__load_run(uint32_t *words, tw__ref t, tw__window w, int n, int whole, const tw__runs *runs)
{
    tw__run_place place = tw__place_of(t, n, tw__places_here(t, w.dtype, runs));
    int r = place.row, c = place.col, down = tw__flipped(t);
    if (runs) {
        tw__runs_load(words, runs, r, c * tw__bytes(w.dtype), tw__run(t) * tw__bytes(w.dtype));
    } else if (whole && tw__has_run(w, r, c, tw__run(t))) {
        tw__load_run_bytes(words, tw__window_run_at(w, r, c), tw__run(t) * tw__bytes(w.dtype));
    } else {
        TW_UNROLL
        for (int q = 0, run = tw__run(t); q < run; q++)
            words[q] = tw__element_bits(w, r + (down ? q : 0), c + (down ? 0 : q));
        tw__pack_run(words, w.dtype, tw__run(t));
    }
}

TW_FN void tw__load_runs(tw__ref t, tw__window w, const tw__runs *runs)
{
    int whole = tw__moves_each_run(t, w);
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += tw__run(t)) {
        uint32_t words[TW__RUN_WORDS];
        tw__load_run(words, t, w, n, whole, runs);
        tw__put_run(t, n, words, w.dtype);
    }
}

TW_FN void tw__load_tile_global(tw__ref t, tw__window w)
{
    tw__runs runs;
    if (TW_LIKELY(tw__opens_runs(&runs, t, w)))
        tw__load_runs(t, w, &runs);
    else
        tw__load_runs(t, tw__each_run_window(t, w), 0);
}

TW_FN float tw__onto(float x, float loaded, int multiply, float factor)
{
    return multiply ? x * loaded : x + factor * loaded;
}

/* one_row: w is a rank-1 tensor's, with a row stride of 0; it goes to every row. Run by run: what is added to
 * leaves no room for many that are on their way. */
TW_FN void tw__load_onto(tw__ref t, tw__window w, int multiply, float factor, int one_row)
{
    int whole = tw__moves_runs(t, w), dtype = tw__dtype(t);
    if (one_row)
        w.row_count = TW__SPAN_MAX;
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += tw__run(t)) {
        uint32_t words[TW__RUN_WORDS];
        tw__load_run(words, t, w, n, whole, 0);
        TW_UNROLL
        for (int q = 0, run = tw__run(t); q < run; q += 2) {
            float low = tw__value_of(tw__run_bits(words, w.dtype, q), w.dtype);
            float high = tw__value_of(tw__run_bits(words, w.dtype, q + 1), w.dtype);
            tw__set_pair(t.data, dtype, n + q,
                         tw__onto(tw__element(t.data, dtype, n + q), low, multiply, factor),
                         tw__onto(tw__element(t.data, dtype, n + q + 1), high, multiply, factor));
        }
    }
}

TW_FN void tw__load_tile_shared(tw__ref t, tw__shared_at at, int transposed)
{
    int down = tw__flipped(t) != transposed; /* does a lane's run go down the shared tile's columns? */
    if (tw__dtype(t) == at.tile.dtype && !tw__is_line(t)) {
        TW_UNROLL
        for (int i = 0, rows = tw__core_rows(t); i < rows; i++) {
            TW_UNROLL
            for (int j = 0, cols = tw__core_cols(t); j < cols; j++) {
                int r = tw__core_row(t, i), c = tw__core_col(t, j);
                tw__load_core(tw__core_of(t.data, tw__dtype(t), tw__core_index(t, i, j)), at.tile,
                              at.row + (transposed ? c : r), at.col + (transposed ? r : c), down);
            }
        }
        return;
    }
    TW_UNROLL
    for (int n = 0, elements = tw__elements(t); n < elements; n += tw__run(t)) {
        int r = tw__element_row(t, n), c = tw__element_col(t, n);
        int row = transposed ? c : r, col = transposed ? r : c;
        uint32_t words[TW__RUN_WORDS];
        TW_UNROLL
        for (int q = 0, run = tw__run(t); q < run; q++)
            words[q] = tw__shared_bits(at, row + (down ? q : 0), col + (down ? 0 : q));
        tw__pack_run(words, at.tile.dtype, tw__run(t));
        tw__put_run(t, n, words, at.tile.dtype);
    }
}

TW_FN void tw__load_vector_global(tw__ref v, tw__window w)
{
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        ((float *)v.data)[n] = tw__value_of(tw__window_bits(w, 0, tw__slot_index(v, n)), w.dtype);
}

TW_FN void tw__load_vector_shared(tw__ref v, tw__shared_at at)
{
    if (tw__holds_chunks(v, at)) {
        TW_UNROLL
        for (int n = 0, slots = tw__vector_slots(v); n < slots; n += TW__CHUNK_SLOTS) {
            uint32_t words[TW__CHUNK_SLOTS];
            tw__take_chunk(words, at.tile, at.row, at.col + tw__slot_index(v, n));
            TW_UNROLL
            for (int q = 0; q < TW__CHUNK_SLOTS; q++)
                ((float *)v.data)[n + q] = tw__float_of(words[q]);
        }
        return;
    }
    TW_UNROLL
    for (int n = 0, slots = tw__vector_slots(v); n < slots; n++)
        ((float *)v.data)[n] = tw__value_of(tw__shared_bits(at, 0, tw__slot_index(v, n)), at.tile.dtype);
}

/* One 16-byte chunk of shared tile s from the window. */
TW_FN void tw__load_chunk(tw__ref s, tw__shared_at at, tw__window w, int chunk, int whole)
{
    int r = tw__chunk_row(s, chunk), c = tw__chunk_col(s, chunk), bytes = tw__bytes(w.dtype);
    int per_chunk = tw__chunk_elements(s);
    if (whole) {
        int left = tw__has_row(w, r) ? w.col_count - c : 0;
        int valid = left >= per_chunk ? per_chunk : left > 0 ? left : 0;
        tw__copy_chunk(at.tile, at.row + r, at.col + c, valid ? tw__window_at(w, r, c) : w.data,
                       valid * bytes);
    } else {
        uint32_t words[TW_CHUNK / 4] = {0, 0, 0, 0};
        TW_UNROLL
        for (int q = 0; q < per_chunk; q++)
            words[q * bytes / 4] |= tw__window_bits(w, r, c + q) << (q * bytes % 4 * 8);
        tw__put_chunk(at.tile, at.row + r, at.col + c, words);
    }
}

/* May chunks be copied whole, but for the end of a row? */
TW_FN int tw__copies_chunks(tw__window w) { return tw__runs_aligned(w, TW_CHUNK) && w.col_low == 0; }

/* The loaders, this thread the `thread`-th of `threads`, move chunks in turn. */
TW_FN void tw__load_shared_global(tw__ref s, tw__window w, int thread, int threads)
{
    tw__shared_at at = tw__shared_of(s);
    int whole = tw__copies_chunks(w), chunks = tw__chunks(s);
    TW_UNROLL
    for (int first = 0; first < chunks; first += threads) {
        if (chunks % threads == 0 || first + thread < chunks)
            tw__load_chunk(s, at, w, first + thread, whole);
    }
}

/* The same by waves that only load: they have few registers, so the loop is not unrolled. */
TW_FN void tw__load_shared_slowly(tw__ref s, tw__window w, int thread, int threads)
{
    tw__shared_at at = tw__shared_of(s);
    int whole = tw__copies_chunks(w);
    TW_ROLLED
    for (int chunk = thread; chunk < tw__chunks(s); chunk += threads)
        tw__load_chunk(s, at, w, chunk, whole);
}

/* The same a word at a time, in little code: for machines that come here with few tensors only. */
TW_FN void tw__load_shared_by_words(tw__ref s, tw__window w, int thread, int threads)
{
    tw__shared_at at = tw__shared_of(s);
    int bytes = tw__bytes(w.dtype), per_word = 4 / bytes, words = s.rows * s.cols / per_word;
    TW_ROLLED
    for (int word = thread; word < words; word += threads) {
        int r = word / (s.cols / per_word), c = word % (s.cols / per_word) * per_word;
        uint32_t bits = 0;
        TW_UNROLL
        for (int q = 0; q < per_word; q++)
            bits |= tw__window_bits(w, r, c + q) << (q * bytes * 8);
        tw__isa_shared_store(tw__shared_element(at.tile, at.row + r, at.col + c), &bits, 4);
    }
}

TW_FN void tw__load(tw__ref dst, tw__ref src, tw__window w)
{
    int global = tw__kind(src) == TW__GLOBAL;
    if (tw__is_shared(dst) && tw__outside_team(dst))
        return;
    if (tw__is_shared(dst))
        tw__load_shared_global(dst, w, tw__team_thread(dst), tw__team_threads(dst));
    else if (tw__kind(dst) == TW__VECTOR && global)
        tw__load_vector_global(dst, w);
    else if (tw__kind(dst) == TW__VECTOR)
        tw__load_vector_shared(dst, tw__shared_of(src));
    else if (global)
        tw__load_tile_global(dst, w);
    else
        tw__load_tile_shared(dst, tw__shared_of(src), 0);
}

#endif
