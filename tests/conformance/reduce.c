/* SPDX-License-Identifier: MIT
 *
 * Conformance of the reductions. Row ops leave one line of out per column of blocks, column ops one per row of
 * blocks; a tile op fills its tile of out, so that every thread's result is seen. The op runs number 0
 * more times, on -t and t in turn, as one reduction follows another: with a prior value onto what is there, on a
 * tile adding up the results.
 */
#include "kernel.h"
#include "reduce.h"

#define ROW_CASE(name) case REDUCE_row_##name: tw_row_##name(rows, t); break;
#define COL_CASE(name) case REDUCE_col_##name: tw_col_##name(cols, t); break;
#define ROW_ONTO_CASE(name) case REDUCE_row_##name##_onto: tw_row_##name##_onto(rows, t); break;
#define COL_ONTO_CASE(name) case REDUCE_col_##name##_onto: tw_col_##name##_onto(cols, t); break;
#define TILE_CASE(name) case REDUCE_tile_##name: tw_tile_##name(value, t); break;

typedef struct {
    int unused;
} reduce_shared;

TW_KERNEL(conform_reduce, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    float value = 0.0f, total = 0.0f;
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) t;
    tw_rt(f32, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) filled;
    tw_rv(f32, CONFORM_ROWS, CONFORM_ROW_AXIS) rows;
    tw_rv(f32, CONFORM_COLS, CONFORM_COL_AXIS) cols;

    tw_load(t, g.x.CONFORM_DTYPE, row, col);
    tw_load(rows, g.rows, row);
    tw_load(cols, g.cols, col);
    for (int64_t again = 0; again <= g.number[0]; again++) {
        if (again)
            tw_map(t, x, -x);
        switch ((int)g.op) {
            REDUCE_KINDS(ROW_CASE)
            REDUCE_KINDS(COL_CASE)
            REDUCE_KINDS(ROW_ONTO_CASE)
            REDUCE_KINDS(COL_ONTO_CASE)
            REDUCE_KINDS(TILE_CASE)
        }
        total += value;
    }
    if (g.op < REDUCE_col_max) {
        tw_store(g.out.f32, rows, tw_block(0), row);
    } else if (g.op < REDUCE_tile_max) {
        tw_store(g.out.f32, cols, tw_block(1), col);
    } else {
        tw_fill(filled, total);
        tw_store(g.out.f32, filled, row, col);
    }
}

TW_EXPORT(conform_reduce, conform_args, reduce_shared, CONFORM_ROWS, CONFORM_COLS)
