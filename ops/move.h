/* SPDX-License-Identifier: MIT
 *
 * The pieces of which load and store are made: runs of elements between a lane's registers, shared memory
 * and global memory. A run is tw__run(t) elements of tile t that are neighbours in a row (in a column
 * for a flipped b tile) and neighbours in the lane.
 */
#ifndef TW_OPS_MOVE_H
#define TW_OPS_MOVE_H

#include "../tiles/global.h"
#include "../tiles/register.h"
#include "../tiles/shared.h"
#include "../tiles/vector.h"

#ifdef TW_NATIVE_RUNS
enum { TW__MOVES_ALL_RUNS = 1 };
#else
enum { TW__MOVES_ALL_RUNS = 0 };
#endif
enum { TW__RUN_WORDS = (int)TW__INNER_RUN < (int)TW__LINE_RUN ? (int)TW__LINE_RUN : (int)TW__INNER_RUN };

/* Elements as bits, one a word, packed as memory holds them: in place. */
TW_FN void tw__pack_run(uint32_t *words, int dtype, int run)
{
    if (tw__bytes(dtype) == 2) {
        TW_UNROLL
        for (int q = 0; q < run; q += 2)
            words[q / 2] = words[q] | words[q + 1] << 16;
    }
}

TW_FN uint32_t tw__run_bits(const uint32_t *packed, int dtype, int q)
{
    return tw__bytes(dtype) == 2 ? packed[q / 2] >> (q % 2 * 16) & 0xffffu : packed[q];
}

/* A run of `bytes` bytes, where a lane's access is TW_CHUNK at most. */
TW_FN void tw__load_run_bytes(uint32_t *words, const char *global, int bytes)
{
    TW_UNROLL
    for (int done = 0; done < bytes; done += TW_CHUNK)
        tw__isa_global_load(words + done / 4, global + done,
                            bytes - done < TW_CHUNK ? bytes - done : TW_CHUNK);
}

TW_FN void tw__store_run_bytes(char *global, const uint32_t *words, int bytes)
{
    TW_UNROLL
    for (int done = 0; done < bytes; done += TW_CHUNK)
        tw__isa_global_store(global + done, words + done / 4,
                             bytes - done < TW_CHUNK ? bytes - done : TW_CHUNK);
}

/* May runs of tile t go to or come from the window as they are? */
TW_FN int tw__moves_runs(tw__ref t, tw__window w)
{
    int bytes = tw__run(t) * tw__bytes(w.dtype);
    return !tw__flipped(t) && tw__runs_aligned(w, bytes < TW_CHUNK ? bytes : TW_CHUNK);
}

#ifdef TW_NATIVE_CONVERT_RUN
enum { TW__CONVERTS_RUNS = 1 };
#else
enum { TW__CONVERTS_RUNS = 0 };
/* A machine may convert a whole run between f32 and 16 bits at once; told in arch/cpu/fragment.h, which does.
 */
TW_FN void tw__narrow_run(uint32_t *words, const float *elements, int dtype, int count)
{
    (void)words, (void)elements, (void)dtype, (void)count;
}
TW_FN void tw__widen_run(float *elements, const uint32_t *words, int dtype, int count)
{
    (void)elements, (void)words, (void)dtype, (void)count;
}
#endif

#ifndef TW_NATIVE_RUNS
/* A machine may move runs without a branch round each; told in arch/amd/common/copy.h, which does. */
typedef struct {
    int none;
} tw__runs;
TW_FN int tw__runs_open(tw__runs *runs, tw__copy_source from, int rows, int row_bytes, int run_bytes)
{
    (void)runs, (void)from, (void)rows, (void)row_bytes, (void)run_bytes;
    return 0;
}
TW_FN void tw__runs_load(uint32_t *words, const tw__runs *runs, int row, int byte, int bytes)
{
    (void)words, (void)runs, (void)row, (void)byte, (void)bytes;
}
TW_FN void tw__runs_store(const tw__runs *runs, int row, int byte, const uint32_t *words, int bytes)
{
    (void)runs, (void)row, (void)byte, (void)words, (void)bytes;
}
#endif

/* May all runs of tile t be moved so, whole or not at all? Lines need not ask: their rows' ends cost one
 * branch. */
TW_FN int tw__opens_runs(tw__runs *runs, tw__ref t, tw__window w)
{
    int bytes = tw__bytes(w.dtype);
    return !tw__is_line(t) && !tw__flipped(t) && tw__is_plain(w) &&
           tw__runs_open(runs, tw__source_of(w), t.rows, t.cols * bytes, tw__run(t) * bytes);
}

/* Where it may not: does each run go by itself, if it is there? Not where that is the rare way. */
TW_FN int tw__moves_each_run(tw__ref t, tw__window w)
{
    return (!TW__MOVES_ALL_RUNS || tw__is_line(t)) && tw__moves_runs(t, w);
}

/* Row and column of the run of elements n.... `here`: they are computed for this run alone, from those of the
 * tile's first, so that no lane keeps one for each run through a loop: where one of a block's teams has a
 * tile to itself, on the way without `runs`, and for what it moves in each step, that is 16-bit tensors. */
typedef struct {
    int row, col;
} tw__run_place;

TW_FN int tw__places_here(tw__ref t, int dtype, const tw__runs *runs)
{
    return t.teams > 1 && !tw__is_line(t) && ((TW__MOVES_ALL_RUNS && !runs) || tw__bytes(dtype) == 2);
}

TW_FN tw__run_place tw__place_of(tw__ref t, int n, int here)
{
    tw__run_place place;
    place.row = tw__element_row(t, n);
    place.col = tw__element_col(t, n);
    if (here) {
        int row = tw__element_row(t, 0), col = tw__element_col(t, 0);
#ifdef TW_NATIVE_HERE
        place.row = tw__isa_lane_here(row) + (place.row - row);
        place.col = tw__isa_lane_here(col) + (place.col - col);
#else
        place.row = tw__isa_afresh(row) + (place.row - row);
        place.col = tw__isa_afresh(col) + (place.col - col);
#endif
    }
    return place;
}

TW_FN tw__window tw__each_run_window(tw__ref t, tw__window w)
{
    return TW__MOVES_ALL_RUNS && !tw__is_line(t) ? tw__rare_window(w) : w;
}

/* A packed run of `dtype` becomes elements n... of tile t, converted where the dtypes differ. */
TW_FN void tw__put_run(tw__ref t, int n, const uint32_t *packed, int dtype)
{
    if (tw__dtype(t) == dtype) {
        tw__set_raw(t.data, dtype, n, packed, tw__run(t));
        return;
    }
    if (TW__CONVERTS_RUNS && tw__dtype(t) == TW_f32 && tw__bytes(dtype) == 2) {
        tw__widen_run((float *)t.data + n, packed, dtype, tw__run(t));
        return;
    }
    TW_UNROLL
    for (int q = 0, run = tw__run(t); q < run; q += 2)
        tw__set_pair(t.data, tw__dtype(t), n + q, tw__value_of(tw__run_bits(packed, dtype, q), dtype),
                     tw__value_of(tw__run_bits(packed, dtype, q + 1), dtype));
}

/* Elements n... of tile t, converted, as a packed run of `dtype`. */
TW_FN void tw__take_run(uint32_t *packed, tw__ref t, int n, int dtype)
{
    if (tw__dtype(t) == dtype) {
        tw__get_raw(packed, t.data, dtype, n, tw__run(t));
        return;
    }
    if (TW__CONVERTS_RUNS && tw__dtype(t) == TW_f32 && tw__bytes(dtype) == 2) {
        tw__narrow_run(packed, (const float *)t.data + n, dtype, tw__run(t));
        return;
    }
    TW_UNROLL
    for (int q = 0, run = tw__run(t); q < run; q += 2) {
        float low = tw__element(t.data, tw__dtype(t), n + q),
              high = tw__element(t.data, tw__dtype(t), n + q + 1);
        if (dtype == TW_f32) {
            packed[q] = tw__bits_of(low);
            packed[q + 1] = tw__bits_of(high);
        } else {
            packed[q / 2] = tw__pair_in(low, high, dtype);
        }
    }
}

/* Threads of the team share the 16-byte chunks of a shared tile: chunk `n` starts at this element. */
TW_FN int tw__chunk_elements(tw__ref x) { return TW_CHUNK / tw__bytes(tw__dtype(x)); }
TW_FN int tw__chunks(tw__ref x) { return x.rows * x.cols / tw__chunk_elements(x); }
TW_FN int tw__chunk_row(tw__ref x, int n) { return n / (x.cols / tw__chunk_elements(x)); }
TW_FN int tw__chunk_col(tw__ref x, int n)
{
    return n % (x.cols / tw__chunk_elements(x)) * tw__chunk_elements(x);
}

/* One element of a shared tile. */
TW_FN uint32_t tw__shared_bits(tw__shared_at at, int r, int c)
{
    uint32_t bits;
    tw__isa_shared_load(&bits, tw__shared_element(at.tile, at.row + r, at.col + c), tw__bytes(at.tile.dtype));
    return bits;
}

TW_FN void tw__set_shared_bits(tw__shared_at at, int r, int c, uint32_t bits)
{
    tw__isa_shared_store(tw__shared_element(at.tile, at.row + r, at.col + c), &bits,
                         tw__bytes(at.tile.dtype));
}

#endif
