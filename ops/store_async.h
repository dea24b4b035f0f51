/* SPDX-License-Identifier: MIT
 *
 * A store of an accumulator that the kernel does not wait for.
 *
 *     typedef struct { ...; tw_staging(bf16, 128, 256) out; } my_shared;      // given to TW_SHARED
 *
 *     tw_store_async(g.c, acc, shared->out, m, n);
 *     TW_STREAM(my_kernel, my_args, c, my_shared, out)                        // after TW_EXPORT; optional
 *
 * tw_staging(dtype, R, C)   shared memory through which acc tiles of R x C go to global tensors of dtype: for
 * each wave two strips, 16 rows of up to 128 bytes, that it fills and empties in turn. Small or nothing where
 * stores gain nothing by it. tw_store_async(g, t, staging, coordinates...) as tw_store(g, t, coordinates...),
 * but what it writes may be read only after the kernel, and only tw_store_async touches the staging. t is
 * free at once. The team need not be together. Any tensor, any place.
 *
 * Where the machine has a copy engine and the tensor a map for it, a strip leaves by it, while the wave goes
 * on: it waits only for the strip that it is about to fill again, and at the kernel's end. Else strips go out
 * in rows of whole 16-byte chunks where the lanes' own runs are shorter than 8 bytes, and runs go straight
 * from the registers where they are longer, or the tensor's rows are not aligned.
 */
#ifndef TW_OPS_STORE_ASYNC_H
#define TW_OPS_STORE_ASYNC_H

#include "store.h"

enum { TW__STRIPS = 2, TW__STRIP_BYTES = 128, TW__RUN_BYTES_WIDE = 8 };

/* Do stores of this dtype gain by a strip? */
#define TW__STAGES(dtype) (TW__STREAMS || TW__INNER_RUN * TW_BYTES_##dtype < TW__RUN_BYTES_WIDE)

/* Columns of a strip: a panel of arch/shared.h, of what one wave holds. */
#define TW__STRIP_COLS(dtype, C)                                                                             \
    ((C) / tw_team_cols * TW_BYTES_##dtype % 128 == 0  ? 128 / TW_BYTES_##dtype                              \
     : (C) / tw_team_cols * TW_BYTES_##dtype % 64 == 0 ? 64 / TW_BYTES_##dtype                               \
                                                       : 32 / TW_BYTES_##dtype)

#define tw_staging(dtype, R, C) TW__STAGING_OF(dtype, R, C)
#define TW__STAGING_OF(dtype, R, C)                                                                          \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((R) > 0 && (C) > 0 && (C) % (TW_CORE * tw_team_cols) == 0,                          \
                         "TW062 tw_staging(" #dtype ", " #R ", " #C                                          \
                         "): the shape of an acc tile: columns a multiple of 16 times the team's");          \
        union {                                                                                              \
            TW_ALIGN(TW__SHARED_ALIGN)                                                                       \
            tw_##dtype tw__strips[TW__STAGES(dtype) ? TW_TEAM_THREADS / TW_LANES * TW__STRIPS * TW_CORE *    \
                                                          TW__STRIP_COLS(dtype, C)                           \
                                                    : 1];                                                    \
            TW__TAGS(TW__CODE(TW__STAGING, TW_##dtype, 0), TW_CORE, TW__STRIP_COLS(dtype, C))                \
        };                                                                                                   \
    }

#define tw_store_async(...) TW__STORE_ASYNC(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TW__STORE_ASYNC(g, t, staging, i, j, k, l, ...)                                                      \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(g, TW__GLOBAL) && TW__IS(t, TW__REGISTER) && TW__ROLE_OF(t) == TW__ROLE_acc, \
                         "TW063 tw_store_async(" #g ", " #t                                                  \
                         ", ...): takes a global tensor and a tile of role acc; use tw_store");              \
        TW_STATIC_ASSERT(TW__IS(staging, TW__STAGING) && TW__DTYPE_OF(staging) == TW__DTYPE_OF(g) &&         \
                             TW__COLS_OF(t) / tw_team_cols % TW__COLS_OF(staging) == 0,                      \
                         "TW064 tw_store_async(" #g ", " #t ", " #staging                                    \
                         "): needs a tw_staging of the tensor's dtype and the tile's columns");              \
        TW__CHECK_COORDINATES("tw_store_async(" #g ", " #t ", ...)", g, __VA_ARGS__);                        \
        tw__store_async(TW__REF(staging), TW__COLS_OF(staging), TW__REF(t), TW__WINDOW(g, i, j, k, l));      \
    } while (0)

#ifndef TW_NATIVE_STRIP_STORE
/* A machine may have a copy engine that stores strips; told in arch/nvidia/sm90/copy.h, which has. */
TW_FN void tw__strips_begin(const void *map) { (void)map; }
TW_FN void tw__strips_left(int in_flight) { (void)in_flight; }
TW_FN void tw__strip_leave(tw__shared_tile strip, const void *map, int col, int row, int plane, int volume)
{
    (void)strip, (void)map, (void)col, (void)row, (void)plane, (void)volume;
}
#endif

/* The strip, element (0, 0) of which is (r, c) of the window, by this wave's lanes. */
TW_FN void tw__strip_store(tw__window w, int r, int c, tw__shared_tile strip)
{
    int per_chunk = TW_CHUNK / tw__bytes(w.dtype), across = strip.cols / per_chunk, chunks = TW_CORE * across;
    tw__isa_wave_barrier();
    TW_UNROLL
    for (int first = 0; first < chunks; first += TW_LANES) {
        int chunk = first + tw__isa_lane(), row = chunk / across, col = chunk % across * per_chunk;
        if (chunks % TW_LANES == 0 || chunk < chunks)
            tw__store_chunk(w, r + row, c + col, strip, row, col, 1);
    }
}

/* The wave's `turn`-th strip. */
TW_FN tw__shared_tile tw__strip_of(tw__ref staging, int turn)
{
    tw__shared_tile strip;
    int bytes = TW_CORE * staging.cols * tw__bytes(tw__dtype(staging));
    strip.base = (char *)staging.data + (tw__isa_wave() * TW__STRIPS + turn % TW__STRIPS) * bytes;
    strip.rows = TW_CORE;
    strip.cols = staging.cols;
    strip.dtype = tw__dtype(staging);
    return strip;
}

TW_FN void tw__store_strips(tw__window w, tw__ref staging, tw__ref t, int by_engine)
{
    int cores = staging.cols / TW_CORE, strips = tw__core_cols(t) / cores, all = tw__core_rows(t) * strips;
    if (by_engine)
        tw__strips_begin(w.map);
    TW_UNROLL
    for (int n = 0; n < all; n++) {
        tw__shared_tile strip = tw__strip_of(staging, n);
        int i = n / strips, j = n % strips * cores, r = tw__core_row(t, i), c = tw__core_col(t, j);
        /* the store before this one uses the other strip; but the last of an odd number used the first, too
         */
        tw__strips_left(n == 0 && all % TW__STRIPS != 0 ? 0 : TW__STRIPS - 1);
        tw__isa_wave_barrier();
        TW_UNROLL
        for (int q = 0; q < cores; q++)
            tw__store_shared_core(strip, 0, q * TW_CORE, t, i, j + q);
        if (by_engine)
            tw__strip_leave(strip, w.map, w.at_col + c, w.at_row + r, w.at_plane, w.at_volume);
        else
            tw__strip_store(w, r, c, strip);
    }
}

/* `cols` is staging.cols as a number: nvcc 13.0 puts map_cols in the place of a member that equals it, before
 * it knows the member, and then cannot unroll. */
TW_FN void tw__store_async(tw__ref staging, int cols, tw__ref t, tw__window w)
{
    int run_bytes = TW__INNER_RUN * tw__bytes(w.dtype);
    if (tw__outside_team(t))
        return;
    if (TW__STREAMS && w.map != 0 && w.map_rows == TW_CORE && w.map_cols == cols &&
        tw__map_fits(w, t.rows, t.cols))
        tw__store_strips(w, staging, t, 1);
    else if (!TW__STREAMS && run_bytes < TW__RUN_BYTES_WIDE && tw__runs_aligned(w, TW_CHUNK))
        tw__store_strips(w, staging, t, 0);
    else
        tw__store_global_tile(w, t);
}

#endif
