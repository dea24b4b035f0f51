/* SPDX-License-Identifier: MIT
 *
 * Op numbers of ranks.c. numbers 0, 1: leading coordinates of the load, 2, 3: of the store, 4: 1 if through a shared
 * tile.
 */
#ifndef TW_TESTS_CONFORMANCE_RANKS_H
#define TW_TESTS_CONFORMANCE_RANKS_H

enum {
    RANKS_1,     /* a rank-1 tensor is one row */
    RANKS_2,     /* the numbers are added to row and column */
    RANKS_3,
    RANKS_4,
    RANKS_KNOWN, /* dims and strides of x and out fixed at compile time */
    RANKS_WIDTH_KNOWN,
    RANKS_OPS
};

enum { RANKS_ROWS = 24, RANKS_COLS = 40, RANKS_PITCH = 48 };

#endif
