/* SPDX-License-Identifier: MIT
 *
 * Conformance of the element-wise ops on tiles. Into out goes op(x, y, z); rows and cols are the vectors beside
 * a tile, value[0..1] the scalars.
 */
#include "kernel.h"
#include "map.h"

#define UNARY_CASE(name) case MAP_##name: tw_##name(d, x); break;
#define BINARY_CASE(name) case MAP_##name: tw_##name(d, x, y); break;
#define ROW_CASE(name) case MAP_##name##_row: tw_##name(d, x, rows); break;
#define COL_CASE(name) case MAP_##name##_col: tw_##name(d, x, cols); break;

typedef struct {
    int unused;
} map_shared;

TW_KERNEL(conform_map, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t row = CONFORM_ROW_AT(g), col = CONFORM_COL_AT(g);
    tw_rt(CONFORM_DTYPE, CONFORM_ROWS, CONFORM_COLS, CONFORM_ROLE) x, y, z, d;
    tw_rv(f32, CONFORM_ROWS, CONFORM_ROW_AXIS) rows;
    tw_rv(f32, CONFORM_COLS, CONFORM_COL_AXIS) cols;

    tw_load(x, g.x.CONFORM_DTYPE, row, col);
    tw_load(y, g.y.CONFORM_DTYPE, row, col);
    tw_load(z, g.z.CONFORM_DTYPE, row, col);
    tw_load(rows, g.rows, row);
    tw_load(cols, g.cols, col);
    tw_copy(d, x);
    switch ((int)g.op) {
        MAP_UNARY(UNARY_CASE)
        MAP_BINARY(BINARY_CASE)
        MAP_BINARY(ROW_CASE)
        MAP_BINARY(COL_CASE)
    case MAP_fma: tw_fma(d, x, y, z); break;
    case MAP_select: tw_select(d, z, x, y); break;
    case MAP_clamp: tw_clamp(d, x, g.value[0], g.value[1]); break;
    case MAP_fill: tw_fill(d, g.value[0]); break;
    case MAP_zero: tw_zero(d); break;
    case MAP_broadcast_row: tw_broadcast(d, rows); break;
    case MAP_broadcast_col: tw_broadcast(d, cols); break;
    case MAP_map: tw_map(d, v, 2.0f * v + g.value[0]); break;
    case MAP_map_at: tw_map_at(d, v, r, c, v + (float)(r * MAP_MAP_AT_ROW + c)); break;
    case MAP_map_row: tw_map_row(d, v, rows, w, v * w - g.value[0]); break;
    case MAP_map_row_at: tw_map_row_at(d, v, c, rows, w, w + (float)c); break;
    case MAP_map_col: tw_map_col(d, v, cols, w, v - 2.0f * w); break;
    case MAP_map2: tw_map2(d, v, y, w, w - 3.0f * v); break;
    case MAP_map2_at: tw_map2_at(d, v, y, w, r, c, (r + c) % 2 ? w : v); break;
    case MAP_rotate_x: tw_rotate(d, y, z, x); break;
    case MAP_rotate_y:
        tw_rotate(d, y, z, x);
        tw_copy(d, y);
        break;
    }
    tw_store(g.out.CONFORM_DTYPE, d, row, col);
}

TW_EXPORT(conform_map, conform_args, map_shared, CONFORM_ROWS, CONFORM_COLS)
