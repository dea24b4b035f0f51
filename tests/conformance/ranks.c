/* SPDX-License-Identifier: MIT
 *
 * Conformance of global tensors: ranks 1 to 4, leading coordinates, dims and strides known at compile time.
 */
#include "kernel.h"
#include "ranks.h"

typedef struct {
    tw_st(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS) tile;
} ranks_shared;

typedef union {
    tw_gl(CONFORM_DTYPE, 1) rank1;
    tw_gl(CONFORM_DTYPE, 2) rank2;
    tw_gl(CONFORM_DTYPE, 3) rank3;
    tw_gl(CONFORM_DTYPE, 4) rank4;
    tw_gl_known(CONFORM_DTYPE, 2, (RANKS_ROWS, RANKS_COLS), (RANKS_PITCH, 1)) known;
    tw_gl_known(CONFORM_DTYPE, 2, (0, RANKS_COLS), (0, 1)) width;
} ranks_tensor;

/* conform_args, its tensors seen otherwise. */
typedef struct {
    ranks_tensor out, x, y, z;
    tw_gl(f32, 1) rows, cols;
    int64_t op, row, col, number[5];
    float value[4];
} ranks_args;
TW_STATIC_ASSERT(sizeof(ranks_args) == sizeof(conform_args), "ranks_args must lie as conform_args");

#define COORDINATES(...) __VA_ARGS__
#define THROUGH_SHARED(member, from, to)                        \
    do {                                                        \
        tw_load(shared->tile, g.x.member, COORDINATES from);    \
        tw_sync();                                              \
        tw_store(g.out.member, shared->tile, COORDINATES to);   \
    } while (0)
#define THROUGH_REGISTERS(member, from, to)                     \
    do {                                                        \
        tw_load(t, g.x.member, COORDINATES from);               \
        tw_store(g.out.member, t, COORDINATES to);              \
    } while (0)
#define RANKS_CASE(op, member, from, to)                        \
    case op:                                                    \
        if (n[4])                                               \
            THROUGH_SHARED(member, from, to);                   \
        else                                                    \
            THROUGH_REGISTERS(member, from, to);                \
        break;

TW_KERNEL(conform_ranks, TW_TEAM_THREADS, (ranks_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g), *n = g.number;
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t;
    TW_SHARED(ranks_shared, shared);
    switch ((int)g.op) {
        RANKS_CASE(RANKS_1, rank1, (col), (col))
        RANKS_CASE(RANKS_2, rank2, (row + n[0], col + n[1]), (row + n[2], col + n[3]))
        RANKS_CASE(RANKS_3, rank3, (n[0], row, col), (n[2], row, col))
        RANKS_CASE(RANKS_4, rank4, (n[0], n[1], row, col), (n[2], n[3], row, col))
        RANKS_CASE(RANKS_KNOWN, known, (row, col), (row, col))
        RANKS_CASE(RANKS_WIDTH_KNOWN, width, (row, col), (row, col))
    }
}

TW_EXPORT(conform_ranks, ranks_args, ranks_shared, CONFORM_ROWS, CONFORM_COLS)
