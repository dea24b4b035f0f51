/* SPDX-License-Identifier: MIT
 *
 * Shared tiles, vectors and views.
 *
 *   tw_st(dtype, R, C)   R x C elements in shared memory; a member of the struct given to TW_SHARED. The
 *                        order of bytes is the machine's (arch/shared.h). C times the element size is a
 *                        multiple of 16 bytes.
 *   tw_sv(dtype, N)      a vector of N elements in shared memory, in order; N as C above
 *   tw_view(name, R, C, tile, row, col)
 *                        declares `name`: the R x C elements of a shared tile (or view) from (row, col)
 *                        on. row and col may be run-time values, multiples of 16. It owns no memory.
 */
#ifndef TW_TILES_SHARED_H
#define TW_TILES_SHARED_H

#include "ref.h"

#define tw_st(dtype, R, C) TW__ST(dtype, R, C)
#define TW__ST(dtype, R, C)                                                                                  \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((R) > 0 && (C) > 0 && (C)*TW_BYTES_##dtype % TW_CHUNK == 0,                         \
                         "TW010 tw_st(" #dtype ", " #R ", " #C                                               \
                         "): a row must be a multiple of 16 bytes; round "                                   \
                         "the columns up");                                                                  \
        union {                                                                                              \
            TW_ALIGN(TW__SHARED_ALIGN) tw_##dtype tw__data[(R) * (C)];                                       \
            TW__TAGS(TW__CODE(TW__SHARED, TW_##dtype, 0), R, C)                                              \
        };                                                                                                   \
    }
#define tw_sv(dtype, N) TW__ST(dtype, 1, N)

/* Swizzles repeat every 1024 bytes. */
enum { TW__SHARED_ALIGN = 1024 };

typedef struct {
    char *base;   /* of the tile it looks into */
    int row, col; /* where the view starts in it */
    int parent_rows, parent_cols;
} tw__view_fields;

#define tw_view(name, R, C, tile, row, col)                                                                  \
    struct {                                                                                                 \
        union {                                                                                              \
            tw__view_fields fields;                                                                          \
            TW__TAGS(TW__CODE(TW__VIEW, TW__DTYPE_OF(tile), 0), R, C)                                        \
        };                                                                                                   \
    } name;                                                                                                  \
    TW_STATIC_ASSERT(TW__IS_SHARED(tile),                                                                    \
                     "TW011 tw_view(" #name ", ..., " #tile "): only shared tiles have views");              \
    TW_STATIC_ASSERT(!TW__IS_SHARED(tile) || ((R) <= TW__ROWS_OF(tile) && (C) <= TW__COLS_OF(tile)),         \
                     "TW012 tw_view(" #name ", " #R ", " #C ", " #tile                                       \
                     "): the view is larger than the tile");                                                 \
    name.fields = tw__make_view(TW__REF(tile), row, col)

TW_FN tw__view_fields tw__make_view(tw__ref parent, int row, int col)
{
    tw__view_fields view;
    if (tw__kind(parent) == TW__VIEW) {
        view = *(const tw__view_fields *)parent.data;
        view.row += row;
        view.col += col;
        return view;
    }
    view.base = (char *)parent.data;
    view.row = row;
    view.col = col;
    view.parent_rows = parent.rows;
    view.parent_cols = parent.cols;
    return view;
}

/* A shared operand as its machine sees it: the whole tile, and where the operand starts in it. */
typedef struct {
    tw__shared_tile tile;
    int row, col;
} tw__shared_at;

TW_FN tw__shared_at tw__shared_of(tw__ref x)
{
    tw__shared_at at;
    tw__view_fields view;
    if (tw__kind(x) == TW__VIEW) {
        view = *(const tw__view_fields *)x.data;
    } else {
        view = tw__make_view(x, 0, 0);
    }
    at.tile.base = view.base;
    at.tile.rows = view.parent_rows;
    at.tile.cols = view.parent_cols;
    at.tile.dtype = tw__dtype(x);
    at.row = view.row;
    at.col = view.col;
    return at;
}

#endif
