/* SPDX-License-Identifier: MIT
 *
 * Op numbers of scan.c: in each direction (along a tile's rows, down its columns, along vectors of both axes) every
 * kind inclusive, exclusive and segmented, and the linear recurrence. Decay stands at the end.
 */
#ifndef TW_TESTS_CONFORMANCE_SCAN_H
#define TW_TESTS_CONFORMANCE_SCAN_H

#define SCAN_KINDS(ROW) ROW(sum) ROW(prod) ROW(max) ROW(min)

enum { SCAN_sum, SCAN_prod, SCAN_max, SCAN_min, SCAN_KIND_COUNT };
enum {
    SCAN_INCLUSIVE = 0,
    SCAN_EXCLUSIVE = SCAN_KIND_COUNT,
    SCAN_SEGMENTED = 2 * SCAN_KIND_COUNT,
    SCAN_AFFINE = 3 * SCAN_KIND_COUNT,
    SCAN_AFFINE_EXCLUSIVE,
    SCAN_OPS /* of one direction */
};
enum { SCAN_ROW, SCAN_COL, SCAN_ROW_VECTOR, SCAN_COL_VECTOR, SCAN_DIRECTIONS, SCAN_DECAY = SCAN_DIRECTIONS * SCAN_OPS };

#endif
