/* SPDX-License-Identifier: MIT
 *
 * Conformance of tw_grid_order: block b of a rows x cols grid (numbers 0, 1) writes its place to out[b][0][0..1]; on
 * a 3-D grid (op 1) it writes its index along each axis, and how many there are.
 */
#include "kernel.h"

typedef struct {
    int unused;
} grid_shared;

TW_KERNEL(conform_grid, TW_TEAM_THREADS, (conform_args, g))
{
    tw_rt(f32, 16, 16, acc) t;
    int64_t block = tw_block(0);
    tw_zero(t);
    if (g.op) {
        block += tw_block(1) * tw_blocks(0);
        const int at_x = tw_block(0), at_y = tw_block(1), of_x = tw_blocks(0), of_y = tw_blocks(1);
        tw_map_at(t, x, r, c, (float)(c == 0 ? at_x : c == 1 ? at_y : c == 2 ? of_x : of_y) + x);
    } else {
        const tw_grid_place place = tw_grid_order((int)g.number[0], (int)g.number[1]);
        tw_map_at(t, x, r, c, (float)(c == 0 ? place.row : place.col) + x);
    }
    tw_store(g.out.planes, t, block);
}

TW_EXPORT(conform_grid, conform_args, grid_shared)
