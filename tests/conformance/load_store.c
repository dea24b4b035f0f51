/* SPDX-License-Identifier: MIT
 *
 * Conformance of tw_load, tw_store, tw_load_transposed and tw_view on tiles: into registers of CONFORM_DTYPE by
 * one of several ways, optionally through a shared tile, and out to global memory.
 */
#include "kernel.h"
#include "load_store.h"

enum { LARGE_ROWS = CONFORM_ROWS + LOAD_VIEW_ROWS, LARGE_COLS = CONFORM_COLS + LOAD_VIEW_COLS };

typedef union {
    tw_st(f32, CONFORM_ROWS, CONFORM_COLS) f32;
    tw_st(f16, CONFORM_ROWS, CONFORM_COLS) f16;
    tw_st(bf16, CONFORM_ROWS, CONFORM_COLS) bf16;
} plain_tile;

typedef union {
    tw_st(f32, CONFORM_COLS, CONFORM_ROWS) f32;
    tw_st(f16, CONFORM_COLS, CONFORM_ROWS) f16;
    tw_st(bf16, CONFORM_COLS, CONFORM_ROWS) bf16;
} turned_tile;

typedef struct {
    union {
        plain_tile plain;
        turned_tile turned;
        tw_st(CONFORM_DTYPE, LARGE_ROWS, LARGE_COLS) large;
    } in;
    plain_tile via;
} load_store_shared;

#define FROM_GLOBAL(dtype) tw_load(t, g.x.dtype, row, col)
#define FROM_STAGED(dtype)                           \
    do {                                             \
        tw_load(shared->in.plain.dtype, g.x.dtype, row, col); \
        tw_sync();                                   \
        tw_load(t, shared->in.plain.dtype);          \
    } while (0)
#define FROM_TRANSPOSED(dtype)                       \
    do {                                             \
        tw_load(shared->in.turned.dtype, g.x.dtype, col, row); \
        tw_sync();                                   \
        tw_load_transposed(t, shared->in.turned.dtype); \
    } while (0)
#define FROM_VIEW(dtype)                             \
    do {                                             \
        tw_view(view, CONFORM_ROWS, CONFORM_COLS, shared->in.large, view_row, view_col); \
        tw_load(shared->in.large, g.x.dtype, row - view_row, col - view_col); \
        tw_sync();                                   \
        tw_load(t, view);                            \
    } while (0)
#define FROM_STAGED_VIEW(dtype)                      \
    do {                                             \
        tw_view(view, CONFORM_ROWS, CONFORM_COLS, shared->in.large, view_row, view_col); \
        tw_load(view, g.x.dtype, row, col);          \
        tw_sync();                                   \
        tw_load(t, view);                            \
    } while (0)
#define THROUGH(dtype)                               \
    do {                                             \
        tw_store(shared->via.dtype, t);              \
        tw_sync();                                   \
        tw_load(t, shared->via.dtype);               \
    } while (0)
#define TO_GLOBAL(dtype) tw_store(g.out.dtype, t, row, col)

TW_KERNEL(conform_load_store, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    const int from = (int)g.number[0], through = (int)g.number[1], to = (int)g.number[2];
    const int view_row = (int)g.number[3], view_col = (int)g.number[4];
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t;
    TW_SHARED(load_store_shared, shared);

    switch ((int)g.op) {
    case LOAD_STAGED: CONFORM_BY_DTYPE(from, FROM_STAGED); break;
    case LOAD_TRANSPOSED: CONFORM_BY_DTYPE(from, FROM_TRANSPOSED); break;
    case LOAD_VIEW: FROM_VIEW(CONFORM_DTYPE); break;
    case LOAD_STAGED_VIEW: FROM_STAGED_VIEW(CONFORM_DTYPE); break;
    default: CONFORM_BY_DTYPE(from, FROM_GLOBAL); break;
    }
    if (g.op == STORE_VIEW) {
        tw_view(lower, CONFORM_ROWS, CONFORM_COLS + 16, shared->in.large, view_row, 16);
        tw_view(view, CONFORM_ROWS, CONFORM_COLS, lower, 0, view_col - 16);
        tw_load(shared->in.large, g.x.CONFORM_DTYPE, tw_dim(g.x.CONFORM_DTYPE, 0)); /* past the edge: zeros */
        tw_sync();
        tw_store(view, t);
        tw_sync();
        tw_store(g.out.rank3, shared->in.large, tw_block(1) * tw_blocks(0) + tw_block(0));
    } else {
        if (through)
            CONFORM_BY_DTYPE(through, THROUGH);
        CONFORM_BY_DTYPE(to, TO_GLOBAL);
    }
}

TW_EXPORT(conform_load_store, conform_args, load_store_shared, CONFORM_ROWS, CONFORM_COLS)
