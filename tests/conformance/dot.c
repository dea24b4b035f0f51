/* SPDX-License-Identifier: MIT
 *
 * Conformance of products of a tile and vectors. One block, one tile; rows and cols are the vectors.
 */
#include "dot.h"
#include "kernel.h"

typedef struct {
    tw_sv(f32, CONFORM_ROWS) element;
} dot_shared;

TW_KERNEL(conform_dot, TW_TEAM_THREADS, (conform_args, g))
{
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t;
    tw_rt(f32, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) sum;
    tw_rv(f32, CONFORM_ROWS, CONFORM_ROW_AXIS) rows, down;
    tw_rv(f32, CONFORM_COLS, CONFORM_COL_AXIS) cols, across;
    float value = 0.0f, first;
    TW_SHARED(dot_shared, shared);

    tw_load(t, g.x.CONFORM_DTYPE, 0, 0);
    tw_load(sum, g.x.CONFORM_DTYPE, 0, 0);
    tw_load(rows, g.rows, 0);
    tw_load(cols, g.cols, 0);
    switch ((int)g.op) {
    case DOT_ROW:
        tw_row_dot(down, t, cols);
        tw_store(g.out.f32, down, 0, 0);
        return;
    case DOT_COL:
        tw_col_dot(across, t, rows);
        tw_store(g.out.f32, across, 0, 0);
        return;
    case DOT_ROWS: tw_dot(value, rows, rows); break;
    case DOT_COLS: tw_dot(value, cols, cols); break;
    case DOT_OUTER: tw_outer_add(sum, rows, cols); break;
    }
    tw_fill(down, value); /* and through shared memory: tw_meet, tw_pick */
    tw_store(shared->element, down);
    tw_meet();
    tw_pick(first, shared->element, 0, CONFORM_ROWS - 1);
    tw_map(sum, x, x + first);
    tw_store(g.out.f32, sum, 0, 0);
}

TW_EXPORT(conform_dot, conform_args, dot_shared, CONFORM_ROWS, CONFORM_COLS)
