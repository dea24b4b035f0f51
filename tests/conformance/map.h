/* SPDX-License-Identifier: MIT
 *
 * Op numbers of map.c and vector.c. A binary op runs with an operand like the first (add), with a vector along
 * the rows (add_row) and along the columns (add_col).
 */
#ifndef TW_TESTS_CONFORMANCE_MAP_H
#define TW_TESTS_CONFORMANCE_MAP_H

#define MAP_UNARY(ROW)                                                                                       \
    ROW(copy) ROW(exp) ROW(exp2) ROW(log) ROW(log2) ROW(sqrt) ROW(rsqrt) ROW(tanh) ROW(sigmoid) ROW(silu)    \
    ROW(gelu) ROW(gelu_tanh) ROW(relu) ROW(abs)
#define MAP_BINARY(ROW) ROW(add) ROW(sub) ROW(mul) ROW(div) ROW(min) ROW(max)
#define MAP_OTHER(ROW)                                                                                       \
    ROW(fma) ROW(select) ROW(clamp) ROW(fill) ROW(zero) ROW(map) ROW(map_at) ROW(map2) ROW(map2_at)          \
    ROW(rotate_x) ROW(rotate_y) ROW(broadcast_row) ROW(broadcast_col) ROW(map_row) ROW(map_row_at) ROW(map_col)

#define MAP_CODE(name) MAP_##name,
#define MAP_CODE_ROW(name) MAP_##name##_row,
#define MAP_CODE_COL(name) MAP_##name##_col,
enum {
    MAP_UNARY(MAP_CODE) MAP_BINARY(MAP_CODE) MAP_OTHER(MAP_CODE) MAP_BINARY(MAP_CODE_ROW) MAP_BINARY(MAP_CODE_COL)
    MAP_OPS
};

enum { MAP_MAP_AT_ROW = 64 }; /* map_at computes x + 64 r + c */

#endif
