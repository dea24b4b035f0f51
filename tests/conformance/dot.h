/* SPDX-License-Identifier: MIT
 *
 * Op numbers of dot.c.
 */
#ifndef TW_TESTS_CONFORMANCE_DOT_H
#define TW_TESTS_CONFORMANCE_DOT_H

enum {
    DOT_ROW,   /* out's row 0 = x cols */
    DOT_COL,   /* out's row 0 = x^T rows */
    DOT_ROWS,  /* out = x + rows . rows */
    DOT_COLS,  /* out = x + cols . cols */
    DOT_OUTER, /* out = x + rows cols^T */
    DOT_OPS
};

#endif
