/* SPDX-License-Identifier: MIT
 *
 * Op numbers of shared.c. Rows x cols is the tile's shape; number 0 is a distance.
 */
#ifndef TW_TESTS_CONFORMANCE_SHARED_H
#define TW_TESTS_CONFORMANCE_SHARED_H

enum {
    SHARED_GATHER,      /* out[r][c] = x[(r + distance) % rows][(c + 3 r) % cols] */
    SHARED_GATHER_VIEW, /* out[r][c] = x[16 + distance][16 + c / 2], x 16 larger on both sides */
    SHARED_SUM,         /* out = x scanned down its columns, f32 */
    SHARED_PROD,
    SHARED_MAX,
    SHARED_MIN,
    SHARED_OPS
};

#endif
