/* SPDX-License-Identifier: MIT
 *
 * Global tensors: `tw_gl(dtype, rank)`, a member of a kernel's argument struct.
 *
 *   Rank 1 to 4; dims and strides in elements, outermost first, 64 bits each. Its last two dims are a
 *   tile's rows and columns. Any stride is right, negative and zero ones too; a last stride of 1 with
 *   16-byte aligned rows is fast. tw_gl_known(dtype, rank, (dims), (strides)) fixes some at compile time:
 *   a 0 there means known at run time. Whatever is known, the layout in memory is tw_tensor_arg.
 *
 *     typedef struct { tw_gl(bf16, 2) a; tw_gl_known(f32, 2, (0, 128), (0, 1)) b; } args;
 *
 *   tw_dim(g, axis), tw_stride(g, axis)   as int64_t; constants where known.
 */
#ifndef TW_TILES_GLOBAL_H
#define TW_TILES_GLOBAL_H

#include "ref.h"

#define tw_gl(dtype, rank) TW__GL(dtype, rank, 0, 0, 0, 0, 0, 0, 0, 0)
#define tw_gl_known(dtype, rank, dims, strides)                                                              \
    TW__GL_EXPAND(dtype, rank, TW__FOUR(TW__LIST dims), TW__FOUR(TW__LIST strides))
#define TW__LIST(...)              __VA_ARGS__
#define TW__FOUR(...)              TW__FOUR_(__VA_ARGS__, 0, 0, 0, 0)
#define TW__FOUR_(a, b, c, d, ...) a, b, c, d
#define TW__GL_EXPAND(...)         TW__GL(__VA_ARGS__)

#define TW__GL(dtype, rank, ...)                                                                             \
    struct {                                                                                                 \
        TW_STATIC_ASSERT((rank) >= 1 && (rank) <= TW_RANK_MAX,                                               \
                         "TW013 tw_gl(" #dtype ", " #rank "): rank 1 to 4");                                 \
        union {                                                                                              \
            tw_##dtype *data;                                                                                \
            char (*tw__tag)[TW__CODE(TW__GLOBAL, TW_##dtype, rank)];                                         \
            char (*tw__rows)[1];                                                                             \
            char (*tw__cols)[1];                                                                             \
            TW__EXTENTS(__VA_ARGS__)                                                                         \
        };                                                                                                   \
        int64_t dim[TW_RANK_MAX];                                                                            \
        int64_t stride[TW_RANK_MAX];                                                                         \
        const void *map;                                                                                     \
        int32_t map_rows, map_cols, map_first[TW_RANK_MAX], map_cut;                                         \
    }

#define tw_dim(g, axis)    tw__known_or(tw__pick(TW__KNOWN_DIMS(g), axis), (g).dim[axis])
#define tw_stride(g, axis) tw__known_or(tw__pick(TW__KNOWN_STRIDES(g), axis), (g).stride[axis])

/* One number per axis. Fields and not an array: nvcc would put an array on the stack. */
typedef struct {
    int64_t v0, v1, v2, v3;
} tw__four;

TW_FN tw__four tw__make_four(int64_t v0, int64_t v1, int64_t v2, int64_t v3)
{
    tw__four four;
    four.v0 = v0;
    four.v1 = v1;
    four.v2 = v2;
    four.v3 = v3;
    return four;
}

TW_FN int64_t tw__pick(tw__four four, int axis)
{
    return axis == 0 ? four.v0 : axis == 1 ? four.v1 : axis == 2 ? four.v2 : four.v3;
}

#define TW__KNOWN(g, which) ((int64_t)sizeof(*(g).which) - 1)
#define TW__KNOWN_DIMS(g)                                                                                    \
    tw__make_four(TW__KNOWN(g, tw__d0), TW__KNOWN(g, tw__d1), TW__KNOWN(g, tw__d2), TW__KNOWN(g, tw__d3))
#define TW__KNOWN_STRIDES(g)                                                                                 \
    tw__make_four(TW__KNOWN(g, tw__s0), TW__KNOWN(g, tw__s1), TW__KNOWN(g, tw__s2), TW__KNOWN(g, tw__s3))

TW_FN int64_t tw__known_or(int64_t known, int64_t given) { return known ? known : given; }

/* What a tile sees of a tensor: the plane of its last two dims that the leading coordinates choose, from
 * element (row, col) on. A rank-1 tensor is one row. Row r of the tile exists in the tensor when
 * r - row_low is in [0, row_count), likewise columns; a coordinate may be negative or past the edge. */
typedef struct {
    char *data; /* where the tile's element (0, 0) is, or would be */
    int row_low, row_count, col_low, col_count;
    int64_t row_stride, col_stride; /* in bytes */
    int dtype;
    int64_t cols, col_at; /* of the tensor; where the tile begins in it */
    /* For tensors whose elements of a row are neighbours: `data` without a product, the low bits
     * of everything that it and the rows behind it are made of. */
    char *dense;
    unsigned grain;
    const void *map; /* of the tensor, for whole tiles of map_rows x map_cols; 0: none */
    int map_rows, map_cols;
    int cut_rows, cut_cols; /* does the map reach beyond the tensor's rows, its columns */
    int at_col, at_row, at_plane,
        at_volume; /* the tile's coordinates in the map, innermost first: the map's order */
} tw__window;

enum { TW__SPAN_MAX = 1 << 20 }; /* more rows or columns than any tile has */

TW_FN int tw__span_low(int64_t at) { return at >= 0 ? 0 : at < -TW__SPAN_MAX ? TW__SPAN_MAX : (int)-at; }

TW_FN int tw__span_count(int64_t dim, int64_t at)
{
    int64_t count = dim - (at > 0 ? at : 0);
    int high = (int)(count >> 32); /* in halves: there are scalar instructions for those */
    unsigned low = (unsigned)count < TW__SPAN_MAX ? (unsigned)count : (unsigned)TW__SPAN_MAX;
    return high < 0 ? 0 : high > 0 ? TW__SPAN_MAX : (int)low;
}

TW_FN int tw__map_coordinate(const int32_t *firsts, tw__four at, int axis)
{
    int64_t place = axis < 0 ? 0 : firsts[axis] + tw__pick(at, axis);
    return place > INT32_MAX ? INT32_MAX : place < INT32_MIN ? INT32_MIN : (int)place;
}

/* Axis `axis` of a tensor of `rank`: its extent, or `missing` beyond the rank. */
TW_FN int64_t tw__extent(const int64_t *given, tw__four known, int axis, int rank, int64_t missing)
{
    return axis < 0 || axis >= rank ? missing : tw__known_or(tw__pick(known, axis), given[axis]);
}

/* Is leading axis `axis` of the coordinates inside the tensor? The last two axes are the window's own. */
TW_FN int tw__inside(const int64_t *dims, tw__four known, tw__four at, int axis, int rank)
{
    int64_t place = tw__pick(at, axis);
    return axis >= rank - 2 || (place >= 0 && place < tw__extent(dims, known, axis, rank, 1));
}

TW_FN tw__window tw__make_window(tw__ref g, tw__four dim, tw__four stride, tw__four at)
{
    const int64_t *dims = (const int64_t *)((const char *)g.data + offsetof(tw_tensor_arg, dim));
    const int64_t *strides = (const int64_t *)((const char *)g.data + offsetof(tw_tensor_arg, stride));
    int global = tw__kind(g) == TW__GLOBAL, rank = global ? tw__role(g) : 0, row = rank - 2, col = rank - 1;
    int inside = tw__inside(dims, dim, at, 0, rank) && tw__inside(dims, dim, at, 1, rank);
    int64_t bytes = tw__bytes(tw__dtype(g)), step0 = tw__extent(strides, stride, 0, rank, 0) * at.v0;
    int64_t step1 = tw__extent(strides, stride, 1, rank, 0) * at.v1;
    int64_t step2 = tw__extent(strides, stride, 2, rank, 0) * at.v2;
    int64_t step3 = tw__extent(strides, stride, 3, rank, 0) * at.v3;
    int64_t row_at = row < 0 ? 0 : tw__pick(at, row), rows = tw__extent(dims, dim, row, rank, 1);
    const int32_t *firsts = (const int32_t *)((const char *)g.data + offsetof(tw_tensor_arg, map_first));
    int cut = global ? *(const int32_t *)((const char *)g.data + offsetof(tw_tensor_arg, map_cut)) : 0;
    char *base = global ? (char *)*(void *const *)g.data : 0;
    tw__window w;
    w.dtype = tw__dtype(g);
    w.row_stride = tw__extent(strides, stride, row, rank, 0) * bytes;
    w.col_stride = tw__extent(strides, stride, col, rank, 0) * bytes;
    w.cols = tw__extent(dims, dim, col, rank, 1);
    w.col_at = col < 0 ? 0 : tw__pick(at, col);
    w.row_low = tw__span_low(row_at);
    w.row_count = tw__span_count(inside ? rows : 0, row_at);
    w.col_low = tw__span_low(w.col_at);
    w.col_count = tw__span_count(w.cols, w.col_at);
    w.data = tw__shifted(base, (step0 + step1 + step2 + step3) * bytes);
    base = tw__shifted(base, ((row > 0 ? step0 : 0) + (row > 1 ? step1 : 0)) * bytes);
    base = tw__shifted(base, w.col_at * bytes);
    w.dense = tw__shifted(base, row_at * w.row_stride);
    w.grain = (unsigned)(uintptr_t)base | (unsigned)w.row_stride;
    w.map = global ? *(const void *const *)((const char *)g.data + offsetof(tw_tensor_arg, map)) : 0;
    w.map_rows = global ? *(const int32_t *)((const char *)g.data + offsetof(tw_tensor_arg, map_rows)) : 0;
    w.map_cols = global ? *(const int32_t *)((const char *)g.data + offsetof(tw_tensor_arg, map_cols)) : 0;
    w.at_col = tw__map_coordinate(firsts, at, col);
    w.at_row = tw__map_coordinate(firsts, at, row);
    w.at_plane = tw__map_coordinate(firsts, at, row - 1);
    w.at_volume = tw__map_coordinate(firsts, at, row - 2);
    w.cut_rows = row < 0 ? 0 : cut >> row & 1;
    w.cut_cols = col < 0 ? 0 : cut >> col & 1;
    if (!inside && cut)
        w.map = 0;
    return w;
}

/* The same window for a way that is rarely taken. A machine with few scalar registers says how to compute it
 * there alone (tw__isa_here), so that nothing of it is kept through a loop in case the way is taken. */
TW_FN tw__window tw__rare_window(tw__window w)
{
#ifdef TW_NATIVE_HERE
    w.row_stride = tw__isa_here(w.row_stride);
    w.col_stride = tw__isa_here(w.col_stride);
    w.dense = (char *)(intptr_t)tw__isa_here((intptr_t)w.dense);
    w.data = w.dense + w.col_at * (w.col_stride - tw__bytes(w.dtype));
    w.row_low = (int)tw__isa_here(w.row_low);
    w.row_count = (int)tw__isa_here(w.row_count);
    w.col_low = (int)tw__isa_here(w.col_low);
    w.col_count = (int)tw__isa_here(w.col_count);
#endif
    return w;
}

/* May the tile of rows x cols be moved by the map? Not if that would touch what the tensor was cut out of. */
TW_FN int tw__map_fits(tw__window w, int rows, int cols)
{
    return (!w.cut_rows || (w.row_low == 0 && w.row_count >= rows)) &&
           (!w.cut_cols || (w.col_low == 0 && w.col_count >= cols));
}

TW_FN int tw__has_row(tw__window w, int r) { return (unsigned)(r - w.row_low) < (unsigned)w.row_count; }
TW_FN int tw__has_col(tw__window w, int c) { return (unsigned)(c - w.col_low) < (unsigned)w.col_count; }

TW_FN char *tw__window_at(tw__window w, int r, int c)
{
#ifdef TW_NATIVE_HERE
    return w.data + r * w.row_stride + c * w.col_stride;
#else /* by elements: nvcc then keeps one number for each of them, of bytes it would keep two */
    int bytes = tw__bytes(w.dtype);
    return w.data + (r * (w.row_stride / bytes) + c * (w.col_stride / bytes)) * bytes;
#endif
}

/* The same where the elements of a row are neighbours. */
TW_FN char *tw__window_run_at(tw__window w, int r, int c)
{
    return w.data + r * w.row_stride + c * tw__bytes(w.dtype);
}

/* Of the `count` elements from (r, c) on along the row, are all there? */
TW_FN int tw__has_run(tw__window w, int r, int c, int count)
{
    return tw__has_row(w, r) && c >= w.col_low && c + count <= w.col_low + w.col_count;
}

/* Are the elements of a row neighbours? */
TW_FN int tw__has_dense_rows(tw__window w) { return w.col_stride == tw__bytes(w.dtype); }

/* May runs of `bytes` bytes that start at multiples of their length along a row be accessed as one? */
TW_FN int tw__runs_aligned(tw__window w, int bytes)
{
    return tw__has_dense_rows(w) && ((intptr_t)w.data | w.row_stride) % bytes == 0;
}

#ifndef TW_NATIVE_LOAD_IF
TW_FN uint32_t tw__isa_global_load_if(int there, const void *from, int bytes)
{
    uint32_t bits = 0;
    if (there)
        tw__isa_global_load(&bits, from, bytes);
    return bits;
}
#endif

TW_FN uint32_t tw__window_bits(tw__window w, int r, int c)
{
    uint32_t bits = 0;
    if (tw__has_row(w, r) && tw__has_col(w, c))
        tw__isa_global_load(&bits, tw__window_at(w, r, c), tw__bytes(w.dtype));
    return bits;
}

TW_FN tw__copy_source tw__source_of(tw__window w)
{
    int64_t bytes = tw__bytes(w.dtype);
    tw__copy_source from;
    from.data = w.dense;
    from.grain = w.grain;
    from.stride = w.row_stride;
    from.width = w.cols * bytes;
    from.rows = w.row_count;
    from.bytes = w.col_count * (int)bytes;
    return from;
}

/* Are a row's elements neighbours, and does no coordinate stand before the tensor? */
TW_FN int tw__is_plain(tw__window w) { return (tw__has_dense_rows(w) & (w.col_low == 0)) && w.row_low == 0; }

/* Coordinates stand last among an op's operands, and behind them the macro's own five zeros, so that missing
 * ones are 0. What is left behind the first four is one more than the user gave. */
#define TW__COORDINATES(...) TW__COORDINATES_(__VA_ARGS__, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0)
/* the twelfth */
#define TW__COORDINATES_(z, a, b, c, d, e, f, g, h, i, j, count, ...) count

#define TW__COORDINATES_MOST(x) (TW__IS(x, TW__GLOBAL) ? TW__ROLE_OF(x) : TW__IS_SHARED(x) ? 0 : TW_RANK_MAX)

#define TW__CHECK_COORDINATES(call, g, ...)                                                                  \
    TW_STATIC_ASSERT(                                                                                        \
        TW__COORDINATES(__VA_ARGS__) <= TW__COORDINATES_MOST(g),                                             \
        "TW006 " call                                                                                        \
        ": more coordinates than the tensor has dims; shared memory takes none, cut it with tw_view")

/* The window of `g` at the coordinates, leading first, missing ones 0. For operands that may be of
 * another kind the result is then never looked at. */
#define TW__WINDOW(g, i, j, k, l)                                                                            \
    tw__make_window(TW__REF(g), TW__KNOWN_DIMS(g), TW__KNOWN_STRIDES(g), tw__make_four(i, j, k, l))

/* tw_narrow(g, axis, start, count)   in place: g becomes its part [start, start + count) along the axis, cut
 * to what there is. g is a variable of its own (a copy of an argument), and the axis' dim is not a known
 * one. Nothing outside the part is read or written through g. A copy engine still moves the tiles that lie
 * wholly inside. */
#define tw_narrow(g, axis, start, count)                                                                     \
    do {                                                                                                     \
        TW_STATIC_ASSERT(TW__IS(g, TW__GLOBAL) && (axis) < TW__ROLE_OF(g),                                   \
                         "TW014 tw_narrow(" #g ", " #axis                                                    \
                         ", ...): needs a global tensor that has this axis");                                \
        TW_STATIC_ASSERT(sizeof(*(g).tw__d0) == 1 && sizeof(*(g).tw__d1) == 1 && sizeof(*(g).tw__d2) == 1 && \
                             sizeof(*(g).tw__d3) == 1,                                                       \
                         "TW015 tw_narrow(" #g                                                               \
                         ", ...): the tensor's dims are fixed at compile time; declare it tw_gl");           \
        (g).data += tw__narrowed_start(start, (g).dim[axis]) * tw_stride(g, axis);                           \
        tw__narrow_map(&(g).map, &(g).map_first[axis], &(g).map_cut, axis, start, count, (g).dim[axis]);     \
        (g).dim[axis] = tw__narrowed_count(start, count, (g).dim[axis]);                                     \
    } while (0)

TW_FN int64_t tw__narrowed_start(int64_t start, int64_t dim)
{
    return start < 0 ? 0 : start > dim ? dim : start;
}

TW_FN int64_t tw__narrowed_count(int64_t start, int64_t count, int64_t dim)
{
    int64_t from = tw__narrowed_start(start, dim),
            end = tw__narrowed_start(start + (count > 0 ? count : 0), dim);
    return end > from ? end - from : 0;
}

/* Coordinates in a map have 32 bits: a part that begins further on does without. */
TW_FN void tw__narrow_map(const void **map, int32_t *first, int32_t *cut, int axis, int64_t start,
                          int64_t count, int64_t dim)
{
    int64_t begins = *first + tw__narrowed_start(start, dim);
    if (begins > INT32_MAX)
        *map = 0;
    *first = (int32_t)begins;
    *cut |= (tw__narrowed_count(start, count, dim) < dim) << axis;
}

#endif
