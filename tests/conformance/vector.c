/* SPDX-License-Identifier: MIT
 *
 * Conformance of register vectors of CONFORM_COLS elements: element-wise ops, and the ways between memory and
 * registers. x, y, z and out are 2-D; the vector lies in row `row` from column `col` on. numbers: 0 dtype of x,
 * 1 dtype of the shared vector it goes through or 0, 2 dtype of out.
 *
 *   CONFORM_AXIS   row, col, a_col, b_row, b_col, line_row or line_col
 */
#include "kernel.h"
#include "map.h"

#ifndef CONFORM_AXIS
#define CONFORM_AXIS row
#endif

#define UNARY_CASE(name) case MAP_##name: tw_##name(d, x); break;
#define BINARY_CASE(name) case MAP_##name: tw_##name(d, x, y); break;

typedef union {
    tw_sv(f32, CONFORM_COLS) f32;
    tw_sv(f16, CONFORM_COLS) f16;
    tw_sv(bf16, CONFORM_COLS) bf16;
} vector_shared;

#define FROM_GLOBAL(dtype) tw_load(x, g.x.dtype, g.row, col)
#define TO_GLOBAL(dtype) tw_store(g.out.dtype, d, g.row, col)
#define THROUGH(dtype)               \
    do {                             \
        tw_store(shared->dtype, d);  \
        tw_sync();                   \
        tw_load(d, shared->dtype);   \
    } while (0)

TW_KERNEL(conform_vector, TW_TEAM_THREADS, (conform_args, g))
{
    const int64_t col = CONFORM_COL_AT(g);
    tw_rv(f32, CONFORM_COLS, CONFORM_AXIS) x, y, z, d;
    TW_SHARED(vector_shared, shared);

    CONFORM_BY_DTYPE(g.number[0], FROM_GLOBAL);
    tw_load(y, g.y.f32, g.row, col);
    tw_load(z, g.z.f32, g.row, col);
    tw_copy(d, x);
    switch ((int)g.op) {
        MAP_UNARY(UNARY_CASE)
        MAP_BINARY(BINARY_CASE)
    case MAP_fma: tw_fma(d, x, y, z); break;
    case MAP_select: tw_select(d, z, x, y); break;
    case MAP_clamp: tw_clamp(d, x, g.value[0], g.value[1]); break;
    case MAP_fill: tw_fill(d, g.value[0]); break;
    case MAP_zero: tw_zero(d); break;
    case MAP_map: tw_map(d, v, 2.0f * v + g.value[0]); break;
    case MAP_map_at: tw_map_at(d, v, r, c, v + (float)(r * MAP_MAP_AT_ROW + c)); break;
    case MAP_map2: tw_map2(d, v, y, w, w - 3.0f * v); break;
    case MAP_map2_at: tw_map2_at(d, v, y, w, r, c, (r + c) % 2 ? w : v); break;
    case MAP_rotate_x: tw_rotate(d, y, z, x); break;
    case MAP_rotate_y:
        tw_rotate(d, y, z, x);
        tw_copy(d, y);
        break;
    }
    if (g.number[1])
        CONFORM_BY_DTYPE(g.number[1], THROUGH);
    CONFORM_BY_DTYPE(g.number[2], TO_GLOBAL);
}

TW_EXPORT(conform_vector, conform_args, vector_shared, CONFORM_COLS)
