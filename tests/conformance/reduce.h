/* SPDX-License-Identifier: MIT
 *
 * Op numbers of reduce.c: {row, col} x {max, min, sum, prod}, the same with a prior value, and the whole tile.
 */
#ifndef TW_TESTS_CONFORMANCE_REDUCE_H
#define TW_TESTS_CONFORMANCE_REDUCE_H

#define REDUCE_KINDS(ROW) ROW(max) ROW(min) ROW(sum) ROW(prod)

#define REDUCE_CODE_ROW(name) REDUCE_row_##name,
#define REDUCE_CODE_COL(name) REDUCE_col_##name,
#define REDUCE_CODE_ROW_ONTO(name) REDUCE_row_##name##_onto,
#define REDUCE_CODE_COL_ONTO(name) REDUCE_col_##name##_onto,
#define REDUCE_CODE_TILE(name) REDUCE_tile_##name,
enum {
    REDUCE_KINDS(REDUCE_CODE_ROW) REDUCE_KINDS(REDUCE_CODE_ROW_ONTO) REDUCE_KINDS(REDUCE_CODE_COL)
    REDUCE_KINDS(REDUCE_CODE_COL_ONTO) REDUCE_KINDS(REDUCE_CODE_TILE) REDUCE_OPS
};

#endif
