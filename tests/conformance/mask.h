/* SPDX-License-Identifier: MIT
 *
 * Op numbers of mask.c. numbers 0..3 are the op's parameters in order, value[0] the fill.
 */
#ifndef TW_TESTS_CONFORMANCE_MASK_H
#define TW_TESTS_CONFORMANCE_MASK_H

enum { MASK_TRIL, MASK_TRIU, MASK_CAUSAL, MASK_WINDOW, MASK_ROWS, MASK_COLS, MASK_OPS };

#endif
